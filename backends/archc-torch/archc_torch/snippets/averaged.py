"""The gradients of ranks with examples of their own, for emitted source."""
# pyright: reportPrivateImportUsage=false, reportUnknownLambdaType=false
# pyright: reportPrivateUsage=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false

from typing import Any

import torch
from torch import Tensor, distributed, nn
from torch.nn.parallel import DistributedDataParallel


def over_ranks(model: nn.Module) -> nn.Module:
    """Give all ranks the first one's weights, and average their gradients.

    Call what this returns in training, and `model` otherwise.
    """
    # Statistics are those of all examples: the ranks have the same without a message.
    statistics = {name for name, _ in model.named_buffers()}
    DistributedDataParallel._set_params_and_buffers_to_ignore_for_model(
        model, statistics
    )
    parallel = DistributedDataParallel(
        model, bucket_cap_mb=25, gradient_as_bucket_view=True, static_graph=True
    )
    parallel.register_comm_hook(None, averaged)
    return parallel


def averaged(_: Any, bucket: distributed.GradBucket) -> torch.futures.Future[Tensor]:
    """Average a bucket of gradients over the ranks, during the backward pass."""
    part = bucket.buffer().div_(distributed.get_world_size())
    work = distributed.all_reduce(part, async_op=True)
    return work.get_future().then(lambda future: future.value()[0])
