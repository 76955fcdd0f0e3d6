"""Pictures in bytes become the very values that NumPy computes, whatever the ranks and the precision."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from archc_torch.normaliser import Normaliser
from archc_torch.trainer import TorchTrainer
from normalisations import normalisations

from archc.language.recipe import Precision
from archc.pictures.dataset import job_pictures, open_pictures
from archc.pictures.feed import PictureFeed
from archc.training.job import Job
from archc.training.model import source
from archc.training.share import Share

CPU = torch.device("cpu")


@pytest.mark.parametrize("count", [33, 1, 0])
def test_it_computes_what_numpy_does_to_the_bit(count: int) -> None:
    for normalisation, parts, expected in normalisations(count):
        found = Normaliser(normalisation, CPU)(*map(torch.from_numpy, parts))
        np.testing.assert_array_equal(found.numpy(), expected)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_the_network_reads_them_from_each_rank(make_job: Callable[..., Job], precision: Precision) -> None:
    job = make_job("read", devices=1, precision=precision)
    pictures, statistics = open_pictures(job, job_pictures(job))
    module = source(job)
    delattr(module, "over_ranks")  # there is no other rank
    for share in (Share(), Share(0, 2), Share(1, 2)):
        feed = PictureFeed(job, pictures, statistics, share)
        batches = TorchTrainer(job, module, module.Small(), feed, CPU).batches(0, 0)
        for (part,), batch in zip(batches, feed.training(0), strict=True):
            (image,) = part.inputs
            assert batch.inputs[0].dtype == np.uint8
            expected = statistics.normalisation.apply(*batch.inputs)
            np.testing.assert_array_equal(image.movedim(1, -1).numpy(), expected)
            assert image.is_contiguous(memory_format=torch.channels_last)
