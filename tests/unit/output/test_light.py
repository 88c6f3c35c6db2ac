"""The light derivative: small, upright, searchable."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pikepdf
import pymupdf
import pytest
from PIL import Image

from digitizer.errors import OutputInvalid
from digitizer.pipeline import light_copy
from digitizer.settings import PageOptions
from tests.unit.output.builders import WORDS, copied, rendered, text_of

OPTIONS = PageOptions()


def page_image(tmp_path: Path, name: str = "scan.jpg", grey: bool = False, seed: int = 1) -> Path:
    """A noisy A4 page at 200 dpi with dark bars: too large for the budget."""
    noise = np.random.default_rng(seed).normal(225, 12, (2339, 1654, 3)).clip(0, 255).astype(np.uint8)
    for row in range(150, 2200, 60):
        noise[row : row + 22, 150 : 150 + (row * 7) % 1300] = 30
    noise[100:300, 1200:1400] = (200, 30, 40)
    path = tmp_path / name
    image = Image.fromarray(noise)
    (image.convert("L") if grey else image).save(path, quality=90, dpi=(200, 200))
    return path


def archive(tmp_path: Path, rotation: int = 0, **image: object) -> Path:
    path = page_image(tmp_path, **image)  # type: ignore[arg-type]
    id_ = hashlib.sha256(path.read_bytes()).hexdigest()
    text = text_of(id_, size=(1654, 2339), rotation=rotation)
    return rendered(tmp_path, path, "image/jpeg", [text])[0]


@pytest.mark.slow
@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_a_page_becomes_about_100_kb_and_looks_and_copies_the_same(tmp_path: Path, rotation: int) -> None:
    pdf, light = archive(tmp_path, rotation), tmp_path / "light.pdf"
    light_copy(pdf, light, options=OPTIONS)
    assert pdf.stat().st_size > 300_000
    # DPI of `text_of` is 100: the sheet is four A4 large
    assert light.stat().st_size < 410_000
    assert copied(light) == copied(pdf)
    with pymupdf.open(pdf) as before, pymupdf.open(light) as after:
        assert before[0].rect == after[0].rect
        a, b = (
            np.frombuffer(doc[0].get_pixmap(dpi=30, colorspace=pymupdf.csRGB).samples, np.uint8).astype(int)
            for doc in (before, after)
        )
    assert np.abs(a - b).mean() < 6


@pytest.mark.slow
def test_pages_can_be_picked_and_a_wrong_one_is_refused(tmp_path: Path) -> None:
    pdf, light = archive(tmp_path), tmp_path / "light.pdf"
    light_copy(pdf, light, options=OPTIONS, pages=[0])
    with pikepdf.open(light) as opened:
        assert len(opened.pages) == 1
    with pytest.raises(OutputInvalid):
        light_copy(pdf, light, options=OPTIONS, pages=[1])


@pytest.mark.slow
def test_the_same_archive_copy_gives_the_same_light_copy(tmp_path: Path) -> None:
    pdf = archive(tmp_path)
    made = [tmp_path / name for name in ("a.pdf", "b.pdf")]
    for target in made:
        light_copy(pdf, target, options=OPTIONS)
    assert made[0].read_bytes() == made[1].read_bytes()


@pytest.mark.slow
def test_a_light_copy_is_pdfa_and_grey_stays_grey(tmp_path: Path) -> None:
    pdf, light = archive(tmp_path, grey=True), tmp_path / "light.pdf"
    light_copy(pdf, light, options=OPTIONS)
    with pikepdf.open(light) as opened:
        (image,) = opened.pages[0].get_images().values()
        assert image.ColorSpace == pikepdf.Name.DeviceGray
    assert WORDS[0] in copied(light)
