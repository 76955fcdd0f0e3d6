"""Golden files, the command line as a user meets it, specs, and distributions as an installer leaves them.

`pytest --rewrite` writes the golden files again; review the difference as you would review code.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from zipfile import ZipFile

import pytest
from hatchling.builders.wheel import WheelBuilder
from hypothesis import HealthCheck, settings

from archc.analysis import Facts, analyse
from archc.commands import main
from archc.signals import STOPS

ALEXNET = Path(__file__).parents[1] / "specs" / "alexnet.yaml"
SMALL = """\
schema: archc/v1
name: small
title: A small network
input: {image: [3, 8, 8]}
layers:
  conv1: {op: conv2d, filters: 4, kernel: 3, weight_init: {normal: {std: 0.1}}}
  class: {op: relu}
  flat: {op: flatten}
  fc: {op: dense, units: 5, weight_init: {normal: {std: 0.1}}}
  prob: {op: softmax}
"""


# readline sets these in the environment of child processes, behind Python's back. Without them, output has the width
# of a pipe whatever terminal runs the tests.
for variable in ("COLUMNS", "LINES"):
    os.environ.pop(variable, None)
    os.unsetenv(variable)

# A shell starts commands in the background, and `nohup` starts them all, with signals ignored; children inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)

# How long a property takes depends on what else the machine does.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--rewrite", action="store_true", help="write golden files anew instead of comparing with them")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[Path, str], None]:
    """Compare a text with a file, which holds it to the byte."""

    def golden(file: Path, text: str) -> None:
        if request.config.getoption("--rewrite"):
            file.write_bytes(text.encode())
        assert file.exists(), f"{file} is not there: write it with pytest --rewrite"
        assert text == file.read_bytes().decode()

    return golden


@pytest.fixture(scope="session")
def site_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """A folder with projects in it as an installer leaves them: built as wheels and unpacked."""

    def site_of(*projects: Path) -> Path:
        folder = tmp_path_factory.mktemp("site")
        for project in projects:
            wheel = str(tmp_path_factory.mktemp("wheel"))
            for built in WheelBuilder(str(project)).build(directory=wheel, versions=["standard"]):
                ZipFile(built).extractall(folder)
        return folder

    return site_of


@pytest.fixture
def install(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str, str, str, str, str], None]:
    """Put a distribution with one module and one entry point, to an object of that module, on the path."""

    def install(distribution: str, group: str, name: str, source: str, value: str) -> None:
        place = tmp_path_factory.mktemp("site")
        module = f"module_of_{distribution.replace('-', '_')}"
        information = place / f"{distribution.replace('-', '_')}-1.0.dist-info"
        information.mkdir()
        (information / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n")
        (information / "entry_points.txt").write_text(f"[{group}]\n{name} = {module}:{value}\n")
        (place / f"{module}.py").write_text(source)
        monkeypatch.syspath_prepend(place)
        monkeypatch.delitem(sys.modules, module, raising=False)

    return install


@pytest.fixture
def install_backend(install: Callable[[str, str, str, str, str], None]) -> Callable[[str, str, str], None]:
    """Put a distribution with one backend, `backend` of its module, on the path."""
    return lambda distribution, name, source: install(distribution, "archc.backends", name, source, "backend")


@dataclass(frozen=True)
class Result:
    code: int
    out: str
    err: str


Archc = Callable[..., Result]


@pytest.fixture
def archc(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Archc:
    """Run the command line in this process."""

    def run(*arguments: str | Path) -> Result:
        monkeypatch.setattr(sys, "argv", ["archc", *map(str, arguments)])
        handlers = {number: signal.getsignal(number) for number in STOPS}
        with pytest.raises(SystemExit) as leaving:
            main()
        # The process goes on, which the command line does not expect.
        gc.unfreeze()
        gc.enable()
        for number, handler in handlers.items():
            signal.signal(number, handler)
        said = capsys.readouterr()
        assert isinstance(leaving.value.code, int)
        return Result(leaving.value.code, said.out, said.err)

    return run


@pytest.fixture
def alexnet() -> Path:
    return ALEXNET


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that is the current one."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def small(here: Path) -> Path:
    """small.yaml in the current folder: its name from there."""
    (here / "small.yaml").write_text(SMALL)
    return Path("small.yaml")


@pytest.fixture
def undecodable_png() -> bytes:
    """A PNG whose checksums are right, but whose pixels cannot be decoded: only a run finds out."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4) + kind + data + zlib.crc32(kind + data).to_bytes(4)

    header = chunk(b"IHDR", (8).to_bytes(4) * 2 + bytes([8, 2, 0, 0, 0]))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", b"nothing compressed") + chunk(b"IEND", b"")


@pytest.fixture
def facts_of() -> Callable[[str], Facts]:
    """The facts of a spec's text."""

    def facts_of(text: str) -> Facts:
        facts = analyse(text.encode(), "spec.yaml").facts
        assert facts is not None
        return facts

    return facts_of
