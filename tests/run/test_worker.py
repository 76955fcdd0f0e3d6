"""`archc train` as a process that torchrun has started: what is refused before anything is written."""

from __future__ import annotations

from pathlib import Path

import pytest

PLACE = {
    "RANK": "0",
    "WORLD_SIZE": "2",
    "LOCAL_RANK": "0",
    "LOCAL_WORLD_SIZE": "2",
    "MASTER_ADDR": "127.0.0.1",
    "MASTER_PORT": "9",
}


@pytest.fixture(autouse=True)
def started_by_torchrun(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in PLACE.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("--gpus 4", "torchrun has started 2 processes, and `--gpus 4` asks for 4 devices"),
        (
            "--backend keras",
            "torchrun has started 2 processes, and the backend `keras` trains all devices in one process, "
            "on one machine",
        ),
    ],
)
def test_what_torchrun_cannot_start(archc, small: Path, here: Path, options: str, message: str) -> None:
    result = archc("train", small, *options.split())
    assert (result.code, result.out) == (2, "")
    assert result.err.splitlines()[0] == f"error: {message}"
    assert [entry.name for entry in here.iterdir()] == ["small.yaml"]


def test_only_the_first_process_of_a_machine_reports(archc, small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RANK", "1")
    monkeypatch.setenv("LOCAL_RANK", "1")
    result = archc("train", small, "--gpus", "4")
    assert (result.code, result.out, result.err) == (2, "", "")
