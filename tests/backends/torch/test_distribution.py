"""Ranks compute what one process does under every strategy: values, gradients, weights after steps, in float64."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import torch
from archc_torch.rules import RULES
from processes import descendants, open_to_others

from archc.analysis import Facts, analyse
from archc.backend import EmittedSource, Origin, Request, Unsupported, load
from archc.conformance.cases import op_cases
from archc.conformance.hostile import hostile, tame
from archc.conformance.structure import compare
from archc.emit.syntax import Name, call
from archc.language.optimizers import Optimizer
from archc.language.spec import Parallel
from archc.ops import ops
from archc.ops.tanh import Tanh
from archc.passes.collectives import traffic
from archc.passes.counts import count
from archc.passes.placement import Placement, place

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
ALEXNET = ROOT / "specs" / "alexnet.yaml"
COLUMNS = Parallel(devices=2, strategy="columns")
HEAD = """schema: archc/v1
name: net
defaults:
  conv2d: {kernel: 3, padding: 1, weight_init: {he_normal: {}}}
  dense: {weight_init: {he_normal: {}}}
"""
GRAPH = f"""{HEAD}
input: {{image: [3, 6, 5]}}
layers:
  twice: {{op: concat, from: [image, image]}}
  stem: {{op: conv2d, filters: 8, bias: false}}
  norm: {{op: batch_norm, epsilon: 1e-3, momentum: 0.9}}
  left: {{op: conv2d, filters: 8}}
  right: {{op: conv2d, filters: 8, bias: false, from: norm}}
  side: {{op: conv2d, filters: 8, groups: 4, from: norm}}
  sum: {{op: add, from: [left, right, side, norm]}}
  within: {{op: lrn, size: 3, alpha: 0.5, beta: 0.75, k: 1, scope: spatial}}
  squashed: {{op: tanh}}
  flat: {{op: flatten}}
  fc: {{op: dense, units: 12}}
  prob: {{op: softmax}}
outputs: [sum, fc, prob]
"""
GROUPS = f"""{HEAD}
input: {{image: [3, 9, 9]}}
layers:
  conv1: {{op: conv2d, filters: 16, stride: 2, padding: {{top: 0, bottom: 1, left: 1, right: 0}}}}
  relu1: {{op: relu}}
  norm1: {{op: lrn, size: 5, alpha: 0.1, beta: 0.75, k: 2, groups: 4}}
  conv2: {{op: conv2d, filters: 16, groups: 8}}
  conv3: {{op: conv2d, filters: 24}}
  pool3: {{op: max_pool2d, kernel: 2, stride: 2}}
  flat: {{op: flatten}}
  drop: {{op: dropout, rate: 0.5}}
  fc4: {{op: dense, units: 12}}
"""
BLOCKS = f"""{HEAD}
input: {{image: [3, 6, 5]}}
blocks:
  residual:
    takes: [filters]
    layers:
      conv1: {{op: conv2d, filters: $filters, bias: false}}
      norm: {{op: batch_norm, epsilon: 1e-3, momentum: 0.9}}
      squashed: {{op: tanh}}
      shortcut: [{{op: conv2d, filters: $filters, kernel: 1, padding: 0, from: input}}, {{op: tanh}}]
      sum: {{op: add, from: [squashed, shortcut, input]}}
  twice:
    layers: [{{block: residual, filters: 8}}, {{op: conv2d, filters: 8}}]
layers:
  stem: {{op: conv2d, filters: 8}}
  stage: {{block: residual, filters: 8, repeat: 3}}
  pair: [{{block: twice}}, {{block: twice}}]
  other: {{op: conv2d, filters: 8, from: stage}}
  both: {{op: add, from: [pair, other, stage.1]}}
  flat: {{op: flatten}}
  fc: {{op: dense, units: 12}}
