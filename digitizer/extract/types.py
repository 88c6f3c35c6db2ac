"""Value types: raw text as printed -> (value in normal form or None, problem code or None). One decorated function each.

A value that cannot be what the field holds is None with a problem, never a guess.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date

from rapidfuzz.distance import Levenshtein

from digitizer import dossiers
from digitizer.extract import units
from digitizer.extract.date_words import DATE_WORDS, parse_date
from digitizer.extract.lists import ETHNIC_GROUPS, NATIONALITIES, PAPER_CODES
from digitizer.text import fold, nfc

Value = str | bool | tuple[str, ...] | None
Reading = tuple[Value, str | None]
TYPES: dict[str, Callable[[str], Reading]] = {}

#: dots to write on, and what recognisers make of them
_FILL = " .…·:;,_-–"
#: abbreviations in places: xã, huyện, tỉnh, phường, quận, thị xã, thành phố, thị trấn
_SHORT = frozenset({"x", "h", "t", "p", "q", "tx", "tp", "tt"})


def value_type(function: Callable[[str], Reading]) -> Callable[[str], Reading]:
    """Registers a value type under the function's name."""
    TYPES[function.__name__] = function
    return function


def read(kind: str, raw: str) -> Reading:
    """The value of `raw` as a field of type `kind`."""
    return TYPES[kind](raw)


def clean(raw: str) -> str:
    """`raw` without the dots of dotted lines around it and between its words."""
    text = re.sub(r"[.…·_]{2,}|…", " ", nfc(raw))
    text = re.sub(r"(?<=\w)\s*[.·](?=\s+\w)", _between, text)
    return nfc(text).strip(_FILL)


def _undotted(text: str) -> str:
    """`text` without the dots of a dotted line between its digits and after a stroke: `20.09`, `0083200.10240`, `31/.2017`."""
    return re.sub(r"(?<=\d)\s*[.·]\s*(?=[\d/])|(?<=/)\s*[.·]\s*(?=\w)", "", text)


def _between(match: re.Match[str]) -> str:
    """A dot between words belongs to the dotted line unless it ends an abbreviation (`T. Tuyên Quang`) or divides digits."""
    before = match.string[: match.end()].rstrip(" .·").rpartition(" ")[2]
    after = match.string[match.end() :].lstrip()
    capitals = len(before) <= 2 and before[:1].isupper() and (len(before) == 1 or not set(fold(before)) & set("aeiouy"))
    kept = capitals or before in _SHORT or (before[-1:].isdigit() and after[:1].isdigit())
    return match.group() if kept else ""


@value_type
def name(raw: str) -> Reading:
    """A person's name: letters only, as printed."""
    # an apostrophe between letters is part of the name: `H'Hen`, `K'Brôi`
    text = nfc(re.sub(r"[.,·`]+|(?<!\w)'|'(?!\w)", " ", clean(raw)))
    if not text:
        return None, "empty"
    if re.search(r"[\d/:;()<>=+*|#@\[\]]", text) or sum(c.isalpha() for c in text) < 2:
        return None, "not_a_name"
    return text, None


#: a place that ends with its district or with the kind of a unit, or has an abbreviation without its dot: `…, huyện Yên Sơn`,
#: `…, tỉnh`, `T Tuyên Quang`
_PLACE_CUT = re.compile(
    r"(?:^|[,.] *)(?:huyện|quận|thị xã|H\.) [^,]*$|(?:^|, *)(?:[XHTPQ]|TP|TX|TT) [A-ZĐ]"
    r"|\b(?:xã|phường|thị trấn|huyện|quận|thị xã|thành phố|tỉnh)\W*$"
)


@value_type
def place(raw: str) -> Reading:
    """A place, as printed; a comma between words is followed by a space, whether the reader saw one or not."""
    text = re.sub(r"(?<=\w),(?=[^\W\d])", ", ", clean(raw))
    if sum(c.isalpha() for c in text) < 2:
        return None, "empty"
    return text, "place_cut" if _PLACE_CUT.search(text) or _province_cut(text) else None


def _province_cut(text: str) -> bool:
    """`…, tỉnh Tuyên`: a province that is none yet, but would become one."""
    last = re.search(r"\btỉnh ([^,]+)$", text, re.IGNORECASE)
    name = units.same_name(last.group(1)) if last else ""
    known = units.names("province")
    return last is not None and name not in known and any(other.startswith(f"{name} ") for other in known)


