"""Settles which way up a sheet is. A part of it is read each way up.

This serves sheets whose lines do not tell it plainly.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import cv2
import numpy as np

from digitizer.model import Floats, Pixels
from digitizer.pages.canvas import Canvas, resample, trim, upright
from digitizer.pages.ink import Copies
from digitizer.pages.orientation import Pose

#: reads a picture, (H, W, 3) uint8 RGB: how well its letters are read, 0-1
Reads = Callable[[Pixels], float]

#: side of the part that is read, as a share of the longer side of the sheet
_PART = 0.3
#: from so much on letters are read well
_WELL = 0.88
#: from so much on no other way up is tried
_PLAINLY = 0.95
#: another way up must be read better by so much
_BETTER = 0.04


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """How a sheet lies, and whether it is seen from behind."""

    pose: Pose
    mirrored: bool = False


def settle(now: Pose, others: Mapping[int, Pose], show: Callable[[Pose], Pixels], reads: Reads) -> Turn:
    """The way up that is read best.

    `now` is kept without evidence. `others`: a pose for each rotation. `show`: a part of the sheet as it is in a pose.
    """
    poses = {now.rotation: now, **{rotation: pose for rotation, pose in others.items() if rotation != now.rotation}}
    parts: dict[int, Pixels] = {}
    read: dict[int, float] = {}
    for rotation, pose in poses.items():
        parts[rotation] = show(pose)
        read[rotation] = reads(parts[rotation])
        if read[rotation] >= _PLAINLY:
            return Turn(pose=_sure(pose))
    best = max(read, key=lambda rotation: read[rotation])
    if read[best] >= _WELL and (best == now.rotation or read[best] >= read[now.rotation] + _BETTER):
        return Turn(pose=_sure(poses[best]))
    behind = {rotation: reads(np.ascontiguousarray(part[:, ::-1])) for rotation, part in parts.items()}
    reverse = max(behind, key=lambda rotation: behind[rotation])
    if behind[reverse] >= max(_WELL, read[best] + _BETTER):
        return Turn(pose=_sure(poses[reverse]), mirrored=True)
    return Turn(pose=now)


def _sure(pose: Pose) -> Pose:
    return Pose(skew_deg=pose.skew_deg, rotation=pose.rotation, skew_sure=pose.skew_sure, rotation_sure=True)


def part_of(scan: Copies, plane: Canvas, corners: Floats, pose: Pose) -> Pixels:
    """What lies within `corners`, (4, 2) px of the scan, seen upright in a pose."""
    return resample(scan, trim(upright(plane, pose), corners))


def fullest(letters: Pixels) -> tuple[float, float, float, float]:
    """(x0, y0, x1, y1) of the part of a mask that holds most of it, as shares of its sides."""
    height, width = letters.shape
    side = max(1, round(_PART * max(height, width)))
    wide, high = min(width, side), min(height, side)
    held = cv2.integral(cv2.compare(letters, 0, cv2.CMP_GT) // 255)
    sums = held[high:, wide:] - held[:-high, wide:] - held[high:, :-wide] + held[:-high, :-wide]
    y, x = np.unravel_index(int(np.argmax(sums)), sums.shape)
    return float(x) / width, float(y) / height, float(x + wide) / width, float(y + high) / height
