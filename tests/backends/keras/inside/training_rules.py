"""Each field of a recipe over twenty steps, as the emitted file and the trainer compute it, against NumPy float64."""

from __future__ import annotations

from itertools import chain
from typing import Any

import numpy as np
import pytest
from training_rules import EPOCH, ERRORS, RECIPES, RECORDED, STEPS, Examples, emitted, expected, job_of, start

from archc.training.schedule import Schedule

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
    schedule = Schedule.of(job.recipe, steps=STEPS, steps_per_epoch=EPOCH)
    steps = chain.from_iterable(trainer.batches(epoch) for epoch in range(STEPS // EPOCH))
    for step, (batch, rate, loss) in enumerate(zip(steps, wanted.rates, wanted.losses, strict=True), 1):
        lr = schedule.rate(step)
        assert lr == pytest.approx(rate, rel=1e-14)
        if "rate" in scope:
            assert scope["rate"](step, STEPS, EPOCH, schedule.lr) == lr
        found = trainer.step(batch, lr, squares=step % 2 == 1)
        assert found.score.loss == pytest.approx(loss, rel=1e-12), step
        assert (found.squares is None) == (step % 2 == 0)
        if found.squares is not None:
            norms = RECORDED.by_layer(found.squares)
            assert norms == {"fc": pytest.approx(wanted.norms[step - 1], rel=1e-12)}, step
        if step % EPOCH == 0:
            schedule = schedule.after(ERRORS[step // EPOCH - 1])
    found_weight, found_bias = model.get_layer("fc").get_weights()
    np.testing.assert_allclose(found_weight, wanted.weight.T, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(found_bias, wanted.bias, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", RECIPES)
def test_on_one_device(name: str, one: Any) -> None:
    twenty_steps(name, one)


@pytest.mark.parametrize("name", ON_TWO)
def test_on_two_replicas(name: str, two: Any) -> None:
    twenty_steps(name, two, devices=2)
