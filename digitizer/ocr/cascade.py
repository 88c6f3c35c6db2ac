"""Two readers of the same letters and columns: a fast one reads print, a strong one whatever that is not sure of.

Print is read by the fast reader, word by word: a word whose reading is likelier than all others together by far is what was read.
The strong reader looks again at the other words, and alone at what a pen wrote. Where both have read, their columns are mixed, so
that a letter they agree on is surer, and one they do not agree on less sure, than either of them thought.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import onnxruntime

from digitizer.model import Pixels
from digitizer.ocr.ctc import BLANK, best_path, likelihood
from digitizer.ocr.pen import PRINT
from digitizer.ocr.weights import Model
from digitizer.text import syllables

#: px of line width per CTC column
STRIDE = 8
#: the fast reader is believed in a Vietnamese syllable that it reads with this probability; a misread one is seldom a syllable
SURE = 0.93
#: and in anything else, numbers above all, with this one
CERTAIN = 0.985
#: what stands before and after words
_POINTS = ".,;:!?()[]“”\"'-–/…"
#: what the fast reader's columns count where both have read
SAY = np.float32(0.2)
#: doubtful words so many columns apart are read in one go, with so many columns of what stands beside them
NEAR, BESIDE = 12, 3
#: where so much of a line is doubtful, all of it is read
MOST = 0.6

#: (columns, 1 + letters): how likely each letter is in each column; index 0 is the CTC blank
Columns = npt.NDArray[np.float32]
#: first column, and the one after the last
Span = tuple[int, int]


class Network:
    """Strips -> columns. Not thread-safe, must not cross a fork."""

    def __init__(self, model: Model, threads: int) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        # the arena keeps the largest batch of every shape it has seen
        options.enable_cpu_mem_arena = False
        self._session = onnxruntime.InferenceSession(str(model.weights), options, providers=["CPUExecutionProvider"])
        self._input = self._session.get_inputs()[0].name

    def columns(self, strip: Pixels) -> Columns:
        """What stands in `strip`, (48, w, 3) uint8 RGB, w a multiple of STRIDE: one line, for several at once are no faster."""
        batch = np.ascontiguousarray(strip.transpose(2, 0, 1)[::-1][None] / np.float32(127.5) - 1)
        found: Columns = self._session.run(None, {self._input: batch})[0][0]
        return found


class Cascade:
    """Both readers.

    Args:
        strong: the reader whose word counts.
        fast: the reader of print with the same letters, or None to do without.
        threads: of each.
    """

    def __init__(self, strong: Model, fast: Model | None, threads: int) -> None:
        self.charset = strong.charset
        self._space = 1 + strong.charset.index(" ")
        self._strong, self._fast = Network(strong, threads), None if fast is None else Network(fast, threads)

    def columns(self, strip: Pixels, hand: float | None) -> Columns:
        """What stands in `strip`, (48, w, 3) uint8 RGB, w a multiple of STRIDE, that a pen wrote with probability `hand`."""
        if self._fast is None or hand is None or hand > PRINT:
            return self._strong.columns(strip)
        columns = self._fast.columns(strip)
        for first, end in doubtful(columns, self.charset):
            start, stop = max(0, first - BESIDE), min(len(columns), end + BESIDE)
            again = self._strong.columns(strip[:, start * STRIDE : stop * STRIDE])[first - start : end - start]
            mixed = (1 - SAY) * again + SAY * columns[first:end]
            columns[first:end] = mixed if (first, end) == (0, len(columns)) else trimmed(mixed, self._space)
        return columns


def doubtful(columns: Columns, charset: Sequence[str]) -> list[Span]:
    """What of a line has to be read again: from after the space before a doubtful word to the space behind it, in order."""
    spans: list[Span] = []
    for (before, first), (end, behind) in pairwise(spaces(columns, charset)):
        # with the spaces on both sides: which column one stands in may be open where that there is one is not
        read = letters(columns[before:behind])
        word = "".join(charset[i - 1] for i in read).strip(" " + _POINTS).casefold()
        if first == end or likelihood(columns[before:behind], read) >= (SURE if word in syllables() else CERTAIN):
            continue
        if spans and first - spans[-1][1] < NEAR:
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((first, end))
    return [(0, len(columns))] if sum(end - first for first, end in spans) > MOST * len(columns) else spans


def spaces(columns: Columns, charset: Sequence[str]) -> list[Span]:
    """Where spaces are read, and the two ends of the line."""
    found = ((sign.first, sign.last + 1) for sign in best_path(columns, charset) if sign.char == " ")
    return [(0, 0), *found, (len(columns), len(columns))]


def letters(columns: Columns) -> npt.NDArray[np.int64]:
    """Indices of the letters of the likeliest path."""
    best = columns.argmax(axis=1)
    return np.asarray(best[(best != BLANK) & (np.diff(best, prepend=BLANK) != 0)], np.int64)


def trimmed(columns: Columns, space: int) -> Columns:
    """`columns` with the spaces before the first letter and after the last one taken for nothing."""
    best = columns.argmax(axis=1)
    inked = np.flatnonzero((best != BLANK) & (best != space))
    first, last = (inked[0], inked[-1]) if len(inked) else (len(columns), len(columns))
    outside = best == space
    outside[first : last + 1] = False
    columns[outside] = np.eye(1, columns.shape[1], BLANK, dtype=np.float32)
    return columns
