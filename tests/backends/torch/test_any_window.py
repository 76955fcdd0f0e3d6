"""Convolutions and pools of any kernel, stride, padding, dilation, rounding and groups, each against the reference."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import torch
from hypothesis import assume, event, given, settings
from hypothesis import strategies as st

from archc.analysis import analyse
from archc.backend import Origin, Request, load
from archc.conformance.reference import evaluate

sides = st.fixed_dictionaries({side: st.integers(0, 4) for side in ("top", "bottom", "left", "right")})
paddings = st.one_of(st.integers(0, 4), st.lists(st.integers(0, 4), min_size=2, max_size=2), sides, st.just("same"))


def sizes(largest: int) -> st.SearchStrategy[int | list[int]]:
    return st.integers(1, largest) | st.lists(st.integers(1, largest), min_size=2, max_size=2)


windows = {
    "kernel": sizes(5),
    "stride": sizes(4),
    "padding": paddings,
    "rounding": st.sampled_from(["floor", "ceil"]),
}
convolutions = st.fixed_dictionaries(
    {
        **windows,
        "op": st.just("conv2d"),
        "dilation": sizes(3),
        "groups": st.sampled_from([1, 2, 4]),
        "bias": st.booleans(),
    }
).map(lambda fields: {**fields, "filters": 4})
pools = st.fixed_dictionaries({**windows, "op": st.just("max_pool2d")})
means = st.fixed_dictionaries({**windows, "op": st.just("avg_pool2d"), "count_padding": st.booleans()})


transposed = st.fixed_dictionaries(
    {
        "op": st.just("conv_transpose2d"),
        "kernel": sizes(5),
        "stride": sizes(4),
        "dilation": sizes(3),
        "padding": paddings,
        "output_padding": st.integers(0, 3),
        "groups": st.sampled_from([1, 2, 4]),
        "bias": st.booleans(),
        "filters": st.just(4),
    }
)
larger = st.fixed_dictionaries(
    {
        "op": st.just("upsample"),
        "mode": st.just("bilinear"),
        "corners": st.sampled_from(["aligned", "half_pixel"]),
        "size": st.lists(st.integers(1, 30), min_size=2, max_size=2),
    }
) | st.fixed_dictionaries({"op": st.just("upsample"), "mode": st.just("nearest"), "factor": sizes(5)})


@settings(max_examples=120)
@given(layer=convolutions | pools | means | transposed | larger, height=st.integers(1, 12), width=st.integers(1, 12))
def test_any_window(layer: dict[str, Any], height: int, width: int) -> None:
    spec = {"schema": "archc/v1", "name": "net", "input": {"image": [4, height, width]}, "layers": {"a": layer}}
    facts = analyse(json.dumps(spec).encode(), "spec.yaml").facts
    assume(facts is not None)
    assert facts is not None
    source = load("torch").emit(Request(facts.graph, facts.counts, facts.recipe, Origin.of("spec.yaml", b"")))
    event("pads by a module" if "a_pad=" in source.text else "pads by itself")
    scope: dict[str, Any] = {"__name__": "emitted"}
    exec(source.text, scope)
    torch.manual_seed(0)
    model = scope[source.class_name]().double()
    x = torch.from_numpy(np.random.default_rng(0).standard_normal((2, 4, height, width)))
    weights = {name: value.numpy() for name, value in model.state_dict().items()}
    with torch.inference_mode():
        y = model(x)
    assert y.shape[1:] == facts.graph.node("a").output.shape
    np.testing.assert_allclose(y.numpy(), evaluate(facts.graph, weights, x.numpy())["a"], rtol=1e-11, atol=1e-13)
