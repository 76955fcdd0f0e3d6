"""What archc computes of a run's training step before it starts, for the receipt."""

from __future__ import annotations

from typing import NamedTuple

from archc.analysis import Facts
from archc.language.recipe import Precision
from archc.passes.collectives import Traffic, collectives, traffic
from archc.passes.device_memory import device_memory
from archc.passes.placement import Placement
from archc.passes.training_step import TrainingStep
from archc.passes.values import WIDTH
from archc.training.job import PlannedStep


class Planned(NamedTuple):
    """The bytes that each device receives in a step, the collective operations of all, and the peak memory of one."""

    received: tuple[Traffic, ...]
    collectives: int
    memory: int
    least: int
    """The peak memory with an example for each device, in each part of a batch."""


def planned_step(planned: Planned) -> PlannedStep:
    """The figures that a run shows before its first step."""
    received = max((each.forward + each.backward + each.outputs for each in planned.received), default=0)
    return PlannedStep(memory=planned.memory, least=planned.least, received=received, collectives=planned.collectives)


def planned(facts: Facts, placement: Placement | None, *, batch: int, precision: Precision) -> Planned:
    """The figures of a step under a placement, or on one device."""
    step = TrainingStep.of(facts.recipe)
    smallest = (placement.devices if placement else 1) * facts.recipe.accumulate
    memory, least = (
        device_memory(facts.graph, placement, batch=size, precision=precision, step=step).peak
        for size in (batch, smallest)
    )
    if placement is None:
        return Planned((), 0, memory, least)
    received = traffic(facts.graph, placement, batch=batch, width=WIDTH[precision], step=step)
    return Planned(tuple(received), collectives(facts.graph, placement, step).all, memory, least)
