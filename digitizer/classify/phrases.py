"""Finds the printed phrases by which document types are told apart on the pages of one document."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from rapidfuzz import fuzz, process
from rapidfuzz.distance import Levenshtein

from digitizer.geometry import overlap
from digitizer.model import Line, Mark, PageText
from digitizer.text import fold, is_national_title

#: least likeness of a phrase of more than 12 letters
_ALIKE = 0.84
#: least likeness of a phrase of 5 to 12 letters. Short ones are easily found in other words (`quyển số` in `huyện Sơn Dương`)
_SHORTER = 0.92
#: least likeness of a phrase of up to 4 letters
_SHORT = 0.99
#: two phrases at least this alike are rivals: a line can hold only one of them
_RIVAL = 0.6
#: least likeness of a title or of the form of a number
_TITLE = 0.8
#: heads of official papers besides the national title (folded): the motto, and the title before 1976
_LETTERHEAD = ("doc lap - tu do - hanh phuc", "viet nam dan chu cong hoa")
#: least likeness, in percent, of a line that holds one of them
_LETTERHEAD_ALIKE = 85
#: least number of letters of such a line
_LETTERHEAD_LETTERS = 20
#: most lines of a title
_BROKEN = 4
#: least share of capitals in a title
_CAPITALS = 0.5
#: the text after the digits of a number (`Số: 12/TLKS-BS`) or before them (`GBT.01929`)
_NUMBER = re.compile(r"\bs[o06]\b\W{0,4}.{0,14}?\d\s*(/\s*[a-z][\w/.\-]*)|\bs[o06]\b\W{0,4}([a-z]{2,5}\.)\s*\d")


@dataclass(frozen=True, slots=True)
class PlacedLine:
    """A line and the position of its PageText."""

    page: int
    line: Line
    #: its text, folded
    folded: str


@dataclass(frozen=True, slots=True)
class Heading:
    """A line of capitals, alone or with the lines of capitals under it. A title may be broken over several lines."""

    places: tuple[PlacedLine, ...]
    #: text of all lines, folded
    text: str


@dataclass(slots=True)
class Phrases:
    """The lines of a document and the phrases found in them. A phrase is searched once, and the result is kept."""

    places: tuple[PlacedLine, ...]
    #: (position of the PageText, mark on it)
    marks: tuple[tuple[int, Mark], ...]
    headings: tuple[Heading, ...]
    #: (text beside the digits of a number, folded, its line)
    numbers: tuple[tuple[str, PlacedLine], ...]
    _found: dict[str, tuple[float, PlacedLine | None]] = field(default_factory=dict)

    @classmethod
    def of(cls, pages: Sequence[tuple[int, PageText]]) -> Phrases:
        """The phrases on `pages`: (position of the PageText, PageText)."""
        places = tuple(PlacedLine(number, line, fold(line.text)) for number, page in pages for line in page.lines)
        return cls(
            places=places,
            marks=tuple((number, mark) for number, page in pages for mark in page.marks),
            headings=tuple(_headings(places)),
            numbers=tuple(_numbers(places)),
        )

    def find(self, phrase: str, rivals: Sequence[str] = ()) -> tuple[float, PlacedLine] | None:
        """(likeness 0-1, place) of a folded phrase within a line.

        None: it is not there, or one of its `rivals` fits that line better.
        """
        alike, place = self._best(phrase)
        needed = _ALIKE if len(phrase) > 12 else _SHORTER if len(phrase) > 4 else _SHORT
        if place is None or alike < needed:
            return None
        better = any(other[1] is place and other[0] > alike for rival in rivals if (other := self._best(rival)))
        return None if better else (alike, place)

    def alone(self, phrase: str, besides: Sequence[PlacedLine] = (), alike: float = 0.88) -> bool:
        """Whether a folded phrase is a whole line. Lines in `besides` do not count. `alike`: least likeness, 0-1."""
        texts = (place.folded.strip(" .:*-") for place in self.places if place not in besides)
        return any(Levenshtein.normalized_similarity(text, phrase) >= alike for text in texts)

    def begins(self, phrase: str) -> PlacedLine | None:
        """The line that begins with a folded phrase. One letter after the first may be misread: `V/y xác minh …`."""
        for place in self.places:
            start = place.folded[: len(phrase)]
            if (
                Levenshtein.distance(start, phrase) <= 1
                and place.folded[len(phrase) :].startswith(" ")
                and start[:1] == phrase[:1]
            ):
                return place
        return None

    def letterhead(self) -> bool:
        """Whether the national title or motto stands in the upper third of the text. It shows that a paper begins here."""
        top = min((place.line.box.y0 for place in self.places), default=0.0)
        end = max((place.line.box.y1 for place in self.places), default=0.0)
        upper = [place for place in self.places if place.line.box.centre[1] <= top + 0.33 * (end - top)]
        return any(is_national_title(place.folded) or _is_letterhead(place.folded) for place in upper)

    def title(self, said: str) -> tuple[float, Heading] | None:
        """(likeness 0-1, heading) of a declared title. `Đơn xin …` fits any heading that begins so. None: it is not there."""
        title, open_end = fold(said).removesuffix("…").strip(), said.endswith("…")
        ranked = [(_alike_title(heading.text, title, open_end), heading) for heading in self.headings]
        best = max(ranked, key=lambda r: (r[0], -len(r[1].text)), default=None)
        return best if best is not None and best[0] >= _TITLE else None

    def number(self, form: str, forms: Sequence[str] = ()) -> tuple[float, PlacedLine] | None:
        """(likeness 0-1, place) of the number whose text beside the digits is `form`, such as `/TLKS-BS`.

        A form that ends in `-` fits any text that begins so. None: no number has the form, or one of `forms` fits better.
        """
        best: tuple[float, PlacedLine] | None = None
        for text, place in self.numbers:
            alike = _alike_number(text, form)
            better = any(_alike_number(text, other) > alike for other in forms)
            if alike >= _TITLE and not better and (best is None or alike > best[0]):
                best = (alike, place)
        return best

    def _best(self, phrase: str) -> tuple[float, PlacedLine | None]:
        if phrase not in self._found:
            self._found[phrase] = self._look_for(phrase)
        return self._found[phrase]

    def _look_for(self, phrase: str) -> tuple[float, PlacedLine | None]:
        best: tuple[float, PlacedLine | None] = (0.0, None)
        for place in self.places:
            if len(place.folded) + 2 < len(phrase):
                continue
            alike = fuzz.partial_ratio(phrase, place.folded, score_cutoff=80) / 100
            if alike > best[0]:
                best = (alike, place)
        return best


def _is_letterhead(folded: str) -> bool:
    long = len(folded) >= _LETTERHEAD_LETTERS
    return long and any(fuzz.partial_ratio(phrase, folded) >= _LETTERHEAD_ALIKE for phrase in _LETTERHEAD)


@lru_cache(maxsize=16)
def rivals(phrases: frozenset[str]) -> Mapping[str, tuple[str, ...]]:
    """Phrase -> the other phrases that are much like it: `… người được khai tử`, `… người được giám hộ`."""
    ordered = sorted(phrases)
    table = process.cdist(ordered, ordered, scorer=Levenshtein.normalized_similarity, score_cutoff=_RIVAL)
    rows = zip(ordered, table, strict=True)
    return {phrase: tuple(o for o, alike in zip(ordered, row, strict=True) if alike and o != phrase) for phrase, row in rows}


def _alike_number(text: str, form: str) -> float:
    return Levenshtein.normalized_similarity(text[: len(form)] if form.endswith("-") else text, form)


def _alike_title(text: str, title: str, open_end: bool) -> float:
    if open_end:
        text = text[: len(title)] if text[len(title) :].startswith(" ") else ""
    return Levenshtein.normalized_similarity(text, title)


def _headings(places: Sequence[PlacedLine]) -> Iterator[Heading]:
    """Lines of capitals, each alone and joined with those right under it. A title's words within a sentence are no title."""
    capitals = [place for place in places if _is_capital(place.line.text)]
    for place in capitals:
        chain = [place]
        while True:
            text = " ".join(p.folded.strip(" .:*-") for p in chain)
            yield Heading(tuple(chain), text)
            under = next((p for p in capitals if p not in chain and _is_under(chain[-1], p)), None)
            if under is None or len(chain) == _BROKEN:
                break
            chain.append(under)


def _is_capital(text: str) -> bool:
    letters = [c for c in text if c.isalpha()]
    return bool(letters) and sum(c.isupper() for c in letters) >= _CAPITALS * len(letters)


def _is_under(above: PlacedLine, below: PlacedLine) -> bool:
    a, b = above.line.box, below.line.box
    gap = b.y0 - a.y1
    return (
        above.page == below.page
        and b.centre[1] > a.centre[1] + 0.5 * a.height
        and gap <= 1.2 * max(a.height, b.height)
        and overlap(a.x0, a.x1, b.x0, b.x1) >= 0.4 * min(a.width, b.width)
    )


def _numbers(places: Sequence[PlacedLine]) -> Iterator[tuple[str, PlacedLine]]:
    for place in places:
        for match in _NUMBER.finditer(place.folded):
            yield re.sub(r"\s+", "", match.group(1) or match.group(2)).rstrip("."), place
