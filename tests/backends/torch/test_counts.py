"""What archc counts, against PyTorch: parameters and FlopCounterMode of the emitted model of every spec."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode
from torchinfo import summary

from archc.analysis import Facts, analyse
from archc.explain.concepts import concepts
from archc.graph import Graph
from archc.ops.conv2d import Conv2d
from archc.ops.conv_transpose2d import ConvTranspose2d

ROOT = Path(__file__).parents[3]
SPECS = sorted([*(ROOT / "specs").glob("*.yaml"), *(ROOT / "tests" / "specs" / "good").glob("*.yaml")])

Build = Callable[[Facts, Graph], nn.Module]


@pytest.fixture(scope="module", params=SPECS, ids=lambda spec: spec.stem)
def network(request: pytest.FixtureRequest, build: Build) -> tuple[Facts, nn.Module]:
    """Without memory for its values: what is counted needs none."""
    facts = analyse(request.param.read_bytes(), request.param.name).facts
    assert facts is not None
    with torch.device("meta"):
        return facts, build(facts, facts.graph)


def flops(model: nn.Module, image: tuple[int, ...], *, tokens: bool = False) -> tuple[int, int]:
    """FlopCounterMode for one example: forward, and forward plus backward from the sum of all outputs.

    Of two examples, since PyTorch normalises no vectors over a batch of one.
    """
    with FlopCounterMode(display=False) as counter:
        outputs = model(torch.zeros(2, *image, device="meta", dtype=torch.long if tokens else None))
        forward = counter.get_total_flops()
        total = torch.stack([output.sum() for output in (outputs if isinstance(outputs, tuple) else (outputs,))]).sum()
        if total.requires_grad:
            total.backward()
    assert forward % 2 == counter.get_total_flops() % 2 == 0
    return forward // 2, counter.get_total_flops() // 2


def overcount(facts: Facts) -> int:
    """FlopCounterMode takes the gradient of a grouped convolution's weights for that of one without groups: `groups`
    times what it is. `test_groups_are_convolutions_of_their_own` has no groups, and no such excess."""
    return sum(
        2 * (node.op.groups - 1) * facts.counts.layers[node.name].macs
        for node in facts.graph.nodes
        if isinstance(node.op, Conv2d | ConvTranspose2d)
    )


def test_what_is_held(network: tuple[Facts, nn.Module]) -> None:
    facts, model = network
    trained = dict(model.named_parameters())
    biases = sum(values.numel() for name, values in trained.items() if name.rpartition(".")[2].startswith("bias"))
    assert (facts.counts.biases, facts.counts.weights) == (biases, sum(v.numel() for v in trained.values()) - biases)
    assert facts.counts.parameters == sum(values.numel() for values in trained.values())
    saved = model.state_dict()
    assert saved.keys() >= trained.keys()
    statistics = [values for name, values in saved.items() if name not in trained and values.is_floating_point()]
    assert facts.counts.statistics == sum(values.numel() for values in statistics)


def test_flops_are_twice_the_multiply_accumulates(network: tuple[Facts, nn.Module]) -> None:
    facts, model = network
    (image,) = facts.graph.inputs.values()
    forward, both = flops(model, image.shape, tokens=image.is_tokens)
    assert forward == 2 * facts.counts.macs
    assert both == 2 * (facts.counts.macs + facts.counts.backward_macs) + overcount(facts)


HEAD = """
schema: archc/v1
name: small
input: {image: [3, 9, 9]}
defaults: {conv2d: {kernel: 3, weight_init: {he_normal: {}}}}
layers:
"""


@pytest.mark.parametrize(
    ("first", "gradients"),
    [
        ("relu1: {op: relu}", 1),
        ("norm1: {op: batch_norm, epsilon: 1e-5, momentum: 0.9}", 2),
        ("conv1: {op: conv2d, filters: 3}", 2),
        ("pool1: {op: max_pool2d, kernel: 2, stride: 1}", 1),
    ],
)
def test_the_gradient_of_an_input_is_needed_where_something_before_is_trained(
    build: Build, first: str, gradients: int
) -> None:
    facts = analyse(f"{HEAD}  {first}\n  last: {{op: conv2d, filters: 4}}\n".encode(), "a.yaml").facts
    assert facts is not None
    with torch.device("meta"):
        model = build(facts, facts.graph)
    last = facts.counts.layers["last"]
    assert last.backward_macs == gradients * last.macs
    assert flops(model, (3, 9, 9))[1] == 2 * (facts.counts.macs + facts.counts.backward_macs)


def test_groups_are_convolutions_of_their_own(build: Build) -> None:
    """Two groups, and the same as two convolutions of half the maps, which FlopCounterMode counts rightly."""
    whole = "  stem: {op: conv2d, filters: 8}\n  halves: {op: conv2d, filters: 12, groups: 2}\n"
    apart = (
        "  top: {op: conv2d, filters: 4}\n  low: {op: conv2d, filters: 4, from: image}\n"
        "  top2: {op: conv2d, filters: 6, from: top}\n  low2: {op: conv2d, filters: 6, from: low}\n"
        "  halves: {op: concat, from: [top2, low2]}\n"
    )
    found = [analyse((HEAD + layers).encode(), "a.yaml").facts for layers in (whole, apart)]
    grouped, split = (facts for facts in found if facts is not None)
    assert (grouped.counts.macs, grouped.counts.backward_macs) == (split.counts.macs, split.counts.backward_macs)
    with torch.device("meta"):
        model = build(split, split.graph)
    assert flops(model, (3, 9, 9))[1] == 2 * (grouped.counts.macs + grouped.counts.backward_macs)
    assert overcount(grouped) > 0 == overcount(split)


def test_the_figures_of_other_counters_as_archc_explains_them(build: Build) -> None:
    """torchinfo adds the biases; FlopCounterMode counts product and sum apart. Both as installed here."""
    page = "\n".join(concepts()["macs"].parts)
    facts = analyse((ROOT / "specs" / "alexnet_torchvision.yaml").read_bytes(), "alexnet_torchvision").facts
    assert facts is not None
    with torch.device("meta"):
        model = build(facts, facts.graph)
    assert f"    FlopCounterMode, PyTorch 2.15    {flops(model, (3, 224, 224))[0]:,}  " in page
    found = summary(model, (1, 3, 224, 224), device="meta", verbose=0)
    assert f"    torchinfo 1.8.0                  {found.total_mult_adds:,}  " in page
