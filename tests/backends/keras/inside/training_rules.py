"""Each field of a recipe over twenty steps, as the emitted file and the trainer compute it, against NumPy float64."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from training_rules import RECIPES, Examples, emitted, expected, job_of, start, take_steps

pytestmark = pytest.mark.usefixtures("float64")

ON_TWO = (
    "label_smoothing",
    "clip",
    "accumulate_uneven_parts",
    "adamw_in_full",
    "everything",
    "pytorch_all",
    "keras_own_class",
    "keras_all",
)


def twenty_steps(name: str, strategy: Any, **fields: Any) -> None:
    from archc_keras.trainer import KerasTrainer

    wanted, scope = expected(name), emitted(name, "keras")
    job = job_of(name, **fields)
    with strategy.scope():
        model = scope["Net"]()
        optimizer = scope[job.recipe.optimizer.name]()
        optimizer.build(model.trainable_variables)
    weight, bias = start()
    model.get_layer("fc").set_weights([weight.T, bias])
    trainer = KerasTrainer(job, model, optimizer, strategy, Examples(job), scope.get("criterion"))
    take_steps(trainer, job, scope, wanted)
    found_weight, found_bias = model.get_layer("fc").get_weights()
    np.testing.assert_allclose(found_weight, wanted.weight.T, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(found_bias, wanted.bias, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", RECIPES)
def test_on_one_device(name: str, one: Any) -> None:
    twenty_steps(name, one)


@pytest.mark.parametrize("name", ON_TWO)
def test_on_two_replicas(name: str, two: Any) -> None:
    twenty_steps(name, two, devices=2)
