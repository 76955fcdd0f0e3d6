"""The source of the network and of its blocks: a block is a function that applies its layers to what it reads.

The layers of a block have their whole paths as names, of which the caller gives the beginning; `archc_keras.names` has
their form.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from archc.emit.alignment import Entry, Use, Variant, align, received, variant_name
from archc.emit.identifiers import free
from archc.emit.inline import flat
from archc.emit.parts import Names, Part
from archc.emit.passing import passing, taking_x
from archc.emit.plan import SourcePlan
from archc.emit.prose import block, fewer
from archc.emit.step import Step
from archc.emit.syntax import (
    Argument,
    Assign,
    Call,
    Expression,
    Formatted,
    Function,
    Item,
    List,
    Literal,
    Name,
    Return,
    Statement,
    Tuple,
)
from archc_keras.layers import KerasLayer, layer
from archc_keras.loops import looped
from archc_keras.names import in_keras_name

Layers = Mapping[str, KerasLayer]
Calls = Mapping[str, tuple[Name, tuple[Argument, ...], tuple[str, ...]]]
"""How each block is called, by its path: its function, the arguments after what it reads, and their names."""

_CHANNELS_LAST = -1


@dataclass(frozen=True)
class Written:
    """The function of each block, after those that it calls; the lines of the network, its outputs, and all layers."""

    functions: list[Function]
    lines: tuple[Statement, ...]
    outputs: tuple[Expression, ...]
    layers: Layers


def write(planned: SourcePlan, layers: Layers) -> Written:
    """The source of a network and of its blocks."""
    functions: list[Function] = []
    layers = dict(layers)
    calls: dict[str, tuple[Name, tuple[Argument, ...], tuple[str, ...]]] = {}
    taken = {*planned.reserved, *planned.local_reserved, planned.class_name, *planned.inputs}
    for part in (planned.root, *planned.root.blocks()):
        taken |= planned.local(part).all
    for name, parts in planned.root.by_block().items():
        names = taken | {each.text for each, _, _ in calls.values()}
        bodies = {part.path: _Body(planned, part, layers, calls) for part in parts}
        variants = align(name, [each.use() for each in bodies.values()], names)
        if len(variants) > 1:
            apart = layers | _padded_apart(parts)
            others = {part.path: _Body(planned, part, apart, calls) for part in parts}
            fewer = align(name, [each.use() for each in others.values()], names)
            if len(fewer) < len(variants):
                layers, bodies, variants = apart, others, fewer
        for place, variant in enumerate(variants):
            own = free(_snake(name, variant_name(variants, place)), names)
            names.add(own)
            for part, arguments, labels in variant.arguments():
                given = zip(arguments, variant.parameters, labels, strict=True)
                told = [(argument, label) for argument, parameter, label in given if not parameter.is_channels]
                calls[part.path] = Name(own), tuple(a for a, _ in told), tuple(label for _, label in told)
            functions.append(_function(own, variant, bodies[variant.uses[0].part.path]))
    root = _Body(planned, planned.root, layers, calls)
    lines, outputs = passing(_lines(root.entries, planned), tuple(map(Name, root.outputs)))
    return Written(functions, looped(lines, {each for each, _, _ in calls.values()}), outputs, layers)


def _padded_apart(parts: Sequence[Part]) -> dict[str, KerasLayer]:
    """The layers of the uses of a block, where all padding is by layers of its own."""
    steps = (replace(step, pads_apart=True) for part in parts for step in part.steps())
    return {step.identifier: layer(step) for step in steps}


def _snake(block: str, name: str) -> str:
    """A variant's function: `basic`, or `basic_at_layer2_0`."""
    _, at, path = name.partition("At")
    return f"{block}_at_{path.lower()}" if at and path else block


