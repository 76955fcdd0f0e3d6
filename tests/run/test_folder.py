"""The folder of a run: new or empty, and never somebody else's."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path
from threading import Barrier

import pytest

from archc.analysis import Facts
from archc.backend import EmittedSource, load
from archc.failure import Failure
from archc.files import reserve
from archc.run.folder import describe_run, make_run_folder, started_folder
from archc.run.recipe import Overrides
from archc.run.setup import Options, set_up
from archc.training.description import describe, read_description
from archc.training.job import Job
from archc.training.result import write_weights


def test_a_folder_by_name_and_time(here: Path) -> None:
    first, second, third = (make_run_folder(None, "net") for _ in range(3))
    assert len({first, second, third}) == 3
    for folder in (first, second, third):
        assert folder.is_absolute()
        assert folder.parent == here.resolve() / "runs"
        assert re.fullmatch(r"net-\d{8}-\d{6}(-\d)?", folder.name)
        assert folder.is_dir()


@pytest.mark.parametrize("made_before", [True, False])
def test_the_folder_that_was_asked_for(here: Path, made_before: bool) -> None:
    if made_before:
        Path("my/run").mkdir(parents=True)
    folder = make_run_folder(Path("my/run"), "net")
    assert folder == here.resolve() / "my/run"
    assert folder.is_dir()


def test_a_folder_that_holds_something(here: Path) -> None:
    Path("full").mkdir()
    Path("full/.hidden").touch()
    with pytest.raises(Failure, match="full is not empty") as caught:
        make_run_folder(Path("full"), "net")
    assert caught.value.code == 2


@pytest.mark.parametrize("place", ["file", "file/run"])
def test_a_file_in_the_way(here: Path, place: str) -> None:
    Path("file").touch()
    with pytest.raises(Failure, match=f"cannot make the run's folder, {place}: [EFN]") as caught:
        make_run_folder(Path(place), "net")
    assert caught.value.code == 3


@pytest.mark.parametrize("made_before", [True, False])
def test_of_runs_that_start_at_the_same_moment_one_has_the_folder(here: Path, made_before: bool) -> None:
    together = Barrier(8)

    def start(place: Path) -> Path | Failure:
        together.wait()
        try:
            return make_run_folder(place, "net")
        except Failure as failure:
            return failure

    with ThreadPoolExecutor(8) as pool:
        for number in range(20):
            place = Path(f"run{number}")
            if made_before:
                place.mkdir()
            ends = [*pool.map(start, [place] * 8)]
            assert [end for end in ends if isinstance(end, Path)] == [here.resolve() / place]
            refused = {(end.message, end.code) for end in ends if isinstance(end, Failure)}
            assert refused == {(f"another run has started in {place}", 2)}
            assert len([*place.iterdir()]) == 1


def test_a_folder_that_another_run_has_is_left_to_it(here: Path) -> None:
    folder = make_run_folder(Path("run"), "net")
    before = [*folder.iterdir()]
    with pytest.raises(Failure, match="another run has started in run"):
        make_run_folder(Path("run"), "net")
    assert [*folder.iterdir()] == before
    (folder / "spec.yaml").touch()
    with pytest.raises(Failure, match="run is not empty"):
        make_run_folder(Path("run"), "net")
    assert {*folder.iterdir()} == {*before, folder / "spec.yaml"}


LIMITED = """
import resource, sys
from pathlib import Path
from archc.failure import Failure
from archc.run.folder import make_run_folder

resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
try:
    make_run_folder(Path(sys.argv[1]) if sys.argv[1:] else None, "net")
except Failure as failure:
    print(failure.code, failure.message)
"""


@pytest.mark.parametrize("asked", [[], ["new/run"]])
def test_a_disk_without_room_for_the_receipt_gets_no_folder(here: Path, asked: list[str]) -> None:
    done = subprocess.run([sys.executable, "-c", LIMITED, *asked], capture_output=True, text=True, check=True)
    assert done.stdout == f"3 cannot make the run's folder, {(asked or ['runs'])[0]}: File too large\n"
    assert [*here.iterdir()] == []


@pytest.fixture
def started(here: Path, facts_of: Callable[[str], Facts], alexnet: Path) -> AbstractContextManager[Job]:
    """The folder `run`, which was there and empty, for a run of AlexNet."""
    Path("run").mkdir()
    setup = set_up(
        facts_of(alexnet.read_text()),
        Options(1, None, None, Overrides(None, None, 1, None), 0, "float32", 60),
        load("torch"),
    )
    return started_folder(setup, EmittedSource("source\n", "Alexnet", {}), b"spec", asked=Path("run"))


def test_what_a_killed_process_leaves_is_gone_at_the_end_of_a_run(started: AbstractContextManager[Job]) -> None:
    with started as job:
        (job.run / "metrics.jsonl").write_text('{"event": "devices"}\n{"event": "start"}\n')
        reserve(job.weights, 1000)
        (job.run / ".weights.safetensors.0a1b2c3d.part").touch()
    names = sorted(file.name for file in job.run.iterdir())
    assert names == ["alexnet.py", "job.json", "metrics.jsonl", "model.json", "spec.yaml"]


def test_a_run_that_goes_on_keeps_its_best_weights(started: AbstractContextManager[Job]) -> None:
    """Those after its last step are written anew at its end."""
    source, whole = EmittedSource("a part\n", "Alexnet", {}), EmittedSource("all\n", "Alexnet", {})
    with started as job:
        describe(job.run, classes=("a", "b"))
        write_weights(job.best_weights, b"best")
        write_weights(job.weights, b"last")
        assert read_description(job.run).weights.keys() == {"best", "last"}
        before = read_description(job.run).weights["best"]
        describe_run(job, source, whole, "torch")
        found = read_description(job.run)
        assert (found.weights, found.classes) == ({"best": before}, ("a", "b"))
        assert (found.source.path, (job.run / "alexnet_whole.py").read_text()) == ("alexnet_whole.py", "all\n")


def test_a_folder_that_is_gone_at_the_end_of_a_run_stays_gone(started: AbstractContextManager[Job]) -> None:
    with started as job:
        shutil.rmtree(job.run)
    assert not job.run.exists()
