"""Ranks for a file that is run by itself, as emitted into a source."""
# pyright: reportUnknownMemberType=false

import os
from collections.abc import Callable

import torch
from torch import distributed
from torch.distributed import run


def on_ranks(ranks: int, function: Callable[[], str]) -> None:
    """Run a function on the ranks of torchrun, or start them; say what it returns."""
    if "RANK" not in os.environ:
        os.environ.setdefault("OMP_NUM_THREADS", "1")
        run.main(["--standalone", f"--nproc-per-node={ranks}", __file__])
        return
    on_gpus = torch.cuda.device_count() >= ranks
    if on_gpus:
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
        torch.set_default_device("cuda")
    distributed.init_process_group("nccl" if on_gpus else "gloo")
    said = function()
    if distributed.get_rank() == 0:
        print(f"each of {ranks} ranks: {said}")
    distributed.destroy_process_group()
