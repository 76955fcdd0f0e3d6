"""How each op is written in Keras, with channels last: one rule per op, in the module of its kind."""

from archc_keras.rules import activations, joins, noise, normalisation, pooling, recurrent, sequences, shapes, weighted
from archc_keras.rules.table import RULES, Layers, rule

__all__ = ["RULES", "Layers", "rule"]
__all__ += ["activations", "joins", "noise", "normalisation", "pooling", "recurrent", "sequences", "shapes", "weighted"]
