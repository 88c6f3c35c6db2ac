"""How a file finds its dossier."""

from __future__ import annotations

from pathlib import Path, PurePath

import pytest

from digitizer.dossiers import RoutingHint, from_csv, from_path, in_text, valid
from digitizer.errors import ListingUnreadable
from digitizer.service.routing import hint_of
from digitizer.service.scan_sources import Folder, bundles

CODE = "H60.127.03-260930-0012"


@pytest.mark.parametrize(
    ("code", "right"),
    [
        (CODE, True),
        ("000.00.01.H29-240115-0001", True),
        ("H60-240229-00012", True),
        ("G22.99-260131-00017", True),
        ("G22.99-260131-AA0017", False),
        ("H60.127.03-260930", False),
        ("H60", False),
        ("", False),
        ("H60.127.03-250229-0012", False),
        ("H60.127.03-260931-0012", False),
        ("H60.127.03-260930-012", False),
        ("h60.127.03-260930-0012", False),
        ("60.127.03-260930-0012", False),
        (CODE + "\n", False),
        (CODE + "/..", False),
    ],
)
def test_a_code_has_an_agency_a_date_of_the_calendar_and_a_number(code: str, right: bool) -> None:
    assert valid(code) is right


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (f"{CODE}_to-khai.pdf", CODE),
        (f"hs {CODE.lower()}.pdf", CODE),
        (f"H60.127.03-261330-0012 {CODE}", CODE),
        ("khong co ma.pdf", None),
        ("", None),
    ],
)
def test_a_code_is_found_in_a_name(text: str, code: str | None) -> None:
    assert in_text(text) == code


@pytest.mark.parametrize(
    ("path", "place"),
    [
        (
            f"in/H60.127.03/dossiers/{CODE}/to-khai/a.jpg",
            RoutingHint(agency="H60.127.03", dossier=CODE, component="to-khai", how="folder"),
        ),
        (f"H60.127.03/dossiers/{CODE}/a.jpg", RoutingHint(agency="H60.127.03", dossier=CODE, how="folder")),
        (f"dossiers/{CODE}/a.jpg", RoutingHint(dossier=CODE, how="folder")),
        (f"xa Da Vi/dossiers/{CODE}/a.jpg", RoutingHint(dossier=CODE, how="folder")),
        ("000.00.19.H60/books/KS/1999/01/001.tif", RoutingHint(agency="000.00.19.H60", book="KS/1999/01", how="folder")),
        (f"bat ky/{CODE}.pdf", RoutingHint(dossier=CODE, how="name")),
        # the folder says more than the name
        (f"dossiers/{CODE}/H60.127.03-260930-0099.pdf", RoutingHint(dossier=CODE, how="folder")),
        ("dossiers/not-a-code/a.jpg", RoutingHint()),
        ("books/KS/99/01/a.jpg", RoutingHint()),
        ("books/KS/1999/a.jpg", RoutingHint()),
        ("dossiers", RoutingHint()),
    ],
)
def test_folders_and_name_say_where_a_file_belongs(path: str, place: RoutingHint) -> None:
    assert from_path(PurePath(path)) == place


def listing(folder: Path, text: str, encoding: str = "utf-8") -> None:
    (folder / "dossiers.csv").write_text(text, encoding=encoding)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_listing_beside_the_file_names_its_dossier(tmp_path: Path, encoding: str) -> None:
    listing(tmp_path, f"file,dossier,component\nb.pdf,X,\nKhai sinh.pdf, {CODE.lower()} , to-khai \n", encoding)
    assert from_csv(tmp_path / "Khai sinh.pdf") == RoutingHint(dossier=CODE, component="to-khai", how="csv")


def test_a_listing_and_a_file_name_may_differ_in_unicode_form(tmp_path: Path) -> None:
    listing(tmp_path, f"file,dossier\nGia\u0302\u0301y.pdf,{CODE}\n")
    assert from_csv(tmp_path / "Giấy.pdf").dossier == CODE


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (f"file;dossier;component\r\na.pdf;{CODE};\r\n", "utf-8"),
        (f"file\tdossier\na.pdf\t{CODE}\n", "utf-8"),
        (f"File,Dossier\nA.PDF,{CODE}\n", "utf-8-sig"),
        (f"Tên tệp;Mã hồ sơ\na.pdf;{CODE.lower()}\n", "utf-8"),
        (f"file,dossier\r\na.pdf,{CODE.replace('-', '–')}\r\n", "utf-16"),
        (f"file,dossier\na.pdf, {CODE.replace('-', ' - ')}\n", "utf-8"),
    ],
)
def test_a_listing_is_read_however_an_office_program_wrote_it(tmp_path: Path, text: str, encoding: str) -> None:
    listing(tmp_path, text, encoding)
    assert from_csv(tmp_path / "a.pdf") == RoutingHint(dossier=CODE, how="csv")


@pytest.mark.parametrize(
    ("text", "failed"),
    [
        ("file,dossier\n", "listing_without_file"),
        (f"file,dossier\nother.pdf,{CODE}\n", "listing_without_file"),
        ("file,dossier\na.pdf,no code\n", "listing_code_invalid"),
        ("file,dossier\na.pdf,H60.127.03-261330-0012\n", "listing_code_invalid"),
    ],
)
def test_a_listing_that_does_not_know_the_dossier_says_so(tmp_path: Path, text: str, failed: str) -> None:
    listing(tmp_path, text)
    assert from_csv(tmp_path / "a.pdf") == RoutingHint(failed=(failed,))


@pytest.mark.parametrize("text", ["", "a\n", "file,something\na.pdf,x\n"])
def test_a_listing_without_its_columns_is_refused(tmp_path: Path, text: str) -> None:
    listing(tmp_path, text)
    with pytest.raises(ListingUnreadable):
        from_csv(tmp_path / "a.pdf")


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        (f"{CODE} {CODE.lower()}.pdf", RoutingHint(dossier=CODE, how="name")),
        (f"{CODE}_{CODE[:-1]}9.pdf", RoutingHint(failed=("several_codes",))),
        (f"{CODE.replace('-', '–')}.pdf", RoutingHint(dossier=CODE, how="name")),
        (f"{CODE.replace('-', '_')}.pdf", RoutingHint(dossier=CODE, how="name")),
        (
            f"h60.127.03/dossiers/{CODE.lower()}/to-khai/a.pdf",
            RoutingHint(agency="H60.127.03", dossier=CODE, component="to-khai", how="folder"),
        ),
        ("h60.127.03/Books/ks/1999/01/a.pdf", RoutingHint(agency="H60.127.03", book="KS/1999/01", how="folder")),
    ],
)
def test_codes_are_found_with_any_dash_and_case_and_two_codes_are_none(path: str, hint: RoutingHint) -> None:
    assert from_path(PurePath(path)) == hint


def test_the_path_comes_before_the_listing_and_without_both_nobody_knows(tmp_path: Path) -> None:
    for name in ("a.pdf", "H60-240229-00012.pdf"):
        (tmp_path / name).touch()

    def hints() -> list[RoutingHint]:
        found, _ = bundles(Folder(tmp_path).files(), book=False, name="")
        return sorted((hint_of(bundle) for bundle in found), key=lambda hint: hint.dossier is None)

    assert hints() == [RoutingHint(dossier="H60-240229-00012", how="name"), RoutingHint()]
    listing(tmp_path, f"file,dossier\na.pdf,{CODE}\nH60-240229-00012.pdf,{CODE}\n")
    assert {hint.how: hint.dossier for hint in hints()} == {"name": "H60-240229-00012", "csv": CODE}
