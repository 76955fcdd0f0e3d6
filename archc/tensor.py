"""Tensor: the shape of a value, without the batch axis."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Literal

Kind = Literal["vector", "sequence", "maps", "tokens"]
_KINDS: tuple[Kind, ...] = ("vector", "sequence", "maps")
Unit = Literal["units", "channels", "maps", "tokens"]
_UNITS: dict[Kind, Unit] = {"vector": "units", "sequence": "channels", "maps": "maps", "tokens": "tokens"}
MOST_AXES = len(_KINDS)


class FreeSize(int):
    """A size that a spec leaves free, at its usual value; `formula` is what is printed for it, such as `ceil(H / 2)`.

    `others` are its values for other sizes of the input, which are the same for all values of a network. Arithmetic
    with it is that of its usual value.
    """

    formula: str
    others: tuple[int, ...]

    def __new__(cls, usual: int, formula: str, others: tuple[int, ...]) -> FreeSize:
        made = super().__new__(cls, usual)
        made.formula, made.others = formula, others
        return made

    def __str__(self) -> str:
        return self.formula


@dataclass(frozen=True, slots=True)
class Tensor:
    """The shape of a value for one example: a vector (units,), a sequence (C, L) or maps (C, H, W).

    With a `vocabulary` it is tokens (L,): integers from 0 to below `vocabulary`, which only an embedding reads.
    """

    shape: tuple[int, ...]
    vocabulary: int | None = None

    @property
    def kind(self) -> Kind:
        return _KINDS[len(self.shape) - 1] if self.vocabulary is None else "tokens"

    @property
    def is_maps(self) -> bool:
        return len(self.shape) == 3

    @property
    def is_sequence(self) -> bool:
        return len(self.shape) == 2

    @property
    def is_vector(self) -> bool:
        return len(self.shape) == 1 and self.vocabulary is None

    @property
    def is_tokens(self) -> bool:
        return self.vocabulary is not None

    @property
    def channels(self) -> int:
        """The number of maps, of a sequence's channels, or of a vector's units."""
        return self.shape[0]

    @property
    def unit(self) -> Unit:
        """What its channels are called: `maps`, `channels` of a sequence, or `units` of a vector."""
        return _UNITS[self.kind]

    @property
    def height(self) -> int:
        return self.shape[1]

    @property
    def width(self) -> int:
        return self.shape[2]

    @property
    def length(self) -> int:
        """The number of positions of a sequence."""
        return self.shape[1]

    @property
    def places(self) -> int:
        """The number of positions at each of which it has all channels; 1 for a vector."""
        return prod(self.shape[1:])

    @property
    def size(self) -> int:
        return prod(self.shape)

    @property
    def described(self) -> str:
        """What a sentence calls it: `maps of 3 × 8 × 8`, `a vector of 10`."""
        articles = {"maps": "maps of ", "sequence": "a sequence of ", "vector": "a vector of ", "tokens": ""}
        return f"{articles[self.kind]}{self}"

    @property
    def written(self) -> str:
        """The input of this shape, as a spec writes it: `[3, 8, 8]`."""
        sizes = f"[{', '.join(map(str, self.shape))}]"
        return sizes if self.vocabulary is None else f"{{tokens: {sizes}, vocabulary: {self.vocabulary}}}"

    @property
    def is_free(self) -> bool:
        """Whether a spec leaves any of its sizes free."""
        return any(isinstance(size, FreeSize) for size in self.shape)

    @property
    def other_sizes(self) -> int:
        """For how many other sizes of the input its shape is known; 0 unless a spec leaves any of its sizes free."""
        return max((len(size.others) for size in self.shape if isinstance(size, FreeSize)), default=0)

    def at_other_size(self, number: int) -> Tensor:
        """Its shape for one of the other sizes of the input."""
        return Tensor(tuple(s.others[number] if isinstance(s, FreeSize) else s for s in self.shape), self.vocabulary)

    def __str__(self) -> str:
        sizes = " × ".join(map(str, self.shape))
        return sizes if self.vocabulary is None else f"{sizes} tokens of {self.vocabulary:,}"
