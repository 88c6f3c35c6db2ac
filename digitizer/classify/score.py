"""How much a page looks like a document type, with evidence a person can check."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz
from rapidfuzz.distance import Levenshtein

from digitizer.doctypes import DocType
from digitizer.model import Evidence, Line, PageText
from digitizer.text import fold

#: shares of the score: the title, the printed labels, other phrases
TITLE, LABELS, ALSO = 0.6, 0.25, 0.15
#: where no title is printed on the page (register books), phrases that no other type has come in its place
BOOK_LABELS, BOOK_ALSO, BOOK_OWN = 0.3, 0.2, 0.5
ALIKE = 0.84
#: this share of a type's labels is as good as all of them: no page shows every one
ENOUGH_LABELS, ENOUGH_ALSO, ENOUGH_OWN = 0.55, 0.5, 0.6


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """A type's score on some pages, 0–1."""

    doctype: str
    value: float
    evidence: tuple[Evidence, ...]
    #: a title of the type is printed on these pages
    titled: bool


def score(pages: Sequence[tuple[int, PageText]], doctypes: Mapping[str, DocType]) -> list[Score]:
    """All types, best first. `pages`: (position of the PageText, PageText) of one scan or document."""
    lines = [(number, line, fold(line.text)) for number, page in pages for line in page.lines]
    marks = [(number, mark.text) for number, page in pages for mark in page.marks if mark.kind == "qr"]
    scores = [_score(lines, marks, doctype) for doctype in doctypes.values()]
    return sorted(scores, key=lambda s: (-s.value, s.doctype))


def _score(lines: Sequence[tuple[int, Line, str]], marks: Sequence[tuple[int, str]], doctype: DocType) -> Score:
    alone = [folded.strip(" .:*-") for _, _, folded in lines]
    if any(Levenshtein.normalized_similarity(text, phrase) >= 0.88 for text in alone for phrase in doctype.never):
        return Score(doctype=doctype.name, value=0.0, evidence=(), titled=False)
    if doctype.need and all(_best(lines, phrase)[0] < _alike(phrase) for phrase in doctype.need):
        return Score(doctype=doctype.name, value=0.0, evidence=(), titled=False)
    evidence: list[Evidence] = []
    labels = _share(lines, doctype.labels, evidence)
    also = _share(lines, doctype.also, evidence)
    if doctype.book:
        own = _share(lines, doctype.own, evidence)
        value = (
            BOOK_LABELS * min(1, labels / ENOUGH_LABELS)
            + BOOK_ALSO * min(1, also / ENOUGH_ALSO)
            + BOOK_OWN * min(1, own / ENOUGH_OWN)
        )
        return Score(doctype=doctype.name, value=value, evidence=_strongest(evidence), titled=False)
    title, where = _title(lines, doctype)
    if where is not None:
        evidence.append(Evidence(what=f"title: {doctype.title[0]}", page=where[0], box=where[1].box, weight=TITLE * title))
    coded = "qr" in doctype.codes and any(text.count("|") >= 6 for _, text in marks)
    if coded:
        evidence.append(Evidence(what="qr", page=marks[0][0], box=None, weight=TITLE))
    value = (
        max(TITLE * title, TITLE * coded)
        + LABELS * min(1, labels / ENOUGH_LABELS if doctype.labels else also / ENOUGH_ALSO)
        + ALSO * min(1, also / ENOUGH_ALSO)
    )
    return Score(doctype=doctype.name, value=value, evidence=_strongest(evidence), titled=where is not None)


def _title(lines: Sequence[tuple[int, Line, str]], doctype: DocType) -> tuple[float, tuple[int, Line] | None]:
    """(likeness 0–1, where) of the best title line; a title stands alone on its line."""
    best: tuple[float, tuple[int, Line] | None] = (0.0, None)
    for number, line, folded in lines:
        text = folded.strip(" .:*-")
        for title in doctype.title:
            alike = Levenshtein.normalized_similarity(text, fold(title))
            # printed titles are capitals; the same words in a sentence are not a title
            if (
                alike >= 0.8
                and alike > best[0]
                and sum(c.isupper() for c in line.text) >= 0.5 * sum(c.isalpha() for c in line.text)
            ):
                best = (alike, (number, line))
    return best


def _share(lines: Sequence[tuple[int, Line, str]], phrases: Sequence[str], evidence: list[Evidence]) -> float:
    """Share of `phrases` that some line holds."""
    if not phrases:
        return 0.0
    found = 0
    for phrase in phrases:
        alike, where = _best(lines, phrase)
        if alike >= _alike(phrase) and where is not None:
            found += 1
            evidence.append(Evidence(what=f"label: {phrase}", page=where[0], box=where[1].box, weight=alike / len(phrases)))
    return found / len(phrases)


def _alike(phrase: str) -> float:
    """How alike a phrase must be: a short one is easily found in other words (`quyển số` in `huyện Sơn Dương`)."""
    return ALIKE if len(phrase) > 12 else 0.92 if len(phrase) > 4 else 0.99


def _best(lines: Sequence[tuple[int, Line, str]], phrase: str) -> tuple[float, tuple[int, Line] | None]:
    best: tuple[float, tuple[int, Line] | None] = (0.0, None)
    for number, line, folded in lines:
        if len(folded) + 2 < len(phrase):
            continue
        alike = fuzz.partial_ratio(phrase, folded, score_cutoff=80) / 100
        if alike > best[0]:
            best = (alike, (number, line))
    return best


def _strongest(evidence: Sequence[Evidence], count: int = 6) -> tuple[Evidence, ...]:
    return tuple(sorted(evidence, key=lambda e: -e.weight)[:count])
