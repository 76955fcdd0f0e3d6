"""What commands that make a folder of pictures share: it is complete or absent, and a failure is one line."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from archc.failure import ENVIRONMENT, FINDING, INTERRUPTED, Failure


def exit_code(make: Callable[[], None], target: Path) -> int:
    """The exit code of a command that makes `target`; a failure is printed."""
    try:
        make()
    except Failure as failure:
        print(failure, file=sys.stderr)
        return failure.code
    except OSError as error:
        print(Failure(f"cannot write {target}: {error}", "choose another folder"), file=sys.stderr)
        return ENVIRONMENT
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return INTERRUPTED
    return 0


def check_new(target: Path) -> None:
    if target.exists():
        raise Failure(f"{target} already exists", "choose a new folder", FINDING)


@contextmanager
def complete(target: Path) -> Generator[Path]:
    """A folder to fill beside `target`, which it becomes at the end."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=f".{target.name}.", dir=target.parent) as folder:
        made = Path(folder) / target.name
        yield made
        made.rename(target)
