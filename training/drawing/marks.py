"""What hands and stamps leave beside text: signatures, ticks, strokes through a record, round seals, the emblem."""

from __future__ import annotations

import cv2
import numpy as np
from PIL import Image, ImageDraw

from training.drawing.fonts import FontFile, Fonts
from training.drawing.ink import Mask, Stroke

SCALE = 3


def signature(rng: np.random.Generator, width_px: float) -> Stroke:
    """A scrawl: an initial loop, then strokes that flatten out, often with a stroke below."""
    turns = rng.uniform(2.5, 5.5)
    t = np.linspace(0, 1, 90)
    swing = 2 * np.pi * turns * t ** rng.uniform(0.8, 1.25)
    loop = rng.uniform(0.02, 0.09) * np.sin(swing + rng.uniform(1.0, 2.2))
    height = (
        rng.uniform(0.11, 0.19)
        * (1 - 0.75 * t ** rng.uniform(0.4, 1.2))
        * (1 + 0.35 * np.sin(2 * np.pi * t * rng.uniform(0.7, 2.3)))
    )
    x = t + loop
    y = -height * np.sin(swing + rng.uniform(-0.6, 0.6)) - 0.05 * t + 0.03 * np.sin(7 * t + rng.uniform(0, 6))
    curves = [np.stack((x, y + 0.2 * rng.uniform(0, 0.5) * x), axis=1) * width_px]
    if rng.random() < 0.6:
        lead = np.array(((0.02, 0.16), (0.10, -0.22), (0.17, -0.26), (0.14, 0.05), (0.0, 0.10))) + rng.normal(0, 0.03, (5, 2))
        curves.append(_smooth(lead * width_px))
    if rng.random() < 0.45:
        drop = rng.uniform(0.12, 0.2) * width_px
        curves.append(_smooth(np.array(((0.75, 0.5), (0.3, 1.0), (0.15, 1.1), (0.6, 0.95), (1.05, 0.8))) * (width_px, drop)))
    return trace(curves, width_px * rng.uniform(0.011, 0.018), rng)


def tick(rng: np.random.Generator, size_px: float) -> Stroke:
    """A check mark or a cross, larger than its box."""
    wobble = rng.normal(0, 0.06, (5, 2))
    if rng.random() < 0.6:
        curves = [_smooth((np.array(((-0.1, 0.45), (0.2, 0.7), (0.35, 0.95), (0.7, 0.2), (1.15, -0.35))) + wobble) * size_px)]
    else:
        curves = [(np.array(((0, 0), (1, 1))) + wobble[:2]) * size_px, (np.array(((1, 0), (0, 1))) + wobble[2:4]) * size_px]
    return trace(curves, size_px * 0.13, rng)


def strike(rng: np.random.Generator, width_px: float, height_px: float) -> Stroke:
    """A long stroke from the lower left to the upper right, as through a cancelled record."""
    along = np.linspace(0, 1, 7)
    points = np.stack((along * width_px, (1 - along) * height_px + rng.normal(0, 0.008, 7) * height_px), axis=1)
    return trace([_smooth(points)], 0.0045 * width_px, rng)


def trace(curves: list[np.ndarray], width_px: float, rng: np.random.Generator) -> Stroke:
    """Curves, px, drawn with a pen whose width follows its speed."""
    points = np.concatenate(curves)
    x0, y0 = np.floor(points.min(axis=0) - 2 * width_px - 2).astype(int)
    x1, y1 = np.ceil(points.max(axis=0) + 2 * width_px + 2).astype(int)
    mask = np.zeros(((y1 - y0) * SCALE, (x1 - x0) * SCALE), np.uint8)
    for curve in curves:
        force = np.interp(np.linspace(0, 1, len(curve)), np.linspace(0, 1, 6), rng.uniform(0.7, 1.25, 6))
        scaled = np.round((curve - (x0, y0)) * SCALE).astype(int)
        for a, b, part in zip(scaled[:-1], scaled[1:], force, strict=False):
            cv2.line(mask, tuple(map(int, a)), tuple(map(int, b)), 255, max(1, round(width_px * SCALE * part)), cv2.LINE_AA)
    return Stroke(cv2.resize(mask, (x1 - x0, y1 - y0), interpolation=cv2.INTER_AREA), int(x0), int(y0))


