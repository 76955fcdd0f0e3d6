"""What an op answers when its shape is inferred: an output, or an error whose texts have places for names.

The op of a distribution may answer anything, so its answers are checked before archc relies on them.
"""

from __future__ import annotations

import re
from typing import cast

from archc.diagnostics.codes import CODES
from archc.failure import Failure
from archc.graph import Node
from archc.ops import ops
from archc.ops.op import Op
from archc.ops.shape_error import ShapeError, require_numbers
from archc.tensor import MOST_AXES, Tensor

_PLACEHOLDER = re.compile(r"\{(?:name|([0-9]+))\}")


def inferred(op: Op, inputs: tuple[Tensor, ...]) -> Tensor:
    """The output that an op infers; raises ShapeError if it refuses them, and Failure if its answer is not a shape."""
    require_numbers(op, inputs)
    output: object = op.infer(inputs)
    if not _is_tensor(output):
        raise _broken(op, f"infers {output!r} instead of a Tensor of 1 to {MOST_AXES} sizes")
    assert isinstance(output, Tensor)
    return output


def check_error(op: Op, error: ShapeError, inputs: int) -> None:
    """Raise Failure unless a finding can be made of an error that an op raises for so many inputs."""
    if fault := _fault_of(error, inputs):
        raise _broken(op, f"raises a ShapeError {fault}") from error


def named(text: str, node: Node) -> str:
    """An op's text with the layer's name for `{name}` and the names of its inputs for `{0}`, `{1}`, …"""
    return _PLACEHOLDER.sub(lambda match: node.inputs[int(match[1])] if match[1] else node.name, text)


def _is_tensor(output: object) -> bool:
    sizes = cast(object, output.shape) if isinstance(output, Tensor) else ()
    is_shape = isinstance(sizes, tuple) and 1 <= len(sizes) <= MOST_AXES  # pyright: ignore
    return is_shape and all(type(n) is int and n > 0 for n in sizes)  # pyright: ignore


def _fault_of(error: ShapeError, inputs: int) -> str | None:
    if error.code not in CODES or CODES[error.code].severity != "error":
        return f"with the code `{error.code}`, which is not a code of an error"
    texts = cast(tuple[object, ...], (error.message, *error.notes, error.help or ""))
    if not error.message or isinstance(error.notes, str) or not all(isinstance(text, str) for text in texts):
        return "with no message, or with notes or a help that are not text"
    used = [int(number) for text in texts for number in _PLACEHOLDER.findall(str(text)) if number]
    return f"that names input {max(used)} of {inputs}, counted from 0" if used and max(used) >= inputs else None


def _broken(op: Op, what: str) -> Failure:
    provider = ops().provider(op.op) or "archc"
    return Failure(f"the op `{op.op}` of {provider} {what}", f"report it to the authors of {provider}")
