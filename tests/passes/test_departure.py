"""Where a chain departs: what it says is needed does lead to what was expected, and nothing else does."""

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from archc.analysis import Analysis, analyse
from archc.ops.fields import Margins, Padding, Rounding, Size
from archc.ops.window import Axis, least_input, slide

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
def test_the_least_input_is_found_as_by_trying_all(
    f: int, s: int, padding: Padding, rounding: Rounding, out: int
) -> None:
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


def test_every_input_that_is_named_leads_there_and_its_neighbours_do_not() -> None:
    analysis = analyse(CHAIN.format(size=30).encode(), "chain.yaml")
    (finding,) = analysis.findings
    assert "an input of 43 to 48 rows and 40 to 45 columns leads to it" in finding.notes
    errors = {
        size: [
            f.code for f in analyse(CHAIN.format(size=size).encode(), "chain.yaml").findings if f.severity == "error"
        ]
        for size in range(40, 52)
    }
    assert [size for size, codes in errors.items() if not codes] == list(range(43, 49))


def test_what_held_is_not_doubted(check: Check) -> None:
    conv = "conv1: {op: conv2d, filters: 4, padding: 0%s}"
    pool = "pool1: {op: max_pool2d, kernel: 2, stride: 2, expect: [4, 4, 4]}"
    (doubted,) = check(conv % "", pool).findings
    assert doubted.help == "`padding: 1` on conv1 gives it: (8 - 3 + 2 × 1) / 1 + 1 = 8"
    (trusted,) = check(conv % ", expect: [4, 6, 6]", pool).findings
    assert trusted.help == "expect: [4, 3, 3] is what the fields give"
    assert trusted.related == ()


def test_the_first_of_many_wrong_shapes_are_explained(check: Check) -> None:
    layers = [f"conv{n}: {{op: conv2d, filters: 4, from: image, expect: [5, 8, 8]}}" for n in range(30)]
    helps = [finding.help for finding in check(*layers).findings]
    assert helps[:20] == [f"`filters: 5` on conv{n} gives it" for n in range(20)]
    assert set(helps[20:]) == {"expect: [4, 8, 8] is what the fields give"}


def test_a_forgotten_stride_is_proposed(check: Check) -> None:
    (finding,) = check("pool1: {op: max_pool2d, kernel: 2, stride: 1, expect: [4, 4, 4]}").findings
    assert finding.help == "`stride: 2` on pool1 gives it: (8 - 2) / 2 + 1 = 4"
