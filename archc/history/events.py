"""metrics.jsonl read back: the events of a run that is complete, goes on, or was cut off in the middle of a line.

`archc.training.journal` writes these events. Unknown fields and events are ignored: a later archc may have written the
file.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, PositiveInt, TypeAdapter, ValidationError

from archc.failure import FINDING, USAGE, Failure

FILE = "metrics.jsonl"


class _Event(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    seconds: float


class Start(_Event):
    """Training begins."""

    event: Literal["start"] = "start"
    name: str
    steps: PositiveInt
    batch: PositiveInt


class Resumed(_Event):
    """Training goes on after a step, up to so many."""

    event: Literal["resume"] = "resume"
    step: NonNegativeInt
    steps: PositiveInt


class Step(_Event):
    """An optimiser step: its batch before the update."""

    event: Literal["step"] = "step"
    step: PositiveInt
    epoch: NonNegativeInt
    loss: float | None
    lr: float
    top1: NonNegativeInt | None = None
    count: NonNegativeInt = 0

    @property
    def rate(self) -> float | None:
        """The share of the batch that was right."""
        return _rate(self.top1, self.count)


class Gradients(_Event):
    """The norm of each layer's gradient in a step, in the order of the network."""

    event: Literal["gradients"] = "gradients"
    step: PositiveInt
    norms: dict[str, float | None]


class HeldOut(_Event):
    """A test on the held-out examples: after an epoch, or at the end."""

    event: Literal["epoch", "end"]
    count: PositiveInt
    top1: NonNegativeInt | None
    loss: float | None

    @property
    def rate(self) -> float | None:
        """The share of the held-out examples that was right."""
        return _rate(self.top1, self.count)


Event = Start | Step | Gradients | HeldOut
_EVENT: TypeAdapter[Event] = TypeAdapter(Annotated[Event, Field(discriminator="event")])
Found = TypeVar("Found", Start, Resumed, Step, HeldOut)


@dataclass(frozen=True)
class History:
    """The steps of a run in order, its tests, each with the number of steps before it, and the recorded gradients."""

    run: Path
    name: str
    steps: tuple[Step, ...]
    tests: tuple[tuple[int, HeldOut], ...]
    gradients: tuple[Gradients, ...] = ()


def history(run: Path) -> History:
    """The events in the folder of a run; a Failure if there are none or the file is damaged.

    A run that was resumed from an earlier step has taken some steps twice: the later ones count.
    """
    if not run.is_dir():
        near = next((each for each in (run.parent, Path("runs") / run) if (each / FILE).is_file()), None)
        help = f"did you mean `{near}`?" if near else "name the folders of runs: `archc runs` lists them"
        raise Failure(f"{run} is not a folder", help=help, code=USAGE)
    name, steps, tests, gradients = "", dict[int, Step](), dict[int, HeldOut](), dict[int, Gradients]()
    done = 0
    for event in _events(run / FILE):
        match event:
            case Start():
                name = event.name
            case Step():
                done = event.step
                steps[done] = event
            case Gradients():
                gradients[event.step] = event
            case HeldOut():
                tests[done] = event
    if not steps:
        raise Failure(
            f"{run} has no steps yet", help="wait for the first one: `archc runs` shows the state", code=FINDING
        )
    return History(
        run,
        name,
        tuple(steps[at] for at in sorted(steps)),
        tuple((at, tests[at]) for at in sorted(tests)),
        tuple(gradients[at] for at in sorted(gradients)),
    )


def latest(run: Path, kind: type[Found], event: str) -> Found | None:
    """The last event of a kind in the folder of a run, or None. The other lines are not read, so it is quick."""
    with suppress(OSError, ValidationError):
        data = (run / FILE).read_bytes()
        end = data.rfind(b"\n")  # a line that is still being written, or was cut off, is none
        begin = data.rfind(b'{"event": "%b"' % event.encode(), 0, end)
        if begin >= 0:
            return kind.model_validate_json(data[begin : data.index(b"\n", begin)])
    return None


def _events(file: Path) -> Iterator[Event]:
    try:
        data = file.read_bytes()
    except FileNotFoundError:
        message = f"{file.parent} is not the folder of a run that has begun: it has no {FILE}"
        raise Failure(message, help="name the folders of runs: `archc runs` lists them", code=USAGE) from None
    except OSError as error:
        raise Failure(f"cannot read {file}: {error.strerror}") from error
    for number, line in enumerate(data.split(b"\n")[:-1], 1):  # a line that is being written, or was cut off, is none
        try:
            yield _EVENT.validate_json(line)
        except ValidationError as error:
            problem = error.errors(include_url=False)[0]
            if problem["type"] == "union_tag_invalid":  # another event
                continue
            where = "".join(f"{part}: " for part in problem["loc"][1:])
            message = f"{file}:{number} is damaged: {where}{problem['msg']}"
            raise Failure(message, help="remove that line, or leave this run out", code=FINDING) from None


def _rate(top1: int | None, count: int) -> float | None:
    return None if top1 is None or not count else top1 / count
