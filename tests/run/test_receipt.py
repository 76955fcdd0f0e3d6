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
from archc.files import reserve
from archc.passes.collectives import Traffic
from archc.run.machine import machine
from archc.run.planned import Planned
from archc.run.receipt import ROOM, Inputs, Starts, versions, write_receipt
from archc.training.job import Job, Value
from archc.training.receipt import close_receipt, place_of_receipt
from archc.training.result import BestWeights, Data, Figures, Result

STARTED = datetime(2012, 9, 30, 12, 0, 1, 500, tzinfo=UTC)


STARTS = Starts(STARTED.isoformat(timespec="seconds"), "archc train --lr '1e-3'")


@pytest.fixture
def job(tmp_path: Path, facts_of: Callable[[str], Facts], alexnet: Path) -> Job:
    """A run's folder before its process has started. What lies there is not what was read and emitted."""
    (tmp_path / "spec.yaml").write_bytes(b"edited since")
    (tmp_path / "alexnet.py").write_text("edited since")
    return Job(
        name="alexnet",
        run=tmp_path,
        source="alexnet.py",
        model="Alexnet",
        inputs={"image": Value(shape=(3, 227, 227))},
        output=(1000,),
        devices=2,
        recipe=facts_of(alexnet.read_text()).recipe,
        seed=3,
        precision="float32",
        pictures=tmp_path / "pictures",
        built_in=True,
    )


def written(job: Job, code: int | None) -> dict[str, Any]:
    received = (Traffic(0, 40, 0), Traffic(0, 40, 0))
    inputs = Inputs(Path("specs/alexnet.yaml"), b"the spec", "source\n", Planned(received, 4, 1000, 100))
    write_receipt(job, inputs, load("torch"), starts=STARTS, code=code)
    text = (job.run / "receipt.json").read_text()
    assert text.endswith("}\n")
    return json.loads(text)


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def test_a_complete_run(job: Job) -> None:
    job.weights.write_bytes(b"edited since")
    figures = Figures(first_loss=7.0, last_loss=0.5, chance=0.1, test="center", count=9, top1=5, top5=8, loss=1.25)
    data = Data(files=9, bytes=99, sha256="0d")
    Result(devices=("cpu", "cpu"), data=data, weights="ab", unrecorded=2, figures=figures).write(job.run)
    receipt = written(job, 0)
    assert (receipt["status"], receipt["exit_code"]) == ("complete", 0)
    assert receipt["command"] == "archc train --lr '1e-3'"
    assert receipt["started"] == "2012-09-30T12:00:01+00:00"
    assert datetime.fromisoformat(receipt["ended"]) > STARTED
    assert receipt["spec"] == {"path": "specs/alexnet.yaml", "sha256": sha256(b"the spec"), "set": []}
    assert receipt["source"] == {"path": "alexnet.py", "sha256": sha256(b"source\n")}
    assert receipt["weights"] == {"path": "weights.safetensors", "sha256": "ab"}
    assert (receipt["backend"], receipt["devices"]) == ("torch", {"asked": 2, "used": ["cpu", "cpu"]})
    assert (receipt["seed"], receipt["precision"], receipt["unrecorded"]) == (3, "float32", 2)
    counts = {"files": 9, "bytes": 99, "sha256": "0d", "skipped": 0, "ignored": 0, "converted": {}}
    assert receipt["pictures"] == {"path": "built-in", "bad_pictures": "stop", **counts}
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


def test_a_run_that_diverged(job: Job) -> None:
    Result(devices=("cpu",), diverged=True).write(job.run)
    receipt = written(job, 1)
    assert (receipt["status"], receipt["exit_code"]) == ("diverged", 1)


def test_a_run_whose_archc_was_killed_has_what_its_training_process_left(job: Job) -> None:
    Result(devices=()).write(job.run)
    began = written(job, None)
    assert (began["status"], began["weights"], began["devices"]["used"]) == ("running", None, None)
    best = BestWeights(step=4, sha256="cd", count=9, top1=5, loss=1.25)
    data = Data(files=9, bytes=99, sha256="0d")
    Result(devices=("cpu",), data=data, weights="ab", best=best, unrecorded=2).write(job.run)
    close_receipt(job.run)
    receipt = json.loads(place_of_receipt(job.run).read_bytes())
    assert receipt.pop("ended") is not None and receipt.pop("status") == "interrupted"
    complete = written(job, 0)
    assert receipt["weights"] == {"path": "weights.safetensors", "sha256": "ab"} and receipt["best"]["step"] == 4
    assert receipt == {key: complete[key] for key in receipt} | {"exit_code": None}


def test_a_folder_that_is_gone(job: Job) -> None:
    shutil.rmtree(job.run)
    with pytest.raises(Failure, match=f"cannot write the receipt into {job.run}: No such file") as failure:
        written(job, 0)
    assert failure.value.code == 3


def test_pictures_of_one_s_own(job: Job) -> None:
    own = job.model_copy(update={"built_in": False, "pictures": Path("/data/flowers")})
    assert written(own, 0)["pictures"] == {"path": "/data/flowers", "bad_pictures": "stop"}


def test_the_versions_are_those_of_what_computes_and_not_of_what_builds() -> None:
    assert list(versions(load("torch"))) == [
        "python",
        "archc-compiler",
        "archc-torch",
        "numpy",
        "pillow",
        "safetensors",
        "torch",
    ]
    assert [*versions(load("keras"))][-3:] == ["safetensors", "keras", "tensorflow"]
    assert versions(load("torch"))["torch"] == version("torch")


def test_the_machine() -> None:
    found = machine()
    assert [*found] == ["cpu", "cores", "memory", "gpus", "system"]
    assert found["cpu"] and found["system"]
    assert isinstance(found["cores"], int) and found["cores"] >= 1
    assert isinstance(found["memory"], int) and found["memory"] > 1 << 26


def test_room_for_the_receipt_is_taken_before_the_run(job: Job) -> None:
    """A full disk does not take the receipt, since it needs no more blocks."""
    reserve(place_of_receipt(job.run), ROOM)
    (room,) = (file.stat() for file in job.run.glob(".receipt*"))
    assert room.st_blocks * 512 >= ROOM
    written(job, 3)
    assert place_of_receipt(job.run).stat().st_ino == room.st_ino
    assert place_of_receipt(job.run).stat().st_size < ROOM