"""
CHAIN = f"""{HEAD}
input: {{image: [3, 6, 5]}}
layers:
  conv: {{op: conv2d, filters: 8}}
  flat: {{op: flatten}}
  fc1: {{op: dense, units: 12}}
  squashed: {{op: tanh}}
  fc2: {{op: dense, units: 4}}
"""


SEQUENCE = """schema: archc/v1
name: sequence
input: {sound: [4, 10]}
defaults: {conv1d: {weight_init: {he_normal: {}}}, dense: {weight_init: {he_normal: {}}}}
layers:
  conv1: {op: conv1d, filters: 8, kernel: 3, padding: causal, bias: false}
  norm1: {op: batch_norm, epsilon: 1e-5, momentum: 0.9}
  fc1: {op: dense, units: 8}
  tanh1: {op: tanh}
  fc2: {op: dense, units: 8}
  sum1: {op: add, from: [norm1, fc2]}
  conv2: {op: conv1d, filters: 8, kernel: 2, groups: 4}
  pool1: {op: max_pool1d, kernel: 2, stride: 2}
  fc3: {op: dense, units: 4}
  prob: {op: softmax}
"""


def small_alexnet() -> str:
    """The paper's network with fewer maps and units, and a smaller picture."""
    text = ALEXNET.read_text("utf-8").replace("[3, 227, 227]", "[3, 67, 67]")
    text = text.replace("resize: 256, crop: 227", "resize: 70, crop: 67")
    for wide, narrow in (("96", "16"), ("256", "32"), ("384", "48"), ("4096", "64"), ("1000", "40")):
        text = text.replace(f"filters: {wide},", f"filters: {narrow},").replace(f"units: {wide}", f"units: {narrow}")
    kept = [line.partition(", expect")[0] + "}" if ", expect" in line else line for line in text.splitlines()]
    return "\n".join(line for line in kept if not line.startswith("expect:")) + "\n"


# Layers that read maps of other ranks: a halo, parts of a concatenation, of a shuffle and of a slice.
MOVES = f"""{HEAD}
input: {{image: [3, 8, 8]}}
layers:
  stem: {{op: conv2d, filters: 8, bias: false}}
  norm: {{op: batch_norm, epsilon: 1e-3, momentum: 0.9}}
  squashed: {{op: tanh}}
  near: {{op: lrn, size: 3, alpha: 0.5, beta: 0.75, k: 1}}
  left: {{op: conv2d, filters: 8}}
  right: {{op: conv2d, filters: 8, groups: 2, from: near}}
  joined: {{op: concat, from: [left, right, near]}}
  shuffled: {{op: channel_shuffle, groups: 3}}
  taken: {{op: slice, start: 2, stop: 18}}
  drop1: {{op: dropout, rate: 0.3}}
  flat: {{op: flatten}}
  fc1: {{op: dense, units: 12}}
  drop2: {{op: dropout, rate: 0.5}}
  fc2: {{op: dense, units: 8}}
"""
# Layers that cannot be computed in parts, before and after others that can.
WHOLE = """schema: archc/v1
name: whole
input: {words: {tokens: [6], vocabulary: 30}}
defaults: {dense: {weight_init: {he_normal: {}}}}
layers:
  words1: {op: embedding, channels: 8, weight_init: {normal: {std: 0.1}}}
  places: {op: positions, kind: sinusoidal}
  norm1: {op: layer_norm, epsilon: 1e-5}
  heads: {op: attention, heads: 2, weight_init: {glorot_uniform: {}}}
  sum1: {op: add, from: [heads, places]}
  depth: {op: stochastic_depth, rate: 0.4}
  norm2: {op: rms_norm, epsilon: 1e-5}
  fc1: {op: dense, units: 12}
  squashed: {op: tanh}
  state: {op: lstm, units: 8, gives: sequence, weight_init: {glorot_uniform: {}}}
  flat: {op: flatten}
  fc2: {op: dense, units: 4}
"""
NETWORKS = {
    "alexnet": small_alexnet(),
    "graph": GRAPH,
    "groups": GROUPS,
    "blocks": BLOCKS,
    "sequence": SEQUENCE,
    "moves": MOVES,
    "whole": WHOLE,
}
EACH_OP = 6
EXAMPLES = 3  # of a batch, for the cases of single ops
STRATEGIES = ("data", "columns", "hybrid")
CASES = [
    (network, strategy, ranks)
    for network in NETWORKS
    for strategy in STRATEGIES
    for ranks in (2, 4)
    if ranks == 2 or network != "sequence"
]
# By hand, a layer that all ranks compute between others that each computes a part of, and parts of the examples.
BY_HAND = {
    "replicated": (GRAPH, "columns", {"left": "replicate", "fc": "replicate"}),
    "halves": (GRAPH, "data", {"right": "split", "fc": "split"}),
    "chain": (CHAIN, "hybrid", {"conv": "split", "fc2": "replicate"}),
}


