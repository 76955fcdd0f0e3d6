"""Counts the layers of a spec before any block is expanded: a few lines of nested repeats can describe billions."""

from __future__ import annotations

from archc.diagnostics.finding import Finding, report
from archc.language.blocks.checks import Checked
from archc.language.blocks.expanded import Site
from archc.language.blocks.forms import Block, children, is_call, is_stage, referred
from archc.language.reader import MAX_DEPTH, MAX_ENTRIES, MAX_NODES, MappingNode, ScalarNode, SequenceNode, YamlNode

_SMALLER = "use a smaller `repeat`, or describe a smaller network; docs/limits.md explains each limit"

Arguments = dict[str, YamlNode]


class _TooLargeError(Exception):
    """The network is larger than a limit, as `finding` reports."""

    def __init__(self, finding: Finding) -> None:
        super().__init__()
        self.finding = finding


class Sizes:
    """Counts layers, and reports recursion, wrong repeats and what exceeds a limit."""

    def __init__(self, blocks: dict[str, Block | None], checked: Checked) -> None:
        self._blocks = blocks
        self._checked = checked
        self.findings: list[Finding] = []
        self._known: dict[tuple[str, tuple[int, ...]], tuple[int, int]] = {}
        self._steps = 0

    def check(self, layers: YamlNode | None) -> bool:
        """Whether the spec is too large to be expanded."""
        from archc.language.blocks.recursion import recursive_calls

        self.findings += recursive_calls(self._blocks, self._checked)
        if layers is None:
            return False
        try:
            self._count("", layers, "", {}, 0)
        except _TooLargeError as error:
            self.findings.append(error.finding)
            return True
        return False

    def repeat(self, call: MappingNode, arguments: Arguments) -> int | None:
        """How often a call repeats its block; None if that cannot be read."""
        node = self._repeat_node(call, arguments)
        if node is None:
            return 1
        value = node.value if isinstance(node, ScalarNode) else None
        return value if type(value) is int and 1 <= value <= MAX_ENTRIES else None

    def _repeat_node(self, call: MappingNode, arguments: Arguments) -> YamlNode | None:
        node = call.entries.get("repeat")
        name = referred(node) if node is not None else None
        return arguments.get(name, node) if name and node is not None else node

    def _count(self, site: str, layers: YamlNode, place: str, arguments: Arguments, depth: int) -> tuple[int, int]:
        """The number of layers, and of values in them."""
        if depth > MAX_DEPTH:
            raise _too_large(layers, f"blocks and stages are nested more than {MAX_DEPTH} levels deep")
        total, values = 0, 0
        for inner, body, key in children(layers, place):
            self._steps += 1
            at: YamlNode = ScalarNode(None, key)
            if is_stage(body):
                more, larger = self._count(site, body, inner, arguments, depth + 1)
            elif isinstance(body, MappingNode) and is_call(body) and (site, inner) not in self._checked.failed:
                more, larger = self._call((site, inner), body, arguments, depth)
                at = self._repeat_node(body, arguments) or body.entries["block"]
            else:
                more, larger = 1, _values(body, arguments)
            total += more
            values += larger
            if total > MAX_ENTRIES or self._steps > MAX_ENTRIES:
                raise _too_large(at, f"the blocks expand to more than {MAX_ENTRIES:,} layers")
            if values > MAX_NODES:
                raise _too_large(at, f"the blocks expand to more than {MAX_NODES:,} values")
        return total, values

    def _call(self, site: Site, body: MappingNode, arguments: Arguments, depth: int) -> tuple[int, int]:
        block = self._blocks[str(body.entries["block"].value)]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownArgumentType]
        assert block is not None
        times = self.repeat(body, arguments)
        if times is None:
            self._wrong_repeat(site, body, arguments)
            return 1, 1
        given: Arguments = {}
        for name, default in block.takes.items():
            node = body.entries.get(name, default)
            assert node is not None
            reference = referred(node) if name in body.entries else None
            given[name] = arguments.get(reference, node) if reference else node
        known = block.name, tuple(map(id, given.values()))
        if known not in self._known:
            self._known[known] = self._count(block.name, block.layers, "", given, depth + 1)
        layers, values = self._known[known]
        return times * layers, times * values

    def _wrong_repeat(self, site: Site, body: MappingNode, arguments: Arguments) -> None:
        from archc.language.mistakes.calls import wrong_repeat  # only for a mistake

        node = self._repeat_node(body, arguments)
        assert node is not None
        self._checked.failed.add(site)
        self.findings.append(wrong_repeat(node))


def _too_large(at: YamlNode, message: str) -> _TooLargeError:
    return _TooLargeError(report(at.span, "ARC003", message, help=_SMALLER))


def _values(node: YamlNode, arguments: Arguments) -> int:
    match node:
        case ScalarNode():
            name = referred(node) if type(node.value) is str and "$" in node.value else None
            return _values(arguments[name], {}) if name and name in arguments else 1
        case SequenceNode():
            return 1 + sum(_values(item, arguments) for item in node.items)
        case MappingNode():
            return 1 + sum(_values(value, arguments) for value in node.entries.values())
