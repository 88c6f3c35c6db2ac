"""Places and maps between planes of pixels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Box:
    """An axis-parallel rectangle, px. Raises ValueError unless x0 <= x1 and y0 <= y1."""

    x0: float
    y0: float
    x1: float
    y1: float

    def __post_init__(self) -> None:
        if not (self.x0 <= self.x1 and self.y0 <= self.y1):
            raise ValueError(f"box is inside out: {self.x0}, {self.y0}, {self.x1}, {self.y1}")

    @property
    def width(self) -> float:
        """Horizontal extent, px."""
        return self.x1 - self.x0

    @property
    def height(self) -> float:
        """Vertical extent, px."""
        return self.y1 - self.y0

    @property
    def centre(self) -> tuple[float, float]:
        """Middle point (x, y)."""
        return (self.x0 + self.x1) / 2, (self.y0 + self.y1) / 2


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Warp:
    """A map between two pixel planes: a homography, then an optional displacement.

    `homography`: (3, 3) float64, acts on column vectors (x, y, 1).
    `grid`: (h, w, 2) float64 or None. Displacement in px of the target plane, added after the homography. It is sampled
    bilinearly over the source plane of `size` = (width, height) px, corners on corners.
    """

    homography: Floats
    grid: Floats | None = None
    #: (width, height) of the source plane, px. Required with a grid.
    size: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        if self.homography.shape != (3, 3):
            raise ValueError(f"homography has shape {self.homography.shape}, not (3, 3)")
        if self.grid is not None and (self.size is None or self.grid.ndim != 3 or self.grid.shape[2] != 2):
            raise ValueError("a displacement grid needs shape (h, w, 2) and a size")

    @classmethod
    def identity(cls) -> Warp:
        """The map that changes nothing."""
        return cls(homography=np.eye(3))

    def points(self, xy: Floats) -> Floats:
        """Maps points. `xy`: (N, 2) float px. Returns (N, 2)."""
        xy = np.asarray(xy, dtype=np.float64).reshape(-1, 2)
        mapped = _mapped(self.homography, xy)
        return mapped if self.grid is None else mapped + self._displacement(xy)

    def back(self, xy: Floats) -> Floats:
        """Maps points of the target plane, (N, 2) float px, to the source plane: the inverse of `points`, grid or not."""
        way = np.asarray(np.linalg.inv(self.homography), dtype=np.float64)
        xy = np.asarray(xy, dtype=np.float64).reshape(-1, 2)
        found = _mapped(way, xy)
        # the displacement changes slowly, so a few rounds are exact to a hundredth of a px
        for _ in range(0 if self.grid is None else 8):
            found = _mapped(way, xy - self._displacement(found))
        return found

    def _displacement(self, xy: Floats) -> Floats:
        assert self.grid is not None
        assert self.size is not None
        rows, columns = self.grid.shape[:2]
        gx = np.clip(xy[:, 0] / max(self.size[0], 1) * (columns - 1), 0, columns - 1)
        gy = np.clip(xy[:, 1] / max(self.size[1], 1) * (rows - 1), 0, rows - 1)
        x0, y0 = np.minimum(gx.astype(int), max(columns - 2, 0)), np.minimum(gy.astype(int), max(rows - 2, 0))
        x1, y1 = np.minimum(x0 + 1, columns - 1), np.minimum(y0 + 1, rows - 1)
        fx, fy = (gx - x0)[:, None], (gy - y0)[:, None]
        top = self.grid[y0, x0] * (1 - fx) + self.grid[y0, x1] * fx
        bottom = self.grid[y1, x0] * (1 - fx) + self.grid[y1, x1] * fx
        blended: Floats = top * (1 - fy) + bottom * fy
        return blended

    def inverse(self) -> Warp:
        """The inverse of a pure homography. Raises ValueError for a map with a grid."""
        if self.grid is not None:
            raise ValueError("a displacement grid has no closed inverse")
        inverted: Floats = np.linalg.inv(self.homography).astype(np.float64)
        return Warp(homography=inverted)


def _mapped(homography: Floats, xy: Floats) -> Floats:
    """(N, 2) points through a (3, 3) homography."""
    homogeneous = np.column_stack([xy, np.ones(len(xy))]) @ homography.T
    mapped: Floats = homogeneous[:, :2] / homogeneous[:, 2:]
    return mapped
