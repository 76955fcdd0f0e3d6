"""archc build --check: whether a committed file is up to date, and what has changed if not."""

from __future__ import annotations

import codecs
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

BACKEND = """
from archc.backend import PROTOCOL, EmittedSource


class Mine:
    name, protocol, frameworks, strategies, train_module = "mine", PROTOCOL, (), ("columns",), None

    def emit(self, request):
        origin = request.origin
        layers = "".join(f"{node.name} = {node.op.summary()!r}\\n" for node in request.graph.nodes)
        return EmittedSource(f"# {origin.spec} {origin.sha256} EDITION\\n{layers}", "Mine", {})


backend = Mine()
"""


@pytest.fixture
def mine(install_backend: Callable[[str, str, str], None]) -> None:
    install_backend("archc-mine", "mine", BACKEND)


@pytest.fixture
def build(archc, small: Path, mine: None) -> Callable[..., tuple[int, str]]:
    """Build net.py: the exit code and what is said."""

    def build(*options: str) -> tuple[int, str]:
        result = archc("build", small, "--backend", "mine", "-o", "net.py", *options)
        assert result.err == ""
        return result.code, result.out

    return build


Build = Callable[..., tuple[int, str]]


def test_absent_then_up_to_date(build: Build, here: Path) -> None:
    assert build("--check") == (1, "net.py is out of date: the file does not exist\n")
    assert not (here / "net.py").exists()
    assert build() == (0, "net.py: class Mine, 837 parameters\n")
    before = (here / "net.py").stat()
    assert build("--check") == (0, "net.py: up to date, class Mine, 837 parameters\n")
    assert (here / "net.py").stat() == before


def change(file: str, old: str, new: str) -> None:
    text = Path(file).read_text()
    assert old in text
    Path(file).write_text(text.replace(old, new))


def test_the_spec_has_changed(build: Build) -> None:
    build()
    change("small.yaml", "kernel: 3", "kernel: 2")
    assert build("--check") == (1, "net.py is out of date: the spec has changed\n")
    build()
    assert build("--check")[0] == 0


def test_only_the_text_of_the_spec_has_changed(build: Build) -> None:
    build()
    change("small.yaml", "layers:", "layers:  # in order")
    assert build("--check") == (1, "net.py is out of date: the text of the spec has changed, but not the network\n")


def test_edited_by_hand(build: Build) -> None:
    build()
    change("net.py", "conv1", "conv2")
    assert build("--check") == (1, "net.py is out of date: the file was edited after archc emitted it\n")
    change("small.yaml", "kernel: 3", "kernel: 2")
    said = "net.py is out of date: the file was edited after archc emitted it, and the spec has changed\n"
    assert build("--check") == (1, said)
    assert "conv2" in Path("net.py").read_text()


def test_a_line_added_by_hand_is_an_edit(build: Build, archc, small: Path) -> None:
    build()
    with Path("net.py").open("a") as file:
        file.write("print(1)\n")
    assert build("--check") == (1, "net.py is out of date: the file was edited after archc emitted it\n")
    result = archc("build", small, "--backend", "mine", "-o", "net.py")
    assert result.err.startswith("error: net.py was edited after archc emitted it\n")


def test_emitted_otherwise_now(build: Build, install_backend: Callable[..., None], mine: None) -> None:
    build()
    from importlib import import_module

    backend = import_module("module_of_archc_mine").backend
    emit = type(backend).emit

    def newer(*arguments: object) -> object:
        source = emit(*arguments)
        return type(source)(source.text.replace("EDITION", "2"), source.class_name, source.renamed)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(backend), "emit", newer)
        code, said = build("--check")
    assert code == 1
    assert said.startswith(
        "net.py is out of date: the spec is the same, but its name, the options, archc or the backend has changed"
    )


@pytest.mark.parametrize("text", ["", "mine\n", "# archc"])
def test_not_emitted_by_archc(build: Build, text: str) -> None:
    Path("net.py").write_text(text)
    assert build("--check") == (1, "net.py is out of date: the file was not emitted by archc\n")
    assert Path("net.py").read_text() == text


def test_line_ends_of_another_system_are_no_change(build: Build) -> None:
    build()
    Path("net.py").write_bytes(Path("net.py").read_bytes().replace(b"\n", b"\r\n"))
    assert build("--check")[0] == 0


def test_json(build: Build, archc) -> None:
    assert json.loads(build("--check", "--output-format", "json")[1])["stale"] == ["absent"]
    assert json.loads(build("--output-format", "json")[1])["stale"] == []
    change("net.py", "conv1", "conv2")
    change("small.yaml", "kernel: 3", "kernel: 2")
    code, said = build("--check", "--output-format", "json")
    assert (code, json.loads(said)["stale"]) == (1, ["edited", "spec"])


