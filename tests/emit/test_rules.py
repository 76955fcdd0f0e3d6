"""The register of rules: one per op, and each returns what it writes."""

from __future__ import annotations

from types import FunctionType
from typing import Any, cast

import pytest

from archc.analysis import analyse
from archc.backend import Unsupported
from archc.emit.plan import Step
from archc.emit.rules import Rules, described
from archc.example import HEAD
from archc.failure import Failure
from archc.ops.activation import Activation
from archc.ops.op import Op
from archc.ops.relu import Relu


def step_of(layer: str) -> Step:
    """A step with the node and the inputs of a layer, which is all that the register reads."""
    facts = analyse(f"{HEAD}  {layer}\n".encode(), "a.yaml").facts
    assert facts is not None
    step = type("Step", (), {"node": facts.graph.nodes[0], "inputs": tuple(facts.graph.inputs.values())})
    return cast(Step, step)


def test_an_op_has_one_rule() -> None:
    rules = Rules[str]("mine", "Mine")

    def relu(op: Relu, step: Step) -> str:
        return f"{step.node.name}: {op.op}"

    rules.register(Relu)(relu)
    assert rules.write(step_of("a: {op: relu}")) == "a: relu"
    other = FunctionType(relu.__code__, {**globals(), "__name__": "elsewhere"})
    message = f"{__name__} and elsewhere both register a rule for `relu` with the backend `mine`"
    with pytest.raises(Failure, match=message):
        rules.register(Relu)(other)
    assert rules.write(step_of("a: {op: relu}")) == "a: relu"


def test_an_op_without_a_rule_is_refused() -> None:
    rules = Rules[str]("mine", "Mine")
    assert Relu not in rules
    with pytest.raises(Unsupported, match=r"^a needs `relu`, which the Mine backend does not support$"):
        rules.write(step_of("a: {op: relu}"))
    rules.register(Relu)(lambda op, step: op.op)
    assert Relu in rules


def test_a_rule_that_returns_nothing_is_named() -> None:
    rules = Rules[Any]("mine", "Mine")

    @rules.register(Relu)
    def relu(op: Relu, step: Step) -> None:
        del op, step

    with pytest.raises(Failure, match=rf"the rule {__name__}\..*relu for `relu` returns nothing"):
        rules.write(step_of("a: {op: relu}"))


@pytest.mark.parametrize("what", [Op, Activation, int, 3, "relu", None])
def test_only_an_op_that_a_spec_can_ask_for_has_a_rule(what: Any) -> None:
    with pytest.raises(TypeError, match="is not the class of an op, so it cannot have a rule"):
        Rules[Any]("mine", "Mine").register(what)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("nn.ReLU()", "a str"),
        (3, "an int"),
        ((), "an empty tuple"),
        (("a", 1), "a tuple of str, int"),
        ({"_a": 1.0}, "a dict of float"),
    ],
)
def test_how_a_fault_names_what_a_rule_returned(written: object, said: str) -> None:
    assert described(written) == said
