"""Runs emitted source on several ranks, for a file that is started by itself."""
# pyright: reportUnknownMemberType=false

import os
from collections.abc import Callable

import torch
from torch import distributed
from torch.distributed import run


def on_ranks(ranks: int, function: Callable[[], str]) -> None:
    """Run a function on every rank, starting torchrun if needed; print its summary."""
    if "RANK" not in os.environ:
        # torchrun would set this to 1 as well, but with a warning.
        os.environ.setdefault("OMP_NUM_THREADS", "1")
        run.main(["--standalone", f"--nproc-per-node={ranks}", __file__])
        return
    on_gpus = torch.cuda.device_count() >= ranks
    if on_gpus:
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
        torch.set_default_device("cuda")
    distributed.init_process_group("nccl" if on_gpus else "gloo")
    summary = function()
    if distributed.get_rank() == 0:
        print(f"each of {ranks} ranks: {summary}")
    distributed.destroy_process_group()
