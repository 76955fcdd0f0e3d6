"""model.json in a run's folder: what is needed to use the weights, with the checksums of the files.

`archc train` writes it when a run starts. The training process adds the classes and the preparation of pictures as soon
as it knows them, and each file of weights when it has been written.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PositiveInt, ValidationError

from archc.failure import FINDING, USAGE, Failure
from archc.files import reserve, write_durably
from archc.language.recipe import Precision, TestViews
from archc.ops.properties import Loss
from archc.training.job import Value

ROOM = 1 << 16
"""Bytes that are reserved for model.json, so that a full disk does not keep it from naming the weights."""


class _Documented(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class StoredFile(_Documented):
    """A file in the run's folder."""

    path: str = Field(pattern=r"^[^/\\\x00]+$")
    """Its name in the run's folder."""
    sha256: str
    """The SHA-256 of its bytes, as `sha256sum` prints it."""
    next_sha256: str | None = None
    """The same of the bytes that are about to replace them, if the run was ended while it did that."""


class Preparation(_Documented):
    """How a picture becomes the network's input.

    It is decoded and turned upright; its centre square is scaled to `resize` × `resize` pixels (bilinear), from which
    `crop` is cut. The input is (values - mean) / std, where values go from 0 to 255.
    """

    resize: PositiveInt
    """Height and width in pixels of the square that pictures are scaled to."""
    crop: tuple[PositiveInt, PositiveInt]
    """Height and width in pixels of the part that the network reads."""
    mean: tuple[float, ...]
    """The mean of what is subtracted, for each channel; the order is red, green, blue."""
    std: tuple[float, ...]
    """What each channel is divided by."""
    subtracts: Literal["picture", "channels"]
    """`channels`: `mean` is subtracted. `picture`: the array `mean` (resize, resize, channels) of the statistics is."""
    test: TestViews
    """`center`: the crop at the centre. `ten_crop`: the mean of the probabilities for ten crops."""
    statistics: StoredFile
    """The measured arrays: `mean`, `std`, and the principal components of the colours."""


class Description(_Documented):
    """The contents of model.json."""

    version: Literal[1] = 1
    """Version of this format."""
    name: str
    """The network's name."""
    backend: str
    """The backend that trained it."""
    source: StoredFile
    """The emitted file of the whole network, which can load the weights."""
    model: str
    """The class in that file: `Alexnet`, whose `Alexnet.load("weights.safetensors")` is the trained network."""
    inputs: dict[str, Value] = Field(min_length=1)
    """What the network reads for an example, by name, with the channels first."""
    output: tuple[PositiveInt, ...]
    """The shape of what it returns for an example, with the channels or classes first."""
    loss: Loss
    """The loss of training. What the network returns are logits, unless it is `mean_squared_error`."""
    precision: Precision
    """The precision of the arithmetic in training; the weights are in float32."""
    classes: tuple[str, ...] | None = None
    """The names of the classes in the order of the outputs, of which there may be more; null if the data have none."""
    preparation: Preparation | None = None
    """How pictures are prepared; null for arrays."""
    weights: dict[str, StoredFile] = {}
    """The weights: `last`, after the last step, and `best`, with the lowest held-out error. Empty at first."""


def place_of_description(run: Path) -> Path:
    """model.json in the folder of a run."""
    return run / "model.json"


def write_description(run: Path, description: Description) -> None:
    """Write model.json into the folder of a run, and take the room for what will be added."""
    place = place_of_description(run)
    write_durably(place, (description.model_dump_json(indent=2) + "\n").encode())
    with suppress(OSError):  # taken already, or on a disk that is full
        reserve(place, ROOM)


def read_description(run: Path) -> Description:
    """The description of a run's model; a Failure if the folder has none, or it is damaged."""
    place = place_of_description(run)
    try:
        return Description.model_validate_json(place.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        help = "name the folder of a run of `archc train`, such as runs/NAME-TIME"
        raise Failure(f"{run} has no model.json: it is not a run, or one of an older archc", help, USAGE) from None
    except OSError as error:
        raise Failure(f"cannot read {place}: {error.strerror}", "check its permissions") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        what = f"{where}: {first['msg']}" if where else first["msg"]
        help = "restore the file as the run wrote it, or use the archc that wrote it"
        raise Failure(f"{place} does not describe a model: {what}", help, FINDING) from error


def class_name(folder: str) -> str:
    """The name of a class from that of its folder, with escapes in place of bytes that are not UTF-8."""
    return folder.encode(errors="backslashreplace").decode()


def describe(run: Path, **facts: Any) -> None:
    """Add facts to model.json, if `archc train` has written it: a job that is started by hand has none."""
    if place_of_description(run).exists():
        before = read_description(run)
        write_description(run, Description.model_validate({**dict(before), **facts}))


def announce_weights(place: Path, sha256: str) -> None:
    """Say in model.json what will replace a file of weights: either is then what a run wrote, whatever ends it."""
    known = _weights_beside(place)
    if before := known.get(_name(place)):
        announced = before.model_copy(update={"next_sha256": sha256})
        with suppress(OSError):  # on a full disk, the weights matter more
            describe(place.parent, weights={**known, _name(place): announced})


def describe_weights(place: Path, sha256: str) -> None:
    """Name a file of weights in the model.json beside it: `last` for weights.safetensors, else by its name."""
    written = StoredFile(path=place.name, sha256=sha256)
    describe(place.parent, weights={**_weights_beside(place), _name(place): written})


def _name(place: Path) -> str:
    return "last" if place.stem == "weights" else place.stem


def _weights_beside(place: Path) -> dict[str, StoredFile]:
    """The weights in model.json, if there is one: a job that is started by hand has none."""
    return read_description(place.parent).weights if place_of_description(place.parent).exists() else {}


def stored(file: Path) -> StoredFile:
    """A file in a run's folder, with its checksum."""
    with file.open("rb") as opened:
        return StoredFile(path=file.name, sha256=hashlib.file_digest(opened, "sha256").hexdigest())
