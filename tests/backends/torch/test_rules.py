"""What a rule may return to the PyTorch backend: modules, or an expression, also in a chain. All else is its fault."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from archc_torch.rules import RULES
from torch import nn

from archc.analysis import Facts, analyse
from archc.backend import Origin, Request, load
from archc.conformance.reference import evaluate
from archc.emit.plan import Step
from archc.emit.syntax import Fixed, Name, Unpacked, call
from archc.failure import Failure
from archc.graph import Graph
from archc.ops.tanh import Tanh

CHAIN = """schema: archc/v1
name: net
input: {image: [2, 3, 3]}
defaults: {dense: {weight_init: {normal: {std: 0.5}}}}
layers:
  flat: {op: flatten}
  fc1: {op: dense, units: 7}
  squashed: {op: tanh}
  fc2: {op: dense, units: 4}
"""

Build = Callable[[Facts, Graph], nn.Module]


def facts_of(text: str) -> Facts:
    facts = analyse(text.encode(), "net.yaml").facts
    assert facts is not None
    return facts


def emitted(facts: Facts) -> str:
    return load("torch").emit(Request(facts.graph, facts.counts, facts.recipe, Origin.of("net.yaml", b""))).text


@pytest.fixture
def tanh(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[Tanh, Step], Any]], None]:
    """Another rule for tanh."""
    return lambda rule: monkeypatch.setitem(vars(RULES)["_rules"], Tanh, rule)


@pytest.mark.parametrize("more", ["", "  prob: {op: softmax}\n", "outputs: [squashed, fc2]\n"])
def test_an_expression_in_a_chain_is_computed(tanh: Callable[..., None], build: Build, more: str) -> None:
    tanh(lambda op, step: call("torch.tanh", Name(step.reads[0])))
    facts = facts_of(CHAIN + more)
    model = build(facts, facts.graph).double()
    x = torch.randn(3, 2, 3, 3, dtype=torch.float64)
    given: Any = model(x)
    weights = {name: parameter.detach().numpy() for name, parameter in model.named_parameters()}
    expected = evaluate(facts.graph, weights, x.numpy())
    last = given[-1] if isinstance(given, tuple) else given
    np.testing.assert_allclose(last.detach().numpy(), expected["fc2"], rtol=1e-12)
    assert [name for name, _ in model.named_children()] == ["flat", "fc1", "fc2"]
    scope: dict[str, Any] = {"__name__": "emitted"}
    exec(emitted(facts), scope)
    scope["check"]()


def test_a_chain_of_modules_stays_a_sequential() -> None:
    text = emitted(facts_of(CHAIN))
    assert "class Net(nn.Sequential):" in text
    assert "Tensor" not in text


def test_an_expression_brings_the_snippets_that_it_calls(tanh: Callable[..., None], build: Build) -> None:
    tanh(lambda op, step: call(call("LRN", 1, alpha=0, beta=1, k=1), Name(step.reads[0])))
    facts = facts_of(
        "schema: archc/v1\nname: net\ninput: {image: [2, 3, 3]}\nlayers:\n  normal: {op: relu}\n  a: {op: tanh}\n"
    )
    x = torch.randn(3, 2, 3, 3)
    torch.testing.assert_close(build(facts, facts.graph)(x), x.relu())
    assert "def normal" not in emitted(facts)


MODULE = call("nn.Tanh")


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("nn.Tanh()", "a str, not one or two modules or an expression"),
        (3, "an int, not one"),
        ({"": MODULE}, "a dict of Call, not one"),
        ((MODULE for _ in "a"), "a generator, not one"),
        ((), "an empty tuple, not one"),
        ((MODULE, MODULE, MODULE), "a tuple of Call, Call, Call, not one"),
        (("nn.Tanh()",), "a tuple of str, not one"),
        ((Name("a"),), "a tuple of Name, not one"),
        (Unpacked(MODULE), "an Unpacked, not one"),
        (MODULE, "a Call that reads no input; a module must be in a tuple"),
        (Fixed("1"), "a Fixed that reads no input"),
        (None, "nothing"),
    ],
)
def test_anything_else_is_the_fault_of_the_rule(tanh: Callable[..., None], written: object, said: str) -> None:
    def rule(op: Tanh, step: Step) -> object:
        del op, step
        return written

    tanh(rule)
    with pytest.raises(Failure) as caught:
        emitted(facts_of(CHAIN))
    assert caught.value.message.startswith(f"the rule {__name__}.{rule.__qualname__} for `tanh` returns {said}")
