"""Evaluation of a model of several inputs, perhaps in training, for emitted files."""

import torch
from torch import Tensor, nn


def evaluate_on(model: nn.Module, *inputs: Tensor) -> Tensor:
    """Call the model in eval mode, without gradients; leave all modes as they were."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        with torch.no_grad():
            return model(*inputs)
    finally:
        for module, mode in modes:
            module.training = mode
