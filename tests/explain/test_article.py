"""Pages on the ideas of the AlexNet article: their specs are valid, their studies exist, their figures are right."""

from __future__ import annotations

import re
from math import e as base
from pathlib import Path

import numpy as np
import pytest
import yaml

from archc.analysis import Facts, analyse
from archc.explain.concepts import Concept, concepts
from archc.explain.explanation import explanation_of
from archc.explain.words import page_of
from archc.language.study import read_study
from archc.report.explanation import concept_page

ROOT = Path(__file__).parents[2]
ARTICLE = (
    "activation",
    "augmentation",
    "convolution",
    "initialisation",
    "normalisation",
    "overfitting",
    "pooling",
    "two_columns",
    "update_rule",
)
LABEL = r"^(?:[a-z]\w* +(?=[(\d]))?"
NUMBER = r"-?\d[\d,]*(?:\.\d+)?(?:e-?\d+)?"
TERMS = r"[0-9 e.,+*/()×^-]+"
each_page = pytest.mark.parametrize("name", ARTICLE)


def text(name: str) -> str:
    return "\n\n".join(concepts()[name].parts)


def prose(name: str) -> str:
    """A page on one line."""
    return " ".join(text(name).split())


def blocks(name: str) -> list[str]:
    """The indented blocks of a page, without their indent."""
    return [re.sub("^    ", "", part, flags=re.MULTILINE) for part in concepts()[name].parts if part.startswith("    ")]


def is_yaml(block: str) -> bool:
    return bool(re.match(r"[a-z]+: ?(\{|$)", block, re.MULTILINE))


def row(name: str, label: str) -> list[float]:
    """The numbers of a row of a page's table."""
    (found,) = re.findall(rf"^    {label} +([-\d.,e ]+)$", text(name), re.MULTILINE)
    return [float(number.replace(",", "")) for number in found.split()]


def equations(name: str) -> list[tuple[str, str]]:
    """The lines of a page that say what an expression comes to; those with letters are formulas."""
    found: list[tuple[str, str]] = []
    for line in (line for block in blocks(name) if not is_yaml(block) for line in block.splitlines()):
        for match in re.finditer(rf"{LABEL}({TERMS}) = ({NUMBER})$", line.strip()):
            found.append((match[1], match[2]))
    return found


def value(expression: str) -> float:
    plain = expression.replace(",", "").replace("×", "*").replace("^", "**")
    assert re.fullmatch(r"[0-9 e.+*/()-]+", plain)
    return eval(plain)


def facts_of(spec: str) -> Facts:
    facts = analyse((ROOT / "specs" / f"{spec}.yaml").read_bytes(), spec).facts
    assert facts is not None
    return facts


def sizes(spec: str) -> list[int]:
    """The heights of a network's maps after conv1 and its pools."""
    graph = facts_of(spec).graph
    return [graph.node(layer).output.shape[1] for layer in ("conv1", "pool1", "pool2", "pool5")]


def parameters(layer: str) -> int:
    return facts_of("alexnet").counts.layers[layer].parameters


@each_page
def test_a_page_fits_two_screens_and_has_a_spec_and_a_study(name: str) -> None:
    assert len(concept_page(concepts()[name], width=100).splitlines()) <= 68
    assert any(map(is_yaml, blocks(name)))
    assert re.search(r"archc study studies/\w+\.yaml", prose(name))
    assert concepts()[name].see_also


@pytest.mark.parametrize(
    "block", [pytest.param(block, id=name) for name in concepts() for block in blocks(name) if is_yaml(block)]
)
def test_each_spec_of_a_page_is_valid_without_advice(block: str) -> None:
    given = yaml.safe_load(block)
    assert {"input", "layers"} <= given.keys()
    missing = [
        f"{op}: {{weight_init: {{he_normal: {{}}}}}}"
        for op in ("conv2d", "dense")
        if re.search(rf"op: {op}\b", block) and "weight_init" not in block
    ]
    head = f"schema: archc/v1\nname: a\ndefaults: {{{', '.join(missing)}}}\n"
    analysis = analyse(f"{head}{block}\n".encode(), "page.yaml", with_variants=True)
    assert [f"{finding.code}: {finding.message}" for finding in analysis.findings] == []
    assert analysis.facts is not None


