"""A spec that means harm yields source that holds what the emitter put there and nothing else.

`EXAMPLES=20000 pytest tests/test_emitted_safely.py` draws that many networks.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from archc.analysis import Facts, analyse
from archc.backend import EmittedSource, Origin, Request, load
from archc.conformance.hostile import NAMES, TITLES, called, tame
from archc.conformance.structure import compare
from archc.emit.seal import is_sealed, seal
from archc.graph import Graph

ROOT = Path(__file__).parents[1]
SPECS = [
    *sorted((ROOT / "specs").glob("alexnet*.yaml")),
    ROOT / "specs" / "resnet18.yaml",
    *sorted((ROOT / "tests" / "specs" / "good").glob("*.yaml")),
]
SMALL = [spec for spec in SPECS if spec.stat().st_size < 2500]
BACKENDS = ("torch", "keras")
bounded = settings(max_examples=int(os.environ.get("EXAMPLES", "60")))

words = st.sampled_from(NAMES) | st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,63}", fullmatch=True)
titles = (
    st.sampled_from(TITLES) | st.text(max_size=60) | st.lists(st.sampled_from("\"'\\{}\n#%x`"), max_size=9).map("".join)
)


def facts_of(spec: Path) -> Facts:
    facts = analyse(spec.read_bytes(), spec.name).facts
    assert facts is not None
    return facts


def emitted(backend: str, facts: Facts, graph: Graph, file: str = "spec.yaml") -> EmittedSource:
    return load(backend).emit(Request(graph, facts.counts, facts.own_recipe, Origin.of(file, b"")))


@bounded
@given(data=st.data())
@pytest.mark.parametrize("backend", BACKENDS)
def test_names_and_strings_change_names_and_strings_only(backend: str, data: st.DataObject) -> None:
    facts = facts_of(data.draw(st.sampled_from(SMALL), "spec"))
    harmless = tame(facts.graph)
    count = 1 + len(harmless.nodes)
    names = data.draw(st.lists(words, min_size=count, max_size=count, unique=True), "names")
    harmful = called(facts.graph, data.draw(words, "network"), data.draw(titles, "title"), names)
    file = data.draw(titles.filter(lambda name: "/" not in name), "file")
    event(facts.graph.name)
    second = emitted(backend, facts, harmful, file)
    assert compare(emitted(backend, facts, harmless), harmless, second, harmful) is None
    assert all(line.isprintable() for line in second.text.split("\n"))
    assert is_sealed(seal(second.text))


@bounded
@given(title=titles)
@pytest.mark.parametrize("backend", BACKENDS)
def test_whatever_title_the_reader_lets_through(backend: str, title: str) -> None:
    text = (ROOT / "tests" / "specs" / "good" / "lenet.yaml").read_text(encoding="utf-8")
    facts = analyse(f"{text}\ntitle: {json.dumps(title)}\n".encode(), "lenet.yaml").facts
    event("read" if facts else "refused")
    if facts is None:
        return
    harmless = replace(facts.graph, title="A tame title")
    pair = emitted(backend, facts, harmless), harmless, emitted(backend, facts, facts.graph), facts.graph
    assert compare(*pair) is None


RUN = """
import sys
from importlib import import_module
sys.path.insert(0, ".")
import {framework}
for name in sys.argv[1:]:
    module, _, kind = name.partition(":")
    model = getattr(import_module(module), kind)()
    {call}
print("ran", len(sys.argv) - 1)
"""
CALLS = {
    "torch": ("torch", "model.eval()(torch.zeros(2, 3, 8, 8)); [p.numel() for p in model.parameters()]; model.train()"),
    "keras": ("numpy", "model(numpy.zeros((2, 8, 8, 3))); model.count_params(); model.get_config"),
}
CHAIN = """schema: archc/v1
name: {network}
title: {title}
input: {{ {image}: [3, 8, 8] }}
layers:
  {0}: {{op: conv2d, filters: 4, kernel: 3, weight_init: {{normal: {{std: 0.1}}}}}}
  {1}: {{op: lrn, size: 3, alpha: 0.1, beta: 0.75, k: 1}}
  {2}: {{op: relu}}
  {3}: {{op: flatten}}
  {4}: {{op: dense, units: 5, weight_init: {{he_normal: {{}}}}}}
