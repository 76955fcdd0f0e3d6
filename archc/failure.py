"""What ends a command or a run that is not a finding: one line, how to go on, and an exit code."""

from __future__ import annotations

FINDING = 1
USAGE = 2
ENVIRONMENT = 3
INTERRUPTED = 130


class Failure(Exception):
    """Wrong usage, or an environment that lacks something; never shown with a traceback."""

    def __init__(self, message: str, help: str = "", code: int = ENVIRONMENT) -> None:
        super().__init__(message, help, code)
        self.message = message
        self.help = help
        self.code = code

    def __str__(self) -> str:
        from archc.wording import visible  # few runs fail

        # A message names files, options and layers, whatever they are called.
        return f"error: {visible(self.message)}" + (f"\n  {visible(self.help)}" if self.help else "")
