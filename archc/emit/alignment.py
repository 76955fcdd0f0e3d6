"""Finds the parameters of a block's class: what differs between the sources of its uses.

The sources of all uses are compared constant by constant. A constant that is the same everywhere stays; those that vary
together become one parameter, named after the field of the block or the channels that they equal. Uses whose sources
differ in more than constants become variants of the class.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import cast

from archc.emit.constants import constants, filled, shape
from archc.emit.identifiers import camel, free
from archc.emit.parts import Names, Part, key, together
from archc.emit.step import Step
from archc.emit.syntax import Affine, Argument, Assign, Call, Expression, Item, Literal, Name, Tuple, number, pair

CHANNELS = "channels"


@dataclass(frozen=True)
class Entry:
    """A part of a use's source that may contain constants: whose it is, and its comment.

    `labels` are the names of its constants, if they have any. `stored`: a parameter in it is an attribute, `self.x`.
    """

    owner: Step | Part
    tree: Call | Assign
    comment: str | None = None
    labels: tuple[str, ...] = ()
    stored: bool = False


@dataclass(frozen=True)
class Use:
    """One use of a block as source; uses of one class have equal skeletons."""

    part: Part
    skeleton: Hashable
    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class Parameter:
    """A parameter of a class: its value in each use, in their order."""

    name: str
    values: tuple[Expression, ...]
    default: Expression | None = None
    is_channels: bool = False
    """Whether it is the number of channels that the block reads."""

    @property
    def annotation(self) -> str:
        """Its type: `int`, or `int | tuple[int, int]`."""
        values = (*self.values, *(() if self.default is None else (self.default,)))
        kinds = dict.fromkeys(_type(value) for value in values)
        if "float" in kinds:
            kinds.pop("int", None)
        return " | ".join(sorted(kinds))

    @property
    def signature(self) -> str:
        """`name: annotation`, without its default."""
        return f"{self.name}: {self.annotation}"


@dataclass(frozen=True)
class Variant:
    """A class of a block. Its entries are those of its first use, with parameters in place of what varies."""

    block: str
    uses: tuple[Use, ...]
    entries: tuple[Entry, ...]
    parameters: tuple[Parameter, ...]
    stored: tuple[str, ...]
    """The parameters that are read as attributes."""

    def arguments(self) -> Iterator[tuple[Part, tuple[Argument, ...], tuple[str, ...]]]:
        """The arguments of each use's call, and their names."""
        labels = tuple(parameter.name for parameter in self.parameters)
        for place, use in enumerate(self.uses):
            arguments = tuple(
                Argument(parameter.values[place])
                if parameter.default is None
                else Argument(parameter.values[place], parameter.name, default=parameter.default)
                for parameter in self.parameters
            )
            yield use.part, arguments, labels


def align(block: str, uses: Sequence[Use], taken: Collection[str]) -> list[Variant]:
    """The classes of a block, in the order of their first uses; `taken` are names that no parameter can have."""
    groups: dict[Hashable, list[Use]] = {}
    for use in uses:
        structure = (use.skeleton, repr([shape(_bare(entry)) for entry in use.entries]))
        groups.setdefault(structure, []).append(use)
    return [_Alignment(block, tuple(group), taken).variant() for group in groups.values()]


def variant_name(variants: Sequence[Variant], place: int) -> str:
    """`Basic`, or for another variant of the block `BasicAtLayer2_0`, by its first use."""
    variant = variants[place]
    own = camel(variant.block)
    if place == 0:
        return own
    path = variant.uses[0].part.path
    return f"{own}At{'_'.join(camel(name) for name in path.split('.'))}"


def _bare(entry: Entry) -> Call | Assign:
    return replace(entry.tree, comment=None) if isinstance(entry.tree, Assign) else entry.tree