def _function(name: str, variant: Variant, first: _Body) -> Function:
    lines, outputs = passing(_lines(variant.entries, first.planned), tuple(map(Name, first.outputs)))
    taken, inputs = taking_x(lines, tuple(map(Name, first.inputs)))
    channels = [
        Assign(Name(parameter.name), Item(Name(f"{inputs[0].text}.shape"), _CHANNELS_LAST))
        for parameter in variant.parameters
        if parameter.is_channels
    ]
    others = [parameter for parameter in variant.parameters if not parameter.is_channels]
    defaults = ["" if each.default is None else f" = {flat(each.default)}" for each in others]
    signature = (
        *(f"{each.text}: Any" for each in inputs),
        *(f"{each.signature}{default}" for each, default in zip(others, defaults, strict=True)),
        "*",
        "name: str",
    )
    body = looped([line for line in taken if isinstance(line, Assign)], first.functions)
    end = Return(outputs[0] if len(outputs) == 1 else Tuple(outputs))
    if body and isinstance(last := body[-1], Assign) and outputs == (last.target,):
        body, end = body[:-1], Return(last.value)
    return Function(name, signature, "Any", (*channels, *body, end), doc=block(variant))


def _lines(entries: Sequence[Entry], planned: SourcePlan) -> list[Assign]:
    """Each entry as a line of its own."""
    comments = [entry.comment for entry in entries]
    comments = fewer(comments) if planned.has_blocks else comments
    pairs = zip(entries, comments, strict=True)
    lines = ((entry.tree, comment) for entry, comment in pairs if isinstance(entry.tree, Assign))
    return [replace(line, comment=comment, is_brief=planned.has_blocks) for line, comment in lines]


class _Body:
    """The lines of the network, or of one use of a block."""

    def __init__(self, planned: SourcePlan, part: Part, layers: Layers, calls: Calls) -> None:
        self.planned, self._part, self._layers, self._calls = planned, part, layers, calls
        self._names: Names = planned.local(part)
        self.functions = {each for each, _, _ in calls.values()}
        values = self._names.values
        self.inputs = tuple(values[value] for value in part.reads)
        given = tuple(step.identifier for step in part.outputs()) if part.scope else planned.outputs
        self.outputs = tuple(values[value] for value in given)
        self.entries = tuple(self._entries(part))

    def use(self) -> Use:
        """The lines for the alignment with those of other uses."""
        return Use(self._part, (self.inputs, self.outputs), self.entries)

    def _entries(self, owner: Part) -> Iterator[Entry]:
        for item in owner.items:
            if isinstance(item, Step):
                yield from self._step(item)
            elif item.is_stage:
                yield from self._entries(item)
            else:
                yield from self._call(item)

    def _call(self, item: Part) -> Iterator[Entry]:
        function, arguments, labels = self._calls[item.path]
        reads = tuple(Argument(Name(self._names.values[read])) for read in item.reads)
        line = Call(function, (*reads, *arguments, Argument(self._name(item.path), "name")))
        for entry in received(item, line, self._names, self._comment, labels):
            yield replace(entry, stored=False)

    def _step(self, step: Step) -> Iterator[Entry]:
        """The layers of a step, each applied to the one before it."""
        values = self._names.values
        target = Name(values[step.identifier])
        first, *others = reads = tuple(Name(values[read]) for read in step.reads)
        value: Expression = List(reads) if others else first
        for suffix, made in self._layers[step.identifier].calls.items():
            named = replace(made, arguments=(*made.arguments, Argument(self._name(step.place, suffix), "name")))
            comment = None if suffix else self.planned.comment(step.node.output)
            yield Entry(step, Assign(target, Call(named, (Argument(value),))), comment)
            value = target

    def _comment(self, step: Step) -> str:
        return self.planned.comment(step.node.output)

    def _name(self, path: str, suffix: str = "") -> Expression:
        if not suffix:
            name = path
        elif self.planned.has_blocks:
            name = free(path + suffix, self.planned.paths)
        else:
            name = self.planned.free(path + suffix)
        own, name = self._part.path, in_keras_name(name)
        return Formatted((Name("name"), name[len(own) :])) if own else Literal(name)


def used(layers: Sequence[KerasLayer]) -> Iterator[Call]:
    """All Keras layers of a file."""
    for each in layers:
        yield from each.calls.values()
