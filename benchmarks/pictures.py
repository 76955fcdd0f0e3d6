"""Times how pictures become batches: archc's own pipeline, torchvision's and tf.data's, on the same files.

Each decodes JPEG files of 500 × 375 pixels, scales the shorter side to 256, crops 227 × 227 at random, mirrors half
of them, adds colour noise, subtracts a mean and divides by a deviation, and ends with float32 batches in memory. archc
subtracts a mean picture, the others a mean colour. All run in turn, in a process each, on the same number of workers.

.venv/bin/python benchmarks/pictures.py                       # two workers each
.venv/bin/python benchmarks/pictures.py 16 --pictures 6000    # 16: archc in processes, and in threads
.venv/bin/python benchmarks/pictures.py --lock                # the share of a picture's time outside Python's lock

torchvision is not among archc's requirements. Install it beside them, without its own, for a torch that is not older:
pip install --no-deps torchvision. Without it or TensorFlow, their parts are left out.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from types import FrameType
from typing import Any

import numpy as np
import psutil
from PIL import Image
from ratio import ratio

from archc.language.data_recipe import DataRecipe
from archc.language.recipe import Recipe
from archc.pictures import feed as feeds
from archc.pictures.folder import find_pictures
from archc.pictures.gratings import grating
from archc.pictures.preparation import measure, training_view
from archc.training.job import Job, Value
from archc.training.share import ALONE

BATCH, CLASSES, ROUNDS = 50, 6, 5
RESIZE, CROP = 256, 227
DATA = {"resize": RESIZE, "crop": CROP, "mirror": True, "color_pca": 0.1, "mean": "pixel", "std": "channel"}
OUTSIDE = ("decode", "resize", "convert", "transpose", "read")
"""Functions of Pillow and of files that run outside Python's lock."""


def write_pictures(root: Path, count: int) -> None:
    """Draw the pictures, and as many to hold out as there must be."""
    random = np.random.default_rng(0)
    for number in range(count + CLASSES):
        folder = root / ("train" if number < count else "val") / f"class{number % CLASSES}"
        folder.mkdir(parents=True, exist_ok=True)
        colour = tuple(map(int, random.integers(40, 220, 3)))
        pixels = grating(random, (375, 500), random.uniform(0, np.pi), colour)
        Image.fromarray(pixels).save(folder / f"{number:04}.jpg", quality=90)


def archc(root: Path, workers: int) -> Iterator[Callable[[], int]]:
    """An epoch of archc's own pipeline, with what the device does; on the CPU, it is in the same seconds."""
    import torch
    from archc_torch.memory import keep_memory
    from archc_torch.normaliser import Normaliser

    keep_memory()
    torch.set_num_threads(1)  # as in the workers of a DataLoader: threads that wait for the next batch would spin
    sgd = {"sgd": {"lr": 0.1, "momentum": 0.9, "weight_decay": 0}}
    recipe = {"batch": BATCH, "epochs": 1, "loss": "cross_entropy", "optimizer": sgd, "data": DATA, "test": "center"}
    job = Job(
        name="none",
        run=root,
        source="none.py",
        model="None",
        inputs={"image": Value(shape=(3, CROP, CROP))},
        output=(CLASSES,),
        devices=1,
        recipe=Recipe.model_validate(recipe),
        seed=0,
        precision="float32",
        pictures=root,
        built_in=False,
    )
    pictures = find_pictures(root)
    statistics = measure([file for file, _ in pictures.train], DataRecipe.model_validate(DATA), channels=3)
    normalise = Normaliser(statistics.normalisation, torch.device("cpu"))
    with closing(feeds.PictureFeed.of(job, pictures, statistics, ALONE, workers)) as feed:

        def epoch() -> int:
            with closing(feed.training(0)) as batches:
                return sum(len(normalise(*map(torch.from_numpy, batch.inputs))) for batch in batches)

        yield epoch


def torchvision(root: Path, workers: int) -> Iterator[Callable[[], int]]:
    """An epoch of torchvision's ImageFolder with v2 transforms, in a DataLoader whose workers stay."""
    import torch
    from torch.utils.data import DataLoader
    from torchvision.datasets import ImageFolder  # pyright: ignore
    from torchvision.transforms import v2  # pyright: ignore

    def colour_noise(picture: Any) -> Any:
        return picture + 0.1 * torch.randn(3, 1, 1)

    transforms: Any = v2.Compose(
        [
            v2.Resize(RESIZE),
            v2.CenterCrop(RESIZE),
            v2.RandomCrop(CROP),
            v2.RandomHorizontalFlip(),
            v2.ToImage(),
            v2.ToDtype(torch.float32, scale=True),
            v2.Lambda(colour_noise),
            v2.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
        ]
    )
    data: Any = ImageFolder(root / "train", transforms)
    loader: Any = DataLoader(
        data, BATCH, shuffle=True, num_workers=workers, persistent_workers=True, multiprocessing_context="fork"
    )
    yield lambda: sum(len(images) for images, _ in loader)


