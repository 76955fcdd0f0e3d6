"""The size rule of convolutions and pools: (N - F + 2P) / S + 1, and how it is rounded."""

from __future__ import annotations

from typing import Literal, NamedTuple

from archc.ops.fields import ONE, Margins, Padding, Rounding, Size


class Axis(NamedTuple):
    """One axis: `n` input positions, a (dilated) window of `f`, padding `before` and `after`, stride `s`."""

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
        """Whether there is a position: rounded up, one that hangs over counts if the rule gives at least 1."""
        return self._room >= 0 or (self.rounding == "ceil" and self._room > -self.s)

    @property
    def is_whole(self) -> bool:
        return self._room % self.s == 0

    @property
    def out(self) -> int:
        """Output positions. The last window may hang over the end, but never starts beyond the input."""
        return self._rounded - 1 if self._begins_beyond else self._rounded

    @property
    def _rounded(self) -> int:
        """The size rule, rounded."""
        up = self.rounding == "ceil"
        return (-(-self._room // self.s) if up else self._room // self.s) + 1

    @property
    def _begins_beyond(self) -> bool:
        """Whether rounding up puts the last window entirely beyond the input."""
        return self.rounding == "ceil" and not self.is_whole and (self._rounded - 1) * self.s >= self.n + self.before

    @property
    def overhang(self) -> int:
        """Positions beyond the input and its padding that the last window covers, with `rounding: ceil`."""
        return max((self.out - 1) * self.s - self._room, 0) if self.rounding == "ceil" else 0

    @property
    def padded(self) -> int:
        """Input positions, with padding and overhang."""
        return self.n + self.before + self.after + self.overhang

    @property
    def dropped(self) -> int:
        """Input positions at the end that no window covers."""
        covered = (self.out - 1) * self.s + self.f - self.before
        return max(self.n - max(covered, 0), 0)

    @property
    def room(self) -> str:
        """How far the window can move, with its figures: `227 - 11 = 216`."""
        return f"{self._places} = {self._room}"

    @property
    def _places(self) -> str:
        if self.before == self.after:
            return f"{self.n} - {self.f}" + (f" + 2 × {self.before}" if self.before else "")
        return f"{self.n} - {self.f} + {self.before} + {self.after}"

    @property
    def arithmetic(self) -> str:
        """The rule with its figures: `(227 - 11) / 4 + 1 = 55`."""
        quotient = f"({self._places}) / {self.s}"
        if not self.is_whole:
            quotient = f"⌊{quotient}⌋" if self.rounding == "floor" else f"⌈{quotient}⌉"
        beyond = f", minus 1 that starts beyond the input: {self.out}" if self._begins_beyond else ""
        return f"{quotient} + 1 = {self._rounded}{beyond}"


class Window(NamedTuple):
    """A window over maps: kernel, stride and dilation as written, and both axes of the size rule.

    A sequence is a row (`is_row`): maps of height 1, over which the window moves along the horizontal axis alone.
    """

    kernel: Size
    stride: Size
    dilation: Size
    margins: Margins
    vertical: Axis
    horizontal: Axis
    is_row: bool = False

    def shown(self, size: Size) -> str:
        """A kernel, stride or dilation in its shortest spelling."""
        return str(size.width) if self.is_row or size.height == size.width else str(size)

    @property
    def output(self) -> Size:
        return Size(self.vertical.out, self.horizontal.out)

    @property
    def overhangs(self) -> bool:
        """Whether the last window hangs over the padding, with `rounding: ceil`."""
        return bool(self.vertical.overhang or self.horizontal.overhang)

    @property
    def around(self) -> Margins:
        """Everything around the map that some window covers: padding and overhang."""
        top, bottom, left, right = self.margins
        return Margins(top, bottom + self.vertical.overhang, left, right + self.horizontal.overhang)

    @property
    def padded(self) -> Size:
        """Height and width of the input, with padding and overhang."""
        return Size(self.vertical.padded, self.horizontal.padded)

    @property
    def sizes(self) -> str:
        """The sizes of the input and of the output: `227 → 55`."""
        before, after = Size(self.vertical.n, self.horizontal.n), self.output
        if self.vertical == self.horizontal or self.is_row:
            return f"{before.width} → {after.width}"
        return f"{before} → {after}"

    @property
    def arithmetic(self) -> str:
        """The arithmetic of one axis if both are the same, else of both."""
        if self.vertical == self.horizontal or self.is_row:
            return self.horizontal.arithmetic
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
    """The window over a map of `height` x `width` pixels; the caller checks whether it fits."""
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
    """The smallest input from which a window like `axis` gives at least `out` positions, with this `padding`."""
    if padding == "same":
        return (out - 1) * axis.s + 1
    whole = (out - 1) * axis.s + axis.f - axis.before - axis.after
    if axis.rounding == "floor":
        return max(whole, 1)
    # Rounded up, one position beyond the last whole step is enough, if the last window starts on input.
    return max(min(max(whole - axis.s + 1, (out - 1) * axis.s - axis.before + 1), whole), 1)


def dilated(kernel: int, dilation: int) -> int:
    """The positions that a dilated kernel spans: D (F - 1) + 1."""
    return dilation * (kernel - 1) + 1


def _margins(
    n: int, kernel: int, dilation: int, stride: int, padding: Padding, direction: Literal["vertical", "horizontal"]
) -> tuple[int, int]:
    if isinstance(padding, Margins):
        return (padding.top, padding.bottom) if direction == "vertical" else (padding.left, padding.right)
    # `same`: as much as makes the output ceil(n / stride), with the odd row or column at the end.
    total = max((-(-n // stride) - 1) * stride + dilated(kernel, dilation) - n, 0)
    return total // 2, total - total // 2
