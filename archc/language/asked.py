"""What a command asks of a spec besides its text: one of its variants, and values to try."""

from __future__ import annotations

from typing import NamedTuple

UNMET = "ARC921"
"""The code of an expectation that a value of `--set` does not meet."""


class Asked(NamedTuple):
    """A variant by name, and the values of `--set`, each as `PATH=VALUE`; if it is loose, without its expectations."""

    variant: str | None = None
    sets: tuple[str, ...] = ()
    is_loose: bool = False

    @property
    def is_plain(self) -> bool:
        """Whether the spec is asked for as it is written."""
        return self.variant is None and not self.sets

    def label(self, file: str) -> str:
        """The name of a file, with the variant that is asked for."""
        return f"{file}:{self.variant}" if self.variant else file


PLAIN = Asked()
