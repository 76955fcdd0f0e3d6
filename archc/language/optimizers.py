"""The optimizers of a recipe: the rules by which training updates the weights.

The descriptions of the fields are what an editor shows on hovering, so each must make sense alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal, cast

from pydantic import Field

from archc.language.section import Choice, Section
from archc.ops.fields import NotNegative, Positive, Rate
from archc.ops.foreign import Needless, NeedlessFields, spelled

_Lr = Annotated[Positive, Field(description="Learning rate, before a schedule changes it.")]
_DecayBiases = Annotated[bool, Field(description="Whether `weight_decay` also applies to biases.")]
_BiasLrFactor = Annotated[
    Positive,
    Field(
        description="Number that the learning rate is multiplied by for biases, such as 2 in Caffe's models. Biases "
        "are all weights that a layer adds, those of normalisations included."
    ),
]
_Beta1 = Annotated[Rate, Field(description="Share of the running mean of gradients that each step keeps.")]
_Beta2 = Annotated[Rate, Field(description="Share of the running mean of squared gradients that each step keeps.")]
_Epsilon = Annotated[
    Positive,
    Field(description="Number that is added to the root of the mean squared gradient, which divides the step."),
]


def _clipped(value: object) -> str:
    return f"write `clip: {spelled(value)}` in `train`" if type(value) in (int, float) else "write `clip` in `train`"


def _betas(value: object) -> str:
    match value:
        case [int() | float() as first, int() | float() as second]:
            return f"write `beta1: {spelled(cast(float, first))}, beta2: {spelled(cast(float, second))}`"
        case _:
            return "write `beta1` and `beta2`"


_NO_CLIP = "a gradient is clipped by `clip` in `train`, as a whole"
_NEEDLESS: NeedlessFields = {
    "maximize": Needless("training minimises the loss", (False,)),
    **dict.fromkeys(("foreach", "fused", "differentiable", "capturable"), Needless("it changes no value", "any")),
    "global_clipnorm": Needless(_NO_CLIP, (None,), instead=_clipped),
    **dict.fromkeys(("clipnorm", "clipvalue"), Needless(_NO_CLIP, (None,), instead="write `clip` in `train`")),
    **dict.fromkeys(("ema", "use_ema"), Needless("weights are not averaged", (False,))),
    "bias_lr": Needless("", instead="write `bias_lr_factor`, which `lr` is multiplied by"),
    "lr_mult": Needless("", (1,), instead="write `bias_lr_factor`, if it is of the biases"),
}
_ABSENT: Mapping[str, str] = dict.fromkeys(
    ("decay", "lr_decay"),
    "write `weight_decay` if it is of the weights, and `schedule` in `train` if it is of `lr`",
)


SgdRule = Literal["paper", "pytorch", "keras"]
"""Whose rule `sgd` trains by."""
SGD_RULES: Mapping[SgdRule, str] = {
    "paper": "v <- momentum v - weight_decay lr w - lr g; w <- w + v",
    "pytorch": "v <- momentum v + g + weight_decay w; w <- w - lr v",
    "keras": "w <- w - weight_decay lr w; v <- momentum v - lr g; w <- w + v",
}


class _Rule(Section):
    """What all optimizers have in common."""

    moments: ClassVar[int]
    """The number of arrays of a weight's shape that the optimizer keeps."""
    batch_power: ClassVar[float]
    """The power of a batch's size that a learning rate is scaled with, from one batch to another."""
    needless: ClassVar[NeedlessFields] = _NEEDLESS
    absent: ClassVar[Mapping[str, str]] = _ABSENT


class Sgd(_Rule):
    """One of `SGD_RULES`: the paper's, unless `rule` is another."""

    moments = 1
    batch_power = 1  # Goyal et al., arXiv 1706.02677
    needless: ClassVar[NeedlessFields] = {
        **dict.fromkeys(("nesterov", "use_nesterov"), Needless("the rule has no Nesterov momentum", (False,))),
        "dampening": Needless("the whole gradient is added to each update", (0,)),
    }
    lr: _Lr
    momentum: Rate = Field(description="Share of the previous update that is added to each update, from 0 to below 1.")
    weight_decay: NotNegative = Field(
        description="Weight decay: the fraction of each weight, times the learning rate, that each step subtracts."
    )
    rule: SgdRule = Field(
        default="paper",
        description="Whose rule updates a weight w by its gradient g and its velocity v. "
        f"`paper`: {SGD_RULES['paper']}. "
        f"`pytorch`: {SGD_RULES['pytorch']}, which is the same until the learning rate changes. "
        f"`keras`: {SGD_RULES['keras']}, which keeps weight decay out of the velocity.",
    )
    decay_biases: _DecayBiases = False
    bias_lr_factor: _BiasLrFactor = 1


