"""A failure that ends a command or a run and is not a finding: a message, a help line and an exit code."""

from __future__ import annotations

FINDING = 1
USAGE = 2
ENVIRONMENT = 3
INTERRUPTED = 130


class Failure(Exception):
    """Wrong usage, or a problem of the environment. Shown without a traceback."""

    def __init__(self, message: str, help: str = "", code: int = ENVIRONMENT) -> None:
        super().__init__(message, help, code)
        self.message = message
        self.help = help
        self.code = code

    def __str__(self) -> str:
        from archc.wording import visible  # imported only by runs that fail

        # The message may quote names of files, options and layers, which may contain control characters.
        return f"error: {visible(self.message)}" + (f"\n  {visible(self.help)}" if self.help else "")
