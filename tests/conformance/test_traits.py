"""What archc's ops declare of their values is what they compute, and a false declaration is found."""

from __future__ import annotations

from typing import Any

import pytest

from archc.conformance import Check, NotConformant, op_checks
from archc.conformance.cases import op_cases
from archc.conformance.traits import check_traits
from archc.ops import ops
from archc.ops.op import Op

CHECKS = [check for name in ops() for check in op_checks(name)]


@pytest.mark.parametrize("check", CHECKS, ids=str)
def test_every_op_declares_what_it_computes(check: Check) -> None:
    assert not check()


@pytest.mark.parametrize(
    ("op", "trait", "value", "message"),
    [
        ("tanh", "output_sign", "nonnegative", "`output_sign` is nonnegative, but an output is -"),
        ("conv2d", "output_sign", "nonnegative", "`output_sign` is nonnegative, but an output is -"),
        ("batch_norm", "output_sign", "kept", "`output_sign` is kept, but inputs that are not negative give -"),
        ("softmax", "keeps_zeros", True, "`keeps_zeros` is set, but zeros give "),
        (
            "relu",
            "is_linear",
            True,
            "`is_linear` is set, but the sum of two inputs does not give the sum of their outputs",
        ),
        ("relu", "gives_probabilities", True, "`gives_probabilities` is set, but the outputs do not sum to 1"),
        ("concat", "commutes", True, "`commutes` is set, but inputs in another order give other values"),
        ("max_pool2d", "is_activation", True, "an activation has an output of another shape than its input"),
        ("max_pool2d", "keeps_shape", True, "an op with `keeps_shape` has an output of another shape than its input"),
        ("relu", "value", lambda _, x: x[:, :1], "`infer` gives "),
    ],
)
def test_a_false_declaration_is_found(
    monkeypatch: pytest.MonkeyPatch, op: str, trait: str, value: Any, message: str
) -> None:
    cases = op_cases(op)
    monkeypatch.setattr(ops()[op], trait, value)
    found: list[str] = []
    for case in cases:
        try:
            check_traits(case)
        except NotConformant as error:
            found.append(str(error))
    assert any(text.startswith(message) for text in found), found[:1]


def test_the_defaults_promise_nothing() -> None:
    assert (Op.output_sign, Op.keeps_zeros, Op.commutes, Op.gives_probabilities) == ("any", False, False, False)
