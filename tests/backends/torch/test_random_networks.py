"""What archc says of memory, against what PyTorch allocates, for random chains and graphs of every op."""

from __future__ import annotations

import json
from random import Random
from typing import Any

import pytest
from allocations import as_on_a_gpu, held, peaks, run
from torch import nn

from archc.analysis import Facts, analyse
from archc.backend import Origin, Request, load
from archc.ops import ops
from archc.ops.shape_error import ShapeError
from archc.passes.memory import memory
from archc.tensor import Tensor

BATCH = 5
EACH = 100
"""Chains, and as many graphs with branches."""

Layer = dict[str, Any]


def sides(random: Random, most: int) -> Any:
    """A random padding: none, equal, per axis, per side, or `same`."""
    each = {side: random.randint(0, most) for side in ("top", "bottom", "left", "right")}
    return random.choice([0, most, [most, 0], each, each, "same"])


def conv2d(random: Random) -> Layer:
    kernel = random.choice([1, 3, 3, 5, [3, 2]])
    return {
        "filters": random.choice([4, 6, 8, 12]),
        "kernel": kernel,
        # oneDNN writes past the end of a buffer where a stride skips the last row for a kernel of 1 in channels last.
        "stride": 1 if kernel == 1 else random.choice([1, 1, 2, [1, 2]]),
        "padding": sides(random, 2),
        "dilation": random.choice([1, 1, 2]),
        "rounding": random.choice(["floor", "floor", "ceil"]),
        "groups": random.choice([1, 1, 2]),
        "bias": random.random() < 0.8,
    }


def conv_transpose2d(random: Random) -> Layer:
    stride = random.choice([1, 2])
    return {
        "filters": random.choice([4, 6]),
        "kernel": random.choice([2, 3, 4]),
        "stride": stride,
        "padding": sides(random, 1),
        "output_padding": random.choice([0, stride - 1]),
        "groups": random.choice([1, 1, 2]),
    }


def upsample(random: Random) -> Layer:
    return {"factor": 2, **random.choice([{"mode": "nearest"}, {"mode": "bilinear", "corners": "aligned"}])}


def max_pool2d(random: Random) -> Layer:
    return {
        "kernel": random.choice([2, 3]),
        "stride": random.choice([1, 2, 2]),
        "padding": sides(random, 1),
        "rounding": random.choice(["floor", "ceil"]),
    }


def avg_pool2d(random: Random) -> Layer:
    return {**max_pool2d(random), "count_padding": random.random() < 0.5}


def lrn(random: Random) -> Layer:
    scope = random.choice([{}, {"groups": 2}, {"scope": "spatial"}])
    return {"size": random.choice([3, 4, 5]), "alpha": 0.01, "beta": 0.75, "k": 2, **scope}


def pad(random: Random) -> Layer:
    return {"padding": random.choice([1, [2, 0]]), "mode": random.choice(["constant", "reflect", "replicate"])}


FIELDS = {
    "pad": pad,
    "crop": lambda random: {"cut": random.choice([1, [1, 2]])},
    "channel_shuffle": lambda _: {"groups": 2},
    "slice": lambda random: random.choice([{"start": 1}, {"stop": 2}, {"start": 1, "stop": 4}]),
    "space_to_depth": lambda _: {"factor": 2},
    "permute": lambda random: {"axes": random.sample(range(3), 3)},
    "reshape": lambda _: {"to": [4, -1, 3]},
    "conv2d": conv2d,
    "conv_transpose2d": conv_transpose2d,
    "upsample": upsample,
    "max_pool2d": max_pool2d,
    "avg_pool2d": avg_pool2d,
    "lrn": lrn,
    "relu": lambda random: random.choice([{}, {}, {"max": 6}]),
    "gelu": lambda random: {"form": random.choice(["exact", "tanh"])},
    "prelu": lambda random: {"initial": 0.25, "shared": random.choice([True, False])},
    "scale": lambda random: {"initial": 1, "bias": random.random() < 0.5},
    "stochastic_depth": lambda random: {"rate": random.choice([0.5, 0])},
    "batch_norm": lambda _: {"epsilon": 1e-5, "momentum": 0.9},
    "layer_norm": lambda random: {"epsilon": 1e-5, "bias": random.random() < 0.5},
    "group_norm": lambda random: {"epsilon": 1e-5, "groups": random.choice([1, 2])},
    "rms_norm": lambda _: {"epsilon": 1e-5},
    "dropout": lambda random: {"rate": random.choice([0.5, 0.5, 0])},
    "dense": lambda random: {"units": random.choice([8, 20, 60]), "bias": random.random() < 0.8},
}
POINTWISE = ["tanh", "sigmoid", "silu", "gelu", "prelu", "scale", "stochastic_depth", "dropout"]
POOLS = ["avg_pool2d", "max_pool2d", "global_avg_pool", "global_max_pool"]
MOVING = ["crop", "channel_shuffle", "slice", "pad", "space_to_depth", "reshape", "permute"]
ON_MAPS = ["conv2d"] * 6 + ["lrn", "batch_norm", "relu"] * 3 + [*POINTWISE, "flatten"]
ON_MAPS += ["max_pool2d"] * 2 + [*POOLS, "conv_transpose2d", "conv_transpose2d", "upsample", *MOVING]
# Of maps, those over several positions or maps depend on the order in memory, which test_memory.py has as it is usual.
ON_VECTORS = ["dense"] * 5 + ["relu", "batch_norm", "layer_norm", "group_norm", "rms_norm", *POINTWISE]


