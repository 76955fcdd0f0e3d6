"""The schedules of a recipe: how the learning rate changes during training.

The rate of a step is `lr`, times a number of the warm-up, times a number of one rule. It is never 0.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, ClassVar

from pydantic import Field

from archc.language.section import Choice, Section
from archc.ops.fields import Count
from archc.ops.foreign import Needless, NeedlessFields, spelled

_Factor = Annotated[
    float, Field(gt=0, lt=1, description="Number that the learning rate is multiplied by, between 0 and 1.")
]


def _write(text: str) -> Callable[[object], str]:
    """What to write instead of a field, with `VALUE` for its value."""
    return lambda value: f"write `{text.replace('VALUE', spelled(value)[:64])}`"


def warmups(section: str) -> NeedlessFields:
    """Other words for a warm-up, and where to write it: `SECTION` in the text of a section."""

    def instead(written: str) -> Needless:
        text = section.replace("SECTION", f"warmup: {{{written}}}")
        return Needless("without `warmup`, a run begins with `lr`", (0, None), instead=_write(text))

    def whole(value: object) -> str:
        is_length, text = type(value) is int, spelled(value)
        written = text[:64] if text.startswith("{") and text != "{}" else f"{{epochs: {text if is_length else '…'}}}"
        return f"write `{section.replace('SECTION', f'warmup: {written}')}`{', or `steps` in it' if is_length else ''}"

    return {
        **dict.fromkeys(("warmup_epochs", "lr_warmup_epochs", "num_warmup_epochs"), instead("epochs: VALUE")),
        **dict.fromkeys(
            ("warmup_steps", "warmup_iters", "lr_warmup_steps", "num_warmup_steps"), instead("steps: VALUE")
        ),
        "warmup_ratio": instead("steps: …"),
        **({"warmup": instead("")._replace(instead=whole)} if section != "SECTION" else {}),
    }


class OnPlateau(Section):
    """Multiplies the learning rate by `factor` after `patience` epochs without a lower held-out error."""

    needless: ClassVar[NeedlessFields] = {
        **warmups("schedule: {on_plateau: {…}, SECTION}"),
        "mode": Needless("the held-out error is watched", ("min",)),
        "monitor": Needless("the held-out error is watched", ("val_loss", "val_error")),
        **dict.fromkeys(("threshold", "min_delta", "cooldown"), Needless("any lower error counts", (0,))),
        "min_lr": Needless("`times` limits how far the rate falls", (0,)),
        "verbose": Needless("it changes no value", "any"),
    }
    factor: _Factor
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


class Step(Section):
    """Multiplies the learning rate by `factor` after every so many epochs."""

    needless: ClassVar[NeedlessFields] = {
        **warmups("schedule: {step: {…}, SECTION}"),
        **dict.fromkeys(
            ("step_size", "size", "decay_epochs", "decay_steps", "period", "interval"),
            Needless("the unit is an epoch", instead=_write("every: VALUE")),
        ),
        "last_epoch": Needless("a run begins with its first epoch", (-1,)),
    }
    absent: ClassVar[Mapping[str, str]] = {"milestones": "the rate falls after every so many epochs: write `every`"}
    factor: _Factor
    every: Count = Field(description="Number of epochs between two changes of the learning rate.")


class Cosine(Section):
    """Lowers the learning rate along half a cosine, from `lr` after the warm-up towards its end after the last step."""

    needless: ClassVar[NeedlessFields] = {
        **warmups("schedule: {cosine: {…}, SECTION}"),
        **dict.fromkeys(
            ("T_max", "decay_steps", "total_steps", "epochs", "num_epochs", "steps"),
            Needless("the cosine ends with the run, after the `epochs` of `train`"),
        ),
        **dict.fromkeys(
            ("eta_min", "min_lr", "final_lr", "end_lr"),
            Needless("a cosine ends at 0", (0,), instead="write `end_factor`, the last rate divided by `lr`"),
        ),
        "last_epoch": Needless("a run begins with its first epoch", (-1,)),
    }
    absent: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("T_0", "T_mult", "restarts"), "the cosine falls once, without restarts"
    )
    end_factor: Annotated[float, Field(ge=0, lt=1)] = Field(
        default=0,
        description="Fraction of `lr` that the cosine ends at, from 0 to below 1. The end is reached after the last "
        "step, so no step has a rate of 0.",
    )


class Warmup(Choice):
    """Raises the learning rate in equal parts over the first steps: step s of n has s/n of it."""

    one_of: ClassVar[tuple[str, ...]] = ("epochs", "steps")
    needless: ClassVar[NeedlessFields] = {
        **dict.fromkeys(("type", "mode", "strategy"), Needless("the rate rises in equal parts", ("linear",))),
        **dict.fromkeys(
            ("start_factor", "start_lr", "init_lr", "warmup_init_lr", "warmup_factor", "warmup_lr"),
            Needless("the first step has the rate divided by the number of steps of the warm-up", (0,)),
        ),
    }
    epochs: Count | None = Field(default=None, description="Length of the warm-up in epochs.")
    steps: Count | None = Field(default=None, description="Length of the warm-up in steps.")


class Schedule(Choice):
    """How the learning rate changes during training: by one rule, after a warm-up, or both."""

    one_of: ClassVar[tuple[str, ...]] = ("on_plateau", "step", "cosine")
    beside: ClassVar[tuple[str, ...]] = ("warmup",)
    needless: ClassVar[NeedlessFields] = warmups("SECTION")
    absent: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(
            ("milestones", "multi_step", "multi_step_lr"), "write `step: {factor: …, every: …}`, with `every` in epochs"
        ),
        **dict.fromkeys(
            ("exponential", "exponential_lr", "linear", "poly", "polynomial", "one_cycle", "one_cycle_lr", "inv"),
            "write `on_plateau`, `step` or `cosine`",
        ),
        **dict.fromkeys(("constant", "fixed"), "delete `schedule`, and the rate stays the same"),
    }
    absent_forms: ClassVar[Mapping[str, str]] = {"step": absent["milestones"]}
    on_plateau: OnPlateau | None = Field(
        default=None, description="Lowers the learning rate when the held-out error stops falling."
    )
    step: Step | None = Field(default=None, description="Lowers the learning rate after every so many epochs.")
    cosine: Cosine | None = Field(
        default=None, description="Lowers the learning rate along half a cosine, over all steps after the warm-up."
    )
    warmup: Warmup | None = Field(
        default=None, description="Raises the learning rate over the first steps. It combines with any of the rules."
    )
