"""A job survives its file; any other file is refused with one line."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archc.failure import ENVIRONMENT, USAGE, Failure
from archc.training.job import Job, read_job


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.integers(0, 2**32 - 1),
    steps=st.none() | st.integers(1, 2**31),
    pictures=st.sampled_from(["/a folder/ünï", '/quote"s', "/new\nline"]),
)
def test_a_job_comes_back_as_it_was_written(job: Job, seed: int, steps: int | None, pictures: str) -> None:
    written = job.model_copy(update={"seed": seed, "steps": steps, "pictures": Path(pictures)})
    file = job.file
    file.write_text(written.model_dump_json(indent=2), encoding="utf-8")
    assert read_job(file) == written


def test_what_a_job_derives(job: Job) -> None:
    assert job.share(1).sizes(job.recipe.batch) == [4, 4]
    assert job.file == job.run / "job.json"
    assert job.weights == job.run / "weights.safetensors"
    assert job.statistics == job.run / "statistics.safetensors"


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"protocol": 2}, "protocol"),
        ({"extra": 1}, "extra"),
        ({"devices": 0}, "devices"),
        ({"precision": "float16"}, "precision"),
        ({"inputs": {}}, "inputs"),
        ({"steps": 0}, "steps"),
        ({"recipe": {}}, "recipe.batch"),
    ],
)
def test_a_field_at_fault_is_named(job: Job, change: dict[str, Any], named: str) -> None:
    file = job.run / "job.json"
    file.write_text(json.dumps(json.loads(job.model_dump_json()) | change))
    with pytest.raises(Failure, match=rf"not a job of protocol 1: {named}") as failure:
        read_job(file)
    assert failure.value.code == ENVIRONMENT
    assert "in the same version" in failure.value.help


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[]"])
def test_what_is_not_a_json_object_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "job.json"
    file.write_bytes(content)
    with pytest.raises(Failure, match="not a job of protocol 1: the file"):
        read_job(file)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Failure, match=r"cannot read .*job\.json: No such file"):
        read_job(tmp_path / "job.json")


def test_a_batch_has_a_picture_for_each_device(job: Job) -> None:
    file = job.run / "job.json"
    file.write_text(job.model_copy(update={"devices": 16}).model_dump_json())
    with pytest.raises(Failure, match="a batch of 8 cannot be divided over 16 devices") as failure:
        read_job(file)
    assert failure.value.code == USAGE
    assert "--batch 16" in failure.value.help


def test_a_trial_uses_a_few_examples_from_everywhere(job: Job) -> None:
    assert job.used(100) == job.used(100, held_out=True) == [*range(100)]
    trial = job.model_copy(update={"fast_dev_run": True})
    assert trial.used(80) == [0, 10, 20, 30, 40, 50, 60, 70], "a batch"
    assert trial.used(160, held_out=True) == [*range(0, 160, 10)]
    assert trial.used(5) == trial.used(5, held_out=True) == [*range(5)]
