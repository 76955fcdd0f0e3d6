"""The loop that a user would write by hand to train an emitted file on several ranks, for `benchmarks/ranks.py`.

    torchrun --nproc-per-node 2 benchmarks/plain_ranks.py STRATEGY FILE PICTURES BATCH STEPS RESIZE

It trains the same ranks on the same pictures as `archc train`, and nothing else: it checks and records nothing, and
prepares a batch when it needs it. It prints a line with the time after each step.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import sys
import time
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch
import torch.distributed as dist
from numpy.typing import NDArray
from PIL import Image, ImageOps


def source(file: Path) -> ModuleType:
    """The emitted file as a module."""
    spec = spec_from_file_location("ranks_of_a_network", file)
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def picture(file: Path, resize: int) -> NDArray[np.uint8]:
    with Image.open(file) as image:
        return np.asarray(ImageOps.fit(image.convert("RGB"), (resize, resize), Image.Resampling.BILINEAR))


def main(strategy: str, file: Path, folder: Path, batch: int, steps: int, resize: int) -> None:
    dist.init_process_group("gloo")
    rank, ranks = dist.get_rank(), dist.get_world_size()
    module = source(file)
    model = module.build(0).to(memory_format=torch.channels_last)
    parallel = module.over_ranks(model) if hasattr(module, "over_ranks") else model
    optimizer = module.sgd(model)
    classes = sorted((folder / "train").iterdir())
    files = [(each, label) for label, place in enumerate(classes) for each in sorted(place.iterdir())]
    total = torch.tensor(sum(picture(each, resize).astype(np.float64) for each, _ in files[rank::ranks]))
    dist.all_reduce(total)
    mean = (total / len(files)).numpy().astype(np.float32)

    # A rank of `columns` reads all examples of a batch.
    mine = slice(None) if strategy == "columns" else slice(rank * batch // ranks, (rank + 1) * batch // ranks)
    crop = resize - 3
    random = np.random.default_rng(0)

    def view(each: Path) -> NDArray[np.float32]:
        top, left = random.integers(0, resize - crop + 1, 2)
        window = np.s_[top : top + crop, left : left + crop]
        values: NDArray[np.float32] = picture(each, resize)[window] - mean[window]
        return values[:, ::-1] if random.integers(2) else values

    done = 0
    while done < steps:
        order = np.random.default_rng(done).permutation(len(files))
        for chosen in order[: len(files) // batch * batch].reshape(-1, batch):
            own = [files[index] for index in chosen[mine]]
            images = torch.from_numpy(np.stack([view(each) for each, _ in own])).movedim(-1, 1)
            loss: Any = torch.nn.functional.cross_entropy(parallel(images), torch.tensor([label for _, label in own]))
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
            done += 1
            if rank == 0:
                print(f"step {done}/{steps} {time.monotonic():.4f} loss {loss.item():.3f}", flush=True)
            if done == steps:
                break
    dist.destroy_process_group()


if __name__ == "__main__":
    strategy, file, folder, *sizes = sys.argv[1:]
    batch, steps, resize = map(int, sizes)
    main(strategy, Path(file), Path(folder), batch, steps, resize)
