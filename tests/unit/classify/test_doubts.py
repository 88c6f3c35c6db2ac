"""Another language and unreadable text are said, and nothing of them is accepted."""

from __future__ import annotations

from dataclasses import replace

from digitizer.extract import extract
from tests.unit.builders import OURS, page_of
from tests.unit.classify.builders import BIRTH, found

ENGLISH = "This is to certify that the person named below has been employed by our company since March and still works for us."


def test_another_language_is_said_and_leaves_the_page_unknown() -> None:
    (document,) = found(page_of(ENGLISH, ENGLISH))
    assert (document.doctype, [p.code for p in document.problems]) == (None, ["other_language"])


def test_a_page_hardly_read_says_so_and_nothing_of_it_is_accepted() -> None:
    page = page_of(*BIRTH)
    blurred = replace(page, lines=tuple(replace(k, confidence=0.4) for k in page.lines))
    (document,) = found(blurred)
    assert document.doctype == "birth_register" and document.score <= 0.75 < found(page)[0].score
    (record,) = extract(document, [blurred], doctypes=OURS)
    assert not any(field.accepted for field in record.fields)
    assert "hardly_legible" in [reason.code for reason in record.reasons]
