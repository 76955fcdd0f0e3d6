"""The source of the network and of each use of a block: which modules it holds, and how it applies them.

A stage is an `nn.Sequential` of its layers. If one of these reads something other than the one before it, or is not a
module, the stage cannot be called: the source around it applies its layers one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from archc.emit.alignment import Entry, Use, received
from archc.emit.parts import Names, Part, key
from archc.emit.plan import SourcePlan
from archc.emit.step import Step
from archc.emit.syntax import Argument, Assign, Call, Item, Literal, Name, call
from archc_torch.layers import TorchLayer, comment

Called = Callable[[Part], tuple[Call, tuple[str, ...]]]
"""The call that builds a block, and the names of its arguments."""


@dataclass(frozen=True)
class Leaf:
    """A module: its name in the module around it, and its entry."""

    key: str
    entry: Entry


@dataclass(frozen=True)
class Group:
    """The modules of a stage; its entry is the call of `nn.Sequential` without them."""

    key: str
    entry: Entry
    children: tuple[Leaf | Group, ...]


@dataclass(frozen=True)
class Body:
    """The network, or one use of a block. `lines` apply the modules; a Sequential needs none."""

    part: Part
    modules: tuple[Leaf | Group, ...]
    lines: tuple[Entry, ...]
    inputs: tuple[Name, ...]
    outputs: tuple[Name, ...]
    is_sequential: bool
    planned: SourcePlan

    @property
    def has_numbers(self) -> bool:
        """Whether its own layers are numbered, so that they cannot be attributes."""
        return any(module.key[0].isdigit() for module in self.modules)

    def use(self) -> Use:
        """The body for the alignment with those of other uses."""
        keys = (_keys(self.modules), self.is_sequential, self.inputs, self.outputs)
        return Use(self.part, keys, (*leaves(self.modules), *self.lines))


def leaves(modules: tuple[Leaf | Group, ...]) -> Iterator[Entry]:
    """The entries of all modules in their order."""
    for module in modules:
        yield module.entry
        if isinstance(module, Group):
            yield from leaves(module.children)


def with_entries(modules: tuple[Leaf | Group, ...], entries: Iterator[Entry]) -> tuple[Leaf | Group, ...]:
    """The same modules with other entries, in the order of `leaves`."""
    found: list[Leaf | Group] = []
    for module in modules:
        entry = next(entries)
        if isinstance(module, Leaf):
            found.append(Leaf(module.key, entry))
        else:
            found.append(Group(module.key, entry, with_entries(module.children, entries)))
    return tuple(found)


def _keys(modules: tuple[Leaf | Group, ...]) -> tuple[object, ...]:
    return tuple(module.key if isinstance(module, Leaf) else (module.key, _keys(module.children)) for module in modules)


def body(planned: SourcePlan, part: Part, layers: Mapping[str, TorchLayer], called: Called) -> Body:
    """The source of the network or of a block. `layers` are by identifier, under the names that they have here."""
    return _Writing(planned, part, layers, called).body()


class _Writing:
    def __init__(self, planned: SourcePlan, part: Part, layers: Mapping[str, TorchLayer], called: Called) -> None:
        self._planned, self._part, self._layers, self._called = planned, part, layers, called
        self._names: Names = planned.local(part)
        self._lines: list[tuple[int, Entry]] = []
        self._order = {step.identifier: place for place, step in enumerate(planned.steps)}

    def body(self) -> Body:
        part, values = self._part, self._names.values
        modules = tuple(self._modules(part))
        is_sequential = self._is_sequential(part)
        if not is_sequential:
            self._apply(part, modules, ())
        inputs = part.reads if part.scope else tuple(self._planned.inputs)
        outputs = tuple(step.identifier for step in part.outputs()) if part.scope else self._planned.outputs
        lines = tuple(entry for _, entry in sorted(self._lines, key=lambda line: line[0]))
        named = [tuple(Name(values[value]) for value in each) for each in (inputs, outputs)]
        return Body(part, modules, lines, named[0], named[1], is_sequential, self._planned)

    def _is_sequential(self, part: Part) -> bool:
        if not part.is_chain or (part.scope is None and len(self._planned.inputs) > 1):
            return False
        return all(self._is_module(item) for item in part.items)

    def _is_module(self, item: Step | Part) -> bool:
        if isinstance(item, Step):
            return self._layers[item.identifier].expression is None
        return not item.is_stage or self._is_sequential(item)

    def _modules(self, owner: Part) -> Iterator[Leaf | Group]:
        for item in owner.items:
            name = self._key(item, owner)
            if isinstance(item, Step):
                layer = self._layers[item.identifier]
                for local, module in layer.modules.items():
                    is_own = local == layer.step.identifier
                    own = name if is_own else f"{name}_pad" if name[0].isdigit() else local
                    yield Leaf(own, Entry(item, module, layer.comment if is_own else None))
            elif item.is_stage:
                if children := tuple(self._modules(item)):
                    yield Group(name, Entry(item, call("nn.Sequential"), self._comment(item)), children)
            else:
                built, labels = self._called(item)
                yield Leaf(name, Entry(item, built, self._comment(item), labels))

    def _key(self, item: Step | Part, owner: Part) -> str:
        name = key(item)
        return name if owner is not self._part or name.isdigit() else self._names.items[item.place]

    def _comment(self, part: Part) -> str:
        return comment(self._planned, part.output())

    def _apply(self, owner: Part, modules: tuple[Leaf | Group, ...], within: tuple[str, ...]) -> None:
        """The lines that apply the items of the body or of a stage in it."""
        places = {module.key: place for place, module in enumerate(modules)}
        groups = {module.key: module for module in modules if isinstance(module, Group)}
        for item in owner.items:
            name = self._key(item, owner)
            if isinstance(item, Step):
                self._step(item, name, within, places)
            elif item.is_stage and not self._is_sequential(item):
                children = groups[name].children if name in groups else ()
                self._apply(item, children, (*within, name))
            else:
                line = Call(_access(within, name, places), self._arguments(item.reads))
                for entry in received(item, line, self._names, partial(comment, self._planned)):
                    self._lines.append((item.last, entry))

    def _step(self, step: Step, name: str, within: tuple[str, ...], places: Mapping[str, int]) -> None:
        """A line per module, so that the input of a padded copy is dropped before the copy is read."""
        layer = self._layers[step.identifier]
        target = Name(self._names.values[step.identifier])
        if layer.expression is not None:
            self._line(step, Assign(target, layer.expression), layer.comment)
            return
        value = self._arguments(step.reads)
        for local in layer.modules:
            is_own = local == layer.step.identifier
            own = name if is_own else f"{name}_pad" if name[0].isdigit() else local
            line = Assign(target, Call(_access(within, own, places), value))
            self._line(step, line, layer.comment if is_own else None)
            value = (Argument(target),)

    def _arguments(self, reads: tuple[str, ...]) -> tuple[Argument, ...]:
        return tuple(Argument(Name(self._names.values[read])) for read in reads)

    def _line(self, step: Step, line: Assign, comment: str | None) -> None:
        self._lines.append((self._order[step.identifier], Entry(step, line, comment, stored=True)))


def _access(within: tuple[str, ...], name: str, places: Mapping[str, int]) -> Name | Item | Call:
    """How a body calls a module of its own, or of a stage in it."""
    if not within:
        has_numbers = any(key[0].isdigit() for key in places)
        return Item(Name("self"), name) if has_numbers else Name(f"self.{name}")
    first, *others = (*within, name)
    if first[0].isdigit():
        return call("self.get_submodule", Literal(".".join((first, *others))))
    if len(within) == 1:
        return Item(Name(f"self.{first}"), places[name])
    return call(f"self.{first}.get_submodule", Literal(".".join(others)))
