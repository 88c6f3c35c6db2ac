"""TIFFs of 16 bits a channel, deeper than any decoder here gives them back, as PDF images (TIFF 6.0; ISO 32000, 8.9.5)."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
from PIL import Image

from digitizer.output.images import Encoded, predicted

_BITS, _COMPRESSION, _MEANING, _TURN, _SAMPLES, _PLANES, _PREDICTOR, _FORMAT = 258, 259, 262, 274, 277, 284, 317, 339
#: columns and rows of a block, where each begins, how many bytes it has: of strips, which are as wide as the page, and of tiles
_STRIPS, _TILES = (0, 278, 273, 279), (322, 323, 324, 325)
#: pixels of a tile, at most; larger ones are a trick
_TILE = 1 << 22
#: an LZW stream that its table begins anew, that it ends; bits of its longest code (TIFF 6.0, section 13)
_CLEAR, _END, _LONGEST = 256, 257, 12
#: photometric interpretation -> colour space, channels
_COLOURS = {0: ("/DeviceGray", 1), 1: ("/DeviceGray", 1), 2: ("/DeviceRGB", 3)}
#: of a PNG row: each byte as its difference from the pixel before
_SUB = 1


#: (a block as it is packed, the bytes wanted) -> at most so many, fewer where it is damaged
_Unpacked = Callable[[bytes, int], bytes]


def _plain(block: bytes, wanted: int) -> bytes:
    return block[:wanted]


def _flate(block: bytes, wanted: int) -> bytes:
    try:
        return zlib.decompressobj().decompress(block, wanted)
    except zlib.error:
        return b""


def _packbits(block: bytes, wanted: int) -> bytes:
    """PackBits as in TIFF 6.0, section 9: a count, then so many bytes as they are, or one byte that is repeated."""
    made, at = bytearray(), 0
    while at < len(block) and len(made) < wanted:
        count = block[at]
        if count < 128:
            made += block[at + 1 : at + 2 + count]
            at += 2 + count
        else:
            made += block[at + 1 : at + 2] * (257 - count if count > 128 else 0)
            at += 2 if count > 128 else 1
    return bytes(made[:wanted])


def _lzw(block: bytes, wanted: int) -> bytes:
    """LZW as in TIFF 6.0, section 13: codes of 9 to 12 bits, the highest bit first, one code longer a code early."""
    roots = [bytes([value]) for value in range(256)] + [b"", b""]
    table, width, before = list(roots), 9, b""
    parts, made, held, bits = [], 0, 0, 0
    for byte in block:
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


#: compression -> how a block is unpacked; one packed otherwise has to be decoded as an image
_PACKED: dict[int, _Unpacked] = {1: _plain, 5: _lzw, 8: _flate, 32946: _flate, 32773: _packbits}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Blocks:
    """How the pixels of one page lie in the file: in strips or tiles, row after row of them, for each plane."""

    width: int
    height: int
    colour: str
    channels: int
    #: planes, each of one channel; 1 where a pixel has its channels side by side
    planes: int
    #: of a sample
    order: str
    unpacked: _Unpacked
    #: each sample as its difference from the pixel before
    differences: bool
    white_is_zero: bool
    #: of a block; the last strip is as high as what is left, a tile is whole and sticks out
    across: int
    down: int
    tiled: bool
    #: (offset, bytes) of each block
    places: tuple[tuple[int, int], ...]


def deep(path: Path, index: int) -> Encoded | None:
    """Page `index` of a TIFF of 16 bits a channel with all its bits; None for others and what needs a decoder."""
    # opening reads the directory only; the pixels are never decoded here
    with Image.open(path, formats=["TIFF"]) as image:
        image.seek(index)
        blocks = _blocks(image)
    if blocks is None:
        return None
    packer, rows = zlib.compressobj(6), []
    for samples in _samples(path, blocks):
        if samples is None:
            return None
        rows.append(packer.compress(_filtered(samples)))
    data = b"".join([*rows, packer.flush()])
    return predicted(data, blocks.width, blocks.height, blocks.colour, blocks.channels, 16)


def _blocks(image: Image.Image) -> _Blocks | None:
    tags = image.tag_v2  # type: ignore[attr-defined]
    colour, channels = _COLOURS.get(tags.get(_MEANING), ("", 0))
    tiled = _TILES[0] in tags
    columns, rows, offsets, sizes = _TILES if tiled else _STRIPS
    plain = tags.get(_TURN, 1) == 1 and tags.get(_PLANES, 1) in (1, 2) and set(tags.get(_FORMAT, (1,))) == {1}
    if not plain or set(tags.get(_BITS, ())) != {16} or tags.get(_SAMPLES, 1) != channels or not {offsets, sizes} <= set(tags):
        return None
    if tags.get(_COMPRESSION, 1) not in _PACKED or tags.get(_PREDICTOR, 1) not in (1, 2):
        return None
    across, down = tags.get(columns, image.width), tags.get(rows, image.height)
    if across < 1 or down < 1 or (tiled and across * down > _TILE):
        return None
    return _Blocks(
        width=image.width,
        height=image.height,
        colour=colour,
        channels=channels,
        planes=channels if tags.get(_PLANES, 1) == 2 else 1,
        order="<" if tags.prefix == b"II" else ">",
        unpacked=_PACKED[tags.get(_COMPRESSION, 1)],
        differences=tags.get(_PREDICTOR, 1) == 2,
        white_is_zero=tags[_MEANING] == 0,
        across=across,
        down=down if tiled else min(down, image.height),
        tiled=tiled,
        places=tuple(zip(tags[offsets], tags[sizes], strict=False)),
    )


def _samples(path: Path, blocks: _Blocks) -> Iterator[npt.NDArray[np.uint16] | None]:
    """The samples of each row of blocks, (rows, width, channels); None where the file does not hold what it says."""
    columns, bands = -(-blocks.width // blocks.across), -(-blocks.height // blocks.down)
    if len(blocks.places) < columns * bands * blocks.planes:
        yield None
        return
    with path.open("rb") as file:
        for band in range(bands):
            left = min(blocks.down, blocks.height - band * blocks.down)
            shape = blocks.down if blocks.tiled else left, blocks.across, blocks.channels // blocks.planes
            planes = []
            for plane in range(blocks.planes):
                first = (plane * bands + band) * columns
                row = [_block(file, place, shape, blocks) for place in blocks.places[first : first + columns]]
                whole = [samples for samples in row if samples is not None]
                if len(whole) < columns:
                    yield None
                    return
                planes.append(np.concatenate(whole, axis=1)[:left, : blocks.width])
            samples = np.concatenate(planes, axis=2)
            yield 65_535 - samples if blocks.white_is_zero else samples


def _block(file: BinaryIO, place: tuple[int, int], shape: tuple[int, int, int], blocks: _Blocks) -> npt.NDArray[np.uint16] | None:
    """The samples of one block, (rows, columns, channels) as in `shape`; None where they are not all there."""
    offset, size = place
    file.seek(offset)
    needed = int(np.prod(shape)) * 2
    data = blocks.unpacked(file.read(size), needed)
    if len(data) < needed:
        return None
    samples = np.frombuffer(data, f"{blocks.order}u2").astype(np.uint16).reshape(shape)
    return np.cumsum(samples, axis=1, dtype=np.uint16) if blocks.differences else samples


def _filtered(samples: npt.NDArray[np.uint16]) -> bytes:
    """Rows of big-endian samples as a PNG filters them."""
    height, width, channels = samples.shape
    raw = samples.astype(">u2").view(np.uint8).reshape(height, width * channels * 2)
    rows = np.empty((height, 1 + raw.shape[1]), np.uint8)
    rows[:, 0] = _SUB
    rows[:, 1:] = raw
    rows[:, 1 + 2 * channels :] -= raw[:, : -2 * channels]
    return rows.tobytes()
