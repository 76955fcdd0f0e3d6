"""The size rule against windows laid down one by one."""

import re
from math import ceil, floor

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from archc.ops.fields import Margins, Rounding, Size
from archc.ops.window import Axis, Window, dilated, slide

axes = st.builds(
    Axis,
    n=st.integers(1, 40),
    f=st.integers(1, 12),
    before=st.integers(0, 5),
    after=st.integers(0, 5),
    s=st.integers(1, 9),
    rounding=st.sampled_from(["floor", "ceil"]),
).filter(lambda axis: axis.fits)


def starts(axis: Axis) -> list[int]:
    """Where each window begins, the first input place being 0."""
    end = axis.n + axis.after
    found = [-axis.before, *(s for s in range(axis.s - axis.before, end, axis.s) if s + axis.f <= end)]
    following = found[-1] + axis.s
    is_uncovered = found[-1] + axis.f < end
    if axis.rounding == "ceil" and is_uncovered and following < axis.n:
        found.append(following)
    return found


@given(axis=axes)
def test_outputs_are_the_windows_that_can_be_laid_down(axis: Axis) -> None:
    assert axis.out == len(starts(axis))


@given(axis=axes)
@example(axis=Axis(n=1, f=1, before=2, after=0, s=3, rounding="floor"))  # its one window reads nothing but padding
def test_what_hangs_over_and_what_is_never_read(axis: Axis) -> None:
    last = starts(axis)[-1] + axis.f
    assert axis.overhang == max(last - axis.n - axis.after, 0)
    assert axis.dropped == len([place for place in range(axis.n) if place >= last])
    assert axis.overhang == 0 or axis.rounding == "ceil"


@given(axis=axes)
def test_the_arithmetic_that_is_shown_adds_up(axis: Axis) -> None:
    text, _, less = axis.arithmetic.partition(", minus 1 that starts beyond the input: ")
    left, _, right = text.replace("×", "*").partition(" = ")
    for sign, name in (("⌊", "floor("), ("⌈", "ceil("), ("⌋", ")"), ("⌉", ")")):
        left = left.replace(sign, name)
    assert eval(left, {"floor": floor, "ceil": ceil}) == int(right)
    assert int(less or right) == axis.out
    assert bool(less) == (int(right) > axis.out)
    assert ("⌊" in text or "⌈" in text) == (not axis.is_whole)
    assert {str(axis.n), str(axis.f), str(axis.s)} <= set(re.findall("[0-9]+", text))


@given(n=st.integers(1, 12), f=st.integers(1, 30), before=st.integers(0, 5), after=st.integers(0, 5))
def test_a_window_fits_where_one_can_be_laid_down(n: int, f: int, before: int, after: int) -> None:
    assert Axis(n, f, before, after, 1, "floor").fits == (f in range(1, before + n + after + 1))
    # Rounded up with a stride of 1, nothing hangs over.
    assert Axis(n, f, before, after, 1, "ceil").fits == Axis(n, f, before, after, 1, "floor").fits
    assert Axis(n, f, before, after, 4, "ceil").fits == (f in range(1, before + n + after + 4))


sizes = st.builds(Size, st.integers(1, 7), st.integers(1, 7))


@given(
    height=st.integers(1, 40),
    width=st.integers(1, 40),
    kernel=sizes,
    stride=sizes,
    dilation=sizes,
    rounding=st.sampled_from(["floor", "ceil"]),
)
def test_same_divides_by_the_stride_and_pads_the_odd_one_at_the_end(
    height: int, width: int, kernel: Size, stride: Size, dilation: Size, rounding: Rounding
) -> None:
    window = slide(height, width, kernel=kernel, stride=stride, padding="same", dilation=dilation, rounding=rounding)
    assert window.output == (ceil(height / stride.height), ceil(width / stride.width))
    assert window.margins.bottom - window.margins.top in (0, 1)
    assert window.margins.right - window.margins.left in (0, 1)
    assert window.vertical.fits
    assert window.horizontal.fits


@given(kernel=st.integers(1, 12), dilation=st.integers(1, 8))
def test_a_dilated_kernel_spans_its_first_to_its_last_tap(kernel: int, dilation: int) -> None:
    taps = range(0, kernel * dilation, dilation)
    assert len(taps) == kernel
    assert dilated(kernel, dilation) == taps[-1] - taps[0] + 1


def window(height: int, width: int, rounding: Rounding = "floor") -> Window:
    return slide(height, width, kernel=Size(3, 3), stride=Size(2, 2), padding=Margins(1, 0, 0, 1), rounding=rounding)


def test_margins_go_to_their_own_sides() -> None:
    found = window(8, 9)
    assert (found.vertical.before, found.vertical.after) == (1, 0)
    assert (found.horizontal.before, found.horizontal.after) == (0, 1)
    assert found.output == (4, 4)
    assert window(8, 9, "ceil").output == (4, 5)


@pytest.mark.parametrize(
    ("width", "text"), [(8, "(8 - 3) / 1 + 1 = 6"), (9, "(8 - 3) / 1 + 1 = 6, (9 - 3) / 1 + 1 = 7")]
)
def test_a_square_shows_one_direction(width: int, text: str) -> None:
    found = slide(8, width, kernel=Size(3, 3), stride=Size(1, 1), padding=Margins(0, 0, 0, 0))
    assert found.arithmetic == text
