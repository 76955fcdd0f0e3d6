"""model.json: what is added to it while a run goes on, and a file that is not one."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from archc.failure import Failure
from archc.files import write_durably
from archc.run.trained import open_run
from archc.training import result
from archc.training.description import (
    Description,
    StoredFile,
    class_name,
    describe,
    read_description,
    stored,
    write_description,
)
from archc.training.job import Value
from archc.training.result import write_weights


@pytest.fixture
def description() -> Description:
    return Description(
        name="tiny",
        backend="torch",
        source=StoredFile(path="tiny.py", sha256="0" * 64),
        model="Tiny",
        inputs={"image": Value(shape=(3, 6, 7))},
        output=(5,),
        loss="cross_entropy",
        precision="float32",
    )


def test_weights_are_named_as_soon_as_they_are_written(tmp_path: Path, description: Description) -> None:
    write_description(tmp_path, description)
    assert read_description(tmp_path) == description
    describe(tmp_path, classes=("a", "b"))
    for name, data in (("best", b"1"), ("weights", b"2"), ("best", b"3")):
        write_weights(tmp_path / f"{name}.safetensors", data)
    found = read_description(tmp_path)
    assert found.classes == ("a", "b")
    assert found.weights == {
        "best": StoredFile(path="best.safetensors", sha256=hashlib.sha256(b"3").hexdigest()),
        "last": StoredFile(path="weights.safetensors", sha256=hashlib.sha256(b"2").hexdigest()),
    }


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_kill_while_weights_are_replaced_leaves_weights_of_the_run(
    tmp_path: Path, description: Description, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    """Before the file is replaced, and between the file and model.json."""
    write_description(tmp_path, description)
    place, source = tmp_path / "best.safetensors", tmp_path / "tiny.py"
    source.write_bytes(b"")
    describe(tmp_path, source=stored(source))
    write_weights(place, b"old")

    def killed(file: Path, data: bytes) -> None:
        if moment == "after":
            write_durably(file, data)
        raise KeyboardInterrupt

    monkeypatch.setattr(result, "write_durably", killed)
    with pytest.raises(KeyboardInterrupt):
        write_weights(place, b"new")
    assert place.read_bytes() == {"before": b"old", "after": b"new"}[moment]
    assert open_run(tmp_path, "best").weights == "best"
    place.write_bytes(b"another")
    with pytest.raises(Failure, match="has changed since the run wrote it"):
        open_run(tmp_path, "best")


def test_a_job_that_is_started_by_hand_has_none(tmp_path: Path) -> None:
    write_weights(tmp_path / "weights.safetensors", b"2")
    assert [file.name for file in tmp_path.iterdir()] == ["weights.safetensors"]


def test_a_class_whose_folder_is_not_utf_8_has_a_name_all_the_same(tmp_path: Path, description: Description) -> None:
    write_description(tmp_path, description)
    describe(tmp_path, classes=[*map(class_name, ("caf\udce9", "thé"))])
    assert json.loads((tmp_path / "model.json").read_bytes())["classes"] == ["caf\\udce9", "thé"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "does not describe a model: Invalid JSON"),
        ('{"version": 2}', "does not describe a model: version: "),
        ("[]", "does not describe a model: Input should be an object"),
    ],
)
def test_what_is_not_a_description(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "model.json").write_text(text)
    with pytest.raises(Failure, match=message) as caught:
        read_description(tmp_path)
    assert caught.value.code == 1
