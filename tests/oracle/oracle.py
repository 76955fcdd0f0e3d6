"""What a graph computes, in NumPy float64, op by op from the language's words: the judge of what backends emit.

It shares no arithmetic with archc: windows are placed one by one, and lrn is summed map by map.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from archc.graph import Graph
from archc.ops.conv2d import Conv2d
from archc.ops.dense import Dense
from archc.ops.fields import Margins
from archc.ops.lrn import Lrn
from archc.ops.max_pool2d import MaxPool2d
from archc.ops.op import Op

Array = NDArray[np.float64]


def evaluate(graph: Graph, weights: Mapping[str, NDArray[Any]], x: Array) -> dict[str, Array]:
    """Every layer's value for examples (N, C, H, W), without dropout; weights by canonical name: `conv1.weight`."""
    (image,) = graph.inputs
    values = {image: x}
    for node in graph.nodes:
        own = {name: weights.get(f"{node.name}.{name}") for name in ("weight", "bias")}
        inputs = [values[name] for name in node.inputs]
        values[node.name] = _apply(
            node.op, inputs, **{k: v.astype(np.float64) for k, v in own.items() if v is not None}
        )
    return values


def _apply(op: Op, inputs: list[Array], **weights: Array) -> Array:
    (x, *others) = inputs
    match op:
        case Conv2d():
            return _conv(op, x, **weights)
        case MaxPool2d():
            windows = _windows(op, x, stride=op.stride, dilation=(1, 1), fill=-np.inf)
            return windows.max((3, 5))
        case Lrn():
            return _lrn(op, x)
        case Dense():
            return x @ weights["weight"].T + weights.get("bias", 0)
        case _:
            return _SIMPLE[op.op](x, *others)


def _softmax(x: Array) -> Array:
    odds = np.exp(x - x.max(1, keepdims=True))
    return odds / odds.sum(1, keepdims=True)


_SIMPLE: dict[str, Any] = {
    "relu": lambda x: np.maximum(x, 0),
    "tanh": np.tanh,
    "softmax": _softmax,
    "dropout": lambda x: x,
    "flatten": lambda x: x.reshape(len(x), -1),
    "add": lambda *xs: sum(xs),
    "concat": lambda *xs: np.concatenate(xs, 1),
}


def _conv(op: Conv2d, x: Array, weight: Array, bias: Array | None = None) -> Array:
    windows = _windows(op, x, stride=op.stride, dilation=op.dilation, fill=0)
    parts = zip(np.split(windows, op.groups, 1), np.split(weight, op.groups), strict=True)
    y = np.concatenate([np.einsum("nchyws,ocys->nohw", part, w, optimize=True) for part, w in parts], 1)
    return y if bias is None else y + bias[:, None, None]


def _windows(op: Any, x: Array, *, stride: tuple[int, int], dilation: tuple[int, int], fill: float) -> Array:
    """(N, C, H, W) -> (N, C, H', kH, W', kW): what each window sees, `fill` where it lies beyond the map."""
    height, width = x.shape[2:]
    margins = (((op.padding.top, op.padding.bottom), (op.padding.left, op.padding.right))
               if isinstance(op.padding, Margins) else (None, None))  # fmt: skip
    rows = _places(height, op.kernel[0], stride[0], dilation[0], margins[0], op.rounding)
    columns = _places(width, op.kernel[1], stride[1], dilation[1], margins[1], op.rounding)
    room = int(max(rows.max(), columns.max(), height, width) - min(rows.min(), columns.min(), 0) + 1)
    wide = np.pad(x, ((0, 0), (0, 0), (room, room), (room, room)), constant_values=fill)
    return wide[:, :, (rows + room)[:, :, None, None], (columns + room)[None, None]]


def _places(n: int, kernel: int, stride: int, dilation: int, margin: tuple[int, int] | None, rounding: str) -> Any:
    """Row by row the places that each window reads, negative or from n on where they are not of the map."""
    span = dilation * (kernel - 1) + 1
    if margin is None:  # same: as many windows as strides begun, the odd place of padding at the end
        count = -(-n // stride)
        missing = max((count - 1) * stride + span - n, 0)
        margin = (missing // 2, missing - missing // 2)
    before, after = margin
    starts = [-before]
    while True:
        start = starts[-1] + stride
        fits = start + span <= n + after
        begun = rounding == "ceil" and start < n and starts[-1] + span < n + after
        if not (fits or begun):
            return np.array(starts)[:, None] + dilation * np.arange(kernel)
        starts.append(start)


def _lrn(op: Lrn, x: Array) -> Array:
    before, after = op.size // 2, (op.size - 1) // 2 + 1
    energy = np.empty_like(x)
    if op.scope == "spatial":
        for row, column in np.ndindex(cast(tuple[int, int], x.shape[2:])):
            window = x[:, :, max(row - before, 0) : row + after, max(column - before, 0) : column + after]
            energy[:, :, row, column] = (window**2).sum((2, 3)) / op.size**2
        return x / (op.k + op.alpha * energy) ** op.beta
    part = x.shape[1] // op.groups
    for c in range(x.shape[1]):
        first = c - c % part
        neighbours = x[:, max(c - before, first) : min(c + after, first + part)]
        energy[:, c] = (neighbours**2).sum(1) / op.size
    return x / (op.k + op.alpha * energy) ** op.beta