class _Alignment:
    """Goes through the constants of all uses at once and collects the parameters."""

    def __init__(self, block: str, uses: tuple[Use, ...], taken: Collection[str]) -> None:
        self._block, self._uses = block, uses
        self._taken = set(taken)
        self._by_values: dict[str, Parameter] = {}
        self._open: dict[str, tuple[list[Expression | None], Expression | None]] = {}
        self._bases = self._found_bases()
        self._stored: dict[str, None] = {}

    def variant(self) -> Variant:
        entries: list[Entry] = []
        for place, entry in enumerate(self._uses[0].entries):
            each = [use.entries[place] for use in self._uses]
            values = iter(self._values(each))
            tree = filled(_bare(entry), values)
            comments = {entry.comment for entry in each}
            entries.append(replace(entry, tree=tree, comment=comments.pop() if len(comments) == 1 else None))
        ordered = sorted(self._by_values.values(), key=self._rank)
        return Variant(self._block, self._uses, tuple(entries), tuple(ordered), tuple(self._stored))

    def _values(self, entries: Sequence[Entry]) -> Iterator[Expression]:
        """What stands in place of the constants of an entry: their value, if all uses agree, or a parameter."""
        first = entries[0]
        for place, column in enumerate(zip(*(constants(entry.tree) for entry in entries), strict=True)):
            values = tuple(value for value, _ in column)
            if len(set(map(repr, values))) == 1:
                yield values[0]
                continue
            called = first.labels[place] if place < len(first.labels) else column[0][1]
            found = self._parameter(values, entries, called)
            if first.stored:
                name = found.name if isinstance(found, Affine) else found
                self._stored[name.text] = None
                name = Name(f"self.{name.text}")
                found = replace(found, name=name) if isinstance(found, Affine) else name
            yield found

    def _parameter(self, values: tuple[Expression, ...], entries: Sequence[Entry], called: str) -> Name | Affine:
        wanted = self._field(values, entries, called)
        known = [base for base in self._bases if repr(base.values) == repr(values)]
        known.sort(key=lambda base: base.name != wanted)
        derived = self._derived(wanted, values)
        if known and not (derived and known[0].name != wanted):
            return Name(self._used(known[0]).name)
        if derived:
            return Name(self._used(derived).name)
        for base in self._bases:
            if factor := _factor(values, base.values):
                return Affine(Name(self._used(base).name), factor)
        made = self._by_values.get(repr(values))
        return Name((made or self._used(Parameter(f"{_called(entries[0].owner)}_{wanted}", values))).name)

    def _derived(self, field: str, values: tuple[Expression, ...]) -> Parameter | None:
        """A field that the block takes and that some uses give as a derived value, such as `{times: 6}`."""
        if field not in self._open:
            return None
        given, default = self._open[field]
        pairs = zip(given, values, strict=True)
        agree = all(own is None or repr(own) == repr(value) for own, value in pairs)
        return Parameter(field, values, default) if agree else None

    def _used(self, parameter: Parameter) -> Parameter:
        found = self._by_values.get(repr(parameter.values))
        if found is None:
            found = replace(parameter, name=free(parameter.name, self._taken))
            self._taken.add(found.name)
            self._by_values[repr(parameter.values)] = found
        return found

    def _found_bases(self) -> list[Parameter]:
        """What constants may equal: the fields that the block takes, and the channels that it reads."""
        scopes = [use.part.scope for use in self._uses]
        found: list[Parameter] = []
        first = scopes[0]
        assert first is not None
        for name in first.arguments:
            values = [expression(scope.arguments.get(name)) if scope else None for scope in scopes]
            default = expression(first.defaults[name]) if name in first.defaults else None
            # `each` stands for a number, as `{times: 6}` does.
            numbers = [
                None if isinstance(value, Literal) and isinstance(value.value, str) else value for value in values
            ]
            if None in numbers:
                self._open[name] = numbers, default
            if None not in values:
                found.append(Parameter(name, tuple(value for value in values if value is not None), default))
        if all(use.part.inputs for use in self._uses):
            channels = tuple(Literal(use.part.inputs[0].channels) for use in self._uses)
            found.append(Parameter(CHANNELS, channels, is_channels=True))
        return found

    def _field(self, values: tuple[Expression, ...], entries: Sequence[Entry], called: str) -> str:
        """The field of the op that a constant equals in all uses, or what it is called in its call."""
        owners = [entry.owner for entry in entries]
        if not isinstance(owners[0], Step):
            return called
        steps = cast("list[Step]", owners)
        for name in type(steps[0].node.op).model_fields:
            own = tuple(expression(getattr(step.node.op, name, None)) for step in steps)
            if repr(own) == repr(values):
                return name
        if repr(tuple(Literal(step.inputs[0].channels) for step in steps)) == repr(values):
            return CHANNELS
        return called if called.isidentifier() else f"argument_{called}"

    def _rank(self, parameter: Parameter) -> tuple[int, int]:
        """Parameters with a default come last, channels first, fields in their order."""
        scope = self._uses[0].part.scope
        fields = [*scope.arguments] if scope else []
        place = fields.index(parameter.name) if parameter.name in fields else len(fields)
        group = 3 if parameter.default is not None else 0 if parameter.is_channels else 1 if place < len(fields) else 2
        return group, place


def expression(value: object) -> Expression | None:
    """A field's value as the rules write it; None if it is not a constant."""
    if isinstance(value, bool | str):
        return Literal(value)
    if isinstance(value, int | float):
        return Literal(number(value))
    if isinstance(value, list | tuple):
        items = cast("list[object] | tuple[object, ...]", value)
        if len(items) == 2 and all(type(item) is int for item in items):
            height, width = cast("list[int]", [*items])
            return pair((height, width))
        found = [expression(item) for item in items]
        if found and all(item is not None for item in found):
            return Tuple(tuple(item for item in found if item is not None))
    return None


def _factor(values: tuple[Expression, ...], base: tuple[Expression, ...]) -> int | None:
    """The whole number, if there is one, that gives all values from those of a base."""
    numbers, bases = _numbers(values), _numbers(base)
    if not numbers or not bases or not bases[0]:
        return None
    factor = numbers[0] // bases[0]
    return factor if factor > 1 and numbers == [factor * each for each in bases] else None


def _numbers(values: tuple[Expression, ...]) -> list[int] | None:
    found = [value.value for value in values if isinstance(value, Literal)]
    whole = [value for value in found if type(value) is int]
    return whole if len(whole) == len(values) else None


def _called(owner: Step | Part) -> str:
    """What an item is called in the name of a parameter: `conv1`, or `conv2d_0` for a number."""
    name = key(owner)
    if not name.isdigit():
        return name
    return f"{owner.node.op.op}_{name}" if isinstance(owner, Step) else f"{owner.block}_{name}"


def _type(value: Expression) -> str:
    if isinstance(value, Tuple):
        return f"tuple[{', '.join(map(_type, value.items))}]"
    assert isinstance(value, Literal)
    return type(value.value).__name__


def received(
    item: Part, call: Call, names: Names, comment: Callable[[Step], str], labels: tuple[str, ...] = ()
) -> Iterator[Entry]:
    """The lines that call a block, or a stage, and name each of the values that it gives."""
    steps = item.outputs()
    if len(steps) == 1:
        target = Name(names.values[steps[0].identifier])
        yield Entry(item, Assign(target, call), comment(steps[0]), labels, stored=True)
        return
    all_of_them = Name(names.items[together(item)])
    yield Entry(item, Assign(all_of_them, call), None, labels, stored=True)
    for place, step in enumerate(steps):
        line = Assign(Name(names.values[step.identifier]), Item(all_of_them, place))
        yield Entry(item, line, comment(step), stored=True)
