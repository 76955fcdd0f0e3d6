"""The sections of a spec in other forms than the right ones: an input, layers and a recipe that can be understood."""

from __future__ import annotations

from archc.diagnostics.finding import Finding
from archc.language.defaults import op_class
from archc.language.mistakes.brackets import gathered, unrepeated
from archc.language.mistakes.expected_shapes import shapes_apart
from archc.language.mistakes.flat_recipe import flat_fields
from archc.language.mistakes.input_forms import channels_last, mended_input
from archc.language.mistakes.layer_lists import named_layers
from archc.language.mistakes.listed_fields import joined_sections
from archc.language.mistakes.misplaced_fields import nested_fields
from archc.language.mistakes.wrapped_sections import unwrapped
from archc.language.reader import MappingNode, SequenceNode, YamlNode
from archc.language.recipe import Recipe, usual_recipe
from archc.language.spec import Expect, Spec
from archc.ops.windowed import Windowed

_ANY_IMAGE = [3, 1, 1]
"""The usual optimizer and schedule do not depend on the image."""


def mended(root: MappingNode, findings: list[Finding]) -> tuple[MappingNode, set[tuple[str, ...]]]:
    """The spec with its input, layers and recipe in the right form, where they can be understood in another one.

    The findings on them are added. The paths of those that are reported, but not understood with certainty, are
    returned as well.
    """
    root, wrapped = unwrapped(Spec, root)
    findings += wrapped
    root, listed = joined_sections(Spec, root, ("input", "defaults"))
    findings += listed
    entries = dict(root.entries)
    told: set[tuple[str, ...]] = set()
    if "input" in entries and (turned := channels_last(entries["input"])):
        findings.append(turned)
    elif "input" in entries:
        for right in mended_input(entries["input"], of_pictures=_reads_windows(entries.get("layers"))):
            findings[:] = [*unrepeated(findings, [right.finding]), right.finding]
            if right.node is None:
                told.add(right.path)
            else:
                entries["input"] = _replaced(entries["input"], right.path[1:], right.node)
    expect, layers = entries.get("expect"), entries.get("layers")
    names = layers.entries if isinstance(layers, MappingNode) else ()
    if isinstance(expect, MappingNode):
        whole, split = gathered(expect, "expect", Expect, names)
        entries["expect"], apart = shapes_apart(whole or expect, names)
        findings[:] = [*unrepeated(findings, split), *split, *apart]
    if isinstance(layers, SequenceNode) and (named := named_layers(layers)):
        entries["layers"] = named[0]
        findings.append(named[1])
    root, misplaced = nested_fields(Spec, MappingNode(entries, root.keys, root.span))
    entries = dict(root.entries)
    for each in misplaced:
        findings.append(each.finding)
        told |= each.paths
    train, flat = flat_fields(Recipe, entries.get("train"), usual_recipe(_ANY_IMAGE))
    if train is not None:
        entries["train"] = train
        findings += [each.finding for each in flat]
        told.update(("train", each.field) for each in flat)
    return MappingNode(entries, root.keys, root.span), told


def _replaced(section: YamlNode, path: tuple[str, ...], value: YamlNode) -> YamlNode:
    """A section with a value at a path of one key or none."""
    if not path or not isinstance(section, MappingNode):
        return value
    return section._replace(entries={**section.entries, path[0]: value})


def _reads_windows(layers: YamlNode | None) -> bool:
    """Whether some layer moves a window over maps."""
    bodies = (
        [body for body in layers.entries.values() if isinstance(body, MappingNode)]
        if isinstance(layers, MappingNode)
        else []
    )
    return any(op is not None and issubclass(op, Windowed) for op in map(op_class, bodies))
