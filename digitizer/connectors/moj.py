"""Connector `moj:`: the Ministry of Justice's package of a register book (Công văn 1437/BTP-CNTT).

`<root>/<agency>/KS.1999.01/` holds `cases/`, with one PDF and one JSON for each registration case. Beside it lie
`KS.1999.01.xlsx`, the import sheet, and `KS.1999.01.zip`, the PDFs. `flush` writes both anew when there are new cases.
`moj:///path?columns=70` takes the newer template of births. `&name={book}.{year}.{volume}.{number:03}` sets another rule for
file names.
"""

from __future__ import annotations

import hashlib
import json
import threading
import zipfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from urllib.request import url2pathname

from digitizer import spreadsheets
from digitizer.connectors import Delivery
from digitizer.connectors._sheets import BOOKS, DEFAULT_NAME, SHEET, columns, file_name, number_of, row, same
from digitizer.connectors.folder import translated, write_blocks
from digitizer.errors import AttachRefused, ConfigError, UsageError
from digitizer.model import Receipt

#: document types that have a sheet
DOCTYPES = frozenset(BOOKS)
#: colour of a cell whose letters differ
_YELLOW = "FFFF00"
#: colour of a cell that differs in accents or case only
_BLUE = "BDD7EE"
#: columns that are not compared: the row number
_NOT_COMPARED = {"STT"}