@value_type
def text(raw: str) -> Reading:
    """Anything, as printed."""
    found = clean(raw)
    return (found, None) if found else (None, "empty")


@value_type
def relation(raw: str) -> Reading:
    """Who somebody is to the person a paper is about, as printed: `Mẹ đẻ`, `Bản thân`."""
    return text(raw)


@value_type
def date_words(raw: str) -> Reading:
    """A date in words, as printed; the problem says when its words make no date."""
    found = clean(raw).rstrip(")").strip(_FILL)
    if not found:
        return None, "empty"
    if not parse_date(found):
        return found, "words_not_a_date"
    # `hại nghìn`: understood, but no word of a date is spelled so
    return found, None if all(word in DATE_WORDS for word in re.findall(r"\w+", found.lower())) else "words_misspelt"


#: years a paper may name; cards without an end say 2099
_YEARS = frozenset((*range(1850, 2060), 2099))
_DATE = re.compile(
    r"(?:(?:ngày\s*)?(\d{1,2})\s*(?:[/.\-]|tháng)\s*)?(?:(\d{1,2})\s*(?:[/.\-]|n[ăaâ]?m)\s*)(\d{4})(?!\d)|(?<!\d)(\d{4})(?!\d)",
    re.IGNORECASE,
)


#: a date whose marks, one or both, were not read: `03042018`, `20.091997`; clear enough to show, not to accept
_MARKS_LOST = re.compile(r"(\d{2})[/.\-]?(\d{2})((?:19|20)\d{2})|(\d{2})(\d{2})[/.\-]((?:19|20)\d{2})")


@value_type
def date_(raw: str) -> Reading:
    """A date, as precise as the paper: `15/08/1987`, `ngày 15 tháng 8 năm 1987`, `08.1987`, `1987`."""
    # `05/1999 ngày 03/04/1999`, `56/20.09. ngày …`: the number of the register is no month and year
    own_number = r"^\d+/\.?\d[\d.]{2,5}[\s.]+(?=\D.*\d)"
    found = re.sub(own_number, "", re.sub(r"[/il|]?(?:date|month|year)\b", "", clean(raw)))
    found = re.sub(r"(?<=\d)\s*([/.\-])\s*(?=\d)", r"\1", found)
    if re.fullmatch(r"[\d.]+", found) and len(found.replace(".", "")) == 4:
        found = found.replace(".", "")
    elif "/" in found:
        found = _undotted(found)
    if lost := _MARKS_LOST.fullmatch(found):
        day, month, year = (group for group in lost.groups() if group)
        value, problem = _checked(year, month, day)
        return value, problem or "marks_lost"
    match = _DATE.search(found)
    if match is None:
        return None, "empty" if not re.search(r"\w", found) else "not_a_date"
    day, month, year, alone = match.groups()
    if alone is not None:
        # a lone year must be all there is: anything else is a date that was misread
        return (
            (alone, None)
            if re.fullmatch(r"(?:năm\s*)?\d{4}", found, re.IGNORECASE) and int(alone) in _YEARS
            else (None, "not_a_date")
        )
    if _cut(found[: match.start()], match.group(), day):
        return None, "not_a_date"
    return _checked(year, month, day)


TYPES["date"] = TYPES.pop("date_")


def _cut(before: str, found: str, day: str | None) -> bool:
    """Whether the date `found` lost its first letters to the text `before` it: `1 5/08/1987`, `15/O8/1987`, `115/08/1987`."""
    if day is None:
        # only an empty form may stand before a month and a year: `ngày … tháng 8 năm 1987`
        return re.fullmatch(r"\W*(?:ngày)?\W*(?:tháng)?\W*", before, re.IGNORECASE) is None
    spaced = len(day) == 1 and found[0].isdigit() and before.rstrip()[-1:].isdigit()
    # `l5/08/1987`: what touches the day was a digit of it
    return spaced or re.search(r"[^\s.,;:…(–-]$", before) is not None


def _checked(year: str, month: str, day: str | None) -> Reading:
    try:
        date(int(year), int(month), int(day or 1))
    except ValueError:
        return None, "impossible_date"
    if int(year) not in _YEARS:
        return None, "impossible_date"
    return f"{year}-{int(month):02}" + (f"-{int(day):02}" if day else ""), None


