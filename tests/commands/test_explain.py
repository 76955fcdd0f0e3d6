"""archc explain: a code, an op, a concept, the list of all, and unknown words."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from archc.explain.concepts import concepts
from archc.explain.explanation import names
from archc.explain.words import page_of, sections
from archc.language.schema import json_schema

REFERENCE = Path(__file__).parents[2] / "docs" / "reference.md"


def test_a_code(archc) -> None:
    result = archc("explain", "arc210")
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith("error[ARC210]: filters or maps not divisible by groups\n\n")
    assert "example.yaml:6:54: error[ARC210]: conv1's 8 filters do not split into 3 groups" in result.out
    assert result.out.endswith("groups: 3}\n")


def test_an_op(archc) -> None:
    result = archc("explain", "max_pool2d")
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith("max_pool2d: The largest value of each window")
    assert "error[ARC103]: pool1 needs `stride`" in result.out


def test_a_concept(archc) -> None:
    result = archc("explain", "MACs")
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith("macs: How archc counts parameters and operations, and why other tools differ\n\n")
    assert "\n    archc                            714,188,480\n" in result.out


@pytest.mark.parametrize("word", ["macs", "memory"])
def test_a_concept_that_is_also_a_field(archc, word: str) -> None:
    """One page has both."""
    page = archc("explain", word).out
    assert page.startswith(f"{word}: {concepts()[word].title}\n\n")
    assert f"\n\n`{word}` is also a field of `expect`:\n\n- In `expect`: " in page
    (only,) = json.loads(archc("explain", word, "--output-format", "json").out)["concepts"]
    assert "is also a field of `expect`:" in only["text"]


@pytest.mark.parametrize(
    ("words", "help"),
    [
        ("relu vs tanh", "did you mean `activation`?"),
        ("vanishing gradient", "did you mean `activation`?"),
        ("lrn formula", "did you mean `normalisation`?"),
        ("Local Response Normalisation", "did you mean `normalisation`?"),
        ("local response normalization", "did you mean `lrn` or `normalisation`?"),
        ("local_response_norm", "did you mean `lrn`?"),
        ("data augmentation", "did you mean `augmentation`?"),
        ("weight initialization", "did you mean `initialisation`?"),
        ("update rule", "did you mean `update_rule`?"),
        ("overlapping pooling", "did you mean `pooling`?"),
        ("two GPUs", "did you mean `two_columns`?"),
    ],
)
def test_natural_words_lead_to_a_concept(archc, words: str, help: str) -> None:
    """In quotes or not."""
    quoted, bare = archc("explain", words), archc("explain", *words.split())
    assert quoted == bare
    assert (quoted.code, quoted.out) == (2, "")
    assert quoted.err == f"error: `{words}` is not a code, op, section, field or concept\n  {help}\n"


def test_all_of_them_a_row_each(archc) -> None:
    result = archc("explain")
    assert (result.code, result.err) == (0, "")
    _, *rows = [line for line in result.out.splitlines() if not line.startswith(" ")]
    assert [row.split()[0] for row in rows] == [*names(), *sections(), *concepts()]


@pytest.mark.parametrize(
    ("word", "title", "lines"),
    [
        (
            "train",
            "How the network is trained and tested",
            ["- In a spec: optional.", "- `batch`: whole number from"],
        ),
        ("data", "How a picture becomes the network's input", ["- In `train`: optional.", "Fields of `train.data`:"]),
        (
            "parallel",
            "How the network is divided among devices",
            ["- `devices`: whole number from 1, to 64,"],
        ),
        ("outputs", "Layers whose values the network returns", ["- In a spec: optional."]),
        ("defaults", "Default values of fields, by op", ["- In a spec: optional."]),
        ("expect", "Totals of the network that archc checks", ["- In every layer: optional. Expected output shape"]),
        ("input", "Inputs of the network by name", ["- In a spec: required."]),
        ("layers", "Layers by name, in order", ["Fields of every layer:", "- In `parallel`: optional."]),
        ("padding", "a field of `", ["- In `avg_pool2d`, `conv2d` and `max_pool2d`: whole number from 0,"]),
        ("Kernel", "a field of `", ["Size of the window"]),
        ("he_normal", "a field of `", ["variance 2 / fan-in (He et al.)."]),
        ("lr", "a field of `train.optimizer.sgd`, `train", ["Learning rate, before a schedule changes it."]),
        ("momentum", "a field of `train.optimizer.sgd` and `batch_norm`", ["as in Keras and ONNX."]),
        ("same", "a value of `padding`", ["- In `avg_pool2d`, `conv2d` and `max_pool2d`: whole number from 0,"]),
        ("columns", "a value of `strategy`", ["- In `parallel`: `data`, `columns` or `hybrid`, required."]),
        ("from", "a field of every layer", ["- In every layer: optional. Names of what this layer reads"]),
    ],
)
def test_a_word_of_the_language(archc, word: str, title: str, lines: list[str]) -> None:
    result = archc("explain", word)
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith(f"{word.lower()}: {title}")
    assert all(line in " ".join(result.out.split()) for line in lines)
    (page,) = json.loads(archc("explain", word, "--output-format", "json").out)["concepts"]
    assert page["name"] == word.lower()


def test_every_field_of_a_spec_has_a_page_with_its_description() -> None:
    """Of every section and every op, from the schema for editors, which is made in another way."""
    schema = json_schema()
    fields = [field for each in (schema, *schema["definitions"].values()) for field in each["properties"].items()]
    for name, field in fields:
        page = page_of(name)
        assert page is not None, name
        text = " ".join(" ".join((page.title, *page.parts)).split())
        assert field.get("description", "").removesuffix(".") in text, name


def test_a_value_that_other_frameworks_call_an_op(archc) -> None:
    page = archc("explain", "Linear").out
    assert page.startswith("linear: a value of `mode`\n\nWhere another framework calls an op so, it is `dense`.\n")


@pytest.mark.parametrize(
    ("word", "help"),
    [
        ("ARC21", "did you mean `ARC219`?"),
        ("fully_connected", "did you mean `dense`?"),
        ("mac", "did you mean `macs`?"),
        ("MaxPool2d", "did you mean `max_pool2d`?"),
        ("", "list all names with `archc explain`"),
        ("zzz", "list all names with `archc explain`"),
        ("tarin", "did you mean `train`?"),
        ("paddign", "did you mean `padding`?"),
        ("kernel_size", "did you mean `kernel`?"),
        ("learning_rate", "did you mean `lr`?"),
        ("spectral_norm", "archc has no `spectral_norm` yet"),
        ("glorot", "did you mean `glorot_uniform`?"),
        *((word, "list all names with `archc explain`") for word in ("training_loop", "bed", "had")),
    ],
)
def test_an_unknown_word(archc, word: str, help: str) -> None:
    result = archc("explain", word)
    assert (result.code, result.out) == (2, "")
    assert result.err == f"error: `{word}` is not a code, op, section, field or concept\n  {help}\n"


def test_a_word_with_an_escape_of_a_terminal(archc) -> None:
    assert archc("explain", "\x1b[31m").err.startswith("error: `\\u001b[31m` is not a code,")


def test_json_of_one_and_of_all(archc) -> None:
    (one,) = json.loads(archc("explain", "ARC001", "--output-format", "json").out)["explanations"]
    assert (one["name"], one["severity"], one["fields"]) == ("ARC001", "error", [])
    assert one["failing"].startswith("title: Caf\\xe9\n")
    assert [(finding["code"], finding["line"]) for finding in one["findings"]] == [("ARC001", 1)]
    every = json.loads(archc("explain", "--output-format", "json").out)
    assert [page["name"] for page in every["explanations"]] == names()
    (dropout,) = (page for page in every["explanations"] if page["name"] == "dropout")
    assert [(field["name"], field["default"]) for field in dropout["fields"]] == [("rate", None)]
    assert [page["name"] for page in every["concepts"]] == [*sections(), *concepts()]
    only = json.loads(archc("explain", "macs", "--output-format", "json").out)
    assert (only["explanations"], [page["name"] for page in only["concepts"]]) == ([], ["macs"])


def test_the_reference_is_as_archc_explains(archc, golden: Callable[[Path, str], None]) -> None:
    """Stale? `archc explain --output-format markdown > docs/reference.md`."""
    golden(REFERENCE, archc("explain", "--output-format", "markdown").out)
