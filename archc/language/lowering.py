"""Spec to graph: every layer validated by its op's class, its inputs resolved, its output's shape inferred.

A layer that fails has no tensor, and whatever reads it is skipped in silence: one mistake, one finding.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from math import prod

from pydantic import ValidationError

from archc.diagnostics.finding import Edit, Finding, report, respelling
from archc.graph import Graph, Node
from archc.language.reader import MAX_FINDINGS, MappingNode, ScalarNode, SequenceNode, YamlNode, plain
from archc.language.spec import Document
from archc.language.validation import NAME, explain, not_a_name, renaming
from archc.language.vocabulary import certain, did_you_mean, nearest
from archc.language.wiring import Wiring
from archc.ops import ops
from archc.ops.dense import Dense
from archc.ops.op import Op, ShapeError
from archc.ops.softmax import Softmax
from archc.source import Span
from archc.tensor import Tensor

LARGEST_TENSOR = 2**40
_SMALLER = "fewer filters or units, or a stride or a pool before it"

# Of what is told in passing: so many inputs, and so many layers back.
_MOST_NAMED = 8
_MOST_STEPS = 100

_PLACEHOLDER = re.compile(r"\{(?:name|([0-9]+))\}")

# What a layer says besides its op's own fields.
_WIRING = ("from", "expect")


def lower(document: Document) -> tuple[Graph, list[Finding]]:
    """The graph of a document, without the layers that failed or read one that did, and what is wrong with those."""
    lowering = _Lowering(document)
    lowering.run()
    spec = document.spec
    graph = Graph(
        name=spec.name,
        title=spec.title or spec.name,
        inputs={name: Tensor(tuple(shape)) for name, shape in spec.input.items()},
        nodes=tuple(lowering.nodes.values()),
        outputs=lowering.outputs(),
    )
    return graph, lowering.findings


@dataclass
class _Fields:
    """A layer's fields with those it inherits from `defaults`, and where each stands."""

    nodes: dict[str, YamlNode] = field(default_factory=dict[str, YamlNode])
    keys: dict[str, ScalarNode] = field(default_factory=dict[str, ScalarNode])

    def take(self, mapping: MappingNode, leave: tuple[str, ...] = ()) -> None:
        self.nodes |= {k: v for k, v in mapping.entries.items() if k not in leave}
        self.keys |= {k: v for k, v in mapping.keys.items() if k not in leave}


