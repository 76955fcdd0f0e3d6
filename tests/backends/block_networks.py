"""Random networks of blocks, and the same network without any."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from random import Random
from typing import Any

from archc.analysis import Facts, analyse
from archc.emit.identifiers import identifiers
from archc.graph import Graph

Layer = dict[str, Any]


class Drawing:
    """Draws blocks that use earlier blocks, then a network of them, of maps or of sequences, all of one size."""

    def __init__(self, seed: int, *, of_sequences: bool = False) -> None:
        self.random = Random(seed)
        self.conv = "conv1d" if of_sequences else "conv2d"
        self.places = [7] if of_sequences else [5, 6]
        # Which of them have the channels last in PyTorch.
        self.others = ["dense", "layer_norm"] if of_sequences else []
        self.blocks: dict[str, Any] = {}
        self.takes: dict[str, list[Any]] = {}

    def spec(self) -> bytes:
        random = self.random
        for name in ("first", "second", "third")[: random.randint(1, 3)]:
            self._block(name)
        self.takes_now: list[str] = []
        layers = self._body(random.randint(2, 5), within="")
        spec = {
            "schema": "archc/v1",
            "name": random.choice(["net", "first", "basic"]),
            "input": {random.choice(["image", "x", "input_0"]): [random.choice([2, 4]), *self.places]},
            "defaults": {
                self.conv: {"kernel": 3, "padding": 1, "weight_init": {"he_normal": {}}},
                "batch_norm": {"epsilon": 1e-5, "momentum": 0.9},
                **({"dense": {"weight_init": "he_normal"}, "layer_norm": {"epsilon": 1e-5}} if self.others else {}),
            },
            "blocks": self.blocks,
            "layers": layers,
        }
        return json.dumps(spec).encode()

    def _block(self, name: str) -> None:
        random = self.random
        takes: list[Any] = random.choice([["filters"], ["filters", {"groups": 1}], ["filters", {"bias": True}], []])
        self.takes_now = [field if isinstance(field, str) else next(iter(field)) for field in takes]
        body = self._body(random.randint(1, 5), within=name)
        self.blocks[name] = {"takes": takes, "layers": body} if takes else {"layers": body}
        self.takes[name] = takes

    def _body(self, count: int, within: str) -> Any:
        random = self.random
        if random.random() < 0.25:
            return self._list(count, within, [])
        names = ["input"] if within else []
        layers: dict[str, Layer | list[Any]] = {}
        words = random.sample(
            ["conv", "norm", "forward", "x", "channels", "name", "relu", "stage", "first", "l", "sum"], count
        )
        for word in words:
            draw = random.random()
            if draw < 0.3:
                layers[word] = self._list(random.randint(1, 3), within, names)
            else:
                layers[word] = self._layer(within, names)
            names.append(word)
        return layers

    def _list(self, count: int, within: str, names: list[str]) -> list[Any]:
        return [self._layer(within, names, in_list=True) for _ in range(count)]

    def _layer(self, within: str, names: list[str], *, in_list: bool = False) -> Layer:
        random = self.random
        known = [name for name in self.blocks if name != within]
        draw = random.random()
        if known and draw < 0.4:
            return self._call(random.choice(known), within, names)
        if len(names) >= 2 and draw < 0.55:
            return {"op": "concat", "from": random.sample(names, 2)}
        op = random.choice([self.conv, self.conv, "batch_norm", "relu", "tanh", *self.others])
        layer: Layer = {"op": op}
        if op == self.conv:
            layer |= self._conv(within)
        if op == "dense":
            layer["units"] = "$filters" if "filters" in self.takes_now else random.choice([2, 4, {"times": 2}])
        if names and random.random() < 0.3:
            layer["from"] = random.choice(names)
        return layer

    def _conv(self, within: str) -> Layer:
        random = self.random
        filters: Any = "$filters" if "filters" in self.takes_now else random.choice([2, 4, {"times": 2}])
        conv: Layer = {"filters": filters, "kernel": random.choice([3, 3, 1])}
        conv["padding"] = 1 if conv["kernel"] == 3 else 0
        if random.random() < 0.1 and conv["kernel"] == 3:
            sides = {"left": 2, "right": 0} if self.others else {"top": 2, "bottom": 0, "left": 1, "right": 1}
            conv["padding"] = sides
        if "groups" in self.takes_now:
            conv["groups"] = "$groups"
        if "bias" in self.takes_now:
            conv["bias"] = "$bias"
        if random.random() < 0.15:
            conv["weight_init"] = {"normal": {"std": 0.5}}
        return conv

    def _call(self, block: str, within: str, names: list[str]) -> Layer:
        random = self.random
        call: Layer = {"block": block}
        for field in self.takes[block]:
            name = field if isinstance(field, str) else next(iter(field))
            if name == "filters":
                call[name] = (
                    "$filters" if "filters" in self.takes_now and random.random() < 0.7 else random.choice([2, 4, 6])
                )
            elif random.random() < 0.5:
                call[name] = random.choice([1, 2]) if name == "groups" else random.random() < 0.5
        if random.random() < 0.35:
            call["repeat"] = random.randint(1, 4)
        if names and random.random() < 0.3:
            call["from"] = random.choice(names)
        return call


def drawn(seed: int, *, of_sequences: bool = False) -> Facts | None:
    """The facts of a random network; None if it is not one, such as of groups that do not divide."""
    return analyse(Drawing(seed, of_sequences=of_sequences).spec(), "spec.yaml").facts


def flattened(graph: Graph) -> tuple[Graph, Mapping[str, str]]:
    """The same network without blocks, and its layers' names by their paths."""
    paths = [node.name for node in graph.nodes]
    taken = [*graph.inputs]
    found = identifiers([*taken, *(f"l_{path.replace('.', '_')}" for path in paths)], ())[len(taken) :]
    names = dict(zip(paths, found, strict=True)) | {name: name for name in graph.inputs}
    nodes = tuple(
        replace(node, name=names[node.name], inputs=tuple(names[read] for read in node.inputs)) for node in graph.nodes
    )
    flat = Graph(graph.name, graph.title, graph.inputs, nodes, tuple(names[name] for name in graph.outputs))
    return flat, names
