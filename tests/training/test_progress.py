"""Progress for a person at a terminal, and for a log."""

import os
import pty
import re
import subprocess
import sys
import time

import pytest

from archc.training import progress as module
from archc.training.progress import Lines, progress
from archc.wording import duration


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.4, "0 s"),
        (59.4, "59 s"),
        (59.6, "1 min 0 s"),
        (185, "3 min 5 s"),
        (3599.7, "1 h 0 min"),
        (7800, "2 h 10 min"),
    ],
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_a_pipe_gets_plain_lines(capsys: pytest.CaptureFixture[str]) -> None:
    assert isinstance(progress("step", 3), Lines)
    assert capsys.readouterr().out == ""


def test_the_first_and_the_last_part_are_always_shown(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "EVERY", 1e9)
    shown = Lines("step", 4)
    for done in range(1, 5):
        shown.show(done, f"loss {done}")
    shown.close()
    shown.close()
    assert capsys.readouterr().out == "step 1/4  loss 1\nstep 4/4  loss 4  in 0 s\n"


def test_a_line_in_between_tells_the_time_left(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "EVERY", 0)
    shown = Lines("step", 4)
    shown.show(1, "slow")
    shown.show(2, "loss 1", "top-1 2 %")
    shown.say("a word")
    assert re.fullmatch(r"step 1/4  slow\nstep 2/4  loss 1  top-1 2 %  ETA \d+ s\na word\n", capsys.readouterr().out)


def test_the_time_left_follows_from_the_parts_after_the_first(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first one loads and compiles. A run that is resumed begins in the middle."""
    monkeypatch.setattr(module, "EVERY", 0)
    shown = Lines("step", 1_000_000)
    time.sleep(0.2)
    shown.show(500_001)
    for done in range(500_002, 500_012):
        time.sleep(0.001)
        shown.show(done)
    first, *_, last = capsys.readouterr().out.splitlines()
    assert first == "step 500001/1000000"
    assert re.fullmatch(r"step 500011/1000000  ETA \d+ min \d+ s", last), "not the hours that the first one promises"


def test_time_is_counted_from_the_start_of_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    shown = progress("step", 2, began=time.monotonic() - 100)
    shown.show(1, "loss 1")
    shown.show(2, "loss 0")
    first, last = capsys.readouterr().out.splitlines()
    assert (first, last) == ("step 1/2  loss 1  first after 1 min 40 s", "step 2/2  loss 0  in 1 min 40 s")


WATCHED = """
import os
from contextlib import closing
since = os.environ.get("SINCE")
from archc.training.progress import progress
with closing(progress(os.environ.get("WHAT", "step"), 3, began=since and float(since))) as shown:
    for done in range(1, 4):
        shown.show(done, f"loss {done} [bold]", *os.environ.get("NOTES", "").split(",")[1:])
    shown.say("[red]as it is[/red]")
    shown.close()
"""


def at_a_terminal(**environment: str) -> str:
    """What the script above prints on a terminal."""
    ours, theirs = pty.openpty()
    kept = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR")}
    process = subprocess.Popen(
        [sys.executable, "-c", WATCHED],
        stdout=theirs,
        stderr=subprocess.PIPE,
        env={**kept, "TERM": "xterm", "COLUMNS": "120", **environment},
    )
    os.close(theirs)
    text = b""
    while True:
        try:
            part = os.read(ours, 65536)
        except OSError:  # how Linux says that the other side has closed
            break
        if not part:
            break
        text += part
    os.close(ours)
    assert process.stderr is not None
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait() == 0
    return text.decode()


def test_a_terminal_gets_a_bar_with_the_time_left() -> None:
    text = at_a_terminal()
    assert "3/3" in text
    assert "loss 3 [bold]" in text
    assert "ETA" in text
    assert "[red]as it is[/red]" in text
    assert "━" in text
    assert re.search(r"\x1b\[[0-9;]*3\dm", text)


@pytest.mark.parametrize(
    ("columns", "shown"),
    [
        (60, "a step ━ 3/3 loss 3 [bold] 0:00:00 ETA 0:00:00"),
        (48, "a step 3/3 loss 3 [bold] 0:00:00 ETA 0:00:00"),
        (40, "a step 3/3 loss 3 [bold] ETA 0:00:00"),
        (26, "a step 3/3 loss 3 [bold]"),
        (20, "a step 3/3"),
        (8, "3/3"),
    ],
)
def test_a_narrow_terminal_loses_the_bar_before_any_number(columns: int, shown: str) -> None:
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", at_a_terminal(COLUMNS=str(columns), WHAT="a step"))
    line = next(line for line in re.split(r"[\r\n]+", text) if "3/3" in line)
    assert re.sub("━+", "━", line).split() == shown.split()


@pytest.mark.parametrize(
    ("columns", "shown"),
    [
        (90, "step ━ 3/3 loss 3 [bold] top-1 {x} 81/s wait 9 % 0:01:40 ETA 0:00:00"),
        (54, "step 3/3 loss 3 [bold] top-1 {x} 81/s ETA 0:00:00"),
        (44, "step 3/3 loss 3 [bold] top-1 {x} ETA 0:00:00"),
        (32, "step 3/3 loss 3 [bold]"),
    ],
)
def test_a_narrow_terminal_loses_the_least_important_notes_first(columns: int, shown: str) -> None:
    settings = {"COLUMNS": str(columns), "NOTES": ",top-1 {x},81/s,wait 9 %", "SINCE": str(time.monotonic() - 100)}
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", at_a_terminal(**settings))
    line = next(line for line in re.split(r"[\r\n]+", text) if "3/3" in line)
    assert re.sub("━+", "━", line).split() == shown.split()


def test_no_color_is_honoured() -> None:
    text = at_a_terminal(NO_COLOR="1")
    assert "━" in text
    assert not re.search(r"\x1b\[[0-9;]*[34]\d[;m]", text)


def test_a_dumb_terminal_gets_plain_lines() -> None:
    text = at_a_terminal(TERM="dumb")
    assert "\x1b" not in text
    assert "step 3/3  loss 3 [bold]  in 0 s" in text
