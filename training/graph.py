"""The recogniser as a trainable torch module, read straight from its ONNX file and written back into the same graph.

`Reader.open` replays the nodes with torch operators and keeps every float initialiser as a parameter. Its output equals ONNX
Runtime's within 1e-5. So training goes on from the committed weights, and the result runs wherever they ran.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
import torch.nn.functional as functional
from onnx import numpy_helper
from torch import Tensor, nn

#: the softmax at the end belongs to inference. Training works on what goes into it
_LAST = "Softmax"


def _same_upper(x: Tensor, attributes: Mapping[str, Any]) -> Tensor:
    """Pads (N, C, H, W) as ONNX's SAME_UPPER: the odd pixel goes to the end."""
    pad: list[int] = []
    for axis in (1, 0):
        size, step = x.shape[2 + axis], attributes["strides"][axis]
        total = max((-(-size // step) - 1) * step + attributes["kernel_shape"][axis] - size, 0)
        pad += [total // 2, total - total // 2]
    return functional.pad(x, pad)


def _padded(x: Tensor, attributes: Mapping[str, Any]) -> Tensor:
    if attributes.get("auto_pad", b"NOTSET") == b"SAME_UPPER":
        return _same_upper(x, attributes)
    top, left, bottom, right = attributes.get("pads", [0] * 4)
    return functional.pad(x, (left, right, top, bottom)) if top or left or bottom or right else x


def _conv(a: Mapping[str, Any], x: Tensor, w: Tensor, b: Tensor | None = None) -> Tensor:
    return functional.conv2d(_padded(x, a), w, b, a["strides"], 0, a.get("dilations", [1, 1]), a.get("group", 1))


def _slice(a: Mapping[str, Any], x: Tensor, starts: Tensor, ends: Tensor, axes: Tensor, *_: Tensor) -> Tensor:
    for start, end, axis in zip(starts.tolist(), ends.tolist(), axes.tolist(), strict=True):
        size = x.shape[axis]
        start, end = (v + size if v < 0 else min(v, size) for v in (start, end))
        x = x.narrow(axis, start, end - start)
    return x


def _squeeze(a: Mapping[str, Any], x: Tensor, axes: Tensor | None = None) -> Tensor:
    for axis in sorted(a.get("axes") or axes.tolist(), reverse=True):  # type: ignore[union-attr]
        x = x.squeeze(axis)
    return x


def _unsqueeze(a: Mapping[str, Any], x: Tensor, axes: Tensor | None = None) -> Tensor:
    for axis in a.get("axes") or axes.tolist():  # type: ignore[union-attr]
        x = x.unsqueeze(axis)
    return x


def _pool(kind: Any) -> Any:
    return lambda a, x: kind(_padded(x, a), a["kernel_shape"], a["strides"], ceil_mode=bool(a.get("ceil_mode", 0)))


_OPERATORS: dict[str, Any] = {
    "Identity": lambda a, x: x,
    "Add": lambda a, x, y: x + y,
    "Sub": lambda a, x, y: x - y,
    "Mul": lambda a, x, y: x * y,
    "Div": lambda a, x, y: x / y,
    "Pow": lambda a, x, y: x**y,
    "Sqrt": lambda a, x: x.sqrt(),
    "Erf": lambda a, x: torch.erf(x),
    "Relu": lambda a, x: functional.relu(x),
    "Sigmoid": lambda a, x: torch.sigmoid(x),
    "MatMul": lambda a, x, y: x @ y,
    "HardSigmoid": lambda a, x: (x * a.get("alpha", 0.2) + a.get("beta", 0.5)).clamp(0, 1),
    "Softmax": lambda a, x: x.softmax(a.get("axis", -1)),
    "Transpose": lambda a, x: x.permute(a["perm"]),
    "ReduceMean": lambda a, x: x.mean(a["axes"], keepdim=bool(a.get("keepdims", 1))),
    "BatchNormalization": lambda a, x, w, b, mean, var: functional.batch_norm(
        x, mean, var, w, b, False, 0, a.get("epsilon", 1e-5)
    ),
    "Conv": _conv,
    "Slice": _slice,
    "Squeeze": _squeeze,
    "Unsqueeze": _unsqueeze,
    "MaxPool": _pool(functional.max_pool2d),
    "AveragePool": _pool(functional.avg_pool2d),
    "Shape": lambda a, x: torch.tensor(x.shape),
    "Concat": lambda a, *x: torch.cat([t if t.dim() else t[None] for t in x], a["axis"]),
    "Reshape": lambda a, x, shape: x.reshape([x.shape[i] if n == 0 else n for i, n in enumerate(shape.tolist())]),
}


class Reader(nn.Module):
    """(N, 3, 48, W) float32, BGR, (v / 255 - 0.5) / 0.5 -> (N, W / 8, 1 + letters) logits. Index 0 is the CTC blank."""

    def __init__(self, model: onnx.ModelProto) -> None:
        super().__init__()
        self._model = model
        nodes = list(model.graph.node)
        last = max(i for i, node in enumerate(nodes) if node.op_type == _LAST)
        self._input, self._output = model.graph.input[0].name, nodes[last].input[0]
        self._nodes = [
            (n.op_type, list(n.input), list(n.output), {a.name: onnx.helper.get_attribute_value(a) for a in n.attribute})
            for n in nodes[:last]
        ]
        statistics = {inputs[k] for op, inputs, _, _ in self._nodes if op == "BatchNormalization" for k in (3, 4)}
        self.weights, self._fixed, self._key = nn.ParameterDict(), dict[str, Tensor](), dict[str, str]()
        for init in model.graph.initializer:
            value = torch.from_numpy(numpy_helper.to_array(init).copy())
            if value.dtype == torch.float32 and value.numel() > 1 and init.name not in statistics:
                self._key[init.name] = init.name.replace(".", "_")
                self.weights[self._key[init.name]] = nn.Parameter(value)
            else:
                self._fixed[init.name] = value

    @classmethod
    def open(cls, path: Path) -> Reader:
        """The model in `path`."""
        return cls(onnx.load(path))

    def to(self, device: str) -> Reader:  # type: ignore[override]
        """All weights on a device."""
        self._fixed = {k: v.to(device) if v.is_floating_point() else v for k, v in self._fixed.items()}
        return super().to(device)

    def freeze(self, last: str) -> None:
        """Keeps every weight up to and including `last` (by name, in node order) as it is."""
        for _, inputs, _, _ in self._nodes:
            for name in inputs:
                if name in self._key:
                    self.weights[self._key[name]].requires_grad_(False)
            if last in inputs:
                return

    def channels_last(self) -> None:
        """Keeps the kernels in the order of memory that trains a seventh faster on a CPU. The values stay."""
        for weight in self.weights.values():
            if weight.dim() == 4:
                weight.data = weight.data.contiguous(memory_format=torch.channels_last)

    def forward(self, x: Tensor) -> Tensor:
        values: dict[str, Tensor] = {self._input: x, **self._fixed, **{n: self.weights[k] for n, k in self._key.items()}}
        for operator, inputs, outputs, attributes in self._nodes:
            result = _OPERATORS[operator](attributes, *(values[i] for i in inputs if i))
            for name in outputs:
                values[name] = result
        return values[self._output]

    def save(self, path: Path) -> None:
        """Writes the weights into a copy of the graph they came from."""
        copy = onnx.ModelProto()
        copy.CopyFrom(self._model)
        for init in copy.graph.initializer:
            if init.name in self._key:
                array = self.weights[self._key[init.name]].detach().cpu().numpy()
                init.CopyFrom(numpy_helper.from_array(np.ascontiguousarray(array), init.name))
        part = path.with_suffix(".part")
        onnx.save(copy, part)
        part.replace(path)
