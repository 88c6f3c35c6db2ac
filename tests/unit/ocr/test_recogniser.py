"""The shipped recogniser: bounded columns for any strip, and a folder that PaddleOCR's own loader can run."""

from __future__ import annotations

import numpy as np
import pytest
from rapidfuzz import fuzz

from digitizer.ocr import open_engine
from digitizer.ocr.recogniser import STRIDE, Network
from digitizer.ocr.weights import RECOGNISER, SHIPPED, recogniser
from digitizer.pages import load, straighten
from digitizer.settings import EngineOptions, PageOptions
from tests.conftest import SAMPLES


@pytest.mark.slow
def test_odd_strips_end_in_bounded_columns() -> None:
    model = recogniser(EngineOptions())
    network, rng = Network(model, 1), np.random.default_rng(3)
    for width in (8, 16, 48, 3_200):
        for strip in (np.full((48, width, 3), 255, np.uint8), rng.integers(0, 255, (48, width, 3), dtype=np.uint8)):
            found = network.columns(strip)
            assert found.shape == (width // STRIDE, 1 + len(model.charset))
            assert np.allclose(found.sum(axis=1), 1, atol=1e-3)


@pytest.mark.slow
def test_the_loader_of_paddleocr_runs_our_recogniser(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PADDLE_PDX_DISABLE_MODEL_SOURCE_CHECK", "True")
    from paddleocr import TextRecognition

    (scan,) = load(SAMPLES / "decision" / "decision_01.jpg", source="5" * 64, options=PageOptions())
    (page,) = straighten(scan, options=PageOptions())
    loaded = TextRecognition(
        model_name="PP-OCRv6_small_rec", model_dir=str(SHIPPED / RECOGNISER), engine="onnxruntime", device="cpu"
    )
    title = max(open_engine(EngineOptions()).read(page), key=lambda line: "CỘNG HÒA" in line.text)
    box = title.box
    strip = page.pixels[int(box.y0) : int(box.y1), int(box.x0) : int(box.x1), ::-1]
    (said,) = loaded.predict(np.ascontiguousarray(strip))
    assert fuzz.ratio(said["rec_text"], title.text) > 90