@pytest.mark.parametrize(
    ("folder", "name"),
    sorted({found for name in concepts() for found in re.findall(r"(specs|studies)/(\w+)\.yaml", text(name))}),
)
def test_what_a_page_names_exists(folder: str, name: str) -> None:
    path = ROOT / folder / f"{name}.yaml"
    assert path.is_file()
    if folder == "studies":
        study, findings = read_study(path.read_bytes(), path.name)
        assert study is not None
        assert findings == []


@pytest.mark.parametrize(
    ("expression", "result"), [pytest.param(*found, id=name) for name in ARTICLE for found in equations(name)]
)
def test_the_arithmetic_of_the_pages(expression: str, result: str) -> None:
    """To as many decimals as are printed."""
    decimals = len(result.partition(".")[2])
    assert round(value(expression), decimals) == pytest.approx(float(result.replace(",", "")), rel=1e-9)


def test_each_page_computes_something() -> None:
    assert {name: len(equations(name)) for name in ARTICLE} == {
        "activation": 3,
        "augmentation": 4,
        "convolution": 9,
        "initialisation": 9,
        "normalisation": 4,
        "overfitting": 5,
        "pooling": 7,
        "two_columns": 4,
        "update_rule": 9,
    }


def test_the_sizes_are_those_of_the_specs() -> None:
    assert sizes("alexnet") == sizes("alexnet_2012") == sizes("alexnet_torchvision") == [55, 27, 13, 6]
    first, *pooled = sizes("alexnet_flowers17")
    assert f"Rounded down, it is {first}" in prose("convolution")
    assert pooled == [26, 12, 5]
    assert "26, 12 and 5 instead of 27, 13 and 6" in prose("convolution")
    assert facts_of("alexnet").graph.node("flat").output.size == 9216


def test_the_counts_are_those_of_the_specs() -> None:
    network = facts_of("alexnet")
    convolution = dict(equations("convolution"))
    assert convolution["34,848 + 96"] == f"{parameters('conv1'):,}"
    assert convolution["34,848 × 55 × 55"] == f"{network.counts.layers['conv1'].macs:,}"
    assert convolution["9216 × 4096 + 4096"] == f"{parameters('fc6'):,}"
    dense = sum(map(parameters, ("fc6", "fc7", "fc8")))
    total = f"{network.counts.parameters:,}"
    overfitting = dict(equations("overfitting"))
    for layers in ([f"conv{number}" for number in range(1, 6)], ["fc6", "fc7", "fc8"]):
        counts = list(map(parameters, layers))
        assert overfitting[" + ".join(f"{count:,}" for count in counts)] == f"{sum(counts):,}"
    assert overfitting[f"{network.counts.parameters - dense:,} + {dense:,}"] == total
    assert f"{dense:,} / {total} = {dense / network.counts.parameters:.2f}" in text("overfitting")
    assert f"{dense / network.counts.parameters:.0%}".replace("%", " %") in prose("overfitting")


def test_the_columns_are_those_of_the_specs() -> None:
    split, whole = facts_of("alexnet"), facts_of("alexnet_one_tower")
    results = [result for _, result in equations("two_columns")]
    assert results[:2] == [f"{facts.counts.layers['conv2'].parameters:,}" for facts in (split, whole)]
    assert results[2:] == [
        f"{whole.counts.parameters - split.counts.parameters:,}",
        f"{whole.counts.parameters:,}",
    ]
    assert "the exchanges are at conv3, fc6, fc7 and fc8" in prose("two_columns")
    spec = (ROOT / "specs" / "alexnet.yaml").read_text(encoding="utf-8")
    assert "exchanges: [conv3, fc6, fc7, fc8]" in spec


def test_what_windows_that_overlap_keep() -> None:
    values = row("pooling", "row")
    for kernel in (3, 2):
        windows = [values[at : at + kernel] for at in range(0, len(values) - kernel + 1, 2)]
        assert row("pooling", f"kernel {kernel}") == [max(window) for window in windows]


def normalised(x: np.ndarray, energy: np.ndarray, window: int, k: float) -> np.ndarray:
    """The page's examples: size 3, alpha 1, beta 0.75."""
    return x / (k + 1 / window * energy) ** 0.75


