"""What ends a command that is not a finding: one line, how to go on, and an exit code."""

from __future__ import annotations


class CommandFailure(Exception):
    """Wrong usage (code 2) or an environment that lacks something (code 3)."""

    def __init__(self, message: str, *, help: str | None = None, code: int) -> None:
        super().__init__(message)
        self.message = message
        self.help = help
        self.code = code

    def __str__(self) -> str:
        from archc.diagnostics.text import visible  # few runs fail

        # A message names files, options and layers, whatever they are called.
        return f"error: {visible(self.message)}" + (f"\n  {visible(self.help)}" if self.help else "")
