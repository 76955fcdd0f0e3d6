"""The docstring of a file with one rank's part, and the check that it runs on all ranks together."""

from __future__ import annotations

from dataclasses import replace

from archc.backend import Origin
from archc.emit import self_check
from archc.emit.plan import SourcePlan
from archc.emit.prose import emitted_by, shapes, summary
from archc.emit.syntax import Assert, Assign, Call, Do, Fixed, Function, Main, Name, Return, Statement, call
from archc.language.spec import Recipe
from archc.passes.placement import Placement
from archc_torch.columns import Column
from archc_torch.training import COUNT, finite, images, learned, step, targets


def document(planned: SourcePlan, column: Column, placement: Placement, origin: Origin) -> tuple[str, ...]:
    """The paragraphs at the top of the file."""
    return (
        *summary(planned, f"{planned.title.rstrip('.')}, for one of {column.ranks} ranks"),
        f"{shapes(planned)}, the same on all ranks. Each rank has its part of every layer's maps, "
        f"{column.planned.parameters:,} of {planned.parameters:,} parameters, and receives {column.received:,} values "
        "per example through its `Gather` layers. Seed each rank differently, or all draw the same weights and drop "
        "the same units. Run this file to check it.",
        emitted_by(origin, origin.command("torch", placement)),
    )


def check(column: Column, recipe: Recipe | None) -> Function:
    """`check`, which each rank runs. It also counts the values that it receives, and returns the line to print."""
    planned = column.planned
    outputs = self_check.result(planned)
    made = images(planned)
    names = ["image"] if len(made) == 1 else [f"image_{place}" for place in range(len(made))]
    sent = (line for name, value in zip(names, made, strict=True) for line in _from_first_rank(name, value))
    compute = (*sent, Assign(outputs, call("model", *map(Name, names))))
    drawn = targets(planned)
    learn = step(planned, Name("labels") if drawn else None, recipe)
    checked = self_check.check(
        planned,
        seed=call("torch.manual_seed", call("distributed.get_rank")),
        count=COUNT,
        compute=(*compute, *_received(column)),
        step=(*_from_first_rank("labels", drawn), *learn) if drawn else learn,
        finite=finite(recipe),
        what=learned(recipe),
    )
    told = "{count:,} parameters" + (", received {received:,} values per example" if column.received else "")
    # On one process, the last statement prints.
    return replace(checked, returns="str", body=(*checked.body[:-1], Return(Fixed(f'f"{told}"'))))


def run(column: Column) -> Main:
    """The check, started on all ranks."""
    return Main((Do(call("on_ranks", column.ranks, Name("check"))),))


def _from_first_rank(name: str, value: Call) -> tuple[Statement, ...]:
    return Assign(Name(name), value), Do(call("distributed.broadcast", Name(name), src=0))


def _received(column: Column) -> tuple[Statement, ...]:
    """Compare the values received between layers with the plan; gathers of outputs are not summed and do not count."""
    if not column.received:
        return ()
    gathers = Fixed("[m for m in model.modules() if isinstance(m, Gather)]")
    return (
        Assign(Name("gathers"), gathers),
        Assign(Name("received"), Fixed("sum(gather.received for gather in gathers if gather.summed)")),
        Assert(
            Fixed(f"received == {column.received:_}"), Fixed(f'f"{{received:,}} received, not {column.received:,}"')
        ),
    )
