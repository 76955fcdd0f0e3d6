"""The caption of a box: its name, its window, and the layers that it includes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from archc.figure.boxes import Box
from archc.figure.lettering import TextStyle, bound, folded
from archc.graph import Graph, Node
from archc.ops.weighted import Weighted

_WIDTH = 104.0


class Line(NamedTuple):
    text: str
    style: TextStyle


def caption(box: Box, graph: Graph, exchanges: Mapping[str, str]) -> tuple[Line, ...]:
    """The lines under a box. `exchanges`: the kind of exchange before each layer that has one."""
    # A long path is broken after its points.
    lines = _lines(re.split(r"(?<=\.)", box.title), "name", between="")
    for number, part in enumerate(box.parts):
        words = (
            _words(part.layer, graph, is_first=not number) if part.layer else re.split(r"(?<=,) | (?=×)", part.kinds)
        )
        kinds = Counter(exchanges[node.name] for node in part.nodes if node.name in exchanges)
        # Lines from another device show the exchange of a first layer, but not those within a closed block.
        for kind, times in kinds.items() if number or part.blocks else ():
            words[-1] += ","
            words.append(kind if times == 1 else f"{kind} × {times}")
        lines += _lines(words, "exchange" if kinds else "caption")
    if len(graph.outputs) > 1 and box.value in graph.outputs:
        lines += _lines(["output"], "caption")
    return tuple(lines)


def _lines(words: list[str], style: TextStyle, between: str = " ") -> list[Line]:
    """The words in lines. A word is broken only if it does not fit one line."""
    lines: list[str] = []
    for word in words:
        if lines and bound(f"{lines[-1]}{between}{word}", style) <= _WIDTH:
            lines[-1] += f"{between}{word}"
        else:
            lines += folded(word, style, _WIDTH)
    return [Line(line, style) for line in lines]


def _words(node: Node, graph: Graph, *, is_first: bool) -> list[str]:
    """The words for a layer. Each stays on one line if it fits."""
    inputs = graph.tensors(node.inputs)
    windowed = node.op.window(inputs) is not None
    words = [node.op.called()]
    if windowed and isinstance(node.op, Weighted):
        words = []  # a solid with a kernel before it is a convolution
    words += [word for word in re.split(r"(?<=,) ", node.summary) if word]
    if windowed and not is_first:
        words.append(f"→ {' × '.join(map(str, node.output.shape[1:]))}")
    for name in dict.fromkeys(node.inputs):
        if (times := node.inputs.count(name)) > 1:
            words[-1] += ","
            words.append(f"{name} {times} times")
    return words
