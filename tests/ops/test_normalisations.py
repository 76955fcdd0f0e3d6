"""Normalisations: what they learn and cost, what they refuse, and the words of other frameworks for them."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
import pytest

from archc.analysis import analyse
from archc.fixing import fix
from archc.ops import ops
from archc.ops.op import Op
from archc.ops.properties import Reach
from archc.ops.shape_error import ShapeError
from archc.tensor import Tensor

MAPS, VECTOR = Tensor((6, 5, 4)), Tensor((12,))
HEAD = "schema: archc/v1\nname: a\ninput: {image: [16, 3, 5]}\nlayers:\n  a: "
LEARNED = ("layer_norm", "group_norm", "instance_norm", "batch_norm")


def make(op: str, **fields: Any) -> Op:
    needed = {"group_norm": {"groups": 2}, "batch_norm": {"momentum": 0.9}}.get(op, {})
    return ops()[op].model_validate({"op": op, "epsilon": 1e-5, **needed, **fields})


@pytest.mark.parametrize("op", LEARNED)
@pytest.mark.parametrize("scale", [True, False])
@pytest.mark.parametrize("bias", [True, False])
def test_each_learned_part_can_be_left_out(op: str, scale: bool, bias: bool) -> None:
    norm = make(op, scale=scale, bias=bias)
    learned = [p for p in norm.parameters((MAPS,)) if p.trained]
    assert [(p.name, p.shape) for p in learned] == [
        (name, (6,)) for name, has in (("weight", scale), ("bias", bias)) if has
    ]
    assert norm.element_ops((MAPS,), MAPS) == make(op).element_ops((MAPS,), MAPS) - (2 - scale - bias) * MAPS.size
    assert norm.macs((MAPS,), MAPS) == 0


def test_every_value_of_a_whole_example_has_its_own_weight() -> None:
    assert [p.shape for p in make("layer_norm", over="all").parameters((MAPS,))] == [(6, 5, 4)] * 2


@pytest.mark.parametrize(
    ("op", "fields", "parts"),
    [
        ("layer_norm", {}, [(slice(None), y, x) for y in range(5) for x in range(4)]),
        ("layer_norm", {"over": "all"}, [(slice(None),) * 3]),
        ("group_norm", {"groups": 3}, [(slice(c, c + 2),) for c in (0, 2, 4)]),
        ("instance_norm", {}, [(c,) for c in range(6)]),
    ],
)
def test_parts_have_the_mean_0_and_the_variance_1(op: str, fields: dict[str, Any], parts: list[Any]) -> None:
    x = np.random.default_rng(0).normal(3, 2, (2, *MAPS.shape))
    y = make(op, epsilon=1e-30, scale=False, bias=False, **fields).compute((x,), {})
    assert sum(prod(y[0][part].shape) for part in parts) == MAPS.size
    for example in y:
        for part in parts:
            assert example[part].mean() == pytest.approx(0, abs=1e-12)
            assert example[part].var() == pytest.approx(1)


def test_the_root_of_the_mean_square_becomes_1() -> None:
    x = np.random.default_rng(0).normal(3, 2, (2, *MAPS.shape))
    y = make("rms_norm", epsilon=1e-30).compute((x,), {"weight": np.ones(6)})
    np.testing.assert_allclose((y**2).mean(1), 1)


@pytest.mark.parametrize(
    ("op", "fields", "x", "field", "code"),
    [
        ("group_norm", {"groups": 4}, MAPS, "groups", "ARC210"),
        ("group_norm", {"groups": 12}, VECTOR, "groups", "ARC211"),
        ("group_norm", {"groups": 6}, Tensor((6, 1, 1)), "groups", "ARC211"),
        ("layer_norm", {}, Tensor((1, 5, 4)), "over", "ARC211"),
        ("layer_norm", {"over": "all"}, Tensor((1,)), "over", "ARC211"),
        ("instance_norm", {}, Tensor((6, 1, 1)), "op", "ARC211"),
        ("instance_norm", {}, VECTOR, "op", "ARC203"),
    ],
)
def test_what_cannot_be_normalised(op: str, fields: dict[str, Any], x: Tensor, field: str, code: str) -> None:
    with pytest.raises(ShapeError) as error:
        make(op, **fields).infer((x,))
    assert (error.value.field, error.value.code) == (field, code)


@pytest.mark.parametrize(
    ("layers", "wrong", "right"),
    [
        (
            "p: {op: max_pool2d, kernel: [3, 5], stride: 1}",
            "{op: instance_norm, epsilon: 1}",
            "{op: layer_norm, epsilon: 1}",
        ),
        (
            "p: {op: max_pool2d, kernel: [3, 5], stride: 1}",
            "{op: group_norm, groups: 16, epsilon: 1}",
            "{op: group_norm, groups: 8, epsilon: 1}",
        ),
        (
            "p: {op: conv2d, filters: 1, kernel: 1, weight_init: {he_normal: {}}}",
            "{op: layer_norm, epsilon: 1}",
            "{op: layer_norm, epsilon: 1, over: all}",
        ),
    ],
)
def test_the_help_for_single_values_mends_them(layers: str, wrong: str, right: str) -> None:
    def found(body: str) -> list[Any]:
        text = HEAD.removesuffix("  a: ") + f"  {layers}\n  a: {body}\n"
        return [finding for finding in analyse(text.encode(), "a.yaml").findings if finding.severity == "error"]

    (finding,) = found(wrong)
    assert finding.message == "a normalises each value by itself"
    assert finding.help in ("use `op: layer_norm`, over the maps", "use `groups: 8`", "use `over: all`")
    assert found(right) == []


@pytest.mark.parametrize(
    ("op", "fields", "reach"),
    [
        ("layer_norm", {}, Reach(groups=1)),
        ("layer_norm", {"over": "all"}, Reach(groups=1)),
        ("group_norm", {"groups": 2}, Reach(groups=2)),
        ("instance_norm", {}, Reach()),
        ("rms_norm", {}, Reach(groups=1)),
    ],
)
def test_which_maps_an_output_map_reads(op: str, fields: dict[str, Any], reach: Reach) -> None:
    assert make(op, **fields).reach() == reach


@pytest.mark.parametrize(
    ("written", "right"),
    [
        (
            "{op: BatchNorm2d, affine: false}",
            "{op: batch_norm, scale: false, epsilon: 1e-5, momentum: 0.9, bias: false}",
        ),
        ("{op: BatchNorm2d, eps: 1e-3, affine: true}", "{op: batch_norm, epsilon: 1e-3, momentum: 0.9}"),
        (
            "{op: BatchNormalization, epsilon: 1e-3, momentum: 0.9, center: false, scale: false}",
            "{op: batch_norm, epsilon: 1e-3, momentum: 0.9, bias: false, scale: false}",
        ),
        (
            "{op: batch_norm, epsilon: 1, momentum: 0.9, fix_gamma: true}",
            "{op: batch_norm, epsilon: 1, momentum: 0.9, scale: false}",
        ),
        ("{op: nn.LayerNorm, normalized_shape: 16}", "{op: layer_norm, epsilon: 1e-5}"),
        ("{op: nn.LayerNorm, normalized_shape: [16, 3, 5]}", "{op: layer_norm, over: all, epsilon: 1e-5}"),
        ("{op: LayerNorm2d, normalized_shape: [16], eps: 1e-6}", "{op: layer_norm, epsilon: 1e-6}"),
        ("{op: LayerNormalization, axis: -1, epsilon: 1e-3}", "{op: layer_norm, epsilon: 1e-3}"),
        ("{op: LayerNormalization, axis: [1, 2, 3], epsilon: 1e-3}", "{op: layer_norm, over: all, epsilon: 1e-3}"),
        (
            "{op: layer_norm, epsilon: 1, elementwise_affine: false}",
            "{op: layer_norm, epsilon: 1, scale: false, bias: false}",
        ),
        (
            "{op: layer_norm, epsilon: 1, elementwise_affine: false, bias: true}",
            "{op: layer_norm, epsilon: 1, scale: false, bias: false}",
        ),
        ("{op: GroupNorm, num_groups: 4, num_channels: 16}", "{op: group_norm, groups: 4, epsilon: 1e-5}"),
        (
            "{op: GroupNormalization, groups: 4, epsilon: 1e-3, axis: -1}",
            "{op: group_norm, groups: 4, epsilon: 1e-3}",
        ),
        # PyTorch's has neither unless it says so.
        ("{op: InstanceNorm2d}", "{op: instance_norm, epsilon: 1e-5, scale: false, bias: false}"),
        ("{op: InstanceNorm2d, affine: true, momentum: 0.1}", "{op: instance_norm, epsilon: 1e-5}"),
        ("{op: RMSNormalization, epsilon: 1e-6}", "{op: rms_norm, epsilon: 1e-6}"),
        ("{op: nn.RMSNorm, normalized_shape: [16], eps: 1e-6}", "{op: rms_norm, epsilon: 1e-6}"),
        ("{op: LayerNormalization}", None),  # Keras's epsilon, or that of ONNX?
        ("{op: GroupNormalization}", None),
        ("{op: RMSNormalization}", None),
        ("{op: InstanceNormalization}", None),
    ],
)
def test_the_words_of_other_frameworks(written: str, right: str | None) -> None:
    text = f"{HEAD}{written}\n"
    assert fix(text.encode(), "a.yaml").data.decode() == (f"{HEAD}{right}\n" if right else text)


@pytest.mark.parametrize(
    ("written", "helps"),
    [
        (
            "{op: LayerNormalization}",
            ["did you mean `op: layer_norm, epsilon: …`?"],
        ),
        (
            "{op: GroupNormalization}",
            ["did you mean `op: group_norm, groups: 32, epsilon: …`?"],
        ),
        (
            "{op: GroupNormalization, groups: -1, epsilon: 1}",
            ["did you mean `group_norm`?", "use `op: instance_norm`, which normalises each map"],
        ),
        (
            "{op: layer_norm, epsilon: 1, axis: 1}",
            ["delete `axis`, there is no choice: it normalises over the channels, unless `over: all`"],
        ),
        (
            "{op: layer_norm, epsilon: 1, normalized_shape: 17}",
            ["it is 16, not 17; delete `normalized_shape`: archc infers it from the layer's input"],
        ),
    ],
)
def test_what_is_not_certain(written: str, helps: list[str]) -> None:
    found = analyse(f"{HEAD}{written}\n".encode(), "a.yaml").findings
    assert [finding.help for finding in found if finding.severity == "error"] == helps
