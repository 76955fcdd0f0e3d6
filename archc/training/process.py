"""The process of a backend that trains: one job in, and whatever ends it told as one line and an exit code."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from tempfile import NamedTemporaryFile

from archc.failure import INTERRUPTED, USAGE, Failure
from archc.streams import OutputFailure, guard
from archc.training.job import Job, read_job


def run_main(main: Callable[[Job], None]) -> int:
    """Run a backend's `main` on the job that the command line names; the exit code.

    For `if __name__ == "__main__": sys.exit(run_main(main))`.
    """
    guard()
    run: Path | None = None
    try:
        if len(sys.argv) != 2:
            raise Failure("one argument expected: the job", "RUN/job.json", USAGE)
        job = read_job(Path(sys.argv[1]))
        run = job.run
        main(job)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return INTERRUPTED
    except Exception as error:  # whatever a framework raises becomes a report
        failure = as_failure(error, run)
        print(failure, file=sys.stderr)
        return failure.code
    return 0


def as_failure(error: Exception, run: Path | None) -> Failure:
    """An error, while it is being handled, as what ends the run; a defect's traceback goes into the run's folder."""
    if isinstance(error, OutputFailure):
        return Failure(error.message, "what was recorded before is in the run's folder")
    return error if isinstance(error, Failure) else Failure(_summary(error), _keep_traceback(run))


def _summary(error: Exception) -> str:
    """The error's kind and first line."""
    first = str(error).strip().partition("\n")[0]
    return f"the run stopped: {type(error).__name__}" + (f": {first}" if first else "")


def _keep_traceback(run: Path | None) -> str:
    """Write the current traceback into the run's folder, or where that cannot be into a temporary file; its place."""
    text = traceback.format_exc()
    if run is not None:
        place = run / "crash.txt"
        try:
            place.write_text(text, encoding="utf-8")
            return f"the traceback is in {place}"
        except OSError:  # the folder is gone or full, which may be what ended the run
            pass
    with NamedTemporaryFile("w", prefix="archc-crash-", suffix=".txt", delete=False, encoding="utf-8") as file:
        file.write(text)
    return f"the traceback is in {file.name}"
