"""The section `train:`, the recipe: how a network is trained and tested.

The descriptions of the fields are what an editor shows on hovering, so each must make sense alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from archc.language.data_recipe import DataRecipe, option
from archc.language.section import Section
from archc.ops.fields import LARGEST, Count, NotNegative, Positive, Rate
from archc.ops.foreign import Needless, NeedlessFields
from archc.ops.properties import Loss
from archc.tensor import Tensor

TestViews = Literal["ten_crop", "center"]
Precision = Literal["float32", "bfloat16"]
_FLOAT32 = (None, 32, "float32", "fp32", "float", "full", "single")
_ERRORS = ("accuracy", "acc", "top1", "error")
"""Values that other frameworks write for what a run does by default: its precision, and what it measures."""


class Sgd(Section):
    """The paper's rule: v <- momentum v - weight_decay lr w - lr g; w <- w + v."""

    needless: ClassVar[NeedlessFields] = {
        **dict.fromkeys(("nesterov", "use_nesterov"), Needless("the rule has no Nesterov momentum", (False,))),
        "dampening": Needless("the whole gradient is added to each update", (0,)),
        "maximize": Needless("training minimises the loss", (False,)),
        **dict.fromkeys(("foreach", "fused", "differentiable"), Needless("it changes no value", "any")),
        **dict.fromkeys(("clipnorm", "clipvalue", "global_clipnorm"), Needless("gradients are not clipped", (None,))),
        **dict.fromkeys(("ema", "use_ema"), Needless("weights are not averaged", (False,))),
    }
    absent: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("decay", "lr_decay"), "write `weight_decay` if it is of the weights; a decay of `lr` has no counterpart"
    )
    lr: Positive = Field(description="Learning rate, before a schedule lowers it.")
    momentum: Rate = Field(description="Share of the previous update that is added to each update, from 0 to below 1.")
    weight_decay: NotNegative = Field(
        description="Weight decay: the fraction of each weight, times the learning rate, that each step subtracts."
    )
    decay_biases: bool = Field(default=False, description="Whether `weight_decay` also applies to biases.")

    @property
    def spares_biases(self) -> bool:
        """Whether weights decay but biases do not."""
        return self.weight_decay > 0 and not self.decay_biases


class Optimizer(Section):
    """The rule by which training updates the weights; `sgd` is the only one."""

    sgd: Sgd = Field(description="Stochastic gradient descent with momentum and weight decay, by the paper's rule.")


class OnPlateau(Section):
    """Multiplies the learning rate by `factor` after `patience` epochs without a lower held-out error."""

    factor: Annotated[float, Field(gt=0, lt=1)] = Field(
        description="Number that the learning rate is multiplied by, between 0 and 1."
    )
    times: Annotated[int, Field(ge=0, le=1000)] = Field(
        description="Number of times that the learning rate may be lowered in a run."
    )
    patience: Count = Field(
        default=5, description="Number of epochs without a lower held-out error after which the rate is lowered."
    )

    def last(self, lr: float) -> float:
        """The learning rate after it was lowered for the last time; `lr` is the first one."""
        # Multiplied step by step, as a run does: a power could differ in the last digit.
        for _ in range(self.times):
            lr *= self.factor
        return lr


class Schedule(Section):
    """How the learning rate changes during training."""

    on_plateau: OnPlateau = Field(description="Lowers the learning rate when the held-out error stops falling.")


class Recipe(Section):
    """How the network is trained and tested."""

    needless: ClassVar[NeedlessFields] = {
        "seed": Needless("`archc train --seed` is 0 by default", (None, 0), instead=option("seed", least=0)),
        **dict.fromkeys(
            ("device", "devices", "gpus", "num_gpus"),
            Needless("`archc train` chooses it", (None,), instead=option("gpus", least=1)),
        ),
        **dict.fromkeys(
            ("precision", "dtype"),
            Needless("it is that of `archc train`", _FLOAT32, instead=option("precision")),
        ),
        "amp": Needless("it is off", (None, False), instead="run `archc train --precision bfloat16`"),
        "shuffle": Needless("training pictures are always shuffled", (True,)),
        **dict.fromkeys(("num_workers", "workers", "pin_memory"), Needless("it changes no value", "any")),
        "metrics": Needless(
            "training measures the error of the test views",
            (None, [], *_ERRORS, *([word] for word in _ERRORS)),
            instead="read the error of the test views: nothing else is measured",
        ),
    }
    absent: ClassVar[Mapping[str, str]] = Sgd.absent
    batch: Count = Field(description="Number of examples per training step, on all devices together.")
    epochs: Count = Field(description="Number of passes over the training data.")
    loss: Loss = Field(
        description="Loss that training minimises. `cross_entropy`: of one class for each example, or for each "
        "position of a sequence or of maps; a final softmax is a part of it. `binary_cross_entropy`: of each value by "
        "itself, as true or false; a final sigmoid is a part of it. `mean_squared_error`: of each value."
    )
    optimizer: Optimizer = Field(description="Rule by which training updates the weights.")
    schedule: Schedule | None = Field(
        default=None, description="How the learning rate changes during training. Default: it stays the same."
    )
    data: DataRecipe | None = Field(
        default=None,
        description="How a picture becomes the network's input. Only for pictures: arrays are read as they are.",
    )
    test: TestViews = Field(
        default="center",
        description="Parts of a picture that are tested. `ten_crop`: the four corners, the centre and the mirror image "
        "of each, whose predictions are averaged; `center`: the centre only.",
    )


def default_recipe(inputs: Iterable[Tensor], loss: Loss = "cross_entropy") -> Recipe:
    """The recipe for a spec without `train:`: the paper's, its crop scaled to the input if that is a picture."""
    first, *others = inputs
    is_picture = first.is_maps and not others and loss == "cross_entropy"
    usual = usual_recipe(list(first.shape) if is_picture else [1, 1, 1])
    return Recipe.model_validate({**usual, "loss": loss, "data": usual["data"] if is_picture else None})


def usual_recipe(image: list[int]) -> dict[str, object]:
    """The same as plain data, for pictures of [channels, height, width]."""
    _, height, width = image
    return {
        "batch": 128,
        "epochs": 90,
        "loss": "cross_entropy",
        "optimizer": {"sgd": {"lr": 0.01, "momentum": 0.9, "weight_decay": 5e-4}},
        "schedule": {"on_plateau": {"factor": 0.1, "times": 3}},
        "data": {
            "resize": min(round(max(height, width) * 256 / 227), LARGEST),
            "crop": height if height == width else [height, width],
            "mirror": True,
            "mean": "pixel",
        },
        "test": "center",
    }
