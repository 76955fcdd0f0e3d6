"""Finds blocks that use themselves, directly or through others."""

from __future__ import annotations

from archc.diagnostics.finding import Finding, report
from archc.language.blocks.checks import Checked
from archc.language.blocks.forms import Block, children, is_call, is_stage
from archc.language.reader import MappingNode, ScalarNode, YamlNode
from archc.wording import counted

_MOST_NAMED = 6


def recursive_calls(blocks: dict[str, Block | None], checked: Checked) -> list[Finding]:
    """A finding for each cycle of blocks. The calls that close one are marked as failed."""
    findings: list[Finding] = []
    done: set[str] = set()
    for start in blocks:
        # A stack of our own: a chain of blocks can be longer than the interpreter's stack.
        path: list[tuple[str, int]] = [(start, 0)] if start not in done else []
        inside = {start}
        while path:
            name, at = path[-1]
            calls = checked.called.get(name, [])
            if at == len(calls):
                done.add(name)
                inside.discard(name)
                path.pop()
                continue
            path[-1] = name, at + 1
            called, node = calls[at]
            if called in inside:
                names = [each for each, _ in path]
                findings.append(_cycle([*names[names.index(called) :], called], node))
                _fail(blocks[name], called, checked)
            elif called not in done:
                path.append((called, 0))
                inside.add(called)
    return findings


def _fail(block: Block | None, called: str, checked: Checked) -> None:
    assert block is not None
    for place, body in _calls(block.layers, ""):
        if isinstance(node := body.entries["block"], ScalarNode) and node.value == called:
            checked.failed.add((block.name, place))


def _calls(layers: YamlNode, place: str) -> list[tuple[str, MappingNode]]:
    found: list[tuple[str, MappingNode]] = []
    for inner, body, _ in children(layers, place):
        if is_stage(body):
            found += _calls(body, inner)
        elif isinstance(body, MappingNode) and is_call(body):
            found.append((inner, body))
    return found


def _cycle(names: list[str], node: ScalarNode) -> Finding:
    first, *others = names[:-1]
    through = ""
    if others:
        through = f" through {others[0]}" + (f" and {counted(len(others) - 1, 'other block')}" if others[1:] else "")
    shown = names if len(names) <= _MOST_NAMED else [*names[: _MOST_NAMED - 2], "…", *names[-1:]]
    steps = [f"which uses {name}" for name in shown[2:]]
    note = ", ".join([f"{first} uses {shown[1]}", *steps]) if others else ""
    help = "use `repeat` at the call for a number of copies; a block cannot contain itself"
    return report(node.span, "ARC113", f"block `{first}` uses itself{through}", notes=[note], help=help)
