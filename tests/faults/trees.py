"""Folders as nobody would make them: names of every kind, equal names and bytes, links, files of no kind."""

from __future__ import annotations

import io
import os
import unicodedata
from dataclasses import dataclass
from pathlib import Path

import pikepdf
from hypothesis import strategies as st

#: stems that file systems, programs and people quarrel about
_STEMS = st.sampled_from(
    [
        "scan0001",
        "SCAN0001",
        "Sổ hộ tịch",
        unicodedata.normalize("NFD", "Sổ hộ tịch"),
        "a.pdf",
        "a",
        "con",
        "x" * 240,
        " a ",
        "..a",
    ]
) | st.text(st.characters(codec="utf-8", exclude_characters="/\x00"), min_size=1, max_size=30)
_SUFFIXES = st.sampled_from([".pdf", ".PDF", "", ".pdf.1", ".jpg"])
_FOLDERS = st.lists(st.sampled_from(["ngày 1", "Ngày 1", "b", "c d"]), max_size=3)


@dataclass(frozen=True, slots=True)
class Leaf:
    """A file or link: where it lies, as bytes, and what it is."""

    path: bytes
    #: `pdf`, `broken`, `link`, `dangling`, `outside`
    kind: str
    #: PDFs of one number are equal
    number: int


def _path(folders: list[str], stem: str, suffix: str, raw: bool) -> bytes:
    name = stem.encode()[: 250 - len(suffix)].decode(errors="ignore").encode() + suffix.encode()
    return b"/".join([*(folder.encode() for folder in folders), (b"\xff" + name)[:250] if raw else name])


LEAVES = st.builds(
    Leaf,
    st.builds(_path, _FOLDERS, _STEMS, _SUFFIXES, st.sampled_from([False, False, False, True])),
    st.sampled_from(["pdf", "pdf", "pdf", "broken", "link", "dangling", "outside"]),
    st.integers(0, 2),
)


def pdf(number: int) -> bytes:
    """A blank page whose size says which it is."""
    with pikepdf.Pdf.new() as made:
        made.add_blank_page(page_size=(400 + number, 500))
        whole = io.BytesIO()
        made.save(whole, deterministic_id=True)
    return whole.getvalue()


def plant(root: Path, leaves: list[Leaf], outside: Path) -> dict[str, int]:
    """Makes the tree below `root`. Gives how many there are of each kind. What collides or cannot be named is left out."""
    made: dict[str, int] = {}
    for leaf in leaves:
        path = root / os.fsdecode(leaf.path)
        try:
            if path.name.startswith((".", "~$")) or path.is_symlink() or path.exists():
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            if leaf.kind in ("pdf", "broken"):
                path.write_bytes(pdf(leaf.number) if leaf.kind == "pdf" else b"%PDF-1.7 cut off here")
            else:
                path.symlink_to({"link": pdf_of(root), "dangling": Path("nowhere"), "outside": outside}[leaf.kind])
        except OSError:
            continue
        made[leaf.kind] = made.get(leaf.kind, 0) + 1
    return made


def pdf_of(root: Path) -> Path:
    """A PDF within the tree that links may point to."""
    path = root / "goc.pdf"
    if not path.exists():
        path.write_bytes(pdf(9))
    return path
