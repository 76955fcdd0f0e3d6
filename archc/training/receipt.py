"""The receipt of a run, as its training process knows it: `archc train` writes it, at the start and at the end.

If `archc train` is killed, the training process is the only one left that can say so.
"""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from archc.files import remove_parts, write_durably


def place_of_receipt(run: Path) -> Path:
    """receipt.json in the folder of a run."""
    return run / "receipt.json"


def close_receipt(run: Path) -> None:
    """End a run that nobody waits for any more: its receipt says that it was interrupted."""
    place = place_of_receipt(run)
    with suppress(OSError, ValueError):  # there is nobody left to tell
        receipt = json.loads(place.read_bytes())
        receipt |= {"status": "interrupted", "ended": datetime.now(UTC).isoformat(timespec="seconds")}
        write_durably(place, (json.dumps(receipt, indent=2, ensure_ascii=False) + "\n").encode())
        remove_parts(run)
