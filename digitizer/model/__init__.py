"""Every type that flows through the program. They import nothing else of ours, and all are imported from here.

Coordinates are px of the upright page, origin top-left, y down, unless a name says otherwise. Angles are degrees,
clockwise positive, and describe the scan, not its correction. Confidence is 0 to 1. Text is NFC.
Change a value with `dataclasses.replace`.
"""

from digitizer.model.documents import Document, Evidence, Field, Note, OtherReading, Record
from digitizer.model.letters import Lattice, Letter, Line, Word
from digitizer.model.pagetext import PageText
from digitizer.model.planes import Box, Floats, Pixels, Warp
from digitizer.model.problem import Problem
from digitizer.model.result import Artifact, Digitized, Receipt, Run
from digitizer.model.scan import (
    Cell,
    EmbeddedText,
    EmbeddedTextFate,
    Glyphs,
    Image16,
    Mark,
    Page,
    Quality,
    Ruling,
    Scan,
    Sheet,
    TextBeside,
    Tick,
)
from digitizer.model.states import IntakeState, Lane, PageState, RecordState, Verdict
from digitizer.model.submission import Intake, Source

__all__ = [
    "Artifact",
    "Box",
    "Cell",
    "Digitized",
    "Document",
    "EmbeddedText",
    "EmbeddedTextFate",
    "Evidence",
    "Field",
    "Floats",
    "Glyphs",
    "Image16",
    "Intake",
    "IntakeState",
    "Lane",
    "Lattice",
    "Letter",
    "Line",
    "Mark",
    "Note",
    "OtherReading",
    "Page",
    "PageState",
    "PageText",
    "Pixels",
    "Problem",
    "Quality",
    "Receipt",
    "Record",
    "RecordState",
    "Ruling",
    "Run",
    "Scan",
    "Sheet",
    "Source",
    "TextBeside",
    "Tick",
    "Verdict",
    "Warp",
    "Word",
]
