"""Reads the QR code and the MRZ (ICAO 9303-5, TD1) of identity cards. Their values go before the printed ones."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from digitizer.model import Box, PageText

#: weights of the check digit (ICAO 9303)
_WEIGHTS = (7, 3, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Coded:
    """A value read from a code."""

    #: name of the field
    name: str
    raw: str
    #: `qr` or `mrz`
    by: str
    #: position of the PageText in the bundle
    page: int
    box: Box


def from_qr(pages: Sequence[tuple[int, PageText]]) -> Iterator[Coded]:
    """The fields of a card's QR code: `id|old id|name|ddMMyyyy|sex|address|ddMMyyyy`, at least these 7."""
    for number, page in pages:
        for mark in page.marks:
            parts = mark.text.split("|")
            if mark.kind != "qr" or len(parts) < 7 or not re.fullmatch(r"\d{12}", parts[0]):
                continue
            values = {
                "soDinhDanh": parts[0],
                "soCmndCu": parts[1],
                "hoTen": parts[2],
                "ngaySinh": _slashed(parts[3]),
                "gioiTinh": parts[4],
                "noiCuTru": parts[5],
                "ngayCap": _slashed(parts[6]),
            }
            for name, raw in values.items():
                if raw:
                    yield Coded(name=name, raw=raw, by="qr", page=number, box=mark.box)
            return


def from_mrz(pages: Sequence[tuple[int, PageText]]) -> Iterator[Coded]:
    """Number, birth date, sex and expiry from an MRZ whose check digits all hold. Nothing otherwise."""
    for number, page in pages:
        lines = [line for line in page.lines if len(squeeze(line.text)) == 30]
        for first, second in pairwise(lines):
            read = parse_mrz(squeeze(first.text), squeeze(second.text))
            if read is None:
                continue
            for name, raw in read.items():
                yield Coded(name=name, raw=raw, by="mrz", page=number, box=first.box if name == "soDinhDanh" else second.box)
            return


def squeeze(text: str) -> str:
    """An MRZ line without spaces, filler marks as `<`."""
    return re.sub(r"[«‹]", "<", text.replace(" ", "").upper())


def parse_mrz(first: str, second: str) -> dict[str, str] | None:
    """Field -> raw value of the first two lines. None when a check digit does not hold.

    The layout is fixed (TT 06/2021/TT-BCA after ICAO 9303-5). State and filler marks are filled in, and letters at places of
    digits become digits. The check digits show whether the digits are right.
    """
    if len(first) < 30 or len(second) < 30:
        return None
    digits = str.maketrans("OIQDLSBZG", "010015826")
    one = "IDVNM" + first[5:27].translate(digits) + "<<" + first[29].translate(digits)
    two = (
        second[:7].translate(digits)
        + second[7]
        + second[8:15].translate(digits)
        + "VNM"
        + "<" * 11
        + second[29].translate(digits)
    )
    composite = one[5:30] + two[0:7] + two[8:15] + two[18:29]
    held = (
        check_digit(one[5:14]) == one[14]
        and check_digit(two[0:6]) == two[6]
        and check_digit(two[8:14]) == two[14]
        and check_digit(composite) == two[29]
        and re.fullmatch(r"\d{12}", one[15:27])
        and one[5:14] == one[18:27]
    )
    if not held:
        return None
    identity = one[15:27]
    read = {
        "soDinhDanh": identity,
        "ngaySinh": _mrz_date(two[0:6], 1900 + 100 * (int(identity[3]) // 2)),
        "ngayHetHan": _mrz_date(two[8:14], 2000),
    }
    # no check digit covers the sex
    return read | ({"gioiTinh": {"M": "Nam", "F": "Nữ"}[two[7]]} if two[7] in "MF" else {})


def check_digit(text: str) -> str:
    """The check digit of ICAO 9303: weights 7, 3, 1, values A = 10 … Z = 35 and `<` = 0."""
    values = (0 if c == "<" else int(c) if c.isdigit() else ord(c) - 55 for c in text)
    return str(sum(value * _WEIGHTS[i % 3] for i, value in enumerate(values)) % 10)


def _mrz_date(yymmdd: str, century: int) -> str:
    return f"{yymmdd[4:6]}/{yymmdd[2:4]}/{century + int(yymmdd[:2])}"


def _slashed(ddmmyyyy: str) -> str:
    return f"{ddmmyyyy[:2]}/{ddmmyyyy[2:4]}/{ddmmyyyy[4:]}" if re.fullmatch(r"\d{8}", ddmmyyyy) else ddmmyyyy
