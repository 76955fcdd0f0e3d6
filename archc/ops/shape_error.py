"""The error of an op that cannot take its inputs, and the checks that ops share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archc.tensor import Tensor

if TYPE_CHECKING:
    from archc.ops.op import Op


class ShapeError(Exception):
    """An op cannot take its inputs.

    `field` is at fault, or "op" where no single field is; `also` is a second field to mark. In texts, `{name}` stands
    for the layer and `{0}`, `{1}`, … for its inputs. `insert` is a layer that fixes the error if it is inserted before
    this one: a name to suggest and the layer's body. `from_size` asks for the sizes that led to the input.
    """

    def __init__(
        self,
        field: str,
        code: str,
        message: str,
        *,
        notes: tuple[str, ...] = (),
        help: str | None = None,
        also: str | None = None,
        insert: tuple[str, str] | None = None,
        from_size: bool = False,
    ) -> None:
        super().__init__(message)
        self.field = field
        self.code = code
        self.message = message
        self.notes = notes
        self.help = help
        self.also = also
        self.insert = insert
        self.from_size = from_size


def require_numbers(op: Op, inputs: tuple[Tensor, ...]) -> None:
    """Raise if an input is tokens, and the op computes with numbers."""
    tokens = next((at for at, x in enumerate(inputs) if x.is_tokens), None)
    if tokens is not None and not op.reads_tokens:
        raise ShapeError(
            "op",
            "ARC207",
            f"{{name}} ({op.op}) computes with numbers, but {{{tokens}}} is tokens",
            help="add a layer `{op: embedding, channels: 64}` before it, with a number of channels",
        )


def require_maps(op: Op, x: Tensor) -> None:
    """Raise unless `x` has channels, height and width."""
    if not x.is_maps:
        kin = f"use `{op.on_sequences}`, which does the same to a sequence" if op.on_sequences else None
        raise ShapeError(
            "op",
            "ARC203",
            f"{{name}} ({op.op}) expects maps of C × H × W; its input is {x.described}",
            help="move it before the flatten" if x.is_vector else kin,
        )


def require_places(op: Op, x: Tensor) -> None:
    """Raise unless `x` is maps or a sequence."""
    if x.is_vector:
        raise ShapeError(
            "op",
            "ARC203",
            f"{{name}} ({op.op}) expects maps or a sequence; its input is {x.described}",
            help="move it before the flatten",
        )


def require_sequence(op: Op, x: Tensor) -> None:
    """Raise unless `x` has channels and a length."""
    if x.is_sequence:
        return
    kin = f"use `{op.on_maps}`, which does the same to maps" if op.on_maps else None
    raise ShapeError(
        "op",
        "ARC209",
        f"{{name}} ({op.op}) expects a sequence of C × L; its input is {x.described}",
        help="move it before the flatten" if x.is_vector else kin,
    )


def require_vector(op: Op, x: Tensor) -> None:
    """Raise unless `x` is a vector; the layer that flattens it can be added automatically."""
    if not x.is_vector:
        raise ShapeError(
            "op",
            "ARC202",
            f"{{name}} ({op.op}) expects a vector; its input is {x.described}",
            notes=(f"flattened, {'they are' if x.is_maps else 'it is'} {x} = {x.size} values",),
            help="add a layer `{op: flatten}` before it",
            insert=("flat", "{op: flatten}"),
        )
