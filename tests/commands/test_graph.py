"""archc graph: formats, the file that it writes, the files that it does not overwrite, and the README's figure."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

from archc.emit.seal import DOT, MERMAID, XML, Comment, is_sealed

ROOT = Path(__file__).parents[2]
RESNET = ROOT / "tests" / "figure" / "specs" / "resnet18.yaml"


def test_the_figure_of_the_readme_is_what_the_command_draws(archc, alexnet: Path, golden: Callable) -> None:
    """`archc graph specs/alexnet.yaml -o docs/alexnet.svg` writes it, and so does `pytest --rewrite`."""
    result = archc("graph", alexnet, "-o", "-")
    assert (result.code, result.err) == (0, "")
    golden(ROOT / "docs" / "alexnet.svg", result.out)


def test_without_o_a_file_named_for_the_network(archc, small: Path) -> None:
    result = archc("graph", small)
    assert (result.code, result.out) == (0, "small.svg: 5 layers as SVG\n")
    one = small.with_name("one.yaml")
    one.write_text("schema: archc/v1\nname: one\ninput: {image: [3, 8, 8]}\nlayers:\n  r: {op: relu}\n")
    assert archc("graph", one).out == "one.svg: 1 layer as SVG\n"
    assert ElementTree.parse("small.svg").getroot().findtext("{*}title") == "A small network"


@pytest.mark.parametrize(
    ("place", "comment", "begins"),
    [
        ("net.svg", XML, "<svg "),
        ("net.SVG", XML, "<svg "),
        ("net.mmd", MERMAID, "---\ntitle: "),
        ("net.mermaid", MERMAID, "---\ntitle: "),
        ("net.dot", DOT, "digraph "),
        ("net.gv", DOT, "digraph "),
    ],
)
def test_the_suffix_says_the_format(archc, small: Path, place: str, comment: Comment, begins: str) -> None:
    assert archc("graph", small, "-o", place).code == 0
    text = Path(place).read_text(encoding="utf-8")
    assert text.startswith(begins)
    assert is_sealed(text, comment)


def test_a_format_that_is_named_goes_before_the_suffix(archc, small: Path) -> None:
    assert archc("graph", small, "-o", "net.txt", "--format", "dot").out == "net.txt: 5 layers as Graphviz\n"
    assert archc("graph", small, "--format", "mermaid").out == "small.mmd: 5 layers as Mermaid\n"
    assert archc("graph", small, "-o", "-", "--format", "dot").out == Path("net.txt").read_text(encoding="utf-8")


def test_an_unknown_suffix(archc, small: Path) -> None:
    result = archc("graph", small, "-o", "net.png")
    assert (result.code, result.out) == (2, "")
    assert result.err.splitlines() == [
        "error: unknown suffix of net.png",
        "  use .svg, .mmd, .mermaid, .dot, .gv, or set `--format`",
    ]


@pytest.mark.parametrize("place", ["net.svg", "net.mmd", "net.dot"])
def test_a_foreign_and_an_edited_file_stay_its_own_is_written_over(archc, small: Path, place: str) -> None:
    Path(place).write_text("mine\n")
    result = archc("graph", small, "-o", place)
    assert result.code == 2
    assert f"error: {place} was not emitted by archc\n" in result.err
    assert Path(place).read_text() == "mine\n"
    assert archc("graph", small, "-o", place, "--force").code == 0
    assert archc("graph", small, "-o", place).code == 0
    edited = Path(place).read_text(encoding="utf-8").replace("conv1", "edited")
    Path(place).write_text(edited, encoding="utf-8")
    assert f"error: {place} was edited after archc emitted it\n" in archc("graph", small, "-o", place).err
    assert Path(place).read_text(encoding="utf-8") == edited


def test_a_spec_with_errors_is_not_drawn(archc, small: Path) -> None:
    small.write_text(small.read_text().replace("kernel: 3", "kernel: 9"))
    result = archc("graph", small)
    assert (result.code, result.out) == (1, "")
    assert "error[ARC201]" in result.err
    assert not Path("small.svg").exists()


@pytest.mark.parametrize(
    ("figure_format", "said"),
    [
        ("svg", "8,001 boxes and lines are too many to draw: the limit is 5,000"),
        ("mermaid", "4,000 edges of a Mermaid flowchart are too many to draw: the limit is 500"),
    ],
)
def test_too_many_layers_for_a_picture(archc, here: Path, figure_format: str, said: str) -> None:
    conv = "{op: conv2d, filters: 3, kernel: 1, weight_init: {he_normal: {}}}"
    layers = "".join(f"  c{n}: {conv}\n" for n in range(4_000))
    Path("large.yaml").write_text(f"schema: archc/v1\nname: large\ninput: {{image: [3, 9, 9]}}\nlayers:\n{layers}")
    result = archc("graph", "large.yaml", "-o", "-", "--format", figure_format)
    assert (result.code, result.out) == (2, "")
    assert result.err.splitlines()[-2:] == [
        f"error: large: {said}",
        "  use `--format dot`, which has no limit",
    ]
    assert archc("graph", "large.yaml", "-o", "-", "--format", "dot").out.count(" -> ") == 4_000


@pytest.mark.parametrize("figure_format", ["svg", "mermaid", "dot"])
def test_blocks_are_opened_at_their_paths_or_everywhere(archc, figure_format: str) -> None:
    def drawn(*options: str) -> str:
        result = archc("graph", RESNET, "-o", "-", "--format", figure_format, *options)
        assert (result.code, result.err) == (0, "")
        return result.out

    assert "layer1.1" not in drawn()
    assert "layer1.1" in drawn("--open", "layer1")
    assert "layer3.1" not in drawn("--open", "layer1")
    two = drawn("--open", "layer1", "--open", "layer3")
    assert "layer3.1" in two
    assert "layer4.1" not in two
    everything = drawn("--wide")
    assert "layer4.1" in everything
    assert "basic, as in" not in everything


def test_an_unknown_block_to_open(archc, small: Path) -> None:
    result = archc("graph", RESNET, "-o", "-", "--open", "layer5")
    assert (result.code, result.out) == (2, "")
    assert result.err.splitlines() == [
        "error: --open layer5: no block or stage has this path",
        "  use one of layer1, layer2, layer3, layer4, or of those in them",
    ]
    result = archc("graph", small, "-o", "-", "--open", "conv1")
    assert result.err.splitlines()[-1] == "  leave it out: the spec has no blocks and no stages"


def test_ten_thousand_layers_in_blocks_are_drawn(archc, here: Path) -> None:
    text = RESNET.read_text().replace("repeat: 2", "repeat: 1400")
    Path("large.yaml").write_text(text)
    for figure_format in ("svg", "mermaid", "dot"):
        assert "basic × 1,400" in archc("graph", "large.yaml", "-o", "-", "--format", figure_format).out
    result = archc("graph", "large.yaml", "-o", "-", "--wide")
    assert result.err.splitlines()[-1] == "  leave out `--wide`, or use `--format dot`, which has no limit"
