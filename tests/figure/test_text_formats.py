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
from archc.graph import Graph

# pydot 4.0 calls functions of pyparsing by names that are older than pyparsing's present ones.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:pydot")

TESTS = Path(__file__).parents[1]
SPECS = [
    *(TESTS.parent / "specs").glob("*.yaml"),
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
NODE = re.compile(r'  n(\d+)\["((?:[^"#&<>`\\]|<br/>|#\d+;)*)"\]')
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


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.stem)
def test_dot_has_every_layer_and_every_edge(spec: Path) -> None:
    found = facts(spec)
    text = dot(found.graph, found.placement)
    assert is_sealed(text, DOT)
    (parsed,) = pydot.graph_from_dot_data(text) or []
    # pydot gives the defaults of the graph and of nodes as nodes whose names are not quoted.
    drawn = [node for node in parsed.get_nodes() if node.get_name() not in ("graph", "node")]
    nodes = {unquoted(node.get_name()): unquoted(node.get("label")) for node in drawn}
    assert list(nodes) == [*found.graph.inputs, *(node.name for node in found.graph.nodes)]
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
    assert len(nodes) + len(edges) == len(lines)
    assert [int(node[1]) for node in nodes] == list(range(len(nodes)))
    labels = [re.sub(r"#(\d+);", lambda code: chr(int(code[1])), node[2]) for node in nodes]
    return yaml.safe_load(title)["title"], labels, [(int(e[1]), int(e[3]), e[2]) for e in edges]


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.stem)
def test_mermaid_has_every_layer_and_every_edge(spec: Path) -> None:
    found = facts(spec)
    title, labels, edges = read_mermaid(mermaid(found.graph, found.placement))
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
