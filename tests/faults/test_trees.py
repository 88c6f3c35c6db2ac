"""Whatever a folder holds: one result for each file taken, each other thing named, and the exit code says which it was."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import pymupdf
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from digitizer.service.output_folder import readable
from digitizer.settings import Settings
from tests.faults.test_one_file import run
from tests.faults.trees import LEAVES, Leaf, pdf_of, plant

#: one of each kind that was lost or ended a run
QUARREL = [
    Leaf("ngày 1/scan0001.pdf".encode(), "pdf", 0),
    Leaf(b"b/scan0001.pdf", "pdf", 1),
    Leaf(b"b/SCAN0001.PDF", "pdf", 2),
    Leaf(b"b/scan0001.pdf.1", "pdf", 2),
    Leaf(b"b/scan0001", "pdf", 0),
    Leaf(b"\xff" + b"x" * 240 + b".pdf", "pdf", 1),
    Leaf(b"y" * 246 + b".pdf", "pdf", 1),
    Leaf(b"hong.pdf", "broken", 0),
    Leaf(b"trong.pdf", "link", 0),
    Leaf(b"mat.pdf", "dangling", 0),
    Leaf(b"ngoai.pdf", "outside", 0),
]


@given(st.lists(LEAVES, max_size=8))
@example(QUARREL)
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_file_has_one_result_or_one_reason(capsys: pytest.CaptureFixture[str], leaves: list[Leaf]) -> None:
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        root, output, outside = place / "in", place / "out", place / "secret.pdf"
        root.mkdir()
        outside.write_bytes(b"%PDF-1.7 not ours")
        pdf_of(root)
        made = plant(root, leaves, outside)
        taken = 1 + made.get("pdf", 0) + made.get("link", 0)
        refused = made.get("broken", 0) + made.get("dangling", 0) + made.get("outside", 0)
        (place / "nothing.json").write_text("{}")
        engine = {"name": "replay", "recording": str(place / "nothing.json")}
        chosen = Settings.load({}, home=place / "home", attempts=2, engine=engine)
        for _ in range(2):
            code, rows, left = run(chosen, root, output, capsys)
            states = [row["state"] for row in rows.values()]
            assert (states.count("DIGITIZED"), states.count("FAILED")) == (taken, made.get("broken", 0))
            assert sum(one["refused"] for one in left) == made.get("dangling", 0) + made.get("outside", 0)
            assert (code == 21) == (refused > 0)
            results = sorted(output.rglob("*.json"))
            assert len(results) == len(list(output.rglob("*.pdf"))) == taken
            for result in results:
                said = json.loads(result.read_text(encoding="utf-8"))
                with pymupdf.open(result.with_suffix(".pdf")) as opened:
                    assert len(opened) == len(said["pages"]) == 1
            assert all(len(path.name.encode()) < 255 for path in results)
        stored = [path for path in (place / "home" / "store").rglob("*") if path.is_file()]
        assert all(b"not ours" not in path.read_bytes() for path in stored), "nothing from outside the tree is copied"
        assert all(row["file"] == readable(row["file"]) for row in rows.values()), "names can be shown"
