"""The table of rules, and what a rule may return.

A rule returns one module, or two of which the first pads, in a tuple or, for an op that needs no module, an expression
of its inputs.
"""

from __future__ import annotations

from archc.emit.rules import Rules
from archc.emit.syntax import Call, Expression

Modules = tuple[Call, ...]
"""One module, or two that are applied one after the other."""

RULES = Rules[Modules | Expression]("torch", "PyTorch")
rule = RULES.register
