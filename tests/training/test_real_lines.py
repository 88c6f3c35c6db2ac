"""Real lines: read by their labels, whole writers left out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from training.real_lines import labelled, left_out, picture


def test_labels_are_nfc_with_single_spaces(tmp_path: Path) -> None:
    Image.new("RGB", (20, 10), (1, 2, 3)).save(tmp_path / "s01_00.png")
    (tmp_path / "labels.tsv").write_text("s01_00.png\tXa\u0303  Yên \n", encoding="utf-8")
    ((path, text),) = labelled(tmp_path)
    assert text == "Xã Yên"
    assert np.array_equal(picture(path), np.full((10, 20, 3), (1, 2, 3), np.uint8))


def test_a_writer_is_wholly_left_out_or_not_at_all() -> None:
    rows = [(Path(f"s{writer:02}_{line:02}.jpg"), "x") for writer in range(30) for line in range(5)]
    learn, judge = left_out(rows)
    writers = [{path.stem[:3] for path, _ in part} for part in (learn, judge)]
    assert not writers[0] & writers[1]
    assert len(writers[1]) == 3
    assert sorted(learn + judge) == rows
    assert left_out(rows) == (learn, judge)
