"""The process of a backend that trains: it takes one job, and reports a failure as one line and an exit code."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import NamedTemporaryFile

from archc.failure import USAGE, Failure, disk_failure
from archc.files import write_durably
from archc.installing import owner_of_module, requirements_help
from archc.signals import code_of, heed_stops
from archc.streams import OutputFailure, guard
from archc.training.job import Job, read_job
from archc.training.journal import has_begun
from archc.training.pulse import Pulse, parent
from archc.training.receipt import close_receipt

FAILED = "--failed"
"""In place of a job: a code and a message of a process that has failed before training."""


def run_main(main: Callable[[Job], None], failed: Callable[[Failure], None] | None = None) -> int:
    """Run a backend's `main` on the job that the command line names; the process's exit code.

    Use it as `if __name__ == "__main__": sys.exit(run_main(main))`. A backend whose processes can be on several
    machines gives `failed`, too: it tells the others that `archc train` has failed here, before training.
    """
    if failed is not None and len(sys.argv) == 4 and sys.argv[1] == FAILED:
        failed(Failure(sys.argv[3], code=int(sys.argv[2])))
        return 0
    guard()  # a closed pipe must not end a run of hours
    run: Path | None = None
    pulse: Pulse | None = None
    try:
        heed_stops()
        if len(sys.argv) != 2:
            raise Failure(f"expected 1 argument, RUN/job.json, got {len(sys.argv) - 1}", code=USAGE)
        job = read_job(Path(sys.argv[1]))
        run = job.run
        pulse = Pulse(parent(), orphaned=partial(close_receipt, run))
        pulse.start()
        main(job)
    except (Exception, KeyboardInterrupt) as error:  # a framework may raise anything; nobody gets a traceback
        code = reported(error, run)
        if run is not None and pulse is not None and pulse.is_orphan and code_of(error) is not None:
            close_receipt(run)  # again, since the end of training wrote more
        return code
    return 0


def reported(error: Exception | KeyboardInterrupt, run: Path | None, what: str = "training") -> int:
    """Print how a process ends by the error being handled; its exit code."""
    if (code := code_of(error)) is not None:
        print("interrupted", file=sys.stderr)
        return code
    assert isinstance(error, Exception)
    failure = as_failure(error, run, what)
    print(failure, file=sys.stderr)
    return failure.code


def as_failure(error: Exception, run: Path | None, what: str = "training") -> Failure:
    """The error being handled as a Failure of `what`; the traceback of an unexpected error is kept in a file."""
    if isinstance(error, OutputFailure):
        return Failure(error.message, "the run's folder keeps what was recorded before")
    if isinstance(error, Failure):
        return error
    known = _of_run_folder(error, run) or disk_failure(error, below=str(run or "a file")) or _unimportable(error, what)
    # The folder of a run that has not begun is removed.
    kept = run if run is not None and has_begun(run) else None
    return known or Failure(_summary(error, what), _keep_traceback(kept))


def _of_run_folder(error: Exception, run: Path | None) -> Failure | None:
    """The Failure for a folder of a run that is gone, or that may no longer be written; None for other errors."""
    if run is None or run.is_dir() or not isinstance(error, FileNotFoundError):
        return None
    return Failure(f"the run's folder {run} is gone", "somebody has removed it; start the run again")


def _unimportable(error: Exception, what: str) -> Failure | None:
    """The Failure for a module that is required and that is installed in part only; None for other errors."""
    if not isinstance(error, ModuleNotFoundError) or not error.name:
        return None
    owner = owner_of_module(error.name)
    if owner is None:
        return None
    message = f"{what} needs the module `{(error.name or '').partition('.')[0]}` of {owner}, which cannot be imported"
    return Failure(message, requirements_help([owner], again=True))


def _summary(error: Exception, what: str) -> str:
    first = str(error).strip().partition("\n")[0]
    return f"{what} failed: {type(error).__name__}" + (f": {first}" if first else "")


def _keep_traceback(run: Path | None) -> str:
    """Write the current traceback into the run's folder, or else into a temporary file; a line that names the file."""
    text = traceback.format_exc()
    if run is not None:
        place = run / "crash.txt"
        try:
            write_durably(place, text.encode(errors="replace"))
            return f"the traceback is in {place}"
        except OSError:  # the folder may be gone or its disk full, which may have ended the run
            pass
    try:
        with NamedTemporaryFile("w", prefix="archc-crash-", suffix=".txt", delete=False, encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        return f"the traceback cannot be written: {error.strerror}"
    return f"the traceback is in {file.name}"
