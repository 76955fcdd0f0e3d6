"""The receipt of a run, as its training process knows it: `archc train` writes it, at the start and at the end.

If `archc train` is killed, the training process is the only one left that can say so.
"""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from archc.failure import Failure
from archc.files import remove_parts, write_durably
from archc.training.job import WEIGHTS
from archc.training.result import Measured, Result, read_result


def place_of_receipt(run: Path) -> Path:
    """receipt.json in the folder of a run."""
    return run / "receipt.json"


def with_result(receipt: dict[str, Any], result: Result) -> dict[str, Any]:
    """A receipt with what the training process has left in result.json."""
    step, measured, figures = receipt["step"], result.measured or Measured(), result.figures
    exchanged, peak = measured.exchanged, measured.peak
    found: dict[str, Any] = {
        "received": [each.model_dump() for each in exchanged.received] if exchanged else None,
        "collectives": exchanged.collectives if exchanged else None,
        "peak_memory": peak.model_dump() if peak else None,
    }
    return receipt | {
        "weights": {"path": WEIGHTS, "sha256": result.weights} if result.weights else None,
        "best": result.best.model_dump() if result.best else None,
        "devices": receipt["devices"] | {"used": list(result.devices) or None},
        "step": {name: figure | {"measured": found[name]} for name, figure in step.items()},
        "pictures": receipt["pictures"] | (result.data.model_dump() if result.data else {}),
        "unrecorded": result.unrecorded,
        "result": figures.model_dump(mode="json") if figures else None,
    }


def close_receipt(run: Path) -> None:
    """End a run that nobody waits for any more: its receipt says that it was interrupted, and what there is."""
    place = place_of_receipt(run)
    with suppress(OSError, ValueError, KeyError, Failure):  # there is nobody left to tell
        receipt = json.loads(place.read_bytes())
        receipt = with_result(receipt, read_result(run) or Result(devices=()))
        receipt |= {"status": "interrupted", "ended": datetime.now(UTC).isoformat(timespec="seconds")}
        write_durably(place, (json.dumps(receipt, indent=2, ensure_ascii=False) + "\n").encode())
        remove_parts(run)
