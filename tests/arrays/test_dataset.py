"""Arrays that suit a job, those that do not, and the batches of each rank."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from archc.arrays.dataset import Arrays
from archc.failure import Failure
from archc.language.recipe import Recipe
from archc.training.feed import Feed
from archc.training.job import Job, Value
from archc.training.result import Result, read_result
from archc.training.share import Share

Make = Callable[..., Job]
Save = Callable[..., Path]
RECIPE = {
    "batch": 4,
    "epochs": 1,
    "loss": "cross_entropy",
    "optimizer": {"sgd": {"lr": 0.1, "momentum": 0.9, "weight_decay": 0}},
}


@pytest.fixture
def make_job(tmp_path: Path) -> Make:
    """A job whose network reads sequences (3, 5) and tokens, and gives 2 scores at each of 5 positions."""

    def make(**fields: Any) -> Job:
        recipe = Recipe.model_validate({**RECIPE, "loss": fields.pop("loss", "cross_entropy")})
        given: dict[str, Any] = {
            "inputs": {"x": Value(shape=(3, 5)), "words": Value(shape=(4,), vocabulary=9)},
            "output": (2, 5),
            "devices": 2,
            **fields,
        }
        return Job(
            name="tiny",
            run=tmp_path,
            source="tiny.py",
            model="Tiny",
            recipe=recipe,
            seed=0,
            precision="float32",
            form="arrays",
            pictures=tmp_path / "data",
            built_in=False,
            **given,
        )

    return make


def arrays(count: int, **changes: Any) -> dict[str, Any]:
    """The arrays of one file; a change to None leaves an array out."""
    random = np.random.default_rng(count)
    made = {
        "x": random.normal(size=(count, 3, 5)).astype(np.float32),
        "words": random.integers(0, 9, (count, 4)),
        "target": random.integers(0, 2, (count, 5)).astype(np.uint8),
        **changes,
    }
    return {name: array for name, array in made.items() if array is not None}


@pytest.fixture
def save(tmp_path: Path) -> Callable[..., Path]:
    """Saves 10 training and 7 held-out examples; changes are those of the training ones."""

    def save(**changes: Any) -> Path:
        folder = tmp_path / "data"
        folder.mkdir(exist_ok=True)
        np.savez(folder / "train.npz", **arrays(10, **changes))
        np.savez_compressed(folder / "val.npz", **arrays(7))
        return folder / "train.npz"

    return save


X = arrays(10)["x"]


def opened(job: Job) -> Arrays:
    Result(devices=("cpu",)).write(job.run)
    data = Arrays(job)
    data.open()
    return data


def refusal(job: Job) -> str:
    with pytest.raises(Failure) as caught:
        opened(job)
    assert "\n" not in caught.value.message
    assert caught.value.help
    return caught.value.message.replace(str(job.pictures) + "/", "")


def epoch(feed: Feed) -> list[Any]:
    return list(feed.training(0))


@pytest.mark.parametrize("ranks", [1, 2, 4])
def test_the_union_of_the_ranks_is_the_same(make_job: Make, save: Save, ranks: int) -> None:
    save()
    data = opened(make_job())
    assert (data.count, data.classes) == (10, 2)
    one, parts = epoch(data.feed(Share(), 1)), [epoch(data.feed(Share(rank, ranks), 1)) for rank in range(ranks)]
    assert len(one) == 2
    for number, batch in enumerate(one):
        each = [part[number] for part in parts]
        for which in (0, 1):
            np.testing.assert_array_equal(batch.inputs[which], np.concatenate([b.inputs[which] for b in each]))
        np.testing.assert_array_equal(batch.targets, np.concatenate([b.targets for b in each]))
    held = [batch for rank in range(ranks) for batch in data.feed(Share(rank, ranks), 1).held_out("center")]
    assert sum(len(batch.targets) for batch in held) == 7


def test_examples_have_their_channels_last_and_their_own_targets(make_job: Make, save: Save) -> None:
    save()
    saved = arrays(10)
    by_example = {x.tobytes(): n for n, x in enumerate(saved["x"])}
    for batch in epoch(opened(make_job()).feed(Share(), 1)):
        sequences, words = batch.inputs
        assert (sequences.shape, sequences.dtype.name) == ((4, 5, 3), "float32")
        assert (words.shape, words.dtype.name, batch.targets.dtype.name) == ((4, 4), "int64", "int64")
        for x, tokens, target in zip(sequences, words, batch.targets, strict=True):
            n = by_example[np.ascontiguousarray(x.T).tobytes()]
            np.testing.assert_array_equal(tokens, saved["words"][n])
            np.testing.assert_array_equal(target, saved["target"][n])


def test_values_as_targets_have_their_channels_last_too(make_job: Make, save: Save) -> None:
    save(target=None, label=X[:, :2])
    np.savez(make_job().pictures / "val.npz", **arrays(7, target=np.zeros((7, 2, 5))))
    data = opened(make_job(loss="mean_squared_error"))
    assert data.classes == 0
    assert {batch.targets.shape for batch in epoch(data.feed(Share(), 1))} == {(4, 5, 2)}


def test_a_rank_reads_what_was_checked(make_job: Make, save: Save) -> None:
    save()
    job = make_job()
    opened(job)
    assert (result := read_result(job.run)) and result.data and result.data.files == 2
    again = Arrays(job)
    again.load()
    assert len(epoch(again.feed(Share(1, 2), 1))) == 2
    save(x=X + 1)
    with pytest.raises(Failure, match="has changed since the run began"):
        Arrays(job).load()


BIG = np.zeros((10, 5), np.int64)
BIG[3, 2] = 2
NAN = X.copy()
NAN[2, 1, 4] = np.nan


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"x": None}, "train.npz has no array `x`: it has `words`, `target`"),
        ({"target": None}, "train.npz has no array `target`: it has `x`, `words`"),
        ({"extra": X}, "train.npz has `extra`, which tiny does not read"),
        ({"label": BIG}, "train.npz has both `target` and `label`"),
        (
            {"x": np.moveaxis(X, 1, -1)},
            "train.npz: `x` has the shape [10, 5, 3], and tiny needs [n, 3, 5], n examples",
        ),
        ({"x": np.float32(1)}, "train.npz: `x` has the shape [], and tiny needs [n, 3, 5], n examples"),
        (
            {"x": X[:9]},
            "train.npz needs the same number of examples in each array, at least 1: x 9, words 10, target 10",
        ),
        ({"x": X.astype(complex)}, "train.npz: `x` has the type complex128; it must be numbers"),
        ({"words": np.zeros((10, 4))}, "train.npz: `words` has the type float64; it must be whole numbers"),
        ({"target": np.zeros((10, 5))}, "train.npz: `target` has the type float64; it must be whole numbers"),
        ({"target": BIG}, "train.npz: `target` is 2 at [3, 2]; a class is from 0 to 1"),
        ({"target": -BIG}, "train.npz: `target` is -2 at [3, 2]; a class is from 0 to 1"),
        ({"words": np.full((10, 4), 9)}, "train.npz: `words` is 9 at [0, 0]; a token is from 0 to 8"),
        ({"x": NAN}, "train.npz: `x` is nan at [2, 1, 4] in float32"),
        ({"x": X.astype(np.float64) + 1e300}, "train.npz: `x` is 1e+300 at [0, 0, 0] in float32"),
    ],
)
def test_arrays_that_do_not_suit(make_job: Make, save: Save, changes: dict[str, Any], message: str) -> None:
    save(**changes)
    assert refusal(make_job()) == message


@pytest.mark.parametrize(
    ("changes", "help"),
    [
        ({"x": np.moveaxis(X, 1, -1)}, "the channels come first: `numpy.moveaxis(array, -1, 1)`"),
        ({"x": X[:, :, :4]}, "save it with that shape"),
        # Scores of each class in place of its number, as Keras' categorical loss takes them, and PyTorch's.
        ({"target": np.zeros((10, 5, 2))}, "save the number of each class: `target.argmax(-1)`"),
        ({"target": np.zeros((10, 2, 5))}, "save the number of each class: `target.argmax(1)`"),
        ({"label": np.zeros((10, 5, 1)), "target": None}, "save it without the axis of size 1: `label.squeeze(-1)`"),
        ({"words": np.zeros((10, 1, 4))}, "save it without the axis of size 1: `words.squeeze(1)`"),
    ],
)
def test_the_help_for_a_shape_is_what_gives_it(make_job: Make, save: Save, changes: dict[str, Any], help: str) -> None:
    """What the help names is done, and the shape is right then."""
    save(**changes)
    with pytest.raises(Failure) as caught:
        opened(make_job())
    assert caught.value.help == help
    if "`" not in help:
        return
    (name, array), *_ = ((name, array) for name, array in changes.items() if array is not None)
    code = help.split("`")[1].replace("array", name)
    save(**{**changes, name: eval(code, {"numpy": np, name: array}).astype(array.dtype if name == "x" else int)})
    opened(make_job())


def test_the_help_for_an_axis_of_size_1_that_is_left_out(make_job: Make, save: Save) -> None:
    """As of one value for each example, which other frameworks also take as [n]."""
    save(target=np.zeros(10))
    job = make_job(loss="mean_squared_error", output=(1,))
    with pytest.raises(Failure) as caught:
        opened(job)
    assert caught.value.help == "save it with an axis of size 1: `target[:, None]`"
    save(target=np.zeros(10)[:, None])
    np.savez(job.pictures / "val.npz", **arrays(7, target=np.zeros((7, 1))))
    opened(job)


def test_true_and_false_are_from_0_to_1(make_job: Make, save: Save) -> None:
    save(target=X[:, :2])
    job = make_job(loss="binary_cross_entropy")
    np.savez(job.pictures / "val.npz", **arrays(7, target=np.zeros((7, 2, 5), bool)))
    assert "; `binary_cross_entropy` takes 0 to 1" in refusal(job)


def test_a_missing_file_and_too_few_examples(make_job: Make, save: Save) -> None:
    save()
    job = make_job()
    (job.pictures / "val.npz").unlink()
    assert refusal(job) == "val.npz is not a file"
    save(**{name: array[:3] for name, array in arrays(10).items()})
    assert refusal(job) == "3 training examples cannot fill a batch of 4"


def test_inputs_with_the_names_of_targets(make_job: Make, save: Save) -> None:
    save(label=X)
    value = Value(shape=(3, 5))
    assert refusal(make_job(inputs={"label": value})) == "train.npz has `words`, `x`, which tiny does not read"
    assert refusal(make_job(inputs={"label": value, "target": value})).endswith("the names of targets")


def test_too_few_examples_are_not_called_pictures(make_job: Make, save: Save) -> None:
    save(**{name: array[:3] for name, array in arrays(10).items()})
    with pytest.raises(Failure, match="3 training examples cannot fill a batch of 4") as caught:
        Arrays(make_job())
    assert caught.value.help == "use `--batch 3`, or add examples"


@pytest.mark.parametrize(
    ("name", "help"), [("labels", "save `labels` as `target`"), ("words", "save an array `target`")]
)
def test_targets_under_another_name(make_job: Make, save: Save, name: str, help: str) -> None:
    save(**{"target": None, name: arrays(10)["target"] if name == "labels" else arrays(10)["words"]})
    with pytest.raises(Failure, match="has no array `target`") as caught:
        Arrays(make_job())
    assert caught.value.help == help


def test_trials_and_batches_to_overfit_are_those_of_pictures(make_job: Make, save: Save) -> None:
    save()
    trial = opened(make_job(fast_dev_run=True))
    assert (trial.count, trial.held_out) == (4, 7)
    assert len(epoch(trial.feed(Share(), 1))) == 1
    assert sum(len(batch.targets) for batch in trial.feed(Share(), 1).held_out("center")) == 7
    fixed = opened(make_job(overfit_batches=1)).feed(Share(), 1)
    first, other = ([batch.inputs[0].tolist() for batch in fixed.training(number)] for number in (0, 5))
    assert first == other and first[0] == first[1] and len(first) == 2
    assert refusal(make_job(overfit_batches=3)) == "3 batches of 4 need 12 training examples, and there are 10"
