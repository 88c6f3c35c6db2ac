"""What the strong reader says of the lines of a pool, for readers to learn from: `python -m training.teacher POOL`.

A learner that is shown how sure of every letter its teacher is learns from far fewer lines than from their text alone (Hinton et
al. 2015), and one that was its own teacher forgets less. Kept beside each shard; lines that the teacher misreads are taught by
their text only.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from training import pool
from training.lines import Cut
from training.train import LONGEST, MODEL, charset, normalised, spelt

Chances = NDArray[np.float16]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--teacher", type=Path, default=MODEL / "inference.onnx")
    parser.add_argument("--threads", type=int, default=1)
    given = parser.parse_args()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = given.threads
    teacher = onnxruntime.InferenceSession(str(given.teacher), options, providers=["CPUExecutionProvider"])
    letters = charset()
    for shard in pool.shards(given.folder):
        if not pool.taught(shard).exists():
            pool.write_taught(shard, [_taught(teacher, cut, letters) for cut in pool.read(shard)])


def _taught(teacher: onnxruntime.InferenceSession, cut: Cut, letters: list[str]) -> Chances:
    """(W / 8, 1 + letters) probabilities, none where the teacher errs or nobody trains on the line."""
    if cut.pixels.shape[1] <= LONGEST:
        chances = teacher.run(None, {"x": normalised(cut.pixels)[None]})[0][0]
        if spelt(chances.argmax(-1).tolist(), letters) == cut.text:
            return np.asarray(chances, np.float16)
    return np.zeros((0, 1 + len(letters)), np.float16)


if __name__ == "__main__":
    main()
