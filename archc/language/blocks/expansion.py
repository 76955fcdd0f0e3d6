"""Expands a spec with blocks: `layers:` becomes a flat mapping of paths to layers.

A value from a call keeps the span of the call, and everything else the span in its block, so positions stay exact.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from archc.diagnostics.finding import Finding, report
from archc.graph import Scope
from archc.language.blocks.checks import Checked, Checker
from archc.language.blocks.definitions import read_blocks
from archc.language.blocks.expanded import Expansion, Site
from archc.language.blocks.forms import INPUT, Block, is_call, is_stage, item_span, referred
from archc.language.blocks.sizes import Sizes
from archc.language.reader import MappingNode, ScalarNode, SequenceNode, YamlNode, plain
from archc.source import Span

Arguments = dict[str, YamlNode]
_SECTIONS = (
    "schema",
    "name",
    "title",
    "input",
    "defaults",
    "blocks",
    "layers",
    "outputs",
    "expect",
    "parallel",
    "train",
)
_MOST_SECTIONS = 100


def expand(root: MappingNode) -> tuple[Expansion | None, list[Finding]]:
    """The expansion of a spec, and the findings on its blocks; None if its layers cannot be expanded."""
    findings: list[Finding] = []
    blocks = read_blocks(_section(root), findings)
    inputs = root.entries.get("input")
    names = [*inputs.entries] if isinstance(inputs, MappingNode) else []
    layers = root.entries.get("layers")
    checker = Checker(blocks, names or ["image"], any_name=not names)
    is_usable = isinstance(layers, MappingNode) or (layers is not None and is_stage(layers))
    checked = checker.run(layers if is_usable else None)
    findings += checked.findings
    sizes = Sizes(blocks, checked)
    too_large = sizes.check(layers if is_usable else None)
    findings += sizes.findings
    if too_large:
        return None, findings
    if not any(finding.code in ("ARC112", "ARC113") for finding in findings):
        findings += _unused(blocks, checked, layers)
    expander = _Expander(blocks, checked, sizes, names or ["image"])
    if is_usable and layers is not None:
        expander.run(layers)
    return expander.result(root, layers if is_usable else None), [*findings, *expander.findings]


def _section(root: MappingNode) -> YamlNode | None:
    """The section with the blocks, also under another word, which is reported with the other sections."""
    if "blocks" in root.entries or len(root.entries) > _MOST_SECTIONS:
        return root.entries.get("blocks")
    from archc.language.mistakes.vocabulary import nearest  # only where `blocks` is missing

    return next((node for word, node in root.entries.items() if nearest(word, _SECTIONS) == "blocks"), None)


def _unused(blocks: dict[str, Block | None], checked: Checked, layers: YamlNode | None) -> list[Finding]:
    used = {name for calls in checked.called.values() for name, _ in calls}
    unused = [block for name, block in blocks.items() if block is not None and name not in used]
    if unused:
        from archc.language.mistakes.blocks import named_in  # only for a mistake, for the time of start-up

        # A mistaken layer that means the block has a finding of its own.
        bodies = [*_bodies(layers), *(body for block in blocks.values() if block for body in _bodies(block.layers))]
        named = {word for body in bodies for word in named_in(body)}
        unused = [block for block in unused if block.name not in named]
    return [
        report(
            block.key,
            "ARC919",
            f"block `{block.name}` is never used",
            help=f"use it in a layer, or delete {block.name}",
        )
        for block in unused
    ]


def _bodies(layers: YamlNode | None) -> list[YamlNode]:
    if isinstance(layers, SequenceNode):
        return layers.items
    return [*layers.entries.values()] if isinstance(layers, MappingNode) else []


@dataclass
class _Frame:
    """The network, or a block where it is used. `names` are its own names, with the values that each stands for."""

    site: str
    prefix: str
    names: dict[str, tuple[str, ...]]
    arguments: Arguments = field(default_factory=dict[str, "YamlNode"])


class _Expander:
    def __init__(self, blocks: dict[str, Block | None], checked: Checked, sizes: Sizes, inputs: list[str]) -> None:
        self._blocks = blocks
        self._checked = checked
        self._sizes = sizes
        self._inputs = inputs
        self._last = inputs[0]
        self.findings: list[Finding] = []
        self._entries: dict[str, YamlNode] = {}
        self._keys: dict[str, ScalarNode] = {}
        self._scopes: dict[str, Scope] = {}
        self._bodies: dict[str, YamlNode] = {}
        self._sites: dict[str, Site] = {}
        self._calls: dict[str, Span] = {}
        self._failed: set[str] = set()
        self._expected: dict[str, list[YamlNode]] = {}
        # The fields of each layer, as it is written, that have a reference in them.
        self._variable: dict[int, tuple[str, ...]] = {}

    def run(self, layers: YamlNode) -> None:
        self._layers(_Frame("", "", {name: (name,) for name in self._inputs}), layers, "", "", None)

    def result(self, root: MappingNode, layers: YamlNode | None) -> Expansion:
        """The expansion of the whole spec."""
        entries = {key: node for key, node in root.entries.items() if key != "blocks"}
        if layers is not None:
            entries["layers"] = MappingNode(self._entries, self._keys, layers.span)
        if (outputs := entries.get("outputs")) is not None:
            entries["outputs"] = self._last_layers(outputs)
        return Expansion(
            root,
            MappingNode(entries, root.keys, root.span, root.repeated),
            self._scopes,
            self._bodies,
            self._sites,
            self._calls,
            frozenset(self._failed),
            self._expected,
        )

    def _last_layers(self, outputs: YamlNode) -> YamlNode:
        """The outputs, with the last layer of each block and stage instead of its name."""
        if not isinstance(outputs, SequenceNode):
            return outputs
        items: list[YamlNode] = []
        for item in outputs.items:
            scope = self._scopes.get(str(item.value)) if isinstance(item, ScalarNode) else None
            items.append(ScalarNode(scope.output, item.span) if scope else item)
        return SequenceNode(items, outputs.span)

    def _layers(self, frame: _Frame, layers: YamlNode, local: str, place: str, reads: YamlNode | None) -> None:
        """Expand the layers of a mapping or a stage at a local path. The first of them reads `reads`, if given."""
        if isinstance(layers, MappingNode):
            for name, body in layers.entries.items():
                self._layer(frame, name, name, body, layers.keys[name].span, reads)
                reads = None
            return
        assert isinstance(layers, SequenceNode)
        number, before, at = 0, f"{local}." if local else "", f"{place}." if place else ""
        for index, item in enumerate(layers.items):
            times = self._sizes.repeat(item, frame.arguments) if isinstance(item, MappingNode) and is_call(item) else 1
            for last in reversed(range(times or 1)):
                self._layer(frame, f"{before}{number}", f"{at}{index}", item, item_span(item), reads, is_item=True)
                if not last and isinstance(item, MappingNode) and is_call(item):
                    self._expect(frame, item)
                reads = None
                number += 1

    def _layer(
        self,
        frame: _Frame,
        local: str,
        place: str,
        body: YamlNode,
        key: Span,
        reads: YamlNode | None,
        *,
        is_item: bool = False,
    ) -> None:
        """Expand one layer of a frame. Repetitions of an item are layers of their own."""
        path = frame.prefix + local
        before = self._last
        failed = (frame.site, place) in self._checked.failed
        if not failed and is_stage(body):
            self._scope(path, None, (before,) if reads is None else self._names_in(reads), {}, key)
            self._layers(frame, body, local, place, reads)
            self._close(path)
        elif not failed and isinstance(body, MappingNode) and is_call(body):
            listed, failed = self._listed(frame, place, path)
            failed = failed or self._lacks_from(frame, path, body, listed or reads)
            if not failed:
                self._call(frame, local, body, key, listed or reads, is_item=is_item)
                if not is_item:
                    self._expect(frame, body)
        if failed or path not in self._scopes:
            listed, unread = (None, True) if failed else self._listed(frame, place, path)
            self._emit(frame, path, place, body, key, listed or reads, failed=failed or unread)
        frame.names[local] = (self._last,)

    def _lacks_from(self, frame: _Frame, path: str, body: YamlNode, reads: YamlNode | None) -> bool:
        """Whether a first block does not name which of several inputs it reads, which is then reported."""
        if frame.site or reads is not None or len(self._inputs) < 2 or self._last not in self._inputs:
            return False
        message = f"{path} needs `from`: the network has {len(self._inputs)} inputs, and no layer before it"
        choices = " or ".join(f"`from: {name}`" for name in self._inputs[:8])
        self.findings.append(report(body.span, "ARC103", message, help=f"add {choices}"))
        return True

    def _call(
        self, frame: _Frame, local: str, body: MappingNode, key: Span, reads: YamlNode | None, *, is_item: bool
    ) -> None:
        block = self._blocks[str(plain(body.entries["block"]))]
        assert block is not None
        arguments: Arguments = {}
        for name, default in block.takes.items():
            given = body.entries.get(name, default)
            assert given is not None
            arguments[name] = _substituted(given, frame.arguments) if name in body.entries else given
        path = frame.prefix + local
        is_stage = "repeat" in body.entries and not is_item
        times = (self._sizes.repeat(body, frame.arguments) or 1) if is_stage else 1
        inputs = (self._last,) if reads is None else self._names_in(reads)
        if is_stage:
            self._scope(path, None, inputs, {}, key)
        for number in range(times):
            inner, here = (f"{path}.{number}", f"{local}.{number}") if is_stage else (path, local)
            inputs = (self._last,) if reads is None else self._names_in(reads)
            self._scope(inner, block.name, inputs, arguments, key, block.takes)
            names = {INPUT: inputs} | {f"{INPUT}.{i}": (name,) for i, name in enumerate(inputs)}
            self._layers(_Frame(block.name, f"{inner}.", names, arguments), block.layers, "", "", reads)
            self._close(inner)
            frame.names[here] = (self._last,)
            reads = None
        if is_stage:
            self._close(path)

    def _expect(self, frame: _Frame, call: MappingNode) -> None:
        """Note the shape that a call expects of its last layer."""
        if "expect" in call.entries:
            expected = _substituted(call.entries["expect"], frame.arguments)
            self._expected.setdefault(self._last, []).append(expected)

    def _scope(
        self,
        path: str,
        block: str | None,
        inputs: tuple[str, ...],
        arguments: Arguments,
        key: Span,
        takes: Mapping[str, YamlNode | None] | None = None,
    ) -> None:
        values = {name: plain(node) for name, node in arguments.items()}
        defaults = {name: plain(node) for name, node in (takes or {}).items() if node is not None}
        self._scopes[path] = Scope(path, block, inputs, "", values, defaults)
        self._calls[path] = key

    def _close(self, path: str) -> None:
        scope = self._scopes[path]
        self._scopes[path] = replace(scope, output=self._last)

    def _listed(self, frame: _Frame, place: str, path: str) -> tuple[YamlNode | None, bool]:
        """What a layer lists as its inputs, in names of the network, and whether one of them is unknown."""
        names = self._checked.reads.get((frame.site, place))
        if names is None:
            return None, False
        found: list[YamlNode] = []
        for name, span in names:
            values = frame.names.get(name)
            if values is None and ("." in name or name.isdigit()):
                from archc.language.mistakes.scopes import unknown_item

                self.findings.append(unknown_item(path, name, span, frame.names))
                return None, True
            # A later layer, or an unknown one if the name of the input is unknown: lowering reports both.
            values = values or (frame.prefix + name,)
            found += [ScalarNode(value, span) for value in values]
        return (found[0] if len(found) == 1 else SequenceNode(found, names[0][1])), False

    def _names_in(self, reads: YamlNode) -> tuple[str, ...]:
        items = reads.items if isinstance(reads, SequenceNode) else [reads]
        return tuple(str(item.value) for item in items if isinstance(item, ScalarNode))

    def _emit(
        self,
        frame: _Frame,
        path: str,
        place: str,
        body: YamlNode,
        key: Span,
        reads: YamlNode | None,
        *,
        failed: bool,
    ) -> None:
        """Add a layer to the flat spec."""
        self._last = path
        self._bodies[path], self._sites[path] = body, (frame.site, place)
        self._keys[path] = ScalarNode(path, key)
        self._entries[path] = body
        if failed:
            self._failed.add(path)
            return
        if isinstance(body, MappingNode):
            self._entries[path] = self._body(body, frame.arguments, reads)

    def _body(self, body: MappingNode, arguments: Arguments, reads: YamlNode | None) -> MappingNode:
        if "repeat" in body.entries:  # reported already
            entries = {name: node for name, node in body.entries.items() if name != "repeat"}
            body = MappingNode(entries, {name: body.keys[name] for name in entries}, body.span, body.repeated)
            return self._body(body, arguments, reads)
        variable = self._variable.get(id(body))
        if variable is None:
            variable = tuple(name for name, node in body.entries.items() if _substituted(node, arguments) is not node)
            self._variable[id(body)] = variable
        if not variable and reads is None:
            return body
        entries = dict(body.entries)
        for name in variable:
            entries[name] = _substituted(entries[name], arguments)
        keys = body.keys
        if reads is not None:
            word = _from_word(entries)
            entries[word] = reads
            keys = body.keys if word in body.keys else {**body.keys, word: ScalarNode(word, reads.span)}
        return MappingNode(entries, keys, body.span, body.repeated)


def _from_word(entries: dict[str, YamlNode]) -> str:
    """The key under which a layer lists its inputs: `from`, or another framework's word for it."""
    if "from" in entries:
        return "from"
    from archc.language.recipe_words import OF_SECTIONS

    return next((word for word in OF_SECTIONS["from"] if word in entries), "from")


def _substituted(node: YamlNode, arguments: Arguments) -> YamlNode:
    """The node with the value of each reference in its place; the node itself if there is none."""
    match node:
        case ScalarNode():
            name = referred(node) if type(node.value) is str and "$" in node.value else None
            return arguments.get(name, node) if name else node
        case SequenceNode():
            items = [_substituted(item, arguments) for item in node.items]
            return node if all(map(_is, items, node.items)) else SequenceNode(items, node.span)
        case MappingNode():
            entries = {key: _substituted(value, arguments) for key, value in node.entries.items()}
            if all(map(_is, entries.values(), node.entries.values())):
                return node
            return MappingNode(entries, node.keys, node.span, node.repeated)


def _is(one: YamlNode, other: YamlNode) -> bool:
    return one is other
