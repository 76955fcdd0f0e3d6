"""A document keeps where each part stands, survives parts that cannot be read, and has a recipe without `train:`."""

import pytest
from pydantic import ValidationError

from archc.language.spec import DataRecipe, Document, default_recipe, read_spec

TEXT = """schema: archc/v1
name: small
input: {image: [3, 8, 8]}
layers:
  relu1: {op: relu, expect: [3, 8, 8]}
parallel: {devices: 2, strategy: data, device_memory: 3GiB}
"""


def document(text: str = TEXT) -> Document:
    found, _ = read_spec(text.encode(), "small.yaml")
    assert found is not None
    return found


def test_what_is_written_is_in_the_spec() -> None:
    spec = document().spec
    assert (spec.name, spec.title, spec.input) == ("small", None, {"image": [3, 8, 8]})
    assert spec.parallel is not None
    assert spec.parallel.device_memory == 3 * 2**30


def test_values_and_keys_know_where_they_stand() -> None:
    found = document()
    assert (found.span("layers", "relu1", "expect").line, found.span("layers", "relu1", "expect").column) == (5, 29)
    assert (found.key("layers", "relu1").line, found.key("layers", "relu1").column) == (5, 3)


def test_what_is_not_written_is_reported_at_the_nearest_thing_around_it() -> None:
    found = document()
    assert found.node("layers", "relu1", "from") is None
    assert found.span("layers", "relu1", "from") == found.span("layers", "relu1")
    assert found.key("layers", "relu2") == found.span("layers")
    assert found.span("train", "data", "crop") == found.root.span


def test_a_part_that_cannot_be_read_leaves_the_others() -> None:
    found, findings = read_spec(TEXT.replace("[3, 8, 8]}\nlayers", "x}\nlayers").encode(), "small.yaml")
    assert [finding.code for finding in findings] == ["ARC104"]
    assert found is not None
    assert not found.input_known
    assert found.spec.name == "small"
    assert list(found.spec.layers) == ["relu1"]


@pytest.mark.parametrize(("size", "bytes_"), [("512MiB", 2**29), ("1GiB", 2**30), ("80GiB", 80 * 2**30)])
def test_memory_is_read_in_binary_units(size: str, bytes_: int) -> None:
    parallel = document(TEXT.replace("3GiB", size)).spec.parallel
    assert parallel is not None
    assert parallel.device_memory == bytes_


@pytest.mark.parametrize("size", ["3", "3GB", "3 GiB", "-1GiB", "3.5GiB", "1234567GiB", "[3]", "٣GiB"])
def test_other_units_are_refused(size: str) -> None:
    _, (finding,) = read_spec(TEXT.replace("3GiB", size).encode(), "small.yaml")
    assert finding.code == "ARC105"
    assert finding.message.endswith("it takes a size such as 3GiB or 512MiB")


@pytest.mark.parametrize(
    ("image", "resize", "crop"),
    [([3, 227, 227], 256, (227, 227)), ([1, 28, 28], 32, (28, 28)), ([3, 64, 128], 144, (64, 128))],
)
def test_the_default_recipe_scales_the_papers_crop(image: list[int], resize: int, crop: tuple[int, int]) -> None:
    recipe = default_recipe(image)
    assert (recipe.data.resize, recipe.data.crop) == (resize, crop)
    assert recipe.optimizer.sgd.decay_biases is False
    assert recipe.schedule is not None
    assert recipe.schedule.on_plateau.patience == 5


@pytest.mark.parametrize("side", range(1, 400, 7))
def test_the_default_recipe_can_always_be_cropped(side: int) -> None:
    assert default_recipe([3, side, 2 * side]).data.resize >= 2 * side


def test_a_crop_larger_than_its_picture_is_refused() -> None:
    fields = {"crop": [8, 9], "mirror": True, "mean": "none"}
    assert DataRecipe.model_validate({"resize": 9, **fields}).crop == (8, 9)
    with pytest.raises(ValidationError, match="cut from a picture resized to 8"):
        DataRecipe.model_validate({"resize": 8, **fields})
