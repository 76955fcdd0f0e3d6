"""The parts of a network's source: its blocks and stages as a tree, and the names of values inside each.

A block becomes a class or a function of its own, with local names. A stage belongs to the source around it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from archc.emit.identifiers import identifiers
from archc.emit.step import Step
from archc.graph import Scope
from archc.tensor import Tensor


@dataclass(frozen=True)
class Part:
    """The network (without a scope), a block, or a stage: its layers and parts in the order of the spec.

    `reads` are the identifiers of the values that it reads from outside, each once, with their shapes in `inputs`.
    `gives` are those of its values that are read outside, or are outputs of the network.
    """

    path: str
    scope: Scope | None
    items: tuple[Step | Part, ...]
    reads: tuple[str, ...]
    inputs: tuple[Tensor, ...]
    gives: tuple[str, ...]
    last: int
    """The place of its last layer among all layers."""

    @property
    def place(self) -> str:
        """Its path, as of a step."""
        return self.path

    @property
    def block(self) -> str | None:
        """The name of the block; None for a stage and for the network."""
        return self.scope.block if self.scope else None

    @property
    def is_stage(self) -> bool:
        """Whether its layers belong to the source of the part around it."""
        return self.scope is not None and self.scope.block is None

    @cached_property
    def is_chain(self) -> bool:
        """Whether each item reads only what the item before it gives, and only the last one is read outside."""
        before = self.reads
        for item in self.items:
            if len(before) != 1 or item.reads != before:
                return False
            before = given(item)
        return len(before) == 1 and self.gives == before

    def steps(self) -> Iterator[Step]:
        """The layers of its own source: not those in its blocks."""
        for item in self.items:
            if isinstance(item, Step):
                yield item
            elif item.is_stage:
                yield from item.steps()

    def blocks(self) -> Iterator[Part]:
        """All blocks inside it, each after those that it contains."""
        for item in self.items:
            if isinstance(item, Part):
                yield from item.blocks()
                if not item.is_stage:
                    yield item

    def by_block(self) -> dict[str, list[Part]]:
        """The uses of each block, in an order in which a block comes after those that it uses."""
        found: dict[str, list[Part]] = {}
        for part in self.blocks():
            found.setdefault(part.block or "", []).append(part)
        return found

    def output(self) -> Step:
        """The layer whose value it gives, the last of several; its last layer, if no one reads any."""
        return self.outputs()[-1]

    def outputs(self) -> tuple[Step, ...]:
        """The layers whose values it gives, at least one."""
        steps = [*self.all_steps()]
        given = set(self.gives)
        return tuple(step for step in steps if step.identifier in given) or (steps[-1],)

    def all_steps(self) -> Iterator[Step]:
        """Its layers, those of its blocks included."""
        for item in self.items:
            yield from [item] if isinstance(item, Step) else item.all_steps()


def given(item: Step | Part) -> tuple[str, ...]:
    """The identifiers of the values that an item gives."""
    return (item.identifier,) if isinstance(item, Step) else item.gives


def together(item: Part) -> str:
    """The path of all values that a block gives, if it gives several: it has a name, but no layer is there."""
    return f"{item.path}.*"


def key(item: Step | Part) -> str:
    """The last name of an item's path: its name in the part around it."""
    return item.place.rpartition(".")[2]


def tree(
    steps: Sequence[Step],
    scopes: Mapping[str, Scope],
    names: Mapping[str, str],
    outputs: Collection[str],
    inputs: Mapping[str, Tensor],
) -> Part:
    """The whole network. `names` are the identifiers of the values that scopes read, `inputs` those of the network."""
    return _Tree(steps, scopes, names, outputs, inputs).part("", list(enumerate(steps)))


