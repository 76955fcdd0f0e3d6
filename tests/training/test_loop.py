"""The loop on a trainer that really learns."""

import hashlib
import math
import re
import shutil
import time
from collections.abc import Callable, Generator
from dataclasses import replace
from itertools import groupby
from typing import Any

import numpy as np
import pytest
from regression import CLASSES, FEATURES, Points, Regression, points, recorded
from safetensors.numpy import load_file

from archc.failure import FINDING, Failure
from archc.language.recipe import TestViews
from archc.language.schedules import OnPlateau, Schedule
from archc.training.job import Job
from archc.training.journal import Journal
from archc.training.loop import Asks, Stepped, train
from archc.training.norms import GradientNorms
from archc.training.order import batches
from archc.training.result import read_result
from archc.training.score import Score


def run(
    job: Job, *, spread: float = 0.3, scale: float = 0.0, kind: type[Regression] = Regression
) -> tuple[Score, Regression]:
    """Train on 90 points, test on 40. `scale` is the standard deviation of the initial weights."""
    values, labels = points(130, spread=spread)
    trainer = kind(job.recipe, (values[:90], labels[:90]), (values[90:], labels[90:]))
    trainer.values = scale * np.random.default_rng(1).standard_normal((CLASSES, FEATURES))
    with Journal(job.run, devices=["CPU"], active=True) as journal:
        return train(job, trainer, journal, examples=90, classes=CLASSES), trainer


def test_it_learns_and_leaves_weights_and_a_record(job: Job, capsys: pytest.CaptureFixture[str]) -> None:
    score, trainer = run(job)
    assert score.top1_rate > 0.9
    assert score.top5_rate == 1
    (end,) = recorded(job, "end")
    assert end["first_loss"] == pytest.approx(np.log(CLASSES))
    assert end["last_loss"] < 0.3
    np.testing.assert_array_equal(load_file(job.weights)["fc.weight"], trainer.values.astype(np.float32))
    assert f"held-out top-1 {100 * score.top1_rate:.1f} %" in capsys.readouterr().out


def test_an_epoch_is_its_whole_batches_and_the_last_one_ends_in_the_final_test(job: Job) -> None:
    _, trainer = run(job)
    steps = recorded(job, "step")
    assert [step["step"] for step in steps] == list(range(1, 34))  # 3 epochs of 90 // 8
    assert [step["epoch"] for step in steps] == [0] * 11 + [1] * 11 + [2] * 11
    assert trainer.tests == ["center", "center", "center"]
    assert [event["epoch"] for event in recorded(job, "epoch")] == [0, 1, 2]


@pytest.mark.parametrize(("steps", "epochs_told"), [(1, 0), (11, 1), (12, 1), (40, 3)])
def test_the_number_of_steps_wins_over_the_epochs(job: Job, steps: int, epochs_told: int) -> None:
    run(job.model_copy(update={"steps": steps}))
    assert len(recorded(job, "step")) == steps
    assert len(recorded(job, "epoch")) == epochs_told


def test_the_final_test_is_the_recipes(job: Job) -> None:
    ten_crop = job.recipe.model_copy(update={"test": "ten_crop"})
    _, trainer = run(job.model_copy(update={"recipe": ten_crop, "steps": 12}))
    assert trainer.tests == ["center", "ten_crop"]


def test_where_nothing_is_learnt_the_rate_falls_as_the_schedule_says(
    job: Job, capsys: pytest.CaptureFixture[str]
) -> None:
    schedule = Schedule(on_plateau=OnPlateau(factor=0.1, times=2, patience=1))
    noise = job.recipe.model_copy(update={"schedule": schedule, "epochs": 12})
    run(job.model_copy(update={"recipe": noise}), spread=1e3)
    rates = [step["lr"] for step in recorded(job, "step")]
    assert [rate for rate, _ in groupby(rates)] == pytest.approx([0.5, 0.05, 0.005])
    assert all(len({step["lr"] for step in group}) == 1 for _, group in groupby(recorded(job, "step"), key_of_epoch))
    assert "learning rate 0.05 -> 0.005" in capsys.readouterr().out


