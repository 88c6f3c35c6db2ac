"""Bytes -> Scan -> upright Pages."""

from digitizer.pages.embedded_text import find_embedded_text
from digitizer.pages.load import Inspection, ScanFile, sniff
from digitizer.pages.quality import grade
from digitizer.pages.straighten import straighten

__all__ = ["Inspection", "ScanFile", "find_embedded_text", "grade", "sniff", "straighten"]
