"""A document knows the place of each part, survives unreadable parts, and has a recipe without `train:`."""

import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from archc.language.data_recipe import DataRecipe
from archc.language.document import Document
from archc.language.recipe import default_recipe
from archc.language.spec_reading import read_spec
from archc.tensor import Tensor

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


def test_the_spans_of_values_and_keys() -> None:
    spans = document().spans
    value, key = spans.value("layers", "relu1", "expect"), spans.key("layers", "relu1")
    assert (value.line, value.column) == (5, 29)
    assert (key.line, key.column) == (5, 3)


def test_a_missing_value_is_reported_at_the_nearest_mapping_around_it() -> None:
    found = document()
    spans = found.spans
    assert found.node("layers", "relu1", "from") is None
    assert spans.value("layers", "relu1", "from") == spans.value("layers", "relu1")
    assert spans.key("layers", "relu2") == spans.value("layers")
    assert spans.value("train", "data", "crop") == found.root.span


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
    ("size", "help", "fixed"),
    [
        ("3 GiB", "write `3GiB`", "3GiB"),
        ("0.5 gib", "write `512MiB`", "512MiB"),
        ("2TiB", "write `2048GiB`", "2048GiB"),
        ("3Gi", "write `3GiB`", "3GiB"),
        ("3221225472", "write `3GiB`", "3GiB"),
        ("3GB", "did you mean `3GiB`?", None),  # or 2861MiB?
        ("3g", "did you mean `3GiB`?", None),
        ("24", "did you mean `24GiB`?", None),
        ("3072", "did you mean `3072MiB`?", None),
        ("0.1KiB", None, None),
        ("three", None, None),
    ],
)
def test_other_units_are_explained(size: str, help: str | None, fixed: str | None) -> None:
    _, (finding,) = read_spec(TEXT.replace("3GiB", size).encode(), "small.yaml")
    assert (finding.help, [edit.text for edit in finding.fix]) == (help, [fixed] if fixed else [])
    if fixed:
        _, findings = read_spec(TEXT.replace("3GiB", fixed).encode(), "small.yaml")
        assert findings == []


@pytest.mark.parametrize(
    ("written", "help"),
    [
        ("2", "write `parallel: {devices: 2, strategy: …}`, with `strategy` one of data, columns, hybrid"),
        ("hybrid", "write `parallel: {devices: …, strategy: hybrid}`"),
        ("no", "delete `parallel`"),
        ("false", "delete `parallel`"),
        ("true", None),
        ("[2]", None),
    ],
)
def test_a_value_in_place_of_a_section(written: str, help: str | None) -> None:
    text = re.sub("parallel: .*", f"parallel: {written}", TEXT)
    _, (finding,) = read_spec(text.encode(), "small.yaml")
    assert (finding.code, finding.help) == ("ARC104", help)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("devices: 2", "devices: 100", "`parallel.devices` is `100`: it must be at most 64"),
        ("strategy: data", "strategy: column", '`parallel.strategy` cannot be the string "column"'),
        (
            "strategy: data",
            "strategy: columns, layers: {relu1: splitted}",
            '`parallel.layers.relu1` cannot be the string "splitted"',
        ),
        ("{image: [3, 8, 8]}", "{}", "`input` is a mapping: it must have at least 1 entry"),
        (
            "{image: [3, 8, 8]}",
            "{image: [1, 2, 3, 4, 5]}",
            "`input.image` is `[1, 2, 3, 4, 5]`: it takes [units], [channels, length], [channels, height, width], "
            "or {tokens: [length], vocabulary: …}",
        ),
        ("layers:", "outputs: []\nlayers:", "`outputs` is `[]`: it must have at least 1 entry"),
        (
            "devices: 2, strategy: data",
            "devises: 2, strategy: data",
            "unknown field `devises` in the spec's `parallel`",
        ),
    ],
)
def test_a_value_that_is_not_allowed(old: str, new: str, message: str) -> None:
    assert old in TEXT
    _, (finding,) = read_spec(TEXT.replace(old, new).encode(), "small.yaml")
    assert finding.message == message


@pytest.mark.parametrize(
    ("image", "resize", "crop"),
    [([3, 227, 227], 256, (227, 227)), ([1, 28, 28], 32, (28, 28)), ([3, 64, 128], 144, (64, 128))],
)
def test_the_default_recipe_has_pictures_of_unit_variance(image: list[int], resize: int, crop: tuple[int, int]) -> None:
    recipe = default_recipe([Tensor(tuple(image))])
    assert recipe.data is not None
    assert (recipe.data.resize, recipe.data.crop) == (resize, crop)
    assert (recipe.data.mean, recipe.data.std) == ("channel", "channel")
    assert recipe.optimizer.name == "adamw"
    assert recipe.optimizer.rule.decay_biases is False
    assert recipe.schedule is not None
    assert recipe.schedule.on_plateau is not None
    assert recipe.schedule.on_plateau.patience == 5


def test_the_guide_shows_the_default_recipe() -> None:
    guide = (Path(__file__).parents[2] / "docs" / "training.md").read_text(encoding="utf-8")
    shown = guide.partition("### The default recipe")[2].partition("```yaml\n")[2].partition("```")[0]
    text = f"schema: archc/v1\nname: a\ninput: {{image: [3, 227, 227]}}\nlayers: {{flat: {{op: flatten}}}}\n{shown}"
    document, findings = read_spec(text.encode(), "a.yaml")
    assert document is not None and findings == []
    assert document.spec.train == default_recipe([Tensor((3, 227, 227))])


@pytest.mark.parametrize("side", range(1, 400, 7))
def test_the_default_recipe_can_always_be_cropped(side: int) -> None:
    data = default_recipe([Tensor((3, side, 2 * side))]).data
    assert data is not None
    assert data.resize >= 2 * side


def test_a_crop_larger_than_its_picture_is_refused() -> None:
    fields = {"crop": [8, 9], "mirror": True, "mean": "none"}
    assert DataRecipe.model_validate({"resize": 9, **fields}).crop == (8, 9)
    with pytest.raises(ValidationError, match="must be at most 8, the value of `resize`"):
        DataRecipe.model_validate({"resize": 8, **fields})


def test_a_word_in_a_mapping_of_words_is_corrected_too() -> None:
    text = TEXT.replace("strategy: data", "strategy: columns, layers: {conv1: replicated, fc1: whole}")
    _, findings = read_spec(text.encode(), "small.yaml")
    assert [finding.help for finding in findings] == ["did you mean `replicate`?", "valid values: split, replicate"]
    assert [[edit.text for edit in finding.fix] for finding in findings] == [["replicate"], []]
