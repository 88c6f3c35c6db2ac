"""What the committed round trips leave open: warps with grids, margin columns, words of a line, records in the store."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digitizer import serialization
from digitizer.geometry import margin_column
from digitizer.model import (
    Artifact,
    Box,
    Bundle,
    Digitized,
    Document,
    Evidence,
    Field,
    Intake,
    Letter,
    Line,
    Problem,
    Receipt,
    Record,
    Run,
    Source,
    Verdict,
    Warp,
)
from digitizer.ocr.ctc import Sign
from digitizer.ocr.recogniser import Place, to_line, words_of
from tests.unit.builders import line, page_of

TEXTS = st.text(max_size=12)
SURE = st.floats(0, 1)
PROBLEMS = st.builds(
    Problem,
    code=TEXTS,
    page=st.none() | st.integers(0, 9),
    field=st.none() | TEXTS,
    facts=st.dictionaries(TEXTS, TEXTS | st.integers(-5, 10**6) | st.floats(0, 1), max_size=3),
)
BOXES = st.builds(lambda x, y, w, h: Box(x, y, x + w, y + h), *[st.floats(0, 5000)] * 4)
FIELDS = st.builds(
    Field,
    name=TEXTS,
    raw=TEXTS,
    value=st.none() | st.booleans() | TEXTS | st.lists(TEXTS, max_size=3).map(tuple),
    confidence=SURE,
    accepted=st.booleans(),
    page=st.none() | st.integers(0, 300),
    box=st.none() | BOXES,
    problems=st.lists(PROBLEMS, max_size=2).map(tuple),
    by=TEXTS,
)
RECORDS = st.builds(
    Record,
    id=TEXTS,
    fields=st.lists(FIELDS, max_size=3).map(tuple),
    verdict=st.sampled_from(Verdict),
    reasons=st.lists(PROBLEMS, max_size=2).map(tuple),
    revision=st.integers(1, 99),
)


@settings(max_examples=60)
@given(RECORDS)
def test_every_record_survives_the_store_and_is_written_one_way(record: Record) -> None:
    data = serialization.dump(record)
    assert serialization.load(Record, data) == record
    assert serialization.dump(serialization.load(Record, data.decode())) == data


def test_numbers_of_arrays_are_stored_as_numbers() -> None:
    assert serialization.dump({"facts": {"dpi": np.int64(300), "skew": np.float64(0.5), "blank": np.bool_(True)}}) == (
        b'{"facts":{"blank":true,"dpi":300,"skew":0.5}}'
    )
    with pytest.raises(TypeError):
        serialization.dump({"page": object()})


def test_vietnamese_is_stored_as_it_is_not_escaped() -> None:
    assert "Nguyễn" in serialization.dump(Problem(code="x", facts={"a": "Nguyễn"})).decode()


def test_intake_receipt_and_bundle_survive_the_store() -> None:
    at = datetime(2026, 9, 30, 8, 15, 30, 123456, tzinfo=UTC)
    for value in (
        Intake(id="i", bundle="b", name="sổ 1999.pdf", actor="can.bo", received_at=at, book="KS/1999/01"),
        Receipt(delivery="d", dossier="H60-260930-0012", external_id="7", at=at),
        Bundle(id="b", pages=(("s", 0), ("s", 1), ("s", 0))),
    ):
        assert serialization.load(type(value), serialization.dump(value)) == value


def test_a_whole_result_survives_the_store() -> None:
    result = Digitized(
        bundle="b",
        sources=(Source(id="5" * 64, key="55/55", media_type="image/jpeg", size=9),),
        pages=(page_of("Số: 17/2021"),),
        positions=(0,),
        documents=(
            Document(
                id="b/0", pages=(0,), texts=(0,), doctype=None, score=0.25,
                evidence=(Evidence(what="qr", page=0, box=None, weight=0.5),),
            ),
        ),
        problems=(Problem(code="low_dpi", page=0, facts={"dpi": 150}),),
        run=Run(versions={"digitizer": "1"}, models={"m": "0"}, doctypes="d", seconds={"read": 0.5}),
        artifacts=(Artifact(name="a.pdf", media_type="application/pdf", path=Path("x") / "a.pdf"),),
    )  # fmt: skip
    again = serialization.load(Digitized, serialization.dump(result))
    assert serialization.dump(serialization.load(Digitized, serialization.dump(again))) == serialization.dump(again)
    assert (again.documents, again.artifacts, again.pages[0].lines) == (result.documents, result.artifacts, result.pages[0].lines)
    assert isinstance(again.artifacts[0].path, Path)


# --- warps ----------------------------------------------------------------------------------------------------------

BENT = Warp(
    homography=np.array([[1.0, 0.1, 5], [0, 1, -3], [0, 0, 1]]),
    grid=np.arange(24, dtype=float).reshape(3, 4, 2),
    size=(400, 300),
)
POINTS = np.array([[0.0, 0.0], [133.0, 20.0], [399.0, 299.0], [-50.0, 900.0]])


def test_an_affine_map_may_follow_a_bent_one() -> None:
    after = Warp(homography=np.array([[0.0, -2, 7], [2, 0, 1], [0, 0, 1]]))
    np.testing.assert_allclose(after.compose(BENT).points(POINTS), after.points(BENT.points(POINTS)))


def test_what_has_no_closed_form_is_refused() -> None:
    perspective = Warp(homography=np.array([[1.0, 0, 0], [0, 1, 0], [0.001, 0, 1]]))
    with pytest.raises(ValueError, match="affine"):
        perspective.compose(BENT)
    with pytest.raises(ValueError, match="first"):
        BENT.compose(Warp.identity())


def test_beyond_its_grid_a_bent_map_keeps_the_displacement_of_the_edge() -> None:
    edge, beyond = BENT.points(np.array([[400.0, 0.0], [4000.0, 0.0]]))
    assert beyond[0] - edge[0] == pytest.approx(3600)


def test_perspective_goes_there_and_back() -> None:
    warp = Warp(homography=np.array([[1.1, 0.05, 10], [-0.02, 0.95, 20], [1e-4, 2e-5, 1]]))
    np.testing.assert_allclose(warp.inverse().points(warp.points(POINTS)), POINTS, atol=1e-8)
    np.testing.assert_allclose(warp.inverse().compose(warp).points(POINTS), POINTS, atol=1e-8)


# --- margin column --------------------------------------------------------------------------------------------------


def rows(count: int, x: float, text: str, y: float = 100) -> list[Line]:
    return [line(f"{text} {i}", x=x, y=y + 60 * i) for i in range(count)]


def test_a_column_needs_five_rows_on_each_side_and_nothing_across() -> None:
    body, aside = rows(12, 100, "một dòng của trang sổ hộ tịch năm"), rows(6, 1000, "ghi chú của trang")
    assert margin_column([*body, *aside]) == aside
    assert margin_column([*body, *aside[:4]]) == []
    assert margin_column([*body[:4], *aside]) == []
    across = line("một dòng rất dài chạy ngang qua khe giữa trang và cột ghi chú bên phải", y=100 + 60 * 3 + 5)
    assert margin_column([*body, *aside, across]) == []
    assert margin_column([]) == []


# --- letters and words of a line ------------------------------------------------------------------------------------


def signs(text: str, width: int = 3) -> list[Sign]:
    return [Sign(char, width * i, width * i + 1, 0.5 + 0.1 * (i % 5)) for i, char in enumerate(text)]


@settings(max_examples=60)
@given(st.text(alphabet="ab đ", max_size=20))
def test_a_line_has_single_spaces_and_its_letters_and_words_lie_in_order_within_its_box(text: str) -> None:
    box = Box(50, 10, 50 + 24 * max(len(text), 1), 40)
    found = to_line(signs(text), Place(box), 3 * len(text), 100)
    if not text.strip():
        assert found is None
        return
    assert found is not None
    assert found.text == " ".join(text.split()) == "".join(k.char for k in found.letters)
    assert [w.text for w in found.words] == text.split()
    edges = [edge for k in found.letters for edge in (k.x0, k.x1)]
    assert edges == sorted(edges)
    assert box.x0 <= edges[0] <= edges[-1] <= box.x1
    assert all(k.x1 > k.x0 for k in found.letters)
    assert 0.5 <= found.confidence <= 0.9
    assert all(box.x0 <= w.box.x0 < w.box.x1 <= box.x1 and (w.box.y0, w.box.y1) == (10, 40) for w in found.words)


def test_a_letter_far_from_its_neighbours_does_not_reach_half_way_to_them() -> None:
    found = to_line([Sign("a", 10, 10, 1.0), Sign("b", 90, 90, 1.0)], Place(Box(0, 0, 1000, 30)), 100, 100)
    assert found is not None
    assert [(k.x0, k.x1) for k in found.letters] == [(80, 130), (880, 930)]


def test_a_word_is_as_sure_as_its_letters_are_on_average() -> None:
    letters = [
        Letter(char=c, x0=10 * i, x1=10 * i + 10, confidence=s)
        for i, (c, s) in enumerate([("a", 1.0), ("b", 0.5), (" ", 0.1), ("c", 0.8)])
    ]
    words = list(words_of(letters, Place(Box(0, 0, 40, 20)), 100))
    assert [(w.text, w.confidence, w.box) for w in words] == [("ab", 0.75, Box(0, 0, 20, 20)), ("c", 0.8, Box(30, 0, 40, 20))]
    leaning = list(words_of(letters, Place(Box(0, 10, 40, 30), slope=0.1), 100))
    assert [(w.box.y0, w.box.y1) for w in leaning] == [(8, 30), (11, 32)], "each word where it stands on the slope"
    assert list(words_of([], Place(Box(0, 0, 1, 1)), 100)) == []
