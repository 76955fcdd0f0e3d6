"""The JSON Schema of the language, against an independent validator: what it refuses, archc refuses too."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator
from pydantic import BaseModel, ValidationError

from archc.analysis import analyse
from archc.conformance.cases import op_cases
from archc.diagnostics.finding import is_error
from archc.language.reader import plain, read
from archc.language.schema import json_schema
from archc.language.spec import Spec
from archc.ops import ops

ROOT = Path(__file__).parents[2]
GOOD = [ROOT / "specs" / "alexnet.yaml", *sorted((ROOT / "tests" / "specs" / "good").glob("*.yaml"))]
RECIPE = ROOT / "tests" / "specs" / "good" / "recipe.yaml"
BAD = sorted((ROOT / "tests" / "specs" / "bad").glob("*.yaml"))

VALIDATOR = Draft7Validator(json_schema())

# Wrong in what a schema cannot see: what one layer gives another, totals, names elsewhere, what YAML lost on the way.
UNSEEN = set(
    """
    block_bomb block_derived block_expect block_recursion block_unsigned block_unused block_words
    crop crop_larger_than_resize default_of_branches dense_without_flatten departure_at_224 devices_of_five
    duplicate_field duplicate_layer duplicate_section exchanges exchanges_of_no_layer exchanges_of_one_device
    expect_in_branches expect_of_224 expect_of_55 expect_wrong_once free_size groups_from_defaults groups_of_filters
    forgotten_bias groups_of_maps input_too_large kernel_too_large loss_of_one_class losses lost_groups
    maps_after_flatten mean_above_the_brightest memory numbers_of_levels_without_scale numbers_of_other_channels
    numbers_without_scale
    memory_of_weights merge_key one_mistake_ten_readers outputs padding_of_whole_windows padding_too_large parameters
    placed_layers sides single_values tag ten_crop_of_arrays
    extends variants
    tensor_too_large two_inputs two_softmaxes unequal_shapes unused_input unused_layer width_over_devices
    """.split()
)


def accepted(spec: Any) -> bool:
    return VALIDATOR.is_valid(spec)


def data(file: Path) -> Any:
    """What a spec says, read by archc's rules of YAML; None where it is no YAML."""
    node, _ = read(file.read_bytes(), file.name)
    return None if node is None else plain(node)


def holds(text: bytes) -> bool:
    return not is_error(analyse(text, "spec.yaml").findings)


def test_it_is_a_schema_of_draft_7() -> None:
    Draft7Validator.check_schema(json_schema())
    assert json_schema()["$schema"] == "http://json-schema.org/draft-07/schema#"


def test_the_one_in_docs_is_current(golden: Callable[[Path, str], None]) -> None:
    golden(ROOT / "docs" / "archc-v1.schema.json", json.dumps(json_schema(), indent=2) + "\n")


@pytest.mark.parametrize("file", GOOD, ids=lambda file: file.stem)
def test_a_good_spec_is_accepted(file: Path) -> None:
    VALIDATOR.validate(data(file))


@pytest.mark.parametrize("file", [file for file in BAD if data(file) is not None], ids=lambda file: file.stem)
def test_a_bad_spec_is_refused_where_a_schema_can_see_why(file: Path) -> None:
    unseen = file.stem in UNSEEN or holds(file.read_bytes())
    assert accepted(data(file)) == unseen


def test_what_is_unseen_is_there() -> None:
    assert {file.stem for file in BAD} >= UNSEEN


SPEC: dict[str, Any] = {
    "schema": "archc/v1",
    "name": "small",
    "input": {"image": [3, 8, 8]},
    "layers": {"conv1": {"op": "conv2d", "filters": 4, "kernel": 3}, "sum": {"op": "add", "from": ["conv1", "conv1"]}},
}


def faults(changes: dict[str, Any]) -> list[str]:
    """Where the schema refuses the small spec with some sections replaced, and by which of its words."""
    errors = VALIDATOR.iter_errors(SPEC | changes)
    return sorted(f"{error.json_path} {error.validator}" for error in errors)


