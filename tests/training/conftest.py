from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import ImageFont

from training.drawing.fonts import FontFile, Fonts


def _built_in() -> bytes:
    """The small font inside Pillow: layout and geometry need no Vietnamese letters."""
    path = ImageFont.load_default(10).path
    assert isinstance(path, io.BytesIO)
    return path.getvalue()


@pytest.fixture(scope="session")
def fonts() -> Fonts:
    content = _built_in()
    kinds = {"Arimo": "print", "Tinos": "print", "Cousine": "typewriter", "Loose": "pen", "Joined": "pen"}
    return Fonts(
        {
            FontFile(
                family=family,
                style=style,
                kind=kind,
                joined=family == "Joined",
                package="built-in",
                version="0",
                path=style,
                sha256="",
            ): content
            for family, kind in kinds.items()
            for style in ("regular", "bold", "italic")
        }
    )


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)
