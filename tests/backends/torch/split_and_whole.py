"""Each network in a folder, as so many ranks compute it and as one process does, side by side, in float64.

`python split_and_whole.py FOLDER 2` starts two ranks over gloo, forked so that PyTorch is imported once. They write
what differs at most, by how much anything moved, and how many values they received, for each network: DIFFERENCES.json.
"""

from __future__ import annotations

import json
import multiprocessing
import sys
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, distributed, nn

EXAMPLES, STEPS = 3, 4


def main(folder: Path, ranks: int) -> int:
    """How many ranks failed."""
    context = multiprocessing.get_context("fork")
    processes = [context.Process(target=run, args=(folder, rank, ranks)) for rank in range(ranks)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    return sum(process.exitcode != 0 for process in processes)


def run(folder: Path, rank: int, ranks: int) -> None:
    sys.path.insert(0, str(folder))
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    distributed.init_process_group("gloo", init_method=f"file://{folder}/ranks", rank=rank, world_size=ranks)
    found = {
        case: differences(import_module(f"{case}_whole"), import_module(f"{case}_columns"), case)
        for case in sorted(file.name.removesuffix("_columns.py") for file in folder.glob("*_columns.py"))
    }
    everyone: list[Any] = [None] * ranks
    distributed.all_gather_object(everyone, found)
    if rank == 0:
        (folder / "DIFFERENCES.json").write_text(json.dumps(everyone))
    distributed.destroy_process_group()


def differences(whole: Any, columns: Any, case: str) -> dict[str, float]:
    """What a rank finds of one network."""
    rank, ranks = distributed.get_rank(), distributed.get_world_size()
    columns.check()  # what it receives is what was planned
    kind = next(name for name in vars(whole) if hasattr(getattr(whole, name), "reset_parameters"))
    torch.manual_seed(0)
    alone: nn.Module = getattr(whole, kind)()
    for parameter in alone.parameters():
        nn.init.normal_(parameter, std=(1 / parameter[0].numel()) ** 0.5)
    torch.manual_seed(1 + rank)
    part: nn.Module = getattr(columns, kind)()
    for module in (*alone.modules(), *part.modules()):
        if isinstance(module, nn.Dropout):
            module.p = 0
    gathers: list[Any] = [module for module in part.modules() if type(module).__name__ == "Gather"]
    for gather in gathers if case.startswith("unsummed") else []:
        gather.summed = False
    part.load_state_dict(columns.column(alone.state_dict(), rank, ranks))
    before = {name: p.detach().clone() for name, p in alone.named_parameters()}
    optimizers = whole.sgd(alone), columns.sgd(part)
    torch.manual_seed(2)
    image = torch.randn(EXAMPLES, *whole.IMAGE)
    found: dict[str, float] = {}
    received = Received(part)
    for step in range(STEPS):
        outputs = [values(model(image)) for model in (alone, part)]
        torch.manual_seed(3)
        weights = [torch.randn_like(output) for output in outputs[0]]
        for model, output, optimizer in zip((alone, part), outputs, optimizers, strict=True):
            model.zero_grad()
            torch.stack([(o * o * w).mean() for o, w in zip(output, weights, strict=True)]).sum().backward()
            if step < STEPS - 1:
                optimizer.step()
        if step == 0:
            found["outputs"] = largest(zip(*outputs, strict=True))
            found["gradients"] = apart(columns.column(gradients(alone), rank, ranks), gradients(part))
            found["least gradient"] = min(float(g.abs().max()) for g in gradients(part).values())
    found["forward"], found["backward"] = received.forward / STEPS, received.backward / STEPS
    received.stop()
    states: list[Any] = [None] * ranks
    distributed.all_gather_object(states, part.state_dict())
    found["weights"] = apart(columns.whole(states), alone.state_dict())
    found["moved"] = apart(before, dict(alone.named_parameters()))
    return found


class Received:
    """Counts the values that a rank receives in collectives, except for those that collect the network's output."""

    def __init__(self, model: nn.Module) -> None:
        self.forward = self.backward = 0.0
        self._gathers = distributed.all_gather_into_tensor, distributed.reduce_scatter_tensor
        self._is_output = False
        self._hooks = [module.register_forward_pre_hook(self._enter) for module in model.modules()]
        distributed.all_gather_into_tensor, distributed.reduce_scatter_tensor = self._gather, self._scatter

    def stop(self) -> None:
        distributed.all_gather_into_tensor, distributed.reduce_scatter_tensor = self._gathers
        for hook in self._hooks:
            hook.remove()

    def _enter(self, module: Any, _: Any) -> None:
        self._is_output = type(module).__name__ == "Gather" and not module.summed

    def _gather(self, output: Tensor, x: Tensor) -> None:
        self.forward += 0 if self._is_output else output.numel() - x.numel()
        self._gathers[0](output, x)

    def _scatter(self, output: Tensor, x: Tensor) -> None:
        # As many values as this rank's own sum has come from each other rank, summed on the way or not.
        self.backward += x.numel() - output.numel()
        self._gathers[1](output, x)


def values(given: Any) -> tuple[Tensor, ...]:
    return given if isinstance(given, tuple) else (given,)


def gradients(model: nn.Module) -> dict[str, Tensor]:
    found = {name: p.grad for name, p in model.named_parameters()}
    return {name: gradient for name, gradient in found.items() if gradient is not None}


def apart(first: Mapping[str, Tensor], second: Mapping[str, Tensor]) -> float:
    """The largest difference between tensors of one name, by the largest value where that is above one."""
    assert first.keys() == second.keys()
    return largest((first[name], second[name]) for name in first)


def largest(pairs: Any) -> float:
    found = 0.0
    for a, b in pairs:
        assert a.shape == b.shape, (a.shape, b.shape)
        off, size = (a - b).detach().abs().max(), b.detach().abs().max()
        found = max(found, float(off) / max(1.0, float(size)))
    return found


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2])))
