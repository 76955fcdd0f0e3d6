"""What a file with one rank's part has besides the network: its docstring, its weights, and its check on all ranks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from math import isclose

from archc.backend import Origin
from archc.emit import self_check
from archc.emit.plan import SourcePlan
from archc.emit.prose import emitted_by, shapes, summary
from archc.emit.syntax import (
    Among,
    Assert,
    Assign,
    Call,
    Do,
    Fixed,
    Function,
    If,
    Literal,
    Main,
    Name,
    Return,
    Statement,
    Tuple,
    call,
)
from archc.language.spec import Recipe
from archc.passes.placement import Placement
from archc.passes.ways import axes
from archc_torch.distribution import RankPart
from archc_torch.parameters import in_torch
from archc_torch.training import COUNT, finite, images, learned, step, targets

MOST_RANKS = 1024
"""More ranks than a job has, so that no rank of one seed draws the same weights as a rank of another seed."""


@dataclass(frozen=True)
class Weights:
    """How ranks have the network's weights, by name in its `state_dict`: the axis of which each rank has a part, None
    for those that all have, and whether the gradient is a sum over the ranks."""

    axes: Mapping[str, int | None]
    summed: Mapping[str, bool]

    @property
    def are_shared(self) -> bool:
        """Whether all ranks have all weights, and train them together."""
        return all(self.summed.values())

    @property
    def are_apart(self) -> bool:
        """Whether each rank has weights of its own only."""
        return not any(axis is None for axis in self.axes.values()) and not any(self.summed.values())


def weights(planned: SourcePlan, paths: Mapping[str, str], placement: Placement) -> Weights:
    """The weights of a rank's part. `planned` is the plan of the whole network, `paths` are those of the modules."""
    found_axes: dict[str, int | None] = {}
    summed: dict[str, bool] = {}
    reduced = {each.layer for each in placement.reductions if each.of == "parameters"}
    for each in planned.steps:
        node, parameters = each.node, each.node.op.parameters(each.inputs)
        if not parameters or each.identifier not in paths:
            continue
        way = placement.ways.get(node.name)
        own = axes(node, each.inputs, way) if way else {}
        for parameter in parameters:
            key = f"{paths[each.identifier]}.{in_torch(parameter.name)}"
            found_axes[key] = own.get(parameter.name)
            if parameter.trained:
                summed[key] = node.name in reduced
    return Weights(found_axes, summed)


def functions(made: Weights) -> Iterator[Function]:
    """`axis` and `is_summed`, unless they are those of the snippets."""
    if made.are_shared:
        return
    if set(made.axes.values()) != {0}:
        doc = "The axis of which each rank has a part of a parameter; None: it has all of it."
        yield _axis(made.axes, doc)
    if not made.are_apart and not all(made.summed.values()):
        doc = "Whether the gradient of a parameter is the sum of what the ranks find."
        yield _is_summed(made.summed, doc)


def _axis(values: Mapping[str, int | None], doc: str) -> Function:
    """`axis` of a parameter's name: those with an unusual one are listed."""
    every = list(values.values())
    usual = max(dict.fromkeys(every), key=every.count)
    others: dict[int | None, list[str]] = {}
    for key, value in values.items():
        if value != usual:
            others.setdefault(value, []).append(key)
    branches = tuple(
        If(((Among(Name("name"), Tuple(tuple(map(Literal, keys)))), (Return(Literal(value)),)),))
        for value, keys in others.items()
    )
    return Function("axis", "name: str", "int | None", (*branches, Return(Literal(usual))), doc=doc)


def _is_summed(values: Mapping[str, bool], doc: str) -> Function:
    """`is_summed` of a parameter's name: the fewer ones are listed."""
    summed = [name for name, is_sum in values.items() if is_sum]
    others = [name for name in values if name not in summed]
    listed, test = (summed, "name in listed") if len(summed) < len(others) else (others, "name not in listed")
    body = (Assign(Name("listed"), Tuple(tuple(map(Literal, listed)))), Return(Fixed(test)))
    return Function("is_summed", "name: str", "bool", body, doc=doc)


