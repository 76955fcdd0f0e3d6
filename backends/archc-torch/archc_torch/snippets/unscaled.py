"""A normalisation with a bias and no weight, for emitted source."""

from typing import TypeVar

from torch import Tensor, nn

Norm = TypeVar("Norm", bound=nn.Module)


def unscaled(norm: Norm) -> Norm:
    """Fix the weights of a normalisation at 1: they are neither trained nor saved."""
    weight = norm.weight
    assert isinstance(weight, Tensor)
    del norm.weight
    norm.register_buffer("weight", weight.detach(), persistent=False)
    return norm