def test_a_folder_and_force_are_usage_errors(archc, small: Path, here: Path) -> None:
    (here / "net.py").mkdir()
    result = archc("build", small, "-o", "net.py", "--check")
    assert (result.code, result.out) == (2, "")
    assert "error: net.py is not a regular file\n" in result.err
    result = archc("build", small, "-o", "net.py", "--check", "--force")
    assert (result.code, result.err) == (
        2,
        "error: `--check` and `--force` cannot be used together\n  use only one of them\n",
    )


@pytest.mark.parametrize("backend", ["torch", "keras"])
def test_archc_s_own_backends_tell_the_spec_s_hash(archc, small: Path, backend: str) -> None:
    command = ("build", small, "--backend", backend, "-o", "net.py")
    assert archc(*command).code == 0
    change("small.yaml", "layers:", "layers:  # in order")
    said = "net.py is out of date: the text of the spec has changed, but not the network\n"
    assert archc(*command, "--check").out == said


UP_TO_DATE = "net.py: up to date, class Small, 837 parameters\n"
EDITED = "net.py is out of date: the file was edited after archc emitted it\n"


@pytest.fixture(params=["torch", "keras"])
def own(request: pytest.FixtureRequest, archc, small: Path) -> Callable[..., Any]:
    """Build net.py with one of archc's own backends."""

    def own(*options: str) -> Any:
        return archc("build", small, "--backend", request.param, "-o", "net.py", *options)

    assert own().code == 0
    return own


@pytest.mark.parametrize(
    "formatter",
    [
        ["black", "--quiet", "--line-length", "120"],
        ["black", "--quiet", "--line-length", "50", "--skip-magic-trailing-comma"],
        ["ruff", "format", "--isolated", "--quiet", "--line-length", "140", "--config", "format.quote-style='single'"],
        ["ruff", "format", "--isolated", "--quiet", "--line-length", "50", "--config", "format.indent-style='tab'"],
        ["ruff", "check", "--isolated", "--quiet", "--select", "I,COM,Q,W", "--fix"],
    ],
    ids=" ".join,
)
def test_a_formatted_file_is_up_to_date(own: Callable[..., Any], formatter: list[str]) -> None:
    before = Path("net.py").read_text()
    subprocess.run([sys.executable, "-m", *formatter, "net.py"], check=True)
    assert (own("--check").code, own("--check").out) == (0, UP_TO_DATE)
    change("small.yaml", "kernel: 3", "kernel: 2")
    assert own("--check").out == "net.py is out of date: the spec has changed\n"
    change("small.yaml", "kernel: 2", "kernel: 3")
    assert own().code == 0
    assert Path("net.py").read_text() == before


def test_black_leaves_an_emitted_file_as_it_is(own: Callable[..., Any]) -> None:
    subprocess.run([sys.executable, "-m", "black", "--check", "net.py"], check=True)


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data.replace(b"\n", b"\r\n"),
        lambda data: data.replace(b"\n", b"\r"),
        lambda data: codecs.BOM_UTF8 + data,
        lambda data: data.rstrip(),
        lambda data: data + b"\n\n",
    ],
    ids=["CRLF", "CR", "BOM", "no last line end", "more line ends"],
)
def test_bytes_that_python_does_not_read_are_no_change(own: Callable[..., Any], change) -> None:
    before = Path("net.py").read_bytes()
    Path("net.py").write_bytes(change(before))
    assert own("--check").out == UP_TO_DATE
    assert own().code == 0
    assert Path("net.py").read_bytes() == before


@pytest.mark.parametrize(
    "edit",
    [
        lambda text: text + "print(1)\n",
        lambda text: text + "# mine\n",
        lambda text: text.rstrip() + " mine\n",
        lambda text: "#!/usr/bin/env python\n" + text,
        lambda text: "import os\n" + text,
        lambda text: text.replace("class Small", "class Larger"),
        lambda text: text.replace("seed(0)", "seed(1)"),
        lambda text: text.replace("    check()", "    check(  # mine\n    )"),
        lambda text: text.replace("loss", "loss_"),
        lambda text: text[: text.rindex("# archc")],
        lambda text: text[: len(text) // 2],
        lambda text: text[text.index("class Small") :],
        lambda text: text.replace("# archc", "# archd"),
        lambda text: text.replace("def ", "def def "),
        lambda text: text + text,
    ],
)
def test_any_other_change_is_an_edit(own: Callable[..., Any], edit) -> None:
    edited = edit(Path("net.py").read_text())
    Path("net.py").write_text(edited)
    assert (own("--check").code, own("--check").out) == (1, EDITED)
    result = own()
    assert result.code == 2
    assert "error: net.py was edited after archc emitted it\n" in result.err
    assert Path("net.py").read_text() == edited
