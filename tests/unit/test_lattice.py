"""What a recogniser held possible, packed and unpacked."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from digitizer import serialization
from digitizer.lattice import LIKELY, TOP, Stretch, pack, unpack
from digitizer.model import Box, Digitized, Line, Run
from digitizer.output import result_json
from tests.unit.builders import page_of

CHARSET = tuple("abcdefgh")


def rows(*columns: dict[str, float]) -> np.ndarray:
    """Probabilities by column; what is left over is the blank's."""
    table = np.zeros((len(columns), 1 + len(CHARSET)), np.float32)
    for row, column in zip(table, columns, strict=True):
        for char, p in column.items():
            row[1 + CHARSET.index(char)] = p
        row[0] = 1 - row.sum()
    return table


def test_columns_without_a_letter_are_left_out_and_the_others_keep_their_number() -> None:
    columns = unpack(pack(rows({}, {"a": 0.9}, {}, {}, {"b": 0.6, "c": 0.3}), CHARSET, x0=100, x1=900))
    assert [(c.number, [s for s, _ in c.signs]) for c in columns] == [(1, ["a", ""]), (4, ["b", "c", ""])]
    assert [c.x for c in columns] == [340, 820]
    assert math.isclose(math.exp(columns[1].signs[0][1]), 0.6, rel_tol=0.03)


def test_a_long_empty_stretch_is_bridged() -> None:
    blank: list[dict[str, float]] = [{}] * 700
    assert [c.number for c in unpack(pack(rows(*blank, {"a": 0.9}, *blank, {"b": 0.9}), CHARSET, x0=0, x1=9))] == [
        700,
        1401,
    ]


def test_a_line_without_letters_has_an_empty_lattice() -> None:
    packed = pack(rows({}, {}), CHARSET, x0=0, x1=8)
    assert (packed.cells, unpack(packed)) == (b"", [])


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_what_is_likely_comes_back_nearly_as_likely(seed: int) -> None:
    table = np.random.default_rng(seed).dirichlet([0.05] * (1 + len(CHARSET)), 40).astype(np.float32)
    for column in unpack(pack(table, CHARSET, x0=100, x1=900)):
        row = table[column.number]
        wanted = sorted((float(p) for p in row if p >= LIKELY), reverse=True)[:TOP]
        got = [math.exp(p) for _, p in column.signs]
        assert np.allclose(got, wanted, rtol=0.04)


def test_it_survives_the_store_and_never_reaches_a_result() -> None:
    line = Line(text="ab", box=Box(0, 0, 9, 9), confidence=0.9, lattice=pack(rows({"a": 0.9}, {"b": 0.9}), CHARSET, x0=0, x1=9))
    assert serialization.load(Line, serialization.dump(line)) == line
    page = page_of(line)
    run = Run(versions={}, models={}, doctypes="", seconds={})
    result = Digitized(bundle="b", sources=(), pages=(page,), positions=(0,), documents=(), problems=(), run=run)
    (shown,) = result_json(result)["pages"][0]["lines"]
    assert shown["text"] == "ab"
    assert "lattice" not in shown


def test_stretches_of_another_width_stand_where_they_were_read() -> None:
    table = rows({"a": 0.9}, {}, {"b": 0.9}, {"c": 0.9})
    packed = pack(table, CHARSET, x0=100, x1=120, more=(Stretch(2, 200.0, 4.0), Stretch(3, 300.0, 0.5)))
    line = Line(text="abc", box=Box(0, 0, 9, 9), confidence=0.9, lattice=packed)
    kept = serialization.load(Line, serialization.dump(line)).lattice
    assert kept == packed
    assert [c.x for c in unpack(packed)] == [105, 202, 300.25]
