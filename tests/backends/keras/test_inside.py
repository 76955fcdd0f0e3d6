"""The tests in `inside`, in a process of their own: where TensorFlow was first, PyTorch warns or aborts."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def test_layers_emitted_source_and_trainer() -> None:
    files = [str(Path(__file__).parent / "inside" / name) for name in ("layers.py", "emitted.py", "trainer.py")]
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *files]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout
