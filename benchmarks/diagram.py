"""The reliability diagram: how often values were right by how sure we said we were. Needs the extra `bench`."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def reliability(result: dict[str, Any], target: Path) -> None:
    """Draws the bins of every engine and folder of `result` as a PNG. Does nothing where matplotlib is not installed."""
    try:
        import matplotlib
    except ImportError:
        print("no reliability diagram: matplotlib is not installed (pip install digitizer[bench])")
        return
    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, (curve, counts) = pyplot.subplots(2, 1, figsize=(6, 7), height_ratios=(3, 1), sharex=True)
    curve.plot([0, 1], [0, 1], color="grey", linewidth=0.8, label="said = so")
    for engine, folders in result["engines"].items():
        for folder in folders:
            bins = folder["trust"]["bins"]
            if bins:
                label = f"{folder['folder']}, {engine}: {folder['trust']['values']} values, mean gap {folder['trust']['gap']:.3f}"
                curve.plot([b["said"] for b in bins], [b["so"] for b in bins], marker="o", markersize=4, label=label)
                counts.plot([b["said"] for b in bins], [b["values"] for b in bins], marker="o", markersize=4)
    curve.set_ylabel("share of values that are right")
    curve.legend(fontsize=7, loc="upper left")
    counts.set_xlabel("confidence, mean of a bin")
    counts.set_ylabel("values")
    counts.set_yscale("log")
    curve.set_title(f"Reliability, commit {result.get('commit', '')[:8]}", fontsize=9)
    figure.tight_layout()
    figure.savefig(target, dpi=110)
