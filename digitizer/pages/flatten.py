"""Finds bent rows: the sheet curls into the gutter, lies in waves, or was photographed at an angle without visible edges.

Narrow upright strips of the page are compared. At each height the rows of one strip lie some px below those of the other. One
smooth field of displacements is fitted to all these steps, so that single words and signatures do not count.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from digitizer.model import Floats, Pixels

# px are those of the small copy, 120 to the inch

#: width of a strip, px
_STRIP_PX = 20
#: height of the window that is compared at once, px
_WINDOW_PX = 120
#: greatest step of rows from one strip to the next, px
_STEP_PX = 4
#: distances, in strips, of the strips that are compared. Near ones show short bends, far ones keep errors from adding up
_APART = (1, 4, 12)
#: distance of the field's nodes across the page, px. It is small, because the bend at a gutter is short
_ACROSS_PX = 60
#: distance of the field's nodes down the page, px
_DOWN_PX = 350
#: stiffness of the field across and down the page
_STIFF = (10.0, 6.0)
#: least rise and fall of bent rows, px: 0.4 mm
_LEAST_PX = 2.0
#: expected error of a step, px, because letters differ
_NOISE_PX = 0.8
#: least number of steps that are evidence
_LEAST_SEEN = 60
#: least share of steps that agree with the field
_AGREE = 0.5
#: a page is flat when its rows step by less than this, px, over the farthest strips
_FLAT_PX = 0.6


def find_bend(ink: Pixels) -> Floats | None:
    """The displacement down from a flat page, (rows, columns) px. Nodes are evenly spread, the outer ones on the corners.

    `ink`: (h, w) mask of a level page. None when rows are straight or too few. Each row of the field has the mean 0, so that the
    page as a whole does not move.
    """
    height, width = ink.shape
    if height < 3 * _WINDOW_PX or width < 12 * _STRIP_PX:
        return None
    profiles = _profiles(ink)
    far = _steps(profiles, _APART[-1])
    shape = max(3, round(height / _DOWN_PX) + 1), max(5, round(width / _ACROSS_PX) + 1)
    extent = float(height), width / _STRIP_PX
    # most pages are flat, and the farthest strips alone show it
    if len(far) and np.percentile(abs(far[:, 3]), 95) < _FLAT_PX:
        return None
    if len(far) >= _LEAST_SEEN and _reach(_fitted(far, shape, extent)) < _FLAT_PX:
        return None
    seen = np.concatenate([far, *(_steps(profiles, apart) for apart in _APART[:-1])])
    if len(seen) < _LEAST_SEEN:
        return None
    fitted = _fitted(seen, shape, extent)
    return fitted[0] if _reach(fitted) >= _LEAST_PX and fitted[2].mean() >= _AGREE else None


def _reach(fitted: tuple[Floats, Floats, npt.NDArray[np.bool_]]) -> float:
    """Rise and fall of the rows, px, in the result of `_fitted`. Only places with steps that agree count."""
    _, shift, agree = fitted
    low, high = np.percentile(shift[agree], (2, 98)) if agree.any() else (0.0, 0.0)
    return float(high - low)


def _profiles(ink: Pixels) -> npt.NDArray[np.float32]:
    """(h, n) share of ink of each of n strips at each height, blurred."""
    count = ink.shape[1] // _STRIP_PX
    strips = cv2.resize(ink[:, : count * _STRIP_PX], (count, ink.shape[0]), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    soft: npt.NDArray[np.float32] = cv2.GaussianBlur(strips, (1, 9), sigmaX=0.1, sigmaY=1.3)
    return soft


def _steps(profiles: npt.NDArray[np.float32], apart: int) -> Floats:
    """Steps of rows between strips, (N, 5): height px, left strip, right strip, step down px, weight."""
    left, right = profiles[:, :-apart], profiles[:, apart:]
    reach = min(_STEP_PX * apart, 10)
    lags = np.arange(-reach, reach + 1)
    # the local mean says nothing about rows
    left, right = (np.asarray(p - cv2.blur(p, (1, _WINDOW_PX))) for p in (left, right))
    shifted = np.concatenate([right[-reach:], right, right[:reach]])
    match = np.stack([_windows(left, shifted[reach + lag :]) for lag in lags])
    at = _WINDOW_PX // 2 * np.arange(1, match.shape[1] + 1)
    power = np.sqrt(_windows(left, left) * _windows(right, right)) + 1e-4 * _WINDOW_PX
    match /= power
    best = match[1:-1].argmax(axis=0) + 1
    rows, columns = np.indices(best.shape)
    top = match[best, rows, columns]
    before, after = match[best - 1, rows, columns], match[best + 1, rows, columns]
    step = lags[best] + 0.5 * (before - after) / np.minimum(before - 2 * top + after, -1e-6)
    good = (top > 0.35) & (before < top) & (after < top)
    return np.column_stack([at[rows[good]], columns[good], columns[good] + apart, step[good], top[good]]).astype(np.float64)


def _windows(one: npt.NDArray[np.float32], other: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """(n, columns) sums of the products of `one` and `other`, (h, columns), over windows that overlap by half."""
    half = _WINDOW_PX // 2
    count = len(one) // half
    one, other = (v[: count * half].reshape(count, half, -1) for v in (one, other))
    blocks = np.einsum("nhc,nhc->nc", one, other)
    sums: npt.NDArray[np.float32] = blocks[:-1] + blocks[1:]
    return sums


def _fitted(seen: Floats, shape: tuple[int, int], extent: tuple[float, float]) -> tuple[Floats, Floats, npt.NDArray[np.bool_]]:
    """(field (rows, columns) of `shape`, its value at each step, which steps agree with it), fitted to the steps `seen`.

    `extent`: (height of the page in px, its width in strips).
    """
    y = seen[:, 0] / extent[0] * (shape[0] - 1)
    left, right = ((seen[:, k] + 0.5) / extent[1] * (shape[1] - 1) for k in (1, 2))
    ends = _weights(right, y, shape)
    design = ends - _weights(left, y, shape)
    smooth, weight = _smoothness(shape), seen[:, 4].copy()
    field: Floats = np.zeros(shape[0] * shape[1])
    for _ in range(3):
        scaled = design * weight[:, None]
        field = np.asarray(np.linalg.solve(scaled.T @ design + smooth, scaled.T @ seen[:, 3]), np.float64)
        off = (seen[:, 3] - design @ field) / _NOISE_PX
        weight = seen[:, 4] / (1 + off**2) ** 2
    bend = field.reshape(shape)
    bend = bend - bend.mean(axis=1, keepdims=True)
    return bend, np.asarray(ends @ bend.ravel()), abs(off) < 1.5


def _weights(x: Floats, y: Floats, shape: tuple[int, int]) -> Floats:
    """(N, rows * columns) bilinear weights of the nodes at (x, y), which are in units of nodes."""
    down = np.maximum(0, 1 - abs(y[:, None] - np.arange(shape[0])))
    across = np.maximum(0, 1 - abs(x[:, None] - np.arange(shape[1])))
    return np.asarray((down[:, :, None] * across[:, None, :]).reshape(len(x), -1))


def _smoothness(shape: tuple[int, int]) -> Floats:
    """The quadratic form of second differences across and first differences down. A small ridge keeps it solvable."""
    across = np.kron(np.eye(shape[0]), np.diff(np.eye(shape[1]), 2, axis=0))
    down = np.kron(np.diff(np.eye(shape[0]), axis=0), np.eye(shape[1]))
    return np.asarray(_STIFF[0] * across.T @ across + _STIFF[1] * down.T @ down + 1e-3 * np.eye(shape[0] * shape[1]))
