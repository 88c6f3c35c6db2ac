"""Document types are declarations, one TOML each. Operators keep their own in a folder of theirs.

A wrong declaration is refused at start, with file and line.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from digitizer.errors import DocTypeError
from digitizer.text import fold

HERE = Path(__file__).parent
#: names of the value types: one file of `extract/types` each
TYPES = frozenset(file.stem for file in (HERE.parent / "extract" / "types").glob("[!_]*.py"))
#: where a value stands. `extract/locate.py` finds it there.
PLACES = frozenset(
    {
        "right",
        "inline",
        "below",
        "margin",
        "tick",
        "letterhead",
        "place_date",
        "under_title",
        "signature",
        "signature_title",
        "code",
        "cell",
        "alone",
    }
)

#: machine-readable codes that `extract/codes.py` knows
CODES = frozenset({"qr", "mrz"})
#: phrases on the cover of every register book (folded)
COVER = ("mo ngay", "khoa ngay", "mo so ngay", "khoa so ngay", "ngay mo so", "ngay khoa so")
#: phrases of the closing statement of a year (folded)
CLOSING = ("khoa so", "chot so", "tong so trang", "tong so su kien", "tong so truong hop", "gom co", "truong hop dang ky")
#: keys a declaration may have
_KEYS = frozenset(
    {
        "name", "title", "opening", "number", "seal", "also", "own", "need", "never", "book", "accept", "other", "stop", "codes",
        "section", "field", "ticks",
    }
)  # fmt: skip
#: a type with this score is accepted without a person, where its declaration does not say otherwise
ACCEPT_TYPE = 0.8
#: least confidence of a field, beside the calibrated threshold, where its declaration does not say otherwise
ACCEPT_FIELD = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldSpec:
    """One field of a document type."""

    name: str
    type: str
    #: printed labels, folded
    label: tuple[str, ...] = ()
    where: str = "right"
    #: headings of its column (folded): in a grid for `where = "cell"`, else in a book that is a wide table, one event a row
    column: tuple[str, ...] = ()
    #: `where = "alone"`: the form of the whole line
    pattern: re.Pattern[str] | None = None
    #: name of the section it belongs to. None: anywhere.
    section: str | None = None
    required: bool = False
    #: headings under which the name stands (folded), where its label is not printed. The heading is the office.
    heading: tuple[str, ...] = ()
    #: the field whose reading also holds this value: `Trần Văn A, Chủ tịch` holds the name and the office
    part_of: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A part of a form, say the mother's. It begins with one of the labels `start` (folded)."""

    name: str
    start: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DocType:
    """One kind of paper."""

    name: str
    #: titles as printed, the first for showing
    title: tuple[str, ...]
    fields: tuple[FieldSpec, ...]
    sections: tuple[Section, ...] = ()
    #: beginnings of a line that takes the place of a title (folded): `V/v …`
    opening: tuple[str, ...] = ()
    #: text after the digits of its number (folded): `/TLKS-BS`. With a hyphen at the end any text that begins so: `/QĐ-`
    number: tuple[str, ...] = ()
    #: whether it bears a seal. None: it may.
    seal: bool | None = None
    #: phrases that raise the score, folded
    also: tuple[str, ...] = ()
    #: one of these phrases has to be there (folded). Empty: no phrase has to.
    need: tuple[str, ...] = ()
    #: phrases no other type has (folded). They tell types apart where no title is printed.
    own: tuple[str, ...] = ()
    #: whole lines that rule the type out (folded): other titles, headings
    never: tuple[str, ...] = ()
    #: whether it is a register book: no title on its pages, one record or more on each
    book: bool = False
    #: a document with a score below this goes to a person
    accept_type: float = ACCEPT_TYPE
    #: a field with a confidence below this goes to a person
    accept_field: float = ACCEPT_FIELD
    #: printed labels that no field takes (folded): they end the value before them
    other: tuple[str, ...] = ()
    #: lines that end a value (folded): headings, instructions
    stop: tuple[str, ...] = ()
    #: tick label (folded) -> code
    ticks: Mapping[str, str] = field(default_factory=dict)
    #: machine-readable codes from which values are taken: `qr`, `mrz`
    codes: tuple[str, ...] = ()
    #: folded phrase -> phrase as declared, to show it
    said: Mapping[str, str] = field(default_factory=dict)

    @property
    def forms(self) -> tuple[str, ...]:
        """`number` as declared: `/TLKS-BS`, `/QĐ-`."""
        return tuple(self.said.get(form, form.upper()) for form in self.number)

    @property
    def labels(self) -> tuple[str, ...]:
        """All printed labels, folded, each once."""
        starts = [label for section in self.sections for label in section.start]
        return tuple(dict.fromkeys([label for spec in self.fields for label in spec.label] + starts + list(self.other)))


