"""Decoders in a limited child process. (contract; body to come)"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from digitizer.model import Scan
from digitizer.settings import PageOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """What a file is, found out without decoding its pixels."""

    #: by content, never by name: application/pdf, image/tiff, image/jpeg, image/png
    media_type: str
    #: number of scans in it
    pages: int
    #: a PDF with a digital signature; it must never be altered
    signed: bool = False


def inspect(path: Path, *, options: PageOptions) -> Inspection:
    """What `path` is. Raises DamagedFile, UnsupportedFormat, TooLarge, EncryptedPdf."""
    raise NotImplementedError


def load(path: Path, *, source: str, options: PageOptions, pages: Sequence[int] | None = None) -> Iterator[Scan]:
    """The scans of `path` at positions `pages` (all when None), one at a time.

    Raises as `inspect`; a page that cannot be decoded raises DamagedFile or TooLarge with the fact `page`.
    """
    raise NotImplementedError
