"""archc train: the emitted model, trained by its backend in a process of its own."""

from __future__ import annotations

import shlex
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from archc.analysis import Facts
from archc.backend import Origin
from archc.commands.build import BackendOption
from archc.console.emission import backend_named, emit
from archc.console.specs import SpecArgument, facts_or_exit, resolve
from archc.failure import Failure
from archc.language.spec import Precision
from archc.run.folder import make_run_folder
from archc.run.process import run_to_end
from archc.run.receipt import write_receipt
from archc.run.recipe import Overrides, devices_wanted, trained_recipe
from archc.training.job import Job


def train(
    spec: SpecArgument = None,
    backend: BackendOption = "torch",
    gpus: Annotated[
        int | None,
        typer.Option(min=1, max=1024, help="Devices to train on.", show_default="the spec's, else 1"),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Folders of pictures, a folder a class.", show_default="built-in, generated pictures"
        ),
    ] = None,
    batch: Annotated[int | None, typer.Option(min=1, help="Pictures a step, over all devices.")] = None,
    lr: Annotated[float | None, typer.Option(help="The first learning rate.")] = None,
    steps: Annotated[int | None, typer.Option(min=1, help="Stop after so many steps.")] = None,
    epochs: Annotated[int | None, typer.Option(min=1, help="Stop after so many epochs.")] = None,
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Of every random draw.")] = 0,
    precision: Annotated[Precision, typer.Option(help="Of the arithmetic; weights stay float32.")] = "float32",
    run: Annotated[
        Path | None, typer.Option(metavar="DIR", help="The folder to write.", show_default="runs/NAME-TIME")
    ] = None,
) -> None:
    """Train a spec's network with its recipe. The other options override the recipe.

    The run's folder holds the spec, the source that was trained, metrics.jsonl, weights.safetensors and receipt.json.
    """
    path, said = resolve(spec)
    facts, text = facts_or_exit(path)
    chosen = backend_named(backend)
    if chosen.train_module is None:
        raise Failure(
            f"the backend `{chosen.name}` emits source and trains nothing", help="`archc build` writes it", code=2
        )
    devices, noted = devices_wanted(gpus, facts)
    recipe, changes = trained_recipe(facts, Overrides(batch, lr, steps, epochs), devices)
    if data is not None and not data.is_dir():
        raise Failure(f"{data} is no folder", help="`--data` takes a folder of pictures, a folder a class", code=2)
    image, units = _classifier(facts)
    source = emit(chosen, facts, Origin.of(str(path), text))
    folder = make_run_folder(run, facts.graph.name)
    job = Job(
        name=facts.graph.name,
        run=folder,
        source=f"{facts.graph.name}.py",
        model=source.class_name,
        renamed=source.renamed,
        image=image,
        outputs=units,
        devices=devices,
        recipe=recipe,
        steps=steps,
        seed=seed,
        precision=precision,
        pictures=(data or folder / "pictures").resolve(),
        built_in=data is None,
        notes=(*said, *noted, *changes),
    )
    (folder / "spec.yaml").write_bytes(text)
    (folder / job.source).write_text(source.text, encoding="utf-8")
    (folder / "job.json").write_text(job.model_dump_json(indent=2) + "\n", encoding="utf-8")
    started = datetime.now(UTC)
    code = run_to_end([sys.executable, "-m", chosen.train_module, str(folder / "job.json")])
    write_receipt(job, path, chosen, started=started, command=shlex.join(["archc", *sys.argv[1:]]), code=code)
    raise typer.Exit(code)


def _classifier(facts: Facts) -> tuple[tuple[int, int, int], int]:
    """The picture that the network reads, (C, H, W), and the number of scores that it gives."""
    graph = facts.graph
    (image,) = graph.inputs.values()
    outputs = [(name, graph.tensor(name)) for name in graph.outputs]
    if len(outputs) != 1 or outputs[0][1].is_maps:
        found = ", ".join(f"{name} ({tensor})" for name, tensor in outputs)
        help = "end it in one `dense` layer, with or without `softmax`"
        raise Failure(f"training takes one output of a score a class, {graph.name} gives {found}", help=help, code=1)
    if not facts.counts.parameters:
        raise Failure(f"{graph.name} has no parameters to train", help="a `dense` layer has some", code=1)
    return (image.channels, image.height, image.width), outputs[0][1].size
