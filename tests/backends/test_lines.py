"""Emitted source is as short as an expert's: three networks of blocks in at most 160 lines, the whole file."""

from __future__ import annotations

from pathlib import Path

import pytest

from archc.analysis import analyse
from archc.backend import Origin, Request, load
from archc.emit.seal import seal

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("backend", ["torch", "keras"])
@pytest.mark.parametrize("folder", ["specs", "tests/specs/blocks"])
@pytest.mark.parametrize("name", ["resnet50", "mobilenet_v2", "densenet121"])
def test_a_network_of_blocks_has_at_most_160_lines(name: str, folder: str, backend: str) -> None:
    spec = ROOT / folder / f"{name}.yaml"
    data = spec.read_bytes()
    facts = analyse(data, spec.name).facts
    assert facts is not None
    request = Request(facts.graph, facts.counts, facts.own_recipe, Origin.of(spec.name, data))
    lines = seal(load(backend).emit(request).text).splitlines()
    assert len(lines) <= 160
    assert max(map(len, lines)) <= 88
