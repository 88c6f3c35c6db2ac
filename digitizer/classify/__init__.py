"""PageTexts -> Documents. (contract; body to come)"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from digitizer.doctypes import DocType
from digitizer.model import Document, PageText


def classify(texts: Sequence[PageText], positions: Sequence[int], *, bundle: str, doctypes: Mapping[str, DocType]) -> tuple[Document, ...]:
    """The documents in a bundle, in order; every scan belongs to exactly one. `positions[i]` is the scan of `texts[i]`."""
    raise NotImplementedError
