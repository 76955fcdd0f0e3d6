"""A NumPy backend, installed for these tests only: built as a wheel and unpacked into a folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

PROJECT = Path(__file__).parent / "archc-numpy"
collect_ignore = [PROJECT.name]  # its own tests run where it is installed


@pytest.fixture(scope="session")
def project() -> Path:
    """The backend as its author has it."""
    return PROJECT


@pytest.fixture(scope="session")
def site(site_of: Callable[..., Path]) -> Path:
    """A folder in which the backend is installed."""
    return site_of(PROJECT)
