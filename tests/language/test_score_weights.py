"""Where a layer gives the scores and the spec has no `weight_init` for it, it begins with small weights."""

import pytest

from archc.analysis import analyse
from archc.ops.initialisation import HE_NORMAL, SMALL, WeightInit
from archc.ops.weighted import Weighted

HEAD = "schema: archc/v1\nname: small\ninput: {image: [3, 8, 8]}\n"
CONV, DENSE = "{op: conv2d, filters: 4, kernel: 3}", "{op: dense, units: 5}"


def inits(text: str) -> dict[str, WeightInit]:
    facts = analyse(text.encode(), "small.yaml").facts
    assert facts is not None
    return {node.name: node.op.weight_init for node in facts.graph.nodes if isinstance(node.op, Weighted)}


@pytest.mark.parametrize(
    ("layers", "small"),
    [
        (f"f: {{op: flatten}}, a: {DENSE}, r: {{op: relu}}, b: {DENSE}", "b"),
        (f"f: {{op: flatten}}, a: {DENSE}, b: {{op: softmax}}", "a"),
        (f"f: {{op: flatten}}, a: {DENSE}, b: {{op: sigmoid}}", "a"),
        (f"a: {CONV}, p: {{op: global_avg_pool}}, f: {{op: flatten}}, s: {{op: softmax}}", "a"),
        (f"a: {CONV}, r: {{op: relu}}, c: {CONV}, s: {{op: softmax}}", "c"),  # at each pixel, as in a segmentation
        (f"f: {{op: flatten}}, a: {DENSE}, b: {{op: dense, units: 5, from: f}}", "a b"),  # two outputs
        (f"f: {{op: flatten}}, a: {DENSE}, d: {{op: dropout, rate: 0.5}}", "a"),
        (f"a: {CONV}", ""),  # maps, which are no scores
        (f"a: {CONV}, p: {{op: global_max_pool}}, f: {{op: flatten}}", ""),
        (f"f: {{op: flatten}}, a: {DENSE}, b: {{op: tanh}}", ""),
        (f"f: {{op: flatten}}, a: {DENSE}, b: {{op: relu}}, c: {{op: softmax}}", ""),
        (f"f: {{op: flatten}}, a: {DENSE}, b: {{op: batch_norm, epsilon: 1e-5, momentum: 0.9}}", ""),
        ("f: {op: flatten}, a: {op: dense, units: 5, weight_init: he_normal}", ""),
    ],
)
def test_it_is_the_layer_that_gives_the_scores(layers: str, small: str) -> None:
    found = inits(f"{HEAD}layers: {{{layers}}}\n")
    assert found == {name: SMALL if name in small.split() else HE_NORMAL for name in found}


def test_what_defaults_write_is_kept() -> None:
    defaults = "defaults: {dense: {weight_init: {normal: {std: 0.5}}}}\n"
    assert inits(f"{HEAD}{defaults}layers: {{f: {{op: flatten}}, a: {DENSE}}}\n") == {"a": WeightInit("normal", 0.5)}


def test_all_uses_of_a_block_begin_alike() -> None:
    block = f"blocks: {{part: {{layers: {{a: {DENSE}}}}}}}\n"
    assert set(inits(f"{HEAD}{block}layers: {{f: {{op: flatten}}, p: {{block: part, repeat: 2}}}}\n").values()) == {
        HE_NORMAL
    }


def test_layers_of_a_stage_count() -> None:
    found = inits(f"{HEAD}layers: {{f: {{op: flatten}}, head: [{DENSE}, {{op: relu}}, {DENSE}]}}\n")
    assert found == {"head.0": HE_NORMAL, "head.2": SMALL}
