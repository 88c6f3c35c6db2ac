"""Rows that are bent: the sheet curls into the gutter, lies in waves, or was seen at an angle with no edge in sight.

Narrow upright strips of the page are compared with their neighbours: how far the rows of one lie below those of the other, at
each height. One smooth field of displacements is fitted to all of it, so a word here and a signature there do not count.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from digitizer.model import Floats, Pixels

#: width of a strip, and height of the window that is compared at once, px of the small copy (120 to the inch)
_STRIP_PX, _WINDOW_PX = 20, 120
#: how far rows may step from one strip to the next, px, and how many strips apart they are compared: near by for short bends, far
#: apart because small errors would add up
_STEP_PX, _APART = 4, (1, 4, 12)
#: distance of the nodes of the field, px: across, where the bend at a gutter is short, and down
_ACROSS_PX, _DOWN_PX = 60, 350
#: how stiff the field is across and down
_STIFF = (10.0, 6.0)
#: rows that rise and fall by less are as good as straight, px of the small copy: 0.4 mm
_LEAST_PX = 2.0
#: how far a step may be off, px: letters are not alike; fewer steps than so many, or a smaller share that agrees, are no evidence
_NOISE_PX, _LEAST_SEEN, _AGREE = 0.8, 60, 0.5
#: rows that step by less than this over the farthest strips, nearly all of them or in a field fitted to them, are straight, px
_FLAT_PX = 0.6


def find_bend(ink: Pixels) -> Floats | None:
    """How far below their place on a flat page things lie: (rows, columns) px, nodes spread evenly, corners on corners.

    `ink`: (h, w) mask of a level page. None where rows are straight, or too few to tell. The field adds up to nothing along each
    row: the page stays where it is.
    """
    height, width = ink.shape
    if height < 3 * _WINDOW_PX or width < 12 * _STRIP_PX:
        return None
    profiles = _profiles(ink)
    far = _steps(profiles, _APART[-1])
    shape = max(3, round(height / _DOWN_PX) + 1), max(5, round(width / _ACROSS_PX) + 1)
    extent = float(height), width / _STRIP_PX
    # most pages are flat: they are told by the strips farthest apart
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
    """How far rows rise and fall, px, by what `_fitted` gives; what the field is where nothing is written does not count."""
    _, shift, agree = fitted
    low, high = np.percentile(shift[agree], (2, 98)) if agree.any() else (0.0, 0.0)
    return float(high - low)


def _profiles(ink: Pixels) -> npt.NDArray[np.float32]:
    """(h, n) how much ink each of n strips has at each height, softened."""
    count = ink.shape[1] // _STRIP_PX
    strips = cv2.resize(ink[:, : count * _STRIP_PX], (count, ink.shape[0]), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    soft: npt.NDArray[np.float32] = cv2.GaussianBlur(strips, (1, 9), sigmaX=0.1, sigmaY=1.3)
    return soft


def _steps(profiles: npt.NDArray[np.float32], apart: int) -> Floats:
    """(N, 5) height px, left strip, right strip, step px, weight: where and how far rows step down between strips."""
    left, right = profiles[:, :-apart], profiles[:, apart:]
    reach = min(_STEP_PX * apart, 10)
    lags = np.arange(-reach, reach + 1)
    # what all heights have in common says nothing about rows
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
    """(n, columns) sums of the products of two, (h, columns) of `one`, over windows that overlap by half."""
    half = _WINDOW_PX // 2
    count = len(one) // half
    one, other = (v[: count * half].reshape(count, half, -1) for v in (one, other))
    blocks = np.einsum("nhc,nhc->nc", one, other)
    sums: npt.NDArray[np.float32] = blocks[:-1] + blocks[1:]
    return sums


def _fitted(seen: Floats, shape: tuple[int, int], extent: tuple[float, float]) -> tuple[Floats, Floats, npt.NDArray[np.bool_]]:
    """(field, what it is at each step, which steps agree with it): (rows, columns) of `shape`, that explains the steps `seen`.

    `extent`: height of the page in px, its width in strips.
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
    """(N, rows * columns) what each node counts for at (x, y) in units of nodes."""
    down = np.maximum(0, 1 - abs(y[:, None] - np.arange(shape[0])))
    across = np.maximum(0, 1 - abs(x[:, None] - np.arange(shape[1])))
    return np.asarray((down[:, :, None] * across[:, None, :]).reshape(len(x), -1))


def _smoothness(shape: tuple[int, int]) -> Floats:
    """The quadratic form of second differences across and of differences down; a trace of size keeps it solvable."""
    across = np.kron(np.eye(shape[0]), np.diff(np.eye(shape[1]), 2, axis=0))
    down = np.kron(np.diff(np.eye(shape[0]), axis=0), np.eye(shape[1]))
    return np.asarray(_STIFF[0] * across.T @ across + _STIFF[1] * down.T @ down + 1e-3 * np.eye(shape[0] * shape[1]))
