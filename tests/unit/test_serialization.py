"""Records, pages and results survive the store, and each is written in one way."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digitizer import serialization
from digitizer.model import (
    Artifact,
    Box,
    Digitized,
    Document,
    Evidence,
    Field,
    Intake,
    PageText,
    Problem,
    Receipt,
    Record,
    Run,
    Source,
    Verdict,
)
from tests.unit.builders import page_of

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


@settings(max_examples=30)
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


def test_intake_and_receipt_survive_the_store() -> None:
    at = datetime(2026, 9, 30, 8, 15, 30, 123456, tzinfo=UTC)
    for value in (
        Intake(id="i", bundle="b", name="sổ 1999.pdf", actor="can.bo", received_at=at, book="KS/1999/01"),
        Receipt(delivery="d", dossier="H60-260930-0012", external_id="7", at=at),
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
    )  # fmt: skip
    again = serialization.load(Digitized, serialization.dump(result))
    assert serialization.dump(serialization.load(Digitized, serialization.dump(again))) == serialization.dump(again)
    assert (again.documents, again.pages[0].lines) == (result.documents, result.pages[0].lines)


def test_paths_go_and_come_back_as_paths() -> None:
    artifact = Artifact(name="a.pdf", media_type="application/pdf", path=Path("x") / "a.pdf")
    assert serialization.load(Artifact, serialization.dump(artifact)) == artifact


def test_a_page_survives_the_store() -> None:
    page = page_of("Số: 17/2021", "Nơi sinh: Na Hang")
    again = serialization.load(PageText, serialization.dump(page))
    assert again.lines == page.lines
    assert again.sheet == page.sheet
    np.testing.assert_array_equal(again.to_scan.homography, page.to_scan.homography)
    assert serialization.dump(again) == serialization.dump(serialization.load(PageText, serialization.dump(again)))


@pytest.mark.parametrize("value", ["Tày", True, None, ("một", "hai")])
def test_every_kind_of_value_survives_the_store(value: str | bool | tuple[str, ...] | None) -> None:
    problems = (Problem(code="date_order", field="b", facts={"count": 2}),)
    field = Field(name="a", raw="x", value=value, confidence=0.5, accepted=True, page=0, box=Box(0, 1, 2, 3), problems=problems)
    assert serialization.load(Field, serialization.dump(field)) == field