class Drawing:
    """Draws a network layer by layer, in each of the shapes that the ops allow."""

    def __init__(self, seed: int, *, branches: bool) -> None:
        self.random = random = Random(seed)
        self.branches = branches
        self.image = [random.choice([2, 4, 6]), random.randint(9, 20), random.randint(9, 20)]
        self.shapes = {"image": Tensor(tuple(self.image))}
        self.layers: dict[str, Layer] = {}

    def spec(self) -> bytes:
        length = self.random.randint(3, 12)
        while len(self.layers) < length:
            self.add(self.joined() if self.branches and self.random.random() < 0.35 else self.single())
        if not self.last.is_maps and self.random.random() < 0.5:
            self.add({"op": "softmax", "from": list(self.shapes)[-1]})
        layers = {
            name: body if self.branches else {field: body[field] for field in body if field != "from"}
            for name, body in self.layers.items()
        }
        spec = {"schema": "archc/v1", "name": "net", "input": {"image": self.image}, "layers": layers}
        return json.dumps(spec).encode()

    @property
    def last(self) -> Tensor:
        return list(self.shapes.values())[-1]

    def single(self) -> Layer:
        """A layer of one input: the last value, or in a graph sometimes another."""
        names = list(self.shapes)
        source = self.random.choice(names) if self.branches and self.random.random() < 0.4 else names[-1]
        op = self.random.choice(ON_MAPS if self.shapes[source].is_maps else ON_VECTORS)
        return {"op": op, "from": source, **FIELDS.get(op, lambda _: {})(self.random)}

    def joined(self) -> Layer:
        """A sum, a product or another join of the last value and others that fit it."""
        op = self.random.choice(["add", "add", "concat", "concat", "multiply", "maximum", "subtract"])
        parts = slice(1, None) if op == "concat" else slice(None)
        fitting = [name for name, x in self.shapes.items() if x.shape[parts] == self.last.shape[parts]]
        if len(fitting) < 2:
            return self.single()
        return {
            "op": op,
            "from": self.random.sample(
                fitting, 2 if op == "subtract" else min(len(fitting), self.random.choice([2, 2, 3]))
            ),
        }

    def add(self, layer: Layer) -> None:
        """Add the layer, unless the op cannot take its inputs."""
        fields = {name: value for name, value in layer.items() if name != "from"}
        sources = [layer["from"]] if isinstance(layer["from"], str) else layer["from"]
        op = ops()[layer["op"]].model_validate(fields)
        try:
            output = op.infer(tuple(self.shapes[name] for name in sources))
        except ShapeError:
            return
        name = f"l{len(self.shapes)}"
        self.layers[name], self.shapes[name] = layer, output


def emitted(spec: bytes) -> tuple[Facts, nn.Module]:
    found = analyse(spec, "spec.yaml")
    assert found.facts is not None, (spec.decode(), found.findings)
    facts = found.facts
    source = load("torch").emit(Request(facts.graph, facts.counts, facts.recipe, Origin.of("spec.yaml", b"")))
    scope: dict[str, Any] = {"__name__": "emitted"}
    exec(source.text, scope)
    model = scope[source.class_name]()
    as_on_a_gpu(model)
    return facts, model


@pytest.mark.parametrize("branches", [False, True], ids=["chains", "graphs"])
def test_the_peak_of_random_networks(branches: bool) -> None:
    specs = [Drawing(seed, branches=branches).spec() for seed in range(EACH)]
    networks = [emitted(spec) for spec in specs]
    for training in (True, False):
        runs = [run(facts.graph, model, BATCH, training=training) for facts, model in networks]
        pairs = zip(networks, peaks(runs), strict=True)
        ratios = [
            (held(model, training=training) + peak) / memory(facts.graph, batch=BATCH, training=training).peak
            for (facts, model), peak in pairs
        ]
        wrong = {seed: r for seed, r in enumerate(ratios) if abs(r - 1) > 0.02}
        assert not wrong, [(training, ratio, specs[seed].decode()) for seed, ratio in wrong.items()]
        assert sum(abs(ratio - 1) < 0.002 for ratio in ratios) >= 0.96 * EACH