def load(extra: Path | None = None) -> Mapping[str, DocType]:
    """Our types and those in the folder `extra`, by name. Raises DocTypeError with file and line."""
    if extra is not None and not extra.is_dir():
        raise DocTypeError(f"{extra} is no folder", file=str(extra), line=0)
    found: dict[str, DocType] = {}
    origin: dict[str, Path] = {}
    for path in [*sorted(HERE.glob("*.toml")), *(sorted(extra.glob("*.toml")) if extra else [])]:
        doctype = read(path)
        if doctype.name in found:
            raise _wrong(path, doctype.name, f"{doctype.name} is already declared in {origin[doctype.name].name}")
        for other in found.values():
            shared = {fold(t) for t in doctype.title} & {fold(t) for t in other.title}
            if shared and not (doctype.book or other.book):
                raise _wrong(path, doctype.title[0], f"{doctype.name} and {other.name} share the title {sorted(shared)[0]!r}")
        found[doctype.name], origin[doctype.name] = doctype, path
    return found


def digest(doctypes: Mapping[str, DocType]) -> str:
    """A hash over all declarations. It stands in every result."""
    return hashlib.sha256(repr(sorted(doctypes.items())).encode()).hexdigest()


def read(path: Path) -> DocType:
    """One declaration. Raises DocTypeError."""
    try:
        text = path.read_text(encoding="utf-8")
        data = tomllib.loads(text)
    except (OSError, UnicodeDecodeError) as exc:
        raise DocTypeError(f"{path.name} cannot be read", file=str(path), line=0) from exc
    except tomllib.TOMLDecodeError as exc:
        # a fault at the end of the file has no line number
        line = int(m.group(1)) if (m := re.search(r"line (\d+)", str(exc))) else text.count("\n")
        raise DocTypeError(f"{path.name}: {exc}", file=str(path), line=line) from exc
    return _Reader(path, text, data).doctype()


