"""Reading order. (contract; body to come)"""

from __future__ import annotations

from collections.abc import Sequence

from digitizer.model import Line


def reading_order(lines: Sequence[Line]) -> tuple[Line, ...]:
    """`lines` as a person would read them: columns left to right, rows top to bottom."""
    raise NotImplementedError