def batch_of(strategy: str, ranks: int) -> int:
    """The examples of a case: as many parts as ranks, of unequal size, or for columns few."""
    return 3 if strategy == "columns" else ranks + 2


SGD = {"lr": 0.01, "momentum": 0.9, "weight_decay": 5e-4}


def facts_of(text: str) -> Facts:
    analysis = analyse(text.encode(), "net.yaml")
    assert analysis.facts is not None, [finding.message for finding in analysis.findings]
    return analysis.facts


def placed(facts: Facts, devices: int, **parallel: Any) -> Placement:
    asked = Parallel(**{"devices": devices, "strategy": "columns", **parallel})
    placement, findings = place(facts.graph, facts.counts, asked, facts.recipe.batch)
    assert findings == []
    return placement


def emitted(text: str, devices: int | None, **parallel: Any) -> EmittedSource:
    """The source of one rank, or of one process if `devices` is None; without a recipe, with the paper's update rule.

    AdamW, the default, divides by the size of a gradient, so that the rounding of one near zero is a step.
    """
    facts = facts_of(text)
    recipe = facts.recipe
    if facts.recipe_is_default:
        recipe = recipe.model_copy(update={"optimizer": Optimizer.model_validate({"sgd": SGD}), "schedule": None})
    placement = placed(facts, devices, **parallel) if devices else None
    return load("torch").emit(
        Request(facts.graph, facts.counts, recipe, Origin.of("net.yaml", text.encode()), placement)
    )


def write(folder: Path, case: str, text: str, devices: int, examples: int = EXAMPLES, **parallel: Any) -> None:
    facts, alone = facts_of(text), emitted(text, None)
    inputs = [x.shape if x.vocabulary is None else (x.shape, x.vocabulary) for x in facts.graph.inputs.values()]
    by_examples = placed(facts, devices, **parallel).batch_parts > 1
    figures = {"INPUTS": inputs, "EXAMPLES": examples, "BY_EXAMPLES": by_examples, "NETWORK": alone.class_name}
    lines = "".join(f"{name} = {value!r}\n" for name, value in figures.items())
    (folder / f"{case}_whole.py").write_text(f"{alone.text}\n\n{lines}", "utf-8")
    (folder / f"{case}_part.py").write_text(emitted(text, devices, **parallel).text, "utf-8")


def op_networks(op: str) -> Iterator[tuple[str, str]]:
    """Networks of an op's conformance that two ranks can split, after a convolution that they split."""
    for case in op_cases(op):
        before, _, layers = case.spec.partition("layers:\n")
        (x,) = case.facts.graph.inputs.values()
        head = f"{{op: {'conv1d' if x.is_sequence else 'conv2d'}, filters: 12, kernel: 1}}"
        text = f"{before}layers:\n  head: {head}\n{layers.replace('image', 'head')}" if not x.is_tokens else case.spec
        facts = facts_of(text)
        placement, findings = place(facts.graph, facts.counts, COLUMNS, 4)
        if findings:
            continue
        try:
            load("torch").emit(Request(facts.graph, facts.counts, facts.recipe, Origin.of("net.yaml", b""), placement))
        except Unsupported:
            continue
        yield case.name, text


