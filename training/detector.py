"""Trains the text detector on drawn pages: `python -m training.detector --pool DIR --minutes 60 --out out/`.

A small network in the shape of DB (Liao et al., AAAI 2020). For each pixel it gives the chance that it lies in the core of a line
of text. PaddleOCR's `DBPostProcess` makes boxes of it. A line is labelled as readers want it: a label together with the value
written beside it, with all strokes. Dotted lines, tick boxes, ruling, seals and show-through are no text.
Writes `out/detector.pt` (`--resume`) and `out/inference.onnx`.
"""

from __future__ import annotations

import argparse
import math
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import torch
import torch.nn.functional as functional
from numpy.typing import NDArray
from torch import Tensor, nn

from training.clutter import clutter
from training.pool import PAGE
from training.rate import set_rate

#: ImageNet's, as `NormalizeImage` of inference.yml applies them to BGR
MEAN, DEVIATION = np.float32([0.485, 0.456, 0.406]), np.float32([0.229, 0.224, 0.225])
#: side of the squares trained on, px
SIDE = 512
#: the core of a line: this much of its height is taken off on every side
SHRINK = 0.25
#: longer side of a page as the detector sees it, px: drawn a little around what it is used with
SIZES = (720, 1_120)
#: steps in which the learning rate rises
WARM_UP = 200


