"""The table of rules, and what a rule returns.

A rule returns the Keras layers that compute the op one after the other, by the suffix that each adds to the layer's
name. The last one has none.
"""

from __future__ import annotations

from archc.emit.rules import Rules
from archc.emit.syntax import Call, Expression, Unless

Layers = dict[str, Call]
Fields = dict[str, Expression | str | float | Unless]

RULES = Rules[Layers]("keras", "Keras")
rule = RULES.register
