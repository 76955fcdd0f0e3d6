"""Which gradients return and which are summed, against devices that go back through dense layers with what they have.

Every weight's gradient must come out as one device alone finds it: what the placement lists must suffice, and what
it lists must be needed.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from archc.analysis import analyse
from archc.language.spec import Parallel
from archc.passes.placement import Placement, place

Array = np.ndarray[Any, np.dtype[np.float64]]
BATCH, IMAGE = 12, 12
HEAD = """schema: archc/v1
name: chain
input: {image: [12, 1, 1]}
defaults: {dense: {bias: false, weight_init: {he_normal: {}}}}
layers:
  flat: {op: flatten}
"""


class Chain:
    """Dense layers with a ReLU after each: values, and the gradients that one device finds."""

    def __init__(self, units: list[int]) -> None:
        rng = np.random.default_rng(len(units))
        self.weights = [rng.normal(size=(out, n)) for n, out in zip([IMAGE, *units], units, strict=False)]
        self.values = [rng.normal(size=(BATCH, IMAGE))]
        for weight in self.weights:
            self.values.append((self.values[-1] @ weight.T).clip(min=0))
        self.loss = rng.normal(size=self.values[-1].shape)
        self.found: list[Array] = []
        gradient = self.loss
        for weight, x, y in zip(self.weights[::-1], self.values[-2::-1], self.values[:0:-1], strict=True):
            gradient = gradient * (y > 0)
            self.found.insert(0, gradient.T @ x)
            gradient = gradient @ weight


def own(layout: str, shape: tuple[int, ...], device: int, devices: int) -> tuple[slice, slice]:
    rows, columns = (slice(device * n // devices, (device + 1) * n // devices) for n in shape)
    return rows if layout == "batch" else slice(None), columns if layout == "split" else slice(None)


def same(found: list[Array], truth: Array) -> bool:
    return all(np.allclose(one, truth, rtol=1e-9, atol=1e-12) for one in found)


def go_back(chain: Chain, placement: Placement) -> None:
    """From the loss to the first layer, each device with what its layout leaves it."""
    devices = range(placement.devices)
    exchanges = {exchange.layer: exchange for exchange in placement.exchanges}
    reductions = {reduction.layer: reduction.of for reduction in placement.reductions}
    last = f"fc{len(chain.weights)}"
    gradients = [np.zeros_like(chain.loss) for _ in devices]
    for device in devices:
        mine = own(placement.layouts[last], chain.loss.shape, device, len(devices))
        gradients[device][mine] = chain.loss[mine]
    for number in range(len(chain.weights), 0, -1):
        name, weight, x, y = f"fc{number}", chain.weights[number - 1], chain.values[number - 1], chain.values[number]
        truth, layout = chain.found[number - 1], placement.layouts[name]
        gradients = [gradient * (y > 0) for gradient in gradients]
        of_weights = [gradient.T @ x for gradient in gradients]
        if name in reductions:
            assert not same(of_weights, truth), f"the gradients of {name} need not be summed"
        if reductions.get(name) == "output":
            gradients = [np.sum(gradients, axis=0)] * len(devices)
            of_weights = [gradient.T @ x for gradient in gradients]
        elif name in reductions:
            of_weights = [np.sum(of_weights, axis=0)] * len(devices)
        for device in devices:
            part = own(layout, y.shape, device, len(devices))[1]
            assert same([of_weights[device][part]], truth[part]), name
        gradients = _returned(chain, placement, number, [g @ weight for g in gradients], exchanges)


def _returned(
    chain: Chain, placement: Placement, number: int, summands: list[Array], exchanges: dict[str, Any]
) -> list[Array]:
    """The gradient of what the layer reads, as each device has it in the end."""
    source = f"fc{number - 1}" if number > 1 else "flat"
    layout, exchange = placement.layouts[source], exchanges.get(f"fc{number}")
    if layout == "whole" or number == 1:
        assert exchange is None or exchange.returned == 0
        return summands
    total = np.sum(summands, axis=0)
    made: list[Array] = []
    for device, summand in enumerate(summands):
        mine = own(layout, summand.shape, device, placement.devices)
        kept = np.zeros_like(summand)
        kept[mine] = (total if exchange and exchange.returned else summand)[mine]
        made.append(kept)
    if exchange and exchange.returned:
        unsummed = [summand[own(layout, summand.shape, d, placement.devices)] for d, summand in enumerate(summands)]
        summed = [total[own(layout, total.shape, d, placement.devices)] for d in range(placement.devices)]
        assert not all(np.allclose(a, b) for a, b in zip(unsummed, summed, strict=True)), "nothing need return"
        assert exchange.returned == exchange.received
    return made


@settings(max_examples=200)
@given(
    layers=st.lists(st.tuples(st.sampled_from([12, 24, 48]), st.sampled_from([None, "split", "replicate"]))).filter(
        lambda layers: 0 < len(layers) < 6
    ),
    devices=st.sampled_from([2, 3, 4]),
    strategy=st.sampled_from(["data", "columns", "hybrid"]),
)
def test_gradients_are_those_of_one_device(layers: list[Any], devices: int, strategy: Any) -> None:
    text = HEAD
    for number, (units, _) in enumerate(layers, 1):
        text += f"  fc{number}: {{op: dense, units: {units}}}\n  relu{number}: {{op: relu}}\n"
    facts = analyse(text.encode(), "chain.yaml").facts
    assert facts is not None
    by_hand: Any = {f"fc{number}": choice for number, (_, choice) in enumerate(layers, 1) if choice}
    parallel = Parallel(devices=devices, strategy=strategy, layers=by_hand)
    placement, findings = place(facts.graph, facts.counts, parallel, BATCH)
    assert findings == []
    go_back(Chain([units for units, _ in layers]), placement)


def test_the_lesser_of_two_sums_is_taken() -> None:
    """fc1 is replicated and fc2 reads a part: the sum is over 12 x 12 weights, or 12 outputs for each example."""
    text = HEAD + "  fc1: {op: dense, units: 12}\n  fc2: {op: dense, units: 12}\n"
    facts = analyse(text.encode(), "chain.yaml").facts
    assert facts is not None
    parallel = Parallel(devices=2, strategy="columns", layers={"fc1": "replicate"})
    for batch, of in ((12, "parameters"), (11, "output")):
        placement, _ = place(facts.graph, facts.counts, parallel, batch)
        assert [(r.layer, r.of) for r in placement.reductions] == [("fc1", of)]
