"""Every way a declaration can be wrong is refused at start, naming the file and the line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path

import pytest

from digitizer.doctypes import CODES, PLACES, TYPES, DocType, digest, load, read
from digitizer.errors import DocTypeError
from digitizer.text import fold
from tests.unit.builders import OURS

GOOD = """# a comment
name  = "letter"
title = ["Thư mời"]
also  = ["kính mời"]
never = ["tờ khai"]
accept = { type = 0.7, field = 0.9 }
codes = ["qr"]
section = [
  { name = "ben", start = ["người nhận"] },
]
field = [
  { name = "hoTen", type = "name", label = ["họ và tên"], section = "ben", required = true },
  { name = "nguoiKy", type = "signer", label = ["người ký"] },
  { name = "chucVu", type = "signer_title", part_of = "nguoiKy" },
  { name = "loai", type = "code", where = "tick" },
]
[ticks]
"Có" = "1"
"""
LINES = GOOD.splitlines()
Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def call(text: str, name: str = "letter") -> Path:
        path = tmp_path / f"{name}.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return call


def test_a_declaration_is_read_with_everything_it_says(write: Write) -> None:
    letter = read(write(GOOD))
    assert (letter.name, letter.title, letter.also, letter.never) == ("letter", ("Thư mời",), ("kinh moi",), ("to khai",))
    assert (letter.accept_type, letter.accept_field, letter.codes, letter.ticks) == (0.7, 0.9, ("qr",), {"co": "1"})
    assert [(f.name, f.where, f.section, f.required, f.part_of) for f in letter.fields] == [
        ("hoTen", "right", "ben", True, None),
        ("nguoiKy", "right", None, False, None),
        ("chucVu", "right", None, False, "nguoiKy"),
        ("loai", "tick", None, False, None),
    ]
    assert letter.labels == ("ho va ten", "nguoi ky", "nguoi nhan")


@pytest.mark.parametrize(
    ("old", "new", "line", "why"),
    [
        ('also  = ["kính mời"]', 'alse  = ["kính mời"]', 4, "unknown key 'alse'"),
        ('name  = "letter"', 'name  = "other"', 2, "name must be 'letter'"),
        ('name  = "letter"\n', "", None, "name must be 'letter'"),
        ('title = ["Thư mời"]\n', "", None, "title is missing"),
        ('title = ["Thư mời"]', "title = []", None, "title is missing"),
        ('title = ["Thư mời"]', 'title = "Thư mời"', None, "title must be a list of texts"),
        ('also  = ["kính mời"]', "also  = [1]", None, "also must be a list of texts"),
        ('also  = ["kính mời"]', 'also  = [" "]', None, "also must be a list of texts"),
        ("type = 0.7", "kind = 0.7", 6, "accept must be a table"),
        ("type = 0.7", "type = 7", 6, "accept must hold numbers from 0 to 1"),
        ("type = 0.7", 'type = "0.7"', 6, "accept must hold numbers from 0 to 1"),
        ("accept = { type = 0.7, field = 0.9 }", "accept = 0.7", 6, "accept must be a table"),
        ('codes = ["qr"]', 'codes = ["aztec"]', 7, "unknown code 'aztec'"),
        ('codes = ["qr"]', 'codes = ["qr"]\nbook = true', 8, "say which phrases are its own"),
        ('codes = ["qr"]', 'codes = ["qr"]\nbook = "yes"', 8, "book must be true or false"),
        ('start = ["người nhận"]', 'start = ["người nhận"], stop = ["x"]', 9, "section ben: unknown key 'stop'"),
        (', start = ["người nhận"]', "", 9, "section ben has no label it starts with"),
        ('{ name = "ben", ', "{ ", None, "name is missing"),
        (
            '  { name = "ben", start = ["người nhận"] },\n',
            '  { name = "ben", start = ["người nhận"] },\n  { name = "ben", start = ["người gửi"] },\n',
            9,
            "section ben is declared twice",
        ),
        ('section = "ben", ', 'section = "bên", ', 12, "unknown section 'bên'"),
        ('type = "name"', 'type = "nom"', 12, "unknown type 'nom'"),
        ('type = "name", ', "", 12, "type is missing"),
        ('{ name = "hoTen", ', "{ ", None, "name is missing"),
        ("required = true", 'required = "true"', 12, "required is missing or of the wrong kind"),
        ('label = ["họ và tên"]', 'lable = ["họ và tên"]', 12, "unknown key 'lable'"),
        ('label = ["họ và tên"], ', "", 12, "field hoTen has no label"),
        ('label = ["họ và tên"]', 'label = "họ và tên"', 12, "label must be a list of texts"),
        ('label = ["người ký"]', 'label = ["Họ và tên"], section = "ben"', 13, "share the label 'ho va ten'"),
        ('name = "chucVu"', 'name = "hoTen"', 12, "field hoTen is declared twice"),
        ('part_of = "nguoiKy"', 'part_of = "loai"', 14, "is part of 'loai', which is not declared before it"),
        ('where = "tick"', 'where = "left"', 15, "unknown place 'left'"),
        ('where = "tick"', "where = 1", 15, "where is missing or of the wrong kind"),
        ('[ticks]\n"Có" = "1"\n', "", None, None),
    ],
)
def test_what_is_wrong_is_said_with_its_line(write: Write, old: str, new: str, line: int | None, why: str | None) -> None:
    assert GOOD.count(old) == 1
    path = write(GOOD.replace(old, new))
    if why is None:
        read(path)
        return
    with pytest.raises(DocTypeError) as refused:
        read(path)
    assert why in refused.value.message
    assert refused.value.message.startswith("letter.toml, line ")
    assert refused.value.facts["file"] == str(path)
    if line is not None:
        assert refused.value.facts["line"] == line, refused.value.message


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('name = "letter"\ntitle = ["Thư"]\nsection = "x"\n', "section must be a list of tables"),
        ('name = "letter"\ntitle = ["Thư"]\nfield = ["x"]\n', "field must be a list of tables"),
        ('name = "letter"\ntitle = ["Thư"]\nfield = { a = 1 }\n', "field must be a list of tables"),
        ('name = "letter"\ntitle = ["Thư"]\nticks = ["x"]\n', "ticks must be a table"),
    ],
)
def test_a_list_in_place_of_a_table_or_the_other_way_round_is_refused(write: Write, text: str, why: str) -> None:
    with pytest.raises(DocTypeError) as refused:
        read(write(text))
    assert refused.value.message.startswith(f"letter.toml, line 3: {why}")


def test_broken_toml_is_refused_with_its_line(write: Write) -> None:
    with pytest.raises(DocTypeError) as refused:
        read(write('name = "letter"\ntitle = [\n"a" "b"]\n'))
    assert refused.value.facts["line"] == 3


def test_labels_may_repeat_in_different_sections(write: Write) -> None:
    text = GOOD.replace('label = ["người ký"]', 'label = ["họ và tên"]')
    assert [f.label for f in read(write(text)).fields[:2]] == [("ho va ten",), ("ho va ten",)]


def test_two_types_may_not_share_a_title_however_it_is_written(tmp_path: Path, write: Write) -> None:
    write(GOOD)
    write(GOOD.replace('"letter"', '"note"').replace("Thư mời", "THU MOI"), "note")
    with pytest.raises(DocTypeError, match="note and letter share the title 'thu moi'") as refused:
        load(tmp_path)
    assert (Path(str(refused.value.facts["file"])).name, refused.value.facts["line"]) == ("note.toml", 3)


def test_an_operator_may_not_declare_one_of_our_types_again(tmp_path: Path, write: Write) -> None:
    write(GOOD.replace('"letter"', '"decision"'), "decision")
    with pytest.raises(DocTypeError, match=r"decision is already declared in decision\.toml"):
        load(tmp_path)


@pytest.mark.parametrize(
    "change",
    [
        {"title": ("Giấy khác",)},
        {"also": ("x",)},
        {"never": ()},
        {"stop": ("x",)},
        {"accept_type": 0.71},
        {"accept_field": 0.91},
        {"ticks": {"co": "2"}},
        {"codes": ()},
        {"fields": ()},
        {"sections": ()},
        {"need": ("x",)},
        {"own": ("x",)},
        {"book": True},
    ],
)
def test_the_digest_changes_with_whatever_a_declaration_says(write: Write, change: dict[str, object]) -> None:
    letter = read(write(GOOD))
    assert digest({"letter": letter}) != digest({"letter": replace(letter, **change)})  # type: ignore[arg-type]


def test_the_digest_does_not_depend_on_the_order_of_files(write: Write) -> None:
    ours = OURS
    assert digest(ours) == digest(dict(reversed(ours.items())))
    assert digest({"letter": read(write(GOOD))}) != digest(ours)


# --- ours -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("doctype", OURS.values(), ids=lambda d: d.name)
def test_our_declarations_are_folded_and_name_only_what_the_code_knows(doctype: DocType) -> None:
    for listed in fields(DocType):
        if listed.name in ("also", "need", "own", "never", "stop", "opening", "number"):
            assert all(p == fold(p) for p in getattr(doctype, listed.name)), listed.name
    assert {f.type for f in doctype.fields} <= TYPES
    assert {f.where for f in doctype.fields} <= PLACES
    assert set(doctype.codes) <= CODES
    assert any(f.required for f in doctype.fields)
    assert not doctype.book or (doctype.own and any(f.where == "margin" or f.column for f in doctype.fields))
    ticked = [f for f in doctype.fields if f.where == "tick"]
    assert bool(ticked) == bool(doctype.ticks)
