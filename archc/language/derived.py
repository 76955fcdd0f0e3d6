"""Values that follow from the channels that a layer reads: `filters: {times: 6}` and `groups: each`."""

from __future__ import annotations

from archc.diagnostics.finding import Finding, report
from archc.language.defaults import Defaults
from archc.language.layer_fields import derived_fields
from archc.language.reader import MappingNode, ScalarNode, YamlNode, plain
from archc.ops import ops
from archc.ops.fields import LARGEST
from archc.ops.op import Op
from archc.tensor import Tensor

EACH = "each"
TIMES = "times"
_GROUPS = "groups"


def with_derived(body: MappingNode, op: type[Op], read: Tensor | None, name: str) -> tuple[MappingNode, list[Finding]]:
    """The layer with numbers for its derived values, at their places, and the findings on those that are none.

    A layer that reads nothing that is known is not computed, so any number serves.
    """
    channels = read.channels if read else 1
    entries, findings = dict(body.entries), list[Finding]()
    groups = entries.get(_GROUPS)
    if isinstance(groups, ScalarNode) and groups.value == EACH:
        entries[_GROUPS] = ScalarNode(channels, groups.span)
    field = op.channels_field
    node = entries.get(field) if field else None
    if field is not None and isinstance(node, MappingNode):
        number = _product(field, node, channels if read else None, name, findings)
        entries[field] = ScalarNode(number, node.span)
    return MappingNode(entries, body.keys, body.span, body.repeated), findings


def without_derived(op: str, body: MappingNode, found: Defaults) -> MappingNode:
    """The defaults of an op without its derived values, which become numbers in each layer."""
    names = derived_fields(body, ops()[op])
    if not names:
        return body
    entries = {name: body.entries[name] for name in names}
    derived = MappingNode(entries, {name: body.keys[name] for name in names}, body.span)
    _, findings = with_derived(derived, ops()[op], None, "a layer")
    if findings:
        found.findings += findings
        found.misread[op] = {*found.misread.get(op, ()), *names}
    else:
        found.derived[op] = derived
    others = {name: node for name, node in body.entries.items() if name not in entries}
    return body._replace(entries=others, keys={name: body.keys[name] for name in others})


def _product(field: str, node: MappingNode, channels: int | None, name: str, findings: list[Finding]) -> int:
    """The number of channels of `{times: 6}`; 1, with a finding, if it is not one."""
    form = f"write `{field}: {{times: 2}}` for 2 times the channels that {name} reads, or a number"
    if [*node.entries] != [TIMES]:
        at: YamlNode = node
        message = f"`{field}` must be an integer or {{times: number}}"
        findings.append(report(at.span, "ARC104", message, help=form))
        return 1
    value = plain(node.entries[TIMES])
    span = node.entries[TIMES].span
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        findings.append(report(span, "ARC104", f"`{field}.times` must be a number", help=form))
        return 1
    if not 0 < value <= LARGEST:
        findings.append(report(span, "ARC105", f"`{field}.times` must be greater than 0, got {value:g}", help=form))
        return 1
    if channels is None:
        return 1
    product = channels * value
    if product != int(product) or product < 1:
        message = f"{name} reads {channels} channels, and {value:g} × {channels} = {product:g} is not a whole number"
        help = f"use a factor that gives a whole number, or write `{field}:` as a number"
        # Several layers can inherit a factor, and the numbers that they read are not the mistake.
        findings.append(report(span, "ARC105", message, help=help, cause=f"{value:g} times the channels is not whole"))
        return 1
    return int(product)
