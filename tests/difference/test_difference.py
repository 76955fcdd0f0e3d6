"""Differences between random networks and known edits of them, and a few cases from reviews."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from archc.analysis import Facts, analyse
from archc.difference.difference import Difference, difference
from archc.difference.layers import LayerSide
from archc.language.layout.canonical import canonical
from archc.language.schema import json_schema
from archc.ops import ops

Spec = dict[str, Any]

NAMES = [f"{letter}{number}" for letter in "abc" for number in range(12)]


def facts_of(spec: Spec | str) -> Facts:
    """The facts of a spec, which holds."""
    text = spec if isinstance(spec, str) else json.dumps(spec)
    analysis = analyse(text.encode(), "spec.yaml")
    assert analysis.facts is not None, [finding.message for finding in analysis.findings]
    return analysis.facts


def _layer(draw: st.DrawFn, maps: int) -> tuple[dict[str, Any], int]:
    """A layer with one input that keeps the size of its maps, and how many maps it has."""
    match draw(st.sampled_from(["conv2d", "conv2d", "relu", "relu", "tanh", "dropout", "lrn", "max_pool2d"])):
        case "conv2d":
            filters = draw(st.sampled_from([4, 8]))
            layer = {"op": "conv2d", "filters": filters, "kernel": draw(st.sampled_from([1, 3, 5])), "padding": "same"}
            if draw(st.booleans()):
                layer["groups"] = draw(st.sampled_from([1, 2]))
            return layer, filters
        case "dropout":
            return {"op": "dropout", "rate": draw(st.sampled_from([0.25, 0.5]))}, maps
        case "lrn":
            return {"op": "lrn", "size": 5, "alpha": 1e-4, "beta": 0.75, "k": draw(st.sampled_from([1, 2]))}, maps
        case "max_pool2d":
            return {"op": "max_pool2d", "kernel": 3, "stride": 1, "padding": "same"}, maps
        case op:
            return {"op": op}, maps


@st.composite
def specs(draw: st.DrawFn, most: int = 12) -> Spec:
    """A DAG of up to `most` layers on maps of 8 x 8, sums and concatenations among them."""
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=most, unique=True))
    maps = {"image": 4}
    layers: dict[str, Any] = {}
    for name in names:
        source = draw(st.sampled_from([*maps][-3:]))
        alike = [other for other in maps if maps[other] == maps[source]]
        if len(maps) > 2 and draw(st.integers(0, 4)) == 0:
            op = draw(st.sampled_from(["add", "concat"])) if maps[source] < 64 else "add"
            other = draw(st.sampled_from(alike))
            layers[name] = {"op": op, "from": [source, other]}
            maps[name] = maps[source] + maps[other] if op == "concat" else maps[source]
        else:
            layer, maps[name] = _layer(draw, maps[source])
            layers[name] = layer | ({} if source == [*maps][-2] else {"from": source})
    return {"schema": "archc/v1", "name": "random", "input": {"image": [4, 8, 8]}, "layers": layers}


def compared(before: Spec | str, after: Spec | str) -> Difference:
    return difference(facts_of(before), facts_of(after))


def told(found: Difference) -> dict[str, tuple[str, dict[str, tuple[str | None, str | None]]]]:
    """Each layer that differs by itself, in which way, and its fields that differ."""
    return {d.name: (d.kind, {f.path: (f.before, f.after) for f in d.fields}) for d in found.layers}


def paths(found: Difference) -> list[str]:
    return [field.path for field in found.settings]


many = settings(max_examples=60)


@many
@given(specs())
def test_a_spec_means_what_it_means(spec: Spec) -> None:
    assert compared(spec, spec).is_none


@many
@given(specs())
def test_layout_makes_no_difference(spec: Spec) -> None:
    text, _ = canonical(json.dumps(spec, indent=2).encode(), "spec.yaml")
    assert text is not None
    assert compared(spec, text.decode()).is_none


@many
@given(specs())
def test_a_default_that_is_written_out_makes_no_difference(spec: Spec) -> None:
    written = {name: _defaults(layer["op"]) | layer for name, layer in spec["layers"].items()}
    assert compared(spec, spec | {"layers": written}).is_none


@cache
def _defaults(op: str) -> dict[str, Any]:
    fields = json_schema()["definitions"][op]["properties"]
    return {name: field["default"] for name, field in fields.items() if "default" in field}


@many
@given(specs())
def test_the_order_of_fields_makes_no_difference(spec: Spec) -> None:
    backwards = {name: dict(reversed(layer.items())) for name, layer in spec["layers"].items()}
    assert compared(spec, dict(reversed((spec | {"layers": backwards}).items()))).is_none


@many
@given(specs(), st.data())
def test_new_names_are_told_as_new_names_only(spec: Spec, data: st.DataObject) -> None:
    """Also where a name goes from one layer to another."""
    names = [*spec["layers"]]
    chosen = data.draw(st.lists(st.sampled_from(names), unique=True))
    taken = set(names) - {*chosen}
    fresh = [name for name in NAMES if name not in taken]
    given_names = data.draw(st.lists(st.sampled_from(fresh), min_size=len(chosen), max_size=len(chosen), unique=True))
    new = dict(zip(chosen, given_names, strict=True))
    found = compared(spec, renamed(spec, new))
    assert (found.layers, found.effects, found.settings) == ((), (), ())
    assert len(found.renamed) <= sum(old != name for old, name in new.items())
    once = [name for name in chosen if sum(spec["layers"][name] == other for other in spec["layers"].values()) == 1]
    if len({*chosen} | {*given_names}) == 2 * len(chosen):  # no name goes to another layer
        assert set(found.renamed) <= set(new.items()) | {(name, name) for name in names}
        assert {(name, new[name]) for name in once} <= set(found.renamed)


def renamed(spec: Spec, new: dict[str, str]) -> Spec:
    """The spec with some layers under other names."""

    def reads(names: str | list[str]) -> str | list[str]:
        return new.get(names, names) if isinstance(names, str) else [new.get(name, name) for name in names]

    layers = spec["layers"].items()
    return spec | {
        "layers": {
            new.get(name, name): layer | ({"from": reads(layer["from"])} if "from" in layer else {})
            for name, layer in layers
        }
    }


OTHERS: dict[str, dict[str, list[Any]]] = {
    "conv2d": {"filters": [4, 8], "kernel": [1, 3, 5], "groups": [1, 2, 4], "bias": [True, False], "bias_init": [0, 1]},
    "dropout": {"rate": [0.1, 0.9]},
    "lrn": {"k": [1, 2], "scope": ["channels", "spatial"]},
    "max_pool2d": {"kernel": [3, 5, [1, 3]], "padding": ["same", {"top": 1, "bottom": 1, "left": 1, "right": 1}]},
}


@many
@given(specs(), st.data())
def test_one_field_of_one_layer_is_told_as_that(spec: Spec, data: st.DataObject) -> None:
    changeable = [name for name, layer in spec["layers"].items() if layer["op"] in OTHERS]
    assume(changeable)
    name = data.draw(st.sampled_from(changeable))
    layer = spec["layers"][name]
    field = data.draw(st.sampled_from([*OTHERS[layer["op"]]]))
    value = data.draw(st.sampled_from(OTHERS[layer["op"]][field]))
    other = spec | {"layers": spec["layers"] | {name: layer | {field: value}}}
    assume(analyse(json.dumps(other).encode(), "spec.yaml").facts is not None)
    found = compared(spec, other)
    models = [ops()[layer["op"]].model_validate(_fields(each["layers"][name])) for each in (spec, other)]
    if models[0] == models[1]:
        assert found.is_none
        return
    assert [(n, kind, [*fields]) for n, (kind, fields) in told(found).items()] == [(name, "changed", [field])]
    assert (found.renamed, found.settings) == ((), ())
    affected = [new.node.name for effect in found.effects for _, new in effect.layers]
    assert affected == otherwise(facts_of(spec), facts_of(other), but=name)
    assert {effect.causes for effect in found.effects} <= {(name,)}


def _fields(layer: Spec) -> Spec:
    return {key: value for key, value in layer.items() if key != "from"}


def otherwise(before: Facts, after: Facts, but: str) -> list[str]:
    """The layers of a name that have another shape, or other counts, on the two sides."""
    return [
        node.name
        for node in after.graph.nodes
        if node.name != but
        and (before.graph.tensor(node.name), _counts(before, node.name)) != (node.output, _counts(after, node.name))
    ]


def _counts(facts: Facts, name: str) -> tuple[int, int]:
    return facts.counts.layers[name].parameters, facts.counts.layers[name].macs


@many
@given(specs(), specs(), st.data())
def test_both_ways_tell_the_same(one: Spec, other: Spec, data: st.DataObject) -> None:
    """The same result in both directions, for unrelated networks and for similar ones."""
    if data.draw(st.booleans()):
        names = data.draw(st.permutations([*one["layers"]]))
        other = renamed(one, dict(zip(one["layers"], names, strict=True)))
        victim = data.draw(st.sampled_from(names))
        other["layers"][victim] = {"op": "relu", "from": other["layers"][victim].get("from", "image")}
        assume(isinstance(other["layers"][victim]["from"], str))
        assume(analyse(json.dumps(other).encode(), "spec.yaml").facts is not None)
    there, back = compared(one, other), compared(other, one)
    assert (there.before, there.after) == (back.after, back.before)
    assert sorted(there.renamed) == sorted((new, old) for old, new in back.renamed)
    assert {(side(d.before), side(d.after), d.reads, d.moved) for d in there.layers} == {
        (side(d.after), side(d.before), d.reads, d.moved) for d in back.layers
    }
    assert {(f.path, f.before, f.after) for f in there.settings if f.path != "outputs"} == {
        (f.path, f.after, f.before) for f in back.settings if f.path != "outputs"
    }
    affected = {(side(old), side(new)) for effect in there.effects for old, new in effect.layers}
    assert affected == {(side(old), side(new)) for effect in back.effects for new, old in effect.layers}


def side(layer: LayerSide | None) -> tuple[object, ...]:
    return (layer.node.name, layer.node.op, layer.size, layer.kept, layer.exchanged) if layer else ()


CHAIN = """\
schema: archc/v1
name: chain
input: {{image: [4, 16, 16]}}
layers:
  {}
