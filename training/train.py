"""Trains a recogniser on drawn lines: `python -m training.train --minutes 120 --out out/`.

It goes on from the committed weights. It prints the loss, and every ten minutes the character error rate on drawn lines it
has not seen. It writes `out/last.pt` (to `--resume` from) and `out/inference.onnx` (same graph, new weights). It runs on CPU
or with `--device cuda`. On a busy machine one thread a process is fastest.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as functional
import yaml
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein
from torch import Tensor, nn

from training.clutter import dotted
from training.drawing.fonts import Fonts
from training.graph import Reader
from training.lines import HEIGHT, Cut, Lines
from training.pool import drawers
from training.pool import lines as pool_lines
from training.rate import set_rate
from training.wear import worn

MODEL = Path(__file__).resolve().parents[1] / "digitizer" / "ocr" / "models" / "vietnamese-small"
#: px of width of the longest line trained on
LONGEST = 1_600
#: lines kept to choose batches of similar width from
POOL = 400
#: px of line width per output column
STRIDE = 8
HELD_OUT_SEED, HELD_OUT = 7, 300
#: steps in which the learning rate rises
WARM_UP = 200
#: share of lines that get a leader of coarse dots. A line with full stops gets none, because they would be lost among them.
DOTTED = 0.3
#: of the running mean that stays with every step
AVERAGED = 0.998


def charset() -> list[str]:
    """Letters by output index, from 1."""
    declared = yaml.safe_load((MODEL / "inference.yml").read_text(encoding="utf-8"))
    return list(declared["PostProcess"]["character_dict"])


def normalised(pixels: np.ndarray) -> np.ndarray:
    """(48, W, 3) uint8 RGB as (3, 48, W) float32 BGR around 0."""
    return np.ascontiguousarray(pixels.transpose(2, 0, 1)[::-1] / np.float32(127.5) - 1)


@dataclass(frozen=True, slots=True)
class Example:
    """A line to learn: `pixels` (48, W, 3) uint8, and its letter indices."""

    pixels: NDArray[np.uint8]
    target: list[int]


def examples(pool: Path, index: dict[str, int], seed: int) -> Iterator[Example]:
    """Lines of a pool for ever, worn anew each time."""
    rng = np.random.default_rng(seed)
    for cut in pool_lines(pool, rng):
        target = [index[c] for c in cut.text if c in index]
        # CTC needs a column for each letter and one between equal ones
        room = cut.pixels.shape[1] // STRIDE
        if not 0 < len(target) <= 0.8 * room or cut.pixels.shape[1] > LONGEST:
            continue
        leader = "." not in cut.text and rng.random() < DOTTED
        yield Example(worn(dotted(cut.pixels, rng) if leader else cut.pixels, rng), target)


def batches(supply: Iterator[Example], area: int, seed: int) -> Iterator[list[Example]]:
    """Lines of similar width, about `area` px of width in all."""
    rng, pool = np.random.default_rng(seed), list[Example]()
    while True:
        while len(pool) < POOL:
            pool.append(next(supply))
        pool.sort(key=lambda line: line.pixels.shape[1])
        count, start = 1, int(rng.integers(len(pool)))
        while start + count < len(pool) and pool[start + count].pixels.shape[1] * (count + 1) <= area:
            count += 1
        chosen, pool = pool[start : start + count], pool[:start] + pool[start + count :]
        yield chosen


def stacked(batch: Sequence[Example]) -> NDArray[np.float32]:
    """(N, 3, 48, W), what is narrower filled up with grey."""
    width = -(-max(line.pixels.shape[1] for line in batch) // STRIDE) * STRIDE
    whole = np.zeros((len(batch), 3, HEIGHT, width), np.float32)
    for row, line in enumerate(batch):
        whole[row, :, :, : line.pixels.shape[1]] = normalised(line.pixels)
    return whole


def spelt(best: Sequence[int], letters: Sequence[str]) -> str:
    """The text of the likeliest letter of each column."""
    said = (letters[k - 1] for k, before in zip(best, [0, *best[:-1]], strict=True) if k and k != before)
    return " ".join("".join(said).split())


def read(model: nn.Module, pixels: np.ndarray, letters: Sequence[str], device: str) -> str:
    """Best-path text of one line."""
    with torch.no_grad():
        best = model(torch.from_numpy(normalised(pixels)[None]).to(device))[0].argmax(-1).tolist()
    return spelt(best, letters)


def error_rate(model: nn.Module, lines: Sequence[Cut], letters: Sequence[str], device: str) -> dict[str, float]:
    """CER of printed and of handwritten lines."""
    counts = {True: [0, 0], False: [0, 0]}
    model.eval()
    for cut in lines:
        said = read(model, cut.pixels, letters, device)
        counts[cut.hand][0] += Levenshtein.distance(said, cut.text)
        counts[cut.hand][1] += len(cut.text)
    model.train()
    return {"hand": counts[True][0] / max(counts[True][1], 1), "print": counts[False][0] / max(counts[False][1], 1)}


def held_out() -> list[Cut]:
    """Lines of a seed of their own, not too long."""
    found: list[Cut] = []
    for cut in Lines(Fonts.load(), HELD_OUT_SEED):
        if len(found) == HELD_OUT:
            return found
        if cut.pixels.shape[1] <= LONGEST:
            found.append(cut)
    return found


class Average:
    """The running mean of weights, which reads better than the weights of one step. While entered, the model has these weights.

    What normalisation has seen belongs to the weights and is averaged with them.
    """

    def __init__(self, weights: Sequence[torch.Tensor], stays: float = AVERAGED) -> None:
        self._weights, self._mean, self._stays = list(weights), [weight.detach().clone() for weight in weights], stays

    def state(self) -> list[torch.Tensor]:
        """The mean, to be kept on disk."""
        return self._mean

    def load(self, mean: Sequence[torch.Tensor]) -> None:
        """Goes on from a mean that `state` gave."""
        self._mean = [weight.clone() for weight in mean]

    def add(self, step: int) -> None:
        """The weights after one more step."""
        share = max(1 - self._stays, 1 / (step + 2))
        for mean, weight in zip(self._mean, self._weights, strict=True):
            mean.lerp_(weight.detach(), share)

    def __enter__(self) -> None:
        self._swap()

    def __exit__(self, *_: object) -> None:
        self._swap()

    def _swap(self) -> None:
        for mean, weight in zip(self._mean, self._weights, strict=True):
            held = weight.detach().clone()
            weight.data.copy_(mean)
            mean.copy_(held)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=120)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--start", type=Path, default=MODEL / "inference.onnx", help="weights to go on from")
    parser.add_argument("--resume", action="store_true", help="go on from out/last.pt")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--pool", type=Path, help="folder of drawn lines (pool.py), out/lines when not given")
    parser.add_argument("--drawers", type=int, default=1, help="processes that draw into it")
    parser.add_argument("--area", type=int, default=32 * 320, help="px of line width in a batch")
    parser.add_argument("--rate", type=float, default=4e-4, help="highest learning rate")
    parser.add_argument("--freeze", default="", help="keep the weights up to this one; conv2d_84.w_0 is a third faster on a CPU")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    train(parser.parse_args())


def train(given: argparse.Namespace) -> None:
    """Trains for `given.minutes`, the learning rate falling as a cosine."""
    given.out.mkdir(parents=True, exist_ok=True)
    letters = charset()
    index = {letter: i + 1 for i, letter in enumerate(letters)}
    model = Reader.open(given.start)
    lines = 0
    if given.resume:
        state = torch.load(given.out / "last.pt", weights_only=True)
        model.load_state_dict(state["model"])
        lines = state["lines"]
    model.to(given.device)
    model.channels_last()
    if given.freeze:
        model.freeze(given.freeze)
    free = [p for p in model.parameters() if p.requires_grad]
    optimiser = torch.optim.AdamW(free, lr=given.rate, weight_decay=0.01)
    average = Average([*free, *(b for b in model.buffers() if b.is_floating_point())])
    pool = given.pool or given.out / "lines"
    drawers(pool, given.drawers, given.seed)
    supply = examples(pool, index, given.seed)
    judged = held_out()
    print(f"start {error_rate(model, judged, letters, given.device)}", flush=True)
    began = saved = time.monotonic()
    step, mean = 0, 0.0
    for batch in batches(supply, given.area, given.seed):
        passed = (time.monotonic() - began) / 60 / given.minutes
        if passed >= 1:
            break
        share = set_rate(optimiser, given.rate, step, WARM_UP, passed)
        loss = _step(model, optimiser, batch, given.device)
        average.add(step)
        step, lines = step + 1, lines + len(batch)
        mean = loss if step == 1 else 0.98 * mean + 0.02 * loss
        if step % 100 == 0:
            print(f"{lines} lines {time.monotonic() - began:.0f} s loss {mean:.4f} rate {share:.2f}", flush=True)
        if time.monotonic() - saved > 600:
            _save(model, average, given.out, lines)
            with average:
                print(f"   {error_rate(model, judged, letters, given.device)}", flush=True)
            saved = time.monotonic()
    _save(model, average, given.out, lines)
    with average:
        print(f"end {lines} lines {error_rate(model, judged, letters, given.device)}", flush=True)


def _step(model: nn.Module, optimiser: torch.optim.Optimizer, batch: Sequence[Example], device: str) -> float:
    with torch.autocast("cuda", torch.bfloat16, enabled=device == "cuda"):
        logits = model(torch.from_numpy(stacked(batch)).to(device, memory_format=torch.channels_last))
    chances = logits.float().log_softmax(-1)
    loss = _missed(chances, batch)
    optimiser.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 5)
    optimiser.step()
    return float(loss.detach())


def _missed(chances: Tensor, batch: Sequence[Example]) -> Tensor:
    """CTC's loss a letter. `chances` (N, columns, 1 + letters) are logarithms."""
    lengths = torch.tensor([len(line.target) for line in batch])
    flat = torch.tensor([letter for line in batch for letter in line.target])
    columns = torch.full((len(batch),), chances.shape[1])
    return functional.ctc_loss(chances.permute(1, 0, 2), flat, columns, lengths, zero_infinity=True)


def _save(model: Reader, average: Average, out: Path, lines: int) -> None:
    part = out / "last.part"
    torch.save({"model": {k: v.cpu() for k, v in model.state_dict().items()}, "lines": lines}, part)
    part.replace(out / "last.pt")
    with average:
        model.save(out / "inference.onnx")


if __name__ == "__main__":
    main()