def test_a_spec_that_extends_another_has_few_sections_of_its_own() -> None:
    own = {"schema": "archc/v1", "extends": "base.yaml", "name": "own"}
    changes = [
        {"set": "layers.fc6.units", "to": 2048},
        {"replace": {"op": "relu"}, "with": {"op": "tanh"}},
        {"remove": "norm1"},
        {"insert": {"relu9": {"op": "relu"}}, "after": "pool5"},
    ]
    assert accepted(own | {"change": changes, "expect": {"parameters": 3}, "variants": {"v": {"change": changes}}})
    assert not accepted(own | {"input": {"image": [3, 8, 8]}})
    assert not accepted(SPEC | {"change": changes})
    for wrong in ({"set": "a"}, {"remove": "a", "to": 3}, {"delete": "a"}, {"insert": {}, "after": "a"}, {}):
        assert not accepted(own | {"change": [wrong]})


def test_a_required_field_may_come_from_the_defaults() -> None:
    short = {"layers": {"conv1": {"op": "conv2d", "kernel": 3}}}
    assert faults(short) == ["$.layers.conv1 required"]
    assert faults(short | {"defaults": {"conv2d": {"filters": 4}}}) == []
    assert faults(short | {"defaults": {"dense": {"units": 4}}}) == ["$.layers.conv1 required"]


@pytest.mark.parametrize("name", ["dropouts", "versions", "inputs"])
def test_a_section_that_archc_v1_has_not_is_refused(name: str) -> None:
    assert faults({name: {}}) == ["$ additionalProperties"]


@pytest.mark.parametrize(
    ("layer", "fault"),
    [
        ({"op": "linear"}, ".op enum"),
        ({}, " required"),
        ({"op": "relu", "rate": 1}, " additionalProperties"),
        ({"op": "relu", "from": ["conv1", "image"]}, ".from anyOf"),
        ({"op": "add", "from": ["conv1"]}, ".from minItems"),
        ({"op": "concat"}, " required"),
        ({"op": "dropout", "rate": 1}, ".rate exclusiveMaximum"),
        ({"op": "dense", "units": 0}, ".units minimum"),
        ({"op": "dense", "units": "10"}, ".units type"),
        ({"op": "dense", "units": 1, "weight_init": {}}, ".weight_init anyOf"),
        ({"op": "max_pool2d", "kernel": 0, "stride": 1}, ".kernel anyOf"),
        ({"op": "max_pool2d", "kernel": [2, 2, 2], "stride": 1}, ".kernel anyOf"),
        ({"op": "max_pool2d", "kernel": 2, "stride": 1, "padding": -1}, ".padding anyOf"),
        ({"op": "max_pool2d", "kernel": 2, "stride": 1, "padding": {"top": 1}}, ".padding anyOf"),
        ({"op": "max_pool2d", "kernel": 2, "stride": 1, "padding": "valid"}, ".padding anyOf"),
        ({"op": "relu", "expect": [0]}, ".expect[0] minimum"),
    ],
)
def test_a_mistake_in_a_layer_is_one_fault_at_its_place(layer: dict[str, Any], fault: str) -> None:
    assert faults({"layers": {"wrong": layer}}) == [f"$.layers.wrong{fault}"]


