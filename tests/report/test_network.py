"""The layer table and totals, as a person reads them and as a program does."""

import json
import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from rich.cells import cell_len

from archc.analysis import Facts, analyse
from archc.passes.placement import Exchange, ExchangeKind
from archc.report.facts_json import as_json
from archc.report.network import exchanges, network

HERE = Path(__file__).parent
FIGURES = HERE.parent / "figure" / "specs"
SPECS = {
    "alexnet": HERE.parent.parent / "specs" / "alexnet.yaml",
    "branches": HERE.parent / "specs" / "good" / "branches.yaml",
    "batch_norm": HERE.parent / "specs" / "good" / "batch_norm.yaml",
    "windows": HERE.parent / "specs" / "good" / "windows.yaml",
    "resnet18": HERE / "resnet18.yaml",
    "resnet18_blocks": FIGURES / "resnet18.yaml",
    "densenet": FIGURES / "densenet.yaml",
}


def facts(name: str) -> Facts:
    analysis = analyse(SPECS[name].read_bytes(), name)
    assert analysis.facts is not None
    return analysis.facts


def shown(found: Facts, width: int = 200, *, wide: bool = False) -> str:
    return network(found, width=width, wide=wide) + "\n"


@pytest.mark.parametrize("name", SPECS)
def test_the_table(name: str, golden: Callable[[Path, str], None]) -> None:
    golden(HERE / f"{name}.txt", shown(facts(name)))


@pytest.mark.parametrize("name", ["alexnet", "batch_norm", "resnet18_blocks"])
def test_the_wide_table_has_every_column(name: str, golden: Callable[[Path, str], None]) -> None:
    golden(HERE / f"{name}.wide.txt", shown(facts(name), width=80, wide=True))


@pytest.mark.parametrize("name", ["alexnet", "resnet18", "resnet18_blocks", "densenet"])
def test_eighty_columns_are_enough_for_windows_and_sizes(name: str, golden: Callable[[Path, str], None]) -> None:
    text = shown(facts(name), width=80)
    assert max(map(len, text.splitlines())) <= 80
    headings = next(line for line in text.splitlines() if line.startswith("layer")).split()
    assert headings[:5] == ["layer", "op", "window", "size", "output"]
    golden(HERE / f"{name}.80.txt", text)


@pytest.mark.parametrize("width", [40, 60, 80, 100, 120, 200])
def test_inputs_are_shown_where_they_are_not_the_line_above(width: int) -> None:
    nodes = facts("resnet18").graph.nodes
    lines = " ".join(shown(facts("resnet18"), width=width).split())
    expected = [after.inputs for node, after in pairwise(nodes) if after.inputs != (node.name,)]
    assert len(expected) == 8 + 3
    # In full, and no name is broken.
    assert re.findall(r" from (\w+(?:, \w+)*)", lines) == [", ".join(inputs) for inputs in expected]


def test_the_sizes_of_branches_follow_one_path(facts_of: Callable[[str], Facts]) -> None:
    """Sizes of a branch are not appended to those of another: 8 → 4 → 8 is a path that no value takes."""
    head = "schema: archc/v1\nname: branched\ninput: {image: [3, 8, 8]}\nlayers:\n"
    conv = "op: conv2d, filters: 4, weight_init: {he_normal: {}}"
    found = facts_of(
        head
        + f"  stem: {{{conv}, kernel: 1}}\n"
        + f"  a1: {{{conv}, kernel: 2, stride: 2}}\n  a2: {{op: flatten}}\n"
        + f"  b1: {{{conv}, kernel: 3, padding: 1, from: stem}}\n  b2: {{op: relu}}\n  b3: {{op: relu}}\n"
        + "  b4: {op: flatten}\n  join: {op: concat, from: [a2, b4]}\n"
    )
    assert "\n8 along the longest path\n" in shown(found)
    assert as_json(found)["chain"] == [[8, 8]]
    found = facts("resnet18")
    assert "\n112 → 56 → 28 → 14 → 7 → 1 along the longest path\n" in shown(found)


@pytest.mark.parametrize("width", range(32, 130))
@pytest.mark.parametrize("name", ["alexnet", "windows", "resnet18"])
def test_a_narrow_terminal_hides_columns_and_names_them(name: str, width: int) -> None:
    found = facts(name)
    lines = shown(found, width=width).splitlines()
    assert max(map(len, lines)) <= width
    text = " ".join(lines)
    for heading in ("window", "size", "parameters", "MACs"):
        assert (heading in next(line for line in lines if line.startswith("layer"))) != (
            heading in text.partition("columns hidden")[2].partition(";")[0]
        )
    for node in found.graph.nodes:
        assert any(line.startswith(f"{node.name} ") and str(node.output) in line for line in lines)


def test_a_title_cannot_steer_the_terminal() -> None:
    text = SPECS["alexnet"].read_text("utf-8").replace("title: AlexNet", 'title: "[red]Alex\\e[2JNet[/red]"  #')
    analysis = analyse(text.encode(), "alexnet.yaml")
    assert analysis.facts is not None
    assert shown(analysis.facts).startswith("[red]Alex\\u001b[2JNet[/red]\n")


