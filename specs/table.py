"""Prints `specs/README.md`: one table of the networks in this folder. Run `python specs/table.py > specs/README.md`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from archc.analysis import Facts, analyse
from archc.graph import Graph, Node
from archc.ops.weighted import Weighted

HERE = Path(__file__).parent
HEAD = """# Networks

Made by `python specs/table.py > specs/README.md`; `archc check specs/NAME.yaml` shows the layers of each.

| name | network | input | parameters | MACs | layers |
|---|---|---|--:|--:|--:|"""

FAMILY = (
    *("alexnet", "alexnet_2012", "alexnet_one_tower", "caffenet", "alexnet_torchvision", "alexnet_flowers17", "zfnet"),
    *("cifar_quick", "cifar_four_layers"),
)
"""AlexNet and its relatives, in the order of their table."""
FAMILY_HEAD = """
## AlexNet and its relatives

The comment at the top of each spec names its source. Layers between conv1 and conv2 are in their order.

| name | sizes of the maps | filters | kernels | in groups | conv1 to conv2 | units | parameters |
|---|---|---|---|---|---|---|--:|"""


def table() -> str:
    """The whole file."""
    return "\n".join((HEAD, *rows(HERE), FAMILY_HEAD, *map(relative, FAMILY))) + "\n"


def rows(folder: Path) -> Iterator[str]:
    """A row for each spec in a folder, in the order of their names."""
    for file in sorted(folder.glob("*.yaml")):
        yield row(facts_of(file), file.name)


def facts_of(file: Path) -> Facts:
    facts = analyse(file.read_bytes(), file.name).facts
    assert facts is not None, f"{file.name} is not valid"
    return facts


def row(facts: Facts, file: str) -> str:
    graph, counts = facts.graph, facts.counts
    inputs = ", ".join(str(x) for x in graph.inputs.values())
    figures = (f"{counts.parameters:,}", f"{counts.macs:,}", str(len(graph.nodes)))
    return f"| [{graph.name}]({file}) | {graph.title} | {inputs} | {' | '.join(figures)} |"


def relative(name: str) -> str:
    """A row of AlexNet's family: what its members differ in, read from the spec."""
    facts = facts_of(HERE / f"{name}.yaml")
    graph = facts.graph
    learned = [node for node in graph.nodes if isinstance(node.op, Weighted)]
    maps = [node for node in learned if node.output.is_maps]
    cells = (
        f"[{name}]({name}.yaml)",
        ", ".join(str(height) for height, _ in facts.shapes.chain),
        ", ".join(str(node.output.channels) for node in maps),
        ", ".join(kernel(graph, node) for node in maps),
        ", ".join(node.name for node in maps if (node.op.reach().groups or 1) > 1) or "none",
        ", ".join(node.op.op for node in graph.between(*maps[:2])),
        ", ".join(str(node.output.channels) for node in learned if not node.output.is_maps),
        f"{facts.counts.parameters:,}",
    )
    return f"| {' | '.join(cells)} |"


def kernel(graph: Graph, node: Node) -> str:
    """Its size, and its stride if that is not 1: `11/4`."""
    window = node.op.window(graph.tensors(node.inputs))
    assert window is not None
    height, stride = window.kernel.height, window.stride.height
    return f"{height}/{stride}" if stride > 1 else str(height)


if __name__ == "__main__":
    sys.stdout.write(table())
