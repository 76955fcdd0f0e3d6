"""The sizes and remedies that a wrong shape proposes do give the expected shape, and others do not."""

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from archc.analysis import Analysis, analyse
from archc.ops.fields import NO_PADDING, Margins, Padding, Rounding, Size
from archc.ops.max_pool2d import MaxPool2d
from archc.ops.relu import Relu
from archc.ops.shape_error import ShapeError
from archc.ops.window import Axis, Window, least_input, slide
from archc.passes.departure import departure
from archc.tensor import Tensor

Check = Callable[..., Analysis]


def axis(n: int, f: int, s: int, padding: Padding, rounding: Rounding) -> Axis:
    return slide(n, n, kernel=Size(f, f), stride=Size(s, s), padding=padding, rounding=rounding).vertical


margins = st.builds(lambda before, after: Margins(before, after, before, after), st.integers(0, 7), st.integers(0, 7))


@given(
    f=st.integers(1, 12),
    s=st.integers(1, 6),
    padding=st.just("same") | margins,
    rounding=st.sampled_from(["floor", "ceil"]),
    out=st.integers(1, 8),
)
def test_the_least_input_against_trying_all(f: int, s: int, padding: Padding, rounding: Rounding, out: int) -> None:
    tried = (n for n in range(1, 100) if (a := axis(n, f, s, padding, rounding)).fits and a.out >= out)
    assert least_input(axis(50, f, s, padding, rounding), out, padding) == next(tried)


CHAIN = """schema: archc/v1
name: chain
input: {{image: [1, {size}, 40]}}
layers:
  pool1: {{op: max_pool2d, kernel: 4, stride: 3}}
  relu1: {{op: relu}}
  pool2: {{op: max_pool2d, kernel: 3, stride: 2, padding: {{top: 0, bottom: 1, left: 0, right: 0}}, expect: [1, 7, 6]}}
"""


def test_every_proposed_input_gives_the_expected_shape_and_its_neighbours_do_not() -> None:
    analysis = analyse(CHAIN.format(size=30).encode(), "chain.yaml")
    (finding,) = analysis.findings
    assert "an input of 43 to 48 rows and 40 to 45 columns gives the expected shape" in finding.notes
    errors = {
        size: [
            f.code for f in analyse(CHAIN.format(size=size).encode(), "chain.yaml").findings if f.severity == "error"
        ]
        for size in range(40, 52)
    }
    assert [size for size, codes in errors.items() if not codes] == list(range(43, 49))


class Odd(Relu, frozen=True):
    """An op with a window, but not with the fields of a convolution or a pool, as a distribution may bring one."""

    def window(self, inputs: tuple[Tensor, ...]) -> Window:
        return slide(8, 8, kernel=Size(2, 2), stride=Size(2, 2), padding=NO_PADDING)


def test_an_op_with_a_window_of_its_own_kind_gets_no_remedy(check: Check) -> None:
    facts = check("relu1: {op: relu}").facts
    assert facts is not None
    (node,) = facts.graph.nodes
    odd = replace(node, op=Odd(op="relu"))
    assert departure(replace(facts.graph, nodes=(odd,)), odd, (4, 2, 2), frozenset()) is None


def test_a_layer_whose_expectation_holds_is_trusted(check: Check) -> None:
    conv = "conv1: {op: conv2d, filters: 4, padding: 0%s}"
    pool = "pool1: {op: max_pool2d, kernel: 2, stride: 2, expect: [4, 4, 4]}"
    (doubted,) = check(conv % "", pool).findings
    assert doubted.help == "use `padding: 1` on conv1: (8 - 3 + 2 × 1) / 1 + 1 = 8"
    (trusted,) = check(conv % ", expect: [4, 6, 6]", pool).findings
    assert trusted.help == "the layer's fields give `expect: [4, 3, 3]`"
    assert trusted.related == ()


def test_only_the_first_of_many_wrong_shapes_are_explained(check: Check) -> None:
    layers = [f"conv{n}: {{op: conv2d, filters: 4, from: image, expect: [5, 8, 8]}}" for n in range(30)]
    helps = [finding.help for finding in check(*layers).findings]
    assert helps[:20] == [f"use `filters: 5` on conv{n}" for n in range(20)]
    assert set(helps[20:]) == {"the layer's fields give `expect: [4, 8, 8]`"}


def test_no_padding_is_proposed_for_a_larger_output_than_expected(check: Check) -> None:
    (finding,) = check("conv1: {op: conv2d, filters: 4, kernel: 3, padding: 1, expect: [4, 6, 6]}").findings
    assert finding.help == "use `padding: 0` on conv1: (8 - 3) / 1 + 1 = 6"


def test_a_forgotten_stride_is_proposed(check: Check) -> None:
    (finding,) = check("pool1: {op: max_pool2d, kernel: 2, stride: 1, expect: [4, 4, 4]}").findings
    assert finding.help == "use `stride: 2` on pool1: (8 - 2) / 2 + 1 = 4"


