"""What years and scanners do to a sheet: stains, holes, folds, a wavy page, the turn on the glass, light, noise.

The geometry is known exactly: `Turn.points` takes px of the drawn sheet to px of the scan, `Turn.inverse` back.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from training.drawing.paper import Sheet

Pixels = NDArray[np.uint8]
LEVELS = ("clean", "office", "hard")
#: what an effect is called in truth files -> how likely it is on an office and on a hard scan
CHANCES = {
    "yellowed paper": (0.25, 0.55),
    "show-through": (0.15, 0.55),
    "faded ink": (0.08, 0.35),
    "stains": (0.1, 0.6),
    "fold": (0.25, 0.5),
    "punched holes": (0.35, 0.5),
    "wavy sheet": (0.0, 0.6),
    "black border": (0.0, 0.7),
    "uneven light": (0.1, 0.8),
    "grey photocopy": (0.08, 0.15),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """From a drawn sheet to its scan.

    A sheet point s lies at q on the flattened page where `q + wave(q) = s`. `matrix` takes q to the scan.
    """

    matrix: NDArray[np.float64]
    #: amplitude px, wavelength px and phase of the waves that shift x (along y) and y (along x)
    waves: tuple[tuple[float, float, float], tuple[float, float, float]] = ((0.0, 1.0, 0.0), (0.0, 1.0, 0.0))
    #: x of the gutter, depth and reach of the bend there, px
    gutter: tuple[float, float, float] | None = None

    def points(self, xy: NDArray[np.float64]) -> NDArray[np.float64]:
        """Points `(n, 2)` px of the sheet as px of the scan."""
        flat = np.asarray(xy, np.float64)
        target = flat
        for _ in range(12):
            flat = target - self.wave(flat)
        return _apply(self.matrix, flat)

    def inverse(self, xy: NDArray[np.float64]) -> NDArray[np.float64]:
        """Points `(n, 2)` px of the scan as px of the sheet."""
        flat = _apply(np.linalg.inv(self.matrix), np.asarray(xy, np.float64))
        return flat + self.wave(flat)

    def wave(self, flat: NDArray[np.float64]) -> NDArray[np.float64]:
        """How far the sheet's point lies from the flat one, px."""
        (ax, lx, px), (ay, ly, py) = self.waves
        dx = ax * np.sin(2 * np.pi * flat[..., 1] / lx + px)
        dy = ay * np.sin(2 * np.pi * flat[..., 0] / ly + py)
        if self.gutter is not None:
            middle, depth, reach = self.gutter
            dy = dy + depth * np.exp(-np.abs(flat[..., 0] - middle) / reach)
        return np.stack((dx, dy), axis=-1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scanned:
    """One scan. `skew_deg`: clockwise turn of the sheet. `rotation`: a further clockwise turn by 0, 90, 180 or 270."""

    pixels: Pixels
    dpi: int
    level: str
    skew_deg: float
    rotation: int
    turn: Turn
    effects: tuple[str, ...]
    #: JPEG quality such a scanner is set to
    quality: int


def scan(
    sheet: Sheet,
    rng: np.random.Generator,
    level: str,
    *,
    rotation: int = 0,
    skew_deg: float | None = None,
    effects: tuple[str, ...] | None = None,
    gutter: bool = False,
) -> Scanned:
    """Scan a sheet.

    Args:
        sheet: what was drawn. It stays as it is.
        rng: source of every choice.
        level: clean, office or hard.
        rotation: clockwise turn of the whole image: 0, 90, 180, 270.
        skew_deg: clockwise turn of the sheet, else drawn for the level.
        effects: names of `CHANCES`, else drawn for the level.
        gutter: the sheet is an open book, bent and dark along its middle.
    """
    skew = skew_deg if skew_deg is not None else _skew(rng, level)
    skew = round(float(skew), 2)
    chosen = effects if effects is not None else _choose(rng, level)
    page = sheet.pixels.copy()
    for name, age in AGEING.items():
        if name in chosen:
            page = age(page, rng, sheet.px(1))
    turn, size, lid = _placing(sheet, rng, level, skew, chosen, gutter)
    holes = punch_holes(page, rng, sheet.px(1)) if "punched holes" in chosen else None
    image = _lay_on_glass(page, turn, size, lid, holes)
    image = _light(image, rng, level, chosen, turn, gutter)
    names = (*chosen, *(("gutter shadow",) if gutter else ()))
    return _turned(
        image,
        sheet,
        level,
        skew,
        rotation,
        turn,
        names,
        int(rng.integers(*{"clean": (80, 86), "office": (66, 76), "hard": (46, 60)}[level])),
    )


def box_quads(turn: Turn, boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Boxes `(n, 4)` of the sheet as quadrangles `(n, 4, 2)` of the scan, from the left upper corner clockwise."""
    corners = boxes[:, [[0, 1], [2, 1], [2, 3], [0, 3]]]
    return turn.points(corners.reshape(-1, 2)).reshape(-1, 4, 2)


def yellow(page: Pixels, rng: np.random.Generator, mm: float) -> Pixels:
    """Old paper: warm, darker towards its edges."""
    height, width = page.shape[:2]
    tone = np.array((1.0, rng.uniform(0.93, 0.97), rng.uniform(0.78, 0.87)), np.float32) * np.float32(rng.uniform(0.88, 0.97))
    y, x = np.linspace(-1, 1, height, dtype=np.float32)[:, None], np.linspace(-1, 1, width, dtype=np.float32)[None]
    edge = 1 - 0.06 * np.maximum(np.abs(x), np.abs(y)) ** 6
    return _scaled(page, tone * (edge * _clouds(rng, (height, width), 40 * mm, 0.03))[:, :, None])


def show_through(page: Pixels, rng: np.random.Generator, mm: float) -> Pixels:
    """The other side of the leaf, mirrored, soft and pale."""
    # any other text would do: the sheet's own, moved far enough that nobody takes it for the same
    back = np.roll(page[:, ::-1], (round(rng.uniform(20, 120) * mm), round(rng.uniform(-9, 9) * mm)), axis=(0, 1))
    soft = cv2.GaussianBlur(cv2.cvtColor(np.ascontiguousarray(back), cv2.COLOR_RGB2GRAY), (0, 0), 0.22 * mm).astype(np.float32)
    dark = np.clip((float(np.median(soft)) - soft) / 255, 0, 1) * np.float32(rng.uniform(0.10, 0.22))
    return _scaled(page, (1 - dark)[:, :, None])


def fade(page: Pixels, rng: np.random.Generator, mm: float) -> Pixels:
    """Ink gone pale, unevenly."""
    paper = np.median(page.reshape(-1, 3)[::997], axis=0).astype(np.float32)
    left = np.float32(rng.uniform(0.5, 0.72)) * _clouds(rng, page.shape[:2], 30 * mm, 0.12)[:, :, None]
    return np.clip(paper + (page - paper) * left, 0, 255).astype(np.uint8)


def stain(page: Pixels, rng: np.random.Generator, mm: float) -> Pixels:
    """Water and tea: pale patches with a darker rim."""
    height, width = page.shape[:2]
    for _ in range(int(rng.integers(1, 4))):
        mask = np.zeros((height // 4, width // 4), np.uint8)
        middle = rng.uniform(0, 1, 2) * (width / 4, height / 4)
        angles = np.linspace(0, 2 * np.pi, 40, endpoint=False)
        radius = rng.uniform(5, 17) * mm / 4 * (1 + 0.18 * np.sin(angles * 3 + rng.uniform(0, 6)) + rng.normal(0, 0.03, 40))
        outline = np.stack((np.cos(angles), np.sin(angles)), axis=1) * radius[:, None] + middle
        cv2.fillPoly(mask, [np.round(outline).astype(np.int32)], 255)
        whole = cv2.GaussianBlur(mask, (0, 0), 1.5).astype(np.float32) / 255
        rim = np.clip(whole - cv2.GaussianBlur(whole, (0, 0), 4), 0, 1) * 1.6
        cover = cv2.resize(np.clip(0.35 * whole + rim, 0, 1), (width, height), interpolation=cv2.INTER_LINEAR)[:, :, None]
        colour = np.array((0.80, 0.66, 0.44), np.float32)
        page = _scaled(page, 1 - cover * (1 - colour) * np.float32(rng.uniform(0.35, 0.7)))
    return page


def fold(page: Pixels, rng: np.random.Generator, mm: float) -> Pixels:
    """Creases: a bright ridge beside a dark one, and worn ink along them."""
    height, width = page.shape[:2]
    for level in (True, False) if rng.random() < 0.35 else (bool(rng.random() < 0.75),):
        length, across = (width, height) if level else (height, width)
        middle = across * rng.uniform(0.44, 0.56) + np.linspace(-1, 1, length) * rng.uniform(-1, 1) * mm
        away = (np.arange(across)[:, None] - middle[None]).astype(np.float32) / mm
        shade = (
            1
            + 0.05 * np.exp(-((away + 0.5) ** 2) / 0.35)
            - 0.13 * np.exp(-((away - 0.3) ** 2) / 0.25)
            - 0.035 * np.exp(-np.abs(away) / 9)
        )
        page = _scaled(page, (shade if level else shade.T)[:, :, None])
    return page


def blank_back(sheet: Sheet, rng: np.random.Generator) -> Sheet:
    """The empty other side of a sheet: what shines through of its front."""
    back = Sheet((1, 1), sheet.dpi)
    soft = cv2.GaussianBlur(
        cv2.cvtColor(np.ascontiguousarray(sheet.pixels[:, ::-1]), cv2.COLOR_RGB2GRAY), (0, 0), 0.25 * sheet.px(1)
    )
    dark = (255 - soft.astype(np.float32)) / 255 * np.float32(rng.uniform(0.05, 0.09))
    back.pixels = _scaled(np.full_like(sheet.pixels, 250), (1 - dark)[:, :, None])
    return back


#: effects on the sheet itself, in the order they happen
AGEING: dict[str, Callable[[Pixels, np.random.Generator, float], Pixels]] = {
    "faded ink": fade,
    "show-through": show_through,
    "yellowed paper": yellow,
    "stains": stain,
    "fold": fold,
}


def punch_holes(page: Pixels, rng: np.random.Generator, mm: float) -> NDArray[np.uint8]:
    """Two holes of a file punch near the left edge, with the shadow of their rim. Returns where paper is missing, 255."""
    holes = np.zeros(page.shape[:2], np.uint8)
    x, middle = rng.uniform(9, 13) * mm, page.shape[0] / 2 + rng.uniform(-8, 8) * mm
    for y in (middle - 40 * mm, middle + 40 * mm):
        place = (round(x + rng.uniform(-0.5, 0.5) * mm), round(y))
        cv2.circle(
            page, (place[0] + round(0.35 * mm), place[1] + round(0.4 * mm)), round(3.1 * mm), (128, 124, 118), -1, cv2.LINE_AA
        )
        cv2.circle(holes, place, round(2.9 * mm), 255, -1, cv2.LINE_AA)
    return holes


def _choose(rng: np.random.Generator, level: str) -> tuple[str, ...]:
    if level == "clean":
        return ()
    column = LEVELS.index(level) - 1
    return tuple(name for name, chances in CHANCES.items() if rng.random() < chances[column])


def _skew(rng: np.random.Generator, level: str) -> float:
    reach = {"clean": 0.35, "office": 2.4, "hard": 5.0}[level]
    return float(rng.uniform(-reach, reach))


def _placing(
    sheet: Sheet,
    rng: np.random.Generator,
    level: str,
    skew: float,
    chosen: tuple[str, ...],
    gutter: bool,
) -> tuple[Turn, tuple[int, int], int]:
    """Where the sheet lies on the glass, the size of the scan and the grey of the lid."""
    mm, black = sheet.px(1), "black border" in chosen
    margin = rng.uniform(8, 16) * mm if black else rng.uniform(2, 6) * mm if level != "clean" else 0.0
    size = (round(sheet.width + 2 * margin), round(sheet.height + 2 * margin))
    angle = np.radians(skew)
    cos, sin = np.cos(angle), np.sin(angle)
    shift = rng.uniform(-1, 1, 2) * mm * (0.5 if level == "clean" else 1.5)
    about = np.array(((cos, -sin, 0), (sin, cos, 0), (0, 0, 1)))
    matrix = _moved(size[0] / 2 + shift[0], size[1] / 2 + shift[1]) @ about @ _moved(-sheet.width / 2, -sheet.height / 2)
    waves = ((0.0, 1.0, 0.0), (0.0, 1.0, 0.0))
    if "wavy sheet" in chosen:
        waves = (
            (rng.uniform(0.1, 0.5) * mm, rng.uniform(120, 260) * mm, rng.uniform(0, 6)),
            (rng.uniform(0.4, 1.1) * mm, rng.uniform(110, 240) * mm, rng.uniform(0, 6)),
        )
    bend = (sheet.width / 2, float(rng.uniform(1.0, 2.6) * mm), float(rng.uniform(12, 22) * mm)) if gutter else None
    return (
        Turn(matrix=matrix, waves=waves, gutter=bend),
        size,
        int(rng.integers(16, 44)) if black else int(rng.integers(247, 255)),
    )


def _lay_on_glass(page: Pixels, turn: Turn, size: tuple[int, int], lid: int, holes: NDArray[np.uint8] | None) -> Pixels:
    """The page seen through the glass. Where there is no paper, the lid shows."""
    if holes is not None:
        page = (page + (lid - page.astype(np.float32)) * (holes[:, :, None] / np.float32(255))).astype(np.uint8)
    columns, rows = np.meshgrid(np.arange(size[0], dtype=np.float64), np.arange(size[1], dtype=np.float64))
    inverse = np.linalg.inv(turn.matrix)
    flat = np.stack(
        (
            inverse[0, 0] * columns + inverse[0, 1] * rows + inverse[0, 2],
            inverse[1, 0] * columns + inverse[1, 1] * rows + inverse[1, 2],
        ),
        axis=-1,
    )
    source = (flat + turn.wave(flat)).astype(np.float32)
    return cv2.remap(
        page, source[..., 0], source[..., 1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_CONSTANT, borderValue=(lid, lid, lid)
    )


def _light(image: Pixels, rng: np.random.Generator, level: str, chosen: tuple[str, ...], turn: Turn, gutter: bool) -> Pixels:
    height, width = image.shape[:2]
    if gutter and turn.gutter is not None:
        middle = float(turn.points(np.array([[turn.gutter[0], height / 2]]))[0, 0])
        away = (np.arange(width, dtype=np.float32) - middle) / turn.gutter[2]
        image = _scaled(image, (1 - np.float32(rng.uniform(0.3, 0.5)) * np.exp(-(away**2) * 2.2))[None, :, None])
    if "uneven light" in chosen:
        slope = rng.uniform(-0.13, 0.13, 2)
        y, x = np.linspace(-1, 1, height, dtype=np.float32)[:, None], np.linspace(-1, 1, width, dtype=np.float32)[None]
        image = _scaled(image, (np.float32(0.93) + np.float32(slope[0]) * x + np.float32(slope[1]) * y)[:, :, None])
    if "grey photocopy" in chosen:
        grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32)
        image = np.repeat(np.clip((grey - 60) * 1.32, 0, 255).astype(np.uint8)[:, :, None], 3, axis=2)
    blur = {"clean": 0.3, "office": 0.45, "hard": 0.65}[level] + rng.uniform(0, 0.15)
    image = cv2.GaussianBlur(image, (0, 0), blur)
    grain = np.float32({"clean": 0.7, "office": 1.5, "hard": 2.6}[level])
    noise = grain * rng.standard_normal(image.shape[:2], np.float32)
    return np.clip(image + noise[:, :, None], 0, 255).astype(np.uint8)


def _turned(
    image: Pixels, sheet: Sheet, level: str, skew: float, rotation: int, turn: Turn, names: tuple[str, ...], quality: int
) -> Scanned:
    height, width = image.shape[:2]
    quarter = {
        0: np.eye(3),
        90: np.array(((0, -1, height - 1), (1, 0, 0), (0, 0, 1))),
        180: np.array(((-1, 0, width - 1), (0, -1, height - 1), (0, 0, 1))),
        270: np.array(((0, 1, 0), (-1, 0, width - 1), (0, 0, 1))),
    }[rotation]
    moved = Turn(matrix=quarter @ turn.matrix, waves=turn.waves, gutter=turn.gutter)
    return Scanned(
        pixels=np.ascontiguousarray(np.rot90(image, -rotation // 90)),
        dpi=sheet.dpi,
        level=level,
        skew_deg=skew,
        rotation=rotation,
        turn=moved,
        effects=names,
        quality=quality,
    )


def _clouds(rng: np.random.Generator, shape: tuple[int, int], cell_px: float, strength: float) -> NDArray[np.float32]:
    """A smooth field around 1."""
    grid = (max(2, round(shape[0] / cell_px)), max(2, round(shape[1] / cell_px)))
    field = cv2.resize(rng.normal(0, strength, grid).astype(np.float32), shape[::-1], interpolation=cv2.INTER_CUBIC)
    return 1 + field


def _scaled(page: Pixels, factor: NDArray[np.float32]) -> Pixels:
    return np.clip(page * factor, 0, 255).astype(np.uint8)


def _moved(x: float, y: float) -> NDArray[np.float64]:
    return np.array(((1, 0, x), (0, 1, y), (0, 0, 1)))


def _apply(matrix: NDArray[np.float64], xy: NDArray[np.float64]) -> NDArray[np.float64]:
    return xy @ matrix[:2, :2].T + matrix[:2, 2]
