"""Advice never makes a spec unusable, and there is none if nothing is to decide."""

from collections.abc import Callable
from math import prod

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from archc.analysis import Analysis, analyse
from archc.example import CONV_HEAD
from archc.ops.conv2d import Conv2d
from archc.ops.places import places

Check = Callable[..., Analysis]
POOL = "pool1: {op: max_pool2d, kernel: %s, stride: %s%s}"
SKIPS = "pool1 reads %s rows and columns: %s %% of the pixels are never read"


def advice(analysis: Analysis) -> list[str]:
    assert analysis.facts is not None
    assert {finding.severity for finding in analysis.findings} <= {"advice"}
    return [finding.message for finding in analysis.findings]


@pytest.mark.parametrize(
    ("image", "pool", "expected"),
    [
        ("[1, 9, 9]", (3, 2, ""), []),
        ("[1, 10, 9]", (3, 2, ""), ["pool1 never reads the last row"]),
        ("[1, 9, 10]", (3, 2, ""), ["pool1 never reads the last column"]),
        ("[1, 10, 13]", (3, "[2, 3]", ""), ["pool1 never reads the last row and column"]),
        ("[1, 10, 12]", (4, "[4, 3]", ""), ["pool1 never reads the last 2 rows and 2 columns"]),
        (
            "[1, 10, 12]",
            (3, "[2, 5]", ""),
            [
                "pool1 never reads the last row",
                "pool1 reads 9 of 10 rows and 6 of 12 columns: 55 % of the pixels are never read",
            ],
        ),
        ("[1, 10, 10]", (3, 2, ", rounding: ceil"), []),
        ("[1, 10, 10]", (3, 2, ", padding: same"), []),
        # Rounded down, but what is left over is padding.
        ("[1, 10, 10]", (3, 2, ", padding: 1"), []),
        # What no window reads at the end is no more than what the stride skips between two windows.
        ("[1, 56, 56]", (1, 2, ""), []),
        ("[1, 11, 11]", (2, 4, ", padding: 1, rounding: ceil"), [SKIPS % ("5 of 11", "79.34")]),
        ("[1, 11, 11]", (2, 4, ""), [SKIPS % ("6 of 11", "70.25")]),
        # A single window leaves a gap at the end only.
        ("[1, 2, 2]", (2, 4, ""), []),
        ("[1, 4, 4]", (2, 4, ""), [SKIPS % ("2 of 4", "75")]),
        ("[1, 5, 5]", (2, 4, ""), ["pool1 never reads the last 3 rows and 3 columns"]),
    ],
)
def test_input_that_no_window_reads(check: Check, image: str, pool: tuple[object, ...], expected: list[str]) -> None:
    assert advice(check(POOL % pool, image=image)) == expected


def test_the_figures_are_shown(check: Check) -> None:
    (finding,) = check(POOL % (3, 2, ""), image="[1, 10, 9]").findings
    assert finding.notes == (
        "⌊(10 - 3) / 2⌋ + 1 = 4, (9 - 3) / 2 + 1 = 4",
        "4 windows of 3 with stride 2 cover 9 of 10",
    )
    assert finding.help == "use `rounding: ceil`, other padding or another size"


paddings = st.sampled_from(["0", "1", "2", "same", "{top: 0, bottom: 1, left: 2, right: 0}"])