class _Adaptive(_Rule):
    """What Adam and AdamW have in common."""

    moments = 2
    batch_power = 0.5  # Malladi et al., arXiv 2205.10287
    needless: ClassVar[NeedlessFields] = {
        "betas": Needless("", instead=_betas),
        "amsgrad": Needless("the mean of squared gradients may fall again", (False,)),
        **dict.fromkeys(("nesterov", "use_nesterov"), Needless("the rule has no Nesterov momentum", (False,))),
    }
    absent: ClassVar[Mapping[str, str]] = {"momentum": "write `beta1`, which is the share of earlier gradients here"}


class Adam(_Adaptive):
    """m <- beta1 m + (1 - beta1) g, v <- beta2 v + (1 - beta2) g², both corrected for their start from 0 in step t;
    w <- w - lr m / (1 - beta1^t) / (sqrt(v / (1 - beta2^t)) + epsilon), where g includes weight_decay w."""

    needless: ClassVar[NeedlessFields] = {
        "decoupled_weight_decay": Needless("`adamw` decays weights apart from the gradient", (False,))
    }
    lr: _Lr
    beta1: _Beta1 = 0.9
    beta2: _Beta2 = 0.999
    epsilon: _Epsilon = 1e-8
    weight_decay: NotNegative = Field(
        default=0, description="Weight decay: the fraction of each weight that is added to its gradient."
    )
    decay_biases: _DecayBiases = False
    bias_lr_factor: _BiasLrFactor = 1


class AdamW(_Adaptive):
    """Adam, with a weight decay apart from the gradient: each step begins with w <- w - lr weight_decay w."""

    needless: ClassVar[NeedlessFields] = {
        "decoupled_weight_decay": Needless("`adamw` always decays weights apart from the gradient", (True,))
    }
    lr: _Lr
    beta1: _Beta1 = 0.9
    beta2: _Beta2 = 0.999
    epsilon: _Epsilon = 1e-8
    weight_decay: NotNegative = Field(
        description="Weight decay: the fraction of each weight, times the learning rate, that each step subtracts."
    )
    decay_biases: _DecayBiases = False
    bias_lr_factor: _BiasLrFactor = 1


Rule = Sgd | Adam | AdamW


class Optimizer(Choice):
    """The rule by which training updates the weights: one of `sgd`, `adam` and `adamw`."""

    one_of: ClassVar[tuple[str, ...]] = ("sgd", "adam", "adamw")
    absent: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("rmsprop", "adagrad", "adadelta", "adamax", "nadam", "lamb", "lars", "lion", "radam", "adafactor", "lbfgs"),
        "write `sgd`, `adam` or `adamw`",
    )
    sgd: Sgd | None = Field(
        default=None,
        description="Stochastic gradient descent with momentum and weight decay, by the paper's rule or another.",
    )
    adam: Adam | None = Field(
        default=None, description="Adam, by PyTorch's rule: its weight decay is a part of the gradient."
    )
    adamw: AdamW | None = Field(
        default=None, description="Adam with a weight decay apart from the gradient, by PyTorch's rule."
    )

    @property
    def name(self) -> str:
        """The one that is written: `sgd`."""
        assert self.chosen is not None
        return self.chosen

    @property
    def rule(self) -> Rule:
        """Its numbers."""
        return getattr(self, self.name)


def spares_biases(rule: Rule) -> bool:
    """Whether weights decay but biases do not."""
    return rule.weight_decay > 0 and not rule.decay_biases


def treats_biases_apart(rule: Rule) -> bool:
    """Whether biases have a weight decay or a learning rate of their own."""
    return spares_biases(rule) or rule.bias_lr_factor != 1