def build(planned: SourcePlan, made: Weights) -> Function:
    """`build`: the model with the weights that a rank draws from a seed."""
    name = planned.class_name
    if made.are_shared:
        doc = "The network: all ranks draw the same weights, and the same later numbers."
        body: tuple[Statement, ...] = (
            Do(call("torch.manual_seed", Name("seed"))),
            Assign(Name("model"), call(name)),
        )
    else:
        doc = "A rank's part: each draws its own weights, and the same numbers later."
        body = (
            Do(call("torch.manual_seed", Fixed(f"seed * {MOST_RANKS} + distributed.get_rank()"))),
            Assign(Name("model"), call(name)),
            Do(call("torch.manual_seed", Name("seed"))),
        )
    return Function("build", "seed: int", name, (*body, Return(Name("model"))), doc=doc)


def document(planned: SourcePlan, own: RankPart, placement: Placement, origin: Origin) -> tuple[str, ...]:
    """The paragraphs at the top of the file."""
    most = max(own.received)
    reads = "its own examples" if own.by_examples else "all examples"
    gives = "the outputs for all examples" if own.whole_outputs else "their outputs"
    size = f"{own.planned.parameters:,} of {planned.parameters:,} parameters"
    if own.planned.parameters == planned.parameters:
        size = f"all {planned.parameters:,} parameters"
    received = f", and receives {_figure(most)} values per example between its layers" if most else ""
    return (
        *summary(planned, f"{planned.title.rstrip('.')}, for one of {own.ranks} ranks"),
        f"{shapes(planned)}. Each rank reads {reads} of a batch and gives {gives}. It has {size}{received}. Run this "
        "file to check it.",
        emitted_by(origin, origin.command("torch", placement)),
    )


def check(own: RankPart, recipe: Recipe | None, *, wraps: bool) -> Function:
    """`check`, which each rank runs. It also counts the values that it receives, and returns the line to print."""
    planned = own.planned
    outputs = self_check.result(planned)
    made = images(planned)
    model = "model"
    before: tuple[Statement, ...] = ()
    if wraps:
        model, before = "parallel", (Assign(Name("parallel"), call("over_ranks", Name("model"))),)
    examples = self_check.EXAMPLES * (own.ranks if own.by_examples and own.whole_outputs else 1)
    drawn = targets(planned, examples)
    checked = self_check.check(
        planned,
        build=(Assign(Name("model"), call("build", 0)),),
        count=COUNT,
        compute=(*before, Assign(outputs, call(model, *made)), *_received(own)),
        step=step(planned, drawn, recipe),
        finite=finite(recipe),
        what=learned(recipe),
        examples=examples,
    )
    told = "{count:,} parameters" + (", received {received:,.10g} values per example" if max(own.received) else "")
    # On one process, the last statement prints.
    return replace(checked, returns="str", body=(*checked.body[:-1], Return(Fixed(f'f"{told}"'))))


def run(own: RankPart) -> Main:
    """The check, started on all ranks."""
    return Main((Do(call("on_ranks", own.ranks, Name("check"))),))


def _received(own: RankPart) -> tuple[Statement, ...]:
    """Compare the values received between layers with the plan; gathers of outputs are not summed and do not count."""
    if not max(own.received):
        return ()
    exchanges = sorted({_kind(layer.modules) for layer in own.layers.values()} & {"Fetch", "Gather", "GatherExamples"})
    kinds = exchanges[0] if len(exchanges) == 1 else f"({', '.join(exchanges)})"
    examples = self_check.EXAMPLES * (own.ranks if own.by_examples else 1)
    figures = [_figure(each, "_") for each in own.received]
    expected = figures[0] if len({*figures}) == 1 else f"[{', '.join(figures)}][distributed.get_rank()]"
    return (
        Assign(Name("exchanges"), Fixed(f"[m for m in model.modules() if isinstance(m, {kinds})]")),
        Assign(Name("received"), Fixed(f"sum(m.received for m in exchanges) / {examples}")),
        Assign(Name("planned"), Fixed(expected)),
        Assert(Fixed("received == planned"), Fixed('f"{received:,.10g} received, not {planned:,.10g}"')),
    )


def _kind(modules: Mapping[str, Call]) -> str:
    return next((made.function.text for made in modules.values() if isinstance(made.function, Name)), "")


def _figure(values: float, separator: str = ",") -> str:
    """`30,336`, or `2.5` if it is not whole."""
    return f"{round(values):{separator}}" if isclose(values, round(values)) else f"{values:{separator}.6g}"
