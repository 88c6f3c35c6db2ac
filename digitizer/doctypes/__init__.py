"""Document types as declarations, one TOML each. (contract; body to come)"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldSpec:
    """One field of a document type."""

    name: str
    label: tuple[str, ...]
    where: str
    type: str
    required: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DocType:
    """One kind of paper."""

    name: str
    title: tuple[str, ...]
    fields: tuple[FieldSpec, ...]


def load(extra: Path | None = None) -> Mapping[str, DocType]:
    """Our types and those in the folder `extra`, by name. Raises DocTypeError with file and line."""
    raise NotImplementedError