@value_type
def sex(raw: str) -> Reading:
    """`nam`, `nữ`, `không xác định`; one wrong mark is forgiven, another word is not."""
    found = fold(clean(raw))
    return {
        "nam": ("nam", None),
        "nu": ("nữ", None),
        "khong xac dinh": ("không xác định", None),
        "chua xac dinh": ("không xác định", None),
    }.get(found, (None, "empty" if not found else "not_in_list"))


def _nearest(raw: str, entries: Sequence[str]) -> Reading:
    """The entry that `raw` is: equal, or so near that no other entry is as near; else as printed, with a problem."""
    # stains beside a word are read as digits and strokes
    found = re.sub(r"(?:^|(?<=\s))[\d/|\\)(]+(?=\s|$)", "", clean(raw)).strip(_FILL)
    if not found:
        return None, "empty"
    lowered = found.casefold()
    ranked = sorted(
        (Levenshtein.distance(lowered, entry.casefold()), Levenshtein.distance(fold(found), fold(entry)), entry)
        for entry in entries
    )
    (best, plain, entry), second = ranked[0], ranked[1]
    if best == 0:
        return entry, None
    sure = best <= max(1, len(entry) // 4) and plain <= 1 and second[0] > best
    return (entry, "spelling_restored") if sure else (found, "not_in_list")


@value_type
def ethnicity(raw: str) -> Reading:
    """One of the 54 ethnic groups or an allowed sub-name; others as printed plus a problem."""
    return _nearest(raw, ETHNIC_GROUPS)


@value_type
def nationality(raw: str) -> Reading:
    """A nationality of the list; others as printed plus a problem."""
    return _nearest(raw, NATIONALITIES)


def says_twelve(text: str) -> bool:
    """Whether a paper is called one whose number has 12 digits: `CCCD số …`, `Căn cước`, `Số định danh cá nhân`."""
    return re.search(r"\bcc+d\b|\bcan cuoc|\bdinh danh", fold(text)) is not None


@value_type
def id_number(raw: str) -> Reading:
    """9 (CMND) or 12 digits (CCCD, số định danh), or a passport: one or two letters and 6 to 8 digits."""
    found = clean(raw)
    joined = re.sub(r"(?<=\d) (?=\d)", "", _undotted(found))
    lengths = (12,) if says_twelve(found) else (9, 12)
    numbers = [n for n in re.findall(r"(?<!\d)(?<!\d/)\d+(?!/?\d)", joined) if len(n) in lengths]
    if len(numbers) == 1:
        return numbers[0], None
    passport = re.search(r"\b[A-Z]{1,2}\d{6,8}\b", found)
    if passport and not numbers:
        return passport.group(), None
    return None, "empty" if not found else "not_an_id_number"


@value_type
def register_number(raw: str) -> Reading:
    """`15/1999`, `01/1999`, `77/TLKS-BS`: as printed, spaces removed; only the number, not what follows it."""
    # `31/.2017`: dots of the line it is written on
    found = re.sub(r"\s*[.·…]*\s*/\s*[.·…]*\s*", "/", _undotted(clean(raw)))
    # `70IGBT-UBND`: a stroke read as a letter before a form of number that is known
    restored = re.sub(rf"^(\d+)\s*[Il|!]\s*(?=(?:{'|'.join(PAPER_CODES)})\b)", r"\1/", found)
    if restored != found:
        return register_number(restored)[0], "spelling_restored"
    if headed := re.match(r"[A-ZĐ]{2,6}\.\s*\d{3,6}(?!\d)", found):
        return re.sub(r"\s+", "", headed.group()), None  # `GBT.01929`
    match = re.match(r"\d+\s*(?:/\s*(?:\d{4}|[\wĐđ.\-]+))*(?:\s*/\s*[\wĐđ.\-]+)*", found)
    if match is None:
        return None, "empty" if not found else "not_a_number"
    if found[match.end() :][:1].isdigit():
        return None, "not_a_number"  # `1 5/1999`, `15/19991`: a digit is left over
    value = re.sub(r"\s+", "", match.group()).strip(_FILL)
    # `45/208`: a digit of the year is missing; `15/99` is a habit of older books
    return value, "year_cut" if re.search(r"/(\d|\d{3}|\d{5,})$", value) else None


@value_type
def agency_code(raw: str) -> Reading:
    """`H60.127.03`, `000.00.19.H60`."""
    found = _coded(raw)
    return (found, None) if dossiers.AGENCY.fullmatch(found) else (None, "not_a_code" if found else "empty")


@value_type
def dossier_code(raw: str) -> Reading:
    """`H60.127.03-260930-0012`: in capitals, with a day of receipt that there is."""
    found = _coded(raw)
    return (found, None) if dossiers.valid(found) else (None, "not_a_code" if found else "empty")


def _coded(raw: str) -> str:
    """Without spaces and the marks around it, in capitals."""
    return re.sub(r"\s+", "", nfc(raw)).strip("…·:;,_-–.").upper()


@value_type
def number(raw: str) -> Reading:
    """Digits."""
    found = clean(raw).replace(" ", "")
    return (found, None) if found.isdigit() else (None, "empty" if not found else "not_a_number")


@value_type
def amount(raw: str) -> Reading:
    """Digits and a decimal point, without the unit: `3200 gram` -> `3200`, `1.250,5 m²` -> `1250.5`, `500.000.000 đồng`."""
    found = clean(raw)
    match = re.match(r"\d[\d., ]*", found)
    if match is None:
        return None, "empty" if not found else "not_a_number"
    if re.match(r"\s*[/|\\]\s*\d", found[match.end() :]):
        return None, "not_a_number"  # `3/00 gram`: a digit was misread
    digits = match.group().strip(" .,").replace(" ", "")
    whole, _, part = digits.rpartition(",") if "," in digits else (digits, "", "")
    # three digits after a point are thousands, fewer a fraction
    if not part and (fraction := re.fullmatch(r"(\d+)\.(\d{1,2})", whole)):
        whole, part = fraction.groups()
    if not re.fullmatch(r"\d+|\d{1,3}(\.\d{3})+", whole) or (part and not part.isdigit()):
        return None, "not_a_number"
    return whole.replace(".", "") + (f".{part}" if part else ""), None


#: dots of a dotted line may stand between its parts; a digit that stands apart (`1 7 giờ`, `7 giờ 3 0`) leaves no time
_TIME = re.compile(
    r"(?<!\d)(?<!(?<!\d)\d\s)(\d{1,2})[\s.…·]*(?:giờ|gio|h|:)[\s.…·]*(?:(\d{1,2})(?!\s*\d)[\s.…·]*(?:phút|phut|p)?|(?![\s.…·]*\d))",
    re.IGNORECASE,
)


@value_type
def time(raw: str) -> Reading:
    """`07 giờ 30 phút`, `7h30`, `07:30` -> `07:30`."""
    match = _TIME.search(raw)
    if match is None:
        return None, "not_a_time" if clean(raw) else "empty"
    hour, minute = int(match.group(1)), int(match.group(2) or 0)
    return (f"{hour:02}:{minute:02}", None) if hour < 24 and minute < 60 else (None, "not_a_time")


@value_type
def code(raw: str) -> Reading:
    """A code that a tick box stands for."""
    return (raw, None) if raw else (None, "empty")


@value_type
def notes(raw: str) -> Reading:
    """Notes in the margin; a new one begins where a date or deed does after a full stop or a signature."""
    found = tuple(
        note for part in re.split(r"(?<=\d{4})\s+(?=Ngày \d|Đã |Bổ sung |Thay đổi |Cải chính )", raw) if (note := clean(part))
    )
    return (found, None) if found else (None, "empty")


def _signer(raw: str) -> tuple[str, str]:
    """`Trần Văn A, Chủ tịch` or `… - Chủ tịch` -> its two parts."""
    found = clean(raw)
    title = re.search(
        r"\s*[,\-–.]?\s*((?:(?:PHÓ|QUYỀN|KT\.|TM\.) )*(?:CHỦ TỊCH|CÔNG CHỨC|TRƯỞNG PHÒNG|GIÁM ĐỐC).*|PHÓ CHỦ)$",
        found,
        re.IGNORECASE,
    )
    if title:
        return found[: title.start()].strip(_FILL), title.group(1).strip(_FILL)
    head, _, tail = found.partition(",")
    return head.strip(_FILL), tail.strip(_FILL)


@value_type
def signer(raw: str) -> Reading:
    """The name in `Trần Văn A, Chủ tịch`."""
    return name(_signer(raw)[0])


@value_type
def signer_title(raw: str) -> Reading:
    """The office in `Trần Văn A, Chủ tịch`."""
    title = _signer(raw)[1]
    # the last word was not found: no office is called so
    return (None, "empty") if fold(title) == "pho chu" else text(title)
