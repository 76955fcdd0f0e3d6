"""The canonical layout: equal to the pairs in tests/specs/fmt, idempotent, and with the same meaning in any style."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from archc.language import reader
from archc.language.layout import canonical as layout
from archc.language.layout.canonical import canonical
from archc.language.reader import MappingNode, YamlNode, plain, read

SPECS = Path(__file__).parents[2] / "specs"
PAIRS = sorted(spec for spec in (SPECS / "fmt").glob("*.yaml") if not spec.stem.endswith(".formatted"))


def formatted(text: str) -> str:
    data, findings = canonical(text.encode(), "a.yaml")
    assert findings == []
    assert data is not None
    return data.decode()


@pytest.mark.parametrize("spec", PAIRS, ids=lambda spec: spec.stem)
def test_pairs(spec: Path, golden: Callable[[Path, str], None]) -> None:
    once = formatted(spec.read_bytes().decode())
    golden(spec.with_suffix(".formatted.yaml"), once)
    assert formatted(once) == once


@pytest.mark.parametrize("spec", sorted(SPECS.glob("*/*.yaml")), ids=lambda spec: f"{spec.parent.name}/{spec.stem}")
def test_formatting_any_spec_is_idempotent_or_leaves_it_unchanged(spec: Path) -> None:
    data = spec.read_bytes()
    once, findings = canonical(data, spec.name)
    if once is None:
        assert findings == read(data, spec.name)[1] != []
    else:
        assert canonical(once, spec.name) == (once, [])


def test_good_specs_are_in_layout() -> None:
    other = {spec.name for spec in (SPECS / "good").glob("*.yaml") if formatted(spec.read_text()) != spec.read_text()}
    assert other == {"scalars.yaml"}  # its purpose is the other ways to write a spec


@pytest.mark.parametrize("anchor", ["", "&a\n"])
def test_a_comment_that_moves_out_of_the_first_entry_stays_apart_from_those_above_the_text(anchor: str) -> None:
    once = formatted(f"# above\n{anchor}- # first\n  - x\n  # second\n  - y\n")
    assert once == f"# above\n\n{anchor}# first\n- - x\n  # second\n  - y\n"
    assert formatted(once) == once


def test_a_text_that_would_become_too_long_stays_unchanged(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "[a,b,c]"
    monkeypatch.setattr(reader, "MAX_BYTES", len(text))
    monkeypatch.setattr(layout, "MAX_BYTES", len(text))
    data, (finding,) = canonical(text.encode(), "a.yaml")
    assert data is None
    assert finding.code == "ARC003"


def node(text: str) -> YamlNode:
    root, findings = read(text.encode(), "a.yaml")
    assert findings == []
    assert root is not None
    return root


def layers(root: YamlNode) -> list[str]:
    found = root.entries.get("layers") if isinstance(root, MappingNode) else None
    return list(found.entries) if isinstance(found, MappingNode) else []


def anchors(text: str) -> Counter[str]:
    """Each anchor and alias with the number of its places, as PyYAML finds them."""
    events = [event for event in yaml.parse(text) if isinstance(event, yaml.NodeEvent) and event.anchor]
    return Counter("&*"[isinstance(event, yaml.AliasEvent)] + str(event.anchor) for event in events)


@given(data=st.data())
@settings(max_examples=150)
def test_meaning_comments_and_anchors_stay_whatever_the_style(
    written: Callable[[st.DataObject], str], data: st.DataObject
) -> None:
    text = written(data)
    once = formatted(text)
    assert plain(node(once)) == plain(node(text))
    assert layers(node(once)) == layers(node(text))
    assert anchors(once) == anchors(text)
    comment = re.compile("#c[0-9]+é")
    assert Counter(comment.findall(once)) == Counter(comment.findall(text))
    assert formatted(once) == once
    assert not re.search(r"[\t\r]|\A\n|\n\n\n|[ ]\n|\n\n\Z", once)
    assert once.endswith("\n")


def test_the_order_of_layers_in_a_block_is_kept_whatever_their_names() -> None:
    text = "schema: archc/v1\n\nblocks:\n  a:\n    layers:\n      c: {op: relu}\n      op: relu\n      block: tanh\n"
    assert formatted(text) == text


def test_a_key_that_begins_with_a_colon_is_quoted_in_braces() -> None:
    assert formatted("a:\n  :: 1\n") == 'a: {":": 1}\n'
