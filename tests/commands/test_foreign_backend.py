"""A backend of somebody else at work: a layer that it cannot express is a finding at that layer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from archc.emit.seal import seal

BACKEND = """
from archc.backend import PROTOCOL, EmittedSource, Unsupported, every


class Mine:
    name, protocol, frameworks, strategies, train_module = "mine", PROTOCOL, (), (), None

    def refuse(self, node):
        if node.op.op == "tanh":
            raise Unsupported(node.name, "this backend has no tanh")

    def emit(self, request):
        every(request.graph.nodes, self.refuse)
        return EmittedSource(f"# {request.graph.title}\\n", "Mine", {})


backend = Mine()
"""


@pytest.fixture(autouse=True)
def mine(install_backend: Callable[[str, str, str], None]) -> None:
    install_backend("archc-mine", "mine", BACKEND)


def test_what_it_emits_is_written(archc, small: Path) -> None:
    result = archc("build", small, "--backend", "mine")
    assert (result.code, result.out) == (0, "small_mine.py: class Mine, 837 parameters\n")
    assert Path("small_mine.py").read_text() == seal("# A small network\n")
    assert archc("build", small, "--backend", "mine").code == 0, "archc knows what it wrote, whoever emitted it"


def test_layers_that_it_cannot_express(archc, small: Path, here: Path) -> None:
    small.write_text(small.read_text().replace("relu", "tanh").replace("softmax", "tanh"))
    result = archc("build", small, "--backend", "mine")
    assert (result.code, result.out) == (1, "")
    assert "small.yaml:7:15: error[ARC501]: this backend has no tanh (2 places)\n" in result.err
    assert "  class: {op: tanh}\n" in result.err
    assert "  = note: in 2 layers: class, prob\n" in result.err
    assert [file.name for file in here.iterdir()] == ["small.yaml"]
