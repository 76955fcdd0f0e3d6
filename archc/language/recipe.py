"""The section `train:`, the recipe: how a network is trained and tested.

The descriptions of the fields are what an editor shows on hovering, so each must make sense alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar, Literal

from pydantic import Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from archc.language.data_recipe import DataRecipe, option
from archc.language.optimizers import Optimizer
from archc.language.schedules import Schedule, warmups
from archc.language.section import Section
from archc.ops.fields import LARGEST, Count, Positive, Rate
from archc.ops.foreign import Needless, NeedlessFields, spelled
from archc.ops.properties import Loss
from archc.tensor import Tensor

TestViews = Literal["ten_crop", "center"]
Precision = Literal["float32", "bfloat16"]
_FLOAT32 = (None, 32, "float32", "fp32", "float", "full", "single")
_ERRORS = ("accuracy", "acc", "top1", "error")
"""Values that other frameworks write for what a run does by default: its precision, and what it measures."""


_PARTS = (
    *("accumulation_steps", "gradient_accumulation_steps", "grad_accumulation_steps", "gradient_accumulation"),
    *("accumulate_grad_batches", "grad_accum", "grad_accum_steps", "accum_steps", "accum_iter", "iter_size"),
)
"""What other frameworks call `accumulate`, where a batch is one of the parts, and a step takes several."""


def _in_parts(value: object) -> str:
    return f"write `accumulate: {spelled(value)[:64]}`; `batch` is that of all parts together"


class Recipe(Section):
    """How the network is trained and tested."""

    needless: ClassVar[NeedlessFields] = {
        "seed": Needless("`archc train --seed` is 0 by default", (None, 0), instead=option("seed", least=0)),
        **dict.fromkeys(
            ("device", "devices", "gpus", "num_gpus"),
            Needless("`archc train` chooses it", (None,), instead=option("gpus", least=1)),
        ),
        **dict.fromkeys(
            ("steps", "max_steps", "num_steps", "total_steps", "iterations", "max_iter"),
            Needless("`epochs` is the length of a run", (None,), instead=option("steps", least=1)),
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
        **warmups("schedule: {SECTION}"),
        **dict.fromkeys(_PARTS, Needless("a batch is computed as a whole", (1, None), instead=_in_parts)),
        **dict.fromkeys(
            ("gradient_clip_algorithm", "clip_mode", "norm_type"),
            Needless("`clip` limits the norm of the whole gradient", ("norm", 2)),
        ),
    }
    absent: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(
            ("decay", "lr_decay"), "write `weight_decay` if it is of the weights, and `schedule` if it is of `lr`"
        ),
        **dict.fromkeys(
            ("clip_value", "clip_grad_value"),
            "write `clip` for the norm of the whole gradient; single values or layers are not clipped",
        ),
    }
    absent_forms: ClassVar[Mapping[str, str]] = {
        "data": "write `{resize: …, crop: …, mirror: true, mean: channel}`, how pictures are prepared; "
        "`archc train --data DIR` says where they are"
    }
    batch: Count = Field(description="Number of examples per training step, on all devices together.")
    epochs: Count = Field(description="Number of passes over the training data.")
    loss: Loss = Field(
        description="Loss that training minimises. `cross_entropy`: of one class for each example, or for each "
        "position of a sequence or of maps; a final softmax is a part of it. `binary_cross_entropy`: of each value by "
        "itself, as true or false; a final sigmoid is a part of it. `mean_squared_error`: of each value."
    )
    label_smoothing: Rate = Field(
        default=0,
        description="Share of each target that is spread evenly over all classes, for `loss: cross_entropy`: with 0.1 "
        "of 10 classes, a target is 0.91 of its class and 0.01 of each other one.",
    )
    optimizer: Optimizer = Field(description="Rule by which training updates the weights.")
    schedule: Schedule | None = Field(
        default=None, description="How the learning rate changes during training. Default: it stays the same."
    )
    clip: Positive | None = Field(
        default=None,
        description="Largest norm of the gradient of all weights together; a longer gradient is scaled to it. Weight "
        "decay is not a part of that gradient. Default: gradients are not clipped.",
    )
    accumulate: Count = Field(
        default=1,
        description="Number of parts in which a batch is computed, one after the other, to save memory. Their "
        "gradients are added before the step, so the batch stays the same; batch normalisation normalises each part "
        "by itself.",
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

    @property
    def lr(self) -> float:
        """The learning rate, before a schedule changes it."""
        return self.optimizer.rule.lr

    def with_lr(self, lr: float) -> Recipe:
        """The recipe with another learning rate."""
        rule = self.optimizer.rule.model_copy(update={"lr": lr})
        return self.model_copy(update={"optimizer": self.optimizer.model_copy(update={self.optimizer.name: rule})})

    @field_validator("label_smoothing")
    @classmethod
    def _smoothes_classes(cls, smoothing: float, info: ValidationInfo) -> float:
        if smoothing and info.data.get("loss", "cross_entropy") != "cross_entropy":
            raise PydanticCustomError("smoothing", "needs `loss: cross_entropy`, whose targets are classes")
        return smoothing

    @field_validator("accumulate")
    @classmethod
    def _parts_have_examples(cls, parts: int, info: ValidationInfo) -> int:
        batch = info.data.get("batch")
        if batch is not None and parts > batch:
            raise PydanticCustomError("parts", "must be at most {batch}, the value of `batch`", {"batch": batch})
        return parts


_USUAL_OPTIMIZERS: dict[str, object] = {
    "sgd": {"lr": 0.01, "momentum": 0.9, "weight_decay": 5e-4},
    "adam": {"lr": 1e-3},
    "adamw": {"lr": 1e-3, "weight_decay": 0.01},
}


def default_recipe(inputs: Iterable[Tensor], loss: Loss = "cross_entropy") -> Recipe:
    """The recipe for a spec without `train:`; if its input is a picture, with a crop of that size."""
    first, *others = inputs
    is_picture = first.is_maps and not others and loss == "cross_entropy"
    usual = usual_recipe(list(first.shape) if is_picture else [1, 1, 1])
    # AdamW, since its steps do not depend on the scale of gradients: for pictures of unit variance, AlexNet's first
    # weights are so small that SGD stays where it began for 100 steps and more.
    optimizer = {"adamw": _USUAL_OPTIMIZERS["adamw"]}
    data = usual["data"] if is_picture else None
    return Recipe.model_validate({**usual, "loss": loss, "optimizer": optimizer, "data": data})


def usual_recipe(image: list[int]) -> dict[str, object]:
    """Usual values as plain data, for pictures of [channels, height, width]; those of several optimizers."""
    _, height, width = image
    return {
        "batch": 128,
        "epochs": 90,
        "loss": "cross_entropy",
        "optimizer": _USUAL_OPTIMIZERS,
        "schedule": {"warmup": {"steps": 20}, "on_plateau": {"factor": 0.1, "times": 3}},
        "data": {
            "resize": min(round(max(height, width) * 256 / 227), LARGEST),
            "crop": height if height == width else [height, width],
            "mirror": True,
            "mean": "channel",
            "std": "channel",
        },
        "test": "center",
    }
