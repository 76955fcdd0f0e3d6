"""The gradients of weights that several ranks have, for emitted source."""
# pyright: reportPrivateImportUsage=false, reportUnknownLambdaType=false
# pyright: reportPrivateUsage=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false

from typing import Any

import torch
from torch import Tensor, distributed, nn
from torch.nn.parallel import DistributedDataParallel

from archc_torch.snippets.axis import axis
from archc_torch.snippets.is_summed import is_summed


def over_ranks(model: nn.Module) -> nn.Module:
    """Give all ranks the first one's shared weights, and sum their gradients.

    Call what this returns in training, and `model` otherwise.
    """
    state = model.state_dict()
    for name, value in state.items():
        if axis(name) is None:
            distributed.broadcast(value, src=0)
    parameters = [name for name, _ in model.named_parameters()]
    alike = [name for name in parameters if axis(name) is None and is_summed(name)]
    if not alike:
        return model
    apart = state.keys() - {*alike}
    DistributedDataParallel._set_params_and_buffers_to_ignore_for_model(model, apart)
    parallel = DistributedDataParallel(
        model, bucket_cap_mb=25, gradient_as_bucket_view=True, static_graph=True
    )
    parallel.register_comm_hook(None, summed)
    return parallel


def summed(_: Any, bucket: distributed.GradBucket) -> torch.futures.Future[Tensor]:
    """Sum a bucket of gradients over the ranks, during the backward pass."""
    work = distributed.all_reduce(bucket.buffer(), async_op=True)
    return work.get_future().then(lambda future: future.value()[0])