"""


def chain(*layers: str) -> str:
    return CHAIN.format("\n  ".join(layers))


CONV1, CONV2, CONV3 = (
    f"conv{i}: {{op: conv2d, filters: {filters}, kernel: 3}}" for i, filters in ((1, 8), (2, 16), (3, 32))
)
RELU1, RELU2, RELU3 = (f"relu{i}: {{op: relu}}" for i in (1, 2, 3))
POOL = "pool: {op: max_pool2d, kernel: 2, stride: 2}"


def test_a_layer_put_into_a_chain_is_one_change() -> None:
    found = compared(chain(CONV1, RELU1, CONV2), chain(CONV1, "norm: {op: tanh}", RELU1, CONV2))
    assert told(found) == {"norm": ("added", {})}
    assert (found.effects, found.settings, found.renamed) == ((), (), ())


def test_a_layer_put_in_and_those_after_it_numbered_anew() -> None:
    """By names alone, conv2 and conv3 would have changed and the last two be new."""
    extra = "conv2: {op: conv2d, filters: 12, kernel: 3, padding: 1}"
    numbered = ["conv3: {op: conv2d, filters: 16, kernel: 3}", "relu3: {op: relu}"]
    numbered += ["conv4: {op: conv2d, filters: 32, kernel: 3}", "relu4: {op: relu}"]
    found = compared(chain(CONV1, RELU1, CONV2, RELU2, CONV3, RELU3), chain(CONV1, RELU1, extra, RELU2, *numbered))
    assert sorted(kind for kind, _ in told(found).values()) == ["added", "added"]
    assert {"conv2": "conv3", "conv3": "conv4"}.items() <= dict(found.renamed).items()


def test_two_layers_that_change_places_are_one_move() -> None:
    found = compared(chain(CONV1, RELU1, POOL, CONV2), chain(CONV1, POOL, RELU1, CONV2))
    (moved,) = found.layers
    assert (moved.moved, moved.reads, moved.fields) == (True, True, ())
    assert moved.name in ("pool", "relu1")


def test_a_layer_taken_out_reshapes_what_follows() -> None:
    found = compared(chain(CONV1, POOL, CONV2, RELU2), chain(CONV1, CONV2, RELU2))
    assert told(found) == {"pool": ("removed", {})}
    (effect,) = found.effects
    assert effect.causes == ("pool",)
    assert [new.node.name for _, new in effect.layers] == ["conv2", "relu2"]


def test_each_effect_has_its_causes_and_ends_where_shapes_are_as_before() -> None:
    before = chain(CONV1, POOL, "flat: {op: flatten}", "fc: {op: dense, units: 9}", "tanh: {op: tanh}")
    wide = CONV1.replace("filters: 8", "filters: 12")
    found = compared(before, before.replace(CONV1, wide).replace("units: 9", "units: 7"))
    assert [(effect.causes, [new.node.name for _, new in effect.layers]) for effect in found.effects] == [
        (("conv1",), ["pool", "flat"]),
        (("conv1", "fc"), ["tanh"]),
    ]


def test_another_op_in_the_same_place_is_a_change_of_op() -> None:
    found = compared(chain(CONV1, "act: {op: relu}"), chain(CONV1, "act: {op: tanh}"))
    assert told(found) == {"act": ("changed", {"op": ("relu", "tanh")})}


def test_a_residual_block_rewires_nobody() -> None:
    block = ["a: {op: conv2d, filters: 8, kernel: 3, padding: 1}", "b: {op: relu}", "sum: {op: add, from: [b, relu1]}"]
    found = compared(chain(CONV1, RELU1, CONV2), chain(CONV1, RELU1, *block, CONV2))
    assert [name for name, (kind, _) in told(found).items() if kind == "added"] == [*told(found)] == ["a", "b", "sum"]


def test_the_terms_of_a_sum_have_no_order_and_those_of_a_concatenation_do() -> None:
    ends = ["left: {op: relu}", "right: {op: tanh, from: image}"]
    for op, differs in (("add", False), ("concat", True)):
        one, other = (f"end: {{op: {op}, from: [{names}]}}" for names in ("left, right", "right, left"))
        found = compared(chain(*ends, one), chain(*ends, other))
        assert (found.is_none, [d.reads for d in found.layers]) == (not differs, [True] * differs)


def test_branches_in_another_order_are_the_same_network() -> None:
    left, right = "left: {op: relu, from: image}", "right: {op: tanh, from: image}"
    end = "end: {op: concat, from: [left, right]}"
    assert compared(chain(left, right, end), chain(right, left, end)).is_none


SECTIONS = """\
parallel: {devices: 2, strategy: columns}
expect: {exchanges: [conv2]}
"""


def test_what_only_follows_a_new_name_is_no_change_of_a_section() -> None:
    spec = chain(CONV1, RELU1, CONV2, RELU2) + SECTIONS
    found = compared(spec, spec.replace("conv2:", "wide:").replace("[conv2]", "[wide]"))
    assert (found.renamed, found.settings, found.layers) == ((("conv2", "wide"),), (), ())


@pytest.mark.parametrize(
    ("old", "new", "changes"),
    [
        ("name: chain", "name: other", {"name": ("chain", "other")}),
        ("title: x", "title: y", {}),
        ("image: [4, 16, 16]", "picture: [4, 16, 16]", {"input.image": ("[4, 16, 16]", None)}),
        ("strategy: columns", "strategy: hybrid", {"parallel.strategy": ("columns", "hybrid")}),
        ("columns}", "columns, device_memory: 3GiB}", {"parallel.device_memory": (None, "3GiB")}),
        ("columns}", "columns, layers: {conv1: split}}", {"parallel.layers.conv1": (None, "split")}),
        ("kernel: 3, stride", "kernel: 3, expect: [8, 7, 7], stride", {"expect.shapes": (None, "[conv1]")}),
        ("lr: 0.01", "lr: 0.02", {"train.optimizer.sgd.lr": ("0.01", "0.02")}),
        ("momentum: 0.9,", "momentum: 0.9, decay_biases: false,", {}),
        ("factor: 0.1", "factor: 0.1, patience: 9", {"train.schedule.on_plateau.patience": ("5", "9")}),
        ("batch: 8", "batch: 16", {"train.batch": ("8", "16")}),
    ],
)
def test_what_is_said_outside_of_layers(old: str, new: str, changes: dict[str, tuple[str | None, str | None]]) -> None:
    recipe = (
        "train: {batch: 8, epochs: 1, loss: cross_entropy, optimizer: {sgd: {lr: 0.01, momentum: 0.9, "
        "weight_decay: 0}}, schedule: {on_plateau: {factor: 0.1, times: 1}}, "
        "data: {resize: 16, crop: 16, mirror: false, mean: none}, test: center}\n"
    )
    head = "title: x\nparallel: {devices: 2, strategy: columns}\n"
    spec = chain("conv1: {op: conv2d, filters: 8, kernel: 3, stride: 2}", RELU1) + head + recipe
    assert old in spec
    found = compared(spec, spec.replace(old, new))
    assert {f.path: (f.before, f.after) for f in found.settings if f.path in changes or not changes} == changes
    assert found.layers == ()
    assert found.is_none == (not changes)


def test_recipes_that_nobody_wrote_are_not_compared() -> None:
    found = compared(chain(CONV1), chain(CONV1).replace("16, 16", "20, 20"))
    assert paths(found) == ["input.image"]
    assert [effect.causes for effect in found.effects] == [("image",)]
