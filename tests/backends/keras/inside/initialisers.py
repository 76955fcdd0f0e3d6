"""Every kind of initialisation is drawn from its distribution in the emitted model."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from initialisations import NETWORKS, assert_drawn, spec_of

from archc.analysis import Facts, analyse
from archc.backend import Origin, Request, load


def build(facts: Facts) -> Any:
    """The emitted source's model."""
    source = load("keras").emit(Request(facts.graph, facts.counts, facts.recipe, Origin.of("spec.yaml", b"")))
    scope: dict[str, Any] = {"__name__": "emitted"}
    exec(source.text, scope)
    return scope[source.class_name]()


@pytest.mark.parametrize("shape", NETWORKS)
def test_each_kind_has_its_distribution(shape: str) -> None:
    import keras
    from archc_keras.weights import canonical

    facts = analyse(spec_of(shape), "spec.yaml").facts
    assert facts is not None
    keras.utils.set_random_seed(0)
    weights = canonical(build(facts))
    for number, layer in enumerate(NETWORKS[shape]):
        assert_drawn(weights[f"l{number}.weight"].astype(np.float64), layer)