@settings(max_examples=300)
@given(
    size=st.tuples(st.integers(1, 20), st.integers(1, 20)),
    kernel=st.tuples(st.integers(1, 4), st.integers(1, 4)),
    stride=st.tuples(st.integers(1, 6), st.integers(1, 6)),
    dilation=st.integers(1, 3),
    padding=paddings,
    rounding=st.sampled_from(["floor", "ceil"]),
)
def test_every_advice_on_unread_input_is_true_and_what_it_proposes_changes_it(
    size: tuple[int, int],
    kernel: tuple[int, int],
    stride: tuple[int, int],
    dilation: int,
    padding: str,
    rounding: str,
) -> None:
    """Against the pixels that windows read when they are laid down one by one."""
    fields = f"kernel: {[*kernel]}, stride: {[*stride]}, dilation: {dilation}, padding: {padding}, rounding: {rounding}"
    text = f"{CONV_HEAD.replace('8, 8', f'{size[0]}, {size[1]}')}  a: {{op: conv2d, filters: 1, {fields}}}\n"
    analysis = analyse(text.encode(), "small.yaml")
    if analysis.facts is None:
        return
    (node,) = analysis.facts.graph.nodes
    assert isinstance(node.op, Conv2d)
    codes = [finding.code for finding in analysis.findings]
    assert len(codes) == len(set(codes))
    read = [read_of(node.op, axis, size[axis]) for axis in (0, 1)]
    if "ARC902" in codes:
        up = node.op.model_copy(update={"rounding": "ceil"}).infer(analysis.facts.graph.tensors(node.inputs))
        event("dropped")
        assert up != node.output
    if "ARC913" in codes:
        event("skipped")
        assert any(len(places) < n for places, n in zip(read, size, strict=True))
        (finding,) = (finding for finding in analysis.findings if finding.code == "ARC913")
        unread, pixels = prod(size) - prod(map(len, read)), prod(size)
        assert f"{min(100 * unread / pixels, 99.99):.4g} % of the pixels are never read" in finding.message
        assert f"no window reaches {unread} of {pixels} pixels" in finding.notes[0]
    is_shortcut = kernel == (1, 1) and max(stride) <= 2
    if not {"ARC902", "ARC913"} & {*codes} and not is_shortcut and dilation == 1 and min(size) >= max(stride):
        assert [len(places) for places in read] == [*size]


def read_of(op: Conv2d, axis: int, n: int) -> set[int]:
    """The positions from 0 to below `n` that some window reads."""
    pad = op.padding
    margin = "same" if pad == "same" else ((pad.top, pad.bottom), (pad.left, pad.right))[axis]
    windows = places(
        n,
        kernel=op.kernel[axis],
        stride=op.stride[axis],
        dilation=op.dilation[axis],
        margin=margin,
        rounding=op.rounding,
    )
    return {place for window in windows for place in window if 0 <= place < n}


def test_a_single_window_is_counted_in_the_singular(check: Check) -> None:
    (finding,) = check(POOL % (6, 3, ""), image="[1, 8, 8]").findings
    assert finding.notes == ("⌊(8 - 6) / 3⌋ + 1 = 1", "one window of 6 covers 6 of 8")


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (
            "a: {op: max_pool2d, kernel: 30, stride: 40, padding: 1}",
            "a reads 29 of 32 rows and columns: 17.87 % of the pixels are never read",
        ),
        # The rows after the last window count too.
        (
            "a: {op: max_pool2d, kernel: 9, stride: 12}",
            "a reads 18 of 32 rows and columns: 68.36 % of the pixels are never read",
        ),
        # Padding is not read twice.
        (
            "a: {op: conv2d, filters: 1, kernel: [1, 3], stride: [2, 31], "
            "padding: {top: 0, bottom: 0, left: 2, right: 0}}",
            "a reads 16 of 32 rows and 4 of 32 columns: 93.75 % of the pixels are never read",
        ),
        (
            "a: {op: max_pool2d, kernel: [9, 4], stride: [12, 4]}",
            "a reads 18 of 32 rows: 43.75 % of the pixels are never read",
        ),
        (
            "a: {op: max_pool2d, kernel: [9, 3], stride: [12, 4]}",
            "a reads 18 of 32 rows and 24 of 32 columns: 57.81 % of the pixels are never read",
        ),
    ],
)
def test_the_share_of_unread_pixels_is_that_of_the_windows_there_are(check: Check, layer: str, message: str) -> None:
    assert [f.message for f in check(layer, image="[3, 32, 32]").findings] == [message]


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        (["a: {op: conv2d, filters: 2, kernel: 3}"], "a sets no `weight_init`; he_normal is used"),
        (
            ["flat: {op: flatten}", *(f"d{number}: {{op: dense, units: 2, from: flat}}" for number in range(2))],
            "d0 and 1 other layer set no `weight_init`; small weights are used for the scores",
        ),
        (
            ["flat: {op: flatten}", *(f"d{number}: {{op: dense, units: 2, from: flat}}" for number in range(3))],
            "d0 and 2 other layers set no `weight_init`; small weights are used for the scores",
        ),
    ],
)
def test_layers_without_an_initialisation_are_one_advice(layers: list[str], message: str) -> None:
    head = "schema: archc/v1\nname: small\ninput: {image: [4, 8, 8]}\nlayers:\n"
    outputs = [layer.partition(":")[0] for layer in layers if not layer.startswith("flat")]
    text = head + "".join(f"  {layer}\n" for layer in layers) + f"outputs: [{', '.join(outputs)}]\n"
    analysis = analyse(text.encode(), "small.yaml")
    assert advice(analysis) == [message]
    small = f"`weight_init: {{glorot_normal: {{gain: 0.1}}}}` to {', '.join(outputs)}"
    usual = "`defaults: {conv2d: {weight_init: {he_normal: {}}}}`"
    assert analysis.findings[0].help == f"add {usual if 'conv2d' in layers[0] else small}"