@dataclass(frozen=True, slots=True)
class _Reader:
    """Turns one file's data into a DocType, or says in which line it is wrong."""

    path: Path
    text: str
    data: dict[str, Any]

    def doctype(self) -> DocType:
        for key in self.data:
            if key not in _KEYS:
                raise self.wrong(key, f"unknown key {key!r}")
        name = self.data.get("name")
        if not isinstance(name, str) or name != self.path.stem:
            raise self.wrong(str(name), f"name must be {self.path.stem!r}, like the file")
        if not self.strings(self.data, "title"):
            raise self.wrong("name", "title is missing")
        sections = tuple(self.sections())
        specs = tuple(self.fields(sections))
        accept_type, accept_field = self.accept()
        ticks = self.data.get("ticks", {})
        if not isinstance(ticks, dict):
            raise self.wrong("ticks", "ticks must be a table: label = code")
        for key in ("book", "seal"):
            if not isinstance(self.data.get(key, False), bool):
                raise self.wrong(key, f"{key} must be true or false")
        if self.data.get("book") and not self.data.get("own"):
            raise self.wrong("book", "a book has no title on its pages: say which phrases are its own")
        return DocType(
            name=name,
            title=tuple(self.strings(self.data, "title")),
            fields=specs,
            sections=sections,
            opening=self.folded(self.data, "opening"),
            number=self.folded(self.data, "number"),
            seal=self.data.get("seal"),
            also=self.folded(self.data, "also"),
            own=self.folded(self.data, "own"),
            need=self.folded(self.data, "need"),
            never=self.folded(self.data, "never"),
            book=bool(self.data.get("book", False)),
            other=self.folded(self.data, "other"),
            stop=self.folded(self.data, "stop"),
            accept_type=accept_type,
            accept_field=accept_field,
            ticks={fold(label): str(code) for label, code in ticks.items()},
            codes=self.codes(),
            said=self.said(),
        )

    def said(self) -> dict[str, str]:
        """Folded phrase -> as declared."""
        tables = [self.data, *self.tables("field"), *self.tables("section")]
        keys = ("opening", "number", "other", "also", "own", "need", "label", "start")
        return {fold(text): text for table in tables for key in keys for text in self.strings(table, key)}

    def sections(self) -> Iterator[Section]:
        names: set[str] = set()
        for entry in self.tables("section"):
            name = self.get(entry, "name", str)
            for key in entry:
                if key not in {"name", "start"}:
                    raise self.wrong(name, f"section {name}: unknown key {key!r}")
            if not self.folded(entry, "start"):
                raise self.wrong(name, f"section {name} has no label it starts with")
            if name in names:
                raise self.wrong(name, f"section {name} is declared twice")
            names.add(name)
            yield Section(name=name, start=self.folded(entry, "start"))

    def accept(self) -> tuple[float, float]:
        """(score of the type, confidence of a field) below which a person looks."""
        given = self.data.get("accept", {})
        if not isinstance(given, dict) or not given.keys() <= {"type", "field"}:
            raise self.wrong("accept", "accept must be a table with type, field or both")
        both = given.get("type", ACCEPT_TYPE), given.get("field", ACCEPT_FIELD)
        if not all(type(v) in (int, float) and 0 <= v <= 1 for v in both):
            raise self.wrong("accept", "accept must hold numbers from 0 to 1")
        return float(both[0]), float(both[1])

    def codes(self) -> tuple[str, ...]:
        codes = self.strings(self.data, "codes")
        for code in codes:
            if code not in CODES:
                raise self.wrong(code, f"unknown code {code!r}")
        return tuple(codes)

    def fields(self, sections: tuple[Section, ...]) -> Iterator[FieldSpec]:
        names: set[str] = set()
        labels: dict[tuple[str | None, str, tuple[str, ...]], str] = {}
        for entry in self.tables("field"):
            spec = self.field(entry, {s.name for s in sections})
            if spec.name in names:
                raise self.wrong(spec.name, f"field {spec.name} is declared twice")
            if spec.part_of is not None and spec.part_of not in names:
                raise self.wrong(spec.name, f"field {spec.name} is part of {spec.part_of!r}, which is not declared before it")
            for label in spec.label:
                # in a grid two columns share the labels of the rows
                place = (spec.section, label, spec.column if spec.where == "cell" else ())
                if place in labels:
                    raise self.wrong(spec.name, f"{spec.name} and {labels[place]} share the label {label!r} in one section")
                labels[place] = spec.name
            names.add(spec.name)
            yield spec

    def field(self, entry: dict[str, Any], sections: set[str]) -> FieldSpec:
        name = self.get(entry, "name", str)
        for key in entry:
            if key not in {"name", "type", "label", "where", "column", "heading", "pattern", "section", "required", "part_of"}:
                raise self.wrong(name, f"field {name}: unknown key {key!r}")
        spec = FieldSpec(
            name=name,
            type=self.get(entry, "type", str),
            label=self.folded(entry, "label"),
            where=self.get(entry, "where", str) if "where" in entry else "right",
            column=self.folded(entry, "column"),
            heading=self.folded(entry, "heading"),
            pattern=self.pattern(entry),
            section=self.get(entry, "section", str) if "section" in entry else None,
            required=self.get(entry, "required", bool) if "required" in entry else False,
            part_of=self.get(entry, "part_of", str) if "part_of" in entry else None,
        )
        if spec.type not in TYPES:
            raise self.wrong(name, f"field {name}: unknown type {spec.type!r}")
        if spec.where not in PLACES:
            raise self.wrong(name, f"field {name}: unknown place {spec.where!r}")
        if spec.section is not None and spec.section not in sections:
            raise self.wrong(name, f"field {name}: unknown section {spec.section!r}")
        if spec.where in ("right", "inline", "below") and not (spec.label or spec.column) and spec.part_of is None:
            raise self.wrong(name, f"field {name} has no label")
        if spec.where == "cell" and not (spec.label and spec.column):
            raise self.wrong(name, f"field {name} stands in a cell: say the label of its row and the heading of its column")
        if (spec.where == "alone") != (spec.pattern is not None):
            raise self.wrong(name, f"field {name}: a pattern belongs to a value that stands alone, and only to such a one")
        return spec

    def pattern(self, entry: dict[str, Any]) -> re.Pattern[str] | None:
        """The compiled pattern of a field."""
        try:
            return re.compile(self.get(entry, "pattern", str)) if "pattern" in entry else None
        except re.error as exc:
            raise self.wrong(str(entry.get("name")), f"pattern cannot be read: {exc}") from exc

    def tables(self, key: str) -> list[dict[str, Any]]:
        value = self.data.get(key, [])
        if not isinstance(value, list) or not all(isinstance(v, dict) for v in value):
            raise self.wrong(key, f"{key} must be a list of tables")
        return value

    def get(self, table: dict[str, Any], key: str, kind: type) -> Any:
        if not isinstance(table.get(key), kind):
            raise self.wrong(str(table.get("name", key)), f"{key} is missing or of the wrong kind")
        return table[key]

    def strings(self, table: dict[str, Any], key: str) -> list[str]:
        value = table.get(key, [])
        if not isinstance(value, list) or not all(isinstance(v, str) and v.strip() for v in value):
            raise self.wrong(str(table.get("name", key)), f"{key} must be a list of texts")
        return value

    def folded(self, table: dict[str, Any], key: str) -> tuple[str, ...]:
        return tuple(fold(value) for value in self.strings(table, key))

    def wrong(self, near: str, why: str) -> DocTypeError:
        return _wrong(self.path, near, why)


def _wrong(path: Path, near: str, why: str) -> DocTypeError:
    """The error, at the first line that mentions `near`."""
    lines = path.read_text(encoding="utf-8").splitlines()
    # as a value, as a key at the start of a line, anywhere
    whats = (re.compile(f'"{re.escape(near)}"'), re.compile(rf"^\s*{re.escape(near)}\b"), re.compile(re.escape(near)))
    line = next((i for what in whats for i, content in enumerate(lines, 1) if what.search(content)), 1)
    return DocTypeError(f"{path.name}, line {line}: {why}", file=str(path), line=line)
