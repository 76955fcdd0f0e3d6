"""Checks every layer where it is written, in the network or in a block, once, however often the block is used.

The result is what the expansion needs: the names that each layer reads, and the layers that cannot be understood.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import pairwise

from archc.diagnostics.finding import Finding, report
from archc.language.blocks.expanded import Site
from archc.language.blocks.forms import CALL, INPUT, Block, children, is_call, is_stage, keys, references, referred
from archc.language.connections import connections, from_node
from archc.language.defaults import op_class, op_word
from archc.language.fields import NAME, field_names
from archc.language.reader import MappingNode, ScalarNode, SequenceNode, YamlNode, is_bare, plain
from archc.ops import ops
from archc.source import Span

_NUMBER = r"(?:0|[1-9][0-9]{0,5})"
_NAMES = re.compile(r"\$\{?\s*([A-Za-z][A-Za-z0-9_]*)", re.ASCII)
_NUMBERED_INPUT = re.compile(rf"input\.{_NUMBER}\Z", re.ASCII)
_NUMBERED = re.compile(rf"(?:\.{_NUMBER})+\Z", re.ASCII)
_NUMBERS = re.compile(rf"{_NUMBER}(?:\.{_NUMBER})*\Z", re.ASCII)


@dataclass
class Checked:
    """`reads` are the names that layers list, each with its span; `failed` are layers that cannot be understood."""

    reads: dict[Site, list[tuple[str, Span]]] = field(default_factory=dict[Site, "list[tuple[str, Span]]"])
    failed: set[Site] = field(default_factory=set[Site])
    findings: list[Finding] = field(default_factory=list[Finding])
    called: dict[str, list[tuple[str, ScalarNode]]] = field(default_factory=dict[str, "list[tuple[str, ScalarNode]]"])
    """By block, or "" for the network: the blocks that it uses, and where."""


class Checker:
    """Checks the network and all blocks; `any_name` if the network's input could not be read."""

    def __init__(self, blocks: dict[str, Block | None], inputs: list[str], *, any_name: bool) -> None:
        self._blocks = blocks
        self._inputs = inputs
        self._any_name = any_name
        self._used: dict[str, set[str]] = {}
        self._outer: list[str] = []
        self.checked = Checked()

    def run(self, layers: YamlNode | None) -> Checked:
        """Check the layers of the network, and those of each block."""
        if layers is not None:
            self._outer = [*self._inputs, *(name for name, _, _ in children(layers, ""))]
            self._scope(None, layers)
        for block in self._blocks.values():
            if block is not None:
                self._scope(block, block.layers)
                self._parameters(block)
        return self.checked

    def _scope(self, block: Block | None, layers: YamlNode) -> None:
        names = dict.fromkeys([INPUT] if block else self._inputs, True)
        bodies = {name: body for name, body, _ in children(layers, "")}
        scope = _Scope(block, names, bodies, isinstance(layers, SequenceNode), len(names))
        self.checked.called.setdefault(scope.name, [])
        self._used[scope.name] = set()
        if isinstance(layers, MappingNode):
            for name, key in layers.keys.items():
                self._name(scope, name, key.span)
        for path, body, key in children(layers, ""):
            self._layer(scope, path, body, key)
        self._split(scope, "", layers)

    def _name(self, scope: _Scope, name: str, key: Span) -> None:
        # A plain layer of the network is checked when it is lowered, unless it could be the path of another one there.
        is_plain = not is_call(scope.layers[name]) and not is_stage(scope.layers[name])
        if scope.block is None and is_plain and "." not in name and not name.isdigit():
            return
        if scope.block is not None and name.startswith("$") and scope.block.takes:
            from archc.language.mistakes.references import not_a_key  # only for a mistake

            self._report(not_a_key(ScalarNode(name, key)))
            self._used[scope.name].update(scope.block.takes)
        elif not NAME.match(name):
            from archc.language.mistakes.validation import not_a_name  # as above

            self._report(not_a_name(name, key))
        elif name in scope.names:
            message = f"`{name}` is already the name of the input"
            self._report(report(key, "ARC106", message, help="rename the layer"))

    def _layer(self, scope: _Scope, path: str, body: YamlNode, key: Span) -> None:
        if is_stage(body):
            for inner, item, at in children(body, path):
                self._layer(scope, inner, item, at)
            self._split(scope, path, body)
        elif isinstance(body, MappingNode) and self._lacks_brackets(scope, path, body):
            self._fail(scope, path)
        elif isinstance(body, MappingNode):
            self._references(scope, path, body)
            self._reads(scope, path, body)
            if "block" in body.entries:
                self._call(scope, path, body, key)
            else:
                self._other(scope, path, body)
        else:
            self._references(scope, path, body)
            self._other(scope, path, body)
        scope.names[path] = True

    def _lacks_brackets(self, scope: _Scope, path: str, body: MappingNode) -> bool:
        """Whether a list that the expansion reads has no brackets, which is then reported."""
        if not any(map(is_bare, body.entries.values())):
            return False
        from archc.language.mistakes.brackets import before_expansion  # only for a mistake, for the time of start-up

        findings = before_expansion(body, path, op_class(body), scope.names)
        self.checked.findings += findings
        return bool(findings)

    def _other(self, scope: _Scope, path: str, body: YamlNode) -> None:
        """A layer without `block`, which can still mean a block."""
        word = op_word(body) if isinstance(body, MappingNode) else None
        if word == "op" and isinstance(body, MappingNode) and "repeat" not in body.entries:
            node = body.entries["op"]
            if not isinstance(node, ScalarNode) or node.value not in self._blocks or node.value in ops():
                return
        from archc.language.mistakes.blocks import meant_block, repeated_op

        if meant := meant_block(path, body, word, self._blocks):
            self._report(meant)
            self._fail(scope, path)
        elif word and isinstance(body, MappingNode) and "repeat" in body.entries:
            self._report(repeated_op(body))

    def _split(self, scope: _Scope, path: str, stage: YamlNode) -> None:
        """The items of a stage that are the arguments of the item before them."""
        items = stage.items if isinstance(stage, SequenceNode) else []
        for number, (call, item) in enumerate(pairwise(items)):
            if isinstance(call, MappingNode) and isinstance(item, MappingNode) and not op_word(item):
                block = self._blocks.get(str(plain(call.entries["block"]))) if is_call(call) else None
                if block is not None and item.entries and item.entries.keys() <= {*block.takes, "repeat"}:
                    from archc.language.mistakes.calls import split_call

                    before = f"{path}." if path else ""
                    lacking = {f"{before}{number}", f"{before}{number + 1}"}
                    findings = self.checked.findings
                    findings[:] = [f for f in findings if f.code != "ARC103" or f.span != call.entries["block"].span]
                    self._report(split_call(call, item))
                    self.checked.failed.update((scope.name, each) for each in lacking)

    def _call(self, scope: _Scope, path: str, body: MappingNode, key: Span) -> None:
        node = body.entries["block"]
        name = node.value if isinstance(node, ScalarNode) else None
        block = self._blocks.get(name) if isinstance(name, str) else None
        if block is None or "op" in body.entries:
            from archc.language.mistakes.blocks import not_a_call

            self._fail(scope, path)
            self.checked.findings += not_a_call(body, self._blocks)
            return
        assert isinstance(node, ScalarNode)
        self.checked.called[scope.name].append((block.name, node))
        arguments = body.entries.keys() - CALL
        lacking = [name for name, default in block.takes.items() if default is None and name not in arguments]
        if lacking or not arguments <= block.takes.keys():
            from archc.language.mistakes.calls import wrong_arguments

            self.checked.findings += wrong_arguments(block, path, body, lacking, key)
            if lacking:
                self._fail(scope, path)

    def _references(self, scope: _Scope, path: str, body: YamlNode) -> None:
        takes = scope.block.takes if scope.block else {}
        for node in references(body):
            name = referred(node)
            self._used[scope.name].update(_NAMES.findall(str(node.value)))
            if name is None or name not in takes:
                from archc.language.mistakes.references import not_a_reference

                if scope.block is None or str(node.value).removeprefix("$") not in scope.block.refused:
                    self._report(not_a_reference(node, scope.block))
                self._used[scope.name].update(takes)  # it may mean any of them
                self._fail(scope, path)
        for key in keys(body) if takes else ():
            from archc.language.mistakes.references import not_a_key

            self._report(not_a_key(key))
            self._used[scope.name].update(takes)
            self._fail(scope, path)
        if isinstance(body, MappingNode):
            for word in ("block", "from"):
                fixed = body.entries.get(word)
                if fixed is not None and any(referred(node) in takes for node in references(fixed)):
                    from archc.language.mistakes.references import not_here

                    self._report(not_here(word, fixed))
                    self._fail(scope, path)

    def _parameters(self, block: Block) -> None:
        for default in block.takes.values():
            for node in references(default) if default else ():
                self._used[block.name].update(_NAMES.findall(str(node.value)))
                from archc.language.mistakes.references import in_default

                self._report(in_default(node))
        for name in [name for name in block.takes if name not in self._used[block.name]]:
            from archc.language.mistakes.references import unused_parameter

            finding, meant = unused_parameter(block, name)
            self._report(finding)
            self.checked.failed.update((block.name, path) for path in meant)

    def _reads(self, scope: _Scope, path: str, body: MappingNode) -> None:
        """The names that a layer lists."""
        known = None if "block" in body.entries else op_class(body)
        node = from_node(body, field_names(known))
        if node is None or any(references(node)):
            return
        names, findings = self._connections(scope, node)
        self.checked.findings += findings
        if names is None:
            self._fail(scope, path)
            return
        for name, span in names:
            # Of plain layers, the order and cycles are checked when they are lowered.
            if not scope.may_read(name) and not scope.is_plain(name) and not (self._any_name and scope.block is None):
                from archc.language.mistakes.scopes import unreadable

                self._report(unreadable(path, name, span, scope.names, scope.layers, self._outer))
                self._fail(scope, path)
        self.checked.reads[scope.name, path] = names

    def _connections(self, scope: _Scope, node: YamlNode) -> tuple[list[tuple[str, Span]] | None, list[Finding]]:
        items = node.items if isinstance(node, SequenceNode) else [node]
        found: list[tuple[str, Span]] = []
        for item in items:
            # Items of a list are called by numbers: `from: [1, input]`.
            value = item.value if isinstance(item, ScalarNode) else None
            if type(value) is not str and not (type(value) is int and value >= 0 and scope.is_list):
                return connections(node, scope.names, inputs=scope.inputs)
            if not scope.may_read(str(value)):
                return connections(node, scope.names, inputs=scope.inputs)
            found.append((str(value), item.span))
        return (found, []) if found else connections(node, scope.names, inputs=scope.inputs)

    def _report(self, finding: Finding) -> None:
        self.checked.findings.append(finding)

    def _fail(self, scope: _Scope, path: str) -> None:
        self.checked.failed.add((scope.name, path))


@dataclass
class _Scope:
    """The network or a block while it is checked: `names` can be read so far, `layers` are all of its layers."""

    block: Block | None
    names: dict[str, bool]
    layers: dict[str, YamlNode]
    is_list: bool
    inputs: int

    @property
    def name(self) -> str:
        return self.block.name if self.block else ""

    def may_read(self, name: str) -> bool:
        """Whether a name is one that can be read so far. The numbers of items are known when they are expanded."""
        if name in self.names or (self.block is not None and _NUMBERED_INPUT.match(name)):
            return True
        stage = _NUMBERED.sub("", name)
        return (self.is_list and bool(_NUMBERS.match(name))) or (stage != name and self._is_numbered(stage))

    def _is_numbered(self, name: str) -> bool:
        body = self.layers.get(name)
        return body is not None and (is_stage(body) or (isinstance(body, MappingNode) and "repeat" in body.entries))

    def is_plain(self, name: str) -> bool:
        """Whether a name is that of a layer, and not of a call or a stage."""
        body = self.layers.get(name)
        return body is not None and not is_call(body) and not is_stage(body)