def test_one_remedy_sets_the_initialisation_of_all_ops() -> None:
    layers = (
        "c: {op: conv2d, filters: 2, kernel: 3}, f: {op: flatten}, e: {op: dense, units: 4}, d: {op: dense, units: 2}"
    )
    text = f"schema: archc/v1\nname: small\ninput: {{image: [4, 8, 8]}}\nlayers: {{{layers}}}\n"
    (finding, *_) = analyse(text.encode(), "small.yaml").findings
    init, small = "{weight_init: {he_normal: {}}}", "weight_init: {glorot_normal: {gain: 0.1}}"
    defaults = f"defaults: {{conv2d: {init}, dense: {init}}}"
    assert finding.message.endswith("set no `weight_init`; he_normal is used, and small weights in d for the scores")
    assert finding.help == f"add `{defaults}` and `{small}` to d"
    followed = analyse((text.replace("units: 2", f"units: 2, {small}") + defaults).encode(), "small.yaml")
    assert "ARC901" not in {finding.code for finding in followed.findings}
    before = analyse(text.encode(), "small.yaml")
    assert before.facts is not None
    assert followed.facts is not None
    assert [n.op for n in before.facts.graph.nodes] == [n.op for n in followed.facts.graph.nodes]


FIRST = "conv1: {op: conv2d, filters: 8, kernel: 11, stride: 4, padding: 0%s}"
POOLS = [f"pool{n}: {{op: max_pool2d, kernel: 3, stride: 2%s}}" for n in (1, 2, 3)]
SECOND = "conv2: {op: conv2d, filters: 8, kernel: 5, padding: 2}"
DOWN = "54 leads to 26, 12, 5, and 55 to 27, 13, 6"


@pytest.mark.parametrize(
    ("layers", "note"),
    [
        ([FIRST % "", POOLS[0] % "", SECOND, *(pool % "" for pool in POOLS[1:])], DOWN),
        (
            [FIRST % "", SECOND, *(pool % ", rounding: ceil" for pool in POOLS)],
            "54 leads to 27, 13, 6, and so does 55",
        ),
        ([FIRST % "", SECOND, POOLS[0] % "", POOLS[1] % ", rounding: ceil"], "54 leads to 26, 13, and 55 to 27, 13"),
        ([FIRST % "", "relu1: {op: relu}", SECOND], None),
        # A layer beside it keeps its size.
        (
            [FIRST % "", POOLS[0] % "", SECOND, "pool0: {op: max_pool2d, kernel: 7, stride: 7, from: image}"],
            "54 leads to 26",
        ),
    ],
)
def test_what_54_leads_to_follows_the_pools(check: Check, layers: list[str], note: str | None) -> None:
    (finding,) = (f for f in check(*layers, image="[3, 224, 224]").findings if f.code == "ARC909")
    if note is None:
        assert not any("54 leads" in line for line in finding.notes)
    else:
        assert any(note in line for line in finding.notes)


NARROW = "mlp%s: {op: conv2d, filters: 8, kernel: 1, padding: 0}"


