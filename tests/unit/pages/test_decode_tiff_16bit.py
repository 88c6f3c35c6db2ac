"""TIFFs of 16 bits a channel: unpacked by the decoder child and nowhere else, whatever they cost."""

from __future__ import annotations

import resource
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import Image

from digitizer.errors import DamagedFile, TooLarge
from digitizer.pages import ScanFile
from tests.processes import decoders

Opened = Callable[..., ScanFile]
W, H = 300, 200
DEEP = (np.arange(H * W, dtype=np.uint32).reshape(H, W) * 7 % 65_521).astype(np.uint16)


def pixels_of(file: ScanFile, index: int = 0) -> NDArray[np.uint16]:
    """The samples of a scan, out of the PNG data stream that the decoder gives: every row has the filter Sub."""
    image = file.image_16bit(index)
    assert image is not None
    rows = np.frombuffer(zlib.decompress(image.data), np.uint8).reshape(image.height, -1)
    assert set(rows[:, 0]) == {1}
    raw = rows[:, 1:].reshape(image.height, image.width, 2 * image.channels).cumsum(axis=1, dtype=np.uint8)
    return raw.copy().view(">u2").astype(np.uint16)


@pytest.mark.slow
@pytest.mark.parametrize("compression", [None, "lzw", "zlib", "packbits"])
@pytest.mark.parametrize(
    "laid_out", [{"rowsperstrip": 37}, {"tile": (48, 64)}, {"tile": (4096, 4096)}], ids=["strips", "tiles", "one"]
)
def test_all_bits_are_kept_however_they_are_packed(
    tmp_path: Path, opened: Opened, compression: str | None, laid_out: dict[str, int]
) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, DEEP, compression=compression, photometric="minisblack", **laid_out)
    with opened(path) as file:
        np.testing.assert_array_equal(pixels_of(file)[..., 0], DEEP)


def test_a_page_whose_white_is_zero_is_turned_to_black_is_zero(tmp_path: Path, opened: Opened) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, DEEP, photometric="miniswhite")
    with opened(path) as file:
        np.testing.assert_array_equal(pixels_of(file)[..., 0], 65_535 - DEEP)


def test_each_page_of_a_tiff_is_asked_for_by_its_number(tmp_path: Path, opened: Opened) -> None:
    path = tmp_path / "a.tif"
    with tifffile.TiffWriter(path) as writer:
        writer.write(DEEP, photometric="minisblack")
        writer.write(DEEP[::-1], photometric="minisblack", compression="lzw")
        writer.write((DEEP >> 8).astype(np.uint8), photometric="minisblack")
    with opened(path) as file:
        np.testing.assert_array_equal(pixels_of(file, 1)[..., 0], DEEP[::-1])
        np.testing.assert_array_equal(pixels_of(file, 0)[..., 0], DEEP)
        assert file.image_16bit(2) is None, "it has 8 bits"
        assert file.read(2).pixels.shape == (H, W, 3), "and the decoder goes on"


def test_a_file_that_is_no_tiff_has_no_such_page(tmp_path: Path, opened: Opened) -> None:
    path = tmp_path / "a.png"
    Image.fromarray(DEEP).save(path)
    with opened(path) as file:
        assert file.image_16bit(0) is None


@pytest.mark.slow
@pytest.mark.parametrize("spoil", ["cut", "lzw", "packbits"])
def test_a_page_whose_pixels_are_not_all_there_is_damaged(tmp_path: Path, opened: Opened, spoil: str) -> None:
    path = tmp_path / "a.tif"
    Image.fromarray(DEEP).save(path, compression={"cut": "raw", "lzw": "tiff_lzw", "packbits": "packbits"}[spoil])
    data = path.read_bytes()
    if spoil == "cut":
        path.write_bytes(data[: -H * W])
    else:
        path.write_bytes(data[:2000] + (b"\xff" if spoil == "lzw" else b"\x80") * (len(data) - 4000) + data[-2000:])
    with opened(path) as file, pytest.raises(DamagedFile) as refused:
        file.image_16bit(0)
    assert refused.value.facts["page"] == 1


def bomb(path: Path) -> Path:
    """An LZW stream of few bytes that unpacks to 11 000 x 11 000 samples, 242 MB."""
    samples = np.zeros((11_000, 11_000), np.uint16)
    tifffile.imwrite(path, samples, photometric="minisblack", compression="lzw", rowsperstrip=len(samples))
    assert path.stat().st_size < 4_000_000
    return path


@pytest.mark.slow
def test_a_bomb_costs_the_decoder_its_limit_and_us_nothing(tmp_path: Path, opened: Opened) -> None:
    path = bomb(tmp_path / "a.tif")
    with opened(path, child_memory_bytes=500_000_000) as file:
        before = resource.getrusage(resource.RUSAGE_SELF)
        with pytest.raises(TooLarge) as refused:
            file.image_16bit(0)
        after = resource.getrusage(resource.RUSAGE_SELF)
    assert refused.value.facts == {"limit": "memory", "page": 1}
    assert after.ru_utime - before.ru_utime < 0.2, "seconds of CPU"
    assert after.ru_maxrss - before.ru_maxrss < 20_000, "kB"
    assert decoders() == []


@pytest.mark.slow
def test_a_tile_that_is_larger_than_any_page_is_refused_before_it_is_unpacked(tmp_path: Path, opened: Opened) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, DEEP, photometric="minisblack", tile=(4096, 4096), compression="zlib")
    with opened(path, megapixels=10) as file, pytest.raises(TooLarge) as refused:
        file.image_16bit(0)
    assert refused.value.facts == {"limit": "megapixels", "value": 17, "page": 1}


@pytest.mark.slow
def test_the_worker_loads_no_library_that_unpacks_tiffs(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, DEEP, photometric="minisblack", compression="lzw")
    program = (
        "import sys; from pathlib import Path; from digitizer import pipeline; from digitizer.pages import ScanFile;"
        "from digitizer.settings import PageOptions\n"
        f"with ScanFile(Path({str(path)!r}), source='', options=PageOptions()) as file:\n"
        "    assert file.image_16bit(0) is not None\n"
        "print(sorted({'tifffile', 'imagecodecs'} & set(sys.modules)))"
    )
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"
