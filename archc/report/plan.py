"""A plan for people: the strategies side by side, then the parameters of each device, then the exchanges."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from archc import outline
from archc.diagnostics.text import Style, unstyled
from archc.passes.memory import Memory
from archc.passes.plan import Cost, Crossing, Option, Part, Plan
from archc.report.plan_outline import closed
from archc.report.table import Column, fitted
from archc.wording import counted, in_units, visible, wrapped

_STRATEGIES = (
    Column("strategy", least=8),
    Column("parameters", right=True, leave=4),
    Column("peak memory", right=True, least=9, leave=1),
    Column("forward", right=True, leave=2),
    Column("backward", right=True, leave=3),
    Column("time", right=True),
    Column("", least=8),
)
_CROSSINGS = (
    Column("layer", least=8),
    Column("exchange", leave=1),
    Column("tensor", least=10, leave=2),
    Column("values", right=True, leave=3),
    Column("forward", right=True),
    Column("backward", right=True),
    Column("time", right=True, leave=4),
)


def plan_page(
    title: str, plan: Plan, parts: Sequence[outline.Part] = (), *, width: int, style: Style = unstyled
) -> str:
    """The plan in `width` columns, without its findings. The layers of closed `parts` are summed up."""
    lines = [*(style(line, "strong") for line in wrapped(visible(title), width)), *wrapped(_setting(plan), width), ""]
    cheapest = _place_of_cheapest(plan)
    lines += fitted(_STRATEGIES, [*_summary(plan)], width=width, style=style, strong=cheapest)
    lines += [line for sentence in _verdicts(plan) for line in wrapped(sentence, width)]
    possible = [(option, option.cost) for option in plan.options if option.cost]
    shown = [(option, closed(cost, parts)) for option, cost in possible]
    if possible:
        lines += _heading("Maps or units, and parameters, on each device", width, style)
        lines += fitted(*_holdings(shown), width=width, style=style)
        lines += [line for sentence in _examples(possible) for line in wrapped(sentence, width)]
    for option, cost in shown:
        lines += _heading(f"{option.strategy}: received by the busiest device per step", width, style)
        if cost.crossings:
            crossings = [_crossing(crossing, plan.setting.link) for crossing in cost.crossings]
            lines += fitted(_CROSSINGS, crossings, width=width, style=style)
        lines += wrapped(_received(cost), width)
    if any(part.blocks for part in parts):
        lines += ["", *wrapped("blocks are closed; open them with `--wide`", width)]
    return "\n".join(lines)


def _heading(text: str, width: int, style: Style) -> list[str]:
    return ["", *(style(line, "strong") for line in wrapped(text, width))]


def _setting(plan: Plan) -> str:
    setting = plan.setting
    memory = f" of {in_units(setting.device_memory)}" if setting.device_memory is not None else ""
    link = f", link of {setting.link / 1e9:g} GB/s each way" if setting.devices > 1 else ""
    return f"{counted(setting.devices, 'device')}{memory}, batch {setting.batch}, {setting.precision}{link}"


def _summary(plan: Plan) -> Iterator[tuple[str, ...]]:
    alone = "" if plan.alone_fits is not False else "does not fit"
    yield "one device", f"{plan.parameters:,}", in_units(plan.alone.peak), "", "", "", alone
    for option in plan.options:
        cost = option.cost
        if cost is None:
            yield option.strategy, "", "", "", "", "", "impossible"
            continue
        marks = ["cheapest"] if option.strategy == plan.cheapest else []
        marks += ["does not fit"] if cost.fits is False else []
        yield (
            option.strategy,
            f"{cost.parameters:,}",
            in_units(cost.memory.peak),
            f"{cost.forward:,}",
            f"{cost.backward:,}",
            _time(cost.seconds),
            ", ".join(marks),
        )


def _place_of_cheapest(plan: Plan) -> int | None:
    strategies = [None, *(option.strategy for option in plan.options)]
    return strategies.index(plan.cheapest) if plan.cheapest else None


def _verdicts(plan: Plan) -> Iterator[str]:
    setting = plan.setting
    if any(option.cost for option in plan.options):
        yield (
            "Parameters and peak memory are per device. Forward and backward are the bytes that the busiest device "
            "receives per step, and time is their transfer over the link, not overlapped with computation."
        )
    declared = next((option.strategy for option in plan.options if option.is_declared), None)
    if declared:
        yield f"The spec's own strategy is {declared}."
    for option in plan.options:
        if option.obstacles:
            first, *others = option.obstacles
            also = f" (and {counted(len(others), 'other reason')})" if others else ""
            yield f"{option.strategy} is impossible: {first}{also}."
    if setting.device_memory is not None:
        yield _room(plan.alone, setting.device_memory)
    macs = {option.strategy: f"{cost.macs:,}" for option in plan.options if (cost := option.cost)}
    if macs:
        # One number is enough if every strategy divides the work equally.
        each = ", ".join(f"{count} under {strategy}" for strategy, count in macs.items())
        own = each if len(set(macs.values())) > 1 else next(iter(macs.values()))
        yield f"A step takes {plan.macs:,} multiply-accumulates. Each device computes {own}."
    if plan.cheapest is None and any(option.cost for option in plan.options):
        yield f"No strategy fits on {counted(setting.devices, 'device')}. Try a smaller batch or more devices."


def _room(alone: Memory, room: int) -> str:
    """Whether the whole network fits on one device, with the difference and the layer of the peak."""
    spare = room - alone.peak
    peak = f"its peak is {in_units(alone.peak)}, at {alone.peak_layer}"
    if spare < 0:
        return f"One device of {in_units(room)} is {in_units(-spare)} too small for the whole network: {peak}."
    return f"One device of {in_units(room)} fits the whole network with {in_units(spare)} to spare: {peak}."


def _holdings(possible: Sequence[tuple[Option, Cost]]) -> tuple[list[Column], list[list[str]]]:
    """A table with a row for each layer that has parameters and a column for each strategy."""
    columns = [
        Column("layer", least=8),
        *(Column(option.strategy, right=True, least=8, leave=number) for number, (option, _) in enumerate(possible)),
    ]
    rows = [
        [parts[0].layer, *map(_held, parts)]
        for parts in zip(*(cost.parts for _, cost in possible), strict=True)
        if parts[0].parameters
    ]
    return columns, rows


def _held(part: Part) -> str:
    unit = part.unit.removesuffix("s")
    return f"{part.channels} {unit if part.channels == 1 else unit + 's'}, {part.parameters:,}"


def _examples(possible: Sequence[tuple[Option, Cost]]) -> Iterator[str]:
    """The number of examples that each device computes, for strategies that divide the batch."""
    for option, cost in possible:
        most = max((part.examples for part in cost.parts), default=0)
        fewer = [part for part in cost.parts if part.examples < most or part.layout == "batch"]
        if fewer:
            which = "" if len(fewer) == len(cost.parts) else f" up to {fewer[-1].layer}, then all {most}"
            yield f"{option.strategy}: each device computes {counted(fewer[0].examples, 'example')}{which}."


def _crossing(crossing: Crossing, link: float) -> tuple[str, ...]:
    return (
        crossing.layer,
        crossing.kind,
        ", ".join(crossing.of),
        _number(crossing.values),
        f"{crossing.forward:,}",
        f"{crossing.backward:,}",
        _time((crossing.forward + crossing.backward) / link),
    )


def _received(cost: Cost) -> str:
    reductions = [c for c in cost.crossings if c.kind == "all-reduce" and c.of == ("parameters",)]
    reduced, received = sum(round(c.values) for c in reductions), sum(c.backward for c in reductions)
    parts = [f"forward: {_number(cost.received)} values received per example"] if cost.received else []
    if reduced:
        # Gradients are float32 at any precision.
        ring = f", {received:,} received in a ring" if received != 4 * reduced else ""
        parts.append(f"backward: {reduced:,} gradients summed, 4 × {reduced:,} = {4 * reduced:,} bytes{ring}")
    outputs = f"; another {cost.outputs:,} bytes collect the outputs" if cost.outputs else ""
    taken = counted(cost.collectives.all, "collective operation")
    return f"{'; '.join(parts) or 'no exchanges'}{outputs}; {taken} per step"


def _number(values: float) -> str:
    return f"{values:,.0f}" if float(values).is_integer() else f"{values:,.1f}"


def _time(seconds: float) -> str:
    if seconds >= 1:
        return f"{seconds:.2f} s"
    return f"{seconds * 1e3:.2f} ms" if seconds >= 1e-3 else f"{seconds * 1e6:.1f} µs"
