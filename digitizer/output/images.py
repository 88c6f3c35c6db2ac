"""Turns a scan into a PDF image stream without loss. JPEG and 16-bit PNG keep their bytes, the rest is compressed anew."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
from pikepdf import Dictionary, Name, Object, Pdf, Stream
from PIL import Image

from digitizer.model import Image16, Pixels

#: JPEG modes a PDF/A with an sRGB output intent may hold
_COLOURS = {"L": "/DeviceGray", "RGB": "/DeviceRGB"}
#: EXIF tag of the orientation
_ORIENTATION = 0x0112
#: signature of a PNG file
_PNG = b"\x89PNG\r\n\x1a\n"
#: colour type of a PNG -> colour space, channels
_PNG_COLOURS = {0: ("/DeviceGray", 1), 2: ("/DeviceRGB", 3)}


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


def stream(pdf: Pdf, encoded: Encoded, **entries: Any) -> Object:
    """Adds an image object to `pdf`. `entries` add to its dictionary. An entry of None leaves the key out."""
    said: dict[str, Any] = {
        "Type": Name.XObject,
        "Subtype": Name.Image,
        "Width": encoded.width,
        "Height": encoded.height,
        "ColorSpace": Name(encoded.colour),
        "BitsPerComponent": encoded.bits,
        "Filter": Name(encoded.filter),
        "DecodeParms": Dictionary(encoded.parms) if encoded.parms else None,
        **entries,
    }
    made = Stream(pdf, encoded.data)
    made.stream_dict = Dictionary(**{key: value for key, value in said.items() if value is not None})
    return pdf.make_indirect(made)


def png16(file: BinaryIO) -> Encoded | None:
    """A PNG of 16 bits a channel, its compressed bytes unchanged. A decoder would give 8 bits only.

    None for any other file, and for a PNG that needs decoding: interlaced, with transparency, or with EXIF data.
    """
    data = file.read()
    chunks = list(_chunks(data)) if data.startswith(_PNG) else []
    if not chunks or chunks[0][0] != b"IHDR":
        return None
    width, height, bits, kind, _, _, interlaced = struct.unpack(">IIBBBBB", chunks[0][1])
    # transparency, interlacing and an EXIF orientation need decoding
    if bits != 16 or kind not in _PNG_COLOURS or interlaced or any(name in (b"tRNS", b"eXIf") for name, _ in chunks):
        return None
    colour, colours = _PNG_COLOURS[kind]
    return predicted(b"".join(part for name, part in chunks if name == b"IDAT"), width, height, colour, colours, 16)


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 8
    while at + 8 <= len(data):
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        yield kind, data[at + 8 : at + 8 + length]
        at += length + 12


def image16(image: Image16) -> Encoded:
    """A scan of 16 bits a channel from the decoder."""
    colour = {1: "/DeviceGray", 3: "/DeviceRGB"}[image.channels]
    return predicted(image.data, image.width, image.height, colour, image.channels, 16)


def predicted(data: bytes, width: int, height: int, colour: str, colours: int, bits: int) -> Encoded:
    """An image from the IDAT chunks of a PNG, which are a Flate stream with PNG predictors (ISO 32000, 7.4.4.4).

    `colours` is the number of channels, `bits` the depth of each.
    """
    parms: dict[str, int | bool] = {"/Predictor": 15, "/Colors": colours, "/BitsPerComponent": bits, "/Columns": width}
    return Encoded(data=data, width=width, height=height, colour=colour, bits=bits, filter="/FlateDecode", parms=parms)


def jpeg(file: BinaryIO) -> Encoded | None:
    """A JPEG file, its bytes unchanged. None where a PDF reader could not show it (CMYK, 12 bits)."""
    # opening reads the header only. The pixels are not decoded here
    with Image.open(file, formats=["JPEG", "MPO"]) as image:
        if image.mode not in _COLOURS:
            return None
        orientation = int(image.getexif().get(_ORIENTATION, 1))
        file.seek(0)
        return Encoded(
            data=file.read(),
            width=image.width,
            height=image.height,
            colour=_COLOURS[image.mode],
            bits=8,
            filter="/DCTDecode",
            parms={},
            orientation=orientation,
        )


def lossless(pixels: Pixels) -> Encoded:
    """`pixels` ((H, W, 3) uint8 RGB) without loss: CCITT G4 when black and white, else Flate. Grey has one channel."""
    grey = pixels[..., 0]
    if not (np.array_equal(grey, pixels[..., 1]) and np.array_equal(grey, pixels[..., 2])):
        return _flate(Image.fromarray(pixels), "/DeviceRGB", 3)
    if bool(np.isin(grey, (0, 255)).all()):
        return group4(Image.fromarray(grey).convert("1", dither=Image.Dither.NONE))
    return _flate(Image.fromarray(np.ascontiguousarray(grey)), "/DeviceGray", 1)


def _flate(image: Image.Image, colour: str, colours: int) -> Encoded:
    png = io.BytesIO()
    image.save(png, "PNG", compress_level=6)
    data = b"".join(part for kind, part in _chunks(png.getvalue()) if kind == b"IDAT")
    return predicted(data, image.width, image.height, colour, colours, 8)


def group4(image: Image.Image) -> Encoded:
    """A 1-bit image as CCITT G4. The bytes are the single strip of a G4 TIFF (ISO 32000, 7.4.6)."""
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
