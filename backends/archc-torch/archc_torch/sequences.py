"""Modules one after the other as the arguments of an `nn.Sequential`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from archc.emit.folding import INDEX, runs
from archc.emit.prose import fewer
from archc.emit.syntax import Affine, Argument, Call, Dict, Do, Each, For, Formatted, Name, Tuple, call
from archc_torch.bodies import Group, Leaf

Modules = Sequence[Leaf | Group]


def module(made: Leaf | Group) -> tuple[Call, str | None]:
    """The expression that builds a module, and the comment beside it."""
    if isinstance(made, Leaf):
        assert isinstance(made.entry.tree, Call)
        return made.entry.tree, made.entry.comment
    arguments = sequence(made.children)
    if {argument.comment for argument in arguments} - {None} == {made.entry.comment}:
        arguments = tuple(replace(argument, comment=None) for argument in arguments)
    return Call(Name("nn.Sequential"), arguments), made.entry.comment


def sequence(modules: Modules) -> tuple[Argument, ...]:
    """The modules in their order, or an `OrderedDict` of them if they have names; neighbours that are equal as one."""
    names = [made.key for made in modules]
    if names != [str(place) for place in range(len(names))]:
        return (Argument(_named(modules)),)
    built = [module(made) for made in modules]
    comments = fewer([comment for _, comment in built])
    arguments: list[Argument] = []
    for run in runs([each for each, _ in built]):
        comment = comments[run.start + run.count - 1]
        is_one = run.count == 1
        value = run.value if is_one else Each(run.value, run.variable, run.count, unpacked=True)
        arguments.append(Argument(value, comment=comment))
    return tuple(arguments)


def counted(modules: Modules) -> tuple[For, ...]:
    """The modules as a loop, if their names and what builds them count up: `self.add_module(f"l{i}", Basic(4 * i))`."""
    numbered = _numbered([made.key for made in modules]) if modules else None
    run, *others = runs([module(made)[0] for made in modules]) if numbered else [None]
    if run is None or others or run.count == 1 or numbered is None:
        return ()
    name = Formatted((numbered[0], Affine(INDEX, offset=numbered[1])))
    return (For((INDEX,), call("range", run.count), (Do(call("self.add_module", name, run.value)),)),)


def dictionary(modules: Modules) -> Dict:
    """The modules by name, of which some are numbers."""
    return Dict(tuple((made.key, *module(made)) for made in modules))


def _named(modules: Modules) -> Call:
    """`OrderedDict(conv1=…, bn1=…)`."""
    built = [module(made) for made in modules]
    if numbered := _numbered([made.key for made in modules]):
        prefix, first = numbered
        (run, *others) = runs([each for each, _ in built])
        if not others and run.count > 1:
            name = Formatted((prefix, Affine(INDEX, offset=first)))
            return Call(Name("OrderedDict"), (Argument(Each(Tuple((name, run.value)), INDEX, run.count)),))
    if all(made.key.isidentifier() for made in modules):
        arguments = (Argument(each, made.key, comment) for made, (each, comment) in zip(modules, built, strict=True))
        return Call(Name("OrderedDict"), tuple(arguments))
    return Call(Name("OrderedDict"), (Argument(dictionary(modules)),))


def _numbered(names: Sequence[str]) -> tuple[str, int] | None:
    """The part that all names have in common, and the first number, if they count up from it."""
    matched = re.fullmatch(r"(.*[^0-9])([0-9]|[1-9][0-9]*)", names[0])
    if matched is None:
        return None
    prefix, first = matched[1], int(matched[2])
    return (prefix, first) if [*names] == [f"{prefix}{first + place}" for place in range(len(names))] else None