class MojConnector:
    """Books as folders below `root`."""

    after_approval = False
    entered_by_hand = False

    def __init__(self, root: Path, *, rule: str = DEFAULT_NAME, wide: bool = False) -> None:
        self.root, self._rule, self._wide, self._lock = root, rule, wide, threading.Lock()

    def add_register_case(self, delivery: Delivery) -> Receipt:
        """Adds a case to its book. A later revision of its record replaces the case. Raises AttachRefused, ConnectorDown."""
        book, doctype = str(delivery.fields["book"]), str(delivery.fields["doctype"])
        if BOOKS.get(doctype) != book.partition("/")[0]:
            raise AttachRefused("this kind of record has no sheet in this book", book=book, doctype=doctype)
        with self._lock, translated():
            folder = self.root / _part(delivery.agency or "_") / _part(book.replace("/", ".")) / "cases"
            try:
                name = file_name(self._rule, book, dict(_values(delivery)))
            except ValueError as exc:
                raise AttachRefused("a case needs its number (so) for its file name", field="so") from exc
            return self._put(delivery, folder, _part(name))

    def _put(self, delivery: Delivery, folder: Path, name: str) -> Receipt:
        record = str(delivery.fields["record"])
        known = {case["record"]: case for case in _cases(folder)}
        if known.get(record, {}).get("key") != delivery.key:
            other = next((case for case in known.values() if case["file"] == name and case["record"] != record), None)
            if other is not None:
                raise AttachRefused("two cases of this book would have the same file name", file=name)
            write_blocks(folder / name, [delivery.path.read_bytes()])
            kept = {"key": delivery.key, "record": record, "revision": delivery.fields["revision"], "file": name,
                    "at": datetime.now(UTC).isoformat(), "values": _values(delivery)}  # fmt: skip
            write_blocks(_case_file(folder, record), [json.dumps(kept, ensure_ascii=False, indent=1).encode()])
            old = known.get(record)
            if old is not None and old["file"] != name:
                (folder / old["file"]).unlink(missing_ok=True)
            known[record] = kept
        case = known[record]
        place = (folder / case["file"]).relative_to(self.root).as_posix()
        return Receipt(delivery=delivery.id, dossier=delivery.dossier, external_id=place, at=datetime.fromisoformat(case["at"]))

    def flush(self) -> None:
        """Writes sheet and ZIP of the books that have newer cases. Raises ConnectorDown."""
        with self._lock, translated():
            for folder in sorted(self.root.glob("*/*/cases")):
                book, newest = folder.parent, max((p.stat().st_mtime_ns for p in folder.glob("*.json")), default=0)
                package = book / f"{book.name}.zip"
                if newest and not (package.exists() and package.stat().st_mtime_ns > newest):
                    self._package(book, _cases(folder))

    def _package(self, book: Path, cases: Sequence[dict[str, Any]]) -> None:
        code = book.name.partition(".")[0]
        names = columns(code, wide=self._wide)
        rows = [row(case["values"], names, number) for number, case in enumerate(cases, start=1)]
        sheet, package = book / f".{book.name}.xlsx", book / f".{book.name}.zip"
        spreadsheets.write_xlsx(sheet, names, rows, sheet=SHEET)
        with zipfile.ZipFile(package, "w", zipfile.ZIP_STORED) as archive:
            for case in cases:
                entry = zipfile.ZipInfo(case["file"], date_time=(2000, 1, 1, 0, 0, 0))
                archive.writestr(entry, (book / "cases" / case["file"]).read_bytes())
        sheet.replace(book / f"{book.name}.xlsx")
        package.replace(book / f"{book.name}.zip")

    def close(self) -> None:
        """Writes sheets and ZIPs that are still due."""
        with suppress(OSError):
            self.flush()


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One difference between a keyed sheet and the values read from the scan."""

    #: number in the book, `15/1999`
    so: str
    #: row of the sheet, 0-based without the header. None where the sheet lacks the case
    row: int | None
    column: str
    #: differs, accents, only_in_sheet, only_on_page
    kind: str
    #: value we read, as the sheet would write it
    ours: str = ""


def compare(sheet: Path, book: str, records: Sequence[dict[str, Any]]) -> list[Difference]:
    """Compares a keyed sheet with the values read from the scans, case by case. `records`: values in normal form.

    The first word of a column's header names the column. Raises FileAccess, UnsupportedFormat, UsageError.
    """
    keyed = spreadsheets.read(sheet, SHEET)
    if not keyed or "so" not in keyed[0]:
        raise UsageError("this sheet has no column `so`", sentence="sheet_without_numbers", file=sheet.name)
    ours = {number_of(str(values.get("so") or "")): values for values in records}
    found: list[Difference] = []
    for place, theirs in enumerate(keyed):
        so = number_of(theirs["so"])
        values = ours.pop(so, None)
        if values is None:
            found.append(Difference(so=so, row=place, column="so", kind="only_in_sheet"))
            continue
        found += _differences(so, place, theirs, row(values, [c for c in theirs if c not in _NOT_COMPARED], place + 1))
    return found + [Difference(so=so, row=None, column="so", kind="only_on_page") for so in sorted(ours)]


def _differences(so: str, place: int, theirs: dict[str, str], ours: dict[str, str]) -> list[Difference]:
    """Differences in the columns for which a value was read. `place` is the row of the sheet, from 0."""
    judged = [(name, value, same(name, value, theirs[name])) for name, value in ours.items() if value and name != "so"]
    return [Difference(so=so, row=place, column=name, kind=kind, ours=value) for name, value, kind in judged if kind != "same"]


def mark(sheet: Path, target: Path, differences: Sequence[Difference]) -> None:
    """Writes a copy of `sheet` to `target`. Differing cells get a colour and our value as a comment."""
    marks = [
        spreadsheets.CellMark(row=d.row, column=d.column, colour=_BLUE if d.kind == "accents" else _YELLOW, comment=d.ours or "—")
        for d in differences
        if d.row is not None
    ]
    spreadsheets.mark(sheet, target, marks, SHEET)


def _values(delivery: Delivery) -> dict[str, Any]:
    values: dict[str, Any] = dict(delivery.fields["values"])  # type: ignore[call-overload]
    return values


def _case_file(folder: Path, record: str) -> Path:
    return folder / f"{hashlib.sha256(record.encode()).hexdigest()[:32]}.json"


def _cases(folder: Path) -> list[dict[str, Any]]:
    """All cases of a book, sorted by file name."""
    found = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))]
    return sorted(found, key=lambda case: case["file"])


def _part(name: str) -> str:
    if not name or "/" in name or "\\" in name or name.startswith(".") or "\0" in name:
        raise AttachRefused("an agency, book or case cannot be called like this")
    return name


def open(url: str, home: Path) -> MojConnector:
    """`moj:` is `<home>/moj`, `moj:///path` is that path. Raises ConfigError for a wrong rule or number of columns."""
    split = urlsplit(url)
    options = {name: values[0] for name, values in parse_qs(split.query).items()}
    rule, wanted = options.get("name", DEFAULT_NAME), options.get("columns", "60")
    try:
        file_name(rule, "KS/1999/01", {"so": "1/1999"})
    except (KeyError, ValueError, IndexError) as exc:
        raise ConfigError("a file name has {book} {year} {volume} {date} {number:03}", rule=rule) from exc
    if wanted not in ("60", "70") or set(options) - {"name", "columns"}:
        raise ConfigError("moj: takes name and columns (60 or 70)", url=url)
    root = Path(url2pathname(split.path)) if split.path else home / "moj"
    return MojConnector(root, rule=rule, wide=wanted == "70")
