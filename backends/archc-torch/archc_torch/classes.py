"""The classes of a file: one for each block, the network's last."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from archc.emit.alignment import Entry, Variant, align, variant_name
from archc.emit.identifiers import free
from archc.emit.inline import flat
from archc.emit.parts import Part
from archc.emit.passing import freeing, nested, passing, taking_x
from archc.emit.plan import SourcePlan
from archc.emit.prose import block, fewer
from archc.emit.step import Step
from archc.emit.syntax import (
    Argument,
    Assign,
    Call,
    Class,
    Do,
    Fixed,
    Function,
    Name,
    Return,
    Statement,
    Tuple,
)
from archc_torch.bodies import Body, Leaf, body, leaves, with_entries
from archc_torch.layers import TorchLayer
from archc_torch.sequences import counted, dictionary, module, sequence

LOCAL = frozenset("OrderedDict Tensor float i input nn range self super torch _".split())
"""Names that the constructor of a block uses itself."""

_SUPER = Do(Fixed("super().__init__()"))


@dataclass(frozen=True)
class Written:
    """A class without what only the network's has: the base, the statements that build it, and `forward`."""

    base: Name
    build: tuple[Statement, ...]
    forward: tuple[Function, ...]


def blocks(planned: SourcePlan, layers: Mapping[str, TorchLayer]) -> tuple[list[Class], Body]:
    """The class of each block, after those that it uses, and the body of the network."""
    calls: dict[str, tuple[Call, tuple[str, ...]]] = {}
    classes: list[Class] = []
    taken = {*planned.reserved, planned.class_name, *LOCAL}

    def called(part: Part) -> tuple[Call, tuple[str, ...]]:
        return calls[part.path]

    for name, parts in planned.root.by_block().items():
        bodies = {part.path: body(planned, part, layers, called) for part in parts}
        names = taken | {local for part in parts for local in planned.local(part).all}
        variants = align(name, [each.use() for each in bodies.values()], names)
        for place, variant in enumerate(variants):
            own = free(variant_name(variants, place), taken)
            taken.add(own)
            for part, arguments, labels in variant.arguments():
                calls[part.path] = Call(Name(own), arguments), labels
            classes.append(_block(own, variant, bodies[variant.uses[0].part.path]))
    return classes, body(planned, planned.root, layers, called)


def _block(name: str, variant: Variant, first: Body) -> Class:
    own = with_variant(first, variant.entries)
    stored = tuple(Assign(Name(f"self.{parameter}"), Name(parameter)) for parameter in variant.stored)
    written = write(own, stored)
    defaults = [f" = {flat(p.default)}" if p.default is not None else "" for p in variant.parameters]
    parameters = (f"{p.signature}{default}" for p, default in zip(variant.parameters, defaults, strict=True))
    init = Function("__init__", ("self", *parameters), "None", written.build)
    return Class(name, written.base, block(variant), (init, *written.forward))


def with_variant(first: Body, entries: Sequence[Entry]) -> Body:
    """The body of a class: that of its first use, with parameters."""
    count = len([*leaves(first.modules)])
    return replace(first, modules=with_entries(first.modules, iter(entries[:count])), lines=tuple(entries[count:]))


def write(own: Body, stored: tuple[Statement, ...] = ()) -> Written:
    """A chain of modules as an `nn.Sequential`; anything else as a module with a `forward`."""
    if own.is_sequential:
        base, named = Name("nn.Sequential"), own.planned.has_blocks and all(m.key.isidentifier() for m in own.modules)
        if named:
            return Written(base, (_SUPER, *stored, *(counted(own.modules) or _attributes(own))), ())
        build = Do(Call(Fixed("super().__init__"), sequence(own.modules)))
        return Written(base, (build, *stored), ())
    forward = (_forward(own),)
    if own.has_numbers:
        build = Do(Call(Fixed("super().__init__"), (Argument(dictionary(own.modules)),)))
        return Written(Name("nn.ModuleDict"), (build, *stored), forward)
    return Written(Name("nn.Module"), (_SUPER, *stored, *_attributes(own)), forward)


def _attributes(own: Body) -> Iterator[Assign]:
    built = [module(made) for made in own.modules]
    comments = [comment for _, comment in built]
    comments = fewer(comments) if own.planned.has_blocks else comments
    for made, (value, _), comment in zip(own.modules, built, comments, strict=True):
        yield Assign(Name(f"self.{made.key}"), value, comment, is_brief=own.planned.has_blocks)


def _forward(own: Body) -> Function:
    """Names the values that more than the next layer reads, and drops each value after its last reader."""
    lines = [replace(entry.tree, comment=entry.comment) for entry in own.lines if isinstance(entry.tree, Assign)]
    named, outputs = passing(nested(lines, [*_joined(own)]), own.outputs)
    first, *others = outputs
    body = freeing(named, outputs)
    inputs = own.inputs
    end = Return(Tuple(outputs) if others else first)
    if own.part.scope:
        body, inputs = taking_x(body, inputs)
        if body and isinstance(last := body[-1], Assign) and outputs == (last.target,):
            body, end = body[:-1], Return(last.value)
    return Function(
        "forward",
        ", ".join(("self", *(f"{read.text}: Tensor" for read in inputs))),
        "tuple[Tensor, ...]" if others else "Tensor",
        (*body, end),
    )


def _joined(own: Body) -> Iterator[bool]:
    """Whether each line is applied in one expression with the one before it, which is of the same layer or chain."""
    chains = {*own.planned.chained.values(), *own.planned.chained}
    before: str | None = None
    for entry in own.lines:
        name = entry.owner.node.name if isinstance(entry.owner, Step) and entry.owner.path is None else None
        yield name in chains and before is not None and before in (name, own.planned.chained.get(name))
        before = name


def attributes(own: Body, wanted: Mapping[str, object]) -> tuple[tuple[Name, Name], ...]:
    """The classes of the modules that `reset_parameters` names: a checker does not see what a Sequential holds."""
    if not own.is_sequential:
        return ()
    return tuple(
        (Name(made.key), kind)
        for made in own.modules
        if isinstance(made, Leaf) and made.key in wanted and (kind := _kind(made.entry.tree))
    )


def _kind(module: object) -> Name | None:
    """The class of a module; a function of a module returns it."""
    match module:
        case Call(arguments=(Argument(Call() as inner),)):
            return _kind(inner)
        case Call(function=Name() as kind):
            return kind
        case _:
            return None
