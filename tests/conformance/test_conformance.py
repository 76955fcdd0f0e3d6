"""The conformance checks: their cases cover every value of every field, and they find each way to break a rule."""

from __future__ import annotations

import json
import keyword
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from archc.backend import EmittedSource, Origin, Request, Unsupported, load
from archc.conformance import Case, NotConformant, cases
from archc.conformance.cases import op_cases
from archc.conformance.computing import check_values
from archc.conformance.emission import check_emission
from archc.conformance.field_values import field_values
from archc.conformance.processes import check_processes
from archc.conformance.reference import evaluate
from archc.graph import Graph
from archc.language.layout.canonical import canonical
from archc.ops import ops
from archc.ops.fields import Margins

CASE = Case(
    "case",
    "schema: archc/v1\nname: net\ninput: {image: [3, 4, 4]}\nlayers:\n  first: {op: relu}\n  second: {op: tanh}\n",
)


@pytest.mark.parametrize("name", ops())
def test_each_value_of_each_field_is_in_a_case(name: str) -> None:
    layers = [case.facts.graph.node("layer") for case in op_cases(name)]
    assert all(case.facts.graph.name == case.name for case in op_cases(name))
    for field, values in field_values(ops()[name]).items():
        for value in values:
            if value is None:
                assert any(field not in layer.fields for layer in layers), field
                continue
            meant = ops()[name].model_validate(_some(layers, name) | {field: value})
            there = [layer for layer in layers if getattr(layer.op, field) == getattr(meant, field)]
            assert there, f"{field}: {value}"


def _some(layers: list[Any], name: str) -> dict[str, Any]:
    """The fields of one layer, as a spec writes them."""
    return layers[0].op.model_dump(mode="json", exclude_none=True) | {"op": name}


def test_paddings_strides_and_groups_are_tried_in_all_forms() -> None:
    convolutions: list[Any] = [case.facts.graph.node("layer").op for case in op_cases("conv2d")]
    assert {op.groups for op in convolutions} == {1, 2, 3, 4}
    assert {op.bias for op in convolutions} == {False, True}
    assert any(op.padding == "same" and op.stride != (1, 1) and op.rounding == "ceil" for op in convolutions)
    assert any(op.stride != (1, 1) and op.dilation != (1, 1) for op in convolutions)
    assert any(op.kernel.height != op.kernel.width for op in convolutions)
    assert any(isinstance(op.padding, Margins) and op.padding.symmetric is None for op in convolutions)


def test_inputs_are_square_or_not_and_vectors_if_the_op_takes_them() -> None:
    read = {case.facts.graph.tensors(case.facts.graph.node("layer").inputs)[0].shape for case in op_cases("dense")}
    assert {len(shape) for shape in read} == {1, 2}
    read = {case.facts.graph.tensors(case.facts.graph.node("layer").inputs)[0].shape for case in op_cases("relu")}
    assert {(12, 9, 11), (12, 8, 8), (1188,)} <= read
    assert {len(case.facts.graph.node("layer").inputs) for case in op_cases("add")} == {2, 3}


def test_cases_are_in_archc_s_layout_and_include_the_shipped_specs() -> None:
    every = cases()
    assert len({case.name for case in every}) == len(every)
    assert "alexnet" in {case.name for case in every}
    laid_out = [canonical(case.spec.encode(), case.name)[0] for case in every]
    assert laid_out == [case.spec.encode() for case in every]


@dataclass(frozen=True)
class Broken:
    """A backend that emits a little Python. `spoil` makes it break a rule."""

    spoil: Callable[[EmittedSource, Graph, Origin], EmittedSource] = lambda source, graph, origin: source
    rename: Callable[[str], str] = lambda name: name + "_"
    name: str = "broken"
    protocol: int = 3
    frameworks: tuple[str, ...] = ()
    strategies: tuple[()] = ()
    train_module: None = None

    def emit(self, request: Request) -> EmittedSource:
        graph, origin = request.graph, request.origin
        (image,) = graph.inputs
        names = {old: self.rename(old) for old in (image, *(node.name for node in graph.nodes))}
        lines = [f"{names[node.name]} = numpy.tanh({names[node.inputs[0]]})  # {node.output}" for node in graph.nodes]
        body = "\n        ".join([*lines, f"return {names[graph.outputs[0]]}"])
        doc = json.dumps(f"{graph.title} {origin.sha256}")
        text = f"import numpy\n\n\nclass Net:\n    {doc}\n\n    def __call__(self, {names[image]}):\n        {body}\n"
        return self.spoil(EmittedSource(text, "Net", names), graph, origin)


def in_text(old: str, new: Callable[[Graph], str]) -> Callable[[EmittedSource, Graph, Origin], EmittedSource]:
    return lambda source, graph, _: replace(source, text=source.text.replace(old, new(graph)))


def raising(error: Callable[[Graph], Exception]) -> Callable[[EmittedSource, Graph, Origin], EmittedSource]:
    def spoil(source: EmittedSource, graph: Graph, origin: Origin) -> EmittedSource:
        raise error(graph)

    return spoil


count = iter(range(10**9))

