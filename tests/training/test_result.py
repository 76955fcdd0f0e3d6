"""A run's result, between the process that trains and the one that writes the receipt."""

import math
from pathlib import Path

import pytest

from archc.failure import ENVIRONMENT, Failure
from archc.training.result import Figures, Result, read_result

FIGURES = Figures(first_loss=6.9, last_loss=0.8, chance=0.25, test="center", count=8, top1=4, top5=6, loss=1.25)


@pytest.mark.parametrize("figures", [None, FIGURES])
def test_a_result_comes_back_as_it_was_written(tmp_path: Path, figures: Figures | None) -> None:
    result = Result(devices=("NVIDIA H100", "NVIDIA H100"), figures=figures)
    result.write(tmp_path)
    assert read_result(tmp_path) == result
    assert [file.name for file in tmp_path.iterdir()] == ["result.json"]


@pytest.mark.parametrize("loss", [math.nan, math.inf])
def test_a_loss_that_json_cannot_express_is_null(tmp_path: Path, loss: float) -> None:
    Result(devices=("cpu",), figures=FIGURES.model_copy(update={"loss": loss})).write(tmp_path)
    result = read_result(tmp_path)
    assert result is not None
    assert result.figures == FIGURES.model_copy(update={"loss": None})


def test_a_run_without_devices_has_no_result(tmp_path: Path) -> None:
    assert read_result(tmp_path) is None


@pytest.mark.parametrize(
    "content", [b"", b"{", b"{}", b'{"devices": ["cpu"], "top1": 5}', b'{"devices": [], "figures": {}}']
)
def test_another_file_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "result.json").write_bytes(content)
    with pytest.raises(Failure, match=r"result\.json is not the result of a run") as failure:
        read_result(tmp_path)
    assert failure.value.code == ENVIRONMENT
