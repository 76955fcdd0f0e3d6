"""Any bytes give facts or at least one error, never an exception, and every result can be printed and emitted.

`make fuzz EXAMPLES=100000` runs each kind of text 100,000 times.
"""

import ast
import json
import os
from pathlib import Path

import pytest
import yaml
from hypothesis import event, example, given, settings
from hypothesis import strategies as st

from archc.analysis import Facts, analyse
from archc.backend import Origin, Request, Unsupported, load
from archc.diagnostics import concise, github
from archc.diagnostics.finding import Finding
from archc.diagnostics.json import as_json
from archc.diagnostics.sarif import as_sarif
from archc.diagnostics.text import render
from archc.emit.seal import seal
from archc.fixing import fix
from archc.language.layout.canonical import canonical
from archc.report.facts_json import as_json as facts_as_json
from archc.report.network import network

ROOT = Path(__file__).parents[1]
SPECS = sorted((ROOT / "tests" / "specs").rglob("*.yaml"))
GOOD = [
    path.read_bytes() for path in sorted([*(ROOT / "specs").glob("*.yaml"), *(SPECS[0].parents[1] / "good").glob("*")])
]
ORIGIN = Origin.of("spec.yaml", b"")
BACKENDS = [load("torch"), load("keras")]
bounded = settings(max_examples=int(os.environ.get("EXAMPLES", "200")))

# Pieces of which nearly valid specs are composed.
WORDS = """schema archc/v1 name input image layers defaults conv1 relu1 op conv2d max_pool2d dense lrn add concat relu
softmax flatten dropout filters kernel stride padding groups rounding same ceil from outputs expect parameters train
batch parallel devices strategy columns hybrid weight_init normal std 0 1 2 3 -1 0.5 1e-4 .nan ~ true no""".split()
MARKS = ["\n", "\n  ", "\n    ", ": ", ": ", "- ", ", ", "{", "}", "[", "]", "&a ", "*a", "<<: ", "? ", "!!str "]
MARKS += ["'", '"', "|\n", "#", "%", "@", "\t", "---\n", "\\u0000", "\ufeff", "\u2028", "漢", "\u202e", "\x07"]


def check(data: bytes) -> None:
    analysis = analyse(data, "fuzz.yaml", with_variants=True)  # as `archc check` and `--fix` do
    errors = [finding for finding in analysis.findings if finding.severity == "error"]
    assert (analysis.facts is None) == bool(errors)
    tell(analysis.findings)
    event("holds" if analysis.facts else errors[0].code)
    if analysis.facts is not None:
        show(analysis.facts)
    mended = fix(data, "fuzz.yaml").analysis
    assert analysis.facts is None or mended.facts is not None
    written, _ = canonical(data, "fuzz.yaml")
    assert written is None or canonical(written, "fuzz.yaml") == (written, [])


def tell(findings: list[Finding]) -> None:
    """Print the findings in every format, and check that every position is in the text."""
    for finding in findings:
        place = as_json(finding)
        assert (place["line"], place["column"]) <= (place["end_line"], place["end_column"])
        json.dumps(place).encode()
    for text in (render(findings), concise.render(findings), github.render(findings)):
        assert_readable(text)
    json.dumps(as_sarif(findings, version="0", root=ROOT)).encode()


def show(facts: Facts) -> None:
    """Print the table, the JSON facts and both backends' source of a network."""
    assert_readable(network(facts, width=80))
    json.dumps(facts_as_json(facts), allow_nan=False).encode()
    for backend in BACKENDS:
        try:
            source = backend.emit(Request(facts.graph, facts.counts, facts.recipe, ORIGIN))
        except Unsupported:
            continue
        ast.parse(seal(source.text))


def assert_readable(text: str) -> None:
    """Nothing in the text controls a terminal or the direction of writing."""
    assert all(character.isprintable() or character == "\n" for character in text)
    text.encode()


@bounded
@given(data=st.binary(max_size=200))
@example(data=b"\xef\xbb\xbf")
def test_any_bytes(data: bytes) -> None:
    check(data)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A good spec with a few bytes changed, or pieces deleted, doubled or taken from another spec."""
    data = draw(st.sampled_from(GOOD))
    for accident in draw(st.lists(st.sampled_from(["change", "delete", "double", "splice"]), min_size=1, max_size=3)):
        start = draw(st.integers(0, len(data)))
        end = min(start + draw(st.integers(1, 80)), len(data))
        if accident == "change":
            end = min(start + 1, len(data))
            piece = bytes([draw(st.integers(0, 255))])
        elif accident == "delete":
            piece = b""
        elif accident == "double":
            piece = data[start:end] * 2
        else:
            other = draw(st.sampled_from(GOOD))
            begin = draw(st.integers(0, len(other)))
            piece = other[begin : begin + draw(st.integers(1, 80))]
        data = data[:start] + piece + data[end:]
    return data


@bounded
@given(data=mutated())
def test_a_good_spec_after_accidents(data: bytes) -> None:
    check(data)


@st.composite
def mixed_lines(draw: st.DrawFn) -> bytes:
    """A good spec with whole lines deleted, or taken from another spec. Many of these are still valid."""
    lines = draw(st.sampled_from(GOOD)).splitlines(keepends=True)
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(lines)))
        taken = draw(st.sampled_from(draw(st.sampled_from(GOOD)).splitlines(keepends=True)))
        lines[at : at + draw(st.integers(0, 2))] = draw(st.sampled_from([[], [taken]]))
    return b"".join(lines)


@bounded
@given(data=mixed_lines())
def test_a_good_spec_of_mixed_lines(data: bytes) -> None:
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
    """A drawn value in place of any value of a whole spec: this reaches every field of every section and op."""
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
