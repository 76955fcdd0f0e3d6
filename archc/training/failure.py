"""What ends a run, and how a person and a shell learn of it: one line and an exit code."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from archc.training.job import Job

FINDING = 1
USAGE = 2
ENVIRONMENT = 3
INTERRUPTED = 130


class RunFailure(Exception):
    """Ends a run with one line and its remedy, without a traceback."""

    def __init__(self, message: str, help: str, code: int = ENVIRONMENT) -> None:
        super().__init__(message, help, code)
        self.message = message
        self.help = help
        self.code = code

    def __str__(self) -> str:
        return f"error: {self.message}\n  {self.help}"


def run_main(main: Callable[[Job], None]) -> int:
    """Run a backend's `main` on the job that the command line names; the exit code.

    For `if __name__ == "__main__": sys.exit(run_main(main))`.
    """
    from archc.training.job import read_job

    run: Path | None = None
    try:
        if len(sys.argv) != 2:
            raise RunFailure("one argument expected: the job", "RUN/job.json", USAGE)
        job = read_job(Path(sys.argv[1]))
        run = job.run
        main(job)
    except RunFailure as failure:
        print(failure, file=sys.stderr)
        return failure.code
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return INTERRUPTED
    except Exception as error:  # the last resort: whatever a framework raises becomes a report
        print(RunFailure(_summary(error), _keep_traceback(run)), file=sys.stderr)
        return ENVIRONMENT
    return 0


def _summary(error: Exception) -> str:
    """The error's kind and first line."""
    first = str(error).strip().partition("\n")[0]
    return f"the run stopped: {type(error).__name__}: {first}" if first else type(error).__name__


def _keep_traceback(run: Path | None) -> str:
    """Write the current traceback into the run's folder; where it lies."""
    text = traceback.format_exc()
    try:
        if run is not None:
            place = run / "crash.txt"
            place.write_text(text, encoding="utf-8")
            return f"the traceback is in {place}"
    except OSError:
        pass
    return text
