"""The check that an emitted file makes of itself when it is run: parameters, shapes, a step of training."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from archc.emit.plan import SourcePlan
from archc.emit.syntax import (
    Assert,
    Assign,
    Call,
    Do,
    Fixed,
    Function,
    List,
    Literal,
    Main,
    Name,
    Statement,
    Tuple,
    call,
)

EXAMPLES = 2
"""In a batch; one would have no variance for a batch normalisation of a vector."""

RUN = Main((Do(call("check")),))


def check(
    planned: SourcePlan, *, seed: Call, count: str, compute: Iterable[Statement], step: Iterable[Statement], finite: str
) -> Function:
    """`check`, of what a framework has its own words for.

    `count` is the number of parameters of `model`. `compute` leaves `output`, `outputs` where there are several. `step`
    trains a network with parameters and leaves `loss`; `finite` then says whether all weights are so.
    """
    trains = planned.parameters > 0
    told = "{type(model).__name__}: {count:,} parameters" + (", loss {loss:.2f}" if trains else "")
    body: tuple[Statement, ...] = (
        Do(seed),
        Assign(Name("model"), call(planned.class_name)),
        Assign(Name("count"), Fixed(count)),
        Assert(
            Fixed(f"count == {planned.parameters:_}"), Fixed(f'f"{{count:,}} parameters, not {planned.parameters:,}"')
        ),
        *compute,
        *_shapes(planned),
        *((*step, Assert(Fixed(finite), Fixed('"weights are not finite"'))) if trains else ()),
        Do(Fixed(f'print(f"{told}")')),
    )
    doc = "Build the network, count it, train one step." if trains else "Build the network and count it."
    return Function("check", "", "None", body, doc=doc)


def batch(shape: Iterable[int] = ()) -> Tuple:
    """The shape of a batch of examples, such as `(2, 1000)`."""
    return Tuple(tuple(map(Literal, (EXAMPLES, *shape))))


def _shapes(planned: SourcePlan) -> Iterator[Statement]:
    shapes = [batch(planned.shape(output)) for output in planned.output_shapes]
    if len(shapes) == 1:
        expected = str((EXAMPLES, *planned.shape(*planned.output_shapes)))
        yield Assign(Name("shape"), Fixed("tuple(output.shape)"))
        yield Assert(Fixed(f"shape == {expected}"), Fixed(f'f"output {{shape}}, not {expected}"'))
        return
    yield Assign(Name("shapes"), Fixed("[tuple(output.shape) for output in outputs]"))
    yield Assign(Name("expected"), List(tuple(shapes)))
    yield Assert(Fixed("shapes == expected"), Fixed('f"outputs {shapes}, not {expected}"'))
