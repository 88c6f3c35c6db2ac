"""Scores how much a page looks like each document type, with evidence that a person can check."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from digitizer.classify.phrases import Heading, Phrases, PlacedLine, rivals
from digitizer.doctypes import DocType
from digitizer.geometry import union
from digitizer.model import Evidence

#: score of a printed title, or of an opening line or QR code in its place
TITLE = 0.6
#: score of the printed labels
LABELS = 0.25
#: score of the phrases of `DocType.also`
ALSO = 0.15
#: added for a number of the type's form
NUMBER = 0.25
#: added for a seal, taken off where the type bears none
SEAL = 0.05
#: score of the printed labels on a page of a register book. Its pages have no title
BOOK_LABELS = 0.3
#: score of the phrases of `DocType.also` on a page of a register book
BOOK_ALSO = 0.2
#: score of the phrases of `DocType.own`, which no other type has, on a page of a register book
BOOK_OWN = 0.5
#: this many labels score as much as all of them. No page shows every one
ENOUGH_LABELS = 8
#: this many phrases of `DocType.own` score as much as all of them
ENOUGH_OWN = 3
#: this many phrases of `DocType.also` score as much as all of them
ENOUGH_ALSO = 3
#: a type with few phrases needs this share of them
_SHARE = 0.55
#: a phrase that at most this many types have counts in full
_RARE = 2
#: weight of a phrase that more types have
_COMMON = 0.4
#: a label of at most this many letters does not count
_TINY = 4
#: of two titles on the same lines, the one that is alike by this much more is the printed one
_BETTER = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """A type's score on some pages, 0-1."""

    doctype: str
    value: float
    evidence: tuple[Evidence, ...]
    #: a title of the type is printed on these pages
    titled: bool


@dataclass(frozen=True, slots=True)
class Title:
    """A title of a type, and the heading that holds it."""

    #: as declared
    said: str
    #: likeness 0-1
    alike: float
    heading: Heading


@dataclass(frozen=True, slots=True)
class ScoreContext:
    """The phrases of a page, and those that all types look for."""

    phrases: Phrases
    #: phrase -> number of types that have it, counted apart. True: register books, False: single sheets
    common: Mapping[bool, Counter[str]]
    #: phrase -> phrases much like it. A line can hold only one of them
    rivals: Mapping[str, tuple[str, ...]]
    #: number forms of all types
    numbers: tuple[str, ...]


def score(phrases: Phrases, doctypes: Mapping[str, DocType]) -> list[Score]:
    """The score of every type for the phrases on one scan or document, best first."""
    common = {
        book: Counter(phrase for d in doctypes.values() if d.book == book for phrase in {*d.labels, *d.also, *d.own})
        for book in (True, False)
    }
    numbers = tuple(form for d in doctypes.values() for form in d.number)
    context = ScoreContext(phrases, common, rivals(frozenset(common[True]) | frozenset(common[False])), numbers)
    titles = _titles(phrases, doctypes)
    scores = [_score(context, doctype, titles.get(doctype.name)) for doctype in doctypes.values()]
    return sorted(scores, key=lambda s: (-s.value, s.doctype))


def _titles(phrases: Phrases, doctypes: Mapping[str, DocType]) -> dict[str, Title]:
    """Type -> its title on the page. A title that is part of another type's longer title does not count."""
    found: dict[str, Title] = {}
    for doctype in doctypes.values():
        hits = [Title(said, *hit) for said in doctype.title if (hit := phrases.title(said)) is not None]
        if hits:
            found[doctype.name] = max(hits, key=lambda t: (round(t.alike, 2), len(t.heading.text)))
    return {name: title for name, title in found.items() if not any(_within(title, other) for other in found.values())}


def _within(title: Title, other: Title) -> bool:
    """Whether the lines of `title` are part of the longer `other`, or fit `other` better."""
    own, others = set(title.heading.places), set(other.heading.places)
    return (own < others and other.alike >= title.alike - 0.1) or (bool(own & others) and other.alike > title.alike + _BETTER)


def _score(context: ScoreContext, doctype: DocType, title: Title | None) -> Score:
    if _ruled_out(context.phrases, doctype, title):
        return Score(doctype=doctype.name, value=0.0, evidence=(), titled=False)
    evidence = list(_book(context, doctype, title) if doctype.book else _sheet(context, doctype, title))
    value = round(min(1.0, max(0.0, sum(e.weight for e in evidence))), 4)
    return Score(doctype=doctype.name, value=value, evidence=_strongest(evidence), titled=title is not None)


