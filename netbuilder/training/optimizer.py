"""The rule that turns gradients into updates, made from the configuration."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from torch import nn, optim

from netbuilder.training.config import TrainingConfig


def make(config: TrainingConfig, parameters: Iterable[nn.Parameter]) -> optim.Optimizer:
    """Return the optimizer.

    Fused ones update all weights in one kernel, on a CPU as well; torch has no fused RMSprop.
    """
    rate, decay = config.learning_rate, config.weight_decay
    match config.optimizer:
        case "sgd":
            return optim.SGD(parameters, rate, momentum=config.momentum, weight_decay=decay, fused=True)
        case "adam":
            return optim.Adam(parameters, rate, weight_decay=decay, fused=True)
        case "adamw":
            return optim.AdamW(parameters, rate, weight_decay=decay, fused=True)
        case "rmsprop":
            return optim.RMSprop(parameters, rate, weight_decay=decay, foreach=True)


def state_copies(config: TrainingConfig) -> int:
    """Return how many tensors of a weight's size the optimizer keeps for it."""
    return {"sgd": int(config.momentum > 0), "adam": 2, "adamw": 2, "rmsprop": 1}[config.optimizer]


def updater(optimizer: optim.Optimizer) -> Callable[[], object]:
    """Return `optimizer.step` without the profiler's entry and exit, a quarter of its time on a small network."""
    step: Any = type(optimizer).step
    if getattr(step, "hooked", False):
        step = step.__wrapped__
    return partial(step, optimizer)
