"""What tests of extraction share."""

from __future__ import annotations

import pytest

from digitizer.extract import acceptance


@pytest.fixture
def plain_scale(monkeypatch: pytest.MonkeyPatch) -> None:
    """Confidence is what its letters say, and 0.98 is enough: acceptance without the figures of the day."""
    scale = acceptance.Scale((0.0, 0.5, 0.5, 0.0, 0.0, 0.0, 0.0, 0.0), (0.0, 0.5, 0.5, 0.0, 0.0))
    plain = acceptance.Calibration(0.98, dict.fromkeys(acceptance.TYPES, scale))
    monkeypatch.setattr(acceptance, "calibration", lambda: plain)