def _ruled_out(phrases: Phrases, doctype: DocType, title: Title | None) -> bool:
    """Whether the page lacks all needed phrases or holds a forbidden one.

    A book's cover may lack the needed phrases. Lines of the type's own title are no forbidden phrase.
    """
    own = title.heading.places if title is not None else ()
    if doctype.need and not (doctype.book and title is not None) and all(phrases.find(phrase) is None for phrase in doctype.need):
        return True
    return any(phrases.alone(phrase, own) for phrase in doctype.never)


def _book(context: ScoreContext, doctype: DocType, title: Title | None) -> Iterator[Evidence]:
    """Evidence for a register book. Its cover has a title and little else, its pages have none."""
    if title is not None:
        yield _titled(title, 1.0)
    yield from _share(context, doctype, doctype.labels, BOOK_LABELS, ENOUGH_LABELS)
    yield from _share(context, doctype, doctype.also, BOOK_ALSO, ENOUGH_ALSO)
    yield from _share(context, doctype, doctype.own, BOOK_OWN, ENOUGH_OWN)


def _sheet(context: ScoreContext, doctype: DocType, title: Title | None) -> Iterator[Evidence]:
    phrases = context.phrases
    opening = next((place for phrase in doctype.opening if (place := phrases.begins(phrase)) is not None), None)
    coded = (
        next(((n, m) for n, m in phrases.marks if m.kind == "qr" and m.text.count("|") >= 6), None)
        if "qr" in doctype.codes
        else None
    )
    if title is not None:
        yield _titled(title, TITLE)
    elif opening is not None:
        yield _evidence(f"opening: {doctype.said.get(doctype.opening[0], doctype.opening[0])}", opening, TITLE)
    elif coded is not None:
        yield Evidence(what="qr", page=coded[0], box=coded[1].box, weight=TITLE)
    numbers = [(*hit, form) for form in doctype.number if (hit := phrases.number(form, context.numbers)) is not None]
    if numbers:
        alike, place, form = max(numbers, key=lambda hit: hit[0])
        yield _evidence(f"number: {doctype.said.get(form, form)}", place, NUMBER * _sharp(alike))
    # tiny labels such as `số`, `do`, `tại` stand on any paper
    labels = tuple(label for label in doctype.labels if len(label) > _TINY) or doctype.also
    yield from _share(context, doctype, labels, LABELS, ENOUGH_LABELS)
    yield from _share(context, doctype, doctype.also, ALSO, ENOUGH_ALSO)
    seal = next(((n, m) for n, m in phrases.marks if m.kind == "seal"), None)
    if seal is not None and doctype.seal is not None:
        yield Evidence(what="seal", page=seal[0], box=seal[1].box, weight=SEAL if doctype.seal else -SEAL)


def _titled(title: Title, weight: float) -> Evidence:
    first = title.heading.places[0]
    box = union(place.line.box for place in title.heading.places)
    return Evidence(what=f"title: {title.said}", page=first.page, box=box, weight=weight * _sharp(title.alike))


def _sharp(alike: float) -> float:
    """Strength of evidence, 0-1, of a likeness, 0-1. Each misread letter weakens it more than in proportion."""
    return max(0.0, 1 - 1.6 * (1 - alike))


def _share(context: ScoreContext, doctype: DocType, wanted: Sequence[str], weight: float, enough: int) -> Iterator[Evidence]:
    """Evidence for each wanted phrase on the page, with its part of `weight`. `enough` phrases share the whole weight.

    A phrase that many types have counts less, `_COMMON`.
    """
    worth = {phrase: 1.0 if context.common[doctype.book][phrase] <= _RARE else _COMMON for phrase in wanted}
    needed = max(min(worth.values(), default=1.0), min(enough, _SHARE * sum(worth.values())))
    found = [(phrase, *hit) for phrase in wanted if (hit := context.phrases.find(phrase, context.rivals[phrase])) is not None]
    part = weight / max(needed, sum(worth[phrase] for phrase, _, _ in found))
    for phrase, _, place in found:
        yield _evidence(f"label: {doctype.said.get(phrase, phrase)}", place, part * worth[phrase])


def _evidence(what: str, place: PlacedLine, weight: float) -> Evidence:
    return Evidence(what=what, page=place.page, box=place.line.box, weight=weight)


def _strongest(evidence: Sequence[Evidence], count: int = 6) -> tuple[Evidence, ...]:
    return tuple(sorted(evidence, key=lambda e: -abs(e.weight))[:count])
