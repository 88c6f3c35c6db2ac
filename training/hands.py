"""Trains the reader of handwriting, from the committed weights of `vietnamese-small`.

    python -m training.hands prepare out/ --draw 14 --real FOLDER --bare FOLDER
    python -m training.hands train out/ --minutes 90
    python -m training.hands train out/ --minutes 80 --start first.onnx --rate 1.5e-4

`prepare` keeps strips in `out/strips`, as `handwriting_strip` makes them and twice as high: drawn ones, and those of real lines.
A folder of real lines has `labels.tsv` (`file<TAB>text`). Labels of `--real` have commas, those of `--bare` have none. Both have
capitals that the pen has not. Neither folder is needed: without them drawn lines alone are trained on.

Each step takes real lines, drawn pens and drawn print for their share of the loss, so that none is forgotten. Real lines are bent
anew each time (`bent.py`). Every tenth real line is left out and judges; every tenth writer where names of files begin with one
(`s01_02.jpg`). The best weights have the lowest mean error on those, drawn pens no worse than at the start by a tenth.
`out/last.pt` has all that `--resume` needs.
"""

from __future__ import annotations

import argparse
import pickle
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
import torch.nn.functional as functional
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein
from torch import Tensor

from benchmarks.measure import folded
from digitizer.ocr.handwriting_strip import HEIGHT, STRIDE, handwriting_strip
from training.bent import LARGE, bent
from training.clutter import dotted
from training.drawing.fonts import DECLARATION, MORE, Fonts
from training.graph import Reader
from training.lines import Lines
from training.rate import set_rate
from training.real_lines import labelled, left_out, picture
from training.train import DOTTED, MODEL, Average, charset, normalised, read
from training.wear import worn

#: of the loss, what each kind of line has
SHARES = {"real": 0.55, "pen": 0.20, "print": 0.25}
#: px of width of a step's lines of each kind
AREA = {"real": 5_200, "pen": 1_500, "print": 1_100}
#: px of width of the longest strip
LONGEST = 1_600
#: strips on either side of a strip, by width, that go with it in a batch
NEAR = 60
#: weights up to this one stay: a step takes half the time
FROZEN = "conv2d_84.w_0"
RATE = 4e-4
#: steps in which the learning rate rises
WARM_UP = 40
#: of the running mean that stays with every step
AVERAGED = 0.994
#: minutes between checkpoints, and between judgements
SAVED, JUDGED = 10, 15
#: strips of each kind that judge
MOST_JUDGING = 80
#: strips a file
SHARD = 200
SEED = 20_261_201


@dataclass(frozen=True, slots=True)
class Strip:
    """A line, LARGE px high: JPEG, width in px, text, and where it is from: `real`, `bare`, `pen`, `print`."""

    jpeg: bytes
    width: int
    text: str
    kind: str

    def pixels(self) -> NDArray[np.uint8]:
        """(LARGE, width, 3) RGB."""
        return np.asarray(cv2.imdecode(np.frombuffer(self.jpeg, np.uint8), cv2.IMREAD_COLOR)[..., ::-1], np.uint8)


def strip_of(pixels: NDArray[np.uint8], text: str, kind: str) -> Strip:
    """A line as it is kept."""
    strip = handwriting_strip(pixels, LARGE)
    jpeg = cv2.imencode(".jpg", strip[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 95])[1].tobytes()
    return Strip(jpeg, strip.shape[1], text, kind)


def prepare(given: argparse.Namespace) -> None:
    """Fills `out/strips`."""
    folder = given.out / "strips"
    folder.mkdir(parents=True, exist_ok=True)
    for kind, folders in (("real", given.real), ("bare", given.bare)):
        for number, source in enumerate(folders):
            for part, rows in zip(("learn", "judge"), left_out(labelled(source)), strict=True):
                _keep(folder / f"{kind}-{number}-{part}.pkl", [strip_of(picture(path), text, kind) for path, text in rows])
    held, number, began = list[Strip](), 0, time.monotonic()
    for cut in Lines(Fonts.load(DECLARATION, MORE), SEED, height=LARGE):
        held.append(strip_of(cut.pixels, cut.text, "pen" if cut.hand else "print"))
        over = time.monotonic() - began > 60 * given.draw
        if len(held) >= SHARD or over:
            _keep(folder / f"drawn-{number:04}-{'learn' if number else 'judge'}.pkl", held)
            held, number = [], number + 1
        if over:
            return


def _keep(path: Path, strips: Sequence[Strip]) -> None:
    part = path.with_suffix(".part")
    part.write_bytes(pickle.dumps([(s.jpeg, s.width, s.text, s.kind) for s in strips]))
    part.replace(path)


