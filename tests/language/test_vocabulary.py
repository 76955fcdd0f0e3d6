"""The words of other frameworks, and misspellings, lead to archc's own."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archc.language.data_recipe import DataRecipe
from archc.language.fields import words_of
from archc.language.mistakes import vocabulary
from archc.language.mistakes.vocabulary import certain, did_you_mean, nearest
from archc.language.optimizers import Adam, AdamW, Optimizer, Sgd
from archc.language.recipe import Recipe
from archc.language.schedules import Cosine, OnPlateau, Schedule, Step, Warmup
from archc.language.spec import Expect, Parallel, Spec
from archc.ops import ops
from archc.ops.distributions import MODELS

SECTIONS = (
    Expect,
    Parallel,
    Recipe,
    Optimizer,
    Sgd,
    Adam,
    AdamW,
    Schedule,
    OnPlateau,
    Step,
    Cosine,
    Warmup,
    DataRecipe,
    *MODELS,
)
WORDS = {
    *ops(),
    *(field for op in ops().values() for field in op.model_fields),
    *("from", "expect", "devices"),
    *Spec.model_fields,
    *Recipe.model_fields,
    *(field for model in SECTIONS for field in model.model_fields),
    *(word for model in SECTIONS for field in model.model_fields for word in words_of(model, field)),
}


@pytest.mark.parametrize(
    ("foreign", "own"),
    [
        ("Linear", "dense"),
        ("nn.Linear", "dense"),
        ("Dense", "dense"),
        ("InnerProduct", "dense"),
        ("Conv2d", "conv2d"),
        ("Conv2D", "conv2d"),
        ("MaxPooling2D", "max_pool2d"),
        ("MaxPool2d", "max_pool2d"),
        ("LocalResponseNorm", "lrn"),
        ("Concatenate", "concat"),
        ("max-pool2d", "max_pool2d"),
        ("drop", "dropout"),
        ("softmx", "softmax"),
        ("warp", None),
        ("", None),
    ],
)
def test_ops(foreign: str, own: str | None) -> None:
    assert nearest(foreign, ops()) == own


def test_one_foreign_word_may_mean_several_and_the_place_decides() -> None:
    assert nearest("num_output", ops()["conv2d"].model_fields) == "filters"
    assert nearest("num_output", ops()["dense"].model_fields) == "units"
    assert nearest("kernel_size", ops()["conv2d"].model_fields) == "kernel"
    assert nearest("kernel_size", ops()["lrn"].model_fields) == "size"
    assert nearest("kernels", ops()["conv2d"].model_fields) == "kernel"


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        *[("Conv2D", "conv2d"), ("InnerProduct", "dense"), ("softmx", "softmax"), ("sotfmax", "softmax")],
        *[("fllatten", "flatten"), ("flotten", "flatten"), ("max_pool2d", "max_pool2d"), ("nn.Linear", "dense")],
        *[("glu", None), ("celu", None), ("conv3d", None), ("max_pool3d", None), ("dropout2d", None)],
        *[("pool", None), ("norm", None), ("eltwise", "add"), ("tan", None), ("", None)],
    ],
)
def test_only_one_word_is_certain(word: str, meant: str | None) -> None:
    assert certain(word, ops()) == meant


def test_of_two_words_that_could_be_meant_none_is_certain() -> None:
    assert certain("kernels", ["kernel", "filters"]) is None
    assert certain("kernels", ["kernel", "stride"]) == "kernel"
    assert certain("kernelx", ["kernela", "kernelb"]) is None


def test_every_synonym_leads_to_a_word_of_the_language() -> None:
    known = vocabulary._foreign().words.values()  # pyright: ignore[reportPrivateUsage]
    assert {own for words in known for own in words} <= WORDS


def test_a_help_names_the_nearest_word_or_all() -> None:
    assert did_you_mean("strides", ["stride", "kernel"], what="fields") == "did you mean `stride`?"
    assert did_you_mean("zzz", ["stride", "kernel"], what="fields") == "valid fields: stride, kernel"


def test_of_many_words_only_the_last_are_shown() -> None:
    help = did_you_mean("zzz", [f"conv{number}" for number in range(10_000)], what="names")
    assert help.startswith("known names: …, ")
    assert help.endswith(", conv9999")
    assert len(help) < 500


@given(word=st.text(max_size=5000), allowed=st.lists(st.text(min_size=1, max_size=8), max_size=5))
def test_only_an_allowed_word_is_ever_proposed(word: str, allowed: list[str]) -> None:
    assert nearest(word, allowed) in (*allowed, None)
    assert certain(word, allowed) in (nearest(word, allowed), None)
