"""A NumPy backend, installed for these tests only: built as a wheel and unpacked into a folder."""

from __future__ import annotations

from pathlib import Path
from zipfile import ZipFile

import pytest
from hatchling.builders.wheel import WheelBuilder

PROJECT = Path(__file__).parent / "archc-numpy"
collect_ignore = [PROJECT.name]  # its own tests run where it is installed


@pytest.fixture(scope="session")
def project() -> Path:
    """The backend as its author has it."""
    return PROJECT


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as an installer would fill it."""
    folder = tmp_path_factory.mktemp("site")
    built = WheelBuilder(str(PROJECT)).build(directory=str(tmp_path_factory.mktemp("wheel")), versions=["standard"])
    for wheel in built:
        ZipFile(wheel).extractall(folder)
    return folder
