"""The norms of the layers' gradients in the runs of a spec: in the first recorded step, and in the last one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from archc.study.results import Arm, Spread


@dataclass(frozen=True)
class Norms:
    """The norms in a step: of each layer, in the order of the network, one for each run."""

    step: int
    layers: Mapping[str, tuple[float, ...]]

    @property
    def ends(self) -> tuple[str, str]:
        """The first layer and the last one."""
        first, *_, last = (*self.layers, *self.layers)
        return first, last

    @property
    def ratio(self) -> Spread | None:
        """The first layer's norm over the last one's, run by run; None where the last one's is zero in a run."""
        first, last = (self.layers[name] for name in self.ends)
        return Spread.of([own / other for own, other in zip(first, last, strict=True)]) if all(last) else None


def recorded(arm: Arm) -> tuple[Norms, ...]:
    """The norms in the first and in the last step that all runs of a spec have recorded.

    Runs that recorded none, such as those that diverged in their first step, do not count.
    """
    every = [{each.step: known for each in run.history.gradients if (known := _known(each.norms))} for run in arm.runs]
    found = [each for each in every if each]
    steps = sorted(set(found[0]).intersection(*found[1:])) if found else []
    return tuple(
        Norms(step, {layer: tuple(each[step][layer] for each in found) for layer in found[0][step]})
        for step in dict.fromkeys(steps[:1] + steps[-1:])
    )


def merged(orders: Sequence[Sequence[str]]) -> list[str]:
    """All layers of several networks, each network's in its order where they agree on that."""
    found: list[str] = []
    for order in orders:
        place = 0
        for layer in order:
            if layer not in found:
                found.insert(place, layer)
            place = found.index(layer) + 1
    return found


def _known(norms: Mapping[str, float | None]) -> dict[str, float]:
    """The norms, if all are known."""
    known = {layer: norm for layer, norm in norms.items() if norm is not None}
    return known if len(known) == len(norms) else {}
