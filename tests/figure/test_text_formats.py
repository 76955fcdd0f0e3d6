"""The text for Graphviz, parsed by pydot, and for Mermaid, parsed by a grammar of the lines that archc writes."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from pathlib import Path

import pydot
import pytest
import yaml

from archc.analysis import Facts, analyse
from archc.emit.seal import DOT, MERMAID, is_sealed
from archc.figure import TooLarge
from archc.figure.dot import dot
from archc.figure.mermaid import MOST_EDGES, mermaid
from archc.figure.panels import panels
from archc.graph import Graph

# pydot 4.0 calls functions of pyparsing by names that are older than pyparsing's present ones.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:pydot")

TESTS = Path(__file__).parents[1]
SPECS = [
    # pydot takes many seconds to read the largest networks.
    *((TESTS.parent / "specs") / f"{name}.yaml" for name in ("alexnet", "alexnet_torchvision", "resnet18", "unet")),
    *(TESTS / "specs" / "good").glob("*.yaml"),
    *(TESTS / "figure" / "specs").glob("*.yaml"),
]
HOSTILE = [
    'a "q" <b> & c',
    "---\ntitle: x",
    '%%{init: {"theme": "x"}}%%',
    '<a b="c">x</a>',
    "\\",
    "\\N \\G &amp; #quot; `x`",
    '"]; x --> y',
    "\u202e }]",
    "end",
]
NODE = re.compile(r' +n(\d+)\["((?:[^"#&<>`\\]|<br/>|#\d+;)*)"\]')
CLUSTER = re.compile(r' +(?:subgraph g(\d+)\["((?:[^"#&<>`\\]|#\d+;)*)"\]|end)')
EDGE = re.compile(r"  n(\d+) (?:-->|-\. (\w+) \.->) n(\d+)")


def facts(spec: Path) -> Facts:
    found = analyse(spec.read_bytes(), spec.name).facts
    assert found is not None
    return found


def shown(text: str) -> str:
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)


def edges_of(graph: Graph) -> list[tuple[str, str]]:
    return sorted((name, node.name) for node in graph.nodes for name in node.inputs)


def unquoted(quoted: object) -> str:
    """The text that Graphviz shows for a quoted string."""
    text = str(quoted)
    assert text[0] == text[-1] == '"'
    return html.unescape(re.sub(r"\\(.)", lambda match: {"n": "\n"}.get(match[1], match[1]), text[1:-1]))


def read_dot(text: str) -> tuple[pydot.Dot, dict[str, str]]:
    """The graph, and the labels of its nodes, those of clusters last."""
    assert is_sealed(text, DOT)
    (parsed,) = pydot.graph_from_dot_data(text) or []
    graphs: list[pydot.Graph] = [parsed]
    for graph in graphs:  # grows while it is read
        graphs += graph.get_subgraphs()
    # pydot gives the defaults of the graph and of nodes as nodes whose names are not quoted.
    drawn = [node for graph in graphs for node in graph.get_nodes() if node.get_name() not in ("graph", "node")]
    return parsed, {unquoted(node.get_name()): unquoted(node.get("label")) for node in drawn}


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.stem)
def test_dot_has_every_layer_and_every_edge(spec: Path) -> None:
    found = facts(spec)
    parsed, nodes = read_dot(dot(found.graph, found.placement, found.graph.scopes))
    assert sorted(nodes) == sorted([*found.graph.inputs, *(node.name for node in found.graph.nodes)])
    for node in found.graph.nodes:
        assert nodes[node.name].splitlines()[0] == node.name
        assert nodes[node.name].splitlines()[-1] == str(node.output)
    edges = parsed.get_edges()
    assert sorted((unquoted(e.get_source()), unquoted(e.get_destination())) for e in edges) == edges_of(found.graph)
    dashed = {unquoted(edge.get_destination()) for edge in edges if edge.get("style") == "dashed"}
    assert dashed == {exchange.layer for exchange in (found.placement.exchanges if found.placement else ())}


@pytest.mark.parametrize("title", HOSTILE)
def test_a_title_stays_a_title_in_dot(title: str) -> None:
    graph = replace(facts(TESTS / "specs" / "good" / "lenet.yaml").graph, title=title)
    (parsed,) = pydot.graph_from_dot_data(dot(graph, None)) or []
    (defaults,) = parsed.get_node("graph")
    assert unquoted(defaults.get("label")) == shown(title)
    assert len(parsed.get_edges()) == len(graph.nodes)


def read_mermaid(text: str) -> tuple[str, list[str], list[tuple[int, int, str | None]]]:
    """Title, labels in order, and edges; every line must be one of what archc writes."""
    assert is_sealed(text, MERMAID)
    fence, title, end, head, *lines, _ = text.splitlines()
    assert (fence, end, head) == ("---", "---", "flowchart TB")
    nodes = [match for line in lines if (match := NODE.fullmatch(line))]
    edges = [match for line in lines if (match := EDGE.fullmatch(line))]
    clusters = [match for line in lines if (match := CLUSTER.fullmatch(line))]
    assert len(nodes) + len(edges) + len(clusters) == len(lines)
    begun = [int(cluster[1]) for cluster in clusters if cluster[1]]
    assert begun == list(range(len(clusters) // 2))
    assert [int(node[1]) for node in nodes] == list(range(len(nodes)))
    labels = [re.sub(r"#(\d+);", lambda code: chr(int(code[1])), node[2]) for node in nodes]
    return yaml.safe_load(title)["title"], labels, [(int(e[1]), int(e[3]), e[2]) for e in edges]


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.stem)
def test_mermaid_has_every_layer_and_every_edge(spec: Path) -> None:
    found = facts(spec)
    title, labels, edges = read_mermaid(mermaid(found.graph, found.placement, found.graph.scopes))
    assert title == found.graph.title
    names = [label.split("<br/>")[0] for label in labels]
    assert names == [*found.graph.inputs, *(node.name for node in found.graph.nodes)]
    assert sorted((names[a], names[b]) for a, b, _ in edges) == edges_of(found.graph)
    dotted = {names[b]: kind for _, b, kind in edges if kind}
    exchanges = found.placement.exchanges if found.placement else ()
    assert dotted == {exchange.layer: exchange.kind for exchange in exchanges}


@pytest.mark.parametrize("title", HOSTILE)
def test_a_title_stays_a_title_in_mermaid(title: str) -> None:
    graph = replace(facts(TESTS / "specs" / "good" / "lenet.yaml").graph, title=title)
    text = mermaid(graph, None)
    assert read_mermaid(text)[0] == shown(title)
    # Mermaid takes tags and directives out of the text before it reads the title.
    assert not re.search(r"[<>%`]", text.splitlines()[1])


def test_more_edges_than_mermaid_draws_are_refused() -> None:
    graph = facts(TESTS / "specs" / "good" / "lenet.yaml").graph
    (relu, *_) = graph.nodes
    nodes = tuple(replace(relu, name=f"n{number}") for number in range(MOST_EDGES + 1))
    with pytest.raises(TooLarge, match=r"^501 edges of a Mermaid flowchart are too many to draw: the limit is 500$"):
        mermaid(replace(graph, nodes=nodes), None)
    assert mermaid(replace(graph, nodes=nodes[1:]), None).count("-->") == MOST_EDGES


FIGURES = TESTS / "figure" / "specs"


@pytest.mark.parametrize("name", ["resnet18", "googlenet", "densenet"])
def test_a_block_is_one_node_and_its_inside_is_drawn_once(name: str) -> None:
    graph = facts(FIGURES / f"{name}.yaml").graph
    shown = panels(graph)
    _, nodes = read_dot(dot(graph, None))
    parts = [panel.name(part.path) for panel in shown for part in panel.parts]
    inputs = [panel.name(value) for panel in shown for value in panel.graph.inputs]
    assert sorted(nodes) == sorted([*parts, *inputs])
    assert len(nodes) < len(graph.nodes)
    blocks = {scope.block for scope in graph.scopes.values() if scope.block}
    assert sorted(panel.block for panel in shown) == sorted(["", *blocks])
    _, labels, edges = read_mermaid(mermaid(graph, None))
    assert sorted(label.replace("<br/>", "\n") for label in labels) == sorted(nodes.values())
    assert len(edges) == sum(len(part.inputs) for panel in shown for part in panel.parts)


def test_resnet18_closed() -> None:
    _, nodes = read_dot(dot(facts(FIGURES / "resnet18.yaml").graph, None))
    assert nodes["layer1"] == "layer1\nbasic × 2\n64 × 56 × 56"
    assert nodes["layer2"] == "layer2\ndown, basic\n128 × 28 × 28"
    assert nodes["layer2.0.downsample.0"] == "downsample.0\nconv2d 1 × 1, stride 2\n128 × 28 × 28"
    assert "layer3.0.conv1" not in nodes


def test_an_opened_block_is_a_cluster_in_place() -> None:
    graph = facts(FIGURES / "resnet18.yaml").graph
    text = dot(graph, None, ["layer2.1"])
    parsed, nodes = read_dot(text)
    assert "layer2" not in nodes
    assert nodes["layer2.0"] == "layer2.0\ndown\n128 × 28 × 28"
    edges = {(unquoted(edge.get_source()), unquoted(edge.get_destination())) for edge in parsed.get_edges()}
    assert {("layer1", "layer2.0"), ("layer2.0", "layer2.1.conv1"), ("layer2.1.relu2", "layer3")} <= edges
    (cluster,) = [c for c in parsed.get_subgraphs() if unquoted(c.get_name()) == "cluster layer2"]
    (inner,) = cluster.get_subgraphs()
    assert unquoted(inner.get("label")) == "layer2.1: basic"


def test_exchanges_of_a_block_are_dashed_where_it_reads_and_inside() -> None:
    text = (
        (FIGURES / "resnet18.yaml")
        .read_text()
        .replace("\nlayers:", "\nparallel: {devices: 2, strategy: columns}\nlayers:")
    )
    found = analyse(text.encode(), "resnet18.yaml").facts
    assert found is not None
    parsed, _ = read_dot(dot(found.graph, found.placement))
    dashed = {unquoted(edge.get_destination()) for edge in parsed.get_edges() if edge.get("style") == "dashed"}
    assert dashed >= {"layer1", "layer2", "layer3", "layer4", "fc", "layer1.0.conv2"}
    assert "layer1.0.sum" not in dashed
