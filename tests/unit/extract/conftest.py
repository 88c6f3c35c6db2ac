"""What tests of extraction share."""

from __future__ import annotations

import pytest

from digitizer.extract import check


@pytest.fixture
def plain_scale(monkeypatch: pytest.MonkeyPatch) -> None:
    """Confidence is what its letters say, and 0.98 is enough: acceptance without the figures of the day."""
    scale = check.Scale((0.0, 0.5, 0.5, 0.0, 0.0, 0.0, 0.0, 0.0), (0.0, 0.5, 0.5, 0.0, 0.0))
    plain = check.Calibration(0.98, dict.fromkeys(check.TYPES, scale))
    monkeypatch.setattr(check, "calibration", lambda: plain)
