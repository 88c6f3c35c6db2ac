"""TIFFs of 16 bits a channel, deeper than any decoder here gives them back, as PDF images (TIFF 6.0; ISO 32000, 8.9.5)."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from digitizer.output.images import Encoded, predicted

_BITS, _COMPRESSION, _MEANING, _OFFSETS, _TURN, _SAMPLES, _ROWS, _SIZES, _PLANES, _PREDICTOR, _FORMAT = (
    258, 259, 262, 273, 274, 277, 278, 279, 284, 317, 339,
)  # fmt: skip
#: an LZW stream that its table begins anew, that it ends; bits of its longest code (TIFF 6.0, section 13)
_CLEAR, _END, _LONGEST = 256, 257, 12
#: photometric interpretation -> colour space, channels
_COLOURS = {0: ("/DeviceGray", 1), 1: ("/DeviceGray", 1), 2: ("/DeviceRGB", 3)}
#: of a PNG row: each byte as its difference from the pixel before
_SUB = 1


#: (a strip, the bytes wanted) -> at most so many, fewer where it is damaged
_Unpacked = Callable[[bytes, int], bytes]


def _plain(strip: bytes, wanted: int) -> bytes:
    return strip[:wanted]


def _flate(strip: bytes, wanted: int) -> bytes:
    try:
        return zlib.decompressobj().decompress(strip, wanted)
    except zlib.error:
        return b""


def _lzw(strip: bytes, wanted: int) -> bytes:
    """LZW as in TIFF 6.0, section 13: codes of 9 to 12 bits, the highest bit first, one code longer a code early."""
    roots = [bytes([value]) for value in range(256)] + [b"", b""]
    table, width, before = list(roots), 9, b""
    parts, made, held, bits = [], 0, 0, 0
    for byte in strip:
        held, bits = held << 8 | byte, bits + 8
        if bits < width:
            continue
        bits -= width
        code, held = held >> bits, held & ((1 << bits) - 1)
        if code == _CLEAR:
            table, width, before = list(roots), 9, b""
            continue
        if code == _END or code > len(table) or (code == len(table) and not before):
            break
        entry = table[code] if code < len(table) else before + before[:1]
        if before and len(table) < 1 << _LONGEST:
            table.append(before + entry[:1])
            width = min(_LONGEST, (len(table) + 1).bit_length())
        parts.append(entry)
        made, before = made + len(entry), entry
        if made >= wanted:
            break
    return b"".join(parts)[:wanted]


#: compression -> how a strip is unpacked; strips packed otherwise have to be decoded as an image
_PACKED: dict[int, _Unpacked] = {1: _plain, 5: _lzw, 8: _flate, 32946: _flate}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Strips:
    """How the pixels of one page lie in the file."""

    width: int
    height: int
    colour: str
    channels: int
    #: of a sample
    order: str
    unpacked: _Unpacked
    #: each sample as its difference from the pixel before
    differences: bool
    white_is_zero: bool
    rows: int
    #: (offset, bytes) of each strip
    places: tuple[tuple[int, int], ...]


def deep(path: Path, index: int) -> Encoded | None:
    """Page `index` of a TIFF of 16 bits a channel with all its bits; None for others and what needs a decoder."""
    # opening reads the directory only; the pixels are never decoded here
    with Image.open(path, formats=["TIFF"]) as image:
        image.seek(index)
        strips = _strips(image)
    if strips is None:
        return None
    packer, rows = zlib.compressobj(6), []
    for samples in _samples(path, strips):
        if samples is None:
            return None
        rows.append(packer.compress(_filtered(samples)))
    data = b"".join([*rows, packer.flush()])
    return predicted(data, strips.width, strips.height, strips.colour, strips.channels, 16)


def _strips(image: Image.Image) -> _Strips | None:
    tags = image.tag_v2  # type: ignore[attr-defined]
    colour, channels = _COLOURS.get(tags.get(_MEANING), ("", 0))
    plain = tags.get(_TURN, 1) == 1 and tags.get(_PLANES, 1) == 1 and set(tags.get(_FORMAT, (1,))) == {1}
    if not plain or set(tags.get(_BITS, ())) != {16} or tags.get(_SAMPLES, 1) != channels or _OFFSETS not in tags:
        return None
    if tags.get(_COMPRESSION, 1) not in _PACKED or tags.get(_PREDICTOR, 1) not in (1, 2):
        return None
    return _Strips(
        width=image.width,
        height=image.height,
        colour=colour,
        channels=channels,
        order="<" if tags.prefix == b"II" else ">",
        unpacked=_PACKED[tags.get(_COMPRESSION, 1)],
        differences=tags.get(_PREDICTOR, 1) == 2,
        white_is_zero=tags[_MEANING] == 0,
        rows=min(tags.get(_ROWS, image.height), image.height),
        places=tuple(zip(tags[_OFFSETS], tags[_SIZES], strict=True)),
    )


def _samples(path: Path, strips: _Strips) -> Iterator[npt.NDArray[np.uint16] | None]:
    """The samples of each strip, (rows, width, channels); None where the file does not hold what it says."""
    left = strips.height
    with path.open("rb") as file:
        for offset, size in strips.places:
            rows = min(strips.rows, left)
            left -= rows
            needed = rows * strips.width * strips.channels * 2
            file.seek(offset)
            data = strips.unpacked(file.read(size), needed)
            if rows == 0 or len(data) < needed:
                yield None
                return
            samples = np.frombuffer(data, f"{strips.order}u2").astype(np.uint16).reshape(rows, strips.width, strips.channels)
            samples = np.cumsum(samples, axis=1, dtype=np.uint16) if strips.differences else samples
            yield 65_535 - samples if strips.white_is_zero else samples
    if left:
        yield None


def _filtered(samples: npt.NDArray[np.uint16]) -> bytes:
    """Rows of big-endian samples as a PNG filters them."""
    height, width, channels = samples.shape
    raw = samples.astype(">u2").view(np.uint8).reshape(height, width * channels * 2)
    rows = np.empty((height, 1 + raw.shape[1]), np.uint8)
    rows[:, 0] = _SUB
    rows[:, 1:] = raw
    rows[:, 1 + 2 * channels :] -= raw[:, : -2 * channels]
    return rows.tobytes()
