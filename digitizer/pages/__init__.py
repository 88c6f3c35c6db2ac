"""Bytes -> Scan -> upright Pages."""

from digitizer.pages.load import Inspection, inspect, load
from digitizer.pages.straighten import straighten

__all__ = ["Inspection", "inspect", "load", "straighten"]
