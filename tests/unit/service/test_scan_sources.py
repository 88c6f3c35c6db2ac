"""What is found in a folder: everything is taken, or left out with a reason."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from digitizer.service.scan_sources import Folder, InputFile, LeftOut, bundles

JPEG = b"\xff\xd8\xff\xe0" + b"\x00" * 20


def look(folder: Path) -> tuple[set[str], dict[str, str]]:
    """(names of the files taken, name -> reason of what is left out)."""
    found = list(Folder(folder).files())
    taken = {file.below.as_posix() for file in found if isinstance(file, InputFile)}
    return taken, {Path(one.shown).name: one.reason for one in found if isinstance(one, LeftOut)}


def test_content_decides_where_the_suffix_says_nothing(tmp_path: Path) -> None:
    for name, data in {
        "scan0001": JPEG,
        "a.pdf.1": b"%PDF-1.7\n",
        "brief": b"PK\x03\x04",
        "phone": b"\x00\x00\x00\x1cftypavif",
        "notes.txt": b"a list",
        "a.tif": b"",
    }.items():
        (tmp_path / name).write_bytes(data)
    taken, left = look(tmp_path)
    assert taken == {"scan0001", "a.pdf.1", "brief", "phone", "a.tif"}
    assert left == {"notes.txt": "left_no_document"}


def test_what_is_left_out_has_a_reason(tmp_path: Path) -> None:
    for name in (".hidden.jpg", "~$a.docx", "Thumbs.db", "a.pdf.crdownload", "dossiers.csv", "x.part"):
        (tmp_path / name).write_bytes(JPEG)
    os.mkfifo(tmp_path / "pipe")
    taken, left = look(tmp_path)
    assert taken == set()
    assert left == {
        ".hidden.jpg": "left_hidden",
        "~$a.docx": "left_hidden",
        "Thumbs.db": "left_system",
        "a.pdf.crdownload": "left_unfinished",
        "dossiers.csv": "left_listing",
        "x.part": "left_unfinished",
        "pipe": "left_special",
    }


def test_links_that_leave_the_folder_are_refused_and_inner_ones_followed(tmp_path: Path) -> None:
    scans, outside = tmp_path / "scans", tmp_path / "outside"
    for folder in (scans / "real", outside):
        folder.mkdir(parents=True)
        (folder / "x.jpg").write_bytes(JPEG)
    (scans / "inner").symlink_to(scans / "real")
    (scans / "share").symlink_to(outside)
    (scans / "one.jpg").symlink_to(outside / "x.jpg")
    (scans / "gone.jpg").symlink_to(outside / "gone.jpg")
    (scans / "real" / "loop").symlink_to(scans)
    found = list(Folder(scans).files())
    taken = {file.below.as_posix() for file in found if isinstance(file, InputFile)}
    assert taken == {"real/x.jpg", "inner/x.jpg"}
    refused = {Path(one.shown).name: one.reason for one in found if isinstance(one, LeftOut) and one.refused}
    assert refused == {"share": "left_outside", "one.jpg": "left_outside", "gone.jpg": "left_dangling_link"}


def test_a_name_that_is_no_utf_8_is_taken_and_shown(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"H\xf2a.jpg")).write_bytes(JPEG)
    found, left = bundles(Folder(tmp_path).files(), book=False, name="")
    assert left == []
    (bundle,) = found
    assert bundle.name == "H\\xf2a.jpg"
    assert Folder(tmp_path).local(bundle.files[0], tmp_path).read_bytes() == JPEG
    bundle.files[0].address.encode()


def test_a_folder_that_cannot_be_opened_is_refused_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "closed").mkdir()
    (tmp_path / "a.jpg").write_bytes(JPEG)
    listed = Path.iterdir

    def refuse(self: Path) -> object:
        if self.name == "closed":
            raise PermissionError(13, "Permission denied")
        return listed(self)

    monkeypatch.setattr(Path, "iterdir", refuse)
    found = list(Folder(tmp_path).files())
    assert [file.below.as_posix() for file in found if isinstance(file, InputFile)] == ["a.jpg"]
    (left,) = (one for one in found if isinstance(one, LeftOut))
    assert (Path(left.shown).name, left.reason, left.refused) == ("closed", "left_unreadable_folder", True)
