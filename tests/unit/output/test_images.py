"""Images of 16 bits a channel keep all their bits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pikepdf
import pymupdf
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import Image

from tests.unit.output.builders import H, W, rendered, shown
from tests.validators import findings

#: a grey picture with every shade from 0 to 65,520
DEEP = (np.arange(H * W, dtype=np.uint32).reshape(H, W) % 65_521).astype(np.uint16)


def kept_bits(tmp_path: Path, path: Path, kind: str) -> NDArray[np.uint16]:
    """The image in the PDF of a file of 16 bits, read by pikepdf; (H, W) or (H, W, 3)."""
    pdf, result = rendered(tmp_path, path, kind, decode=lambda source, scan: np.zeros((H, W, 3), np.uint8))
    assert findings(pdf) == [] == result["problems"]
    with pikepdf.open(pdf) as opened:
        (image,) = opened.pages[0].get_images().values()
        assert (int(image.BitsPerComponent), int(image.Width), int(image.Height)) == (16, W, H)
        data = np.frombuffer(image.read_bytes(), ">u2").astype(np.uint16)
    if data.size == H * W:
        with pymupdf.open(pdf) as opened:
            grey = np.frombuffer(opened[0].get_pixmap(dpi=100, colorspace="GRAY").samples, np.uint8).reshape(H, W)
        assert np.abs(grey.astype(int) - (data.reshape(H, W) >> 8)).max() <= 1, "and a reader shows it so"
    return data.reshape((H, W) if data.size == H * W else (H, W, 3))


def test_a_png_of_sixteen_bits_keeps_them(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    Image.fromarray(DEEP).save(path)
    np.testing.assert_array_equal(kept_bits(tmp_path, path, "image/png"), DEEP)


@pytest.mark.slow
@pytest.mark.parametrize(
    "how",
    [
        {},
        {"compression": "tiff_adobe_deflate"},
        {"compression": "tiff_adobe_deflate", "tiffinfo": {317: 2}},
        {"compression": "tiff_lzw"},
        {"compression": "tiff_lzw", "tiffinfo": {317: 2}},
        {"compression": "packbits"},
    ],
)
def test_a_grey_tiff_of_sixteen_bits_keeps_them(tmp_path: Path, how: dict[str, Any]) -> None:
    path = tmp_path / "a.tif"
    Image.fromarray(DEEP).save(path, **how)
    np.testing.assert_array_equal(kept_bits(tmp_path, path, "image/tiff"), DEEP)


@pytest.mark.slow
@pytest.mark.parametrize("compression", [1, 5, 8])
def test_a_coloured_tiff_of_sixteen_bits_keeps_them(tmp_path: Path, compression: int) -> None:
    path, deep = tmp_path / "a.tif", np.stack([DEEP, DEEP[::-1], DEEP[:, ::-1]], axis=-1)
    assert cv2.imwrite(str(path), deep[..., ::-1], [cv2.IMWRITE_TIFF_COMPRESSION, compression])
    np.testing.assert_array_equal(kept_bits(tmp_path, path, "image/tiff"), deep)


@pytest.mark.slow
@pytest.mark.parametrize("how", ["strips", "tiles"])
@pytest.mark.parametrize("planes", ["contig", "separate"])
@pytest.mark.parametrize("packed", [{}, {"compression": "zlib", "predictor": True}])
def test_a_coloured_tiff_of_sixteen_bits_keeps_them_however_it_is_laid_out(
    tmp_path: Path, how: str, planes: str, packed: dict[str, Any]
) -> None:
    path, deep = tmp_path / "a.tif", np.stack([DEEP, DEEP[::-1], DEEP[:, ::-1]], axis=-1)
    data = deep if planes == "contig" else deep.transpose(2, 0, 1)
    laid_out = {"tile": (48, 64)} if how == "tiles" else {"rowsperstrip": 37}
    tifffile.imwrite(path, data, photometric="rgb", planarconfig=planes, byteorder=">", **laid_out, **packed)
    np.testing.assert_array_equal(kept_bits(tmp_path, path, "image/tiff"), deep)


def test_a_tiff_of_sixteen_bits_that_is_damaged_keeps_eight_of_them(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "a.tif"
    Image.fromarray(DEEP).save(path, compression="tiff_lzw")
    data = path.read_bytes()
    path.write_bytes(data[:2000] + b"\xff" * (len(data) - 4000) + data[-2000:])
    grey = np.repeat((DEEP >> 8).astype(np.uint8)[..., None], 3, 2)
    pdf, _ = rendered(tmp_path, path, "image/tiff", decode=lambda source, scan: grey)
    np.testing.assert_array_equal(shown(pdf), grey)
    assert [record.message for record in caplog.records] == ["scan keeps 8 of its 16 bits"]
