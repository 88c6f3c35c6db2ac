"""Scan -> upright Pages. (contract; body to come)"""

from __future__ import annotations

from digitizer.model import Page, Scan
from digitizer.settings import PageOptions


def straighten(scan: Scan, *, options: PageOptions) -> tuple[Page, ...]:
    """The pages on `scan`, upright and straight; a two-page spread gives two, left first."""
    raise NotImplementedError