def ranks(number: int, folder: Path) -> subprocess.Popen[str]:
    command = [sys.executable, str(HERE / "split_and_whole.py"), str(folder), str(number)]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True)


Found = dict[tuple[str, int], list[dict[str, float]]]


@pytest.fixture(scope="module")
def differences(tmp_path_factory: pytest.TempPathFactory) -> Found:
    """What each rank found, by case and number of ranks; those of all cases run once, two and four side by side."""
    folders = {number: tmp_path_factory.mktemp(f"ranks{number}") for number in (2, 4)}
    for network, strategy, number in CASES:
        case, batch = f"{network}_{strategy}", batch_of(strategy, number)
        write(folders[number], case, NETWORKS[network], number, batch, strategy=strategy)
    for number, folder in folders.items():
        for case, (text, strategy, layers) in BY_HAND.items():
            write(folder, case, text, number, number + 2, strategy=strategy, layers=layers)
    write(folders[2], "unsummed", NETWORKS["graph"], 2)
    write(folders[2], "expression", CHAIN, 2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(vars(RULES)["_rules"], Tanh, lambda _, step: call("torch.tanh", Name(step.reads[0])))
        (folders[2] / "expression_part.py").write_text(emitted(CHAIN, 2).text, "utf-8")
    for op in ops():
        for case, text in islice(op_networks(op), EACH_OP):
            write(folders[2], case, text, 2)
    running = {number: ranks(number, folder) for number, folder in folders.items()}
    found: Found = {}
    for number, process in running.items():
        _, said = process.communicate(timeout=600)
        assert process.returncode == 0, said[-4000:]
        for rank in json.loads((folders[number] / "DIFFERENCES.json").read_text()):
            for case, figures in rank.items():
                found.setdefault((case, number), []).append(figures)
    return found


EVERY = [*((f"{network}_{strategy}", number) for network, strategy, number in CASES)]
EVERY += [(case, number) for case in BY_HAND for number in (2, 4)]


@pytest.mark.parametrize(("case", "number"), EVERY)
def test_ranks_compute_what_one_process_does(differences: Found, case: str, number: int) -> None:
    """With dropout, and with batches that do not divide evenly."""
    assert len(differences[case, number]) == number
    for figures in differences[case, number]:
        assert max(figures["outputs"], figures["gradients"]) < 1e-12, figures
        assert figures["weights"] < 1e-10, figures
        assert figures["moved"] > 1e-5, figures
    assert max(figures["least gradient"] for figures in differences[case, number]) > 1e-5


@pytest.mark.parametrize(("case", "number"), EVERY)
def test_each_rank_receives_what_is_planned(differences: Found, case: str, number: int) -> None:
    network, _, strategy = case.partition("_")
    text, strategy, layers = BY_HAND.get(case, (NETWORKS.get(network, ""), strategy, {}))
    facts, batch = facts_of(text), number + 2 if case in BY_HAND else batch_of(strategy, number)
    placement = placed(facts, number, strategy=strategy, layers=layers)
    planned = traffic(facts.graph, placement, batch=batch, width=4)
    for figures, own in zip(differences[case, number], planned, strict=True):
        assert (4 * figures["forward"], 4 * figures["backward"]) == pytest.approx((own.forward, own.backward), abs=4)


def test_every_op_that_can_be_split(differences: Found) -> None:
    tried = [(case, figures) for (case, _), each in differences.items() if case[-1].isdigit() for figures in each]
    assert {case.rpartition("_")[0] for case, _ in tried} == ops().keys()
    for case, figures in tried:
        assert max(figures["outputs"], figures["gradients"], figures["weights"]) < 1e-10, (case, figures)


def test_an_expression_in_a_chain_is_computed(differences: Found) -> None:
    for figures in differences["expression", 2]:
        assert max(figures["outputs"], figures["gradients"], figures["weights"]) < 1e-10, figures


def test_without_the_sums_the_gradients_are_others(differences: Found) -> None:
    for figures in differences["unsummed", 2]:
        assert figures["outputs"] < 1e-10
        assert min(figures["gradients"], figures["weights"]) > 1e-3, figures


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_golden_graph(strategy: str, golden: Callable[[Path, str], None]) -> None:
    golden(HERE / "golden" / f"graph_{strategy}.py", emitted(GRAPH, 2, strategy=strategy).text)


def test_golden_alexnet(golden: Callable[[Path, str], None]) -> None:
    facts = facts_of(ALEXNET.read_text("utf-8"))
    origin = Origin.of(ALEXNET.name, ALEXNET.read_bytes())
    source = load("torch").emit(Request(facts.graph, facts.counts, facts.recipe, origin, facts.placement))
    assert max(map(len, source.text.splitlines())) <= 88
    golden(HERE / "golden" / "alexnet_columns.py", source.text)


def test_the_file_runs_by_itself(tmp_path: Path) -> None:
    """It starts its ranks itself, and listens to no other machine; it prints the paper's figures."""
    (tmp_path / "alexnet.py").write_bytes((HERE / "golden" / "alexnet_columns.py").read_bytes())
    # With an import of archc made impossible.
    (tmp_path / "archc.py").write_text("raise ImportError")
    pipe = subprocess.PIPE
    process = subprocess.Popen(
        [sys.executable, "alexnet.py"], cwd=tmp_path, stdout=pipe, stderr=pipe, text=True, start_new_session=True
    )
    exposed: set[str] = set()
    while process.poll() is None:
        exposed.update(open_to_others([process.pid, *descendants(process.pid)]))
        time.sleep(0.05)
    said = "each of 2 ranks: 30,482,612 parameters, received 30,336 values per example\n"
    assert (process.returncode, *process.communicate()) == (0, said, "")
    assert not exposed


def test_a_wrong_number_of_ranks_is_told(tmp_path: Path) -> None:
    scope: dict[str, Any] = {"__name__": "emitted"}
    exec((HERE / "golden" / "graph_columns.py").read_text("utf-8"), scope)
    model = scope["Net"]()
    with pytest.raises(RuntimeError, match="a process group of 0 ranks, not of 2"):
        model(torch.zeros(2, 3, 6, 5))


@pytest.mark.parametrize("network", NETWORKS)
def test_names_and_strings_that_mean_harm_change_nothing_else(network: str) -> None:
    facts = facts_of(NETWORKS[network])
    for seed in "abcdefgh":
        graphs = tame(facts.graph), hostile(facts.graph, seed=seed)
        sources = [
            load("torch").emit(
                Request(
                    graph,
                    facts.counts,
                    facts.recipe,
                    Origin.of("net.yaml", b""),
                    place(graph, count(graph), COLUMNS, 4)[0],
                )
            )
            for graph in graphs
        ]
        assert compare(sources[0], graphs[0], sources[1], graphs[1]) is None


def test_weights_are_cut_and_joined() -> None:
    scope: dict[str, Any] = {"__name__": "emitted"}
    exec((HERE / "golden" / "graph_columns.py").read_text("utf-8"), scope)
    state = {"conv.weight": torch.rand(8, 3, 3, 3), "norm.running_mean": torch.rand(8), "norm.count": torch.tensor(7)}
    parts = [scope["column"](state, rank, 4) for rank in range(4)]
    assert [tuple(value.shape) for value in parts[2].values()] == [(2, 3, 3, 3), (2,), ()]
    assert torch.equal(parts[2]["conv.weight"], state["conv.weight"][4:6])
    joined = scope["whole"](parts)
    assert joined.keys() == state.keys()
    assert all(torch.equal(joined[name], state[name]) for name in state)
