"""Every kind of initialisation is drawn from its distribution, in the emitted model and in a part of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from archc_torch.weights import canonical
from initialisations import NETWORKS, Layer, assert_drawn, layers_of, spec_of
from torch import nn

from archc.analysis import Facts, analyse
from archc.backend import Origin, Request, load
from archc.graph import Graph

Build = Callable[[Facts, Graph], nn.Module]


def facts_of(text: bytes) -> Facts:
    facts = analyse(text, "spec.yaml").facts
    assert facts is not None
    return facts


@pytest.mark.parametrize("shape", NETWORKS)
def test_each_kind_has_its_distribution(shape: str, build: Build) -> None:
    facts = facts_of(spec_of(shape))
    weights = canonical(build(facts, facts.graph).state_dict(), {})
    for number, layer in enumerate(NETWORKS[shape]):
        assert_drawn(weights[f"l{number}.weight"].numpy(), layer)


IN_A_BLOCK = """\
schema: archc/v1
name: net
input: {{text: {{tokens: [3], vocabulary: 5}}}}
defaults: {{attention: {{heads: 4, weight_init: {init}}}, dense: {{weight_init: {{normal: {{std: 0.02}}}}}}}}
blocks:
  mixed:
    layers: {{mix: {{op: attention}}, fc: {{op: dense, units: 240}}}}
layers: {{words: {{op: embedding, channels: 240}}, mixed: {{block: mixed, repeat: 2}}}}
"""


@pytest.mark.parametrize("layer", layers_of("op: attention", 240, 240), ids=lambda layer: layer.init)
def test_a_module_inside_of_a_layers_own_in_a_block(layer: Layer, build: Build) -> None:
    facts = facts_of(IN_A_BLOCK.format(init=layer.init).encode())
    weights = canonical(build(facts, facts.graph).state_dict(), {})
    assert_drawn(weights["mixed.1.mix.out.weight"].numpy(), layer)


COLUMNS = """\
schema: archc/v1
name: net
input: {{image: [4, 1, 1]}}
layers:
  flat: {{op: flatten}}
  fc1: {{op: dense, units: 12, weight_init: {init}}}
parallel: {{devices: 2, strategy: columns}}
"""


def of_a_part(init: str) -> str:
    facts = facts_of(COLUMNS.format(init=init).encode())
    origin = Origin.of("spec.yaml", b"")
    return load("torch").emit(Request(facts.graph, facts.counts, facts.recipe, origin, facts.placement)).text


@pytest.mark.parametrize(
    ("init", "call"),
    [
        ("glorot_normal", "normal(self.fc1, std=0.3535533905932738, bias=0)"),  # sqrt(2 / (4 + 12))
        ("{he_uniform: {fan: out}}", "uniform(self.fc1, limit=0.7071067811865476, bias=0)"),  # sqrt(6 / 12)
        ("he_normal", "he_normal(self.fc1, bias=0)"),
        ("{he_normal: {slope: 1}}", 'variance_scaling(self.fc1, scale=1, fan="in", bias=0)'),
    ],
)
def test_a_part_of_a_layer_is_drawn_with_the_fans_of_the_whole(init: str, call: str) -> None:
    assert f"        {call}\n" in of_a_part(init)


def test_orthogonal_weights_are_not_drawn_in_parts() -> None:
    """Each rank has all of the layer."""
    assert "fc1=nn.Linear(4, 12)" in of_a_part("orthogonal")
    assert "fc1=nn.Linear(4, 6)" in of_a_part("he_normal")
