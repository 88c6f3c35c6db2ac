"""How much a page looks like a document type, with evidence a person can check."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from digitizer.classify.phrases import Heading, Phrases, Place, rivals
from digitizer.doctypes import DocType
from digitizer.geometry import union
from digitizer.model import Evidence

#: shares of the score: the title, the printed labels, other phrases; what follows the digits of the number, and a seal, add to it
TITLE, LABELS, ALSO, NUMBER, SEAL = 0.6, 0.25, 0.15, 0.25, 0.05
#: where no title is printed on the page (register books), phrases that no other type has come in its place
BOOK_LABELS, BOOK_ALSO, BOOK_OWN = 0.3, 0.2, 0.5
#: so many of a type's labels, own and other phrases are as good as all of them: no page shows every one
ENOUGH_LABELS, ENOUGH_OWN, ENOUGH_ALSO = 8, 3, 3
#: and this share of them, where a type has few
_SHARE = 0.55
#: a phrase of at most so many types is worth a whole one, any other this much
_RARE, _COMMON = 2, 0.4
#: a label of at most so many letters says nothing
_TINY = 4
#: a title this much more alike is the one that is printed
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
    """A type's title where it was found."""

    said: str
    alike: float
    heading: Heading


@dataclass(frozen=True, slots=True)
class Look:
    """What is looked at, and how many types look for each phrase."""

    phrases: Phrases
    #: among books, and among sheets: a page of a book has the one, and no sheet is called a book
    common: Mapping[bool, Counter[str]]
    #: phrases of which a line can hold only one
    rivals: Mapping[str, tuple[str, ...]]
    #: forms of numbers of all types
    numbers: tuple[str, ...]


def score(phrases: Phrases, doctypes: Mapping[str, DocType]) -> list[Score]:
    """All types, best first, for the phrases on one scan or document."""
    common = {
        book: Counter(phrase for d in doctypes.values() if d.book == book for phrase in {*d.labels, *d.also, *d.own})
        for book in (True, False)
    }
    numbers = tuple(form for d in doctypes.values() for form in d.number)
    look = Look(phrases, common, rivals(frozenset(common[True]) | frozenset(common[False])), numbers)
    titles = _titles(phrases, doctypes)
    scores = [_score(look, doctype, titles.get(doctype.name)) for doctype in doctypes.values()]
    return sorted(scores, key=lambda s: (-s.value, s.doctype))


def _titles(phrases: Phrases, doctypes: Mapping[str, DocType]) -> dict[str, Title]:
    """The title of each type that has one on the page; one within the longer title of another type does not count."""
    found: dict[str, Title] = {}
    for doctype in doctypes.values():
        hits = [Title(said, *hit) for said in doctype.title if (hit := phrases.title(said)) is not None]
        if hits:
            found[doctype.name] = max(hits, key=lambda t: (round(t.alike, 2), len(t.heading.text)))
    return {name: title for name, title in found.items() if not any(_within(title, other) for other in found.values())}


def _within(title: Title, other: Title) -> bool:
    """Whether all lines of a title belong to a longer one, or read better as another."""
    own, others = set(title.heading.places), set(other.heading.places)
    return (own < others and other.alike >= title.alike - 0.1) or (bool(own & others) and other.alike > title.alike + _BETTER)


def _score(look: Look, doctype: DocType, title: Title | None) -> Score:
    if _ruled_out(look.phrases, doctype, title):
        return Score(doctype=doctype.name, value=0.0, evidence=(), titled=False)
    evidence = list(_book(look, doctype, title) if doctype.book else _sheet(look, doctype, title))
    value = round(min(1.0, max(0.0, sum(e.weight for e in evidence))), 4)
    return Score(doctype=doctype.name, value=value, evidence=_strongest(evidence), titled=title is not None)


def _ruled_out(phrases: Phrases, doctype: DocType, title: Title | None) -> bool:
    """By a phrase it lacks (covers of books lack some) or one it may not have; lines of its own title do not count."""
    own = title.heading.places if title is not None else ()
    if doctype.need and not (doctype.book and title is not None) and all(phrases.find(phrase) is None for phrase in doctype.need):
        return True
    return any(phrases.alone(phrase, own) for phrase in doctype.never)


def _book(look: Look, doctype: DocType, title: Title | None) -> Iterator[Evidence]:
    """A page of a register book has no title; its cover has, and little else."""
    if title is not None:
        yield _titled(title, 1.0)
    yield from _share(look, doctype, doctype.labels, BOOK_LABELS, ENOUGH_LABELS)
    yield from _share(look, doctype, doctype.also, BOOK_ALSO, ENOUGH_ALSO)
    yield from _share(look, doctype, doctype.own, BOOK_OWN, ENOUGH_OWN)


def _sheet(look: Look, doctype: DocType, title: Title | None) -> Iterator[Evidence]:
    phrases = look.phrases
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
    numbers = [(*hit, form) for form in doctype.number if (hit := phrases.number(form, look.numbers)) is not None]
    if numbers:
        alike, place, form = max(numbers, key=lambda hit: hit[0])
        yield _evidence(f"number: {doctype.said.get(form, form)}", place, NUMBER * _sharp(alike))
    # `số`, `do`, `tại` stand on any paper
    labels = tuple(label for label in doctype.labels if len(label) > _TINY) or doctype.also
    yield from _share(look, doctype, labels, LABELS, ENOUGH_LABELS)
    yield from _share(look, doctype, doctype.also, ALSO, ENOUGH_ALSO)
    seal = next(((n, m) for n, m in phrases.marks if m.kind == "seal"), None)
    if seal is not None and doctype.seal is not None:
        yield Evidence(what="seal", page=seal[0], box=seal[1].box, weight=SEAL if doctype.seal else -SEAL)


def _titled(title: Title, weight: float) -> Evidence:
    first = title.heading.places[0]
    box = union(place.line.box for place in title.heading.places)
    return Evidence(what=f"title: {title.said}", page=first.page, box=box, weight=weight * _sharp(title.alike))


def _sharp(alike: float) -> float:
    """A likeness as strength of evidence: one letter more apart is a good deal weaker."""
    return max(0.0, 1 - 1.6 * (1 - alike))


def _share(look: Look, doctype: DocType, wanted: Sequence[str], weight: float, enough: int) -> Iterator[Evidence]:
    """Each of the phrases that stands on the page, with its part of `weight`; `enough` of them have all of it.

    A phrase that many types have says less than one of its own.
    """
    worth = {phrase: 1.0 if look.common[doctype.book][phrase] <= _RARE else _COMMON for phrase in wanted}
    needed = max(min(worth.values(), default=1.0), min(enough, _SHARE * sum(worth.values())))
    found = [(phrase, *hit) for phrase in wanted if (hit := look.phrases.find(phrase, look.rivals[phrase])) is not None]
    part = weight / max(needed, sum(worth[phrase] for phrase, _, _ in found))
    for phrase, _, place in found:
        yield _evidence(f"label: {doctype.said.get(phrase, phrase)}", place, part * worth[phrase])


def _evidence(what: str, place: Place, weight: float) -> Evidence:
    return Evidence(what=what, page=place.page, box=place.line.box, weight=weight)


def _strongest(evidence: Sequence[Evidence], count: int = 6) -> tuple[Evidence, ...]:
    return tuple(sorted(evidence, key=lambda e: -abs(e.weight))[:count])
