"""What speaks for a type and against it, on declarations made for the purpose."""

from __future__ import annotations

from dataclasses import replace

import pytest

from digitizer.classify.phrases import Phrases
from digitizer.classify.score import ALSO, LABELS, TITLE, score
from digitizer.doctypes import DocType, FieldSpec
from digitizer.model import Box, Mark, PageText
from tests.unit.builders import OURS, line, page_of
from tests.unit.classify.builders import DEATHS, DECLARATION, MENU, best, types, without


def with_line(page: PageText, text: str) -> PageText:
    return replace(page, lines=(*page.lines, line(text, y=2000)))


def test_what_fits_nothing_is_unknown() -> None:
    assert types(MENU) == [(None, (0,))]
    assert types(page_of("1234", "xxxx")) == [(None, (0,))]


def test_labels_alone_are_not_enough_for_a_sheet_and_are_for_a_book() -> None:
    name, value = best(without(DECLARATION, "TỜ KHAI"))
    assert (name, types(without(DECLARATION, "TỜ KHAI"))) == ("birth_declaration", [(None, (0,))])
    assert value <= LABELS + ALSO
    assert types(DEATHS) == [("death_register", (0,))]


def test_a_phrase_a_type_may_never_have_rules_it_out() -> None:
    assert types(DEATHS) == [("death_register", (0,))]
    ruled_out = with_line(DEATHS, "GIẤY KHAI SINH")
    assert {s.doctype: s.value for s in score(Phrases.of([(0, ruled_out)]), OURS)}["death_register"] == 0
    assert types(ruled_out) != [("death_register", (0,))]


def test_the_same_phrase_within_a_sentence_rules_nothing_out() -> None:
    assert types(with_line(DEATHS, "theo giấy khai sinh số 15 năm 1960 của xã")) == [("death_register", (0,))]


def test_a_book_page_needs_the_phrase_all_books_have() -> None:
    page = without(without(replace(DEATHS, lines=DEATHS.lines[1:]), "Trang số"), "Người thực hiện")
    assert {s.doctype: s.value for s in score(Phrases.of([(0, page)]), OURS)}["death_register"] == 0


@pytest.mark.parametrize("title", ["TỜ KHAI ĐĂNG KÝ KHAI SINH", "TO KHAI ĐANG KY KHAl SlNH", "TỜ KHAI ĐĂNG KÝ KHAI SINH:"])
def test_a_title_is_known_also_misread(title: str) -> None:
    assert types(with_line(without(DECLARATION, "TỜ KHAI"), title)) == [("birth_declaration", (0,))]


@pytest.mark.parametrize("text", ["tờ khai đăng ký khai sinh", "Kèm tờ khai đăng ký khai sinh của ông A bà B xã C"])
def test_the_words_of_a_title_in_running_text_are_no_title(text: str) -> None:
    found = {s.doctype: s for s in score(Phrases.of([(0, with_line(without(DECLARATION, "TỜ KHAI"), text))]), OURS)}
    assert not found["birth_declaration"].titled


def a_type(name: str, title: str, label: str, **more: object) -> DocType:
    spec = FieldSpec(name="a", type="text", label=(label,))
    return DocType(name=name, title=(title,), fields=(spec,), **more)  # type: ignore[arg-type]


def test_two_types_as_likely_as_each_other_leave_the_page_unknown() -> None:
    one, two = a_type("one", "Giấy mời họp", "kinh gui"), a_type("two", "Giấy mới họp", "kinh gui")
    page = page_of("GIẤY MỜI HỌP", "Kính gửi: ông A")
    assert types(page, doctypes={"one": one}) == [("one", (0,))]
    assert types(page, doctypes={"one": one, "two": two}) == [(None, (0,))]


def test_a_cards_qr_code_is_as_good_as_its_title() -> None:
    mark = Mark(kind="qr", box=Box(1, 1, 9, 9), text="008087001234||Nguyễn Văn An|15081987|Nam|Thôn 3|20052021")
    assert types(page_of("Xxxxx", marks=(mark,))) == [("citizen_id_card", (0,))]
    assert types(page_of("Xxxxx", marks=(replace(mark, kind="barcode"),))) == [(None, (0,))]


def test_a_score_is_made_of_title_labels_and_other_phrases() -> None:
    letter = a_type("letter", "Thư mời", "kinh gui ong ba", also=("tran trong kinh moi",))
    texts = ["THƯ MỜI", "Kính gửi ông bà: A", "Trân trọng kính mời"]
    assert best(page_of(*texts), {"letter": letter})[1] == pytest.approx(TITLE + LABELS + ALSO)
    assert best(page_of(*texts[:2]), {"letter": letter})[1] == pytest.approx(TITLE + LABELS)
    assert best(page_of(texts[0]), {"letter": letter})[1] == pytest.approx(TITLE)
    assert best(page_of(), {"letter": letter})[1] == 0


def test_evidence_names_page_and_box_and_the_strongest_comes_first() -> None:
    found = {s.doctype: s for s in score(Phrases.of([(7, DECLARATION)]), OURS)}["birth_declaration"]
    assert found.evidence[0].what == "title: Tờ khai đăng ký khai sinh"
    assert {e.page for e in found.evidence} == {7}
    assert found.evidence[0].box == DECLARATION.lines[1].box
    assert [e.weight for e in found.evidence] == sorted((e.weight for e in found.evidence), reverse=True)