def test_the_normalisation_between_maps() -> None:
    x = np.array(row("normalisation", "a"))
    energy = np.convolve(x**2, np.ones(3), "same")
    assert row("normalisation", "sum of squares") == energy.tolist()
    assert row("normalisation", "b") == normalised(x, energy, 3, 2).round(4).tolist()


def test_the_normalisation_within_a_map() -> None:
    """Sums of the nine maps that are the padded one, each moved by a pixel or not."""
    (block,) = (block for block in blocks("normalisation") if re.match(r"\d \d \d ", block))
    numbers = np.array([line.split() for line in block.splitlines()], float)
    x, sums, y = numbers[:, :3], numbers[:, 3:6], numbers[:, 6:]
    squares = np.pad(x**2, 1)
    energy = np.sum([squares[top : top + 3, left : left + 3] for top in range(3) for left in range(3)], axis=0)
    assert sums.tolist() == energy.tolist()
    assert y.tolist() == normalised(x, energy, 9, 1).round(4).tolist()


def test_the_ops_themselves_compute_the_examples_of_the_normalisation() -> None:
    norms = "input: {{image: [{}]}}\nlayers:\n  norm: {{op: lrn, size: 3, alpha: 1, beta: 0.75, {}}}\n"
    head = "schema: archc/v1\nname: a\n"
    (block,) = (block for block in blocks("normalisation") if re.match(r"\d \d \d ", block))
    square = np.array([line.split() for line in block.splitlines()], float)
    between = np.array(row("normalisation", "a")).reshape(1, 5, 1, 1), np.array(row("normalisation", "b"))
    within = square[:, :3].reshape(1, 1, 3, 3), square[:, 6:]
    for (x, y), shape, fields in (
        (between, "5, 1, 1", "k: 2"),
        (within, "1, 3, 3", "k: 1, scope: spatial"),
    ):
        facts = analyse((head + norms.format(shape, fields)).encode(), "page.yaml").facts
        assert facts is not None
        found = facts.graph.node("norm").op.compute((x,), {})
        assert np.round(found, 4).ravel().tolist() == y.ravel().tolist()


def test_what_an_alpha_means() -> None:
    page, line = text("normalisation"), prose("normalisation")
    weights = dict(re.findall(r"^    (.+?)  +(?:1e-4 / 5 = )?(\d+e-\d)$", page, re.MULTILINE))
    divided = "its code, cuda-convnet (2012)", "Caffe, PyTorch, ONNX", "archc's lrn"
    literal = "the paper's formula, as printed", "TensorFlow (depth_radius 2), MatConvNet"
    assert weights == {**dict.fromkeys(divided, "2e-5"), **dict.fromkeys(literal, "1e-4")}
    assert pytest.approx(2e-5) == 1e-4 / 5
    assert "weighs each square by 1e-3 / 25 = 4e-5." in line
    assert pytest.approx(4e-5) == 1e-3 / 25
    # What the printed formula takes literally is advised against under the code that the page names.
    layers = "layers:\n  relu: {op: relu}\n  norm: {op: lrn, size: 5, alpha: 5e-4, beta: 0.75, k: 2}\n"
    spec = f"schema: archc/v1\nname: a\ninput: {{image: [9, 4, 4]}}\n{layers}"
    found = analyse(spec.encode(), "page.yaml").findings
    assert [finding.code for finding in found] == ["ARC916"]
    assert "5e-4 here and in the frameworks that divide (archc advises against it, ARC916)" in line


def test_the_slopes_of_activations() -> None:
    x = np.array(row("activation", "x"))
    sigmoid = 1 / (1 + base**-x)
    assert row("activation", "sigmoid") == (sigmoid * (1 - sigmoid)).round(4).tolist()
    assert row("activation", "tanh") == (1 - np.tanh(x) ** 2).round(4).tolist()
    assert row("activation", "relu") == (x > 0).astype(float).tolist()
    anywhere = 1 / (1 + base ** -np.linspace(-9, 9, 1801))
    assert (anywhere * (1 - anywhere)).max() == 0.25
    relus = [node for node in facts_of("alexnet").graph.nodes if node.op.op == "relu"]
    assert f"(1 / 4) ^ {len(relus)} = " in text("activation")


def test_dropout_keeps_the_mean() -> None:
    x, kept = (np.array(row("overfitting", label)) for label in ("input", "kept"))
    assert row("overfitting", "output") == (x * kept / (1 - 0.5)).tolist()


