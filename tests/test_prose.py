"""Our pages are readable: short sentences, hardly a semicolon."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.prose import PAGES, ROOT, measure, words

#: words a sentence, on average
MOST_WORDS = 20.0
#: semicolons a sentence, on average
MOST_SEMICOLONS = 0.1
#: words of the longest sentence
LONGEST = 45


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_sentences_are_short(page: Path) -> None:
    prose = measure(page.read_text(encoding="utf-8"))
    print(f"{page.relative_to(ROOT)}: {prose.words:.1f} words, {prose.semicolons:.2f} semicolons a sentence")
    assert prose.sentences
    assert prose.words < MOST_WORDS
    assert prose.semicolons < MOST_SEMICOLONS
    assert len(words(prose.longest)) <= LONGEST, prose.longest


def test_code_tables_and_link_targets_are_not_counted() -> None:
    page = "# Head\n\nOne `a b c` two. Three [four](five six).\n\n| a | b |\n\n    code here\n\n```\nmore\n```\n- Five.\n"
    assert measure(page).sentences == ("One Code two.", "Three four.", "Five.")


def test_semicolons_are_counted_and_abbreviations_end_no_sentence() -> None:
    prose = measure("It is No. 5 of ten; the rest follows. Done.\n")
    assert [len(words(s)) for s in prose.sentences] == [9, 1]
    assert prose.semicolons == 0.5
