"""Reads the section `change:`, a variant's `expect:`, and the values of `--set`; mistakes in them become findings.

The forms are `{set: PATH, to: VALUE}`, `{replace: LAYER, with: LAYER}`, `{remove: PATH or LAYER}` and
`{insert: {NAME: LAYER}, after: LAYER}`.
"""

from __future__ import annotations

from archc.diagnostics.finding import Finding, report
from archc.language.reader import MappingNode, ScalarNode, SequenceNode, YamlNode, read
from archc.language.variants.change import Change
from archc.language.variants.words import FORMS, OPTION, Verb
from archc.source import Source, Span

MOST_CHANGES = 1000


def read_changes(section: YamlNode, findings: list[Finding]) -> list[Change]:
    """The changes of a section `change:`, without those that cannot be understood, which are reported."""
    if not isinstance(section, SequenceNode):
        from archc.language.mistakes.changes import not_changes  # only for a mistake, for the time of start-up

        findings.append(not_changes(section))
        return []
    if len(section.items) > MOST_CHANGES:
        message = f"{len(section.items):,} changes; the limit is {MOST_CHANGES:,}"
        findings.append(report(section.items[MOST_CHANGES].span, "ARC003", message, help="write a spec of its own"))
        return []
    return [change for item in section.items if (change := _change(item, findings))]


def read_expected(section: YamlNode, findings: list[Finding]) -> list[Change]:
    """The totals that a variant expects: each replaces that of its base."""
    if not isinstance(section, MappingNode):
        help = "write `expect: {parameters: 1000}`; totals that are not given stay as they are"
        findings.append(report(section.span, "ARC104", "`expect` must be a mapping", help=help))
        return []
    return [
        Change(
            "set", Span(value.span.source, key.span.start, max(key.span.end, value.span.end)), path, value, expects=True
        )
        for name, value in section.entries.items()
        for key in [section.keys[name]]
        for path in [ScalarNode(f"expect.{name}", key.span)]
    ]


def read_set(text: str, findings: list[Finding]) -> Change | None:
    """The change of a `--set PATH=VALUE`."""
    path, sign, _ = text.partition("=")
    source = Source(OPTION, text)
    name = Span(source, 0, len(path))
    if not sign or not path:
        message = f"expected PATH=VALUE, got `{text[:64]}`"
        findings.append(report(Span(source, 0, len(text)), "ARC104", message, help="write `layers.fc6.units=2048`"))
        return None
    # The value is read where it is, behind blanks, so that its positions are those of the text.
    blank = " " * (len(path) + 1)
    value = text[len(blank) :]
    if not value.strip():
        return Change("set", Span(source, 0, len(text)), ScalarNode(path, name), ScalarNode(None, Span(source, 0, 0)))
    node, told = read((blank + value).encode(errors="surrogatepass"), OPTION)
    findings += [finding._replace(span=finding.span._replace(source=source), related=(), fix=()) for finding in told]
    if told:
        return None
    assert node is not None
    return Change("set", Span(source, 0, len(text)), ScalarNode(path, name), _moved(node, source))


def _moved(node: YamlNode, source: Source) -> YamlNode:
    """The node with its positions in another source."""
    span = node.span._replace(source=source)
    match node:
        case ScalarNode():
            return node._replace(span=span)
        case SequenceNode():
            return SequenceNode([_moved(item, source) for item in node.items], span)
        case MappingNode():
            keys = {name: key._replace(span=key.span._replace(source=source)) for name, key in node.keys.items()}
            return MappingNode({name: _moved(value, source) for name, value in node.entries.items()}, keys, span)


def _change(item: YamlNode, findings: list[Finding]) -> Change | None:
    verbs: list[Verb] = [verb for verb in FORMS if isinstance(item, MappingNode) and verb in item.entries]
    beside = FORMS[verbs[0]] if len(verbs) == 1 else ()
    if not isinstance(item, MappingNode) or len(verbs) != 1 or not item.entries.keys() <= {*verbs, *beside}:
        from archc.language.mistakes.changes import not_a_change  # only for a mistake, for the time of start-up

        findings.append(not_a_change(item, verbs))
        return None
    (verb,) = verbs
    given = [word for word in beside if word in item.entries]
    if len(given) != min(len(beside), 1):
        from archc.language.mistakes.changes import incomplete  # as above

        findings.append(incomplete(item, verb, given))
        return None
    own, other = item.entries[verb], item.entries[given[0]] if given else None
    if verb == "insert":
        assert other is not None
        return Change(verb, item.span, other, own, after=given == ["after"])
    return Change(verb, item.span, own, other)
