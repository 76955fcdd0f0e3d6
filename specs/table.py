"""Prints `specs/README.md`: one table of the networks in this folder. Run `python specs/table.py > specs/README.md`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from archc.analysis import Facts, analyse

HERE = Path(__file__).parent
HEAD = """# Networks

Made by `python specs/table.py > specs/README.md`; `archc check specs/NAME.yaml` shows the layers of each.

| name | network | input | parameters | MACs | layers |
|---|---|---|--:|--:|--:|"""


def table() -> str:
    """The whole file."""
    return "\n".join((HEAD, *rows(HERE))) + "\n"


def rows(folder: Path) -> Iterator[str]:
    """A row for each spec in a folder, in the order of their names."""
    for file in sorted(folder.glob("*.yaml")):
        facts = analyse(file.read_bytes(), file.name).facts
        assert facts is not None, f"{file.name} is not valid"
        yield row(facts, file.name)


def row(facts: Facts, file: str) -> str:
    graph, counts = facts.graph, facts.counts
    inputs = ", ".join(str(x) for x in graph.inputs.values())
    figures = (f"{counts.parameters:,}", f"{counts.macs:,}", str(len(graph.nodes)))
    return f"| [{graph.name}]({file}) | {graph.title} | {inputs} | {' | '.join(figures)} |"


if __name__ == "__main__":
    sys.stdout.write(table())
