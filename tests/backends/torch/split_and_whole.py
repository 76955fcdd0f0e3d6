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

RATE = 0.001
"""The learning rate: with ten times as much, some of these networks amplify errors of rounding from step to step."""

STEPS, OF_AN_OP = 10, 3
"""Steps of training, of a network and of one for a single op, whose case has a number."""


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
        case: differences(import_module(f"{case}_whole"), import_module(f"{case}_part"), case)
        for case in sorted(file.name.removesuffix("_part.py") for file in folder.glob("*_part.py"))
    }
    everyone: list[Any] = [None] * ranks
    distributed.all_gather_object(everyone, found)
    if rank == 0:
        (folder / "DIFFERENCES.json").write_text(json.dumps(everyone))
    distributed.destroy_process_group()


def differences(whole: Any, own: Any, case: str) -> dict[str, float]:
    """What a rank finds of one network."""
    rank, ranks = distributed.get_rank(), distributed.get_world_size()
    own.check()  # what it receives is what was planned
    torch.manual_seed(0)
    alone: nn.Module = getattr(whole, whole.NETWORK)()
    for parameter in alone.parameters():
        nn.init.normal_(parameter, std=(1 / max(parameter[0].numel(), 1)) ** 0.5)
    part: nn.Module = own.build(0)
    unsum(part) if case.startswith("unsummed") else None
    cut = getattr(own, "column", lambda state, *_: state)
    part.load_state_dict(cut(alone.state_dict(), rank, ranks))
    trained = own.over_ranks(part) if hasattr(own, "over_ranks") else part
    before = {name: p.detach().clone() for name, p in alone.named_parameters()}
    optimizers = whole.sgd(alone), own.sgd(part)
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["lr"] = RATE
    torch.manual_seed(2)
    batch = whole.EXAMPLES
    images = [random(x, batch) for x in whole.INPUTS]
    mine = slice(rank * batch // ranks, (rank + 1) * batch // ranks)
    own_images = [image[mine] for image in images] if whole.BY_EXAMPLES else images
    if hasattr(own, "divide"):
        own.divide(part, *((n + 1) * batch // ranks - n * batch // ranks for n in range(ranks)))
    found: dict[str, float] = {}
    received, steps = Received(part), OF_AN_OP if case[-1].isdigit() else STEPS
    for step in range(steps):
        outputs: list[tuple[Tensor, ...]] = []
        for model, given in ((alone, images), (trained, own_images)):
            torch.manual_seed(3 + step)  # what is dropped
            outputs.append(values(model(*given)))
        torch.manual_seed(3)
        weights = [torch.rand_like(output) for output in outputs[0]]  # of a loss that can fall only to zero
        received.is_backward = True
        for model, output, optimizer in zip((alone, part), outputs, optimizers, strict=True):
            model.zero_grad()
            losses = [loss(o, w, mine, ranks) for o, w in zip(output, weights, strict=True)]
            torch.stack(losses).sum().backward()
            optimizer.step()
        received.is_backward = False
        if step == 0:
            cuts = [o[mine] if len(o) != len(p) else o for o, p in zip(*outputs, strict=True)]
            found["outputs"] = largest(zip(cuts, outputs[1], strict=True))
            found["gradients"] = apart(cut(gradients(alone), rank, ranks), gradients(part))
            found["least gradient"] = min(float(g.abs().max()) for g in gradients(part).values())
    found["forward"], found["backward"] = received.forward / steps, received.backward / steps
    received.stop()
    states: list[Any] = [None] * ranks
    distributed.all_gather_object(states, part.state_dict())
    joined = own.whole(states) if hasattr(own, "whole") else states[0]
    found["weights"] = apart(joined, alone.state_dict())
    found["moved"] = apart(before, dict(alone.named_parameters()))
    return found


def random(x: Any, batch: int) -> Tensor:
    """A batch for an input: its shape, or the length of tokens and the size of their vocabulary."""
    return torch.randint(x[1], (batch, *x[0])) if isinstance(x[0], tuple) else torch.randn(batch, *x)


def loss(output: Tensor, weights: Tensor, mine: slice, ranks: int) -> Tensor:
    """A mean over all examples; of those of one rank, times the number of ranks: their gradients are averaged."""
    if len(output) == len(weights):
        return (output * output * weights).mean()
    return (output * output * weights[mine]).sum() * ranks / weights.numel()


def unsum(model: nn.Module) -> None:
    for module in model.modules():
        if type(module).__name__ == "Gather":
            setattr(module, "summed", False)  # noqa: B010


class Received:
    """Counts the values that a rank receives in collectives, except for those that collect the network's output."""

    def __init__(self, model: nn.Module) -> None:
        self.forward = self.backward = 0.0
        self.is_backward = False
        self._kept = {
            name: getattr(distributed, name)
            for name in ("all_gather_into_tensor", "reduce_scatter_tensor", "all_to_all_single", "all_reduce")
        }
        self._is_output = False
        self._hooks = [module.register_forward_pre_hook(self._enter) for module in model.modules()]
        distributed.all_gather_into_tensor, distributed.reduce_scatter_tensor = self._gather, self._scatter
        distributed.all_to_all_single, distributed.all_reduce = self._swap, self._reduce

    def stop(self) -> None:
        for name, function in self._kept.items():
            setattr(distributed, name, function)
        for hook in self._hooks:
            hook.remove()

    def _enter(self, module: Any, _: Any) -> None:
        self._is_output = bool(getattr(module, "output", False))

    def _gather(self, output: Tensor, x: Tensor) -> None:
        self.forward += 0 if self._is_output else output.numel() - x.numel()
        self._kept["all_gather_into_tensor"](output, x)

    def _scatter(self, output: Tensor, x: Tensor) -> None:
        # As many values as this rank's own sum has come from each other rank, summed on the way or not.
        self.backward += x.numel() - output.numel()
        self._kept["reduce_scatter_tensor"](output, x)

    def _swap(self, output: Tensor, x: Tensor, received: Any, sent: Any) -> None:
        row = output.numel() // max(len(output), 1)  # sizes are in rows
        others = output.numel() - received[distributed.get_rank()] * row
        if self.is_backward:
            self.backward += others
        else:
            self.forward += 0 if self._is_output else others
        self._kept["all_to_all_single"](output, x, received, sent)

    def _reduce(self, x: Tensor, **options: Any) -> Any:
        twice = 2 * x.numel()
        self.backward += twice - twice // distributed.get_world_size()
        return self._kept["all_reduce"](x, **options)


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