def seal(fonts: Fonts, file: FontFile, words: str, diameter_px: float, rng: np.random.Generator) -> Mask:
    """A round seal as a square mask: two rings, words along them, a star. It is badly inked in places and turned a little."""
    side = round(diameter_px * 2)
    image = Image.new("L", (side, side))
    draw = ImageDraw.Draw(image)
    for radius, width in ((0.49, 0.018), (0.465, 0.006), (0.30, 0.007)):
        _ring(draw, side, radius, width)
    _letters_on_ring(image, fonts, file, words, radius=0.385)
    draw.polygon(star(side / 2, side / 2, 0.15 * side), fill=255)
    for angle in np.linspace(0.15 * np.pi, 0.85 * np.pi, 9):
        _dot(draw, side / 2 + 0.235 * side * np.cos(angle), side / 2 + 0.235 * side * np.sin(angle), 0.014 * side)
    mask = np.asarray(image.rotate(rng.uniform(-25, 25), Image.Resampling.BILINEAR))
    mask = cv2.resize(mask, (side // 2, side // 2), interpolation=cv2.INTER_AREA)
    return _inked_badly(mask, rng)


def emblem(diameter_px: float) -> Mask:
    """A simplified coat of arms: ring of ears, star, cogs. Square mask, twice too coarse to be mistaken for the real one."""
    side = round(diameter_px * SCALE)
    image = Image.new("L", (side, side))
    draw = ImageDraw.Draw(image)
    _ring(draw, side, 0.49, 0.02)
    _ring(draw, side, 0.34, 0.012)
    for angle in np.linspace(-0.2 * np.pi, 1.2 * np.pi, 25):
        x, y = side / 2 + 0.415 * side * np.cos(angle), side / 2 + 0.415 * side * np.sin(angle)
        draw.line(
            (x, y, x - 0.05 * side * np.cos(angle + 0.9), y - 0.05 * side * np.sin(angle + 0.9)),
            fill=255,
            width=max(1, side // 45),
        )
    draw.polygon(star(side / 2, 0.45 * side, 0.17 * side), fill=255)
    draw.arc((0.33 * side, 0.52 * side, 0.67 * side, 0.86 * side), 180, 360, fill=255, width=max(1, side // 28))
    return cv2.resize(np.asarray(image), (round(diameter_px), round(diameter_px)), interpolation=cv2.INTER_AREA)


def star(x: float, y: float, radius: float) -> list[tuple[float, float]]:
    """Corners of a five-pointed star."""
    angles = np.arange(10) * np.pi / 5 - np.pi / 2
    radii = np.where(np.arange(10) % 2, 0.382 * radius, radius)
    return [(float(x + r * np.cos(a)), float(y + r * np.sin(a))) for a, r in zip(angles, radii, strict=True)]


def _inked_badly(mask: Mask, rng: np.random.Generator) -> Mask:
    size = mask.shape[::-1]
    patches = cv2.resize(rng.uniform(0.25, 1.25, (5, 5)).astype(np.float32), size, interpolation=cv2.INTER_CUBIC)
    grain = cv2.resize(
        rng.uniform(0.45, 1.1, (size[1] // 2, size[0] // 2)).astype(np.float32), size, interpolation=cv2.INTER_LINEAR
    )
    return np.clip(mask * np.clip(patches, 0, 1) * np.clip(grain, 0, 1), 0, 255).astype(np.uint8)


def _letters_on_ring(image: Image.Image, fonts: Fonts, file: FontFile, words: str, radius: float) -> None:
    side = image.width
    face = fonts.face(file, round(0.075 * side))
    lengths = [0.06 * side if letter == "★" else max(face.getlength(letter), 0.02 * side) for letter in words]
    turn, total = -np.pi * 1.5, sum(lengths)
    for letter, length in zip(words, lengths, strict=True):
        turn += np.pi * length / total
        glyph = Image.new("L", (round(0.14 * side),) * 2)
        if letter == "★":
            ImageDraw.Draw(glyph).polygon(star(glyph.width / 2, glyph.height / 2, 0.03 * side), fill=255)
        else:
            ImageDraw.Draw(glyph).text((glyph.width / 2, glyph.height / 2), letter, fill=255, font=face, anchor="mm")
        glyph = glyph.rotate(-np.degrees(turn) - 90, Image.Resampling.BILINEAR)
        x, y = side / 2 + radius * side * np.cos(turn), side / 2 + radius * side * np.sin(turn)
        image.paste(255, (round(x - glyph.width / 2), round(y - glyph.height / 2)), glyph)
        turn += np.pi * length / total


def _ring(draw: ImageDraw.ImageDraw, side: int, radius: float, width: float) -> None:
    low, high = side * (0.5 - radius), side * (0.5 + radius)
    draw.ellipse((low, low, high, high), outline=255, width=max(1, round(width * side)))


def _dot(draw: ImageDraw.ImageDraw, x: float, y: float, radius: float) -> None:
    draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)


def _smooth(points: np.ndarray, steps: int = 12) -> np.ndarray:
    """Catmull-Rom curve through points `(n, 2)`."""
    padded = np.concatenate((points[:1], points, points[-1:]))
    t = np.linspace(0, 1, steps, endpoint=False)[:, None]
    pieces = []
    for a, b, c, d in zip(padded[:-3], padded[1:-2], padded[2:-1], padded[3:], strict=True):
        pieces.append(0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3))
    return np.concatenate((*pieces, points[-1:]))
