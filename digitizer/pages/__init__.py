"""Bytes -> Scan -> upright Pages."""

from digitizer.pages.load import Inspection, ScanFile, inspect, load, sniff
from digitizer.pages.owntext import own_text
from digitizer.pages.straighten import straighten

__all__ = ["Inspection", "ScanFile", "inspect", "load", "own_text", "sniff", "straighten"]
