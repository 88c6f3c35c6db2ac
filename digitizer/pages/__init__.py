"""Bytes -> Scan -> upright Pages."""

from digitizer.pages.embedded_text import find_embedded_text
from digitizer.pages.load import Inspection, ScanFile, inspect, load, sniff
from digitizer.pages.straighten import straighten

__all__ = ["Inspection", "ScanFile", "find_embedded_text", "inspect", "load", "sniff", "straighten"]
