"""Runs emitted source on several ranks, for a file that is started by itself."""
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

import os
import sys
from collections.abc import Callable
from tempfile import TemporaryDirectory

import torch
from torch import distributed
from torch.multiprocessing.spawn import spawn


def on_ranks(ranks: int, function: Callable[[], str]) -> None:
    """Run a function on every rank; print its summary. Starts what torchrun has not."""
    if "RANK" in os.environ:
        on_rank(int(os.environ["LOCAL_RANK"]), ranks, function)
        return
    # Nothing listens beyond this machine: the ranks meet by a private file, and connect
    # over the loopback.
    loopback = "lo0" if sys.platform == "darwin" else "lo"
    os.environ.update(GLOO_SOCKET_IFNAME=loopback, NCCL_SOCKET_IFNAME=loopback)
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    with TemporaryDirectory() as private:
        spawn(on_rank, (ranks, function, f"file://{private}/ranks"), ranks)


def on_rank(
    rank: int, ranks: int, function: Callable[[], str], meeting: str | None = None
) -> None:
    """Run the function as one rank. Without a place to meet, torchrun has given one."""
    on_gpus = torch.cuda.device_count() >= ranks
    if on_gpus:
        torch.cuda.set_device(rank)
        torch.set_default_device("cuda")
    backend = "nccl" if on_gpus else "gloo"
    if meeting is None:
        distributed.init_process_group(backend)
    else:
        distributed.init_process_group(backend, meeting, rank=rank, world_size=ranks)
    summary = function()
    if distributed.get_rank() == 0:
        print(f"each of {ranks} ranks: {summary}")
    distributed.destroy_process_group()
