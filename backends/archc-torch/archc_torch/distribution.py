"""One rank's part of a network: narrower layers or fewer examples, and the exchanges between them.

Everything follows from the placement: which maps or examples each rank has, how each layer is computed in parts, and
what is fetched before it runs. Here that becomes steps of the source, one for each exchange.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from archc.emit.identifiers import free
from archc.emit.parts import flat
from archc.emit.plan import SourcePlan, Step
from archc.emit.syntax import Call, List, Literal, Tuple, Unless, call
from archc.graph import Node
from archc.passes.holding import Layout, part, without
from archc.passes.placement import Fetch, Placement
from archc.passes.ways import Ranges, narrowed
from archc.tensor import Tensor
from archc_torch.layers import TorchLayer, comment, layers_of
from archc_torch.order import Transposed, transposed_step


@dataclass(frozen=True)
class RankPart:
    """What each of `ranks` ranks computes, with its layers by identifier.

    `received` are the values per example that each rank receives between its layers in the forward pass. With
    `by_examples`, ranks read their own examples; with `whole_outputs`, all ranks have the outputs for all examples.
    """

    planned: SourcePlan
    layers: Mapping[str, TorchLayer]
    ranks: int
    received: tuple[float, ...]
    by_examples: bool
    whole_outputs: bool


def rank_part(planned: SourcePlan, placement: Placement) -> RankPart:
    """A rank's part of a plan; raises Unsupported for all layers that PyTorch cannot express."""
    writing = _Writing(planned, placement)
    for step in planned.steps:
        writing.write(step)
    by_batch = [writing.layout_of(value) == "batch" for value in planned.outputs]
    outputs = planned.outputs
    if not all(by_batch):
        outputs = tuple(map(writing.collect, planned.outputs, planned.output_shapes))
    split = {step.identifier for step in writing.steps if step.divided}
    own = replace(
        planned.with_steps(writing.needed(outputs), outputs),
        initialisations=tuple(replace(each, is_part=each.identifier in split) for each in planned.initialisations),
        parameters=sum(share.parameters for share in placement.shares.values()),
    )
    return RankPart(
        own,
        layers_of(own, writing.added),
        placement.devices,
        _received(placement),
        any(writing.layout_of(value) == "batch" for value in planned.inputs),
        not all(by_batch),
    )


@dataclass(frozen=True)
class _Piece:
    """A tensor with maps of a value: those that each rank has there, in their order."""

    identifier: str
    maps: tuple[Ranges, ...]


