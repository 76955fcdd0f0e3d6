"""`pytest --rewrite` writes the golden files anew; review what changed as you would review code."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest


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


@pytest.fixture
def install_backend(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str, str, str], None]:
    """Put a distribution with one backend on the path, as an installer would."""

    def install(distribution: str, name: str, source: str) -> None:
        place = tmp_path_factory.mktemp("site")
        module = f"module_of_{distribution.replace('-', '_')}"
        information = place / f"{distribution.replace('-', '_')}-1.0.dist-info"
        information.mkdir()
        (information / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n")
        (information / "entry_points.txt").write_text(f"[archc.backends]\n{name} = {module}:backend\n")
        (place / f"{module}.py").write_text(source)
        monkeypatch.syspath_prepend(place)
        monkeypatch.delitem(sys.modules, module, raising=False)

    return install
