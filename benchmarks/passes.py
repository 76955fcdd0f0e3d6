"""Measures how the time of each pass grows with the number of layers, in one process.

    .venv/bin/python benchmarks/passes.py [LAYERS …]

It prints the processor time at each size, and the slope of log time over log size by least squares: 1.0 is linear.
Sizes below 1,000 layers do not count towards the slope, because constant costs dominate there.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from math import log
from statistics import linear_regression
from time import process_time

from scaling import chain, dag

from archc.analysis import Facts, analyse
from archc.difference.difference import difference
from archc.language.spec import Parallel
from archc.passes.advice import advise
from archc.passes.counts import count
from archc.passes.memory import memory
from archc.passes.placement import place
from archc.passes.plan import Setting, plan
from archc.passes.receptive import receptive_fields
from archc.passes.shapes import shapes
from archc.report.network import network

SIZES = (100, 1000, 10_000, 100_000)
LEAST = 1000

COLUMNS = Parallel(devices=2, strategy="columns")
PASSES: dict[str, Callable[[Facts], object]] = {
    "shapes": lambda facts: shapes(facts.graph),
    "counts": lambda facts: count(facts.graph),
    "receptive fields": lambda facts: receptive_fields(facts.graph),
    "memory": lambda facts: memory(facts.graph, batch=128),
    "placement": lambda facts: place(facts.graph, facts.counts, COLUMNS, 128),
    "plan": lambda facts: plan(facts.graph, facts.counts, COLUMNS, Setting(2, 128, 8e9, "float32", None)),
    "advice": lambda facts: advise(
        facts.graph,
        facts.shapes,
        facts.counts,
        facts.placement,
        facts.recipe.loss,
        (),
        is_trained=True,
        names_outputs=True,
    ),
    "table": lambda facts: network(facts, width=80),
    "difference from itself": lambda facts: difference(facts, facts),
}


def analysed(text: str) -> Facts:
    facts = analyse(text.encode(), "deep.yaml").facts
    assert facts is not None
    return facts


def seconds(run: Callable[[], object]) -> float:
    start = process_time()
    run()
    return process_time() - start


def slope(sizes: list[int], times: list[float]) -> str:
    pairs = [(log(size), log(time)) for size, time in zip(sizes, times, strict=True) if size >= LEAST]
    return f"{linear_regression(*zip(*pairs, strict=True)).slope:.2f}" if len(pairs) > 1 else "-"


def main() -> None:
    sizes = [int(size) for size in sys.argv[1:]] or list(SIZES)
    gc.disable()
    for name, spec in (("chain", chain), ("DAG", dag)):
        taken: dict[str, list[float]] = {"text to facts": [], **{each: [] for each in PASSES}}
        for size in sizes:
            text = spec(size)
            taken["text to facts"].append(seconds(lambda text=text: analysed(text)))
            facts = analysed(text)
            for each, run in PASSES.items():
                taken[each].append(seconds(lambda run=run, facts=facts: run(facts)))
            gc.collect()
        print(f"{name:24}" + "".join(f"{size:>12,}" for size in sizes) + f"{'slope':>8}")
        for each, times in taken.items():
            print(
                f"  {each:22}" + "".join(f"{time:10.4f} s" for time in times) + f"{slope(sizes, times):>8}", flush=True
            )


if __name__ == "__main__":
    main()