@pytest.mark.parametrize(
    ("fields", "size", "help"),
    [
        ("kernel: 7, stride: 2", 16, "padding: 3"),  # ResNet's first layer
        ("kernel: 3, dilation: 2, padding: 1", 32, "padding: 2"),
        ("kernel: 4, stride: 2", 16, "padding: 1"),
        ("kernel: 5, stride: 2, padding: 1", 16, "padding: 2"),
        ("kernel: 3, stride: 2, padding: 1", 32, "stride: 1"),
        ("kernel: 3, padding: 1, stride: 1", 16, "stride: 2"),
        ("kernel: 3, stride: 2, rounding: ceil", 15, "rounding: floor"),
        ("kernel: 11, stride: 4", 7, "rounding: ceil"),
    ],
)
def test_one_field_that_gives_the_expected_shape_is_proposed(check: Check, fields: str, size: int, help: str) -> None:
    written = {**dict(field.split(": ") for field in ("padding: 0", *fields.split(", ")))}
    layer = "conv1: {op: conv2d, filters: 4, %s, expect: [4, SIZE, SIZE]}".replace("SIZE", str(size))
    (finding,) = check(layer % ", ".join(f"{k}: {v}" for k, v in written.items()), image="[4, 32, 32]").findings
    assert (finding.help or "").startswith(f"use `{help}` on conv1: ")
    written |= dict([help.split(": ")])
    mended = check(layer % ", ".join(f"{k}: {v}" for k, v in written.items()), image="[4, 32, 32]")
    assert mended.facts is not None


def test_a_kernel_is_proposed_where_no_input_would_do(check: Check) -> None:
    layers = [
        "conv1: {op: conv2d, filters: 4, padding: 0, expect: [4, 30, 30]}",
        "conv2: {op: conv2d, filters: 4, kernel: 5, padding: 0, expect: [4, %d, %d]}",
    ]
    (finding,) = check(layers[0], layers[1] % (28, 28), image="[4, 32, 32]").findings
    assert finding.help == "use `kernel: 3` on conv2: (30 - 3) / 1 + 1 = 28"
    (finding,) = check(layers[0], layers[1] % (27, 27), image="[4, 32, 32]").findings
    assert finding.help == "the layer's fields give `expect: [4, 26, 26]`"


layers = st.lists(
    st.fixed_dictionaries(
        {
            "kernel": st.sampled_from([2, 3, 5]),
            "stride": st.integers(1, 2),
            "padding": st.just(0) | st.integers(0, 1),
            "rounding": st.sampled_from(["floor", "ceil"]),
        }
    ),
    min_size=1,
    max_size=4,
)
REMEDY = re.compile(r"use `(rounding|padding|stride|kernel): (\w+)` on a([0-9]): .*")


def chain(fields: list[dict[str, object]], expect: list[int]) -> Analysis:
    text = "schema: archc/v1\nname: chain\ninput: {image: [2, 50, 50]}\nlayers:\n"
    for n, written in enumerate(fields):
        last = f", expect: {expect}" if n == len(fields) - 1 else ""
        text += f"  a{n}: {{op: max_pool2d, {', '.join(f'{k}: {v}' for k, v in written.items())}{last}}}\n"
    return analyse(text.encode(), "chain.yaml")


def rows_of(fields: list[dict[str, object]], rows: int) -> int | None:
    """The rows of a chain's output, None if a window does not fit."""
    x = Tensor((2, rows, rows))
    try:
        for written in fields:
            x = MaxPool2d.model_validate({"op": "max_pool2d", **written}).infer((x,))
    except ShapeError:
        return None
    return x.height


def changed(fields: list[dict[str, object]], layer: int, field: str, value: object) -> list[dict[str, object]]:
    return [written | ({field: value} if n == layer else {}) for n, written in enumerate(fields)]


CHANGES = [
    ("rounding", "ceil"),
    ("rounding", "floor"),
    ("stride", 1),
    ("kernel", 3),
    ("padding", 0),
    ("padding", 1),
    ("padding", 2),
    ("stride", 2),
]


@given(fields=layers, layer=st.integers(0, 1), change=st.sampled_from(CHANGES))
def test_a_proposed_remedy_gives_the_expected_shape(
    fields: list[dict[str, object]], layer: int, change: tuple[str, object]
) -> None:
    size = rows_of(changed(fields, layer, *change), 50)
    if size is None:
        return
    findings = chain(fields, [2, size, size]).findings
    match = next((found for f in findings if (found := REMEDY.fullmatch(f.help or ""))), None)
    if match is None:
        return
    event("a remedy")
    field, value, at = match.groups()
    mended = chain(changed(fields, int(at), field, value), [2, size, size])
    assert [f.message for f in mended.findings if f.severity == "error"] == []


@given(fields=layers, size=st.integers(1, 20), rows=st.integers(5, 90))
def test_an_input_is_proposed_only_if_it_gives_the_expected_shape(
    fields: list[dict[str, object]], size: int, rows: int
) -> None:
    """The range of rows in the note, against a try."""
    findings = chain(fields, [2, size, size]).findings
    named = [re.search(r"an input of ([0-9]+)(?: to ([0-9]+))? rows", note) for f in findings for note in f.notes]
    match = next((found for found in named if found), None)
    if match is None:
        return
    low, high = int(match[1]), int(match[2] or match[1])
    assert (rows_of(fields, rows) == size) == (low <= rows <= high)
