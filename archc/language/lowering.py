"""Spec to graph: each layer validated by its op's class, its inputs resolved, the shape of its output inferred.

A layer that fails has no tensor, and its readers are skipped without a finding: one mistake, one finding.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import replace
from functools import cached_property, partial
from math import prod
from typing import TYPE_CHECKING

from archc.diagnostics.finding import MAX_FINDINGS, Edit, Finding, report
from archc.graph import Graph, Node
from archc.language.connections import connections, from_node
from archc.language.defaults import op_class, op_word
from archc.language.defaults_reading import read_defaults
from archc.language.document import Document
from archc.language.fields import NAME, Added, field_names
from archc.language.in_place import InPlace
from archc.language.inference import check_error, inferred, named
from archc.language.layer_fields import WIRING, LayerFields, has_derived, plain_layer
from archc.language.outputs import check_inputs, check_outputs
from archc.language.reader import MappingNode, ScalarNode, SequenceNode, YamlNode, is_bare, plain
from archc.language.score_weights import with_small_scores
from archc.ops import ops
from archc.ops.op import Op, name_of
from archc.ops.properties import Loss
from archc.ops.shape_error import ShapeError
from archc.source import Span
from archc.tensor import Tensor
from archc.wording import counted, joined

if TYPE_CHECKING:
    from archc.language.mistakes.wiring import Wiring

# A tensor of this size takes 4 TiB: far beyond any device, and far below where the arithmetic of shapes gets slow.
LARGEST_TENSOR = 2**40
_SMALLER = "use fewer filters or units, or a stride or a pool before it"

_MOST_COPIES = 2 * MAX_FINDINGS
# The most inputs that a finding names, and the most layers that it traces back.
_MOST_NAMED, _MOST_STEPS = 8, 100


def lower(document: Document, times: int = 1) -> tuple[Graph, list[Finding]]:
    """The graph of a document, without layers that fail or depend on one that fails, and the findings on those.

    Free sizes are at a multiple of their usual ones.
    """
    lowering = _Lowering(document, document.spec.inputs_at(times))
    lowering.run()
    spec = document.spec
    graph = Graph(
        name=spec.name,
        title=spec.title or spec.name,
        inputs=lowering.inputs,
        free=spec.free,
        nodes=tuple(lowering.nodes.values()),
        outputs=lowering.outputs(),
        scopes=document.expansion.scopes if document.expansion else {},
        expected=lowering.expected,
        loss=spec.train.loss if spec.train else lowering.usual_loss(),
    )
    return with_small_scores(graph), lowering.findings


class _Lowering:
    def __init__(self, document: Document, inputs: dict[str, Tensor]) -> None:
        self.document = document
        self.inputs = inputs
        self._defaults = read_defaults(document)
        self.findings = self._defaults.findings
        self.nodes: dict[str, Node] = {}
        # None marks a layer that failed: its readers are skipped.
        self._tensors: dict[str, Tensor | None] = {name: self._read_input(name, x) for name, x in inputs.items()}
        self._last = next(iter(inputs))
        self._read: set[str] = set()
        self._in_place = InPlace()
        self.expected: dict[str, tuple[Node, ...]] = {}
        expansion = document.expansion
        self._shapes = expansion.expected if expansion else {}
        # The layers of blocks and stages: their names are checked where they are written.
        self._sites: Container[str] = expansion.sites if expansion else ()
        self._unreadable = expansion.failed if expansion else frozenset[str]()

    @cached_property
    def _wiring(self) -> Wiring:
        from archc.language.mistakes.wiring import Wiring  # few specs need it, for the time of start-up

        return Wiring(self.document)

    def run(self) -> None:
        """Lower all layers in order, then check the outputs."""
        layers = self.document.node("layers")
        if not isinstance(layers, MappingNode):
            return
        if not layers.entries:
            help = "add one, such as `relu1: {op: relu}`"
            self.findings.append(report(layers.span, "ARC103", "the spec has no layers", help=help))
        told: set[tuple[str, Span]] = set()
        for name in layers.entries:
            # A mistake in a block counts once, but not even its copies without end.
            if len(told) > MAX_FINDINGS or len(self.findings) > _MOST_COPIES:
                return
            before = len(self.findings)
            self._tensors[name] = None if name in self._unreadable else self._layer(name, layers)
            if len(self.findings) > before:
                self.findings[before:] = [finding._replace(layer=name) for finding in self.findings[before:]]
                told.update((finding.code, finding.span) for finding in self.findings[before:])
            self._last = name
        if self.findings:
            from archc.language.mistakes.heirs import with_heirs  # few specs need it, for the time of start-up

            self.findings = with_heirs(self.findings, self._defaults, layers)
        self.findings += check_outputs(self.document, self.nodes, self._read)
        if not self.findings and not self._unreadable and self.document.input_known:
            self.findings += check_inputs(self.document, self._read)

    def outputs(self) -> tuple[str, ...]:
        """The outputs that the spec names, or else the layers that no layer reads."""
        named = dict.fromkeys(name for name in self.document.spec.outputs or () if name in self.nodes)
        return tuple(named or (name for name in self.nodes if name not in self._read))

    def usual_loss(self) -> Loss:
        """The loss of a network whose spec has no recipe, by what it returns."""
        outputs = self.outputs()
        if len(outputs) != 1:
            return "cross_entropy"
        node = self.nodes[outputs[0]]
        return node.op.fused_into or ("cross_entropy" if node.output.is_vector else "mean_squared_error")

    def _read_input(self, name: str, x: Tensor) -> Tensor | None:
        """The input's shape; None if it could not be read or is too large."""
        if not self.document.input_known:
            return None
        if x.size <= LARGEST_TENSOR:
            return x
        span = self.document.spans.value("input", name)
        message = f"the input has {x.size:,} values; the limit is {LARGEST_TENSOR:,}"
        help = f"use a smaller {'height and width' if x.is_maps else 'length'}"
        self.findings.append(report(span, "ARC205", message, help=help))
        return None

    def _layer(self, name: str, layers: MappingNode) -> Tensor | None:
        """Validate and infer one layer; its output, or None if it fails or depends on a layer that fails."""
        body, key, is_reformed = layers.entries[name], layers.keys[name].span, False
        self._check_name(name, key)
        if not isinstance(body, MappingNode) or op_word(body) is None:
            from archc.language.mistakes.layer_forms import right_layer  # few specs need it, for the time of start-up

            right, findings = right_layer(name, layers, self._defaults)
            is_reformed, body = right is not body, right
            self.findings += findings
        if body is None:
            return None
        known = op_class(body)
        if any(map(is_bare, body.entries.values())):
            from archc.language.mistakes.brackets import gathered  # few specs need it, for the time of start-up

            gathered_body, findings = gathered(body, name, known, self._tensors)
            self.findings += findings
            if gathered_body is None:
                return None
            body = gathered_body
        inputs = self._inputs(name, body, known)
        expected = self._expected(body)
        tensors = [self._tensors[value] for value in inputs or ()]
        read = tensors[0] if len(tensors) == 1 else None
        if known is not None and self._defaults.derived:
            body = self._defaults.inherited(body, name_of(known) or "")
        if known is not None and has_derived(body, known):
            body = self._derived(name, body, known, tensors)
        fields = plain_layer(body, self._defaults) or self._mistaken(name, body, key, read)
        self._in_place.note(name, body, known, inputs or ())
        # Fields that are not yet where they are read from are not edited.
        self.findings += [f._replace(fix=()) for f in fields.findings] if is_reformed else fields.findings
        op = fields.op
        if op is None or inputs is None or not self._check_arity(op, inputs, name, body, fields.nodes["op"]):
            return None
        shapes = tuple(tensor for tensor in tensors if tensor is not None)
        if len(shapes) < len(tensors):
            return None
        spans = {field: node.span for field, node in fields.nodes.items()}
        spans |= {field: body.entries[field].span for field in WIRING if field in body.entries}
        try:
            output = inferred(op, shapes)
        except ShapeError as error:
            self._refuse(Node(name, op, inputs, shapes[0], key, spans), error)
            return None
        return self._keep(Node(name, op, inputs, output, key, spans, expected), shapes)

    def _expect_too(self, node: Node, shapes: list[YamlNode]) -> None:
        """Note the shapes that uses of blocks and stages expect of a layer that gives their value."""
        found = [(self._shape(each), each.span) for each in shapes]
        self.expected[node.name] = tuple(
            replace(node, expected=shape, fields={**node.fields, "expect": span}) for shape, span in found if shape
        )

    def _check_name(self, name: str, key: Span) -> None:
        """Check the name of a layer. The parts of a path are checked where they are written."""
        if name in self._sites and ("." in name or name.isdigit()):
            return
        if not NAME.match(name):
            from archc.language.mistakes.validation import not_a_name  # few specs need it, for the time of start-up

            self.findings.append(not_a_name(name, key))
        elif name in self.document.spec.input:
            message = f"`{name}` is already the name of the input"
            self.findings.append(report(key, "ARC106", message, help="rename the layer"))

    def _derived(self, name: str, body: MappingNode, op: type[Op], inputs: list[Tensor | None]) -> MappingNode:
        """The layer with numbers for the values that follow from the channels that it reads."""
        from archc.language.derived import with_derived  # few layers need it, for the time of start-up

        body, findings = with_derived(body, op, inputs[0] if inputs else None, name)
        self.findings += findings
        return body

    def _mistaken(self, name: str, body: MappingNode, key: Span, read: Tensor | None) -> LayerFields:
        """A layer with a mistake, as far as it can be understood. `read` is the shape that it reads, if it is known."""
        from archc.language.mistakes.layers import read_mistaken  # few specs need it, for the time of start-up

        doubts = self._in_place.doubts(body, name)
        return read_mistaken(name, body, key, self._defaults, read, partial(self._added_after, name), doubts)

    def _expected(self, body: MappingNode) -> tuple[int, ...] | None:
        """The shape that the layer expects, if it expects one that can be read."""
        node = body.entries.get("expect")
        return self._shape(node) if node is not None else None

    def _shape(self, node: YamlNode) -> tuple[int, ...] | None:
        """A shape in numbers; None, with a finding, if it cannot be read."""
        items = node.items if isinstance(node, SequenceNode) else []
        sizes = [item.value for item in items if isinstance(item, ScalarNode)]
        whole = tuple(size for size in sizes if type(size) is int)
        if not whole or len(whole) < len(items):
            # Few specs need it, for the time of start-up.
            from archc.language.mistakes.expected_shapes import not_a_shape

            self.findings.append(not_a_shape(node))
            return None
        return whole

    def _inputs(self, name: str, body: MappingNode, known: type[Op] | None) -> tuple[str, ...] | None:
        node = from_node(body, field_names(known))
        if node is None and self._last in self.document.spec.input and len(self.document.spec.input) > 1:
            self.findings.append(self._without_from(name, body))
            return None
        if node is None:
            self._read.add(self._last)
            return (self._last,)
        before = self._last if self._reads_before(body, known) else None
        names, findings = connections(node, self._tensors, inputs=len(self.document.spec.input), before=before)
        self.findings += findings
        if names is None:
            return None
        unknown = [(value, span) for value, span in names if value not in self._tensors][:MAX_FINDINGS]
        for value, span in unknown:
            if not self._may_be_input(value):
                self.findings += self._wiring.unreadable(name, value, span, self._tensors)
        # Unknown names included, so that no layer is reported as never used because another has a mistake.
        self._read.update(value for value, _ in names)
        return None if unknown else tuple(value for value, _ in names)

    def _without_from(self, name: str, body: MappingNode) -> Finding:
        """The finding on a first layer that does not name which of several inputs it reads."""
        inputs = self.document.spec.input
        message = f"{name} needs `from`: the network has {len(inputs)} inputs, and no layer before it"
        choices = " or ".join(f"`from: {each}`" for each in _first(tuple(inputs)))
        return report(body.span, "ARC103", message, help=f"add {choices}")

    def _reads_before(self, body: MappingNode, known: type[Op] | None) -> bool:
        """Whether a layer reads the one before it as well as what it names."""
        if known is None or not known.reads_before or plain(body.entries.get("op", body)) == name_of(known):
            return False
        from archc.language.mistakes.op_words import reads_before  # few specs need it, for the time of start-up

        return reads_before(body, known)

    def _may_be_input(self, name: str) -> bool:
        """If the input could not be read, any name that is not a layer's may be its name."""
        return not self.document.input_known and name not in self.document.spec.layers

    def _check_arity(self, op: Op, inputs: tuple[str, ...], name: str, body: MappingNode, at: YamlNode) -> bool:
        least, most = op.arity
        if len(inputs) >= least and (most is None or len(inputs) <= most):
            return True
        node = body.entries.get("from", at)
        wants = f"{least} or more inputs" if most is None else f"{least} to {most} inputs"
        if most == least:
            wants = counted(least, "input")
        help = "list them: `from: [a, b]`"
        if len(inputs) == 1 and inputs[0] != self._last:
            help = f"list them, such as `from: [{self._last}, {inputs[0]}]`"
        if len(inputs) > least:
            help = "delete some of them"
        if most == 1:
            joining = [f"`{name}`" for name, each in ops().items() if each.arity[1] is None]
            help = f"join them first, with {joined(joining, 'or')}"
        message = f"{name} expects {wants}, got {len(inputs)}"
        self.findings.append(report(node.span, "ARC108", message, help=help))
        return False

    def _keep(self, node: Node, inputs: tuple[Tensor, ...]) -> Tensor | None:
        """Add a layer to the graph and return its output; None if it is too large."""
        largest = max([node.output.size, *[prod(p.shape) for p in node.op.parameters(inputs)]])
        if largest > LARGEST_TENSOR:
            message = f"{node.name} needs a tensor of {largest:,} values; the limit is {LARGEST_TENSOR:,}"
            self.findings.append(report(node.at("op"), "ARC205", message, help=_SMALLER))
            return None
        window = node.op.window(inputs)
        padded = inputs[0].channels * window.padded.area if window else 0
        if padded > LARGEST_TENSOR:
            message = f"{node.name} pads its input to {padded:,} values; the limit is {LARGEST_TENSOR:,}"
            self.findings.append(report(node.at("padding"), "ARC205", message, help="use less padding"))
            return None
        self.nodes[node.name] = node
        if node.name in self._shapes:
            self._expect_too(node, self._shapes[node.name])
        return node.output

    def _refuse(self, node: Node, error: ShapeError) -> None:
        """Report that an op refuses its inputs, with their shapes or a second field at fault."""
        check_error(node.op, error, len(node.inputs))
        related = self._shapes_of(node.inputs)
        help = error.help
        if error.from_size or error.code == "ARC203":
            from archc.language.mistakes.input_forms import other_input  # few specs need it, for the time of start-up

            help = other_input(self.inputs, node.inputs[0], help, needs_maps=not error.from_size)
        if error.also and error.also in node.fields:
            related = [(node.fields[error.also], "")]
        finding = report(
            node.at(error.field),
            error.code,
            named(error.message, node),
            notes=[*(named(note, node) for note in error.notes), self._sizes_before(node) if error.from_size else ""],
            help=named(help, node) if help else None,
            related=related,
            fix=self._inserted(node, *error.insert) if error.insert else (),
        )
        self.findings.append(finding)

    def _inserted(self, node: Node, name: str, body: str) -> tuple[Edit, ...]:
        """A layer on a line of its own before `node`; none if `from` names what the node reads."""
        indent = node.span.source.line(node.span.line)[: node.span.column - 1]
        spec = self.document.spec
        names = (name, f"{name}_{node.name}"[:64])
        free = next((n for n in names if n not in spec.layers and n not in spec.input), None)
        if "from" in node.fields or indent.strip() or free is None or self._wiring.by_position:
            return ()
        return (Edit(Span(node.span.source, node.span.start, node.span.start), f"{free}: {body}\n{indent}"),)

    def _added_after(self, layer: str, op: str, body: str) -> Added:
        from archc.language.mistakes.added_layers import added  # few specs need it, for the time of start-up

        return added(self.document, self._wiring, layer, op, body)

    def _sizes_before(self, node: Node) -> str:
        """The sizes that led to the layer's input, each where it changes."""
        sizes: list[str] = []
        (name, *_) = node.inputs
        for _ in range(_MOST_STEPS):
            before = self.nodes.get(name)
            shape = self._tensors[name]
            assert shape is not None
            source = self._tensors[before.inputs[0]] if before else None
            if shape.is_maps and (source is None or source.shape[1:] != shape.shape[1:]):
                sizes.append(f"{name} {shape.height} × {shape.width}")
            if before is None:
                break
            name = before.inputs[0]
        return f"sizes before it: {', '.join(reversed(sizes))}" if len(sizes) > 1 else ""

    def _shapes_of(self, inputs: tuple[str, ...]) -> list[tuple[Span, str]]:
        """The shape of each input, where the input is defined."""
        found: list[tuple[Span, str]] = []
        for name in _first(inputs):
            section = "input" if name in self.document.spec.input else "layers"
            tensor = self._tensors[name]
            assert tensor is not None
            shape = counted(tensor.size, "unit") if tensor.is_vector else str(tensor)
            found.append((self.document.spans.key(section, name), f"{name} is {shape}"))
        return found


def _first(inputs: tuple[str, ...]) -> list[str]:
    """The inputs that a finding names, each once."""
    return list(dict.fromkeys(inputs))[:_MOST_NAMED]
