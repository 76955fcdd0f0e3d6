"""The memory of a step and of an inference; tests/backends/torch/test_memory.py holds it against PyTorch's."""

import sys
from collections.abc import Callable
from itertools import accumulate, pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archc.analysis import Analysis, analyse
from archc.explain.concepts import concepts
from archc.graph import Graph
from archc.language.recipe import Precision
from archc.passes.device_memory import device_memory, largest_batch
from archc.passes.memory import Share, memory
from archc.wording import in_units

Check = Callable[..., Analysis]

HEAD = """schema: archc/v1
name: drawn
input: {image: [4, 12, 12]}
defaults:
  conv2d: {kernel: 3, padding: 1, weight_init: {he_normal: {}}}
layers:
"""
LAYERS = [
    "{op: conv2d, filters: 6}",
    "{op: conv2d, filters: 4, padding: same, stride: 2}",
    "{op: relu}",
    "{op: tanh}",
    "{op: dropout, rate: 0.5}",
    "{op: dropout, rate: 0}",
    "{op: lrn, size: 3, alpha: 1e-4, beta: 0.75, k: 2}",
    "{op: lrn, size: 3, alpha: 1e-4, beta: 0.75, k: 2, scope: spatial}",
    "{op: batch_norm, epsilon: 1e-5, momentum: 0.9}",
    "{op: max_pool2d, kernel: 3, stride: 1, padding: 1}",
]
chains = st.lists(st.sampled_from(LAYERS), min_size=1, max_size=8)
precisions = st.sampled_from(["float32", "bfloat16"])


def graph_of(layers: list[str]) -> Graph:
    facts = analyse((HEAD + "".join(f"  l{n}: {layer}\n" for n, layer in enumerate(layers))).encode(), "drawn").facts
    assert facts is not None
    return facts.graph


@pytest.fixture
def graph(check: Check) -> Callable[..., Graph]:
    def graph(*layers: str, **sections: str) -> Graph:
        facts = check(*layers, **sections).facts
        assert facts is not None
        return facts.graph

    return graph


def test_a_small_network_by_hand(graph: Callable[..., Graph]) -> None:
    small = graph(
        "conv1: {op: conv2d, filters: 8}",
        "relu1: {op: relu}",
        "pool1: {op: max_pool2d, kernel: 2, stride: 2}",
        "flat: {op: flatten}",
        "fc1: {op: dense, units: 10}",
    )
    image, maps, pooled, units = 4 * 8 * 8, 8 * 8 * 8, 8 * 4 * 4, 10
    weights = (4 * 9 + 1) * 8 + (pooled + 1) * units
    found = memory(small, batch=3)
    assert (found.weights, found.gradients, found.momentum) == (4 * weights,) * 3
    # The pool keeps what the ReLU keeps already, and an int64 a place; the flattened maps are a copy.
    assert [layer.kept for layer in found.layers.values()] == [
        3 * 4 * image,
        3 * 4 * maps,
        3 * 8 * pooled,
        0,
        3 * 4 * pooled,
    ]
    # Gradients on both sides of the ReLU, the output and the classes, which the caller has, and all but the first
    # weights' gradients.
    assert found.peak_layer == "relu1"
    assert found.working == 3 * 4 * (2 * maps + units) + 3 * 8
    dense = (pooled + 1) * units
    assert found.peak == 4 * (2 * weights + dense) + 3 * 4 * (image + maps) + found.working
    ready = memory(small, batch=3, training=False)
    assert (ready.gradients, ready.momentum, ready.activations) == (0, 0, 0)
    assert (ready.peak, ready.peak_layer) == (4 * weights + 3 * 4 * (image + 2 * maps), "relu1")


def test_in_bfloat16_weights_are_float32_and_multiplied_as_copies(graph: Callable[..., Graph]) -> None:
    small = graph("conv1: {op: conv2d, filters: 8}", "relu1: {op: relu}", "norm1: {op: lrn}")
    wide, narrow = memory(small, batch=3), memory(small, batch=3, precision="bfloat16")
    assert (narrow.weights, narrow.gradients, narrow.momentum) == (wide.weights, wide.gradients, wide.momentum)
    assert narrow.layers["conv1"].kept == wide.layers["conv1"].kept // 2 + 2 * 4 * 9 * 8
    assert narrow.layers["relu1"].kept == wide.layers["relu1"].kept // 2
    assert wide.layers["norm1"].kept == narrow.layers["norm1"].kept == 0


def test_what_nothing_trained_has_a_part_in_keeps_nothing(graph: Callable[..., Graph]) -> None:
    found = memory(graph("relu1: {op: relu}", "norm1: {op: lrn}", "conv1: {op: conv2d, filters: 2}"), batch=2)
    assert [layer.kept for layer in found.layers.values()] == [0, 0, 2 * 4 * 4 * 8 * 8]


def test_a_network_without_layers() -> None:
    found = memory(Graph("empty", "empty", {}, (), ()), batch=2)
    assert (found.peak, found.working, found.peak_layer) == (0, 0, "")


@given(layers=chains, batch=st.integers(2, 1000), precision=precisions, training=st.booleans())
def test_memory_grows_linearly_with_the_batch_from_a_constant_part(
    layers: list[str], batch: int, precision: Precision, training: bool
) -> None:
    drawn = graph_of(layers)
    none, one, two, many = (memory(drawn, batch=n, precision=precision, training=training) for n in (0, 1, 2, batch))
    assert (none.weights, none.gradients, none.momentum) == (many.weights, many.gradients, many.momentum)
    assert many.activations - none.activations == batch * (one.activations - none.activations)
    # The peak is the largest of several such sums.
    assert 0 < one.peak - none.peak <= two.peak - one.peak
    assert batch * (one.peak - none.peak) <= many.peak - none.peak


