"""Engine `replay`: returns the recorded lines of another engine. For tests and measurements of the queue only.

It is refused (exit 9) unless DIGITIZER_ENGINE__RECORDING names the recording, a JSON file of `{hash of the pixels: lines}`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from digitizer import serialization
from digitizer.errors import ConfigError, EngineFailed
from digitizer.model import Line, Page, Pixels
from digitizer.ocr.weights import Model
from digitizer.settings import EngineOptions


def digest(pixels: Pixels) -> str:
    """Hash of a page's size and pixels, 24 hex digits."""
    return hashlib.sha256(repr(pixels.shape).encode() + pixels.tobytes()).hexdigest()[:24]


class ReplayEngine:
    """Looks up recorded lines by the pixels of a page."""

    def __init__(self, recording: Path) -> None:
        data = recording.read_bytes()
        self._lines: dict[str, str] = json.loads(data)
        self._fingerprint = f"replay-{hashlib.sha256(data).hexdigest()[:12]}"

    @property
    def fingerprint(self) -> str:
        """Hash of the recording."""
        return self._fingerprint

    @property
    def models(self) -> Mapping[str, str]:
        """Empty, because there are no models."""
        return {}

    def read(self, page: Page) -> tuple[Line, ...]:
        """The lines recorded for these pixels. Raises EngineFailed for a page without a recording."""
        lines = self._lines.get(digest(page.pixels))
        if lines is None:
            raise EngineFailed("the recording does not have this page", source=page.source, scan=page.scan)
        return serialization.load(tuple[Line, ...], lines)

    def read_line(self, pixels: Pixels) -> str:
        """Raises EngineFailed, because single lines are not recorded."""
        raise EngineFailed("the recording has no single lines")


def open(options: EngineOptions) -> ReplayEngine:
    """The engine. Raises ConfigError without a recording."""
    if options.recording is None or not options.recording.is_file():
        raise ConfigError("the engine replay is for tests: it reads nothing", engine="replay")
    return ReplayEngine(options.recording)


def models(options: EngineOptions) -> tuple[Model, ...]:
    """Empty, because there are no models."""
    return ()
