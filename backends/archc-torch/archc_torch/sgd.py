"""The paper's rule for changing weights: v <- momentum v - weight_decay lr w - lr g; w <- w + v."""
# pyright: reportPrivateImportUsage=false, reportPrivateUsage=false

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor

from archc.spec import Sgd


class MomentumSgd:
    """Holds a velocity for each weight; biases are not decayed unless the rule says so.

    `torch.optim.SGD` keeps the learning rate out of its velocities, so it differs as soon as the rate changes. This is
    no `torch.optim.Optimizer`, the first of which in a process takes seconds to import PyTorch's compiler.
    """

    def __init__(self, named: Iterable[tuple[str, Tensor]], rule: Sgd) -> None:
        self._rule = rule
        weights = dict(named)
        self._weights = list(weights.values())
        self._velocities = [torch.zeros_like(weight) for weight in self._weights]
        self._decayed = [
            index
            for index, name in enumerate(weights)
            if rule.weight_decay and (rule.decay_biases or name.rpartition(".")[2] != "bias")
        ]

    @torch.no_grad()
    def step(self, lr: float) -> None:
        """Change every weight by its gradient, which is then dropped."""
        torch._foreach_mul_(self._velocities, self._rule.momentum)
        if self._decayed:
            velocities, weights = (
                [these[index] for index in self._decayed] for these in (self._velocities, self._weights)
            )
            torch._foreach_add_(velocities, weights, alpha=-self._rule.weight_decay * lr)
        gradients = [weight.grad for weight in self._weights if weight.grad is not None]
        torch._foreach_add_(self._velocities, gradients, alpha=-lr)
        torch._foreach_add_(self._weights, self._velocities)
        for weight in self._weights:
            weight.grad = None
