"""Fixes change only what is certain, touch nothing else, and leave nothing to fix."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from archc.analysis import analyse
from archc.diagnostics.finding import Edit, Finding, report
from archc.fixing import fix, without_overlaps
from archc.ops import ops
from archc.source import Source, Span

SPECS = Path(__file__).parent / "specs"
ALEXNET = (Path(__file__).parents[1] / "specs" / "alexnet.yaml").read_text(encoding="utf-8")
HEAD = "schema: archc/v1\nname: a\ninput: {image: [3, 32, 32]}\n"
TRAIN = """\
train:
  batch: 8
  epochs: 1
  loss: cross_entropy
  optimizer: {sgd: {lr: 0.01, momentum: 0.9, weight_decay: 5e-4}}
  data: {resize: 40, crop: 32, mirror: true, mean: pixel}
  test: center
"""


def fixed(text: str) -> str:
    return fix(text.encode(), "a.yaml").data.decode()


def layer(body: str) -> str:
    return f"{HEAD}layers:\n  a: {body}\n"


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("{op: conv2d, out_channels: 4, kernel_size: 3}", "{op: conv2d, filters: 4, kernel: 3}"),
        ("{op: conv2d, filter: 4, kernal: 3}", "{op: conv2d, filters: 4, kernel: 3}"),
        ("{op: conv2d, filters: 4, kernel: 3, pad: 1} # pad", "{op: conv2d, filters: 4, kernel: 3, padding: 1} # pad"),
        ("{op: Conv2D, numOutput: 4, kernel_size: 3}", "{op: conv2d, filters: 4, kernel: 3}"),
        ("{type: flaten}", "{op: flatten}"),
        ("{op: lrn, local_size: 5, alpha: 1, beta: 1, k: 1}", "{op: lrn, size: 5, alpha: 1, beta: 1, k: 1}"),
        ('{op: conv2d, "filters":"4", kernel: \'3\'}', '{op: conv2d, "filters":4, kernel: 3}'),
        ('{"op":"Conv2d","filters":4,"kernel_size":3}', '{"op":"conv2d","filters":4,"kernel":3}'),
        ('{op: dropout, rate: "0.5"}', "{op: dropout, rate: 0.5}"),
        (
            "{op: max_pool2d, kernel: 2, stride: 2, rounding: CEIL}",
            "{op: max_pool2d, kernel: 2, stride: 2, rounding: ceil}",
        ),
        (
            "{op: lrn, size: 5, alpha: 1, beta: 1, k: 1, scope: channel}",
            "{op: lrn, size: 5, alpha: 1, beta: 1, k: 1, scope: channels}",
        ),
        (
            "{op: conv2d, filters: 4, kernel: 3, weight_init: he_normal}",
            "{op: conv2d, filters: 4, kernel: 3, weight_init: {he_normal: {}}}",
        ),
        ("{op: relu, bottom: image}", "{op: relu, from: image}"),
        ("\n    op: relu\n    # reads\n    inputs:  image # x", "\n    op: relu\n    # reads\n    from:  image # x"),
    ],
)
def test_a_certain_fix_is_applied(wrong: str, right: str) -> None:
    assert fixed(layer(wrong)) == layer(right)
    assert analyse(layer(right).encode(), "a.yaml").facts is not None


@pytest.mark.parametrize(
    "body",
    [
        "{op: warp}",
        "{op: gelu}",  # one letter from relu, and another function
        "{op: relu6}",
        "{op: Conv3d, filters: 4, kernel: 3}",
        "{op: pool, kernel: 2, stride: 2}",  # which one?
        "{op: conv2d, filters: 4, kernel: 3, kernel_size: 5}",  # two values
        "{op: conv2d, filters: 4, kernel_size: 3, kernal: 3}",
        "{op: conv2d, kernels: 4}",  # filters, or kernel?
        "{op: conv2d, filters: 4, kernel: 3, size: 3}",
        "{op: conv2d, filters: 4, kernel: 3, kernel_initializer: zeros}",
        '{op: conv2d, filters: "010", kernel: 3}',  # ten, or eight?
        '{op: conv2d, filters: "2.0", kernel: 3}',
        '{op: conv2d, filters: "1_0", kernel: 3}',
        '{op: conv2d, filters: &f "4", kernel: *f}',  # the anchor would be lost
        "{op: conv2d, filters: 4, kernel: 3, groups: 3}",  # 1, or 4 filters more?
        "{op: relu, expect: [3, 31, 31]}",  # a claim
        "{op: relu, from: imag}",  # a layer's name is the author's
    ],
)
def test_an_uncertain_mistake_stays(body: str) -> None:
    done = fix(layer(body).encode(), "a.yaml")
    assert done.mended == ()
    assert done.data == layer(body).encode()
    assert done.analysis.facts is None


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("crop: 32", "crop: 32"),
        ("crop: 31", "crop: 32"),
        ('crop: "32"', "crop: 32"),
        ("crop: [32, 31]", "crop: 32"),
        ("mean: pixels", "mean: pixel"),
        ("batch_size: 8", "batch: 8"),
        ("learning_rate: 0.01", "lr: 0.01"),
        ("loss: CrossEntropy", "loss: cross_entropy"),
    ],
)
def test_the_recipe(wrong: str, right: str) -> None:
    start = f"{HEAD}layers: {{a: {{op: relu}}}}\n"
    assert right in TRAIN
    assert fixed(start + TRAIN.replace(right, wrong)) == start + TRAIN


def test_a_schema_of_another_version_is_no_misspelling() -> None:
    assert fixed(layer("{op: relu}").replace("v1", "v2")) == layer("{op: relu}").replace("v1", "v2")


def test_defaults_and_their_ops() -> None:
    defaults = "{Linear: {useBias: false}, conv2d: {strides: 2, stride: 1}}"
    text = f"{HEAD}defaults: {defaults}\nlayers: {{a: {{op: relu}}}}\n"
    assert fixed(text) == text.replace("Linear", "dense").replace("useBias", "bias")


def test_fixing_ends_for_an_anchor_that_is_used_twice() -> None:
    text = f"{HEAD}layers:\n  a: &x {{op: conv2d, filters: 3, kernel_size: 3}}\n  b: *x\n"
    assert fixed(text) == text.replace("kernel_size", "kernel")


def test_a_byte_order_mark_and_every_line_ending_stay() -> None:
    text = layer("{op: conv2d, filters: 4,\r\n    kernel_size: 3}  # 漢🙂\r\n  \r\n").encode()
    assert fix(codecs.BOM_UTF8 + text, "a").data == codecs.BOM_UTF8 + text.replace(b"kernel_size", b"kernel")


def test_only_the_first_of_touching_fixes_is_applied() -> None:
    source = Source("a.yaml", "0123456789")

    def finding(*places: tuple[int, int]) -> Finding:
        edits = [Edit(Span(source, start, end), "x") for start, end in places]
        return report(Span(source, *places[0]), "ARC101", "wrong", fix=edits)

    first, inside, apart = finding((2, 6)), finding((3, 4)), finding((8, 9))
    both, touching, none = finding((0, 1), (5, 7)), finding((6, 7)), report(Span(source, 0, 1), "ARC101", "wrong")
    assert without_overlaps([first, inside, apart, both, touching, none]) == [first, apart]


WORDS = sorted({*ops(), *(field for op in ops().values() for field in op.model_fields), "from", "expect"})
FOREIGN = ["kernel_size", "Conv2D", "linear", "num_output", "pad", "strides", "p", "type", "inputs", "ceil_mode"]


@st.composite
def _misspelt(draw: st.DrawFn) -> str:
    word = draw(st.sampled_from([*WORDS, *FOREIGN]))
    at = draw(st.integers(0, len(word)))
    return draw(st.sampled_from([word, word[:at] + word[at + 1 :], word[:at] + "x" + word[at:], word.upper()])) or "x"


_values = st.one_of(
    st.integers(-2, 20), st.sampled_from(["same", "floor", "Ceil", "channel", "he_normal", "3", "-1", "0.5", "1e400"])
)
_layers = st.dictionaries(
    st.sampled_from(["a", "b", "漢"]),
    st.tuples(_misspelt(), st.dictionaries(_misspelt(), _values, max_size=5)),
    min_size=1,
)


def _written(layers: dict[str, tuple[str, dict[str, object]]], *, flow: bool) -> bytes:
    if flow:
        whole = {name: {"op": op, **fields} for name, (op, fields) in layers.items()}
        return f"{HEAD}layers: {json.dumps(whole, separators=(',', ':'))} # end".encode()
    lines = [HEAD + "layers:"]  # bare and mixed line endings, comments, odd spaces
    for name, (op, fields) in layers.items():
        lines += [
            f"  {name}: # a comment",
            f"    op: {op}",
            *(f"    {k} : {json.dumps(v)} \r" for k, v in fields.items() if k != "op"),
        ]
    return "\n".join(lines).encode()


@given(layers=_layers, flow=st.booleans())
@example(layers={"a": ("Conv2D", {"kernel_size": "3", "pad": 1, "filter": 2})}, flow=True)
def test_nothing_outside_of_the_edits_changes_and_nothing_is_left(
    layers: dict[str, tuple[str, dict[str, object]]], flow: bool
) -> None:
    data = _written(layers, flow=flow)
    before = {finding.code for finding in analyse(data, "a.yaml").findings}
    done = fix(data, "a.yaml")
    rounds = list(dict.fromkeys(finding.span.source for finding in done.mended))
    texts = [*(source.text for source in rounds), done.data.decode()]
    assert texts[0] == data.decode()
    for source, text, following in zip(rounds, texts, texts[1:], strict=False):
        edits = [edit for finding in done.mended if finding.span.source == source for edit in finding.fix]
        assert following == "".join(_spliced(text, sorted(edits, key=lambda edit: edit.span.start)))
    assert {f.code for f in done.analysis.findings if f.code < "ARC1"} <= before, "it parses"
    again = fix(done.data, "a.yaml")
    assert (again.data, again.mended) == (done.data, ())


def _spliced(text: str, edits: list[Edit]) -> Iterator[str]:
    """The characters outside of all edits, unchanged, with the texts of the edits between them."""
    for at, character in enumerate(text):
        yield from (edit.text for edit in edits if edit.span.start == at)
        if not any(edit.span.start <= at < edit.span.end for edit in edits):
            yield character


@given(data=st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_stay_or_are_fixed_once(data: bytes) -> None:
    done = fix(data, "a.yaml")
    assert done.mended or done.data == data
    assert fix(done.data, "a.yaml").data == done.data


@given(start=st.integers(0, 4000), cut=st.integers(0, 5), put=st.text("{}[],:#&*!'\"e_ \n1", max_size=3))
@settings(deadline=None)
def test_a_damaged_spec_is_fixed_as_far_as_that_goes(start: int, cut: int, put: str) -> None:
    text = ALEXNET.replace("kernel:", "kernel_size:").replace("padding", "pad")
    data = (text[:start] + put + text[start + cut :]).encode()
    done = fix(data, "a.yaml")
    before = {finding.code for finding in analyse(data, "a.yaml").findings}
    assert {f.code for f in done.analysis.findings if f.code < "ARC1"} <= before
    assert fix(done.data, "a.yaml").data == done.data


@pytest.mark.parametrize("spec", sorted(SPECS.glob("*/*.yaml")), ids=lambda spec: spec.stem)
def test_fixing_any_spec_ends_and_makes_no_new_kind_of_mistake(spec: Path) -> None:
    before = analyse(spec.read_bytes(), spec.name).findings
    done = fix(spec.read_bytes(), spec.name)
    assert fix(done.data, spec.name).data == done.data
    text = {finding.code for finding in done.analysis.findings if finding.code < "ARC1"}
    assert text <= {finding.code for finding in before}
