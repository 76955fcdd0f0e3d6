"""From layers to a graph: what each layer reads, what depends on a failed layer, and where each field is written."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from archc.analysis import analyse
from archc.diagnostics.finding import Finding
from archc.graph import Graph
from archc.language.lowering import lower
from archc.language.spec_reading import read_spec
from archc.ops import ops

SPECS = Path(__file__).parents[2] / "specs"
HEAD = "schema: archc/v1\nname: small\ninput: {image: [3, 8, 8]}\n"


def lowered(layers: str, more: str = "") -> tuple[Graph, list[Finding]]:
    text = HEAD + more + "layers:\n" + "".join(f"  {line.strip()}\n" for line in layers.strip().splitlines())
    document, findings = read_spec(text.encode(), "small.yaml")
    assert document is not None
    graph, found = lower(document)
    return graph, findings + found


def test_a_layer_reads_the_one_before_it_unless_it_says_from() -> None:
    graph, findings = lowered("""
        a: {op: relu}
        b: {op: relu}
        c: {op: relu, from: a}
        d: {op: add, from: [c, b]}
        e: {op: relu}
    """)
    assert findings == []
    assert {node.name: node.inputs for node in graph.nodes} == {
        "a": ("image",),
        "b": ("a",),
        "c": ("a",),
        "d": ("c", "b"),
        "e": ("d",),
    }


def test_outputs_are_the_layers_that_nobody_reads() -> None:
    graph, _ = lowered("""
        a: {op: relu}
        b: {op: relu}
        c: {op: relu, from: a}
    """)
    assert graph.outputs == ("b", "c")
    assert not graph.is_chain


def test_a_failed_layer_takes_its_readers_with_it_and_nobody_else() -> None:
    graph, findings = lowered("""
        a: {op: relu}
        b: {op: conv2d, filters: 4, kernel: 9}
        c: {op: relu}
        d: {op: add, from: [a, c]}
        e: {op: relu, from: a}
    """)
    assert [finding.code for finding in findings] == ["ARC201"]
    assert [node.name for node in graph.nodes] == ["a", "e"]


def test_a_field_knows_where_it_was_written_even_in_the_defaults() -> None:
    graph, _ = lowered("a: {op: conv2d, filters: 4, kernel: 3}", "defaults: {conv2d: {stride: 2}}\n")
    node = graph.node("a")
    assert (node.at("filters").line, node.at("filters").column) == (6, 28)
    assert (node.at("stride").line, node.at("stride").column) == (4, 29)
    assert node.at("padding") == node.span
    assert (node.span.line, node.span.column) == (6, 3)


def test_the_order_of_sections_and_of_fields_does_not_matter() -> None:
    text = HEAD.replace(
        "schema: archc/v1\n", "layers: {a: {kernel: 3, op: conv2d}}\ndefaults: {conv2d: {filters: 2}}\n"
    )
    document, findings = read_spec((text + "schema: archc/v1\n").encode(), "small.yaml")
    assert document is not None
    graph, found = lower(document)
    assert findings + found == []
    assert graph.node("a").output.shape == (2, 6, 6)


@pytest.mark.parametrize("name", ["class", "forward", "self", "on", "null", "True"])
def test_a_name_that_another_language_reserves_is_a_name(name: str) -> None:
    graph, findings = lowered(f"{name}: {{op: relu}}\nlast: {{op: relu, from: '{name}'}}")
    assert findings == []
    assert [node.name for node in graph.nodes] == [name, "last"]


def test_the_title_is_the_name_where_there_is_none() -> None:
    assert lowered("a: {op: relu}")[0].title == "small"
    assert lowered("a: {op: relu}", "title: A net\n")[0].title == "A net"


@pytest.mark.parametrize(("units", "fits"), [(2**20, True), (2**20 + 1, False)])
def test_no_layer_has_more_than_2_to_the_40_parameters(units: int, fits: bool) -> None:
    graph, findings = lowered(
        f"flat: {{op: flatten}}\na: {{op: dense, units: {2**20}}}\nb: {{op: dense, units: {units}}}"
    )
    assert [finding.code for finding in findings] == ([] if fits else ["ARC205"])
    assert ("b" in [node.name for node in graph.nodes]) == fits


def test_20_000_layers_are_lowered_one_by_one() -> None:
    graph, findings = lowered("\n".join(f"r{number}: {{op: relu}}" for number in range(20_000)))
    assert findings == []
    assert graph.is_chain
    assert graph.outputs == ("r19999",)


@pytest.mark.parametrize(
    ("fields", "guess", "is_fixed"),
    [
        ("inputs: a", "from", True),
        ("inputs: a, from: a", "from", False),
        ("inputs: a, bottom: a", "from", False),
        ("expct: [3, 8, 8]", "expect", True),
        ("expct: [3, 8, 8], expect: [3, 8, 8]", "expect", False),
    ],
)
def test_a_field_of_every_layer_is_renamed_unless_the_right_one_is_there(
    fields: str, guess: str, is_fixed: bool
) -> None:
    _, findings = lowered(f"a: {{op: relu}}\nb: {{op: relu, {fields}}}")
    assert {(f.code, f.help) for f in findings} == {("ARC101", f"did you mean `{guess}`?")}
    assert [edit.text for f in findings for edit in f.fix] == ([guess] if is_fixed else [])


@pytest.mark.parametrize("shape", ["[]", "x", "[3, x]", "[3, [8]]", "{c: 3}", "[3.0]", "[true]", ""])
@pytest.mark.parametrize("layer", ["a: {op: relu, ", "a: {op: conv2d, filters: 4, kernel: 9}\nb: {op: relu, "])
def test_a_shape_that_cannot_be_read_is_reported_even_if_the_input_failed(layer: str, shape: str) -> None:
    _, findings = lowered(f"{layer}expect: {shape}}}")
    (finding,) = (finding for finding in findings if finding.code != "ARC201")
    message = "`expect` must be a shape: [channels, height, width] or [units]"
    assert (finding.code, finding.message) == ("ARC104", message)


def test_an_op_that_cannot_be_imported_is_no_matter_to_a_spec_without_it(install: Callable[..., None]) -> None:
    ops.cache_clear()
    try:
        install("archc-a", "archc.ops", "broken", "raise ValueError", "Broken")
        assert ops().failure("broken")
        _, findings = lowered("a: {op: relu, from: [image, image]}")
    finally:
        ops.cache_clear()
    assert [(f.code, f.help) for f in findings] == [
        ("ARC108", "join them first, with `add`, `concat`, `maximum` or `multiply`")
    ]


@pytest.mark.parametrize(
    ("layers", "labels"),
    [
        ("a: {op: dense, units: 2}", ["image is 3 × 8 × 8"]),
        ("a: {op: flatten}\nb: {op: lrn, size: 5, alpha: 1, beta: 1, k: 1}", ["a is 192 units"]),
        ("a: {op: conv2d, filters: 3, kernel: 1, groups: 2}", [""]),
    ],
)
def test_a_refused_input_is_described(layers: str, labels: list[str]) -> None:
    _, (finding,) = lowered(layers)
    assert [label for _, label in finding.related] == labels


@pytest.mark.parametrize(
    ("layers", "mended"),
    [
        ("  fc1: {op: dense, units: 2}\n", "  flat: {op: flatten}\n  fc1: {op: dense, units: 2}\n"),
        ("    fc1:\n      {op: dense, units: 2}\n", "    flat: {op: flatten}\n    fc1:\n      {op: dense, units: 2}\n"),
        (
            "  flat: {op: relu}\n  fc1: {op: dense, units: 2}\n",
            "  flat: {op: relu}\n  flat_fc1: {op: flatten}\n  fc1: {op: dense, units: 2}\n",
        ),
        ("  fc1: {op: dense, units: 2, from: image}\n", None),
        ("  {fc1: {op: dense, units: 2}}\n", None),
    ],
)
def test_a_forgotten_flatten_is_written_where_it_belongs(layers: str, mended: str | None) -> None:
    head = HEAD + "defaults: {dense: {weight_init: {he_normal: {}}}}\nlayers:\n"
    text = head + layers
    (finding,) = analyse(text.encode(), "small.yaml").findings
    assert finding.code == "ARC202"
    assert len(finding.fix) == (mended is not None)
    for edit in finding.fix:
        text = text[: edit.span.start] + edit.text + text[edit.span.end :]
        assert text == head + (mended or "")
        assert analyse(text.encode(), "small.yaml").findings == []


@pytest.mark.parametrize("name", ["alexnet.yaml", "alexnet_torchvision.yaml"])
def test_a_spec_without_a_mistake_imports_nothing_that_only_a_mistake_needs(name: str) -> None:
    read = f"open({str(SPECS / name)!r}, 'rb').read()"
    code = f"import sys; from archc.analysis import analyse; assert analyse({read}, 'a').facts; "
    ran = [sys.executable, "-c", f"{code}print(*sys.modules)"]
    imported = set(subprocess.run(ran, check=True, capture_output=True, text=True).stdout.split())
    assert not [name for name in imported if name.startswith("archc.language.mistakes")]
    assert not imported & {"archc.ops.initialisers", "archc.ops.absent"}
