"""A run that cannot fit into memory is refused with the plan's figures, and the help names what fits."""

import pytest

from archc.failure import Failure
from archc.training.job import Job, PlannedStep
from archc.training.room import check_memory, machine_memory

GIB = 2**30


def planned(job: Job, *, memory: int, least: int, batch: int = 64, devices: int = 1) -> Job:
    step = PlannedStep(memory=memory, least=least, received=0, collectives=0)
    recipe = job.recipe.model_copy(update={"batch": batch})
    return job.model_copy(update={"planned": step, "recipe": recipe, "devices": devices})


def refused(job: Job, memory: int, **options: int) -> tuple[str, str]:
    with pytest.raises(Failure) as failure:
        check_memory(job, memory, **options)
    return failure.value.message, failure.value.help


def test_what_fits_is_not_refused(job: Job) -> None:
    check_memory(job, 1)  # no figures
    check_memory(planned(job, memory=GIB, least=1), None)
    check_memory(planned(job, memory=GIB, least=1), GIB)
    check_memory(planned(job, memory=GIB, least=1, devices=2), 2 * GIB, sharing=2)


def test_a_smaller_batch_is_named_where_one_fits(job: Job) -> None:
    """One example takes 1 GiB, each more another one."""
    message, help = refused(planned(job, memory=64 * GIB, least=GIB), 24 * GIB)
    assert message == "a step of 64 takes 64 GiB, and the device has 24 GiB"
    assert help == "use `--batch 24` or smaller, or `accumulate:` in the recipe"


def test_devices_that_share_a_machine(job: Job) -> None:
    """Two examples, one for each, take 1 GiB each; 62 more take 31 GiB."""
    shared = planned(job, memory=32 * GIB, least=GIB, devices=2)
    message, help = refused(shared, 24 * GIB, sharing=2)
    assert message == "a step of 64 takes 32 GiB for each of 2 devices, and the machine has 24 GiB"
    assert help == "use `--batch 24` or smaller, or `accumulate:` in the recipe"
    assert refused(planned(job, memory=32 * GIB, least=16 * GIB, devices=2), 24 * GIB, sharing=2)[1] == (
        "use fewer devices: `--gpus 1`"
    )


def test_a_network_that_fits_with_no_batch(job: Job) -> None:
    _, help = refused(planned(job, memory=40 * GIB, least=30 * GIB), 24 * GIB)
    assert help == "a step of 1 picture takes 30 GiB: `archc plan` compares ways to split the network"


def test_the_memory_of_the_machine_is_known() -> None:
    memory = machine_memory()
    assert memory is not None and memory > GIB
