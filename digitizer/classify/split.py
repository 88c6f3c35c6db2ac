"""Groups the pages of a bundle into documents: where one ends and the next begins."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from digitizer.classify.doubts import doubts
from digitizer.classify.phrases import Phrases
from digitizer.classify.score import Score, score
from digitizer.doctypes import CLOSING, DocType
from digitizer.model import Document, PageText, Problem

#: least score for a page to have a type
ENOUGH = 0.45
#: least lead of the best type over the next. With less the page is unknown
MARGIN = 0.06
#: least score of a page beside pages of a book to be one of them
OF_BOOK = 0.2
#: factor for the score of a document with problems. The result is below the threshold of any type
DOUBTFUL = 0.75


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """The pages of a document found so far."""

    #: positions of its scans in the bundle
    scans: tuple[int, ...]
    #: positions of its PageTexts in the bundle
    texts: tuple[int, ...]
    #: all types, best first, as scored on the page with the best score
    scores: tuple[Score, ...]
    #: its type. None: unknown
    best: Score | None
    blank: bool
    #: a letterhead or another language shows that a paper begins here, also one of an unknown type
    begins: bool = False
    #: holds the closing statement of a year, at the end of a book
    closing: bool = False
    problems: tuple[Problem, ...] = ()

    @property
    def margin(self) -> float:
        """Lead of the best type over the next."""
        return _margin(self.scores)


def classify(
    texts: Sequence[PageText], positions: Sequence[int], *, bundle: str, doctypes: Mapping[str, DocType]
) -> tuple[Document, ...]:
    """The documents of a bundle, in order. `positions[i]` is the scan of `texts[i]`.

    - A page with a title, a letterhead or another type begins a document, also one of an unknown type.
    - A page with none of these continues the document before it, also over the blank back of a sheet.
    - A blank page is a document of its own, of type `unknown`.
    - Consecutive pages of a book are one document.
    - Two papers on one scan are two documents. Otherwise a scan belongs to one document.
    """
    pages = [
        part
        for position in dict.fromkeys(positions)
        for part in _parts(position, [i for i, p in enumerate(positions) if p == position], texts, doctypes)
    ]
    parts: list[Part] = []
    for place, page in enumerate(pages):
        page = _in_book(page, _beside(pages, place), doctypes)
        at = _written(parts, page)
        if at is not None and _continues(parts[at], page, doctypes):
            parts[at] = _joined(parts[at], page)
        else:
            parts.append(page)
    return tuple(_document(f"{bundle}/{number}", part) for number, part in enumerate(parts))


def _written(parts: Sequence[Part], page: Part) -> int | None:
    """Index of the last part that is not blank. None: more than the blank back of a sheet lies between it and `page`."""
    at = next((i for i in reversed(range(len(parts))) if not parts[i].blank), None)
    return at if at is not None and page.scans[0] - parts[at].scans[-1] <= 2 else None


def _beside(pages: Sequence[Part], place: int) -> list[Part]:
    """The pages before and after the one at `place`. The blank back of a sheet is skipped."""
    before = [part for part in pages[max(place - 2, 0) : place] if not part.blank][-1:]
    return before + [part for part in pages[place + 1 : place + 3] if not part.blank][:1]


def _parts(position: int, own: Sequence[int], texts: Sequence[PageText], doctypes: Mapping[str, DocType]) -> Iterator[Part]:
    """A scan as one part, or its halves as a part each when every half begins a paper."""
    apart = len(own) > 1 and all(Phrases.of([(i, texts[i])]).letterhead() for i in own)
    for group in [(i,) for i in own] if apart else [tuple(own)]:
        part = _part(position, group, texts, doctypes)
        reason = (Problem(code="side_by_side", page=group[0]),) if apart else ()
        yield replace(part, problems=(*part.problems, *reason))


def _part(position: int, own: tuple[int, ...], texts: Sequence[PageText], doctypes: Mapping[str, DocType]) -> Part:
    pages = [(i, texts[i]) for i in own]
    phrases = Phrases.of(pages)
    scores = tuple(score(phrases, doctypes))
    problems = doubts(pages)
    foreign = any(problem.code == "other_language" for problem in problems)
    sure = bool(scores) and scores[0].value >= ENOUGH and _margin(scores) >= MARGIN and (scores[0].titled or not foreign)
    return Part(
        scans=(position,),
        texts=own,
        scores=scores,
        best=scores[0] if sure else None,
        blank=all(texts[i].blank for i in own),
        begins=phrases.letterhead() or foreign,
        closing=sum(phrases.find(phrase) is not None for phrase in CLOSING) >= 2,
        problems=problems,
    )


def _margin(scores: Sequence[Score]) -> float:
    return scores[0].value - scores[1].value if len(scores) > 1 else scores[0].value if scores else 0.0


def _in_book(page: Part, beside: Sequence[Part], doctypes: Mapping[str, DocType]) -> Part:
    """Gives a page next to pages of a book the book's type when it looks like the book and no type is clearly better."""
    if page.blank or page.begins or (page.best is not None and not doctypes[page.best.doctype].book):
        return page
    for name in dict.fromkeys(other.best.doctype for other in beside if other.best is not None):
        own = next((s for s in page.scores if s.doctype == name), None)
        ahead = page.scores[0].value - own.value if own is not None else 1.0
        if doctypes[name].book and own is not None and own.value >= OF_BOOK and ahead < MARGIN:
            return replace(page, best=own)
    return page


def _continues(before: Part, page: Part, doctypes: Mapping[str, DocType]) -> bool:
    if page.blank or before.blank or before.best is None:
        return False
    book = doctypes[before.best.doctype].book
    if page.best is None:
        return page.closing if book else not page.begins
    # the same type without a title: pages of one book, or the back of a sheet.
    # A letterhead begins another paper, also when its title was not read
    return page.best.doctype == before.best.doctype and not page.best.titled and (book or not page.begins)


def _joined(before: Part, page: Part) -> Part:
    """Joins two parts. Scores and type come from the one with the better score."""
    first = before.best is not None and (page.best is None or before.best.value >= page.best.value)
    says = before if first else page
    return Part(
        scans=before.scans + page.scans,
        texts=before.texts + page.texts,
        scores=says.scores,
        best=says.best,
        blank=False,
        begins=before.begins,
        problems=before.problems + page.problems,
    )


def _document(document_id: str, part: Part) -> Document:
    best = part.best
    doubtful = DOUBTFUL if part.problems else 1.0
    return Document(
        id=document_id,
        pages=part.scans,
        texts=part.texts,
        doctype=best.doctype if best else None,
        score=best.value * doubtful if best else 0.0,
        margin=part.margin if best else 0.0,
        evidence=best.evidence if best else (),
        problems=part.problems,
    )
