"""The receipt: what went in and what came out, with checksums, whether or not the run was complete."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from archc.analysis import Facts
from archc.backend import load
from archc.failure import Failure
from archc.run.receipt import versions, write_receipt
from archc.training.job import Job
from archc.training.result import Figures, Result

STARTED = datetime(2012, 9, 30, 12, 0, 1, 500, tzinfo=UTC)


@pytest.fixture
def job(tmp_path: Path, facts_of: Callable[[str], Facts], alexnet: Path) -> Job:
    """A run's folder before its process has started."""
    (tmp_path / "spec.yaml").write_bytes(alexnet.read_bytes())
    (tmp_path / "alexnet.py").write_text("source\n")
    return Job(
        name="alexnet",
        run=tmp_path,
        source="alexnet.py",
        model="Alexnet",
        image=(3, 227, 227),
        outputs=1000,
        devices=2,
        recipe=facts_of(alexnet.read_text()).recipe,
        seed=3,
        precision="float32",
        pictures=tmp_path / "pictures",
        built_in=True,
    )


def written(job: Job, code: int) -> dict[str, Any]:
    write_receipt(
        job, Path("specs/alexnet.yaml"), load("torch"), started=STARTED, command="archc train --lr '1e-3'", code=code
    )
    text = (job.run / "receipt.json").read_text()
    assert text.endswith("}\n")
    return json.loads(text)


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def test_a_complete_run(job: Job, alexnet: Path) -> None:
    job.weights.write_bytes(b"weights")
    figures = Figures(first_loss=7.0, last_loss=0.5, chance=0.1, test="center", count=9, top1=5, top5=8, loss=1.25)
    Result(devices=("cpu", "cpu"), figures=figures).write(job.run)
    receipt = written(job, 0)
    assert (receipt["status"], receipt["exit_code"]) == ("complete", 0)
    assert receipt["command"] == "archc train --lr '1e-3'"
    assert receipt["started"] == "2012-09-30T12:00:01+00:00"
    assert datetime.fromisoformat(receipt["ended"]) > STARTED
    assert receipt["spec"] == {"path": "specs/alexnet.yaml", "sha256": sha256(alexnet.read_bytes())}
    assert receipt["source"] == {"path": "alexnet.py", "sha256": sha256(b"source\n")}
    assert receipt["weights"] == {"path": "weights.safetensors", "sha256": sha256(b"weights")}
    assert (receipt["backend"], receipt["devices"]) == ("torch", {"asked": 2, "used": ["cpu", "cpu"]})
    assert (receipt["seed"], receipt["precision"], receipt["pictures"]) == (3, "float32", "built-in")
    assert receipt["recipe"]["optimizer"]["sgd"]["lr"] == 0.01
    assert receipt["result"] == {
        "first_loss": 7.0,
        "last_loss": 0.5,
        "chance": 0.1,
        "test": "center",
        "count": 9,
        "top1": 5,
        "top5": 8,
        "loss": 1.25,
    }


@pytest.mark.parametrize(("code", "status"), [(130, "interrupted"), (1, "failed"), (3, "failed")])
def test_a_run_that_left_nothing(job: Job, code: int, status: str) -> None:
    receipt = written(job, code)
    assert (receipt["status"], receipt["exit_code"]) == (status, code)
    assert receipt["weights"] is None
    assert receipt["result"] is None
    assert receipt["devices"] == {"asked": 2, "used": None}


def test_a_run_that_ended_early_has_its_devices(job: Job) -> None:
    Result(devices=("cpu",)).write(job.run)
    receipt = written(job, 3)
    assert receipt["devices"]["used"] == ["cpu"]
    assert receipt["result"] is None


def test_a_folder_that_is_gone(job: Job) -> None:
    shutil.rmtree(job.run)
    with pytest.raises(Failure, match=f"cannot write the receipt into {job.run}: No such file") as failure:
        written(job, 0)
    assert failure.value.code == 3


def test_pictures_of_one_s_own(job: Job) -> None:
    own = job.model_copy(update={"built_in": False, "pictures": Path("/data/flowers")})
    assert written(own, 0)["pictures"] == "/data/flowers"


def test_versions_of_all_that_takes_part() -> None:
    found = versions(load("torch"))
    assert list(found)[:3] == ["python", "archc-compiler", "archc-torch"]
    assert found["torch"] == version("torch")