def kept(folder: Path, part: str) -> list[Strip]:
    """The strips to `learn`, or those that `judge`."""
    found = [Strip(*row) for path in sorted(folder.glob(f"*-{part}.pkl")) for row in pickle.loads(path.read_bytes())]
    return [strip for strip in found if strip.width <= LONGEST * LARGE // HEIGHT]


class Folding:
    """Letters taken for one another: both cases, and some signs for nothing, since labels lack what the pen has."""

    def __init__(self, letters: Sequence[str], signs: str) -> None:
        lower = [letter.lower() if len(letter.lower()) == 1 else letter for letter in letters]
        self.index = {letter: i + 1 for i, letter in enumerate(dict.fromkeys(c for c in lower if c not in signs))}
        rows = [0, *(self.index.get(letter, 0) for letter in lower)]
        self._to = torch.zeros(len(rows), 1 + len(self.index))
        self._to[torch.arange(len(rows)), torch.tensor(rows)] = 1

    def target(self, text: str) -> list[int]:
        """Indices of a text's letters."""
        return [self.index[c] for c in text.lower() if c in self.index]

    def __call__(self, chances: Tensor) -> Tensor:
        """Logarithms (N, columns, 1 + letters) as those over the folded letters."""
        return (chances.exp() @ self._to).clamp_min(1e-9).log()


@dataclass(frozen=True, slots=True)
class Example:
    """A line to learn: `pixels` (HEIGHT, W, 3), letter indices in the letters of its kind."""

    pixels: NDArray[np.uint8]
    target: list[int]
    kind: str


class Supply:
    """Batches of one share, similar in width, strips seen least first."""

    def __init__(
        self, strips: Sequence[Strip], foldings: dict[str, Folding], index: dict[str, int], rng: np.random.Generator
    ) -> None:
        self._strips = sorted(strips, key=lambda strip: strip.width)
        self._seen, self._foldings, self._index, self._rng = np.zeros(len(strips)), foldings, index, rng

    def batch(self, area: int) -> list[Example]:
        """Lines of about `area` px of width in all."""
        rng = self._rng
        first = int(rng.choice(np.flatnonzero(self._seen == self._seen.min())))
        count = max(1, int(area / (self._strips[first].width * HEIGHT / LARGE)))
        near = np.array([i for i in range(max(0, first - NEAR), min(len(self._strips), first + NEAR)) if i != first], np.int64)
        order = near[np.argsort(self._seen[near] + rng.random(len(near)) * 0.9)][: count - 1]
        self._seen[[first, *order]] += 1
        found = [self._example(self._strips[int(i)]) for i in (first, *order)]
        # CTC needs a column for each letter and one between equal ones
        return [e for e in found if 0 < len(e.target) <= 0.9 * (e.pixels.shape[1] // STRIDE)]

    def _example(self, strip: Strip) -> Example:
        rng = self._rng
        gentle = strip.kind == "print"
        pixels = bent(strip.pixels(), rng, None if gentle else self._other)
        if "." not in strip.text and rng.random() < DOTTED:
            pixels = dotted(pixels, rng)
        folding = self._foldings.get(strip.kind)
        target = folding.target(strip.text) if folding else [self._index[c] for c in strip.text if c in self._index]
        return Example(worn(pixels, rng), target, strip.kind)

    def _other(self) -> NDArray[np.uint8]:
        return self._strips[int(self._rng.integers(len(self._strips)))].pixels()


def loss_of(model: Reader, batch: Sequence[Example], foldings: dict[str, Folding]) -> Tensor:
    """CTC's loss a letter, each kind in its own letters."""
    width = max(example.pixels.shape[1] for example in batch)
    whole = np.zeros((len(batch), 3, HEIGHT, width), np.float32)
    for row, example in enumerate(batch):
        whole[row, :, :, : example.pixels.shape[1]] = normalised(example.pixels)
    chances = model(torch.from_numpy(whole).contiguous(memory_format=torch.channels_last)).log_softmax(-1)
    losses = []
    for kind in sorted({example.kind for example in batch}):
        rows = [row for row, example in enumerate(batch) if example.kind == kind]
        own = foldings[kind](chances[rows]) if kind in foldings else chances[rows]
        lengths = torch.tensor([len(batch[row].target) for row in rows])
        flat = torch.tensor([letter for row in rows for letter in batch[row].target])
        columns = torch.full((len(rows),), own.shape[1])
        missed = functional.ctc_loss(own.permute(1, 0, 2), flat, columns, lengths, reduction="none", zero_infinity=True)
        losses.append(missed / lengths)
    return torch.cat(losses).mean()


def judged(model: Reader, strips: Sequence[Strip], letters: Sequence[str]) -> dict[str, float]:
    """Share of letters wrong, by kind; real lines folded, since their labels are."""
    wrong: dict[str, list[int]] = {}
    model.eval()
    for strip in strips:
        size = (max(1, round(strip.width * HEIGHT / LARGE / STRIDE)) * STRIDE, HEIGHT)
        pixels = np.asarray(cv2.resize(strip.pixels(), size, interpolation=cv2.INTER_AREA), np.uint8)
        said, truth = read(model, pixels, letters, "cpu"), strip.text
        if strip.kind in ("real", "bare"):
            said, truth = folded(said), folded(truth)
        counts = wrong.setdefault(strip.kind, [0, 0])
        counts[0] += Levenshtein.distance(said, truth)
        counts[1] += len(truth)
    model.train()
    return {kind: round(a / max(b, 1), 4) for kind, (a, b) in sorted(wrong.items())}


def worth(now: dict[str, float], start: dict[str, float]) -> float | None:
    """The rule that the best weights are kept by: the lower the better. None where drawn pens were forgotten."""
    if now.get("pen", 0.0) > 1.1 * start.get("pen", 0.0):
        return None
    real = [now[kind] for kind in ("real", "bare") if kind in now]
    return sum(real) / len(real) if real else now.get("pen", 0.0)


@dataclass(slots=True)
class Course:
    """How far a training is: what `last.pt` has beside weights."""

    step: int = 0
    lines: int = 0
    #: minutes, of all runs
    spent: float = 0.0
    start: dict[str, float] | None = None
    best: float | None = None


def train(given: argparse.Namespace) -> None:
    """Trains for `given.minutes`, the learning rate falling as a cosine."""
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    rng, letters = np.random.default_rng(SEED), charset()
    index = {letter: i + 1 for i, letter in enumerate(letters)}
    foldings = {"real": Folding(letters, ".;:"), "bare": Folding(letters, ".,;:")}
    strips, judges = kept(given.out / "strips", "learn"), _few(kept(given.out / "strips", "judge"))
    by_share = {share: [s for s in strips if (s.kind == share) or (share == "real" and s.kind == "bare")] for share in SHARES}
    supplies = {share: Supply(found, foldings, index, rng) for share, found in by_share.items() if found}
    if not supplies:
        raise SystemExit(f"{given.out / 'strips'} has no strips to learn from: let `prepare` draw for longer")
    model = Reader.open(given.start)
    model.channels_last()
    model.freeze(FROZEN)
    free = [weight for weight in model.parameters() if weight.requires_grad]
    optimiser, average, course = torch.optim.AdamW(free, lr=given.rate, weight_decay=0.01), Average(free, AVERAGED), Course()
    last = given.out / "last.pt"
    if given.resume:
        state = torch.load(last, weights_only=False)
        model.load_state_dict(state["model"])
        model.channels_last()
        optimiser.load_state_dict(state["optimiser"])
        average.load(state["average"])
        rng.bit_generator.state = state["random"]
        course = Course(**state["course"])
    course.start = course.start or judged(model, judges, letters)
    began = saved = looked = time.monotonic() - 60 * course.spent
    while course.spent < given.minutes:
        set_rate(optimiser, given.rate, course.step, WARM_UP, course.spent / given.minutes)
        optimiser.zero_grad()
        for share, supply in supplies.items():
            batch = supply.batch(AREA[share])
            if batch:
                (loss_of(model, batch, foldings) * SHARES[share]).backward()
                course.lines += len(batch)
        torch.nn.utils.clip_grad_norm_(free, 5)
        optimiser.step()
        average.add(course.step)
        course.step += 1
        now = time.monotonic()
        course.spent = (now - began) / 60
        if now - looked > 60 * JUDGED or course.spent >= given.minutes:
            looked = now
            with average:
                _judge(model, judges, letters, course, given.out)
        if now - saved > 60 * SAVED or course.spent >= given.minutes:
            saved = now
            state = {"model": model.state_dict(), "optimiser": optimiser.state_dict(), "average": average.state()}
            torch.save({**state, "random": rng.bit_generator.state, "course": asdict(course)}, last.with_suffix(".part"))
            last.with_suffix(".part").replace(last)


def _few(strips: Sequence[Strip]) -> list[Strip]:
    """Strips of each kind, no more than judge in a minute."""
    return [s for kind in ("real", "bare", "pen", "print") for s in [s for s in strips if s.kind == kind][:MOST_JUDGING]]


def _judge(model: Reader, judges: Sequence[Strip], letters: Sequence[str], course: Course, out: Path) -> None:
    """Says how well the weights read, and keeps them where they are the best."""
    found = judged(model, judges, letters)
    worthy = worth(found, course.start or {})
    print(f"step {course.step} lines {course.lines} {course.spent:.0f} min {found}", flush=True)
    if worthy is not None and (course.best is None or worthy < course.best):
        course.best = worthy
        model.save(out / "inference.onnx")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    drawing = commands.add_parser("prepare")
    drawing.add_argument("out", type=Path)
    drawing.add_argument("--real", type=Path, action="append", default=[], help="folder of real lines, labels with commas")
    drawing.add_argument("--bare", type=Path, action="append", default=[], help="folder of real lines, labels without commas")
    drawing.add_argument("--draw", type=float, default=14, help="minutes to draw")
    drawing.set_defaults(run=prepare)
    training = commands.add_parser("train")
    training.add_argument("out", type=Path)
    training.add_argument("--minutes", type=float, default=90)
    training.add_argument("--start", type=Path, default=MODEL / "inference.onnx", help="weights to start from")
    training.add_argument("--rate", type=float, default=RATE, help="greatest learning rate")
    training.add_argument("--resume", action="store_true", help="go on from out/last.pt")
    training.set_defaults(run=train)
    given = parser.parse_args()
    given.run(given)


if __name__ == "__main__":
    main()
