"""The height of each place: as close to the places that it is connected with as its column permits."""

from __future__ import annotations

from collections.abc import Mapping

from archc.figure.columns import Columned, Place, readers

_SWEEPS = 6
_WIRE_WEIGHT = 4.0


def heights(columned: Columned, extents: Mapping[Place, tuple[float, float]], *, gap: float) -> dict[Place, float]:
    """The y of each place's line. `extents`: the space that the place takes above and below its line."""
    found: dict[Place, float] = {}
    for column in columned.columns:
        found |= _settle(column, dict.fromkeys(column, 0.0), dict.fromkeys(column, 1.0), extents, gap)
    after = readers(columned.sources)
    for sweep in range(_SWEEPS):
        forward = sweep % 2 == 0
        neighbours = columned.sources if forward else after
        for column in columned.columns if forward else reversed(columned.columns):
            wanted = {place: _mean([found[other] for other in neighbours[place]], found[place]) for place in column}
            # Straight wires matter more than the height of boxes.
            weights = {place: _WIRE_WEIGHT if columned.is_wire(place) else 1.0 for place in column}
            found |= _settle(column, wanted, weights, extents, gap)
    return found


def _mean(numbers: list[float], otherwise: float) -> float:
    return sum(numbers) / len(numbers) if numbers else otherwise


def _settle(
    column: tuple[Place, ...],
    wanted: Mapping[Place, float],
    weights: Mapping[Place, float],
    extents: Mapping[Place, tuple[float, float]],
    gap: float,
) -> dict[Place, float]:
    """The heights nearest to the wanted ones, by weighted least squares, that keep the order and the gaps.

    Isotonic regression, by pooling adjacent violators: neighbours that would overlap move as one pool.
    """
    offsets: list[float] = []
    for number, place in enumerate(column):
        room = extents[column[number - 1]][1] + gap + extents[place][0] if number else 0.0
        offsets.append((offsets[-1] if offsets else 0.0) + room)
    pools: list[tuple[float, float, int]] = []  # mean, weight, members
    for place, offset in zip(column, offsets, strict=True):
        mean, weight, members = wanted[place] - offset, weights[place], 1
        while pools and pools[-1][0] >= mean:
            other, more, count = pools.pop()
            mean = (mean * weight + other * more) / (weight + more)
            weight, members = weight + more, members + count
        pools.append((mean, weight, members))
    means = [mean for mean, _, members in pools for _ in range(members)]
    return {place: mean + offset for place, mean, offset in zip(column, means, offsets, strict=True)}