def test_a_title_with_wide_characters_fits_the_terminal() -> None:
    title = "畳み込みニューラルネットワーク" * 4
    text = SPECS["alexnet"].read_text("utf-8").replace("title: AlexNet", f"title: {title}  #")
    analysis = analyse(text.encode(), "alexnet.yaml")
    assert analysis.facts is not None
    lines = shown(analysis.facts, width=80).splitlines()
    assert "".join(lines[: lines.index("")]) == title
    assert max(map(cell_len, lines)) <= 80


def exchange(layer: str, kind: ExchangeKind) -> Exchange:
    return Exchange(layer, kind, ("x",), 2, 1, 1)


@pytest.mark.parametrize(
    ("found", "line"),
    [
        ((), "on 2 devices, split by columns: no maps are exchanged"),
        ((exchange("a", "gather"),), "on 2 devices, split by columns: maps are gathered before a"),
        (
            (exchange("a", "gather"), exchange("n", "halo"), exchange("j", "redistribute"), exchange("b", "gather")),
            "on 2 devices, split by columns: maps are gathered before a, b; a halo is exchanged before n; maps are "
            "redistributed before j",
        ),
    ],
)
def test_exchanges_in_a_line(found: tuple[Exchange, ...], line: str) -> None:
    placement = facts("alexnet").placement
    assert placement is not None
    assert exchanges(placement._replace(exchanges=found)) == line


def test_facts_for_programs() -> None:
    found = as_json(facts("alexnet"))
    assert json.loads(json.dumps(found)) == found
    assert (found["parameters"], found["macs"]) == (60_965_224, 724_406_816)
    assert found["chain"] == [[55, 55], [27, 27], [13, 13], [6, 6]]
    assert found["outputs"] == ["prob"]
    layers = found["layers"]
    assert isinstance(layers, list)
    assert layers[4] == {
        "name": "conv2",
        "op": "conv2d",
        "from": ["pool1"],
        "window": "5 × 5, padding 2, 2 groups",
        "size": "(27 - 5 + 2 × 2) / 1 + 1 = 27",
        "output": [256, 27, 27],
        "receptive_field": {"size": [51, 51], "start": [-16, -16], "stride": [8, 8]},
        "parameters": 307_456,
        "weights": 307_200,
        "biases": 256,
        "statistics": 0,
        "macs": 223_948_800,
        "backward_macs": 447_897_600,
        "element_ops": 186_624,
        "activations": 186_624,
        "formula": None,
    }
    placement = found["placement"]
    assert isinstance(placement, dict)
    assert placement["exchanges"][0] == {
        "layer": "conv3",
        "kind": "gather",
        "sources": ["pool2"],
        "values": 43_264,
        "received": 21_632,
        "returned": 21_632,
    }


def test_a_spec_without_a_split_has_none_for_programs() -> None:
    assert as_json(facts("branches"))["placement"] is None


def test_a_program_gets_all_layers_and_the_scopes() -> None:
    found = as_json(facts("resnet18_blocks"))
    assert len(found["layers"]) == 69
    assert [scope["path"] for scope in found["scopes"]][:5] == ["layer1", "layer1.0", "layer1.1", "layer2", "layer2.0"]
    assert found["scopes"][4] == {
        "path": "layer2.0",
        "block": "down",
        "from": ["layer1.1.relu2"],
        "output": "layer2.0.relu2",
        "arguments": {"filters": 128},
    }
    assert as_json(facts("resnet18"))["scopes"] == []


@pytest.mark.parametrize("name", ["resnet18_blocks", "densenet"])
def test_the_closed_rows_have_the_sums_of_their_layers(name: str) -> None:
    lines = shown(facts(name)).split("total")[0].splitlines()[4:]
    figures = [
        [int(word.replace(",", "")) for word in re.split("  +", line)[-2:] if re.fullmatch("[0-9,]+", word)]
        for line in lines
    ]
    assert sum(row[-1] for row in figures if len(row) == 2) == facts(name).counts.macs
    text = shown(facts(name), wide=True)
    assert all(f"\n{node.name} " in text for node in facts(name).graph.nodes)


LONG = """
schema: archc/v1
name: long
input: {image: [3, 8, 8]}
blocks: {a_block_with_a_long_name: {layers: {norm: {op: batch_norm, epsilon: 1e-5, momentum: 0.9}}}}
layers:
  a_stage_with_a_long_name:
    - [[{op: relu}, {block: a_block_with_a_long_name, repeat: 12}, {op: tanh}]]
    - {op: tanh}
  another_stage_with_a_name_that_is_even_longer: {block: a_block_with_a_long_name, repeat: 3}
  sum: {op: add, from: [a_stage_with_a_long_name.0, another_stage_with_a_name_that_is_even_longer]}
"""


@pytest.mark.parametrize("width", [40, 60, 80, 100])
def test_long_paths_are_folded(width: int) -> None:
    found = analyse(LONG.encode(), "long.yaml").facts
    assert found is not None
    lines = shown(found, width=width).splitlines()
    assert max(map(cell_len, lines)) <= width
    assert "a_stage_with_a_long_name.0.0.1–12" in "".join(line.partition("  ")[0] for line in lines)


def test_exchanges_within_a_block_are_summed_up() -> None:
    text = (
        SPECS["resnet18_blocks"]
        .read_text()
        .replace("\nlayers:", "\nparallel: {devices: 2, strategy: columns}\nlayers:")
    )
    found = analyse(text.encode(), "resnet18.yaml").facts
    assert found is not None
    assert "before layer1 (4 layers), layer2 (4 layers), layer3 (4 layers), layer4 (4 layers), fc" in shown(found)