def tf_data(root: Path, workers: int) -> Iterator[Callable[[], int]]:
    """An epoch of tf.data, all of whose operations are TensorFlow's."""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"
    import tensorflow as tf

    def prepared(file: Any) -> Any:
        picture: Any = tf.io.decode_jpeg(tf.io.read_file(file), channels=3)
        size = tf.shape(picture)[:2]
        side = tf.reduce_min(size)
        top, left = tf.unstack((size - side) // 2)
        picture = tf.image.resize(picture[top : top + side, left : left + side], (RESIZE, RESIZE), antialias=True)
        picture = tf.image.random_flip_left_right(tf.image.random_crop(picture, (CROP, CROP, 3)))
        picture += 0.1 * 255 * tf.random.normal((3,))
        return (picture - (123.675, 116.28, 103.53)) / (58.395, 57.12, 57.375)

    files = sorted(map(str, (root / "train").glob("*/*.jpg")))
    data: Any = tf.data.Dataset.from_tensor_slices(files).shuffle(len(files))
    data = data.map(prepared, num_parallel_calls=workers).batch(BATCH).prefetch(2)
    options: Any = tf.data.Options()
    options.threading.private_threadpool_size = workers
    data = data.with_options(options)
    yield lambda: sum(len(images) for images in data)


def archc_in_threads(root: Path, workers: int) -> Iterator[Callable[[], int]]:
    """archc's own pipeline as it is with few workers."""
    feeds.MANY = workers + 1
    yield from archc(root, workers)


CONTENDERS = {"archc": archc, "archc in threads": archc_in_threads, "torchvision": torchvision, "tf.data": tf_data}


def contenders(workers: int) -> list[str]:
    left_out = {
        "archc in threads": workers < feeds.MANY,  # it is archc
        "torchvision": not find_spec("torchvision"),
        "tf.data": not find_spec("tensorflow"),
    }
    return [name for name in CONTENDERS if not left_out.get(name)]


def serve(name: str, root: Path, workers: int) -> None:
    """Run an epoch for each line of standard input; print its seconds, and its CPU seconds in all processes."""
    for epoch in CONTENDERS[name](root, workers):
        for _ in sys.stdin:
            began, used = time.perf_counter(), cpu_seconds()
            pictures = epoch()
            seconds, cpu = time.perf_counter() - began, cpu_seconds() - used
            print(json.dumps({"seconds": seconds, "cpu": cpu, "pictures": pictures}), flush=True)


def cpu_seconds() -> float:
    """What this process and those that it has started have taken."""
    own = psutil.Process()
    times = [process.cpu_times() for process in (own, *own.children(recursive=True))]
    return sum(each.user + each.system for each in times)


def compare(root: Path, workers: int, pictures: int) -> None:
    """Print the pictures per second of each, and how many times faster archc is.

    Seconds are for a machine without other work, CPU seconds for any: they leave out what a worker waits.
    """
    names = contenders(workers)
    arguments = [sys.executable, __file__, str(workers), "--serve"]
    pipe, none = subprocess.PIPE, subprocess.DEVNULL
    started = {
        name: subprocess.Popen([*arguments, name, str(root)], stdin=pipe, stdout=pipe, stderr=none, text=True)
        for name in names
    }

    def epoch(process: subprocess.Popen[str]) -> dict[str, float]:
        assert process.stdin is not None and process.stdout is not None
        print(file=process.stdin, flush=True)
        while not (line := process.stdout.readline()).startswith("{"):
            assert line, "it ended"
        return json.loads(line)

    rounds = [{name: epoch(process) for name, process in started.items()} for _ in range(ROUNDS + 1)][1:]
    assert {each["pictures"] for one in rounds for each in one.values()} == {pictures}
    for process in started.values():
        process.communicate()
    for clock, unit in (("seconds", "s"), ("cpu", "CPU s")):
        taken = {name: [each[name][clock] for each in rounds] for name in names}
        print(f"{workers} workers, {unit}:")
        for name in names:
            print(f"  {name}: {pictures / median(taken[name]):,.0f} pictures/{unit}")
        for name in names[1:]:
            ratio(taken, name, "archc")


def lock(root: Path) -> None:
    """Print the share of a picture's time, in CPU seconds of one thread, that runs outside Python's lock."""
    files = [file for file, _ in find_pictures(root).train][:300]
    data, colours = DataRecipe.model_validate(DATA), np.eye(3, dtype=np.float32)
    spent: Counter[str] = Counter()
    entered: list[int] = []

    def all_pictures() -> float:
        began = time.thread_time()
        for number, file in enumerate(files):
            training_view(file, data, colours, seed=0, epoch=0, index=number)
        return time.thread_time() - began

    def seen(_: FrameType, event: str, function: Any) -> None:
        if event == "c_call":
            entered.append(time.thread_time_ns())
        elif event in ("c_return", "c_exception"):
            spent[function.__name__] += time.thread_time_ns() - entered.pop()

    all_pictures()
    whole = all_pictures()
    sys.setprofile(seen)
    all_pictures()
    sys.setprofile(None)
    outside = sum(spent[name] for name in OUTSIDE) / 1e9
    each, inside = whole / len(files), (whole - outside) / len(files)
    print(f"a picture takes {each * 1e3:.2f} ms, of which {outside / whole:.0%} are outside Python's lock")
    most = f"{1 / inside:,.0f} pictures/s, which {each / inside:.0f} of them do"
    print(f"{inside * 1e3:.2f} ms are within it, so threads prepare at most {most}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("workers", nargs="?", type=int, default=2)
    parser.add_argument("--pictures", type=int, default=600)
    parser.add_argument("--lock", action="store_true")
    parser.add_argument("--serve", nargs=2, metavar=("NAME", "DIR"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        name, root = options.serve
        serve(name, Path(root), options.workers)
        return
    with TemporaryDirectory() as name:
        write_pictures(Path(name), options.pictures)
        lock(Path(name)) if options.lock else compare(Path(name), options.workers, options.pictures)


if __name__ == "__main__":
    main()
