"""The plain baseline: text of an engine, and the declared labels by regular expression. The type of paper is given.

A label is found in a line. Its value is the rest of the line up to the next label.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from digitizer.doctypes import DocType
from digitizer.extract import types
from digitizer.model import Digitized, Document, Field, PageText, Record, Verdict
from digitizer.text import strip_accents


def plain(result: Digitized, truth: Mapping[str, Any], doctypes: Mapping[str, DocType]) -> Digitized:
    """`result` with the documents of the truth, fields found by regular expression: a record a document, or a page of a book."""
    documents = []
    for number, wanted in enumerate(truth.get("documents", [])):
        texts = [i for i, position in enumerate(result.positions) if position in wanted["pages"]]
        doctype = doctypes.get(wanted["type"])
        groups = [[i] for i in texts] if doctype and doctype.book else [texts] if doctype else []
        records = [_record(f"{number}/{k}", [result.pages[i] for i in group], doctype) for k, group in enumerate(groups)]
        documents.append(
            Document(
                id=str(number), pages=tuple(wanted["pages"]), texts=tuple(texts), doctype=wanted["type"], score=1.0,
                records=tuple(records),
            )
        )  # fmt: skip
    return replace(result, documents=tuple(documents))


def _record(name: str, pages: Sequence[PageText], doctype: DocType | None) -> Record:
    return Record(id=name, fields=tuple(_fields(pages, doctype)) if doctype else (), verdict=Verdict.REVIEW)


def _fields(pages: Sequence[PageText], doctype: DocType) -> Iterator[Field]:
    """Each field once, in the order of the declaration. Fields that share a label get its places one after the other."""
    lines = [line.text for page in pages for line in page.lines]
    folded = [strip_accents(line).lower() for line in lines]
    labels = sorted(doctype.labels, key=len, reverse=True)
    following = "|".join(re.escape(label) for label in labels)
    taken: set[tuple[int, int]] = set()
    for spec in doctype.fields:
        for row, start, end in _places(folded, spec.label):
            if (row, start) in taken:
                continue
            taken.add((row, start))
            after = re.search(following, folded[row][end:])
            raw = lines[row][end : end + after.start() if after else None]
            value, _ = types.read(spec.type, raw)
            yield Field(name=spec.name, raw=raw, value=value, confidence=0.0, accepted=False, problems=())
            break


def _places(folded: Sequence[str], labels: Sequence[str]) -> Iterator[tuple[int, int, int]]:
    """(line, begin of the label, begin of the value) of every place where one of `labels` stands."""
    for row, line in enumerate(folded):
        for label in labels:
            match = re.search(rf"(?<!\w){re.escape(label)}\s*[:.…]*\s*", line)
            if match:
                yield row, match.start(), match.end()
                break
