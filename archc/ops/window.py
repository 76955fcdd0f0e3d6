"""The size rule of everything that slides a window: (N - F + 2P) / S + 1, and how it is rounded."""

from __future__ import annotations

from typing import Literal, NamedTuple

from archc.ops.fields import ONE, Margins, Padding, Rounding, Size


class Axis(NamedTuple):
    """One direction: `n` input places, a window of `f` (dilated), `before` and `after` padding, stride `s`."""

    n: int
    f: int
    before: int
    after: int
    s: int
    rounding: Rounding

    @property
    def _room(self) -> int:
        return self.n + self.before + self.after - self.f

    @property
    def fits(self) -> bool:
        return self._room >= 0

    @property
    def is_whole(self) -> bool:
        return self._room % self.s == 0

    @property
    def out(self) -> int:
        """Output places. A window may hang over the end, but never begins beyond the input."""
        return self._rounded - 1 if self._begins_beyond else self._rounded

    @property
    def _rounded(self) -> int:
        """The size rule, rounded."""
        up = self.rounding == "ceil"
        return (-(-self._room // self.s) if up else self._room // self.s) + 1

    @property
    def _begins_beyond(self) -> bool:
        """Whether rounding up has put the last window where no input is under it."""
        return self.rounding == "ceil" and not self.is_whole and (self._rounded - 1) * self.s >= self.n + self.before

    @property
    def overhang(self) -> int:
        """Places that the last window covers beyond the input and its padding, under `rounding: ceil`."""
        return max((self.out - 1) * self.s - self._room, 0) if self.rounding == "ceil" else 0

    @property
    def padded(self) -> int:
        """Input places with the padding and what the last window covers beyond it."""
        return self.n + self.before + self.after + self.overhang

    @property
    def dropped(self) -> int:
        """Input places at the end that no window covers."""
        covered = (self.out - 1) * self.s + self.f - self.before
        return max(self.n - max(covered, 0), 0)

    @property
    def room(self) -> str:
        """How far the window can move, with its figures, as in `227 - 11 = 216`."""
        return f"{self._places} = {self._room}"

    @property
    def _places(self) -> str:
        if self.before == self.after:
            return f"{self.n} - {self.f}" + (f" + 2 × {self.before}" if self.before else "")
        return f"{self.n} - {self.f} + {self.before} + {self.after}"

    @property
    def arithmetic(self) -> str:
        """The rule with its figures, as in `(227 - 11) / 4 + 1 = 55`."""
        quotient = f"({self._places}) / {self.s}"
        if not self.is_whole:
            quotient = f"⌊{quotient}⌋" if self.rounding == "floor" else f"⌈{quotient}⌉"
        beyond = f", less 1 that begins beyond the input: {self.out}" if self._begins_beyond else ""
        return f"{quotient} + 1 = {self._rounded}{beyond}"


class Window(NamedTuple):
    """A window over maps: kernel, stride and dilation as written, and both directions of the size rule."""

    kernel: Size
    stride: Size
    dilation: Size
    margins: Margins
    vertical: Axis
    horizontal: Axis

    @property
    def output(self) -> Size:
        return Size(self.vertical.out, self.horizontal.out)

    @property
    def overhangs(self) -> bool:
        """Whether the last window hangs over the padding, under `rounding: ceil`."""
        return bool(self.vertical.overhang or self.horizontal.overhang)

    @property
    def padded(self) -> Size:
        """Height and width of the input with its padding, and with what the last window hangs over."""
        return Size(self.vertical.padded, self.horizontal.padded)

    @property
    def arithmetic(self) -> str:
        """One direction's arithmetic where both are alike, else both."""
        if self.vertical == self.horizontal:
            return self.vertical.arithmetic
        return f"{self.vertical.arithmetic}, {self.horizontal.arithmetic}"


def slide(
    height: int,
    width: int,
    *,
    kernel: Size,
    stride: Size,
    padding: Padding,
    dilation: Size = ONE,
    rounding: Rounding = "floor",
) -> Window:
    """The window over a map of `height` x `width` pixels; whether it fits is for the caller to ask."""
    top, bottom = _margins(height, kernel.height, dilation.height, stride.height, padding, "vertical")
    left, right = _margins(width, kernel.width, dilation.width, stride.width, padding, "horizontal")
    return Window(
        kernel,
        stride,
        dilation,
        Margins(top, bottom, left, right),
        Axis(height, dilated(kernel.height, dilation.height), top, bottom, stride.height, rounding),
        Axis(width, dilated(kernel.width, dilation.width), left, right, stride.width, rounding),
    )


def least_input(axis: Axis, out: int, padding: Padding) -> int:
    """The fewest input places from which a window such as `axis` gives `out` places or more, under its `padding`."""
    if padding == "same":
        return (out - 1) * axis.s + 1
    whole = (out - 1) * axis.s + axis.f - axis.before - axis.after
    if axis.rounding == "floor" or out == 1:
        return max(whole, 1)
    # Rounded up, one place more than the last whole step is enough, if the last window begins on input.
    return max(min(max(whole - axis.s + 1, (out - 1) * axis.s - axis.before + 1), whole), 1)


def dilated(kernel: int, dilation: int) -> int:
    """The places a dilated kernel spans: D (F - 1) + 1."""
    return dilation * (kernel - 1) + 1


def _margins(
    n: int, kernel: int, dilation: int, stride: int, padding: Padding, direction: Literal["vertical", "horizontal"]
) -> tuple[int, int]:
    if isinstance(padding, Margins):
        return (padding.top, padding.bottom) if direction == "vertical" else (padding.left, padding.right)
    # `same`: as much as makes the output ceil(n / stride), the odd row or column at the end.
    total = max((-(-n // stride) - 1) * stride + dilated(kernel, dilation) - n, 0)
    return total // 2, total - total // 2
