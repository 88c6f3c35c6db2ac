"""Codes of dossiers, agencies and books, and what paths, names and listings say about the dossier of a file."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path, PurePath

from digitizer.errors import FileAccess
from digitizer.text import nfc

#: Thông tư 03/2025/TT-VPCP, Thông tư 04/2025/TT-VPCP: agency code, date of receipt YYMMDD, number of the day
CODE = re.compile(r"(?:\d{3}\.\d{2}\.\d{2}\.[A-Z]\d{2}|[A-Z]\d{2}(?:\.\d{2,3}){0,3})-(\d{6})-\d{4,}")
AGENCY = re.compile(r"\d{3}\.\d{2}\.\d{2}\.[A-Z]\d{2}|[A-Z]\d{2}(?:\.\d{2,3}){0,3}")
BOOK = re.compile(r"[A-Z]{2,4}/\d{4}/\d{1,3}")

#: a component of this kind is the dossier's result (kết quả): `KQ`, `KQ0234`, `000.00.00.G15-KQ0234`
RESULT = re.compile(r"(?:.*[-.])?KQ\d*", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutingHint:
    """What path, name or listing of a file say about it; `how` names the rule that found the dossier."""

    agency: str | None = None
    dossier: str | None = None
    component: str | None = None
    book: str | None = None
    how: str | None = None


def valid(code: str) -> bool:
    """Whether `code` is a dossier code with a possible date."""
    match = CODE.fullmatch(code)
    return match is not None and _is_date(match.group(1))


def is_result(component: str | None) -> bool:
    """Whether a component code stands for the dossier's result, not for a paper handed in."""
    return component is not None and RESULT.fullmatch(component) is not None


def in_text(text: str) -> str | None:
    """The first valid dossier code in `text`, upper case."""
    for match in CODE.finditer(nfc(text).upper()):
        if _is_date(match.group(1)):
            return match.group()
    return None


def from_path(path: PurePath) -> RoutingHint:
    """What the folders and the file name say.

    `<agency>/dossiers/<code>/[<component>/]<file>`, `<agency>/books/KS/1999/01/<file>`, or a dossier code in the name.
    """
    folders = path.parent.parts
    for i, folder in enumerate(folders):
        agency = folders[i - 1] if i and AGENCY.fullmatch(folders[i - 1]) else None
        rest = folders[i + 1 :]
        if folder == "dossiers" and rest and valid(rest[0]):
            return RoutingHint(agency=agency, dossier=rest[0], component=rest[1] if len(rest) > 1 else None, how="folder")
        if folder == "books" and len(rest) >= 3 and BOOK.fullmatch("/".join(rest[:3])):
            return RoutingHint(agency=agency, book="/".join(rest[:3]), how="folder")
    code = in_text(path.name)
    return RoutingHint(dossier=code, how="name") if code else RoutingHint()


def from_csv(path: Path) -> RoutingHint:
    """The row for `path` in `dossiers.csv` beside it: columns `file,dossier[,component]`, UTF-8; no such row: nothing.

    Raises FileAccess when the listing cannot be read.
    """
    listing = path.with_name("dossiers.csv")
    if not listing.is_file():
        return RoutingHint()
    try:
        rows = list(csv.DictReader(listing.read_text(encoding="utf-8-sig").splitlines()))
    except (OSError, UnicodeDecodeError) as exc:
        raise FileAccess("dossiers.csv must be readable UTF-8", file=str(listing)) from exc
    for row in rows:
        if nfc(row.get("file") or "") == nfc(path.name) and valid((row.get("dossier") or "").strip().upper()):
            return RoutingHint(
                dossier=row["dossier"].strip().upper(), component=(row.get("component") or "").strip() or None, how="csv"
            )
    return RoutingHint()


def _is_date(yymmdd: str) -> bool:
    try:
        date(2000 + int(yymmdd[:2]), int(yymmdd[2:4]), int(yymmdd[4:]))
    except ValueError:
        return False
    return True
