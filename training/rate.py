"""The learning rate of a training that has so many minutes: it rises for some steps, then falls as a cosine."""

from __future__ import annotations

import math

import torch

#: of the highest rate, what is left at the end
LEAST = 0.02


def set_rate(optimiser: torch.optim.Optimizer, highest: float, step: int, warm_up: int, passed: float) -> float:
    """Sets the rate for step number `step` when the share `passed` of the time is over. Returns its share of `highest`."""
    share = min(1.0, (step + 1) / warm_up) * (0.5 + 0.5 * math.cos(math.pi * passed)) * (1 - LEAST) + LEAST
    for group in optimiser.param_groups:
        group["lr"] = highest * share
    return share
