"""Measures `archc check` on hostile input: processor seconds, peak memory and exit code of the whole process.

    .venv/bin/python benchmarks/hostile.py [NAME …]

docs/limits.md promises exit code 0 or 1 within two seconds and 300 MB for any bytes. The test suite checks the same
inputs against looser bounds, which slow machines meet too (tests/test_hostile.py).
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from multiprocessing import Process
from pathlib import Path
from tempfile import TemporaryDirectory

HEAD = b"schema: archc/v1\nname: hostile\ninput: {image: [3, 32, 32]}\n"
SECONDS, MEGABYTES = 2.0, 300.0


def spec(layers: bytes, head: bytes = HEAD) -> bytes:
    """A spec with these lines under `layers:`."""
    return head + b"layers:\n" + layers


def chain(layers: int, body: bytes = b"{op: relu}") -> bytes:
    """A spec with this many equal layers, each reading the one before."""
    return spec(b"".join(b"  l%d: %s\n" % (i, body) for i in range(layers)))


def aliased(layers: int, body: bytes) -> bytes:
    """A spec whose layers are all aliases of one YAML node."""
    return spec(b"  l0: &a %s\n" % body + b"".join(b"  l%d: *a\n" % i for i in range(1, layers)))


def bomb(levels: int, wide: int) -> bytes:
    """Aliases of aliases, which expand to `wide` to the power of `levels` nodes."""
    rows = (b"a%d: &a%d [%s]\n" % (i, i, b",".join([b"*a%d" % (i - 1)] * wide)) for i in range(1, levels))
    return HEAD + b"a0: &a0 [%s]\n" % b",".join([b"x"] * wide) + b"".join(rows)


def blocks(definitions: bytes, layers: bytes) -> bytes:
    """A spec with blocks."""
    return spec(layers, HEAD + b"blocks:\n" + definitions)


def repeated(levels: int, times: int) -> bytes:
    """Blocks of blocks, which expand to `times` to the power of `levels` layers."""
    rows = [b"  b%d: {layers: {x: {block: b%d, repeat: %d}}}\n" % (i, i + 1, times) for i in range(levels - 1)]
    last = b"  b%d: {layers: {x: {op: relu}}}\n" % (levels - 1)
    return blocks(b"".join(rows) + last, b"  l: {block: b0, repeat: %d}\n" % times)


def branching(levels: int) -> bytes:
    """Blocks that use the next one twice, with values of their own each time: 2 to the power of `levels` layers."""
    call = b"{block: b%d, x: {a: $x, b: %d}}"
    rows = (
        b"  b%d: {takes: [x], layers: [%s, %s]}\n" % (i, call % (i + 1, 0), call % (i + 1, 1)) for i in range(levels)
    )
    last = b"  b%d: {takes: [x], layers: [{op: dropout, rate: $x}]}\n" % levels
    return blocks(b"".join(rows) + last, b"  l: {block: b0, x: 1}\n")


def filled(piece: bytes, size: int) -> bytes:
    """The piece, repeated up to a size in bytes."""
    return piece * (size // len(piece))


MiB = 2**20

INPUTS: dict[str, Callable[[], bytes]] = {
    # blocks
    "repeats of 1,000, 10 deep": lambda: repeated(10, 1000),
    "blocks that branch, 40 deep": lambda: branching(40),
    "blocks, 1,000 deep": lambda: repeated(1000, 1),
    "stages, 60 deep in blocks, 60 deep": lambda: blocks(
        b"".join(b"  b%d: {layers: [%s{block: b%d}%s]}\n" % (i, b"[" * 55, i + 1, b"]" * 55) for i in range(60))
        + b"  b60: {layers: [{op: relu}]}\n",
        b"  l: {block: b0}\n",
    ),
    "a cycle of 10,000 blocks": lambda: blocks(
        b"".join(b"  b%d: {layers: [{block: b%d}]}\n" % (i, (i + 1) % 10_000) for i in range(10_000)),
        b"  l: {block: b0}\n",
    ),
    "a mistake in 100,000 uses": lambda: blocks(
        b"  b: {layers: [{op: relu, foo: 3}]}\n", b"  l: {block: b, repeat: 100000}\n"
    ),
    "a value of 1,000 numbers in 10,000 layers": lambda: blocks(
        b"  b: {takes: [x], layers: [{op: dropout, rate: $x}]}\n",
        b"  l: {block: b, repeat: 10000, x: [%s]}\n" % b",".join([b"1"] * 1000),
    ),
    # nesting
    "flow lists, 100,000 deep": lambda: b"[" * 100_000,
    "flow lists, 100,000 deep and closed": lambda: b"[" * 100_000 + b"]" * 100_000,
    "flow mappings, 100,000 deep": lambda: b"{a: " * 100_000,
    "block lists, 100,000 deep": lambda: b"- " * 100_000,
    "block mappings, 3,000 deep": lambda: b"".join(b" " * i + b"a:\n" for i in range(3000)),
    "complex keys, 100,000 deep": lambda: b"? " * 100_000,
    "flow lists, 1 MB deep": lambda: b"[" * MiB,
    # aliases
    "alias bomb": lambda: bomb(9, 9),
    "alias bomb below the budget": lambda: bomb(6, 10) + b"b: [*a5]\n",
    "alias bomb as layers": lambda: bomb(5, 8) + b"layers: {a: *a4, b: *a4, c: *a4}\n",
    "alias bomb in a layer": lambda: spec(b"  a: {op: relu, x: *a4}\n", bomb(5, 8)),
    "alias in itself": lambda: b"a: &a [*a]",
    "1,000 aliases of a list of 1,000": lambda: spec(
        b"  l: {op: relu, a: &a [%s]}\n" % b",".join([b"1"] * 1000) + filled(b"  m: {op: relu, a: *a}\n", 22_000)
    ),
    "100,000 layers that are one bad node": lambda: aliased(99_999, b"{op: relu, kernel: 3}"),
    # parts of YAML that archc does not support
    "merge keys": lambda: filled(b"<<: &a {x: 1}\n", 100_000),
    "merge keys of large mappings": lambda: (
        b"a: &a {%s}\nb:\n" % b",".join(b"k%d: 1" % i for i in range(10_000)) + filled(b"  <<: *a\n", 100_000)
    ),
    "duplicate keys": lambda: HEAD + HEAD,
    "100,000 duplicate keys": lambda: filled(b"a: 1\n", 500_000),
    "tags": lambda: filled(b"- !!python/object:os.system x\n", 3_000_000),
    "complex key": lambda: b"? [a, b]\n: c\n",
    "two documents": lambda: HEAD + b"---\n" + HEAD,
    "100,000 anchors": lambda: b"".join(b"- &a%d x\n" % i for i in range(100_000)),
    # numbers
    "an integer of 5,000 digits": lambda: spec(b"  a: {op: dense, units: %s}\n" % (b"9" * 5000)),
    "a hexadecimal integer of 5,000 digits": lambda: spec(b"  a: {op: dense, units: 0x%s}\n" % (b"f" * 5000)),
    ".nan, .inf and 1e400": lambda: spec(b"  a: {op: dropout, rate: .nan, x: .inf, y: 1e400, z: 1e999999999}\n"),
    "a dimension of 10^18": lambda: HEAD.replace(b"32, 32", b"1" + b"0" * 18 + b", 1" + b"0" * 17) + b"layers: {}\n",
    "dimensions of 2^31 - 1": lambda: spec(
        b"  a: {op: conv2d, filters: 2147483647, kernel: 2147483647, padding: 2147483647, groups: 2147483647}\n",
        HEAD.replace(b"3, 32, 32", b"2147483647, 2147483647, 2147483647"),
    ),
    "10,000 groups that do not divide": lambda: spec(
        b"".join(
            b"  l%d: {op: conv2d, from: image, filters: 2147483646, kernel: 1, groups: 2147483629}\n" % i
            for i in range(10_000)
        ),
        HEAD.replace(b"3, 32, 32", b"2147483646, 1, 1"),
    ),
    # characters
    "NUL": lambda: b"name: a\0b\n",
    "control characters": lambda: b"name: \x01\x02\x1b[31m\n",
    "invalid UTF-8": lambda: b"name: \xff\xfe\xc3\x28\n",
    "8 MB of invalid UTF-8 at the end": lambda: b"#" * (8 * MiB - 2) + b"\xc3\x28",
    "UTF-16": lambda: HEAD.decode().encode("utf-16"),
    "a byte order mark": lambda: b"\xef\xbb\xbf" + chain(3),
    "CRLF": lambda: chain(3).replace(b"\n", b"\r\n"),
    "bare CR": lambda: chain(3).replace(b"\n", b"\r"),
    "U+2028 and U+2029": lambda: HEAD + "title: a\u2028b\u2029c\x85d\n".encode() + b"layers: {a: {op: relo}}\n",
    "bidi overrides": lambda: spec('  a: {op: relu}  # \u202e\n  "b\u2066": {op: relu}\n'.encode()),
    "tabs": lambda: spec(b"\ta: {op: relu}\n"),
    "emoji and CJK": lambda: HEAD + "title: 🧠神经网络\nlayers: {漢: {op: relu}, 🧠: {op: relu}}\n".encode(),
    "a million combining marks": lambda: HEAD + b"title: a" + "\u0301".encode() * 1_000_000 + b"\n",
    # size
    "empty": lambda: b"",
    "a byte order mark alone": lambda: b"\xef\xbb\xbf",
    "a 50 MB scalar": lambda: b"name: " + b"x" * 50_000_000,
    "an 8 MB scalar": lambda: b"name: " + b"x" * (8 * MiB - 10),
    "an 8 MB quoted scalar of escapes": lambda: b'name: "' + filled(rb"\u00e9", 8 * MiB - 10) + b'"\n',
    "an 8 MB key": lambda: b"x" * (8 * MiB - 10) + b": 1\n",
    "an 8 MB comment": lambda: b"#" * (8 * MiB),
    "8 MB of line breaks": lambda: b"\n" * (8 * MiB),
    "8 MB of spaces": lambda: b" " * (8 * MiB),
    "8 MB of 4-byte characters": lambda: b"# " + "🧠".encode() * (2 * MiB - 2),
    "8 MB of comment lines": lambda: filled(b"#\n", 8 * MiB),
    "8 MB of list items": lambda: b"layers: [" + filled(b"x,", 8 * MiB - 100) + b"x]\n",
    "8 MB of empty lists": lambda: b"layers: [" + filled(b"[],", 8 * MiB - 100) + b"x]\n",
    "8 MB of anchors": lambda: b"layers: [" + filled(b"&a x,", 8 * MiB - 100) + b"x]\n",
    "8 MB in one line of keys": lambda: b"{" + b"".join(b"k%d: 1," % i for i in range(700_000)) + b"}\n",
    "8 MB of quotes that do not end": lambda: b"- '" + filled(b"a\n ", 8 * MiB - 10),
    "8 MB of colons": lambda: filled(b":", 8 * MiB),
    "8 MB of hyphens": lambda: filled(b"- ", 8 * MiB),
    "8 MB of question marks": lambda: filled(b"? \n", 8 * MiB),
    "silences of nothing in one line of 20,000 layers": lambda: (
        HEAD + b"layers: {%s}  # archc: allow ARC902\n" % b",".join(b"l%d: {op: relu}" % i for i in range(20_000))
    ),
    "5,000 silences of nothing": lambda: chain(5_000, b"{op: relu}  # archc: allow ARC902"),
    # many findings
    "a million layers": lambda: chain(1_000_000),
    "100,000 layers": lambda: chain(100_000),
    "100,000 layers with a mistake each": lambda: chain(100_000, b"{op: rely}"),
    "20,000 unknown fields of a layer": lambda: spec(
        b"  a: {op: relu, %s}\n" % b", ".join(b"f%d: 1" % i for i in range(20_000))
    ),
    "100,000 unknown fields at the top": lambda: HEAD + b"".join(b"f%d: 1\n" % i for i in range(100_000)),
    "20,000 unknown inputs among 20,000 names": lambda: chain(20_000, b"{op: relu, from: nobody}"),
    "100,000 inputs of one layer": lambda: spec(b"  a: {op: add, from: [%s]}\n" % b",".join([b"image"] * 100_000)),
    "100,000 findings in one line": lambda: (
        HEAD + b"layers: {%s}\n" % b",".join(b"l%d: {op: rely}" % i for i in range(50_000))
    ),
    "100,000 outputs that are no layers": lambda: (
        chain(2) + b"outputs: [%s]\n" % b",".join(b"x%d" % i for i in range(100_000))
    ),
    "100,000 exchanges that are none": lambda: (
        chain(2) + b"expect: {exchanges: [%s]}\n" % b",".join(b"x%d" % i for i in range(100_000))
    ),
}


def write(name: str, file: Path) -> None:
    file.write_bytes(INPUTS[name]())


def measure(file: Path, command: str = "check") -> tuple[float, float, int]:
    """The processor seconds, the peak memory in MB and the exit code of `archc COMMAND FILE`."""
    arguments = [str(Path(sys.executable).with_name("archc")), command, str(file)]
    process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    unit = 1 if sys.platform == "darwin" else 1024
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss * unit / 1e6, process.returncode


def main() -> None:
    names = sys.argv[1:] or list(INPUTS)
    print(f"{'input':<45} {'seconds':>8} {'MB':>6} {'exit':>5}")
    with TemporaryDirectory() as folder:
        for name in names:
            file = Path(folder) / "hostile.yaml"
            # Written by another process: a child inherits the peak memory of the process that starts it.
            writing = Process(target=write, args=(name, file))
            writing.start()
            writing.join()
            seconds, megabytes, code = measure(file)
            broken = seconds > SECONDS or megabytes > MEGABYTES or code not in (0, 1)
            print(
                f"{name:<45} {seconds:>8.2f} {megabytes:>6.0f} {code:>5}{'  <- beyond' if broken else ''}", flush=True
            )


if __name__ == "__main__":
    main()