def test_the_gradients_of_the_first_step_and_of_every_nth_are_recorded(job: Job) -> None:
    run(job.model_copy(update={"steps": 12}))
    assert recorded(job, "gradients") == []
    shutil.rmtree(job.run)
    job.run.mkdir()
    run(job.model_copy(update={"steps": 12, "gradient_norms": GradientNorms(every=5, layers=("fc",))}))
    found = recorded(job, "gradients")
    assert [each["step"] for each in found] == [1, 5, 10]
    # The first weights are zero, so all classes have the same probability.
    values, labels = points(130, spread=0.3)
    chosen = batches(90, job.recipe.batch, seed=0, epoch=0)[0]
    gradient = (1 / CLASSES - np.eye(CLASSES)[labels[chosen]]).T @ values[chosen] / job.recipe.batch
    assert found[0]["norms"] == {"fc": pytest.approx(np.linalg.norm(gradient))}


class Unsound(Regression):
    """Step 3 has a gradient that is not finite."""

    def step(self, batch: Points, lr: float, asks: Asks, *, squares: bool = False) -> Stepped:
        self.taken = getattr(self, "taken", 0) + 1
        found = super().step(batch, lr, asks, squares=squares)
        return (
            replace(found, broken="the gradient of fc.weight", squares={"fc.weight": math.nan})
            if self.taken == 3
            else found
        )


def test_gradients_that_are_not_finite_are_not_recorded(job: Job) -> None:
    wanted = job.model_copy(update={"gradient_norms": GradientNorms(every=1, layers=("fc",))})
    with pytest.raises(Failure):
        run(wanted, kind=Unsound)
    assert [each["step"] for each in recorded(job, "gradients")] == [1, 2]
    assert [each["step"] for each in recorded(job, "step")] == [1, 2, 3]


def key_of_epoch(step: dict[str, Any]) -> int:
    return step["epoch"]


def diverged(job: Job, *, lr: float, scale: float = 0.0) -> Failure:
    """The failure of a run with this learning rate, whose initial weights are drawn with this standard deviation."""
    recipe = job.recipe.with_lr(lr)
    job = job.model_copy(update={"recipe": recipe, "output": (CLASSES,)})
    with pytest.raises(Failure) as failure:
        run(job, scale=scale)
    assert failure.value.code == FINDING
    assert recorded(job, "step")[-1]["loss"] is None
    assert_diverged(job)
    return failure.value


def assert_diverged(job: Job) -> None:
    """The result tells it, and neither weights nor room for them is left."""
    result = read_result(job.run)
    assert result is not None and result.diverged
    assert (result.figures, result.weights) == (None, None)
    assert sorted(file.name for file in job.run.iterdir()) == ["metrics.jsonl", "result.json"]


def test_a_run_whose_first_loss_was_sound_diverges_by_its_steps(job: Job) -> None:
    failure = diverged(job, lr=1e308)
    start, cause = failure.message.split(". ", 1)
    where = "; an output of fc is the first value that is not finite"
    assert re.fullmatch(r"training diverged: the loss is (nan|inf) at step \d+" + where, start)
    guessing = "guessing among 4 outputs (ln 4 = 1.39)"
    assert cause == f"The first loss, 1.39, was near that of {guessing}: the steps with lr 1e+308 are too large"
    assert failure.help == "use a lower learning rate: `--lr 0.0006`", "the paper's 0.01 for 128, for a batch of 8"


def test_a_run_whose_first_loss_was_far_above_guessing_diverges_by_its_weights(job: Job) -> None:
    failure = diverged(job, lr=1e308, scale=100)
    first = recorded(job, "step")[0]["loss"]
    assert first > 2 * np.log(CLASSES)
    assert failure.message.endswith(
        f"The first loss, {first:.2f}, was far above that of guessing among 4 outputs (ln 4 = 1.39): "
        "the initial weights are too large for lr 1e+308"
    )
    assert failure.help == f"use a lower learning rate: `--lr {0.01 * 8 / 128 * np.log(CLASSES) / first:.1g}`"


