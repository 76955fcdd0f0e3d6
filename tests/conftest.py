"""`pytest --rewrite` writes the golden files anew; review what changed as you would review code."""

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
