"""Pixels of a scan as a PDF image stream, without loss: JPEG as it is, anything else compressed exactly."""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from digitizer.model import Pixels

#: JPEG modes a PDF/A with an sRGB output intent may hold
_COLOURS = {"L": "/DeviceGray", "RGB": "/DeviceRGB"}
_ORIENTATION = 0x0112


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoded:
    """An image stream: its bytes and the entries of its dictionary."""

    data: bytes
    width: int
    height: int
    colour: str
    bits: int
    filter: str
    parms: dict[str, int | bool]
    #: EXIF orientation of the stored pixels, 1 to 8
    orientation: int = 1


def jpeg(path: Path) -> Encoded | None:
    """A JPEG file as it is; None where a PDF reader could not show it (CMYK, 12 bits)."""
    # opening reads the header only; the pixels are never decoded here
    with Image.open(path, formats=["JPEG", "MPO"]) as image:
        if image.mode not in _COLOURS:
            return None
        return Encoded(
            data=path.read_bytes(),
            width=image.width,
            height=image.height,
            colour=_COLOURS[image.mode],
            bits=8,
            filter="/DCTDecode",
            parms={},
            orientation=int(image.getexif().get(_ORIENTATION, 1)),
        )


def lossless(pixels: Pixels) -> Encoded:
    """`pixels` ((H, W, 3) uint8 RGB) exactly: CCITT G4 when black and white, else Flate, one channel when grey."""
    grey = pixels[..., 0]
    if not (np.array_equal(grey, pixels[..., 1]) and np.array_equal(grey, pixels[..., 2])):
        return _flate(Image.fromarray(pixels), "/DeviceRGB", 3)
    if bool(np.isin(grey, (0, 255)).all()):
        return group4(Image.fromarray(grey).convert("1", dither=Image.Dither.NONE))
    return _flate(Image.fromarray(np.ascontiguousarray(grey)), "/DeviceGray", 1)


def _flate(image: Image.Image, colour: str, colours: int) -> Encoded:
    """The IDAT chunks of a PNG are a Flate stream with PNG predictors (ISO 32000, 7.4.4.4)."""
    png = io.BytesIO()
    image.save(png, "PNG", compress_level=6)
    data = png.getvalue()
    chunks, at = [], 8
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        if kind == b"IDAT":
            chunks.append(data[at + 8 : at + 8 + length])
        at += length + 12
    return Encoded(
        data=b"".join(chunks),
        width=image.width,
        height=image.height,
        colour=colour,
        bits=8,
        filter="/FlateDecode",
        parms={"/Predictor": 15, "/Colors": colours, "/BitsPerComponent": 8, "/Columns": image.width},
    )


def group4(image: Image.Image) -> Encoded:
    """A 1-bit image as CCITT G4: the one strip of a G4 TIFF is a CCITT stream (ISO 32000, 7.4.6)."""
    tiff = io.BytesIO()
    rows_per_strip = 278
    image.save(tiff, "TIFF", compression="group4", tiffinfo={rows_per_strip: image.height})
    with Image.open(io.BytesIO(tiff.getvalue()), formats=["TIFF"]) as written:
        tags = written.tag_v2  # type: ignore[attr-defined]
        (offset,), (size,), black_is_zero = tags[273], tags[279], tags[262] == 1
    return Encoded(
        data=tiff.getvalue()[offset : offset + size],
        width=image.width,
        height=image.height,
        colour="/DeviceGray",
        bits=1,
        filter="/CCITTFaxDecode",
        parms={"/K": -1, "/Columns": image.width, "/Rows": image.height, "/BlackIs1": black_is_zero},
    )