@pytest.mark.parametrize(
    "layers",
    [
        # NiN: two convolutions of 1 × 1 follow the first.
        [FIRST % "", "relu1: {op: relu}", NARROW % 1, "relu2: {op: relu}", NARROW % 2, POOLS[0] % "", SECOND],
        # CNN-F of VGG, and Caffe's AlexNet with a crop of 224: pools that round up give the same sizes as from 55.
        [FIRST % "", "relu1: {op: relu}", POOLS[0] % ", rounding: ceil", SECOND],
        [FIRST % ""],
    ],
)
def test_another_network_than_alexnet_has_54_by_design(check: Check, layers: list[str]) -> None:
    codes = {f.code for f in check(*layers, image="[3, 224, 224]").findings}
    assert "ARC909" not in codes
    assert "ARC902" in codes


@pytest.mark.parametrize(
    ("layers", "due"),
    [
        ([FIRST % ", expect: [8, 54, 54]"], False),
        ([FIRST % "", "relu1: {op: relu, expect: [8, 54, 54]}"], False),
        ([FIRST % "", POOLS[0] % ", expect: [8, 26, 26]"], False),
        ([FIRST % "", POOLS[0] % "", "flat: {op: flatten, expect: [5408]}"], False),
        # Rounded up, 27 would follow from 55 as well.
        ([FIRST % "", SECOND, POOLS[0] % ", rounding: ceil, expect: [8, 27, 27]"], True),
        ([FIRST % "", SECOND, "relu0: {op: relu, from: image, expect: [3, 224, 224]}"], True),
    ],
)
def test_an_author_who_declares_what_follows_from_54_needs_no_advice(
    check: Check, layers: list[str], due: bool
) -> None:
    assert ("ARC909" in [f.code for f in check(*layers, image="[3, 224, 224]").findings]) == due


def test_pools_that_lose_a_row_because_of_54_are_the_same_mistake(check: Check) -> None:
    layers = [FIRST % "", POOLS[0] % "", SECOND, *(pool % "" for pool in POOLS[1:])]
    assert [f.code for f in check(*layers, image="[3, 224, 224]").findings] == ["ARC909"]
    # A window that drops a row with 55 too is a mistake of its own, and so is one beside the first layer.
    own = "own: {op: max_pool2d, kernel: 2, stride: 2, from: conv1}"
    beside = "beside: {op: max_pool2d, kernel: 5, stride: 5, from: image}"
    second = SECOND.replace("op", "from: conv1, op")
    pools = [FIRST % "", own, "pool: {op: max_pool2d, kernel: 2, stride: 2}", beside, second]
    findings = check(*pools, image="[3, 224, 224]").findings
    assert [(f.code, f.layer) for f in findings] == [("ARC909", "conv1"), ("ARC902", "pool"), ("ARC902", "beside")]


def test_a_kernel_whose_single_position_is_expected_is_meant(check: Check) -> None:
    c5 = "c5: {op: conv2d, filters: 120, kernel: 16, padding: 1, stride: 8%s}"
    assert [f.code for f in check(c5 % "", image="[16, 15, 15]").findings] == ["ARC906"]
    assert not check(c5 % ", expect: [120, 1, 1]", image="[16, 15, 15]").findings


@pytest.mark.parametrize(
    ("fields", "help"),
    [
        ("kernel: 2, stride: 3, dilation: 2, padding: 0", "use `stride: 1`, or a kernel of at least 3"),
        ("kernel: 2, stride: 3, padding: 0", "use a stride of at most 2, or a kernel of at least 3"),
        ("kernel: 2, stride: 4, dilation: 2, padding: 0", "use `stride: 1`"),
        ("kernel: 3, stride: 2, dilation: 2, padding: 0", "use `stride: 1`, or `dilation: 1`"),
        ("kernel: 1, stride: 4, padding: 0", "use `stride: 1`, or a kernel of at least 4"),
        # A single window reads all only where it is large enough.
        ("kernel: 30, stride: 40, padding: 1", "use a stride of at most 4"),
        ("kernel: 31, stride: 40, padding: {top: 0, bottom: 1, left: 0, right: 1}", "use a stride of at most 2"),
    ],
)
def test_what_is_proposed_against_gaps_leaves_none(check: Check, fields: str, help: str) -> None:
    layer = f"c: {{op: conv2d, filters: 2, {fields}}}"
    (finding,) = (f for f in check(layer, image="[3, 32, 32]").findings if f.code == "ARC913")
    assert finding.help == help
