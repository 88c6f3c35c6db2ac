"""What was drawn, kept on disk, so that several trainings share the work: `python -m training.pool DIR`.

Every scan gives a page for the detector (a JPEG and where its lines stand) and lines for the recogniser, SHARD a file. Files are
written whole. Whoever trains takes those read least first, while drawers go on adding.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np

from training.drawing.fonts import DECLARATION, MORE, Fonts
from training.lines import Cut, Lines, Shot, split

#: lines a shard: about 20 MB
SHARD = 250
#: longer side of a page, px
PAGE = 1_280
#: seconds between looks for the first shard
WAIT = 2.0


def write(path: Path, cuts: Sequence[Cut]) -> None:
    """One shard."""
    part = path.with_suffix(".part.npz")
    np.savez(
        part,
        pixels=np.concatenate([cut.pixels for cut in cuts], axis=1),
        widths=[cut.pixels.shape[1] for cut in cuts],
        texts=[cut.text for cut in cuts],
        hands=[cut.hand for cut in cuts],
    )
    part.replace(path)


def read(path: Path) -> list[Cut]:
    """The lines of a shard."""
    with np.load(path) as held:
        strips = np.split(held["pixels"], np.cumsum(held["widths"])[:-1], axis=1)
        return [Cut(p, str(t), bool(h)) for p, t, h in zip(strips, held["texts"], held["hands"], strict=True)]


def shards(folder: Path) -> list[Path]:
    """The shards that are complete."""
    return sorted(path for path in folder.glob("*.npz") if ".part" not in path.name)


def write_page(path: Path, shot: Shot) -> None:
    """The scan, reduced to PAGE px, and the corners of its lines `(n, 4, 2)` in px of it."""
    height, width = shot.pixels.shape[:2]
    scale = min(1.0, PAGE / max(height, width))
    small = cv2.resize(shot.pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    quads = [shot.quad(runs) for line in shot.sheet.reading() for runs in split(line)]
    np.save(path.with_suffix(".npy"), np.array(quads, np.float32).reshape(-1, 4, 2) * np.float32(scale))
    cv2.imwrite(str(path), small[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 92])


def lines(folder: Path, rng: np.random.Generator) -> Iterator[Cut]:
    """Lines for ever, shards read least first, in random order. Waits for the first shard."""
    taken: Counter[str] = Counter()
    while True:
        there = shards(folder)
        if not there:
            time.sleep(WAIT)
            continue
        least = min(taken[path.name] for path in there)
        path = there[int(rng.choice([i for i, p in enumerate(there) if taken[p.name] == least]))]
        taken[path.name] += 1
        cuts = read(path)
        yield from (cuts[int(i)] for i in rng.permutation(len(cuts)))


def fill(folder: Path, seed: int) -> None:
    """Draws shards for ever."""
    os.nice(5)
    cv2.setNumThreads(1)
    kit, held, number = Lines(Fonts.load(DECLARATION, MORE), seed), list[Cut](), 0
    while True:
        shot = kit.shot()
        held += kit.cuts(shot)
        write_page(folder / f"{seed}-{number:06}.jpg", shot)
        number += 1
        if len(held) >= SHARD:
            write(folder / f"{seed}-{number:06}.npz", held)
            held = []


def drawers(folder: Path, count: int, seed: int) -> list[multiprocessing.Process]:
    """`count` processes that fill `folder`, seeds from `seed` on. They end with this one."""
    folder.mkdir(parents=True, exist_ok=True)
    found = [multiprocessing.Process(target=fill, args=(folder, seed + number), daemon=True) for number in range(count)]
    for process in found:
        process.start()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--drawers", type=int, default=1, help="processes that draw")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    given = parser.parse_args()
    for process in drawers(given.folder, given.drawers, given.seed):
        process.join()


if __name__ == "__main__":
    main()
