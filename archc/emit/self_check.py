"""The `check` function of emitted source, which runs with the file: parameters, output shapes, a training step."""

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
"""The batch size of the check. Batch normalisation of a vector needs two examples: one has no variance."""

_SHORT = 45
"""The length of an expression that is asserted in one line."""

RUN = Main((Do(call("check")),))


def result(planned: SourcePlan) -> Name:
    """The name that `compute` assigns: `output`, or `outputs` if there are several."""
    return Name("outputs" if len(planned.outputs) > 1 else "output")


def check(
    planned: SourcePlan,
    *,
    build: Iterable[Statement],
    count: str,
    compute: Iterable[Statement],
    step: Iterable[Statement],
    finite: str,
    what: str = "weights",
    examples: int = EXAMPLES,
) -> Function:
    """The function `check`, from the parts that differ between frameworks.

    `build` assigns `model`, after seeding all random draws. `count` is an expression for the number of parameters
    of `model`. `compute` assigns what `result` names. `step` trains for one step, or only computes gradients, and
    assigns `loss`; `finite` is then an expression that is true if `what` it gives, the weights or the gradients,
    are finite. A network without parameters needs none of these. The outputs are for so many `examples`.
    """
    trains = planned.parameters > 0
    summary = "{type(model).__name__}: {count:,} parameters" + (", loss {loss:.2f}" if trains else "")
    body: tuple[Statement, ...] = (
        *build,
        Assign(Name("count"), Fixed(count)),
        Assert(
            Fixed(f"count == {planned.parameters:_}"), Fixed(f'f"{{count:,}} parameters, not {planned.parameters:,}"')
        ),
        *compute,
        *_shapes(planned, examples),
        *((*step, *_finite(finite, what)) if trains else ()),
        Do(Fixed(f'print(f"{summary}")')),
    )
    return Function("check", "", "None", body, doc=_promise(what if trains else None))


def _promise(what: str | None) -> str:
    """The docstring of `check`, which also checks the weights after a step, the gradients, or nothing more."""
    if what == "gradients":
        return "Build the network, check its parameters, output shapes and gradients."
    checked = "check its parameters and output shapes"
    return f"Build the network, {checked}, train one step." if what else f"Build the network and {checked}."


def _finite(finite: str, what: str) -> Iterator[Statement]:
    if len(finite) <= _SHORT:
        yield Assert(Fixed(finite), Fixed(f'"{what} are not finite"'))
        return
    # A line of its own: black and ruff break a long assertion at different places.
    yield Assign(Name("finite"), Fixed(finite))
    yield Assert(Name("finite"), Fixed(f'"{what} are not finite"'))


def seeded(planned: SourcePlan, seed: Call) -> tuple[Statement, ...]:
    """The statements that seed all random draws and build the model."""
    return Do(seed), Assign(Name("model"), call(planned.class_name))


def batch(shape: Iterable[int] = (), examples: int = EXAMPLES) -> Tuple:
    """The shape of the check's batch for examples of a shape: `(2, 1000)` for 1000."""
    return Tuple(tuple(map(Literal, (examples, *shape))))


def _shapes(planned: SourcePlan, examples: int) -> Iterator[Statement]:
    shapes = [batch(planned.shape(output), examples) for output in planned.output_shapes]
    if len(shapes) == 1:
        expected = str((examples, *planned.shape(*planned.output_shapes)))
        yield Assign(Name("shape"), Fixed("tuple(output.shape)"))
        yield Assert(Fixed(f"shape == {expected}"), Fixed(f'f"output {{shape}}, not {expected}"'))
        return
    yield Assign(Name("shapes"), Fixed("[tuple(output.shape) for output in outputs]"))
    yield Assign(Name("expected"), List(tuple(shapes)))
    yield Assert(Fixed("shapes == expected"), Fixed('f"outputs {shapes}, not {expected}"'))
