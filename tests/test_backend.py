"""How backends are found: what two distributions, an old one or a broken one cause is said with its name."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from archc.backend import OWN, PROTOCOL, Backend, BackendFailure, distribution_of, installed, load

GOOD = f"""
class Mine:
    name = "mine"
    protocol = {PROTOCOL}
    frameworks = ()
    train_module = "mine.train"

    def emit(self, graph, recipe, placement, origin):
        raise NotImplementedError


backend = Mine()
"""

Install = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Put a distribution with one backend on the path, as an installer would."""

    def install(distribution: str, name: str, source: str) -> None:
        place = tmp_path / distribution
        module = f"module_of_{distribution.replace('-', '_')}"
        information = place / f"{distribution.replace('-', '_')}-1.0.dist-info"
        information.mkdir(parents=True)
        (information / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n")
        (information / "entry_points.txt").write_text(f"[archc.backends]\n{name} = {module}:backend\n")
        (place / f"{module}.py").write_text(source)
        monkeypatch.syspath_prepend(place)
        monkeypatch.delitem(sys.modules, module, raising=False)

    return install


def failure(name: str) -> BackendFailure:
    with pytest.raises(BackendFailure) as caught:
        load(name)
    return caught.value


@pytest.mark.parametrize("name", OWN)
def test_archc_s_own(name: str) -> None:
    backend = load(name)
    assert isinstance(backend, Backend)
    assert (backend.name, backend.protocol) == (name, PROTOCOL)
    assert backend.train_module == f"archc_{name}.train"
    assert distribution_of(name) == f"archc-{name}"


def test_a_third_backend_needs_no_line_in_archc(install: Install) -> None:
    install("archc-mine", "mine", GOOD)
    assert load("mine").train_module == "mine.train"
    assert set(installed()) == {*OWN, "mine"}
    assert distribution_of("mine") == "archc-mine"


def test_a_backend_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    missing = failure("jax")
    assert missing.message == "no backend `jax` is installed (installed: keras, torch)"
    assert failure("Torch").help == "did you mean `torch`?"
    monkeypatch.setattr("archc.backend.entry_points", lambda group: ())
    missing = failure("torch")
    assert missing.message == "no backend `torch` is installed (installed: none)"
    assert missing.help == "pip install 'archc[torch]'"


def test_two_of_one_name(install: Install) -> None:
    install("archc-mine", "mine", GOOD)
    install("other-thing", "mine", GOOD)
    clash = failure("mine")
    assert clash.message == "archc-mine and other-thing both call their backend `mine`"
    assert clash.help == "uninstall one of them"


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("raise RuntimeError('no license')", "RuntimeError: no license"),
        ("import a_module_that_nobody_has", "ModuleNotFoundError: No module named 'a_module_that_nobody_has'"),
        ("backend_ = 1", "AttributeError"),
    ],
)
def test_a_backend_that_cannot_be_imported(install: Install, source: str, said: str) -> None:
    install("archc-mine", "mine", source)
    broken = failure("mine")
    assert broken.message.startswith(f"the backend `mine` of archc-mine cannot be imported: {said}")
    assert broken.help == "reinstall archc-mine"


@pytest.mark.parametrize("protocol", ["1", "3", "'2'", "None"])
def test_another_protocol(install: Install, protocol: str) -> None:
    install("archc-mine", "mine", GOOD.replace(f"protocol = {PROTOCOL}", f"protocol = {protocol}"))
    message = failure("mine").message
    assert (
        message == f"the backend `mine` of archc-mine speaks protocol {protocol.strip(chr(39))}, this archc {PROTOCOL}"
    )


def test_what_is_no_backend(install: Install) -> None:
    install("archc-mine", "mine", f"class Mine:\n    protocol = {PROTOCOL}\n\n\nbackend = Mine()\n")
    assert failure("mine").message == "what archc-mine calls its backend `mine` is none"
