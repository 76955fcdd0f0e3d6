"""A backend of somebody else at work: a layer that it cannot express is a finding at that layer."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from archc.emit.seal import seal

BACKEND = """
from archc.backend import PROTOCOL, Source, Unsupported


class Mine:
    name, protocol, frameworks, train_module = "mine", PROTOCOL, (), None

    def emit(self, graph, recipe, placement, origin):
        for node in graph.nodes:
            if node.op.op == "tanh":
                raise Unsupported(node.name, "this backend has no tanh")
        return Source(f"# {graph.title}\\n", "Mine", {})


backend = Mine()
"""


@pytest.fixture(autouse=True)
def mine(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path_factory.mktemp("site")
    (place / "mine-1.dist-info").mkdir()
    (place / "mine-1.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: mine\nVersion: 1\n")
    (place / "mine-1.dist-info" / "entry_points.txt").write_text("[archc.backends]\nmine = backend_of_mine:backend\n")
    (place / "backend_of_mine.py").write_text(BACKEND)
    monkeypatch.syspath_prepend(place)
    monkeypatch.delitem(sys.modules, "backend_of_mine", raising=False)


def test_what_it_emits_is_written(archc, small: Path) -> None:
    result = archc("build", small, "--backend", "mine")
    assert (result.code, result.out) == (0, "small_mine.py: class Mine, 837 parameters\n")
    assert Path("small_mine.py").read_text() == seal("# A small network\n")
    assert archc("build", small, "--backend", "mine").code == 0, "archc knows what it wrote, whoever emitted it"


def test_a_layer_that_it_cannot_express(archc, small: Path, here: Path) -> None:
    small.write_text(small.read_text().replace("relu", "tanh"))
    result = archc("build", small, "--backend", "mine")
    assert (result.code, result.out) == (1, "")
    assert "small.yaml:7:15: error[ARC501]: this backend has no tanh\n" in result.err
    assert "  class: {op: tanh}\n" in result.err
    assert [file.name for file in here.iterdir()] == ["small.yaml"]
