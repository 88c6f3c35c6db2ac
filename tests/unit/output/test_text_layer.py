"""What Poppler, PDFium and MuPDF make of the text layer: the words that were read, in order, where they were read."""

from __future__ import annotations

import random
import unicodedata
from dataclasses import replace
from pathlib import Path

import numpy as np
import pymupdf
import pytest

from benchmarks.output import READERS
from digitizer.model import Box, Line, PageText, Warp, Word
from digitizer.text import nfc
from tests.unit.output.builders import WORDS, H, W, copied, jpeg, pdfium, poppler, rendered, text_of, written

PX_PT = 0.72
SYLLABLES = ["Nguyễn", "Thị", "Ượng", "i", "xã", "Hà", "12/2018", "9", "số:", "Quang,", "CMND/Hộ", "-", "khai-sinh", ".", "Ỷ"]
WAVE = np.linspace(0, 4, 9)[None, :] + np.linspace(0, 1, 12)[:, None]


def row(*words: tuple[str, float, float], y: float = 100, tall: float = 30) -> Line:
    """A line of (text, x0, x1)."""
    found = tuple(Word(text=text, box=Box(x0, y, x1, y + tall), confidence=0.9) for text, x0, x1 in words)
    box = Box(min(w.box.x0 for w in found), y, max(w.box.x1 for w in found), y + tall)
    return Line(text=" ".join(w.text for w in found), box=box, confidence=0.9, words=found)


def made(tmp_path: Path, *lines: Line, to_scan: Warp | None = None) -> Path:
    page = replace(text_of("", to_scan=to_scan), lines=lines)
    return rendered(tmp_path, jpeg(tmp_path), "image/jpeg", [page])[0]


def copies(pdf: Path) -> dict[str, list[str]]:
    return {name: nfc(copy(pdf)).split() for name, copy in READERS.items()}


def by_all(*words: str) -> dict[str, list[str]]:
    return {name: list(words) for name in READERS}


@pytest.mark.slow
@pytest.mark.parametrize("gap", [-40, -17, -3, -1, 0, 1, 3, 8, 40, 300])
@pytest.mark.parametrize("same_line", [True, False], ids=["in a line", "in two lines of a row"])
def test_words_that_stand_close_or_overlap_are_told_apart(tmp_path: Path, gap: float, same_line: bool) -> None:
    first, second = ("Nguyễn", 20.0, 110.0), ("Ượng", 110.0 + gap, 170.0 + gap)
    lines = [row(first, second)] if same_line else [row(first), row(second)]
    assert copies(made(tmp_path, *lines, row(("tiếp", 20, 90), y=150))) == by_all("Nguyễn", "Ượng", "tiếp")


def test_the_same_letter_twice_and_a_number_after_a_number_stay_two(tmp_path: Path) -> None:
    lines = row(("9", 20, 34), ("9", 35, 49)), row(("55/2022/AL", 60, 200)), row(("1", 200, 208), y=96, tall=20)
    assert copies(made(tmp_path, *lines)) == by_all("9", "9", "55/2022/AL", "1")


def test_a_hyphen_at_the_end_of_a_line_stays(tmp_path: Path) -> None:
    lines = row(("Tư", 20, 50), ("pháp-", 58, 130)), row(("Hộ", 20, 50), ("tịch", 58, 100), y=150)
    assert copies(made(tmp_path, *lines)) == by_all("Tư", "pháp-", "Hộ", "tịch")


@pytest.mark.slow
@pytest.mark.parametrize("degrees", [-6, -2, 0, 1, 2, 3, 4, 6])
def test_lines_of_a_tilted_scan_are_copied_in_order(tmp_path: Path, degrees: float) -> None:
    """The end of a line stands as high as the start of another on it, and PDFium sorts by height and side."""
    a = np.radians(degrees)
    turn = Warp(homography=np.array([[np.cos(a), -np.sin(a), 20], [np.sin(a), np.cos(a), 40], [0, 0, 1]]))
    texts = [[f"chữ{n}{k}" for k in range(6)] for n in range(14)]
    lines = [row(*((t, 80 + 80 * k, 80 + 80 * k + 68) for k, t in enumerate(texts[n])), y=60 + 44 * n) for n in range(14)]
    assert copies(made(tmp_path, *lines, to_scan=turn)) == by_all(*(t for line in texts for t in line))


def crowded(rng: random.Random) -> PageText:
    """A page of rows that lean, wave, lap over one another and stand in columns, as far as they fit on it."""
    a, swing = np.radians(rng.uniform(-5, 5)), rng.uniform(0, 12)
    wave = swing * np.stack(np.broadcast_arrays(0.3 * np.cos(WAVE), np.sin(WAVE * rng.uniform(1, 2))), axis=-1)
    turned = np.array([[np.cos(a), -np.sin(a), 20], [np.sin(a), np.cos(a), 40], [0, 0, 1]])
    warp, lines, y = Warp(homography=turned, grid=wave, size=(W, H)), [], 60.0
    while y < 780:
        pitch, columns = rng.uniform(14, 40), rng.choice([1, 1, 2])
        lines += [a_row(rng, warp, x, 560 / columns, y, pitch) for x in (60.0, 360.0)[:columns]]
        y += pitch
    return replace(text_of("", to_scan=warp), lines=tuple(found for found in lines if found))