class _Lowering:
    def __init__(self, document: Document) -> None:
        self.document = document
        self.findings: list[Finding] = []
        self.nodes: dict[str, Node] = {}
        self._wiring = Wiring(document)
        self._defaults = self._read_defaults()
        # None marks a layer that failed: its readers are skipped.
        inputs = document.spec.input
        self._tensors: dict[str, Tensor | None] = {
            name: Tensor(tuple(shape)) if document.input_known else None for name, shape in inputs.items()
        }
        self._last = next(iter(inputs))
        self._read: set[str] = set()

    def run(self) -> None:
        layers = self.document.node("layers")
        if not isinstance(layers, MappingNode):
            return
        if not layers.entries:
            self.findings.append(report(layers.span, "ARC103", "the spec has no layers"))
        for name, body in layers.entries.items():
            if len(self.findings) > MAX_FINDINGS:
                return
            self._tensors[name] = self._layer(name, body, layers.keys[name].span)
            self._last = name
        self._check_outputs()

    def outputs(self) -> tuple[str, ...]:
        """What the spec names as outputs, else the layers that nobody reads."""
        named = self.document.spec.outputs
        return tuple(named) if named else tuple(name for name in self.nodes if name not in self._read)

    def _read_defaults(self) -> dict[str, MappingNode]:
        section = self.document.node("defaults")
        if not isinstance(section, MappingNode):
            return {}
        found: dict[str, MappingNode] = {}
        for name, body in section.entries.items():
            if name not in ops():
                key = section.keys[name].span
                self._unknown_op(name, key, renaming(name, key, ops(), section.entries))
            elif not isinstance(body, MappingNode):
                self.findings.append(
                    report(body.span, "ARC104", f"the defaults of `{name}` are a mapping of its fields")
                )
            else:
                found[name] = self._known_fields(name, body)
        return found

    def _known_fields(self, op: str, body: MappingNode) -> MappingNode:
        """The defaults without fields that the op has not, each of which is reported once."""
        allowed = [name for name in ops()[op].model_fields if name != "op"]
        for name in body.entries:
            if name not in allowed:
                help = did_you_mean(name, allowed, what="fields")
                key = body.keys[name].span
                fix = renaming(name, key, allowed, body.entries)
                self.findings.append(report(key, "ARC101", f"{op} has no field `{name}`", help=help, fix=fix))
        known = MappingNode({k: v for k, v in body.entries.items() if k in allowed}, body.keys, body.span)
        self._check_defaults(op, known)
        return known

    def _check_defaults(self, op: str, defaults: MappingNode) -> None:
        """Report what no layer of the op could take, whether or not there is one; what is missing, a layer may give."""
        data = {name: plain(value) for name, value in defaults.entries.items()}
        try:
            ops()[op].model_validate({"op": op, **data})
        except ValidationError as error:
            found = explain(error, ops()[op], defaults.entries, defaults.keys, defaults.span, op)
            self.findings += [finding for finding in found if finding.span != defaults.span]

    def _unknown_op(self, name: str, span: Span, fix: tuple[Edit, ...]) -> None:
        help = did_you_mean(name, ops(), what="ops")
        self.findings.append(report(span, "ARC102", f"there is no op `{name[:64]}`", help=help, fix=fix))

    def _layer(self, name: str, body: YamlNode, key: Span) -> Tensor | None:
        """Validate and infer one layer; its output, or None where it or what it reads failed."""
        if not NAME.match(name):
            self.findings.append(not_a_name(name, key))
        elif name in self.document.spec.input:
            self.findings.append(
                report(key, "ARC106", f"`{name}` is the input's name already", help="rename the layer")
            )
        if not isinstance(body, MappingNode):
            self.findings.append(report(body.span, "ARC104", f"layer {name} is a mapping such as {{op: relu}}"))
            return None
        inputs = self._inputs(name, body)
        op, fields = self._op(name, body, key)
        if op is None or inputs is None or not self._check_arity(op, inputs, name, body, fields):
            return None
        tensors = [self._tensors[value] for value in inputs]
        known = tuple(tensor for tensor in tensors if tensor is not None)
        if len(known) < len(tensors):
            return None
        spans = {field: node.span for field, node in fields.nodes.items()}
        if "from" in body.entries:
            spans["from"] = body.entries["from"].span
        try:
            output = op.infer(known)
        except ShapeError as error:
            self.findings.append(self._shape_finding(Node(name, op, inputs, known[0], key, spans), error))
            return None
        return self._keep(Node(name, op, inputs, output, key, spans), known)

    def _op(self, name: str, body: MappingNode, key: Span) -> tuple[Op | None, _Fields]:
        fields = _Fields()
        node = body.entries.get("op")
        if node is None:
            guess = nearest(next(iter(body.entries), ""), ["op"])
            help = f"did you mean `op:` by `{next(iter(body.entries))}:`?" if guess else f"ops: {', '.join(ops())}"
            fix = [edit for k, v in body.keys.items() for edit in renaming(k, v.span, ["op"], body.entries)]
            self.findings.append(report(key, "ARC103", f"{name} needs `op`", help=help, fix=fix))
            return None, fields
        if not isinstance(node, ScalarNode) or node.value is None:
            self.findings.append(report(node.span, "ARC104", "`op` takes the name of an op"))
            return None, fields
        written = str(node.value)
        kind = written if written in ops() else certain(written, ops())
        if kind != written:
            self._unknown_op(written, node.span, respelling(node.span, kind))
        if kind is None:
            return None, fields
        if kind in self._defaults:
            fields.take(self._defaults[kind])
        fields.take(body, leave=_WIRING)
        data = {name: plain(value) for name, value in fields.nodes.items()} | {"op": kind}
        try:
            op = ops()[kind].model_validate(data)
            return op if kind == written else None, fields
        except ValidationError as error:
            found = explain(error, ops()[kind], fields.nodes, fields.keys, node.span, name)
            self.findings += [_with_wiring(f, body) for f in found if not self._of_defaults(kind, f.span)]
            return None, fields

    def _of_defaults(self, op: str, span: Span) -> bool:
        """Whether a span lies in the op's defaults, whose faults are reported for themselves."""
        defaults = self._defaults.get(op)
        return defaults is not None and defaults.span.start <= span.start < defaults.span.end

    def _inputs(self, name: str, body: MappingNode) -> tuple[str, ...] | None:
        node = body.entries.get("from")
        if node is None:
            self._read.add(self._last)
            return (self._last,)
        items = node.items if isinstance(node, SequenceNode) else [node]
        if not items or any(not isinstance(i, ScalarNode) or not isinstance(i.value, str) for i in items):
            self.findings.append(report(node.span, "ARC104", "`from` takes a layer's name, or a list of them"))
            return None
        names = [(str(item.value), item.span) for item in items if isinstance(item, ScalarNode)]
        unknown = [(value, span) for value, span in names if value not in self._tensors][:MAX_FINDINGS]
        for value, span in unknown:
            if not self._may_be_input(value):
                self.findings += self._wiring.unreadable(name, value, span, self._tensors)
        self._read.update(value for value, _ in names)
        return None if unknown else tuple(value for value, _ in names)

    def _may_be_input(self, name: str) -> bool:
        """Where the input could not be read, any name that no layer has may be its."""
        return not self.document.input_known and name not in self.document.spec.layers

    def _check_arity(self, op: Op, inputs: tuple[str, ...], name: str, body: MappingNode, fields: _Fields) -> bool:
        least, most = op.arity
        if len(inputs) >= least and (most is None or len(inputs) <= most):
            return True
        node = body.entries.get("from", fields.nodes["op"])
        wants = f"{least} input" if most == least else f"{least} or more inputs"
        help = "list them: `from: [a, b]`" if most is None else "join them first, with `add` or `concat`"
        self.findings.append(report(node.span, "ARC108", f"{name} takes {wants}, it has {len(inputs)}", help=help))
        return False

    def _keep(self, node: Node, inputs: tuple[Tensor, ...]) -> Tensor | None:
        """Put a layer into the graph, unless something else than its shape is against it; its output then."""
        largest = max([node.output.size, *[prod(p.shape) for p in node.op.parameters(inputs)]])
        if largest > LARGEST_TENSOR:
            message = f"{node.name} needs a tensor of {largest:,} values; the limit is {LARGEST_TENSOR:,}"
            self.findings.append(report(node.at("op"), "ARC205", message, help=_SMALLER))
            return None
        if isinstance(node.op, Softmax) and self._follows_softmax(node):
            message = f"{node.name} is a softmax of the softmax {node.inputs[0]}"
            self.findings.append(
                report(node.at("op"), "ARC206", message, help=f"delete {node.inputs[0]} or {node.name}")
            )
            return None
        self.nodes[node.name] = node
        return node.output

    def _follows_softmax(self, node: Node) -> bool:
        before = self.nodes.get(node.inputs[0])
        return before is not None and isinstance(before.op, Softmax)

    def _shape_finding(self, node: Node, error: ShapeError) -> Finding:
        inputs = list(dict.fromkeys(node.inputs))[:_MOST_NAMED]
        related = [(self._input_span(name), f"{name} gives {self._tensors[name]}") for name in inputs]
        if error.also and error.also in node.fields:
            related = [(node.fields[error.also], "")]
        return report(
            node.at(error.field),
            error.code,
            _named(error.message, node),
            notes=[*(_named(note, node) for note in error.notes), self._way(node) if error.code == "ARC201" else ""],
            help=error.help,
            related=related,
            fix=self._flatten_before(node) if isinstance(node.op, Dense) and error.code == "ARC202" else (),
        )

    def _flatten_before(self, node: Node) -> tuple[Edit, ...]:
        """The layer that a dense one lacks, on a line of its own; not where `from` says what the dense layer reads."""
        indent = node.span.source.line(node.span.line)[: node.span.column - 1]
        name = next((n for n in ("flat", f"flat_{node.name}"[:64]) if n not in self.document.spec.layers), None)
        if "from" in node.fields or indent.strip() or name is None or name in self.document.spec.input:
            return ()
        return (Edit(Span(node.span.source, node.span.start, node.span.start), f"{name}: {{op: flatten}}\n{indent}"),)

    def _way(self, node: Node) -> str:
        """How the maps came to be as small as they are: each size on the way, the last first."""
        sizes: list[str] = []
        (name, *_) = node.inputs
        for _ in range(_MOST_STEPS):
            before = self.nodes.get(name)
            shape = self._tensors[name]
            assert shape is not None
            source = self._tensors[before.inputs[0]] if before else None
            if source is None or source.shape[1:] != shape.shape[1:]:
                sizes.append(f"{name} {shape.height} × {shape.width}")
            if before is None:
                break
            name = before.inputs[0]
        return f"the way there: {', '.join(reversed(sizes))}" if len(sizes) > 1 else ""

    def _input_span(self, name: str) -> Span:
        section = "input" if name in self.document.spec.input else "layers"
        return self.document.key(section, name)

    def _check_outputs(self) -> None:
        node = self.document.node("outputs")
        if not isinstance(node, SequenceNode):
            return
        named: dict[str, Span] = {}
        for item in node.items[:MAX_FINDINGS]:
            name = str(item.value) if isinstance(item, ScalarNode) else ""
            if name not in self.document.spec.layers:
                help = did_you_mean(name, self.document.spec.layers, what="layers")
                self.findings.append(
                    report(item.span, "ARC107", f"there is no layer `{name}` to be an output", help=help)
                )
            elif name in named:
                related = [(named[name], "first here")]
                message = f"`outputs` names {name} twice: a network returns each value once"
                self.findings.append(report(item.span, "ARC105", message, help="delete the second", related=related))
            named.setdefault(name, item.span)
        self._check_all_read(node.span)

    def _check_all_read(self, outputs: Span) -> None:
        named = set(self.document.spec.outputs or [])
        for name, layer in self.nodes.items():
            if name not in self._read and name not in named:
                help = f"read it, add it to `outputs:`, or delete {name}"
                related = [(outputs, "the outputs")]
                self.findings.append(report(layer.span, "ARC110", f"nobody reads {name}", help=help, related=related))


def _named(text: str, node: Node) -> str:
    """An op's sentence with the layer's name for `{name}` and those of its inputs for `{0}`, `{1}`, …"""
    return _PLACEHOLDER.sub(lambda match: node.inputs[int(match[1])] if match[1] else node.name, text)


def _with_wiring(finding: Finding, body: MappingNode) -> Finding:
    """`from` and `expect` belong to every layer: an unknown field may be a misspelling of those too."""
    word = finding.message.rpartition("no field `")[2].rstrip("`")
    guess = nearest(word, _WIRING) if finding.code == "ARC101" else None
    if guess is None or not finding.help or finding.help.startswith("did you mean"):
        return finding
    fix = renaming(word, finding.span, _WIRING, body.entries)
    return report(finding.span, finding.code, finding.message, help=f"did you mean `{guess}`?", fix=fix)
