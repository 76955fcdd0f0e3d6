"""How backends are found, and that clashing, outdated and broken distributions are named."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import pytest

from archc.backend import (
    OWN,
    PROTOCOL,
    Backend,
    Origin,
    Unsupported,
    distribution_of,
    every,
    load,
)
from archc.entry_points import BACKENDS, installed
from archc.failure import Failure
from archc.installing import backend_help

GOOD = f"""
class Mine:
    name = "mine"
    protocol = {PROTOCOL}
    frameworks = ()
    strategies = ()
    train_module = "mine.train"

    def emit(self, request):
        raise NotImplementedError


backend = Mine()
"""

Install = Callable[[str, str, str], None]


def failure(name: str) -> Failure:
    with pytest.raises(Failure) as caught:
        load(name)
    return caught.value


@pytest.mark.parametrize("name", OWN)
def test_archc_s_own(name: str) -> None:
    backend = load(name)
    assert isinstance(backend, Backend)
    assert (backend.name, backend.protocol) == (name, PROTOCOL)
    assert backend.train_module == f"archc_{name}.train"
    assert distribution_of(name) == f"archc-{name}"


def test_a_third_backend_needs_no_line_in_archc(install_backend: Install) -> None:
    install_backend("archc-mine", "mine", GOOD)
    assert load("mine").train_module == "mine.train"
    assert set(installed(BACKENDS)) == {*OWN, "mine"}
    assert distribution_of("mine") == "archc-mine"


OTHER_WORDS = [
    *[("pytorch", "torch"), ("PyTorch", "torch"), ("pt", "torch"), ("Torch", "torch"), ("trch", "torch")],
    *[("tensorflow", "keras"), ("TensorFlow", "keras"), ("tf", "keras"), ("Keras", "keras"), ("kears", "keras")],
]


@pytest.mark.parametrize(("word", "meant"), OTHER_WORDS)
def test_another_word_for_a_backend_leads_to_that_one(monkeypatch: pytest.MonkeyPatch, word: str, meant: str) -> None:
    assert failure(word).help == f"did you mean `{meant}`?"
    (other,) = (name for name in OWN if name != meant)
    with monkeypatch.context() as patch:
        only_other = list(installed(BACKENDS)[other])
        patch.setattr("archc.entry_points.entry_points", lambda group: only_other)
        assert failure(word).help == f"did you mean `{meant}`? Install it: {backend_help(meant)}"
    monkeypatch.setattr("archc.entry_points.entry_points", lambda group: ())
    assert failure(word).help == f"did you mean `{meant}`? Install it: {backend_help(meant)}"


def test_a_backend_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    missing = failure("jax")
    assert missing.message == "the backend `jax` is not installed"
    assert missing.help == "available backends: keras, torch"
    monkeypatch.setattr("archc.entry_points.entry_points", lambda group: ())
    missing = failure("torch")
    assert missing.message == "the backend `torch` is not installed"
    assert missing.help == backend_help("torch")
    assert failure("keras").help == backend_help("keras")
    assert failure("jax").help == f"{backend_help('torch')} or {backend_help('keras')}"


def test_two_of_one_name(install_backend: Install) -> None:
    install_backend("archc-mine", "mine", GOOD)
    install_backend("other-thing", "mine", GOOD)
    clash = failure("mine")
    assert clash.message == "archc-mine and other-thing both provide the backend `mine`"
    assert clash.help == "uninstall one of them"


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("raise RuntimeError('no license')", "RuntimeError: no license"),
        ("import a_module_that_nobody_has", "ModuleNotFoundError: No module named 'a_module_that_nobody_has'"),
        ("backend_ = 1", "AttributeError"),
    ],
)
def test_a_backend_that_cannot_be_imported(install_backend: Install, source: str, said: str) -> None:
    install_backend("archc-mine", "mine", source)
    broken = failure("mine")
    assert broken.message.startswith(f"the backend `mine` of archc-mine cannot be imported: {said}")
    assert broken.help == "reinstall archc-mine, or report it to its authors"


@pytest.mark.parametrize("protocol", [str(PROTOCOL - 1), str(PROTOCOL + 1), f"'{PROTOCOL}'", "None"])
def test_another_protocol(install_backend: Install, protocol: str) -> None:
    install_backend("archc-mine", "mine", GOOD.replace(f"protocol = {PROTOCOL}", f"protocol = {protocol}"))
    message = f"the backend `mine` of archc-mine has protocol {protocol}, this archc has {PROTOCOL}"
    assert failure("mine").message == message


def test_a_backend_of_another_name(install_backend: Install) -> None:
    install_backend("archc-mine", "mine", GOOD.replace('"mine"', '"yours"'))
    assert failure("mine").message == "the backend `mine` of archc-mine has the name `yours`"


def test_a_backend_that_ends_the_process(install_backend: Install) -> None:
    install_backend("archc-mine", "mine", "raise SystemExit('license expired')")
    assert failure("mine").message.endswith("cannot be imported: SystemExit: license expired")


@pytest.mark.parametrize("path", ["net.yaml", "specs/net.yaml", "/somebody/s/specs/net.yaml", "../net.yaml"])
def test_an_origin_is_the_same_on_every_machine(path: str) -> None:
    origin = Origin.of(path, b"name: net\n")
    assert (origin.spec, origin.sha256[:8]) == ("net.yaml", hashlib.sha256(b"name: net\n").hexdigest()[:8])
    assert origin.command("torch") == "archc build net.yaml --backend torch"


def test_a_command_is_quoted_for_a_shell() -> None:
    assert Origin.of("a net; true.yaml", b"").command("torch") == "archc build 'a net; true.yaml' --backend torch"


def test_every_refused_item_is_told() -> None:
    def write(item: str) -> str:
        if item.isupper():
            raise Unsupported(item, f"no {item}")
        return item * 2

    assert every("abc", write) == ["aa", "bb", "cc"]
    with pytest.raises(Unsupported, match="no B") as refused:
        every("aBcD", write)
    assert refused.value.layers == {"B": "no B", "D": "no D"}


def test_an_object_that_is_not_a_backend(install_backend: Install) -> None:
    install_backend("archc-mine", "mine", f"class Mine:\n    protocol = {PROTOCOL}\n\n\nbackend = Mine()\n")
    assert failure("mine").message == "the backend `mine` of archc-mine is not a Backend"
