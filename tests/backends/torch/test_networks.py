"""The networks in `specs/` that torchvision has are torchvision's: weights, counts and outputs in both modes."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import torch
import torchvision  # pyright: ignore[reportMissingTypeStubs]
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode
from torchinfo import summary

from archc.analysis import Facts, analyse
from archc.graph import Graph

SPECS = Path(__file__).parents[3] / "specs"
TORCHVISION = {
    "alexnet_torchvision": "alexnet",
    "shufflenet_v2": "shufflenet_v2_x1_0",
    **{
        name: name
        for name in (
            *("vgg16", "squeezenet1_1", "googlenet", "resnet18", "resnet50", "densenet121", "mobilenet_v2"),
            *("mobilenet_v3_large", "efficientnet_b0", "convnext_tiny", "vit_b_16"),
        )
    },
}
"""By the name of the spec, torchvision's."""
MAPPED = {"alexnet_torchvision", "convnext_tiny"}
"""Specs that do not have torchvision's names: its AlexNet has numbers, and its ConvNeXt permutes axes in layers."""
VIT = {
    "class_token.weight": "class_token",
    "pos_embedding.weight": "pos_embedding",
    "self_attention.qkv.": "self_attention.in_proj_",
    "self_attention.out.": "self_attention.out_proj.",
    "mlp.2.": "mlp.3.",
    "encoder.layers.": "encoder.layers.encoder_layer_",
}
"""Parts of the names of a ViT's weights, and torchvision's, whose dropouts have numbers, too."""
MORE = {"googlenet": {"aux_logits": False, "transform_input": False, "init_weights": False}}

Build = Callable[[Facts, Graph], nn.Module]
Pair = tuple[Facts, nn.Module, nn.Module]


def facts_of(name: str) -> Facts:
    facts = analyse((SPECS / f"{name}.yaml").read_bytes(), f"{name}.yaml").facts
    assert facts is not None
    return facts


@pytest.fixture(scope="module", params=TORCHVISION)
def pair(request: pytest.FixtureRequest, build: Build) -> Pair:
    """A spec's facts, its emitted model, and torchvision's with the same weights, in float64."""
    name = request.param
    facts = facts_of(name)
    ours = build(facts, facts.graph).double()
    theirs: nn.Module = getattr(torchvision.models, TORCHVISION[name])(weights=None, **MORE.get(name, {})).double()
    randomise(theirs)
    state = theirs.state_dict()
    if name == "vit_b_16":
        own = ours.state_dict()
        state = {key: state[renamed(key)].reshape(value.shape) for key, value in own.items()}
    if name in MAPPED:
        # In the same order, and the weights of a dense layer at each pixel as a convolution's.
        own = ours.state_dict()
        keys = sorted(state, key=in_order(list(state)))
        state = {key: state[theirs_of].reshape(own[key].shape) for key, theirs_of in zip(own, keys, strict=True)}
    ours.load_state_dict(state)
    return facts, ours, theirs


def renamed(key: str) -> str:
    """Torchvision's name of a weight of the ViT."""
    for own, theirs in VIT.items():
        key = key.replace(own, theirs)
    return key


def in_order(keys: list[str]) -> Callable[[str], tuple[int, bool]]:
    """The order of the layers: a parameter of torchvision's ConvNeXt block itself belongs after the block's modules."""
    last = {key: max(keys.index(k) for k in keys if k.startswith(key.rpartition(".")[0] + ".")) for key in keys}
    return lambda key: (last[key], True) if key.endswith("layer_scale") else (keys.index(key), False)


def randomise(model: nn.Module) -> None:
    """Statistics and weights that are not all alike, so that none can be in the place of another."""
    torch.manual_seed(0)
    for name, value in model.state_dict().items():
        if name.endswith("running_var"):
            value.uniform_(0.5, 1.5)
        elif value.is_floating_point() and value.ndim == 1:
            value.add_(torch.randn_like(value) * 0.1)
    for module in model.modules():
        if "layer_scale" in dict(module.named_parameters(recurse=False)):
            module.get_parameter("layer_scale").data.uniform_(0.5, 1.5)


def still(model: nn.Module) -> None:
    """Switch off what is drawn at random, in a model that trains."""
    model.train()
    for module in model.modules():
        if "Dropout" in type(module).__name__ or "StochasticDepth" in type(module).__name__:
            module.eval()


OF_ONE_SIZE = ("alexnet_torchvision", "vgg16", "squeezenet1_1", "vit_b_16")
"""Networks with dense layers on flattened maps, learned positions, or pools that round up; the others take any size."""


def pictures(facts: Facts, count: int) -> Tensor:
    (image,) = facts.graph.inputs.values()
    size = image.shape[1:] if facts.graph.name in OF_ONE_SIZE else (72, 64)
    return torch.randn(count, image.channels, *size, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


def test_the_keys_of_the_weights_are_torchvision_s_in_its_order(pair: Pair) -> None:
    facts, ours, theirs = pair
    if facts.graph.name == "vit_b_16":
        assert {renamed(key) for key in ours.state_dict()} == set(theirs.state_dict())
    elif facts.graph.name not in MAPPED:
        assert list(ours.state_dict()) == list(theirs.state_dict())


def test_counts(pair: Pair) -> None:
    facts, _, theirs = pair
    (image,) = facts.graph.inputs.values()
    assert facts.counts.parameters == sum(value.numel() for value in theirs.parameters())
    with FlopCounterMode(display=False) as counter:
        deepcopy(theirs).to("meta").eval()(torch.zeros(1, *image.shape, dtype=torch.float64, device="meta"))
    assert 2 * facts.counts.macs == counter.get_total_flops()


def test_parameters_as_torchinfo_counts_them(pair: Pair) -> None:
    facts, ours, _ = pair
    (image,) = facts.graph.inputs.values()
    found = summary(deepcopy(ours).to("meta"), (1, *image.shape), verbose=0, dtypes=[torch.float64], device="meta")
    assert found.total_params == facts.counts.parameters


@pytest.mark.parametrize("training", [False, True], ids=["inference", "training"])
def test_outputs(pair: Pair, training: bool) -> None:
    facts, ours, theirs = pair
    x = pictures(facts, 2)
    for precision, near in ((torch.float64, 1e-10), (torch.float32, 1e-5)):
        outputs: list[Tensor] = []
        for model in (ours, theirs):
            state = {key: value.clone() for key, value in model.state_dict().items()}
            model.to(precision)
            still(model) if training else model.eval()
            with torch.no_grad():
                given: Any = model(x.to(precision))
            outputs.append(given.reshape(2, -1))
            model.double().load_state_dict(state)
        ours_of, theirs_of = outputs
        scale = theirs_of.abs().max()
        assert float((ours_of - theirs_of).abs().max() / scale) < near, precision