"""
BRANCH = f"""{CHAIN}\
  {{5}}: {{{{op: dense, units: 5, from: {{3}}, weight_init: {{{{he_normal: {{{{}}}}}}}}}}}}
  {{6}}: {{{{op: add, from: [{{4}}, {{5}}]}}}}
"""
RUNS = (
    "Sequential forward training self torch nn keras layers",
    "None class print super Any model parameters SGD",
    "Model build call get_config name input output trainable",
    "Tensor weight bias groups apply extra_repr type float",
    "image image_ image_pad x x_ l I O",
)


@pytest.mark.parametrize("backend", BACKENDS)
def test_under_any_names_it_imports_and_runs(backend: str, tmp_path: Path) -> None:
    modules: list[str] = []
    for number, line in enumerate(RUNS):
        image, *names = line.split()
        for spec in (CHAIN, BRANCH):
            text = spec.format(*names, network=image, image=image, title=json.dumps(TITLES[number]))
            facts = analyse(text.encode(), "spec.yaml").facts
            if facts is None:  # the reader refuses the title
                text = spec.format(*names, network=image, image=image, title="net")
                facts = analyse(text.encode(), "spec.yaml").facts
            assert facts is not None, text
            source = emitted(backend, facts, facts.graph)
            module = f"net_{len(modules)}"
            (tmp_path / f"{module}.py").write_text(source.text, encoding="utf-8")
            modules.append(f"{module}:{source.class_name}")
    framework, call = CALLS[backend]
    script = RUN.format(framework=framework, call=call)
    done = subprocess.run([sys.executable, "-c", script, *modules], cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "ran 10\n"), done.stderr[-3000:]


BUILD = "import sys; from archc.commands import main; sys.argv = ['archc', *sys.argv[1:]]; main()"


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_same_bytes_whatever_the_seed_the_locale_the_folder_and_the_path(backend: str, tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "a folder" / "there"
    for folder in (here, there):
        folder.mkdir(parents=True)
        (folder / "alexnet.yaml").write_bytes((ROOT / "specs" / "alexnet.yaml").read_bytes())
    ways = (
        (here, "alexnet.yaml", {"PYTHONHASHSEED": "1", "LC_ALL": "C"}),
        (there, str(here / "alexnet.yaml"), {"PYTHONHASHSEED": "2", "LC_ALL": "C.UTF-8", "PYTHONUTF8": "0"}),
        (here, "../a folder/there/alexnet.yaml", {"PYTHONHASHSEED": "3", "LC_ALL": "tr_TR.UTF-8", "TZ": "Asia/Tokyo"}),
    )
    written: list[bytes] = []
    for number, (folder, spec, environment) in enumerate(ways):
        output = tmp_path / f"{number}.py"
        command = [sys.executable, "-c", BUILD, "build", spec, "--backend", backend, "-o", str(output)]
        subprocess.run(command, cwd=folder, env={**os.environ, **environment}, check=True, capture_output=True)
        written.append(output.read_bytes())
    assert written[0] == written[1] == written[2]
    assert str(tmp_path).encode() not in written[0]


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_build_imports_no_framework(backend: str, tmp_path: Path) -> None:
    frameworks = "{'torch', 'numpy', 'keras', 'tensorflow'}"
    script = f"import atexit; atexit.register(lambda: print(sorted({frameworks} & set(sys.modules)))); {BUILD}"
    command = ["build", str(ROOT / "specs" / "alexnet.yaml"), "--backend", backend, "-o", str(tmp_path / "a.py")]
    done = subprocess.run([sys.executable, "-c", script, *command], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
