"""A network with its weights, as a backend computes it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from archc.inference.task import Task
from archc.training.feed import Array, Batch, Feed
from archc.training.job import Job

Outputs = Callable[[Iterable[Batch]], Iterator[tuple[Batch, Array]]]
"""What the network returns for each batch of held-out examples: (n, views, …, C), in float32."""

Load = Callable[[Task, Job, Feed], Outputs]
"""Builds the network with the weights of a task, to read what a feed gives. It imports the framework."""
