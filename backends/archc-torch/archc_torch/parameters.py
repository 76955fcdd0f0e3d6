"""The names of parameters: in a spec, as `conv1.weight`, and in a model's `state_dict`. Imports no PyTorch."""

from __future__ import annotations

from collections.abc import Mapping

_NAMES = {
    "mean": "running_mean",
    "variance": "running_var",
    **{
        f"{way}{source}_{kind}": f"{kind}_{short}_l0{suffix}"
        for way, suffix in (("", ""), ("reverse_", "_reverse"))
        for source, short in (("input", "ih"), ("recurrent", "hh"))
        for kind in ("weight", "bias")
    },
}
"""PyTorch's names for the language's, of those that differ."""
_MEANT = {name: meant for meant, name in _NAMES.items()}


def in_torch(name: str, renamed: Mapping[str, str] | None = None) -> str:
    """The key in a `state_dict` of a parameter of the spec; `renamed` are layers with the names of their modules."""
    path, _, kind = name.rpartition(".")
    own = _NAMES.get(kind, kind)
    return f"{_replaced(path, renamed or {})}.{own}" if path else own


def in_spec(key: str, renamed: Mapping[str, str]) -> str:
    """The parameter of the spec that has a key in a `state_dict`."""
    path, _, kind = key.rpartition(".")
    return f"{_replaced(path, {module: layer for layer, module in renamed.items()})}.{_MEANT.get(kind, kind)}"


def _replaced(path: str, names: Mapping[str, str]) -> str:
    """A path whose first part, if it is one of these, has another name; a layer's module may have modules inside."""
    layer = path
    while layer not in names and "." in layer:
        layer = layer.rpartition(".")[0]
    return names[layer] + path[len(layer) :] if layer in names else path
