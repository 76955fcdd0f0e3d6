"""The same network under hostile names and a hostile title, and under tame ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from random import Random

from archc.graph import Graph

NAMES = """
Any False I Input Model Module None O OrderedDict SGD Sequential T Tensor True abs add all apply args array as async
await bias bool buffers build call cat children class compile concatenate copy cpu cuda data def del device dict dtype
eval exec exp f fit float for forward functional get_config half id image import init initializers input int is jax
keras kernel kwargs l lambda layer layers len list load main map math max mean min model modules name names nn not np
num numpy object ops optimizer optimizers or output parameters pass path pi predict print property random range relu
requires_grad_ reset_parameters return self shape softmax state state_dict step str sum summary super tensorflow tf
to torch train training tuple type typing variables weight weights while with x y yield zero_grad zip
""".split()
"""Keywords and builtins of Python, names from frameworks, and names that emitted source is likely to use."""

TITLES = (
    '"""\nimport os\nos.system("true")\n"""',
    "'''",
    'a quote at the end"',
    "a backslash at the end\\",
    'a \\"""',
    "\u202e reversed \u2066",
    "{__import__('os')} {0} %s ${x} `x`",
    "# noqa\n# type: ignore\n# fmt: off",
    "\N{NULL}\r\x0c\x85\u2028 end \ud800",
    "n" * 200,
    "",
    " ",
    "\\N{BULLET} \\x00 \\u202e",
    "class Net:\n    pass",
)
"""Titles that try to end a docstring, to add a line or to change a format. The reader rejects some of them, but a
backend must not rely on that."""


def called(graph: Graph, name: str, title: str, values: Sequence[str]) -> Graph:
    """The graph with another name and title. `values` are the new names of its input and of its layers, in order."""
    old = [*graph.inputs, *(node.name for node in graph.nodes)]
    new = dict(zip(old, values, strict=True))
    nodes = tuple(
        replace(node, name=new[node.name], inputs=tuple(new[read] for read in node.inputs)) for node in graph.nodes
    )
    inputs = {new[read]: tensor for read, tensor in graph.inputs.items()}
    return Graph(name, title, inputs, nodes, tuple(new[output] for output in graph.outputs))


def tame(graph: Graph) -> Graph:
    """The graph under names that no backend would use for anything else."""
    values = [f"tame_{number:04}" for number in range(1 + len(graph.nodes))]
    return called(graph, "tame_network", "A tame title", values)


def hostile(graph: Graph, seed: str) -> Graph:
    """The graph under hostile names and a hostile title, drawn by the seed."""
    random = Random(seed)
    count = 1 + len(graph.nodes)
    names = [*random.sample(NAMES, min(count, len(NAMES))), *(f"l{number}" for number in range(count - len(NAMES)))]
    return called(graph, random.choice(NAMES), random.choice(TITLES), names)
