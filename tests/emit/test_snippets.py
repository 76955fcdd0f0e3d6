"""Loading a snippet splits a module into imports and definitions without running it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from archc.emit.snippets import load
from archc.emit.syntax import Import


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of an empty, importable package."""
    monkeypatch.delitem(sys.modules, "snippets_of_a_test", raising=False)
    folder = tmp_path / "snippets_of_a_test"
    folder.mkdir()
    (folder / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    return folder


def test_imports_and_definitions(package: Path) -> None:
    (package / "norm.py").write_text(
        '"""A module, é."""\n'
        "# pyright: basic\n\n"
        "import math\n"
        "from torch import Tensor, nn\n\n\n"
        "@math.does_not_exist\n"
        "class Norm(nn.Module):\n"
        '    """Norm, é."""\n\n\n'
        "raise SystemExit\n"
    )
    loaded = load(package.name, "norm")
    assert loaded.imports == (Import("math"), Import("torch", ("Tensor", "nn")))
    assert loaded.snippet.text == (
        '@math.does_not_exist\nclass Norm(nn.Module):\n    """Norm, é."""\n\n\nraise SystemExit\n'
    )


def test_a_module_without_definitions_is_a_mistake(package: Path) -> None:
    (package / "empty.py").write_text('"""Nothing."""\n\nimport math\n')
    with pytest.raises(AssertionError, match="defines nothing"):
        load(package.name, "empty")