def conv(inside: int, outside: int, kernel: int, stride: int = 1, groups: int = 1) -> nn.Sequential:
    """Convolution, normalisation, ReLU."""
    return nn.Sequential(
        nn.Conv2d(inside, outside, kernel, stride, kernel // 2, groups=groups, bias=False), nn.BatchNorm2d(outside), nn.ReLU()
    )


class Block(nn.Module):
    """Depthwise 5x5 and an expansion of two, added to what came in where the shapes agree."""

    def __init__(self, inside: int, outside: int, stride: int = 1) -> None:
        super().__init__()
        self.body = nn.Sequential(
            conv(inside, 2 * inside, 1),
            conv(2 * inside, 2 * inside, 5, stride, 2 * inside),
            nn.Conv2d(2 * inside, outside, 1, bias=False),
            nn.BatchNorm2d(outside),
        )
        self.same = stride == 1 and inside == outside

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.body(x)
        return x + y if self.same else y


class Detector(nn.Module):
    """(N, 3, H, W) float32 BGR, H and W multiples of 32 -> (N, 1, H, W): chance that a pixel lies in the core of a line."""

    def __init__(self, widths: tuple[int, ...] = (16, 24, 48, 80, 112), neck: int = 48) -> None:
        super().__init__()
        half, quarter, eighth, sixteenth, last = widths
        self.stem = conv(3, half, 3, 2)
        self.stages = nn.ModuleList(
            nn.Sequential(Block(a, b, 2), *(Block(b, b) for _ in range(more)))
            for a, b, more in ((half, quarter, 1), (quarter, eighth, 2), (eighth, sixteenth, 3), (sixteenth, last, 2))
        )
        self.sides = nn.ModuleList(nn.Conv2d(width, neck, 1) for width in widths[1:])
        self.join = nn.Sequential(conv(neck, neck, 5, 1, neck), conv(neck, neck, 1))
        self.head = nn.Conv2d(neck, 4, 3, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Logits at half the size."""
        seen, x = [], self.stem(x)
        for stage in self.stages:
            x = stage(x)
            seen.append(x)
        joined = self.sides[-1](seen[-1])
        for side, level in zip(reversed(list(self.sides)[:-1]), reversed(seen[:-1]), strict=True):
            joined = side(level) + functional.interpolate(joined, scale_factor=2.0, mode="nearest")
        return functional.pixel_shuffle(self.head(self.join(joined)), 2)


class Exported(nn.Module):
    """What is written to ONNX: chances at full size."""

    def __init__(self, detector: Detector) -> None:
        super().__init__()
        self.detector = detector

    def forward(self, x: Tensor) -> Tensor:
        return functional.interpolate(torch.sigmoid(self.detector(x)), scale_factor=2.0, mode="nearest")


def core(quad: NDArray[np.float32]) -> NDArray[np.float32]:
    """A quadrangle with `SHRINK` of its height taken off on every side."""
    a, b, c, d = quad
    high = float(np.hypot(*(d - a)) + np.hypot(*(c - b))) / 2
    wide = max(float(np.hypot(*(b - a))), 1e-3)
    down, along = (d - a) * SHRINK, (b - a) / wide * min(SHRINK * high, 0.4 * wide)
    return np.float32([a + down + along, b + down - along, c - down - along, d - down + along])


def pages(folder: Path, rng: np.random.Generator) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.float32]]]:
    """Pages (H, W, 3) BGR with their quadrangles (n, 4, 2), for ever, those seen least first."""
    taken: Counter[str] = Counter()
    while True:
        names = [path for path in folder.glob("*.jpg") if path.with_suffix(".npy").exists()]
        least = min((taken[path.name] for path in names), default=0)
        fresh = [path for path in names if taken[path.name] == least]
        for i in rng.permutation(len(fresh))[:64]:
            taken[fresh[i].name] += 1
            image = cv2.imread(str(fresh[i]))
            if image is not None:
                quads = np.load(fresh[i].with_suffix(".npy"))
                yield clutter(image, quads, rng), quads


def square(
    image: NDArray[np.uint8], quads: NDArray[np.float32], rng: np.random.Generator
) -> tuple[NDArray[np.uint8], NDArray[np.float32], NDArray[np.float32]]:
    """A square of a page at another size, turn and light. With it the map of cores and the map of px that count, at half size."""
    scale = float(rng.uniform(*SIZES)) / PAGE
    turn = math.radians(float(rng.normal(0, 0.7)))
    height, width = image.shape[:2]
    spot = rng.uniform(0, 1, 2) * np.maximum(np.array([width, height]) - SIDE / scale, 0) + SIDE / scale / 2
    matrix = cv2.getRotationMatrix2D((float(spot[0]), float(spot[1])), math.degrees(turn), scale)
    matrix[:, 2] += SIDE / 2 - spot
    small = cv2.warpAffine(image, matrix, (SIDE, SIDE), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE)
    light = float(rng.uniform(0.75, 1.15)), float(rng.uniform(-25, 20))
    small = np.clip(small * np.float32(light[0]) + light[1] + rng.normal(0, 1, 3).astype(np.float32) * 4, 0, 255).astype(np.uint8)
    if rng.random() < 0.3:
        small = cv2.cvtColor(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
    if rng.random() < 0.2:
        small = cv2.GaussianBlur(small, (3, 3), 0)
    here = cv2.transform(quads, matrix).astype(np.float32) if len(quads) else quads
    cores, counts = np.zeros((SIDE // 2, SIDE // 2), np.uint8), np.ones((SIDE // 2, SIDE // 2), np.uint8)
    for quad in here:
        if np.hypot(*(quad[3] - quad[0])) < 5:  # too small to ask for
            cv2.fillConvexPoly(counts, np.round(quad / 2 * 8).astype(np.int32), 0, shift=3)
    for quad in here:
        cv2.fillConvexPoly(cores, np.round((core(quad) - 0.5) / 2 * 8).astype(np.int32), 1, shift=3)
    return small, cores.astype(np.float32), counts.astype(np.float32)


def loss_of(logits: Tensor, cores: Tensor, counts: Tensor) -> Tensor:
    """Cross-entropy over text and three times as much of the hardest paper, and the dice loss."""
    each = functional.binary_cross_entropy_with_logits(logits, cores, reduction="none") * counts
    text, paper = cores * counts, (1 - cores) * counts
    most = int(min(float(paper.sum()), max(3 * float(text.sum()), 500)))
    hardest = (each * paper).flatten().topk(most).values.sum()
    entropy = ((each * text).sum() + hardest) / (text.sum() + most)
    chances = torch.sigmoid(logits) * counts
    dice = 1 - (2 * (chances * text).sum() + 1) / ((chances + text).sum() + 1)
    return entropy + dice


def tensor(image: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(H, W, 3) uint8 BGR as (3, H, W) float32 around 0."""
    return np.ascontiguousarray(((image / np.float32(255) - MEAN) / DEVIATION).transpose(2, 0, 1))


def export(model: Detector, path: Path) -> None:
    """The network as ONNX, sizes open."""
    part, axes = path.with_suffix(".part"), {0: "n", 2: "h", 3: "w"}
    torch.onnx.export(
        Exported(model).eval(), (torch.zeros(1, 3, 64, 64),), str(part), input_names=["x"], output_names=["y"],
        dynamic_axes={"x": axes, "y": axes}, opset_version=14, dynamo=False,
    )  # fmt: skip
    part.replace(path)
    model.train()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pool", type=Path, required=True, help="folder of drawn pages (pool.py)")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--rate", type=float, default=2e-3, help="highest learning rate")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--resume", action="store_true", help="go on from out/detector.pt")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    train(parser.parse_args())


def train(given: argparse.Namespace) -> None:
    """Trains for `given.minutes`, the learning rate falling as a cosine."""
    given.out.mkdir(parents=True, exist_ok=True)
    model = Detector()
    if given.resume:
        model.load_state_dict(torch.load(given.out / "detector.pt", weights_only=True))
    model.to(given.device, memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(model.parameters(), lr=given.rate, weight_decay=0.01)
    rng = np.random.default_rng(given.seed)
    supply = pages(given.pool, rng)
    began = saved = time.monotonic()
    step, mean = 0, 0.0
    while (passed := (time.monotonic() - began) / 60 / given.minutes) < 1:
        share = set_rate(optimiser, given.rate, step, WARM_UP, passed)
        squares = [square(*next(supply), rng) for _ in range(given.batch)]
        batch = torch.from_numpy(np.stack([tensor(image) for image, _, _ in squares]))
        cores, counts = (torch.from_numpy(np.stack([s[k] for s in squares])[:, None]).to(given.device) for k in (1, 2))
        loss = loss_of(model(batch.to(given.device, memory_format=torch.channels_last)), cores, counts)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 5)
        optimiser.step()
        step += 1
        mean = float(loss.detach()) if step == 1 else 0.98 * mean + 0.02 * float(loss.detach())
        if step % 100 == 0:
            print(f"{step} steps {time.monotonic() - began:.0f} s loss {mean:.4f} rate {share:.2f}", flush=True)
        if time.monotonic() - saved > 300:
            save(model, given.out)
            saved = time.monotonic()
    save(model, given.out)
    print(f"end {step} steps loss {mean:.4f}", flush=True)


def save(model: Detector, out: Path) -> None:
    """Weights to resume from, and ONNX."""
    part = out / "detector.part"
    torch.save({k: v.cpu() for k, v in model.state_dict().items()}, part)
    part.replace(out / "detector.pt")
    export(model, out / "inference.onnx")


if __name__ == "__main__":
    main()
