"""Each field of a recipe over twenty steps, as the emitted file and the trainer compute it, against NumPy float64."""

from __future__ import annotations

from itertools import chain
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from archc_torch.trainer import TorchTrainer
from training_rules import EPOCH, ERRORS, RECIPES, RECORDED, STEPS, Examples, emitted, expected, job_of, start

from archc.training.schedule import Schedule


@pytest.mark.parametrize("name", RECIPES)
def test_twenty_steps(name: str) -> None:
    wanted, job, scope = expected(name), job_of(name), emitted(name, "torch")
    model = scope["Net"]().double()
    weight, bias = start()
    model.load_state_dict({"fc.weight": torch.from_numpy(weight.copy()), "fc.bias": torch.from_numpy(bias.copy())})
    trainer = TorchTrainer(job, SimpleNamespace(**scope), model, Examples(job), torch.device("cpu"))
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
    np.testing.assert_allclose(model.fc.weight.detach().numpy(), wanted.weight, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(model.fc.bias.detach().numpy(), wanted.bias, rtol=1e-12, atol=1e-12)


def test_each_recipe_trains_otherwise_than_the_others() -> None:
    """But for a clip that shortens nothing, parts of a batch, and rules of SGD without momentum and weight decay."""
    ends = {name: expected(name).weight.tobytes() for name in RECIPES}
    same = {name: other for name in ends for other in ends if name < other and ends[name] == ends[other]}
    assert len({*ends.values()}) == len(ends) - 3, same