@given(layers=chains, more=st.sampled_from(LAYERS), precision=precisions)
def test_one_layer_more_keeps_no_less(layers: list[str], more: str, precision: Precision) -> None:
    fewer, longer = (memory(graph_of(chain), batch=2, precision=precision) for chain in (layers, [*layers, more]))
    assert longer.activations >= fewer.activations


@given(reads=st.lists(st.lists(st.integers(0, 100), min_size=1, max_size=3), min_size=1, max_size=12))
def test_an_inference_holds_what_is_read_later(reads: list[list[int]]) -> None:
    """Values of one size: against the definition, value by value and layer by layer."""
    names, layers, read = ["image"], list[str](), list[set[int]]()
    for number, drawn in enumerate(reads, 1):
        read.append({n % number for n in drawn})
        sources = [names[n] for n in sorted(read[-1])]
        layers.append(f"{{op: {'add' if len(sources) > 1 else 'relu'}, from: [{', '.join(sources)}]}}")
        names.append(f"l{number - 1}")
    drawn_graph = graph_of(layers)
    last = {
        value: max([i for i, sources in enumerate(read, 1) if value in sources], default=len(names))
        for value in range(len(names))
    }
    last[0] = len(names)  # the caller holds the batch
    most = max(
        # The sum of the first inputs is a value of its own while a third is added.
        sum(value <= now <= last[value] for value in range(len(names))) + (len(read[now - 1]) > 2)
        for now in range(1, len(names))
    )
    assert memory(drawn_graph, batch=5, training=False).peak == most * 5 * 4 * (4 * 12 * 12)


@given(layers=chains, batch=st.integers(1, 300), share=st.floats(0.05, 1.2))
def test_the_largest_batch_that_fits(layers: list[str], batch: int, share: float) -> None:
    drawn = graph_of(layers)
    limit = round(share * memory(drawn, batch=batch).peak)
    fits = largest_batch(drawn, None, batch=batch, limit=limit)
    assert 0 <= fits <= batch
    assert fits == 0 or device_memory(drawn, None, batch=fits).peak <= limit
    assert fits == batch or device_memory(drawn, None, batch=fits + 1).peak > limit


def test_a_share_of_a_layer(graph: Callable[..., Graph]) -> None:
    """Halves of two convolutions: local, the second holds half of all; gathered, it keeps a copy of what it reads."""
    small = graph("conv1: {op: conv2d, filters: 8}", "relu1: {op: relu}", "conv2: {op: conv2d, filters: 8, groups: 2}")
    whole = memory(small, batch=2)
    image, maps = 4 * 64, 8 * 64
    first, second = (4 * 9 + 1) * 4, (4 * 9 + 1) * 4
    local = {
        "conv1": Share(maps // 2, image, first),
        "relu1": Share(maps // 2, maps // 2, 0),
        "conv2": Share(maps // 2, maps // 2, second),
    }
    half = memory(small, batch=2, shares=local)
    assert half.weights == 4 * (first + second) == whole.weights // 2
    assert half.activations == 2 * 4 * (image + maps // 2)
    gathered = memory(small, batch=2, shares=local | {"conv2": Share(maps // 2, maps, second)})
    assert gathered.activations == half.activations + 2 * 4 * maps
    everything = {
        "conv1": Share(maps, image, 2 * first),
        "relu1": Share(maps, maps, 0),
        "conv2": Share(maps, maps, 2 * second),
    }
    assert memory(small, batch=2, shares=everything) == whole


def test_time_is_linear_in_layers() -> None:
    """In calls of Python functions, which no other process delays."""

    def calls(drawn: Graph) -> int:
        count = 0

        def counted(*_: object) -> None:
            nonlocal count
            count += 1

        sys.setprofile(counted)
        try:
            memory(drawn, batch=2)
        finally:
            sys.setprofile(None)
        return count

    graphs = [graph_of(["{op: conv2d, filters: 4}", "{op: relu}"] * n) for n in (1, 50, 100, 150)]
    memory(graphs[0], batch=1)
    grown = [after - before for before, after in pairwise(calls(graph) for graph in graphs[1:])]
    assert grown[0] == pytest.approx(grown[1], rel=0.01)


def test_the_figures_that_archc_explain_memory_gives() -> None:
    spec = Path(__file__).parents[2] / "specs" / "alexnet_torchvision.yaml"
    facts = analyse(spec.read_bytes(), spec.name).facts
    assert facts is not None
    found = memory(facts.graph, batch=128)
    assert found.weights == found.gradients == found.momentum
    at = max(found.layers, key=lambda name: found.layers[name].working)
    told = {
        "weights, gradients and momentum, each": found.weights,
        "activations": found.activations,
        f"working, at {at}": found.working,
        f"peak, at {found.peak_layer}": found.peak,
    }
    assert "\n".join(f"    {what:38}{size:>16,}" for what, size in told.items()) in concepts()["memory"].parts


def test_amounts_as_a_person_reads_them() -> None:
    sizes = list(accumulate([512, 512, 1024**2, 1024**3]))
    assert [in_units(size) for size in (*sizes, 1500 * 2**20, 2000 * 2**30)] == [
        "512 bytes",
        "1 KiB",
        "1 MiB",
        "1 GiB",
        "1.46 GiB",
        "2,000 GiB",
    ]
