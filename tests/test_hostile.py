"""Hostile input ends in exit code 0 or 1, within bounds of time and memory. benchmarks/hostile.py measures exactly.

All inputs go through one process, so its peak memory is that of the worst input so far.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hostile import INPUTS

from archc.language import reader
from archc.language.reader import read

LIMITS = Path(__file__).parents[1] / "docs" / "limits.md"

# Generous, so that they hold on slow machines and with allocators that keep memory. docs/limits.md promises less.
SECONDS, MEGABYTES = 20, 400.0

# For each path on standard input, prints a line: exit code, peak memory in MB, standard output and standard error.
CHECK = """
import contextlib, io, json, re, resource, sys
from pathlib import Path
from archc.commands import main

def peak():
    if sys.platform == "darwin":
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    # On Linux, ru_maxrss also counts the memory of the process that started this one.
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"VmHWM:\\s+(\\d+) kB", status)[1]) * 1024 / 1e6

for path in sys.stdin:
    used = resource.getrusage(resource.RUSAGE_SELF)
    resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + SECONDS, -1))
    out, err = io.StringIO(), io.StringIO()
    sys.argv = ["archc", "check", path.rstrip("\\n")]
    code = None
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main()
        except SystemExit as leaving:
            code = leaving.code
    print(json.dumps([code, peak(), out.getvalue()[:400], err.getvalue()[:400]]), flush=True)
"""


@dataclass(frozen=True)
class Answer:
    code: int
    megabytes: float
    out: str
    err: str


@dataclass(frozen=True)
class Checker:
    """A process that checks one file after another."""

    process: subprocess.Popen[str]
    file: Path

    def check(self, data: bytes) -> Answer:
        self.file.write_bytes(data)
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(f"{self.file}\n")
        self.process.stdin.flush()
        return Answer(*json.loads(self.process.stdout.readline()))


@pytest.fixture(scope="module")
def checker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checker]:
    command = [sys.executable, "-c", CHECK.replace("SECONDS", str(SECONDS))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Checker(process, tmp_path_factory.mktemp("hostile") / "hostile.yaml")
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(timeout=300) == 0


@pytest.mark.parametrize("name", INPUTS)
def test_any_bytes_end_in_findings_or_success_within_bounds(name: str, checker: Checker) -> None:
    answer = checker.check(INPUTS[name]())
    assert (answer.code, answer.err) in ((0, ""), (1, ""))
    assert ("error[ARC" in answer.out) == (answer.code == 1)
    assert answer.megabytes < MEGABYTES


@pytest.mark.parametrize("item", [b"x,", b"*a,", b"[],"])
def test_a_list_of_more_than_100_000_entries_is_refused(item: bytes) -> None:
    assert read(b"a: &a x\nb: [" + item * 100_000 + b"]", "a.yaml")[1] == []
    _, (finding,) = read(b"a: &a x\nb: [" + item * 100_001 + b"]", "a.yaml")
    assert (finding.code, finding.message) == ("ARC003", "more than 100,000 entries in one mapping or list")


def test_a_mapping_of_more_than_100_000_entries_is_refused() -> None:
    keys = b"".join(b"k%d: 1\n" % i for i in range(100_001))
    assert read(keys[: keys.rindex(b"k")], "a.yaml")[1] == []
    _, (finding,) = read(keys, "a.yaml")
    assert (finding.code, finding.span.line) == ("ARC003", 100_001)


def test_the_limits_are_documented_as_they_are() -> None:
    """Each row of the table ends in the limit's name in reader.py, and the table lists every limit."""
    rows = re.findall(r"^\|.*?\| ([0-9,]+)(?: MiB)? \| `(MAX_[A-Z_]+)` \|$", LIMITS.read_text(encoding="utf-8"), re.M)
    told = {name: int(figure.replace(",", "")) for figure, name in rows}
    limits = {name: value for name, value in vars(reader).items() if name.startswith("MAX_")}
    assert told == limits | {"MAX_BYTES": limits["MAX_BYTES"] >> 20}