BREAKS = {
    "emitting twice gives two different results": in_text("numpy.tanh", lambda _: f"numpy.tanh{next(count)}"),
    "the source does not contain the SHA-256 of the spec": lambda s, g, o: replace(
        s, text=s.text.replace(o.sha256, "")
    ),
    "`renamed` has a key that is neither a layer nor the input": lambda s, g, o: replace(
        s, renamed={**s.renamed, "other": "another"}
    ),
    "two layers have the same name in the source": lambda s, g, o: replace(s, renamed=dict.fromkeys(s.renamed, "same")),
    "unsupported layer `other` is not a layer of the network": raising(lambda _: Unsupported("other", "no")),
    "the message for first is not one printable line: 'no\\nno'": raising(
        lambda graph: Unsupported(graph.nodes[0].name, "no\nno")
    ),
    "emit raises KeyError: 'first'": raising(lambda graph: KeyError(graph.nodes[0].name)),
    "the source is not valid Python": in_text("import numpy", lambda graph: f"import numpy\n# {graph.title}"),
    "expected Assign, got Expr": in_text(
        "import numpy", lambda g: "import numpy\n" + ("x\n" if g.title < "A t" else "x = 1\n")
    ),
    "the number of comments differs": in_text(
        "import numpy", lambda g: "import numpy" + "  # no"[: 6 * ("tame" not in g.name)]
    ),
    "expected `tanh`, got `sinh`": in_text(
        "numpy.tanh", lambda graph: "numpy." + ("tanh" if "tame" in graph.name else "sinh")
    ),
}


def test_a_backend_that_breaks_no_rule() -> None:
    backend = Broken()
    assert all(check_emission(backend, case) == {} for case in (CASE, *op_cases("relu")))


@pytest.mark.parametrize("message", BREAKS)
def test_a_broken_rule_is_found_and_shown_with_its_spec(message: str) -> None:
    with pytest.raises(NotConformant) as found:
        for case in (CASE, *op_cases("relu"), *op_cases("tanh")):
            check_emission(Broken(BREAKS[message]), case)
    assert message in str(found.value)
    assert "\n\nschema: archc/v1\n" in str(found.value)


def test_a_layer_that_hides_what_the_source_uses_is_found() -> None:
    careless = Broken(rename=lambda name: name + "_" if keyword.iskeyword(name) else name)
    with pytest.raises(NotConformant, match=r"a layer hides `\w+`, a name that the source uses"):
        for case in cases():
            check_emission(careless, case)


def test_unsupported_layers_are_returned() -> None:
    refusing = Broken(raising(lambda graph: Unsupported(graph.nodes[1].name, "no tanh")))
    assert check_emission(refusing, CASE) == {"second": "no tanh"}
    assert check_values(refusing, CASE, lambda *_: {}) == {"second": "no tanh"}


def computing(change: Callable[[Any], Any]) -> Callable[..., dict[str, Any]]:
    """A backend that computes what the reference does, with a change."""
    return lambda source, graph, weights, x: change(
        {name: value for name, value in evaluate(graph, weights, x).items() if name in graph.outputs}
    )


def test_values_are_compared_with_the_reference() -> None:
    backend = load("torch")
    assert check_values(backend, CASE, computing(lambda values: values)) == {}
    for change, message in (
        (lambda values: {}, "no values for second"),
        (
            lambda values: {name: value[:1] for name, value in values.items()},
            "second: expected shape (2, 3, 4, 4), got (1, 3, 4, 4)",
        ),
        (lambda values: {name: value + 1e-8 for name, value in values.items()}, "second: largest error 1e-08"),
        (lambda values: {name: value + (name == "first") for name, value in values.items()}, "first: largest error 1,"),
        (lambda values: {name: value * float("nan") for name, value in values.items()}, "second: largest error nan"),
    ):
        with pytest.raises(NotConformant) as found:
            check_values(backend, CASE, computing(change))
        assert message in str(found.value)


SLOPPY = """
import {imported}
from archc.backend import PROTOCOL, EmittedSource

class Sloppy:
    name, protocol, frameworks, strategies, train_module = "sloppy", PROTOCOL, ("numpy",), (), None

    def emit(self, request):
        graph = request.graph
        names = {names}
        return EmittedSource(f"{{request.origin.sha256}} {{names}}", "Net", {{}})

backend = Sloppy()
"""


@pytest.mark.parametrize(
    ("imported", "names", "message"),
    [
        ("numpy", "sorted(node.name for node in graph.nodes)", "emitting imports numpy"),
        ("json", "hash(graph.name)", "case: the source differs under"),
        ("json", "__import__('os').getcwd()", "case: the source differs under"),
    ],
)
def test_emission_that_depends_on_its_process_is_found(
    imported: str, names: str, message: str, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sloppy-1.dist-info").mkdir()
    (tmp_path / "sloppy-1.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: sloppy\nVersion: 1\n")
    (tmp_path / "sloppy-1.dist-info" / "entry_points.txt").write_text("[archc.backends]\nsloppy = sloppy_one:backend\n")
    (tmp_path / "sloppy_one.py").write_text(SLOPPY.format(imported=imported, names=names))
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "sloppy_one", raising=False)
    with pytest.raises(AssertionError, match=message):
        check_processes(load("sloppy"), [CASE])


@pytest.mark.parametrize("name", ["torch", "keras"])
def test_the_backends_emit_the_same_in_every_process(name: str) -> None:
    assert check_processes(load(name), cases()[::25]) == {}
