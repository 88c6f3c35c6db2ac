"""Scans nobody should have made: a reason and no confident wrong value, never a crash. Read with the real engine."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter, ImageFont, ImageOps

from digitizer.doctypes import digest, load
from digitizer.model import Digitized, Source, Verdict
from digitizer.ocr import open_engine
from digitizer.pipeline import Tools, finish, read_pages
from digitizer.settings import EngineOptions, PageOptions
from tests.conftest import SAMPLES

PAPER = SAMPLES / "birth_extract" / "birth_extract_01.jpg"
TRUTH = json.loads((SAMPLES / "birth_extract" / "birth_extract_01.truth.json").read_text(encoding="utf-8"))
WANTED = TRUTH["documents"][0]["records"][0]["fields"]


@pytest.fixture(scope="module")
def tools() -> Tools:
    doctypes = load(None)
    engine = open_engine(EngineOptions(name="paddle"))
    return Tools(engine=engine, doctypes=doctypes, doctypes_digest=digest(doctypes), pages=PageOptions())


def half_upside_down(image: Image.Image) -> Image.Image:
    """The lower half of the sheet folded over and turned, as a feeder does it."""
    width, height = image.size
    turned = image.copy()
    turned.paste(image.crop((0, height // 2, width, height)).rotate(180), (0, height // 2))
    return turned


def filled_in_red(image: Image.Image) -> Image.Image:
    """All ink red."""
    ink = 1 - np.asarray(image.convert("L"), np.float64)[..., None] / 255
    return Image.fromarray((255 - ink * (255 - np.array([200, 30, 40]))).astype(np.uint8))


def photocopied_twice(image: Image.Image) -> Image.Image:
    """Blurred, grained and hardened, twice."""
    grain, (width, height) = np.random.default_rng(4), image.size
    copy = image.convert("L")
    for _ in range(2):
        soft = copy.resize((width // 2, height // 2)).filter(ImageFilter.GaussianBlur(0.8)).resize((width, height))
        grey = np.asarray(soft, np.float64) + grain.normal(0, 14, (height, width))
        copy = Image.fromarray((255 / (1 + np.exp(-(grey - 150) / 14))).astype(np.uint8))
    return copy.convert("RGB")


def digitized(path: Path, tools: Tools) -> Digitized:
    data = path.read_bytes()
    source = Source(id=hashlib.sha256(data).hexdigest(), key="", media_type="image/jpeg", size=len(data))
    readings = [(r.scan, r) for r in read_pages(path, source=source.id, scans=[0], tools=tools)]
    return finish(bundle=source.id, sources=(source,), readings=readings, tools=tools)


@pytest.mark.parametrize(
    ("spoil", "least"),
    [(half_upside_down, 10), (filled_in_red, 20), (photocopied_twice, 0)],
    ids=["a half upside down", "filled in red", "a photocopy of a photocopy"],
)
def test_a_poor_scan_gives_no_confident_wrong_value(
    spoil: Callable[[Image.Image], Image.Image], least: int, tools: Tools, tmp_path: Path
) -> None:
    path = tmp_path / "spoilt.jpg"
    with Image.open(PAPER) as image:
        spoil(image.convert("RGB")).save(path, quality=80, dpi=(200, 200))
    result = digitized(path, tools)
    records = [record for document in result.documents for record in document.records]
    fields = [field for record in records for field in record.fields]
    wrong = [field.name for field in fields if field.accepted and field.value != WANTED.get(field.name)]
    assert not wrong
    right = sum(field.value == WANTED.get(field.name) for field in fields)
    assert right >= least
    if right < len(WANTED):
        assert all(record.verdict == Verdict.REVIEW and record.reasons for record in records)
        sure = [d.doctype is not None and d.score >= tools.doctypes[d.doctype].accept_type for d in result.documents]
        assert not all(sure) or any(record.reasons for record in records)


def listed(width: int = 1240, rows: int = 16) -> Image.Image:
    """A list whose rows repeat one address: as upright columns it looks like rows of text."""
    page = Image.new("RGB", (width, 1754), "white")
    draw = ImageDraw.Draw(page)
    font = ImageFont.truetype(io.BytesIO((files("digitizer.output") / "stamp.ttf").read_bytes()), 24)
    draw.text((420, 70), "DANH SÁCH HỘ NGHÈO", "black", font)
    for row in range(rows):
        y = 160 + 46 * row
        draw.text((90, y), f"{row + 1:02}", "black", font)
        draw.text((190, y), "Hoàng Thị Cường", "black", font)
        draw.text((560, y), "thôn Đông, xã Bình Minh, huyện Phú Lương", "black", font)
    return page


def said(result: Digitized) -> tuple[str, set[str]]:
    text = "\n".join(line.text for page in result.pages for line in page.lines)
    return text, {problem.code for page in result.pages for problem in page.quality.problems}


@pytest.mark.parametrize("quarters", [0, 1, 2])
def test_a_list_that_repeats_itself_is_read_any_way_up(quarters: int, tools: Tools, tmp_path: Path) -> None:
    path = tmp_path / "list.png"
    listed().rotate(-90 * quarters, expand=True).save(path, dpi=(150, 150))
    result = digitized(path, tools)
    text, problems = said(result)
    assert [page.quality.rotation for page in result.pages] == [90 * quarters]
    assert "DANH SÁCH HỘ NGHÈO" in text
    assert "orientation_unsure" not in problems


def test_a_page_seen_from_behind_says_so_and_gives_no_text(tools: Tools, tmp_path: Path) -> None:
    path = tmp_path / "mirrored.png"
    ImageOps.mirror(listed()).save(path, dpi=(150, 150))
    text, problems = said(digitized(path, tools))
    assert text == ""
    assert {"mirrored", "unreadable"} <= problems


def written(*texts: tuple[int, int, str], ink: int = 0, paper: int = 255) -> Image.Image:
    """An A4 page at 200 dpi with some grain and a few words at (x, y) px."""
    grain = np.random.default_rng(3).normal(0, 1.0, (2339, 1654))
    page = Image.fromarray(np.clip(paper + grain, 0, 255).astype(np.uint8)).convert("RGB")
    font = ImageFont.truetype(io.BytesIO((files("digitizer.output") / "stamp.ttf").read_bytes()), 36)
    for x, y, text in texts:
        ImageDraw.Draw(page).text((x, y), text, (ink, ink, ink), font)
    return page


def read(image: Image.Image, folder: Path, tools: Tools) -> Digitized:
    image.save(folder / "page.png", dpi=(200, 200))
    return digitized(folder / "page.png", tools)


def test_what_stands_alone_on_a_page_is_read(tools: Tools, tmp_path: Path) -> None:
    result = read(written((820, 90, "7"), (180, 2100, "- Như trên;")), tmp_path, tools)
    assert said(result)[0].splitlines() == ["7", "- Như trên;"]
    assert not result.pages[0].blank


def test_pencil_is_read_and_told_and_an_empty_page_is_blank(tools: Tools, tmp_path: Path) -> None:
    text, problems = said(read(written((300, 900, "Trả lại hồ sơ gốc cho ông Hòa"), ink=238, paper=249), tmp_path, tools))
    assert text == "Trả lại hồ sơ gốc cho ông Hòa"
    assert "pale" in problems
    empty = read(written(paper=249), tmp_path, tools)
    assert empty.pages[0].blank
    assert said(empty) == ("", set())
