"""The devices of a job on machines with and without GPUs."""

from __future__ import annotations

import pytest
from archc_torch.devices import choose

from archc.failure import Failure


@pytest.mark.parametrize(
    ("count", "gpus", "kind", "names", "line"),
    [
        (1, (), "cpu", ("cpu",), "NO GPU FOUND: training on the CPU"),
        (2, (), "cpu", ("cpu", "cpu"), "NO GPU FOUND: training in 2 CPU processes over gloo"),
        (1, ("H100",), "cuda", ("H100",), "1 GPU: H100"),
        (2, ("A", "B", "C"), "cuda", ("A", "B"), "2 GPUs over NCCL: A, B"),
    ],
)
def test_devices(count: int, gpus: tuple[str, ...], kind: str, names: tuple[str, ...], line: str) -> None:
    devices = choose(count, gpus)
    assert (devices.kind, devices.names, devices.line) == (kind, names, line)


def test_fewer_gpus_than_asked_for() -> None:
    with pytest.raises(Failure) as caught:
        choose(2, ("H100",))
    assert caught.value.code == 3
    assert str(caught.value) == (
        "error: the run needs 2 GPUs, this machine has 1\n"
        "  use `--gpus 1`, or set `CUDA_VISIBLE_DEVICES=` to train in CPU processes"
    )
