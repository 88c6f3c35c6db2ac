"""Originals + PageTexts + Records -> searchable PDF and `<name>.json`. (contract; body to come)"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from digitizer.model import Artifact, Digitized


def render(result: Digitized, files: Mapping[str, Path], *, name: str, into: Path, signed: frozenset[str] = frozenset()) -> tuple[Artifact, ...]:
    """The artifacts of `result`: `<name>.pdf` and `<name>.json` in the folder `into`.

    `files` maps source ids to the original bytes; sources in `signed` are never altered. Raises OutputInvalid.
    """
    raise NotImplementedError


def result_json(result: Digitized) -> dict[str, Any]:
    """`result` in the public format of `result.schema.json`."""
    raise NotImplementedError
