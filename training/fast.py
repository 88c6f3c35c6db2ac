"""The fast reader: a small convolutional network for print, trained from scratch and taught by the strong one (`teacher.py`).

Input, letters and columns are the strong reader's, so that either can read what the other was given, and lattices compare. Plain
3 x 3 convolutions, which a CPU does several times as many of in a second as of depthwise ones; then, along the line, bottlenecks
seven columns wide.
"""

from __future__ import annotations

import copy
from pathlib import Path

import torch
from torch import Tensor, nn

#: channels at 1/2, 1/4, 1/8 and 1/16 of the height, and along the line
WIDE = (16, 40, 96, 192, 256)
#: bottlenecks along the line, and how many columns each sees
ALONG, SEEN = 3, 7


def _conv(given: int, made: int, kernel: tuple[int, int], stride: tuple[int, int] = (1, 1), flat: bool = False) -> nn.Sequential:
    pad = (0 if flat else kernel[0] // 2, kernel[1] // 2)
    return nn.Sequential(nn.Conv2d(given, made, kernel, stride, pad, bias=False), nn.BatchNorm2d(made))


class _Residual(nn.Module):
    def __init__(self, *layers: nn.Module) -> None:
        super().__init__()
        self.layers = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(x + self.layers(x))


def _square(wide: int) -> nn.Module:
    return _Residual(_conv(wide, wide // 2, (3, 3)), nn.ReLU(), _conv(wide // 2, wide, (3, 3)))


def _along(wide: int) -> nn.Module:
    half = wide // 2
    middle = (_conv(wide, half, (1, 1)), nn.ReLU(), _conv(half, half, (1, SEEN)), nn.ReLU())
    return _Residual(*middle, _conv(half, wide, (1, 1)))


class FastReader(nn.Module):
    """(N, 3, 48, W) float32, BGR, (v / 255 - 0.5) / 0.5 -> (N, W / 8, 1 + letters) logits; index 0 is the CTC blank."""

    def __init__(self, letters: int) -> None:
        super().__init__()
        a, b, c, d, e = WIDE
        self.body = nn.Sequential(
            _conv(3, a, (3, 3), (2, 2)), nn.ReLU(),
            _conv(a, b, (3, 3), (2, 2)), nn.ReLU(), _square(b),
            _conv(b, c, (3, 3), (2, 1)), nn.ReLU(), _square(c),
            _conv(c, d, (3, 3), (2, 2)), nn.ReLU(), _square(d), _square(d),
            _conv(d, e, (3, 1), flat=True), nn.ReLU(),
            *(_along(e) for _ in range(ALONG)),
            nn.Conv2d(e, 1 + letters, 1),
        )  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.body(x)[:, :, 0].transpose(1, 2)
        return logits

    def channels_last(self) -> None:
        """Keeps the kernels in the order of memory that a CPU trains fastest; the values stay."""
        self.to(memory_format=torch.channels_last)

    def save(self, path: Path) -> None:
        """Writes an ONNX file, probabilities out, normalisation folded into the convolutions."""
        whole = nn.Sequential(copy.deepcopy(self), nn.Softmax(-1)).cpu().eval()
        part = path.with_suffix(".part")
        axes = {"x": {0: "n", 3: "w"}, "probabilities": {0: "n", 1: "columns"}}
        torch.onnx.export(
            whole, torch.zeros(1, 3, 48, 320), str(part), input_names=["x"], output_names=["probabilities"], dynamic_axes=axes,
            opset_version=17, dynamo=False,
        )  # fmt: skip
        part.replace(path)
