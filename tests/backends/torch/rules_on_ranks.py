"""Optimizers, smoothing, clipping and accumulation on two ranks by each strategy, and on one process, in float64.

`python rules_on_ranks.py FOLDER` starts two ranks over gloo. FOLDER has a file for each strategy, and `whole.py`. The
first rank writes what they found: FOUND.json.
"""

from __future__ import annotations

import json
import multiprocessing
import sys
from collections.abc import Generator
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import torch
from archc_torch.trainer import MEASURED, TorchTrainer
from torch import distributed, nn

from archc.language.recipe import TestViews
from archc.training.feed import Batch
from archc.training.job import Job
from archc.training.loop import Stepped
from archc.training.order import batches
from archc.training.share import ALONE, Share

STRATEGIES = ("data", "columns", "hybrid")
STEPS, EXAMPLES, BATCH = 6, 14, 7


class Examples:
    """Random pictures (n, 6, 6, 4) of 4 classes; implements `archc.training.feed.Feed`."""

    normalisation: None = None

    def __init__(self, share: Share, parts: int) -> None:
        self.share, self._parts = share, parts
        random = np.random.default_rng(0)
        self._inputs, self._targets = random.normal(size=(EXAMPLES, 6, 6, 4)), random.integers(0, 4, EXAMPLES)

    def close(self) -> None:
        pass

    def training(self, epoch: int, first: int = 0) -> Generator[Batch]:
        for whole in batches(EXAMPLES, BATCH, seed=0, epoch=epoch, parts=self._parts)[first * self._parts :]:
            inputs, targets = self._inputs[self.share.read(whole)], self._targets[self.share.target(whole)]
            yield Batch((inputs,), targets, len(whole))

    def held_out(self, test: TestViews) -> Generator[Batch]:
        yield from ()


def main(folder: Path) -> int:
    """How many ranks failed."""
    context = multiprocessing.get_context("fork")
    processes = [context.Process(target=run, args=(folder, rank)) for rank in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    return sum(process.exitcode != 0 for process in processes)


def run(folder: Path, rank: int) -> None:
    sys.path.insert(0, str(folder))
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    distributed.init_process_group("gloo", init_method=f"file://{folder}/ranks", rank=rank, world_size=2)
    found = {name: trained(folder, name, rank) for name in STRATEGIES}
    alone = trained(folder, "whole", 0)
    if rank == 0:
        (folder / "FOUND.json").write_text(json.dumps(found | {"whole": alone}))
    distributed.destroy_process_group()


def trained(folder: Path, name: str, rank: int) -> dict[str, Any]:
    """The losses, the squares of the gradients, the last weights and what was exchanged."""
    job = Job.model_validate_json((folder / f"{name}.json").read_text())
    module: Any = import_module(name)
    whole: Any = import_module("whole")
    torch.manual_seed(0)
    first: nn.Module = whole.Net()
    torch.manual_seed(1)
    for parameter in first.parameters():
        nn.init.normal_(parameter, std=0.3)
    model: nn.Module = module.Net()
    cut = getattr(module, "column", lambda state, *_: state)
    model.load_state_dict(cut(first.state_dict(), rank, 2))
    share = ALONE if name == "whole" else job.share(rank)
    trainer = TorchTrainer(job, module, model, Examples(share, job.recipe.accumulate), torch.device("cpu"))
    taken: list[Stepped] = []
    torch.manual_seed(2)
    for epoch in range(STEPS // (EXAMPLES // BATCH)):
        taken += [trainer.step(batch, 0.05 / (1 + epoch), squares=True) for batch in trainer.batches(epoch)]
    assert len(taken) == STEPS >= MEASURED
    state = model.state_dict()
    exchanged = None
    if name != "whole":
        states: list[Any] = [None] * 2
        distributed.all_gather_object(states, state)
        state = module.whole(states) if hasattr(module, "whole") else states[0]
        exchanged = trainer.measured().exchanged
    weights = {key: value.double().ravel().tolist() for key, value in state.items()}
    losses, squares = [each.score.loss for each in taken], [each.squares for each in taken]
    exchanges = exchanged and exchanged.model_dump(mode="json")
    return {"losses": losses, "squares": squares, "weights": weights, "exchanged": exchanges}


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