def a_row(rng: random.Random, warp: Warp, x: float, room: float, y: float, pitch: float) -> Line | None:
    tall, end, words = pitch * rng.uniform(0.6, 2.2), x + room, []
    for _ in range(rng.choice([1, 2, 3, 9])):
        text = rng.choice(SYLLABLES)
        box = Box(x, y + rng.uniform(-0.08, 0.08) * pitch, x + len(text) * pitch * rng.uniform(0.25, 0.6) + 2, y + tall)
        x = box.x1 + pitch * rng.choice([0.1, 0.2, 0.4, 3])
        on_scan = warp.points(np.array([(box.x0, box.y0), (box.x1, box.y0), (box.x0, box.y1), (box.x1, box.y1)]))
        if box.x1 < end and on_scan.min() > 4 and (on_scan < (W - 4, H - 4)).all():
            words.append(Word(text=text, box=box, confidence=0.9))
    if not words:
        return None
    return Line(text="", box=Box(words[0].box.x0, y, words[-1].box.x1, y + tall), confidence=0.9, words=tuple(words))


@pytest.mark.slow
def test_rows_of_any_shape_are_copied_in_order_by_all_three(tmp_path: Path) -> None:
    rng = random.Random(9)
    pages = [crowded(rng) for _ in range(24)]
    wanted = [word.text for page in pages for found in page.lines for word in found.words]
    assert copies(rendered(tmp_path, jpeg(tmp_path), "image/jpeg", pages)[0]) == by_all(*wanted)


@pytest.mark.parametrize("degrees", [0, 1, 3])
def test_words_lie_within_two_px_of_where_they_were_read(tmp_path: Path, degrees: float) -> None:
    """On a sheet that is turned and waves; as wide as they are, whatever their letters, however far the next word is."""
    a = np.radians(degrees)
    wave = np.zeros((9, 9, 2))
    wave[..., 1] = 12 * np.sin(np.linspace(0, 3, 9))
    turned = np.array([[np.cos(a), -np.sin(a), 20], [np.sin(a), np.cos(a), 0], [0, 0, 1]])
    warp = Warp(homography=turned, grid=wave, size=(W, H))
    words = ("Ỷ", 20.0, 34.0), ("Nghiêng", 36.0, 130.0), ("ill", 138.0, 150.0), ("xa", 480.0, 520.0), ("MƯỜI", 522.0, 610.0)
    line = row(*words, y=200)
    with pymupdf.open(made(tmp_path, line, to_scan=warp)) as pdf:
        found = [w for w in pdf[0].get_text("words")]
    assert [w[4] for w in found] == [w[0] for w in words]
    for (x0, _, x1, _, *_), word in zip(found, line.words, strict=True):
        box = word.box
        ends = warp.points(np.array([(box.x0, box.y1 - 6.0), (box.x1, box.y1 - 6.0)])) * PX_PT
        # a tilted word's box has its height's share of the tilt on each side
        more = (2 + word.box.height * np.sin(a)) * PX_PT
        assert (x0, x1) == pytest.approx((ends[0, 0], ends[1, 0]), abs=more)


def test_a_line_without_words_is_placed_by_its_letters(tmp_path: Path) -> None:
    line = Line(text="Số: 12 A", box=Box(20, 100, 180, 130), confidence=0.9)
    pdf = made(tmp_path, line)
    assert copies(pdf) == by_all("Số:", "12", "A")
    with pymupdf.open(pdf) as opened:
        assert [w[0] / PX_PT for w in opened[0].get_text("words")] == pytest.approx([20, 100, 160], abs=2)


@pytest.mark.parametrize("reader", [poppler, pdfium, copied])
def test_three_readers_copy_exactly_what_was_read(tmp_path: Path, reader) -> None:  # type: ignore[no-untyped-def]
    words = (*WORDS, "Nguyễn Thị Ượng sinh 01/02/1999 tại ỦY BAN", "A", "12 B")
    pdf, _ = written(tmp_path, texts=[text_of("", words=words)])
    said = " ".join(reader(pdf).split())
    assert said == " ".join(words)
    assert unicodedata.is_normalized("NFC", said)


def test_words_are_found_by_searching(tmp_path: Path) -> None:
    pdf, _ = written(tmp_path, texts=[text_of("", words=("Nguyễn Thị Ượng",))])
    with pymupdf.open(pdf) as opened:
        assert opened[0].search_for("Nguyễn Thị Ượng")


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_words_stand_within_two_px_after_turning_and_dewarping(tmp_path: Path, rotation: int) -> None:
    grid = np.zeros((5, 4, 2))
    grid[..., 1] = np.linspace(-6, 6, 4)[None, :] ** 2 / 6
    skew = np.radians(1.5)
    turn = np.array([(np.cos(skew), -np.sin(skew), 9.0), (np.sin(skew), np.cos(skew), 4.0), (0, 0, 1)])
    warp = Warp(homography=turn, grid=grid, size=(W, H))
    text = text_of("", to_scan=warp, words=("một hai ba", "bốn năm"))
    text = replace(text, quality=replace(text.quality, rotation=rotation))
    pdf, _ = written(tmp_path, texts=[text])
    with pymupdf.open(pdf) as opened:
        page = opened[0]
        page.set_rotation(0)
        found = {word[4]: word for word in page.get_text("words")}
    for line in text.lines:
        for word in line.words:
            start = warp.points(np.array([(word.box.x0, word.box.y1)]))[0]
            x0, _, _, y1 = (v / 0.72 for v in found[word.text][:4])
            assert x0 == pytest.approx(start[0], abs=2)
            assert y1 == pytest.approx(max(start[1], warp.points(np.array([(word.box.x1, word.box.y1)]))[0][1]), abs=2)
