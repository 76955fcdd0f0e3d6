"""What a derived spec is: values replaced at paths, layers replaced, removed and inserted, and nothing else."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archc.analysis import Facts, analyse
from archc.diagnostics.finding import is_error
from archc.diagnostics.text import render
from archc.difference.difference import difference
from archc.expanding import derived, expanded
from archc.failure import Failure
from archc.language.asked import PLAIN, Asked
from archc.language.reader import MappingNode, plain, read
from archc.language.variants.bases import MOST_BASES
from archc.language.variants.derivation import derive

SPECS = Path(__file__).parents[2] / "specs" / "variants"
BASE = (SPECS / "base.yaml").read_text(encoding="utf-8")
HEAD = "schema: archc/v1\nextends: base.yaml\nname: net\n"


@pytest.fixture(autouse=True)
def in_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    (tmp_path / "base.yaml").write_text(BASE, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def facts(text: str, asked: Asked = PLAIN) -> Facts:
    found = analyse(text.encode(), "net.yaml", asked)
    assert found.facts is not None, render(found.findings)
    return found.facts


def tree(text: str, asked: Asked = PLAIN) -> Any:
    """The derived spec as plain data."""
    root, _ = read(text.encode(), "net.yaml")
    assert isinstance(root, MappingNode)
    found, findings = derive(root, "net.yaml", asked)
    assert found is not None, render(findings)
    return plain(found.result.root)


def changed(*changes: str) -> Any:
    return tree(HEAD + "change:\n" + "".join(f"  - {change}\n" for change in changes))


def base() -> Any:
    root, _ = read(BASE.encode(), "base.yaml")
    assert root is not None
    data: Any = plain(root)
    del data["variants"]
    return {**data, "name": "net"}


def test_without_changes_it_is_the_base_under_another_name() -> None:
    assert tree(HEAD) == base()
    assert [*tree(HEAD)["layers"]] == [*base()["layers"]]


def test_a_value_is_replaced_as_a_whole_and_never_merged() -> None:
    expected = base()
    expected["defaults"] = {"dense": {"bias": False}}
    assert changed("{set: defaults, to: {dense: {bias: false}}}") == expected


def test_a_layer_that_is_replaced_keeps_its_name_its_inputs_and_its_expectation() -> None:
    found = changed("{replace: {op: relu}, with: {op: leaky_relu, slope: 0.1}}", "{replace: conv1, with: {op: tanh}}")
    assert found["layers"]["relu2"] == {"op": "leaky_relu", "slope": 0.1, "from": "conv2"}
    assert found["layers"]["conv1"] == {"op": "tanh", "expect": [16, 32, 32]}
    assert [*found["layers"]] == [*base()["layers"]]


def test_own_inputs_and_expectations_take_precedence() -> None:
    found = changed("{replace: relu2, with: {op: tanh, from: pool1}}")
    assert found["layers"]["relu2"] == {"op": "tanh", "from": "pool1"}


def test_layers_are_inserted_in_order() -> None:
    found = changed(
        "{insert: {a: {op: relu}, b: {op: tanh}}, after: conv1}", "{insert: {c: {op: relu}}, before: conv1}"
    )
    assert [*found["layers"]][:5] == ["c", "conv1", "a", "b", "relu1"]


def test_changes_are_made_one_after_another() -> None:
    found = changed("{insert: {a: {op: relu}}, after: conv1}", "{replace: {op: relu}, with: {op: tanh}}", "{remove: a}")
    assert "a" not in found["layers"]
    assert found["layers"]["relu1"] == {"op": "tanh"}


def test_a_star_is_every_entry_that_has_the_rest() -> None:
    found = changed("{remove: layers.*.expect}", "{set: layers.*.rate, to: 0.1}")
    assert not any("expect" in layer for layer in found["layers"].values())
    assert found["layers"]["drop"]["rate"] == 0.1
    assert "rate" not in found["layers"]["relu1"]


def test_expected_totals_replace_those_of_the_base_one_by_one() -> None:
    assert tree(HEAD + "expect: {parameters: 3}\n")["expect"] == {"parameters": 3, "macs": 737440}


def test_a_variant_is_named_after_the_spec() -> None:
    assert facts(BASE, Asked("tanh")).graph.name == "base_tanh"
    assert facts(HEAD.replace("base.yaml", "base.yaml:tanh")).graph.name == "net"


def test_a_value_behind_an_alias_changes_in_one_place() -> None:
    text = HEAD + "change:\n  - {insert: {a: &a {op: dropout, rate: 0.5}, b: *a}, after: conv1}\n"
    found = tree(text + "  - {set: layers.a.rate, to: 0.1}\n")
    assert (found["layers"]["a"]["rate"], found["layers"]["b"]["rate"]) == (0.1, 0.5)


def test_layers_of_blocks_and_stages_are_changed() -> None:
    text = (
        "schema: archc/v1\nname: net\ninput: {image: [4, 8, 8]}\n"
        "defaults: {conv2d: {kernel: 1, weight_init: {he_normal: {}}}}\n"
        "blocks:\n  unit: {takes: [filters], layers: {conv: {op: conv2d, filters: $filters}, act: {op: relu}}}\n"
        "layers:\n  one: {block: unit, filters: 4, repeat: 2}\n  two: [{op: relu}, {block: unit, filters: 8}]\n"
        "variants:\n  v:\n    change:\n      - {replace: {op: relu}, with: {op: tanh}}\n"
        "      - {set: layers.two.1.filters, to: 6}\n      - {set: blocks.unit.layers.conv.bias, to: false}\n"
        "      - {insert: [{op: sigmoid}], after: two.0}\n"
    )
    found = facts(text, Asked("v"))
    ops = {node.name: node.op.op for node in found.graph.nodes}  # type: ignore[attr-defined]
    assert ops["one.1.act"] == ops["two.0"] == ops["two.2.act"] == "tanh"
    assert ops["two.1"] == "sigmoid"
    assert found.counts.parameters == 4 * 4 + 4 * 4 + 4 * 6
    flat = expanded(text.encode(), "net.yaml", found, Asked("v"))
    assert b"# one.0.conv: conv of block unit, net.yaml, line 6; filters from net.yaml, line 8; bias from" in flat
    assert facts(flat.decode()).counts.parameters == found.counts.parameters


def test_an_item_of_a_stage_has_the_number_of_its_layer() -> None:
    text = (
        "schema: archc/v1\nname: net\ninput: {x: [4]}\n"
        "blocks:\n  unit: {takes: [rate], layers: {act: {op: relu}, drop: {op: dropout, rate: $rate}}}\n"
        "layers:\n  two: [{block: unit, repeat: 3, rate: 0.1}, {block: unit, rate: 0.2}, {op: tanh}]\n"
        "variants:\n  v: {change: [{set: layers.two.3.rate, to: 0.5}, {insert: [{op: relu}], before: two.4}]}\n"
        "  w: {change: [{set: layers.two.*.rate, to: 0.5}]}\n"
    )
    one, every = facts(text, Asked("v")).graph, facts(text, Asked("w")).graph
    rates = [graph.node(f"two.{number}.drop").op.model_dump()["rate"] for graph in (one, every) for number in range(4)]
    assert rates == [0.1, 0.1, 0.1, 0.5, 0.5, 0.5, 0.5, 0.5]
    assert (one.node("two.4").op.op, one.node("two.5").op.op) == ("relu", "tanh")


@pytest.mark.parametrize("value", ["2048", "[1, 2]", "{a: [1]}", '"x"', "", "null", " 5"])
def test_a_value_to_try_is_read_as_yaml(value: str) -> None:
    node, _ = read(f"v: {value}".encode(), "v")
    assert isinstance(node, MappingNode)
    found = tree(BASE, Asked(sets=(f"layers.fc.units={value}",)))
    assert found["layers"]["fc"]["units"] == plain(node.entries["v"])


def test_a_value_to_try_may_break_what_is_expected() -> None:
    found = analyse(BASE.encode(), "base.yaml", Asked(sets=("layers.fc.units=20",)))
    assert [(f.code, f.span.source.name, f.severity) for f in found.findings] == [("ARC921", "--set", "advice")]
    assert found.facts is not None


def test_an_unknown_variant_is_wrong_usage() -> None:
    with pytest.raises(Failure, match=r"base.yaml has no variant `tahn`"):
        analyse(BASE.encode(), "base.yaml", Asked("tahn"))


CHANGES = st.sampled_from(
    [
        "{replace: {op: relu}, with: {op: tanh}}",
        "{replace: norm1, with: {op: batch_norm, epsilon: 1e-5, momentum: 0.9}}",
        "{replace: sum, with: {op: concat}}",
        "{remove: norm1}",
        "{remove: {op: dropout}}",
        "{remove: layers.*.expect}",
        "{remove: expect}",
        "{set: layers.conv1.filters, to: 8}",
        "{set: layers.conv2.groups, to: 1}",
        "{set: input.image, to: [1, 16, 16]}",
        "{set: title, to: 'a: \"b\" # c'}",
        "{insert: {extra: {op: sigmoid}}, after: norm1}",
        "{insert: {extra: {op: sigmoid}, more: {op: relu}}, before: prob}",
        "{set: layers.fc.nothing, to: 1}",
    ]
)


@given(changes=st.lists(CHANGES, max_size=5), tried=st.sampled_from(["", "layers.fc.units=3", "layers.drop.rate=0.2"]))
@settings(max_examples=60, deadline=None)
def test_the_whole_spec_is_the_derived_one(changes: list[str], tried: str) -> None:
    """Any changes give findings, or a spec by itself that has the same network and needs no other file."""
    text = (HEAD + "change:\n" + "".join(f"  - {change}\n" for change in changes) if changes else HEAD).encode()
    asked = Asked(sets=(tried,) if tried else ())
    Path("base.yaml").write_text(BASE, encoding="utf-8")
    found = analyse(text, "net.yaml", asked)
    assert all(f.span.source.name in ("net.yaml", "base.yaml", "--set") for f in found.findings)
    if found.facts is None:
        assert is_error(found.findings)
        return
    whole = derived(text, "net.yaml", asked)
    assert b"extends" not in whole
    again = analyse(whole, "whole.yaml").known
    assert again is not None
    expectations = {f"expect.{what}" for what in ("parameters", "macs", "shapes")} if tried else set[str]()
    apart = difference(found.facts, again)
    assert (apart.layers, apart.effects) == ((), ())
    assert {setting.path for setting in apart.settings} <= expectations  # which a value to try need not meet
    assert derived(text, "net.yaml", asked) == whole


def test_specs_extend_each_other_a_few_levels_deep(in_folder: Path) -> None:
    def level(number: int) -> str:
        before = "base.yaml" if number == 0 else f"{number - 1}.yaml"
        return f"schema: archc/v1\nextends: {before}\nname: net\n"

    for number in range(MOST_BASES + 1):
        (in_folder / f"{number}.yaml").write_text(level(number), encoding="utf-8")
    assert analyse(level(MOST_BASES - 1).encode(), "net.yaml").facts is not None
    found = analyse(level(MOST_BASES).encode(), "net.yaml")
    assert [f.code for f in found.findings] == ["ARC116"]


SECRET = "schema: other\npassword: hunter2\n"


@pytest.mark.parametrize(
    "path",
    [
        *("secret.yaml", "../secret.yaml", "secret.txt", "{folder}/base.yaml", "~/base.yaml", "https://a.b/base.yaml"),
        *("", "nothing.yaml", "folder.yaml", "pipe.yaml", "'base.yaml\\0'", "'base.yaml:'", "net.yaml"),
        *("[base.yaml]", "5"),
    ],
)
def test_nothing_but_a_spec_at_a_relative_path_is_read(in_folder: Path, path: str) -> None:
    import os

    for place in (in_folder / "secret.yaml", in_folder / "secret.txt", in_folder.parent / "secret.yaml"):
        place.write_text(SECRET, encoding="utf-8")
    (in_folder / "folder.yaml").mkdir()
    os.mkfifo(in_folder / "pipe.yaml")
    text = f"schema: archc/v1\nextends: {path.format(folder=in_folder)}\nname: net\n"
    (in_folder / "net.yaml").write_text(text, encoding="utf-8")
    found = analyse(text.encode(), "net.yaml")
    assert [f.code for f in found.findings] in (["ARC116"], ["ARC104"])
    shown = render(found.findings)
    assert "hunter2" not in shown
    assert found.findings[0].span.source.name == "net.yaml"


@pytest.mark.parametrize(
    ("path", "why", "help"),
    [
        ("folder.yaml", "it is a folder", "write a path"),
        ("pipe.yaml", "it is not a regular file", "write a path"),
        ("nowhere.yaml", "no such file", "write a path"),
        ("circle.yaml", "too many levels of symbolic links", "write a path"),
        ("bsae.yaml", "no such file", "did you mean `base.yaml`?"),
    ],
)
def test_a_base_that_cannot_be_read_is_reported_with_the_reason(
    in_folder: Path, path: str, why: str, help: str
) -> None:
    import os

    (in_folder / "folder.yaml").mkdir()
    os.mkfifo(in_folder / "pipe.yaml")
    (in_folder / "nowhere.yaml").symlink_to("nothing")
    (in_folder / "circle.yaml").symlink_to("circle.yaml")
    (found,) = analyse(f"schema: archc/v1\nextends: {path}\nname: net\n".encode(), "net.yaml").findings
    assert found.message == f"cannot read `{path}`: {why}"
    assert (found.help or "").startswith(help)


def test_changes_cannot_make_a_spec_without_bounds() -> None:
    layers = "".join(f"      l{n}: {{op: relu}}\n" for n in range(2000))
    value = "[" + ", ".join(["1"] * 1000) + "]"
    text = HEAD + f"change:\n  - after: conv1\n    insert:\n{layers}  - {{set: layers.*.op, to: {value}}}\n"
    found = analyse(text.encode(), "net.yaml")
    assert [f.code for f in found.findings] == ["ARC003"]
    again = analyse((text + f"  - {{set: layers.*.op, to: {value}}}\n" * 3).encode(), "net.yaml")
    assert [(f.code, f.span.start) for f in again.findings] == [(f.code, f.span.start) for f in found.findings]
    deep = "[" * 60 + "]" * 60
    found = analyse((HEAD + f"change: [{{set: layers.fc.weight_init, to: {deep}}}]\n").encode(), "net.yaml")
    assert [f.code for f in found.findings] in (["ARC003"], ["ARC104"])
    many = HEAD + "change:\n" + "  - {set: title, to: a}\n" * 1001
    assert [f.code for f in analyse(many.encode(), "net.yaml").findings] == ["ARC003"]


def test_removed_layers_that_read_each_other_in_a_circle_have_no_name_to_write_instead(in_folder: Path) -> None:
    circle = BASE.replace("relu1: {op: relu}", "relu1: {op: relu, from: norm1}")
    circle = circle.replace("{op: lrn,", "{op: lrn, from: relu1,")
    (in_folder / "base.yaml").write_text(circle, encoding="utf-8")
    text = HEAD + "change: [{remove: relu1}, {remove: norm1}, {set: layers.pool1.from, to: norm1}]\n"
    (found,) = analyse(text.encode(), "net.yaml").findings
    assert found.message == "pool1 reads norm1, which this change removes"
    assert found.help == "change that, too: `{set: layers.pool1.from, to: …}`"


def test_a_change_of_every_layer_takes_about_as_long_as_the_layers() -> None:
    layers = "".join(f"  l{n}: {{op: relu}}\n" for n in range(40_000))
    Path("large.yaml").write_text(f"schema: archc/v1\nname: large\ninput: {{image: [1, 4, 4]}}\nlayers:\n{layers}")
    change = "change: [{set: layers.*.op, to: tanh}, {replace: {op: tanh}, with: {op: sigmoid}}, {remove: l7}]\n"
    root, _ = read(f"schema: archc/v1\nextends: large.yaml\nname: net\n{change}".encode(), "net.yaml")
    assert isinstance(root, MappingNode)
    started = time.process_time()
    found, _ = derive(root, "net.yaml", PLAIN)
    assert found is not None
    assert time.process_time() - started < 20  # of which reading the text takes most; quadratic time would take hours
    data: Any = plain(found.result.root)
    assert len(data["layers"]) == 39_999
    assert {layer["op"] for layer in data["layers"].values()} == {"sigmoid"}


def test_changes_and_variants_are_limited_by_the_layers_that_they_look_at() -> None:
    layers = "".join(f"  l{n}: {{op: relu}}\n" for n in range(6_000))
    head = f"schema: archc/v1\nname: large\ninput: {{image: [1, 4, 4]}}\nlayers:\n{layers}"
    Path("large.yaml").write_text(head)
    text = "schema: archc/v1\nextends: large.yaml\nname: net\nchange:\n" + "  - {set: title, to: a}\n" * 1000
    assert [f.code for f in analyse(text.encode(), "net.yaml").findings] == ["ARC003"]
    variants = "".join(f"  v{n}: {{change: [{{remove: l1}}]}}\n" for n in range(60))
    found = analyse(f"{head}variants:\n{variants}".encode(), "large.yaml", with_variants=True)
    assert [(f.code, f.notes) for f in found.findings] == [("ARC003", ())]
    assert analyse(f"{head}variants:\n{variants}".encode(), "large.yaml", Asked("v59")).facts is not None