def test_no_step_is_to_blame_for_the_first_loss(job: Job) -> None:
    failure = diverged(job, lr=0.01, scale=1e308)
    assert re.fullmatch(
        r"training diverged: the loss is (nan|inf) at step 1, before any update; an output of fc is the first value "
        r"that is not finite: the initial weights are too large",
        failure.message,
    )
    assert "--lr" not in failure.help


class Overflowing(Regression):
    """Step 11, the last one of an epoch, makes a weight infinite after the loss of its batch has been computed."""

    steps = 0

    def step(self, batch: Points, lr: float, asks: Asks, *, squares: bool = False) -> Stepped:
        found = super().step(batch, lr, asks, squares=squares)
        self.steps += 1
        if self.steps == 11:
            self.values[1, 2] = math.inf
        return found


class Untestable(Regression):
    """Its weights are sound, but the loss on the held-out pictures is not finite."""

    def evaluate(self, test: TestViews, asks: Callable[[], bool]) -> Score:
        return replace(super().evaluate(test, asks), loss_sum=math.nan)


@pytest.mark.parametrize("steps", [11, 12])
def test_a_weight_that_is_not_finite_fails_the_run(job: Job, steps: int) -> None:
    """No loss of a step shows it, since the update comes after the loss: at the end, and after an epoch."""
    with pytest.raises(Failure) as failure:
        run(job.model_copy(update={"steps": steps}), kind=Overflowing)
    start = "training diverged: a weight or a running statistic is not finite after step 11. The first loss, 1.39, was"
    assert failure.value.message.startswith(start)
    assert failure.value.code == FINDING
    assert_diverged(job)


def test_a_held_out_loss_that_is_not_finite_after_an_epoch_fails_the_run(job: Job) -> None:
    with pytest.raises(Failure, match="the loss on the held-out pictures is nan after step 11"):
        run(job, kind=Untestable)
    assert_diverged(job)


def test_a_held_out_loss_that_is_not_finite_at_the_end_leaves_the_weights_which_are(job: Job) -> None:
    with pytest.raises(Failure, match="the loss on the held-out pictures is nan after step 3"):
        run(job.model_copy(update={"steps": 3}), kind=Untestable)
    result = read_result(job.run)
    assert result is not None and result.diverged and result.figures is None
    assert result.weights == hashlib.sha256(job.weights.read_bytes()).hexdigest()
    assert not recorded(job, "end")


def test_the_hash_of_the_weights_is_that_of_the_bytes_that_were_written(job: Job) -> None:
    _, trainer = run(job)
    result = read_result(job.run)
    assert result is not None
    assert result.weights == hashlib.sha256(trainer.weights()).hexdigest()
    assert result.best is not None
    assert result.best.sha256 == hashlib.sha256(job.best_weights.read_bytes()).hexdigest()
    names = ["best.safetensors", "checkpoints", "metrics.jsonl", "result.json", "weights.safetensors"]
    assert sorted(file.name for file in job.run.iterdir()) == names


def test_the_figures_of_a_score() -> None:
    score = Score(count=8, top1=2, top5=6, loss_sum=4.0)
    assert (score.top1_rate, score.top5_rate, score.loss) == (0.25, 0.75, 0.5)


def test_a_step_records_its_hits_and_the_wait_for_its_batch(job: Job) -> None:
    class Slow(Regression):
        def batches(self, epoch: int, first: int) -> Generator[Points]:
            for batch in super().batches(epoch, first):
                time.sleep(0.02)
                yield batch

    run(job.model_copy(update={"steps": 12}), kind=Slow)
    steps = recorded(job, "step")
    assert {step["count"] for step in steps} == {8}
    assert steps[0]["top1"] < steps[-1]["top1"]
    assert all(0.02 <= step["waited"] < 1 for step in steps), "of an epoch's first batch, too"
