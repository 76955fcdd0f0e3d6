"""How each op is written in PyTorch: one rule per op, in the module of its kind."""

from archc_torch.rules import activations, joins, noise, normalisation, pooling, recurrent, sequences, shapes, weighted
from archc_torch.rules.table import ORDERS, RULES, Modules, rule

__all__ = ["ORDERS", "RULES", "Modules", "rule"]
__all__ += ["activations", "joins", "noise", "normalisation", "pooling", "recurrent", "sequences", "shapes", "weighted"]
