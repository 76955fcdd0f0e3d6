"""The trainer in this process, on one rank: scores and what is not finite."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from archc_torch.trainer import TorchTrainer
from torch import nn

from archc.language.recipe import TestViews
from archc.pictures.dataset import job_pictures, open_pictures
from archc.pictures.feed import PictureFeed
from archc.training.job import Job
from archc.training.model import source

MakeJob = Callable[..., Job]


def trainer(job: Job) -> tuple[TorchTrainer, nn.Module]:
    """A trainer and its model."""
    pictures, statistics = open_pictures(job, job_pictures(job))
    module = source(job)
    model = module.Small()
    feed = PictureFeed(job, pictures, statistics)
    return TorchTrainer(job, module, model, feed, torch.device("cpu")), model


def constant(model: nn.Module, outputs: list[float]) -> None:
    """Give the model these outputs for every picture."""
    with torch.no_grad():
        model.get_submodule("fc4").weight.zero_()  # pyright: ignore[reportCallIssue, reportOperatorIssue]
        model.get_submodule("fc4").bias.copy_(torch.tensor(outputs))  # pyright: ignore[reportCallIssue, reportOperatorIssue]


def test_the_squares_of_gradients_are_those_of_autograd_in_float64(make_job: MakeJob) -> None:
    training, model = trainer(make_job("norms", devices=1))
    (part,) = batch = next(training.batches(0))
    found = training.step(batch, 0.0, squares=True).squares  # with this rate, the weights stay
    assert found is not None
    model.double()
    outputs = model(*(x.double() for x in part.inputs))
    own = torch.autograd.grad(nn.functional.cross_entropy(outputs, part.targets), [*model.parameters()])
    wanted = {name: float(each.square().sum()) for (name, _), each in zip(model.named_parameters(), own, strict=True)}
    assert found == pytest.approx(wanted, rel=1e-4)
    assert [*found] == [*wanted]


@pytest.mark.parametrize("test", ["center", "ten_crop"])
def test_of_equal_outputs_the_lower_class_comes_first(make_job: MakeJob, test: TestViews) -> None:
    """The same as in Keras' trainer: of seven outputs, five are hits, and the first is the best."""
    training, model = trainer(make_job("dead", devices=1))
    constant(model, [0] * 7)
    score = training.evaluate(test)
    assert (score.count, score.top1, score.top5) == (13, 4, 13)
    constant(model, [0, 1, 1, 1, 1, 1, 1])
    score = training.evaluate(test)
    assert (score.top1, score.top5) == (4, 9), "green leads six equal classes, blue comes after them"


def test_the_loss_of_a_picture_has_no_upper_limit(make_job: MakeJob) -> None:
    training, model = trainer(make_job("certain", devices=1))
    constant(model, [1000, 0, 0, 0, 0, 0, 0])
    assert training.evaluate("ten_crop").loss_sum == pytest.approx(9 * 1000)


def test_weights_and_running_statistics_are_seen_not_to_be_finite(make_job: MakeJob) -> None:
    for name in ("fc4.weight", "norm1.running_var"):
        training, model = trainer(make_job(name, devices=1, norm="nn.BatchNorm2d(8)"))
        assert training.finite()
        model.state_dict()[name][1] = torch.inf
        assert not training.finite()
