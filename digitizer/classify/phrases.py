"""Where the printed phrases that tell types apart stand on the pages of one document."""

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

#: how alike a long phrase, a shorter one and a very short one must be: short ones are easily found in other words
#: (`quyển số` in `huyện Sơn Dương`)
_ALIKE, _SHORTER, _SHORT = 0.84, 0.92, 0.99
#: how alike two phrases are of which a line can hold only one
_RIVAL = 0.6
#: a title is at least so alike
_TITLE = 0.8
#: what stands at the head of official papers besides the national title, folded: the motto, and the title before 1976
_LETTERHEAD = ("doc lap - tu do - hanh phuc", "viet nam dan chu cong hoa")
#: likeness from which a line holds one of them, in percent
_LETTERHEAD_ALIKE = 85
#: letters that such a line has at least
_LETTERHEAD_LETTERS = 20
#: lines a title may be broken over
_BROKEN = 4
#: share of capitals in a title
_CAPITALS = 0.5
#: `Số: 12/TLKS-BS`, `GBT.01929`: what follows the digits, or stands before them
_NUMBER = re.compile(r"\bs[o06]\b\W{0,4}.{0,14}?\d\s*(/\s*[a-z][\w/.\-]*)|\bs[o06]\b\W{0,4}([a-z]{2,5}\.)\s*\d")


@dataclass(frozen=True, slots=True)
class Place:
    """A line and the position of its PageText."""

    page: int
    line: Line
    #: its text, folded
    folded: str


@dataclass(frozen=True, slots=True)
class Heading:
    """A line of capitals, alone or with those under it that a title may be broken over."""

    places: tuple[Place, ...]
    #: folded
    text: str


@dataclass(slots=True)
class Phrases:
    """The lines of a document, and where phrases stand in them; each phrase is looked for once."""

    places: tuple[Place, ...]
    marks: tuple[tuple[int, Mark], ...]
    headings: tuple[Heading, ...]
    #: what stands beside the digits of its numbers, folded
    numbers: tuple[tuple[str, Place], ...]
    _found: dict[str, tuple[float, Place | None]] = field(default_factory=dict)

    @classmethod
    def of(cls, pages: Sequence[tuple[int, PageText]]) -> Phrases:
        """Those on `pages`: (position of the PageText, PageText)."""
        places = tuple(Place(number, line, fold(line.text)) for number, page in pages for line in page.lines)
        return cls(
            places=places,
            marks=tuple((number, mark) for number, page in pages for mark in page.marks),
            headings=tuple(_headings(places)),
            numbers=tuple(_numbers(places)),
        )

    def find(self, phrase: str, rivals: Sequence[str] = ()) -> tuple[float, Place] | None:
        """(likeness 0-1, where) of a folded phrase within a line; None where one of its `rivals` fits that line better."""
        alike, place = self._best(phrase)
        needed = _ALIKE if len(phrase) > 12 else _SHORTER if len(phrase) > 4 else _SHORT
        if place is None or alike < needed:
            return None
        better = any(other[1] is place and other[0] > alike for rival in rivals if (other := self._best(rival)))
        return None if better else (alike, place)

    def alone(self, phrase: str, besides: Sequence[Place] = (), alike: float = 0.88) -> bool:
        """Whether a folded phrase is a whole line, none of those `besides`."""
        texts = (place.folded.strip(" .:*-") for place in self.places if place not in besides)
        return any(Levenshtein.normalized_similarity(text, phrase) >= alike for text in texts)

    def begins(self, phrase: str) -> Place | None:
        """The line that begins with a folded phrase; one letter of its first word may be misread: `V/y xác minh …`."""
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
        """Whether the national title or motto stands in the upper third: a paper begins on this page."""
        top = min((place.line.box.y0 for place in self.places), default=0.0)
        end = max((place.line.box.y1 for place in self.places), default=0.0)
        upper = [place for place in self.places if place.line.box.centre[1] <= top + 0.33 * (end - top)]
        return any(is_national_title(place.folded) or _is_letterhead(place.folded) for place in upper)

    def title(self, said: str) -> tuple[float, Heading] | None:
        """(likeness 0-1, where) of a title as declared; `Đơn xin …` is any heading that begins so."""
        title, open_end = fold(said).removesuffix("…").strip(), said.endswith("…")
        ranked = [(_alike_title(heading.text, title, open_end), heading) for heading in self.headings]
        best = max(ranked, key=lambda r: (r[0], -len(r[1].text)), default=None)
        return best if best is not None and best[0] >= _TITLE else None

    def number(self, form: str, forms: Sequence[str] = ()) -> tuple[float, Place] | None:
        """(likeness 0-1, where) of what stands beside the digits; none where another of all `forms` fits better.

        A form that ends in `-` is any that begins so.
        """
        best: tuple[float, Place] | None = None
        for text, place in self.numbers:
            alike = _alike_number(text, form)
            better = any(_alike_number(text, other) > alike for other in forms)
            if alike >= _TITLE and not better and (best is None or alike > best[0]):
                best = (alike, place)
        return best

    def _best(self, phrase: str) -> tuple[float, Place | None]:
        if phrase not in self._found:
            self._found[phrase] = self._look_for(phrase)
        return self._found[phrase]

    def _look_for(self, phrase: str) -> tuple[float, Place | None]:
        best: tuple[float, Place | None] = (0.0, None)
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
    """For each phrase the others that are much like it: `… người được khai tử`, `… người được giám hộ`."""
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


def _headings(places: Sequence[Place]) -> Iterator[Heading]:
    """Lines of capitals (the same words in a sentence are no title), and each with the lines right under it."""
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


def _is_under(above: Place, below: Place) -> bool:
    a, b = above.line.box, below.line.box
    gap = b.y0 - a.y1
    return (
        above.page == below.page
        and b.centre[1] > a.centre[1] + 0.5 * a.height
        and gap <= 1.2 * max(a.height, b.height)
        and overlap(a.x0, a.x1, b.x0, b.x1) >= 0.4 * min(a.width, b.width)
    )


def _numbers(places: Sequence[Place]) -> Iterator[tuple[str, Place]]:
    for place in places:
        for match in _NUMBER.finditer(place.folded):
            yield re.sub(r"\s+", "", match.group(1) or match.group(2)).rstrip("."), place