class _Writing:
    """Goes through the steps in order and remembers what is fetched: a later reader does not fetch it again."""

    def __init__(self, planned: SourcePlan, placement: Placement) -> None:
        self.steps: list[Step] = []
        self.added: dict[str, TorchLayer] = {}
        self._planned = planned
        self._placement = placement
        self._ranks = range(placement.devices)
        self._spec_names = {identifier: name for name, identifier in planned.names.items()}
        self._made = {step.identifier: step for step in planned.steps}
        self._fetches = {(fetch.layer, fetch.source): fetch for fetch in placement.fetches}
        self._completed = {each.layer for each in placement.reductions if each.of == "output"}
        self._paths = {step.place for step in planned.steps}
        self._pieces: dict[str, list[_Piece]] = {}
        self._readers: dict[str, list[str]] = {}
        for step in planned.steps:
            for value in step.reads:
                self._readers.setdefault(self._origin(value), []).append(step.node.name)

    def layout_of(self, value: str) -> Layout:
        """Which part of a value, or of what it is a transposition of, a rank has."""
        return self._placement.layouts[self._spec_names[self._origin(value)]]

    def write(self, step: Step) -> None:
        """Add the exchanges that a step needs, followed by the step as one rank computes it."""
        node = step.node
        if isinstance(node.op, Transposed):
            self._made[step.identifier] = step
            self.steps.append(replace(step, inputs=(self._shape(step.reads[0]),)))
            return
        layout = self._placement.layouts[node.name]
        reads = tuple(self._read(step, place, layout) for place in range(len(step.reads)))
        if layout != "split":
            if node.op.views_part and layout == "whole" and self.layout_of(step.reads[0]) != "whole":
                self._take(step, node, reads)
            else:
                self.steps.append(replace(step, reads=reads, **self._division(step, layout)))
            return
        way = self._placement.ways[node.name]
        inputs = tuple(map(narrowed, step.inputs, way.reads[0]))
        own = replace(node, op=way.op, output=self._part(node.output))
        if node.op.views_part:
            self._take(step, own, reads)
        elif way.cuts is None:
            self.steps.append(replace(step, node=own, reads=reads, inputs=inputs, **self._division(step, layout)))
        else:
            wide, path = self._free(f"{step.identifier}_wide"), self._place(f"{node.name}_wide")
            given = replace(own, output=way.op.infer(inputs))
            self.steps.append(replace(step, identifier=wide, node=given, reads=reads, inputs=inputs, path=path))
            cuts = [List((Tuple((Literal(0), Literal(cut.start), Literal(cut.stop))),)) for cut in way.cuts]
            self._add(
                step.identifier, own, (wide,), (given.output,), self._module("Pick", cuts, step.axis), None, step.axis
            )

    def collect(self, value: str, output: Tensor) -> str:
        """An output, gathered on all ranks, since each computes the whole loss."""
        layout, name = self.layout_of(value), self._spec_names[self._origin(value)]
        if layout == "whole":
            return self._alike(value, "", output) if name in self._placement.partial else value
        return self._gather(value, output, layout, is_output=True)

    def needed(self, outputs: Sequence[str]) -> list[Step]:
        """The steps without transpositions that nothing reads any more."""
        found: list[Step] = []
        read = set(outputs)
        for step in reversed(self.steps):
            if step.identifier in read or not isinstance(step.node.op, Transposed):
                found.append(step)
                read.update(step.reads)
        return found[::-1]

    def _origin(self, value: str) -> str:
        """The value of the spec that a value is a transposition of, or the value itself."""
        made = self._made.get(value)
        return made.reads[0] if made is not None and isinstance(made.node.op, Transposed) else value

    def _axis(self, value: str, x: Tensor) -> int:
        """The axis of a value's maps: a sequence may have its channels last."""
        return self._made[value].axis if x.is_sequence and value in self._made else 1

    def _division(self, step: Step, layout: Layout) -> dict[str, int | None]:
        axis = step.axis if step.node.output.is_sequence else 1
        return {"divided": {"whole": None, "batch": 0, "split": axis}[layout]}

    def _read(self, step: Step, place: int, layout: Layout) -> str:
        """The value that a step reads in place of one of its inputs, after the exchanges that it takes."""
        value, x, reader = step.reads[place], step.inputs[place], step.node.name
        origin = self._origin(value)
        name, held = self._spec_names[origin], self.layout_of(value)
        is_alike = layout == "whole" and reader not in self._placement.partial
        read = origin
        if held == "whole" and name in self._completed and not is_alike:
            read = self._summed(origin, x)
        if held == "whole" and layout == "batch":
            read = self._own_examples(read, step, place, x)
        elif layout != "batch":
            read = self._maps(read, origin, step, place, layout)
        if name in self._placement.partial and is_alike:
            read = self._alike(read, reader, x)
        if read == origin:
            return value
        return self._turned(read, step, x) if value != origin else read

    def _maps(self, read: str, origin: str, step: Step, place: int, layout: Layout) -> str:
        """A tensor with the maps that a split or replicated layer reads, for all examples."""
        x, node, held = step.inputs[place], step.node, self.layout_of(origin)
        everything = ((range(x.channels),),) * len(self._ranks)
        own = tuple((part(x.channels, rank, len(self._ranks)),) for rank in self._ranks)
        wanted = everything
        if layout == "split" and not x.is_tokens:
            wanted = tuple(reads[place] for reads in self._placement.ways[node.name].reads)
        elif node.op.views_part and held != "whole":
            wanted = (node.op.reads_apart(range(node.output.channels), step.inputs, node.output)[place],) * len(own)
        first = None if held == "batch" else _Piece(read, everything if held == "whole" else own)
        if first and wanted == first.maps:
            return read
        self._fetch(origin, x, node, wanted == everything)
        if wanted == everything:
            for piece in self._pieces.get(origin, ()):
                if piece.maps == everything:
                    return piece.identifier
        pieces = [*([first] if first else []), *self._pieces.get(origin, ())]
        if wanted == everything and not _covers(pieces, wanted):
            return self._gather(origin, x, held, is_output=True)  # all else is planned
        name = self._free(f"{step.identifier}_read")
        ranges = [List(tuple(_picked(rank, pieces, wanted[rank]))) for rank in self._ranks]
        given = replace(node, output=Tensor((sum(map(len, wanted[0])), *x.shape[1:])))
        reads = tuple(piece.identifier for piece in pieces)
        path = f"{node.name}_read{place or ''}"
        axis = self._axis(origin, x)
        self._add(name, given, reads, (x,) * len(reads), self._module("Pick", ranges, axis), path, axis)
        return name

    def _fetch(self, origin: str, x: Tensor, node: Node, is_everything: bool) -> None:
        """Add what is planned to be fetched for a layer."""
        # Once, also for a layer that reads a value twice.
        fetch = self._fetches.pop((node.name, self._spec_names[origin]), None)
        if fetch is None:
            return
        held = self.layout_of(origin)
        if is_everything and _is_all(fetch, x, held):
            self._gather(origin, x, held, summed=fetch.returns)
            return
        maps = tuple(tuple(sorted(each, key=lambda r: r.start)) for each in fetch.maps)
        name = self._free(f"{origin}_more")
        ranges = [List(tuple(Tuple((Literal(r.start), Literal(r.stop))) for r in each)) for each in maps]
        axis = self._axis(origin, x)
        module = self._module(
            "Fetch", ranges, axis, summed=Unless(True, fetch.returns), examples=Unless(False, held == "batch")
        )
        given = Tensor((max(sum(map(len, maps[0])), 1), *x.shape[1:]))
        self._add(name, replace(node, output=given), (origin,), (x,), module, self._path(origin, "more"), axis)
        self._pieces.setdefault(origin, []).append(_Piece(name, maps))

    def _gather(self, value: str, x: Tensor, held: Layout, *, summed: bool = False, is_output: bool = False) -> str:
        """The name of a value that all ranks gather; adds the layer that gathers it, unless there is one already."""
        word = "out" if is_output else "all"
        name = self._planned.free(f"{value}_{word}")
        if name in self.added:
            return name
        ranks, axis = len(self._ranks), self._axis(value, x)
        whose = "both" if ranks == 2 else f"all {ranks}"
        options = {"summed": Unless(True, summed or is_output), "output": Unless(False, is_output)}
        if held == "batch":
            module = call("GatherExamples", ranks, **options)
            text = f"{self._comment(value, x)}, of all examples, from {whose}"
        else:
            module = call("Gather", ranks, dim=Unless(1, axis), **options)
            text = f"{self._comment(value, self._part(x))} here -> {self._comment(value, x)}, from {whose}"
        node = replace(self._node(value), output=x)
        self._add(name, node, (value,), (self._shape(value),), module, self._path(value, word), axis, text)
        self._pieces.setdefault(value, []).append(_Piece(name, ((range(x.channels),),) * ranks))
        return name

    def _summed(self, value: str, x: Tensor) -> str:
        name = self._planned.free(f"{value}_summed")
        if name not in self.added:
            node = replace(self._node(value), output=x)
            self._add(name, node, (value,), (x,), call("Summed"), self._path(value, "summed"), self._axis(value, x))
        return name

    def _own_examples(self, value: str, step: Step, place: int, x: Tensor) -> str:
        name = self._free(f"{step.identifier}_own")
        path = f"{step.node.name}_own{place or ''}"
        self._add(name, replace(step.node, output=x), (value,), (x,), call("OwnExamples"), path, self._axis(value, x))
        return name

    def _alike(self, value: str, reader: str, x: Tensor) -> str:
        name = self._free(f"{value}_alike")
        path = f"{reader}_alike" if reader else name
        node = replace(self._node(value), output=x)
        self._add(name, node, (value,), (x,), call("Alike"), path, self._axis(value, x))
        return name

    def _turned(self, value: str, step: Step, x: Tensor) -> str:
        name, path = self._free(f"{value}_transposed"), f"{step.node.name}_transposed"
        self.steps.append(transposed_step(name, self._place(path), value, x, step.axis, step.node.span))
        self._made[name] = self.steps[-1]
        return name

    def _add(
        self,
        name: str,
        node: Node,
        reads: tuple[str, ...],
        inputs: tuple[Tensor, ...],
        module: Call,
        path: str | None,
        axis: int,
        text: str | None = None,
    ) -> None:
        """Append a step that no rule writes."""
        step = Step(name, node, reads, inputs, axis, None if path is None else self._place(path))
        self.steps.append(step)
        self._made.setdefault(name, step)
        self.added[name] = TorchLayer(step, {name: module}, text or comment(self._planned, step))

    def _module(self, kind: str, ranges: Sequence[List], axis: int, **options: Unless) -> Call:
        return call(kind, *ranges, dim=Unless(1, axis), **options)

    def _take(self, step: Step, node: Node, reads: tuple[str, ...]) -> None:
        """Add a layer that gives what it has read, maps that it takes from its input."""
        whole = List((Tuple((Literal(0), Literal(0), Literal(node.output.channels))),))
        module = self._module("Pick", [whole] * len(self._ranks), step.axis)
        self._add(step.identifier, node, reads, (node.output,), module, None, step.axis)

    def _free(self, name: str) -> str:
        taken = {*self._made, *self._planned.inputs}
        while name in taken:
            name += "_"
        return name

    def _place(self, path: str) -> str:
        """A path that no layer has, made of this one."""
        found = free(path, self._paths)
        self._paths.add(found)
        return found

    def _path(self, value: str, word: str) -> str:
        """Where an exchange belongs: in the block that contains all readers of the value, so that all share it."""
        block = self._planned.block_of(self._readers.get(value, ()))
        if not block:
            return self._planned.free(f"{value}_{word}")
        made = self._node(value).name if value in self._made else ""
        own = flat(made[len(block) + 1 :]) if made.startswith(f"{block}.") else "input"
        return f"{block}.{own}_{word}"

    def _node(self, value: str) -> Node:
        """The layer that made a value, or for an input any layer."""
        return self._made[value].node if value in self._made else self._planned.steps[0].node

    def _shape(self, value: str) -> Tensor:
        """The shape of what a rank has of a value."""
        x = self._planned.inputs[value] if value in self._planned.inputs else self._made[value].node.output
        return self._part(x) if self.layout_of(value) == "split" else x

    def _part(self, x: Tensor) -> Tensor:
        return Tensor((x.channels // len(self._ranks), *x.shape[1:]))

    def _comment(self, value: str, x: Tensor) -> str:
        return comment(self._planned, self._made[value], x) if value in self._made else self._planned.comment(x)


def _received(placement: Placement) -> tuple[float, ...]:
    """The values per example that each rank receives in the forward pass, if each has as many examples."""
    ranks = placement.devices
    every = [fetch.received([1] * ranks) for fetch in placement.fetches]
    return tuple(sum(values[rank] for values in every) / ranks for rank in range(ranks))


def _is_all(fetch: Fetch, x: Tensor, held: Layout) -> bool:
    """Whether every rank fetches all that it does not have: it never fetches a map twice."""
    ranks = len(fetch.maps)
    own = [len(part(x.channels, rank, ranks)) if held == "split" else 0 for rank in range(ranks)]
    return all(sum(map(len, maps)) + count == x.channels for maps, count in zip(fetch.maps, own, strict=True))


def _covers(pieces: Sequence[_Piece], wanted: tuple[Ranges, ...]) -> bool:
    """Whether the pieces have all maps that are wanted, on each rank."""
    return not any(
        without([*each], [have for piece in pieces for have in piece.maps[rank]]) for rank, each in enumerate(wanted)
    )


def _picked(rank: int, pieces: Sequence[_Piece], wanted: Ranges) -> Iterator[Tuple]:
    """Where a rank finds the wanted maps: a piece, and the first and last place of a run of maps in it."""
    for want in wanted:
        at = want.start
        while at < want.stop:
            of, start, run = _found(rank, pieces, at, want.stop)
            yield Tuple((Literal(of), Literal(start), Literal(start + run)))
            at += run


def _found(rank: int, pieces: Sequence[_Piece], at: int, stop: int) -> tuple[int, int, int]:
    for of, piece in enumerate(pieces):
        before = 0
        for have in piece.maps[rank]:
            if at in have:
                return of, before + at - have.start, min(stop, have.stop) - at
            before += len(have)
    raise AssertionError(f"no rank has map {at}")
