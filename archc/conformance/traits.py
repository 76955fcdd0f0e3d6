"""Checks what an op declares of its values against the values that it computes in NumPy."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from types import NoneType
from typing import TYPE_CHECKING

from archc.analysis import analyse
from archc.conformance.cases import Case
from archc.conformance.computing import random_parameters
from archc.conformance.emission import demand
from archc.ops.op import Op
from archc.ops.properties import Footprint, Kept, Reach, Scratch
from archc.ops.window import Window

if TYPE_CHECKING:
    pass

_EXAMPLES = 2


def check_traits(case: Case) -> Mapping[str, str]:
    """Check the op of a case's layer `layer`: the shape, signs and zeros of its output, and the order of its inputs."""
    import numpy as np

    graph = case.facts.graph
    node = graph.node("layer")
    tensors, op, random = graph.tensors(node.inputs), node.op, np.random.default_rng(0)
    _check_figures(case)
    weights = random_parameters(op, tensors, random)
    inputs = tuple(random.standard_normal((_EXAMPLES, *x.shape)) for x in tensors)
    output = op.compute(inputs, weights)
    shapes = f"`infer` gives {node.output.shape}, `compute` {output.shape[1:]}"
    demand(output.shape == (_EXAMPLES, *node.output.shape), shapes, case)
    if op.is_activation or op.keeps_shape:
        what = "an activation" if op.is_activation else "an op with `keeps_shape`"
        demand(node.output == tensors[0], f"{what} has an output of another shape than its input", case)
    if op.output_sign == "nonnegative":
        demand(bool((output >= 0).all()), f"`output_sign` is nonnegative, but an output is {output.min():g}", case)
    if op.output_sign == "kept":
        least = op.compute(tuple(map(np.abs, inputs)), weights).min()
        demand(least >= 0, f"`output_sign` is kept, but inputs that are not negative give {least:g}", case)
    if op.keeps_zeros:
        largest = np.abs(op.compute(tuple(map(np.zeros_like, inputs)), weights)).max()
        demand(largest == 0, f"`keeps_zeros` is set, but zeros give {largest:g}", case)
    if op.commutes:
        same = np.allclose(op.compute(inputs[::-1], weights), output)
        demand(same, "`commutes` is set, but inputs in another order give other values", case)
    if op.folds and len(inputs) > 2:
        first, second, *others = inputs
        folded = reduce(lambda found, x: op.compute((found, x), weights), others, op.compute((first, second), weights))
        demand(np.allclose(folded, output), "`folds` is set, but two at a time the inputs give other values", case)
    if op.is_linear:
        other = tuple(random.standard_normal(x.shape) for x in inputs)
        both = op.compute(tuple(x + y for x, y in zip(inputs, other, strict=True)), weights)
        constant = op.compute(tuple(map(np.zeros_like, inputs)), weights)
        same = np.allclose(both - constant, output - constant + op.compute(other, weights) - constant)
        demand(same, "`is_linear` is set, but the sum of two inputs does not give the sum of their outputs", case)
    if op.scores_as == "probabilities":
        same = np.allclose(output.sum(1), 1)
        demand(same, "`gives_probabilities` is set, but the outputs do not sum to 1", case)
    return {}


def _check_figures(case: Case) -> None:
    """Check that what an op answers is of the type that archc counts with, and never negative."""
    graph = case.facts.graph
    node = graph.node("layer")
    op, inputs, output = node.op, graph.tensors(node.inputs), node.output
    kept, scratch = op.kept(inputs, output), op.scratch(inputs, output, narrow=True)
    answers: dict[str, tuple[object, type | tuple[type, ...]]] = {
        "kept": (kept, Kept),
        "scratch": (scratch, Scratch),
        "reach": (op.reach(), Reach),
        "window": (op.window(inputs), (Window, NoneType)),
        "summary": (op.summary(), str),
        **{f"footprint[{axis}]": (part, Footprint) for axis, part in enumerate(op.footprint(inputs) or ())},
    }
    for name, (answer, kind) in answers.items():
        demand(isinstance(answer, kind), f"`{name}` gives {answer!r}, which is not of its type", case)
    reads = op.reads(range(output.channels), inputs, output)
    demand(len(reads) == len(inputs), f"`reads` gives {len(reads)} ranges for {len(inputs)} inputs", case)
    sizes = (size for parameter in op.parameters(inputs) for size in parameter.shape)
    figures = {
        "macs": op.macs(inputs, output),
        "element_ops": op.element_ops(inputs, output),
        "padded": op.padded(inputs),
    }
    parts = [
        ("kept", kept.own),
        ("kept", kept.once),
        ("kept", kept.common),
        *(("scratch", figure) for figure in scratch),
    ]
    for name, figure in [*figures.items(), *parts]:
        demand(type(figure) is int and figure >= 0, f"`{name}` gives {figure!r}, which is no count", case)
    demand(all(type(size) is int and size > 0 for size in sizes), "`parameters` gives a size that is no count", case)


def check_examples(op: type[Op]) -> Mapping[str, str]:
    """Check that archc finds a mistake in an op's failing example, and none in the corrected one."""
    for spec, is_wrong in ((op.failing, True), (op.corrected, False)):
        findings = analyse(spec.encode(), "example.yaml").findings
        found = f"{len(findings)} findings in the {'failing' if is_wrong else 'corrected'} example"
        demand(bool(findings) == is_wrong, found, Case("example", spec))
    return {}
