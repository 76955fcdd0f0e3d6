"""Which devices a machine gives a job."""

from __future__ import annotations

import pytest
from archc_torch.devices import choose

from archc.failure import Failure


@pytest.mark.parametrize(
    ("count", "gpus", "kind", "names", "line"),
    [
        (1, (), "cpu", ("cpu",), "NO GPU HERE: the CPU stands in for 1 GPU"),
        (2, (), "cpu", ("cpu", "cpu"), "NO GPU HERE: 2 CPU processes over gloo stand in for 2 GPUs"),
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
        "error: asked for 2 GPUs, this machine has 1\n"
        "  `--gpus 1`, or `CUDA_VISIBLE_DEVICES=` for a rehearsal on CPU processes"
    )
