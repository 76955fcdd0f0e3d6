"""Any values in the sections of variants, and any text after `--set`, give findings and never an exception."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archc.analysis import analyse
from archc.diagnostics.json import as_json
from archc.diagnostics.text import render
from archc.fixing import fix
from archc.language.asked import Asked

BASE = (Path(__file__).parents[2] / "specs" / "variants" / "base.yaml").read_text(encoding="utf-8")
WORDS = (
    "set to replace with remove insert after before op from expect relu conv1 norm1 sum layers layers.fc.units fc "
    "units layers.* blocks input input.image train name title outputs defaults defaults.conv2d.kernel expect.macs . * "
    ".. layers.conv1 layers.sum.from 0 extends change variants tanh base.yaml base.yaml:tanh schema"
).split()

scalars = st.one_of(st.sampled_from(WORDS), st.none(), st.booleans(), st.integers(-2, 9), st.text(max_size=6))
values: st.SearchStrategy[Any] = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(WORDS) | st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)
layers = st.sampled_from(
    [{"op": "relu"}, {"op": "tanh", "from": "conv1"}, {"op": "dropout", "rate": 2}, {"block": "b"}]
)
targets = st.one_of(st.sampled_from(WORDS), values, st.builds(lambda op: {"op": op}, st.sampled_from(WORDS)))
changes = st.one_of(
    st.builds(lambda path, value: {"set": path, "to": value}, targets, values),
    st.builds(lambda name, layer: {"replace": name, "with": layer}, targets, layers | values),
    st.builds(lambda name: {"remove": name}, targets),
    st.builds(lambda name, new, at: {"insert": {name: new}, "after": at}, st.sampled_from(WORDS), layers, targets),
    values,
)
sections = st.fixed_dictionaries(
    {"schema": st.just("archc/v1"), "name": st.just("net")},
    optional={
        "extends": st.sampled_from(["base.yaml", "base.yaml:tanh", "base.yaml:wide", "net.yaml"]) | values,
        "change": st.lists(changes, max_size=4) | values,
        "expect": st.dictionaries(st.sampled_from(["parameters", "macs", "memory", "layers"]), values, max_size=3),
        "variants": st.dictionaries(
            st.sampled_from(["one", "two", "3"]),
            st.fixed_dictionaries({"change": st.lists(changes, max_size=3)}) | values,
            max_size=2,
        ),
    },
)


@pytest.fixture(autouse=True)
def in_folder(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("specs")
    (folder / "base.yaml").write_text(BASE, encoding="utf-8")
    monkeypatch.chdir(folder)


def check(text: str, asked: Asked) -> None:
    found = analyse(text.encode(), "net.yaml", asked, with_variants=True)
    render(found.findings)
    for finding in found.findings:
        as_json(finding)
        assert finding.span.source.name in ("net.yaml", "base.yaml", "--set")
        assert all(edit.span.source.name == "net.yaml" for edit in finding.fix)


@given(spec=sections)
@settings(max_examples=150, deadline=None)
def test_any_sections(spec: dict[str, Any]) -> None:
    text = json.dumps(spec, indent=1)
    check(text, Asked())
    fix(text.encode(), "net.yaml")


@given(own=st.lists(changes, max_size=4))
@settings(max_examples=100, deadline=None)
def test_any_variant_in_a_spec(own: list[Any]) -> None:
    check(BASE + f"  net: {json.dumps({'change': own})}\n", Asked())


@given(path=st.sampled_from(WORDS) | st.text(max_size=8), sign=st.sampled_from(["=", ""]), value=st.text(max_size=12))
@settings(max_examples=150, deadline=None)
def test_any_value_to_try(path: str, sign: str, value: str) -> None:
    check(BASE, Asked(sets=(f"{path}{sign}{value}", "layers.fc.units=3")))
