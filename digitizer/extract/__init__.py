"""Document -> Records. (contract; body to come)"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from digitizer.doctypes import DocType
from digitizer.model import Document, PageText, Record


def extract(document: Document, texts: Sequence[PageText], *, doctypes: Mapping[str, DocType],
            known: Mapping[str, str] | None = None) -> tuple[Record, ...]:
    """The records of `document`; `texts` are all PageTexts of the bundle.

    `known` holds values that came with the submission (`quyenSo`, `noiDangKy`), used `by: book` where the page has none.
    """
    raise NotImplementedError