def test_the_crops() -> None:
    assert f"begin at {256 - 224 + 1} places" in prose("augmentation")
    assert "factor of 2048" in prose("augmentation")


def steps(rule: str, gradients: list[float], rates: list[float], w: float = 0, decay: float = 0) -> list[float]:
    """What each step adds to a weight, by the formulas of the page."""
    v, added = 0.0, list[float]()
    for g, lr in zip(gradients, rates, strict=True):
        if rule == "paper":
            v = 0.9 * v - decay * lr * w - lr * g
            step = v
        elif rule == "pytorch":
            v = 0.9 * v + g + decay * w
            step = -lr * v
        else:
            v = 0.9 * v - lr * g
            step = v - decay * lr * w
        w += step
        added.append(step)
    return added


def test_the_steps_of_the_update_rule() -> None:
    results = [float(result.replace(",", "")) for _, result in equations("update_rule")]
    first, second, third, limit, decayed, paper, pytorch, through, beside = results
    assert steps("paper", [1, 1, 1], [0.01] * 3) == pytest.approx([first, second, third])
    assert steps("pytorch", [1, 1, 1], [0.01] * 3) == pytest.approx([first, second, third])
    assert steps("paper", [1] * 500, [0.01] * 500)[-1] == pytest.approx(limit)
    assert steps("paper", [0], [0.01], w=1, decay=5e-4) == pytest.approx([decayed])
    assert steps("paper", [1, 1, 1], [0.01, 0.01, 0.001])[-1] == pytest.approx(paper)
    assert steps("pytorch", [1, 1, 1], [0.01, 0.01, 0.001])[-1] == pytest.approx(pytorch)
    # The weight itself falls by hardly anything in so few steps.
    assert steps("paper", [0] * 100, [0.01] * 100, w=1, decay=5e-4)[-1] == pytest.approx(-through, rel=0.01)
    assert steps("keras", [0] * 100, [0.01] * 100, w=1, decay=5e-4)[-1] == pytest.approx(-beside, rel=0.01)


def test_the_scale_that_weights_keep() -> None:
    """By the fan-ins of the network; 0.03 is what the spec of the trained network has."""
    graph = facts_of("alexnet_2012").graph
    fans: dict[str, int] = {}
    for layer in ("conv3", "conv4", "conv5", "fc6"):
        node = graph.node(layer)
        weights, _ = node.op.parameters(tuple(map(graph.tensor, node.inputs)))
        fans[layer] = weights.fan_in
    assert fans["conv4"] == fans["conv5"]
    results = dict(equations("initialisation"))
    shares = [result for expression, result in equations("initialisation") if expression.startswith("(2 / ")]
    assert shares == [f"{(2 / fans[layer]) ** 0.5:.4f}" for layer in ("conv3", "conv4", "fc6")]
    assert set(fans.values()) == {int(result) for left, result in results.items() if re.match(r"\d+ × \d × \d$", left)}
    factor = {std: results[f"({fans['conv3']} / 2) ^ 0.5 × {std}"] for std in (0.01, 0.03)}
    assert factor == {0.01: "0.34", 0.03: "1.02"}
    spec = (ROOT / "specs" / "alexnet_2012.yaml").read_text(encoding="utf-8")
    assert "conv2d: {weight_init: {normal: {std: 0.03}}" in spec
    left = (fans["conv3"] / 2 * (fans["conv4"] / 2) ** 2) ** 0.5 * 0.01**3
    assert f"leave about {left:.0%}".replace("%", " %") in prose("initialisation")


def test_a_word_refers_to_the_pages_on_what_it_is_for() -> None:
    lrn = explanation_of("lrn")
    assert lrn is not None
    assert lrn.meaning.endswith("\n\nSee also: `archc explain normalisation`, `archc explain two_columns`.")
    code = explanation_of("ARC916")
    assert code is not None
    assert code.meaning.endswith("\n\nSee also: `archc explain normalisation`.")
    for word, page in (("momentum", "update_rule"), ("columns", "two_columns"), ("data", "augmentation")):
        found = page_of(word)
        assert found is not None
        assert found.parts[-1] == f"See also: `archc explain {page}`."
    assert Concept("a", "A", ("See also: `b`, `c_d`.",)).see_also == ("b", "c_d")
