"""Whatever the bytes: facts or at least one error, never an exception, and every finding can be shown."""

from pathlib import Path

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from archc.analysis import analyse
from archc.diagnostics.json import as_json
from archc.diagnostics.text import render

SPECS = sorted((Path(__file__).parent / "specs").rglob("*.yaml"))
bounded = settings(max_examples=200, deadline=None)

# Pieces from which texts that are nearly specs are put together.
WORDS = """schema archc/v1 name input image layers defaults conv1 relu1 op conv2d max_pool2d dense lrn add concat relu
softmax flatten dropout filters kernel stride padding groups rounding same ceil from outputs expect parameters train
batch parallel devices strategy columns hybrid weight_init normal std 0 1 2 3 -1 0.5 1e-4 .nan ~ true no""".split()
MARKS = ["\n", "\n  ", "\n    ", ": ", ": ", "- ", ", ", "{", "}", "[", "]", "&a ", "*a", "<<: ", "? ", "!!str "]
MARKS += ["'", '"', "|\n", "#", "%", "@", "\t", "---\n", "\\u0000", "\ufeff", "\u2028", "漢", "\u202e", "\x07"]


def check(data: bytes) -> None:
    analysis = analyse(data, "fuzz.yaml")
    errors = [finding for finding in analysis.findings if finding.severity == "error"]
    assert (analysis.facts is None) == bool(errors)
    for finding in analysis.findings:
        place = as_json(finding)
        assert (place["line"], place["column"]) <= (place["end_line"], place["end_column"])
    render(analysis.findings).encode()


@bounded
@given(data=st.binary(max_size=200))
@example(data=b"\xef\xbb\xbf")
def test_any_bytes(data: bytes) -> None:
    check(data)


@bounded
@given(text=st.lists(st.sampled_from(WORDS + MARKS), max_size=60).map("".join))
def test_any_text_of_a_specs_words(text: str) -> None:
    check(text.encode())


@bounded
@given(text=st.lists(st.sampled_from([*WORDS, *MARKS, '"\\UFFFFFFFF"', '"\\uD800"']), max_size=40).map("".join))
def test_any_text_without_libyaml(text: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.delattr(yaml, "CSafeLoader")
        check(text.encode())


@bounded
@given(data=st.data())
def test_a_spec_with_one_piece_replaced(data: st.DataObject) -> None:
    text = data.draw(st.sampled_from(SPECS)).read_text(encoding="utf-8")
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(start + 12, len(text))))
    piece = data.draw(st.lists(st.sampled_from(WORDS + MARKS), max_size=2).map("".join))
    check((text[:start] + piece + text[end:]).encode())


values = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 2**40) | st.floats(allow_nan=False) | st.sampled_from(WORDS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=3),
    max_leaves=6,
)


@bounded
@given(data=st.data())
def test_a_spec_with_one_value_replaced(data: st.DataObject) -> None:
    """Any value at any place of a whole spec, which reaches every field of every section and op."""
    spec = Path(__file__).parent / "specs" / "good" / data.draw(st.sampled_from(["recipe.yaml", "branches.yaml"]))
    root = yaml.safe_load(spec.read_text(encoding="utf-8"))
    place = root
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        key = data.draw(st.sampled_from(keys))
        if not isinstance(place[key], dict | list) or not place[key] or data.draw(st.booleans()):
            break
        place = place[key]
    place[key] = data.draw(values)
    check(yaml.safe_dump(root, sort_keys=False, allow_unicode=True).encode())


def test_findings_come_in_the_order_of_the_text() -> None:
    for spec in SPECS:
        places = [finding.span.start for finding in analyse(spec.read_bytes(), "a.yaml").findings]
        assert places == sorted(places)


def test_the_same_bytes_give_the_same_analysis() -> None:
    for spec in SPECS:
        assert analyse(spec.read_bytes(), "a.yaml") == analyse(spec.read_bytes(), "a.yaml")
