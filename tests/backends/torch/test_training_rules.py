"""Each field of a recipe over twenty steps, as the emitted file and the trainer compute it, against NumPy float64."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from archc_torch.trainer import TorchTrainer
from training_rules import RECIPES, Examples, emitted, expected, job_of, start, take_steps


@pytest.mark.parametrize("name", RECIPES)
def test_twenty_steps(name: str) -> None:
    wanted, job, scope = expected(name), job_of(name), emitted(name, "torch")
    model = scope["Net"]().double()
    weight, bias = start()
    model.load_state_dict({"fc.weight": torch.from_numpy(weight.copy()), "fc.bias": torch.from_numpy(bias.copy())})
    trainer = TorchTrainer(job, SimpleNamespace(**scope), model, Examples(job), torch.device("cpu"))
    take_steps(trainer, job, scope, wanted)
    np.testing.assert_allclose(model.fc.weight.detach().numpy(), wanted.weight, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(model.fc.bias.detach().numpy(), wanted.bias, rtol=1e-12, atol=1e-12)


def test_each_recipe_trains_otherwise_than_the_others() -> None:
    """But for a clip that shortens nothing, parts of a batch, and rules of SGD without momentum and weight decay."""
    ends = {name: expected(name).weight.tobytes() for name in RECIPES}
    same = {name: other for name in ends for other in ends if name < other and ends[name] == ends[other]}
    assert len({*ends.values()}) == len(ends) - 3, same
