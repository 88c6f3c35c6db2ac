"""Where one document ends and the next begins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from digitizer.classify.score import Score, score
from digitizer.doctypes import DocType
from digitizer.model import Document, PageText

#: below this a page has no type of its own
ENOUGH = 0.45
#: the best type must be ahead of the next by this much, or the page is unknown
MARGIN = 0.06


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A document in the making."""

    scans: tuple[int, ...]
    texts: tuple[int, ...]
    #: None: unknown
    best: Score | None
    blank: bool


def classify(
    texts: Sequence[PageText], positions: Sequence[int], *, bundle: str, doctypes: Mapping[str, DocType]
) -> tuple[Document, ...]:
    """The documents in a bundle, in order; every scan belongs to exactly one. `positions[i]` is the scan of `texts[i]`.

    A page with a title or of another type begins a document; a page without either continues the one before it, a blank
    one stands alone as `unknown`; pages of a book that follow one another are one document.
    """
    parts: list[Part] = []
    for position in dict.fromkeys(positions):
        own = tuple(i for i, p in enumerate(positions) if p == position)
        part = _part(position, own, texts, doctypes)
        if parts and _continues(parts[-1], part, doctypes):
            before = parts.pop()
            part = Part(
                scans=before.scans + part.scans,
                texts=before.texts + part.texts,
                best=_better(before.best, part.best),
                blank=False,
            )
        parts.append(part)
    return tuple(_document(f"{bundle}/{number}", part) for number, part in enumerate(parts))


def _part(position: int, own: tuple[int, ...], texts: Sequence[PageText], doctypes: Mapping[str, DocType]) -> Part:
    scores = score([(i, texts[i]) for i in own], doctypes)
    sure = bool(scores) and scores[0].value >= ENOUGH and (len(scores) == 1 or scores[0].value - scores[1].value >= MARGIN)
    return Part(scans=(position,), texts=own, best=scores[0] if sure else None, blank=all(texts[i].blank for i in own))


def _continues(before: Part, part: Part, doctypes: Mapping[str, DocType]) -> bool:
    if part.blank or before.blank or before.best is None:
        return False
    if part.best is None:
        return not doctypes[before.best.doctype].book
    if part.best.doctype != before.best.doctype:
        return False
    # the same type again: pages of one book, or the back of a sheet that has no title of its own
    return doctypes[part.best.doctype].book or not part.best.titled


def _better(a: Score | None, b: Score | None) -> Score | None:
    return max((s for s in (a, b) if s is not None), key=lambda s: s.value, default=None)


def _document(document_id: str, part: Part) -> Document:
    best = part.best
    return Document(
        id=document_id,
        pages=part.scans,
        texts=part.texts,
        doctype=best.doctype if best else None,
        score=best.value if best else 0.0,
        evidence=best.evidence if best else (),
    )