class _Tree:
    def __init__(
        self,
        steps: Sequence[Step],
        scopes: Mapping[str, Scope],
        names: Mapping[str, str],
        outputs: Collection[str],
        inputs: Mapping[str, Tensor],
    ) -> None:
        self._scopes, self._names, self._outputs = scopes, names, set(outputs)
        self._shapes = dict(inputs)
        self._last_read: dict[str, int] = {}
        for index, step in enumerate(steps):
            self._shapes[step.identifier] = step.node.output
            for read, x in zip(step.reads, step.inputs, strict=True):
                self._shapes.setdefault(read, x)
                self._last_read[read] = index
        self._readers: dict[str, list[int]] = {}
        for index, step in enumerate(steps):
            for read in step.reads:
                self._readers.setdefault(read, []).append(index)

    def part(self, path: str, steps: list[tuple[int, Step]]) -> Part:
        below = len(path) + 1 if path else 0
        groups: dict[str, list[tuple[int, Step]]] = {}
        for index, step in steps:
            groups.setdefault(step.place[below:].partition(".")[0], []).append((index, step))
        items = tuple(self._item(path, name, group) for name, group in groups.items())
        scope = self._scopes.get(path)
        inside, own = {index for index, _ in steps}, {step.identifier for _, step in steps}
        found = dict.fromkeys(read for _, step in steps for read in step.reads if read not in own)
        first = [self._names[name] for name in scope.inputs] if scope else []
        reads = tuple(dict.fromkeys([*(read for read in first if read in found), *found]))
        gives = tuple(
            step.identifier
            for _, step in steps
            if step.identifier in self._outputs or not inside.issuperset(self._readers.get(step.identifier, ()))
        )
        shapes = tuple(self._shapes[read] for read in reads)
        return Part(path, scope, items, reads, shapes, gives, max(inside, default=-1))

    def _item(self, path: str, name: str, group: list[tuple[int, Step]]) -> Step | Part:
        inner = f"{path}.{name}" if path else name
        first = group[0][1]
        return first if first.place == inner else self.part(inner, group)


@dataclass(frozen=True)
class Names:
    """The names in the source of the network or of a block: of values by identifier, and of its items by path."""

    values: Mapping[str, str]
    items: Mapping[str, str]

    @cached_property
    def all(self) -> frozenset[str]:
        """All names: no other value or item there can have one of them."""
        return frozenset((*self.values.values(), *self.items.values()))


def local_names(part: Part, reserved: Collection[str], inputs: Collection[str] | None = None) -> Names:
    """The names in the source of a block, or of the network with its inputs. What a block reads is called `input`."""
    several = len(part.reads) > 1
    read = [f"input_{place}" if several else "input" for place in range(len(part.reads))]
    values = [*part.reads] if inputs is None else [*inputs]
    placed = [*_places(part, len(part.path) + 1 if part.path else 0)]
    found = identifiers([*(read if inputs is None else values), *(name for name, _, _ in placed)], reserved)
    named = dict(zip(values, found, strict=False))
    items: dict[str, str] = {}
    for (_, place, value), name in zip(placed, found[len(values) :], strict=True):
        items[place] = name
        if value is not None:
            named.setdefault(value, name)
    return Names(named, items)


def _places(part: Part, below: int) -> Iterator[tuple[str, str, str | None]]:
    """The items of a part's own source: how each is called, its path, and the value that it gives."""
    for item in part.items:
        called = flat(item.place[below:])
        if isinstance(item, Step):
            yield called, item.place, item.identifier
            continue
        yield called, item.path, None if item.is_stage and not item.is_chain else item.output().identifier
        if item.is_stage:
            yield from _places(item, below)
        elif len(item.gives) > 1:
            yield f"{called}_values", together(item), None
            for step in item.all_steps():
                if step.identifier in item.gives:
                    yield flat(step.place[below:]), step.place, step.identifier


def flat(path: str) -> str:
    """A path as one name: `layer1_0_conv1`."""
    name = path.replace(".", "_")
    return f"layer_{name}" if name[0].isdigit() else name
