"""Codes of dossiers, agencies and books, and what paths, names and listings say about the dossier of a file."""

from __future__ import annotations

import csv
import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from pathlib import Path, PurePath

from digitizer.errors import ListingUnreadable
from digitizer.text import fold, nfc

#: Thông tư 03/2025/TT-VPCP, Thông tư 04/2025/TT-VPCP: agency code, date of receipt YYMMDD, number of the day
CODE = re.compile(r"(?:\d{3}\.\d{2}\.\d{2}\.[A-Z]\d{2}|[A-Z]\d{2}(?:\.\d{2,3}){0,3})-(\d{6})-\d{4,}")
AGENCY = re.compile(r"\d{3}\.\d{2}\.\d{2}\.[A-Z]\d{2}|[A-Z]\d{2}(?:\.\d{2,3}){0,3}")
#: in place of an agency: every agency
EVERYWHERE = "*"
#: the scopes of whoever sees all
ALL = (EVERYWHERE,)
BOOK = re.compile(r"[A-Z]{2,4}/\d{4}/\d{1,3}")

#: name of the table beside scans that says which dossier each belongs to
LISTING = "dossiers.csv"
#: folded headings of its columns
_FILE = frozenset({"file", "ten file", "tep", "ten tep"})
_DOSSIER = frozenset({"dossier", "ma ho so", "ho so", "so ho so"})
_COMPONENT = frozenset({"component", "thanh phan", "ma thanh phan"})
#: dashes, and what people type for them
_DASHES = re.compile(r"\s*[-‐‑‒–—−_]\s*")

#: a component of this kind is the dossier's result (kết quả): `KQ`, `KQ0234`, `000.00.00.G15-KQ0234`
RESULT = re.compile(r"(?:.*[-.])?KQ\d*", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutingHint:
    """What path, name or listing of a file say about it. `how` names the rule that found the dossier."""

    agency: str | None = None
    dossier: str | None = None
    component: str | None = None
    book: str | None = None
    how: str | None = None
    #: codes of the rules that found something but no one dossier: `several_codes`, `listing_code_invalid`, `listing_without_file`
    failed: tuple[str, ...] = ()


def valid(code: str) -> bool:
    """Whether `code` is a dossier code with a possible date."""
    match = CODE.fullmatch(code)
    return match is not None and _is_date(match.group(1))


def covers(scopes: Collection[str], agency: str | None) -> bool:
    """Whether one of `scopes` is this agency, one above it, or all. Without an agency only all is."""
    return EVERYWHERE in scopes or (agency is not None and any(is_below(agency, own) for own in scopes))


def is_below(agency: str, upper: str) -> bool:
    """Whether an agency is `upper` or belongs to it: `H60.127.03` to `H60.127`, `000.03.127.H60` to `H60`."""
    return agency == upper or agency.startswith(f"{upper}.") or agency.endswith(f".{upper}")


def is_result(component: str | None) -> bool:
    """Whether a component code stands for the dossier's result, not for a paper handed in."""
    return component is not None and RESULT.fullmatch(component) is not None


def all_in_text(text: str) -> list[str]:
    """The different valid dossier codes in `text`, upper case, whatever dashes, underscores and spaces they are written with."""
    plain = _DASHES.sub("-", nfc(text).upper())
    return list(dict.fromkeys(match.group() for match in CODE.finditer(plain) if _is_date(match.group(1))))


def in_text(text: str) -> str | None:
    """The one valid dossier code in `text`, upper case. None where there is none, or more than one."""
    found = all_in_text(text)
    return found[0] if len(found) == 1 else None


def from_path(path: PurePath) -> RoutingHint:
    """What the folders and the file name say.

    `<agency>/dossiers/<code>/[<component>/]<file>`, `<agency>/books/KS/1999/01/<file>`, or a dossier code in the name.
    """
    folders = path.parent.parts
    for i, folder in enumerate(folders):
        above = folders[i - 1].strip().upper() if i else ""
        agency = above if AGENCY.fullmatch(above) else None
        rest = folders[i + 1 :]
        if folder.casefold() == "dossiers" and rest and (code := in_text(rest[0])):
            return RoutingHint(agency=agency, dossier=code, component=rest[1] if len(rest) > 1 else None, how="folder")
        book = "/".join(rest[:3]).upper()
        if folder.casefold() == "books" and len(rest) >= 3 and BOOK.fullmatch(book):
            return RoutingHint(agency=agency, book=book, how="folder")
    codes = all_in_text(path.name)
    if len(codes) > 1:
        return RoutingHint(failed=("several_codes",))
    return RoutingHint(dossier=codes[0], how="name") if codes else RoutingHint()


def from_csv(path: Path) -> RoutingHint:
    """The row for `path` in `dossiers.csv` beside it. No listing: nothing.

    Columns are file, dossier and, if wanted, component, under English or Vietnamese headings. Commas, semicolons, tabs and bars
    may part them. UTF-8 and UTF-16 are read. Raises FileAccess when the listing cannot be read.
    """
    listing = path.with_name(LISTING)
    if not listing.is_file():
        return RoutingHint()
    for row in _rows(listing):
        if nfc(row.get("file", "")).casefold() == nfc(path.name).casefold():
            code = in_text(row.get("dossier", ""))
            if code is None:
                return RoutingHint(failed=("listing_code_invalid",))
            return RoutingHint(dossier=code, component=row.get("component") or None, how="csv")
    return RoutingHint(failed=("listing_without_file",))


def _rows(listing: Path) -> list[dict[str, str]]:
    """The rows of a listing with the keys file, dossier, component. Raises FileAccess."""
    try:
        data = listing.read_bytes()
        text = data.decode("utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig")
    except (OSError, UnicodeDecodeError) as exc:
        raise ListingUnreadable(file=str(listing)) from exc
    lines = text.splitlines()
    head = lines[0] if lines else ""
    delimiter = max(",;\t|", key=head.count)
    names = [fold(cell).strip() for cell in next(csv.reader([head], delimiter=delimiter), [])]
    if not _FILE & set(names) or not _DOSSIER & set(names):
        raise ListingUnreadable(file=str(listing))
    keys = ["file" if n in _FILE else "dossier" if n in _DOSSIER else "component" if n in _COMPONENT else n for n in names]
    return [
        {key: cell.strip() for key, cell in zip(keys, row, strict=False)} for row in csv.reader(lines[1:], delimiter=delimiter)
    ]


def _is_date(yymmdd: str) -> bool:
    try:
        date(2000 + int(yymmdd[:2]), int(yymmdd[2:4]), int(yymmdd[4:]))
    except ValueError:
        return False
    return True
