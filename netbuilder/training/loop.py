"""The training loop.

1. Each epoch has an order of its own, decided by (seed, epoch), in which the training part is gathered once.
2. A step: forward, backward, a look at the numbers, clipping, update. Nothing in it waits for the device: the loss
   stays where it is, and `flush` copies a chunk of them out about 30 times a second.
3. Before each batch it may be asked to pause or to stop; the place in the epoch is kept.
4. After the last batch: validation, the best weights, a checkpoint now and then.
"""

from __future__ import annotations

import math
import time
from typing import Literal

from torch.nn.utils import clip_grad_norm_

from netbuilder.data.dataset import DataSet
from netbuilder.training.config import TrainingConfig
from netbuilder.training.journal import Journal
from netbuilder.training.optimizer import updater
from netbuilder.training.state import State


class ValidationFailed(Exception):
    """The validation loss of the epoch is not a finite number."""


def train(state: State, data: DataSet, config: TrainingConfig, journal: Journal) -> Literal["finished", "stopped"]:
    """Train until all epochs are done or someone stops it. Raises `NonFinite`, and whatever goes wrong in torch."""
    network, control, guard, losses = state.network, journal.control, journal.guard, journal.recorder.pending
    forward, total, update = network.step.forward, network.total, updater(state.optimizer)
    parameters, clip, clock = list(network.parameters.values()), config.gradient_clip, time.perf_counter
    validation = network.check_batches(data.split("validation"), config.batch_size)

    while state.epoch < config.epochs:
        batches = network.epoch_batches(data.split("train"), config.batch_size, config.seed, state.epoch)
        journal.begin_epoch()
        network.module.train()
        for inputs in batches[state.batch :]:
            if control.pending and not journal.hold():
                return "stopped"
            loss = total(forward(*inputs))
            loss.backward()  # pyright: ignore[reportUnknownMemberType] - torch leaves its arguments untyped
            checked = guard.record(loss)
            if clip:
                clip_grad_norm_(parameters, clip)
            update()
            for parameter in parameters:  # what zero_grad does, without its bookkeeping
                parameter.grad = None
            losses.append(checked)
            state.batch += 1
            if clock() > journal.due:
                journal.flush()

        journal.flush(wait=True)
        values = network.measure(validation)
        if not math.isfinite(values["loss"]):
            raise ValidationFailed
        journal.end_epoch(values)
    return "finished"
