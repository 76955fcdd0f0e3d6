"""The folder of a run: new or empty, and never somebody else's."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from archc.failure import Failure
from archc.run.folder import make_run_folder


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
