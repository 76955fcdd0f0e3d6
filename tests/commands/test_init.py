"""archc init: a first spec, or a copy of a shipped one, under the name of the file."""

from __future__ import annotations

from pathlib import Path

import pytest

from archc.analysis import analyse
from archc.console.starter import FIRST, network_name, shipped


def test_it_writes_a_spec_that_every_command_takes(archc, here: Path) -> None:
    result = archc("init")
    assert (result.code, result.err) == (0, "")
    assert result.out == ("wrote net.yaml\nnext: archc check net.yaml\n      archc train net.yaml --steps 200\n")
    assert archc("check", "net.yaml", "--strict").code == 0
    assert archc("fmt", "net.yaml", "--check").code == 0
    assert archc("build", "net.yaml", "-o", "net.py").code == 0
    text = (here / "net.yaml").read_text()
    assert text == FIRST.replace("name: first", "name: net")


def test_it_never_overwrites_a_file(archc, here: Path) -> None:
    (here / "net.yaml").write_text("mine")
    (here / "net2.yaml").write_text("mine too")
    result = archc("init", "net.yaml")
    assert (result.code, result.out) == (2, "")
    assert result.err == "error: net.yaml exists\n  name another file: `archc init net3.yaml`\n"
    assert (here / "net.yaml").read_text() == "mine"


def test_a_link_to_nothing_is_not_followed(archc, here: Path) -> None:
    (here / "net.yaml").symlink_to("elsewhere.yaml")
    assert archc("init", "net.yaml").code == 2
    assert not (here / "elsewhere.yaml").exists()


@pytest.mark.parametrize("name", shipped())
def test_each_shipped_spec_can_be_copied(archc, here: Path, name: str) -> None:
    assert archc("init", "my-net.yaml", "--from", name).code == 0
    facts = analyse((here / "my-net.yaml").read_bytes(), "my-net.yaml").facts
    assert facts is not None and facts.graph.name == "my_net"


def test_an_unknown_name_gets_a_suggestion(archc) -> None:
    result = archc("init", "--from", "alexnt")
    assert (result.code, result.err) == (
        2,
        "error: no spec `alexnt` is shipped with archc\n  did you mean `alexnet`?\n",
    )


def test_standard_output_is_the_spec_alone(archc) -> None:
    result = archc("init", "-")
    assert (result.code, result.out, result.err) == (0, FIRST, "")


@pytest.mark.parametrize(
    ("file", "name"),
    [("my-net.yaml", "my_net"), ("2cool.yaml", "net_2cool"), ("é.yaml", "net"), ("a" * 80 + ".yaml", "a" * 64)],
)
def test_the_network_is_named_after_the_file(file: str, name: str) -> None:
    assert network_name(Path(file)) == name


def test_a_file_that_cannot_be_written_is_one_line(archc, here: Path) -> None:
    (here / "file").write_text("")
    result = archc("init", "file/net.yaml")
    assert (result.code, result.err) == (3, "error: cannot write file/net.yaml: Not a directory\n  name another file\n")
