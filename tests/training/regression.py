"""A trainer that really learns: softmax regression in NumPy."""

import json
from collections.abc import Callable, Generator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load, save

from archc.language.recipe import Recipe, TestViews
from archc.training.job import Job
from archc.training.loop import AskedToEnd, Asks, Stepped
from archc.training.order import batches
from archc.training.result import Measured, Peak
from archc.training.saver import State
from archc.training.score import BatchScore, Score

CLASSES, FEATURES = 4, 6
Points = tuple[NDArray[np.float64], NDArray[np.int64]]


def points(count: int, *, spread: float) -> Points:
    """Clouds around one point a class; with a large spread there is nothing to learn."""
    random = np.random.default_rng(7)
    labels = np.arange(count) % CLASSES
    centres = random.standard_normal((CLASSES, FEATURES))
    return centres[labels] + spread * random.standard_normal((count, FEATURES)), labels


class Regression:
    """Softmax regression by the paper's SGD rule: an `archc.training.loop.Trainer`."""

    def __init__(self, recipe: Recipe, data: Points, held_out: Points) -> None:
        self.recipe = recipe
        self.data = data
        self.held_out = held_out
        self.values = np.zeros((CLASSES, FEATURES))
        self.velocity = np.zeros((CLASSES, FEATURES))
        self.tests: list[TestViews] = []

    def batches(self, epoch: int, first: int) -> Generator[Points]:
        values, labels = self.data
        for chosen in batches(len(labels), self.recipe.batch, seed=0, epoch=epoch)[first:]:
            yield values[chosen], labels[chosen]

    def step(self, batch: Points, lr: float, asks: Asks, *, squares: bool = False) -> Stepped:
        values, labels = batch
        with np.errstate(all="ignore"):  # a run that diverges is one of the tests
            logs = self.log_probabilities(values)
            loss = float(-logs[np.arange(len(labels)), labels].mean())
            errors = np.exp(logs) - np.eye(CLASSES)[labels]
            gradient = errors.T @ values / len(labels)
            if not np.isfinite(loss + gradient.sum()):
                return Stepped(BatchScore(loss, None, len(labels)), asks, "an output of fc")
            sgd = self.recipe.optimizer.sgd
            assert sgd is not None
            self.velocity = sgd.momentum * self.velocity - lr * (sgd.weight_decay * self.values + gradient)
            self.values = self.values + self.velocity
        found = {"fc.weight": float((gradient**2).sum())} if squares else None
        return Stepped(BatchScore(loss, int((logs.argmax(1) == labels).sum()), len(labels)), asks, squares=found)

    def evaluate(self, test: TestViews, asks: Callable[[], bool]) -> Score:
        self.tests.append(test)
        if asks():
            raise AskedToEnd
        values, labels = self.held_out
        logs = self.log_probabilities(values)
        own = logs[np.arange(len(labels)), labels]
        return Score(len(labels), int((logs.argmax(1) == labels).sum()), len(labels), -float(own.sum()))

    def finite(self) -> bool:
        return bool(np.isfinite(self.values).all())

    def measured(self) -> Measured:
        return Measured(peak=Peak(of="process", bytes=(1,)))

    def weights(self) -> bytes:
        with np.errstate(over="ignore"):
            return save({"fc.weight": self.values.astype(np.float32)})

    def state(self) -> State:
        return State(save({"fc.weight": self.values}), save({"fc.weight:velocity": self.velocity}), {})

    def restore(self, state: State | None) -> None:
        assert state is not None
        self.values = load(state.weights)["fc.weight"]
        self.velocity = load(state.optimizer)["fc.weight:velocity"]

    def tell(self, data: bytes | None) -> bytes:
        assert data is not None
        return data

    def log_probabilities(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        scores = values @ self.values.T
        scores = scores - scores.max(1, keepdims=True)
        return scores - np.log(np.exp(scores).sum(1, keepdims=True))


def recorded(job: Job, event: str) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in (job.run / "metrics.jsonl").read_text().splitlines()]
    return [line for line in lines if line["event"] == event]