def properties(schema: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Each field that the schema names, with what it says of it."""
    for name, field in schema.get("properties", {}).items():
        yield f"{path}.{name}", field
        yield from properties(field, f"{path}.{name}")


def test_every_field_says_what_it_is() -> None:
    made = json_schema()
    named = [*properties(made), *(f for name, part in made["definitions"].items() for f in properties(part, name))]
    inside = [path for path, field in named if "description" not in field and "$ref" not in field]
    assert [path for path in inside if not path.endswith(".op") and ".padding." not in path] == []
    assert {path.partition(".")[0] for path, _ in named} >= set(ops())


PARTS = """
    null|true|-1|0|1|2|3|8|2147483648|0.5|1e-4|"1"|"64MiB"|"same"|"conv1"|"image"|"floor"|"data"|"3GiB"|{}|[]|[1]|[1, 2]
    |[3, 8, 8]|["image", "conv1"]|{"he_normal": {}, "normal": null}|{"normal": {"std": 0.1}}|{"rate": 0.5}
    |{"dropout": {}}|{"top": 0, "bottom": 1, "left": 0, "right": 1}|{"conv2d": {"bias": false}}|{"op": "relu"}
""".split("|")


def places(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """The path and the value of each field in nested mappings."""
    for key, inside in value.items() if isinstance(value, dict) else ():
        yield (*path, key), inside
        yield from places(inside, (*path, key))


SPECS = [data(file) for file in GOOD]
FIELDS: dict[str, list[str]] = {}
"""Every field in the good specs, with the values that it has there."""
for _path, _value in (place for spec in SPECS for place in places(spec)):
    FIELDS.setdefault(_path[-1], []).append(json.dumps(_value))


def written(op: str) -> dict[str, Any]:
    """The fields of some layer of an op: in the good specs, or else in a case of it."""
    layers = ((spec.get("defaults", {}), layer) for spec in SPECS for _, layer in places(spec["layers"]))
    there = (
        defaults.get(op, {}) | each for defaults, each in layers if isinstance(each, dict) and each.get("op") == op
    )
    return next(there, None) or yaml.safe_load(op_cases(op)[0].spec)["layers"]["layer"]


@pytest.mark.parametrize(("op", "field"), [(n, f) for n, op in ops().items() for f in op.model_fields if f != "op"])
def test_a_field_takes_in_the_schema_what_it_takes_in_its_class(op: str, field: str) -> None:
    layer = written(op)
    known = {name: value for name, value in layer.items() if name in ops()[op].model_fields}
    for value in [json.loads(part) for part in PARTS]:
        told = faults({"layers": {"layer": layer | {field: value}}})
        assert bool(told) == refused(ops()[op], known | {field: value}), value


@pytest.mark.parametrize(
    "path", [p for p, _ in places(data(RECIPE)) if p[0] not in ("layers", "defaults")], ids=".".join
)
def test_a_section_takes_in_the_schema_what_it_takes_in_its_class(path: tuple[str, ...]) -> None:
    for value in [json.loads(part) for part in PARTS]:
        spec = data(RECIPE)
        inside = spec
        for step in path[:-1]:
            inside = inside[step]
        inside[path[-1]] = value
        assert accepted(spec) != refused(Spec, spec), value


@pytest.mark.parametrize("op", ops())
def test_a_default_changes_nothing_where_it_is_written_out(op: str) -> None:
    named = json_schema()["definitions"][op]["properties"]
    defaults = {name: field["default"] for name, field in named.items() if "default" in field}
    # Of a field whose default is None, the default is its absence.
    optional = {name: field for name, field in ops()[op].model_fields.items() if not field.is_required()}
    assert set(defaults) == {name for name, field in optional.items() if field.default is not None}
    needed = {
        name: value for name, value in written(op).items() if name in ops()[op].model_fields and name not in defaults
    }
    assert ops()[op].model_validate(needed | defaults) == ops()[op].model_validate(needed)


def refused(model: type[BaseModel], fields: dict[str, Any]) -> bool:
    """Whether a class refuses its fields, but for a crop that is larger than the picture: no schema compares."""
    try:
        model.model_validate(fields)
    except ValidationError as error:
        return {detail["type"] for detail in error.errors()} != {"crop"}
    return False


@st.composite
def mutated(draw: st.DrawFn) -> dict[str, Any]:
    """A good spec with a field or two replaced, added or taken away."""
    spec = copy.deepcopy(draw(st.sampled_from(SPECS)))
    for _ in range(draw(st.integers(1, 2))):
        *parents, last = draw(st.sampled_from([path for path, _ in places(spec)]))
        inside = spec
        for step in parents:
            inside = inside[step]
        name = last if draw(st.integers(0, 3)) else draw(st.sampled_from(list(FIELDS)))
        match draw(st.sampled_from(["meant", "meant", "any", "none"])):
            case "meant":
                inside[name] = json.loads(draw(st.sampled_from(FIELDS[name])))
            case "any":
                inside[name] = json.loads(draw(st.sampled_from(PARTS)))
            case _:
                inside.pop(last)
    return spec


@settings(max_examples=300)
@given(mutated())
def test_what_archc_accepts_the_schema_accepts(spec: dict[str, Any]) -> None:
    if holds(json.dumps(spec).encode()):
        VALIDATOR.validate(spec)
