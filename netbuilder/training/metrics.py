"""Metrics that are no means of what batches give, as AUROC and F1: torchmetrics takes all batches of a part in first.

torchmetrics is imported with the first such metric, which takes most of a second.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import torch

from netbuilder.blocks.spec import Call
from netbuilder.compiler.calls import instantiate

# A class may be absent from a part of the data, at each epoch: the page of the block says what that counts.
for _message in ("No positive samples", "No negative samples", "Average precision score for one or more"):
    warnings.filterwarnings("ignore", message=_message, category=UserWarning)


class Accumulated:
    """One metric of a network.

    Its sums are in double precision, so that they are right however many batches there are.
    """

    def __init__(self, call: Call, device: torch.device) -> None:
        self._place = torch.device("cpu") if device.type == "mps" else device  # which has no double precision
        self._metric: Any = instantiate(call)
        self._metric.set_dtype(torch.float64).to(self._place)

    def take_in(self, values: Sequence[torch.Tensor]) -> None:
        """Take in a batch: what the call's arguments are of it."""
        placed = (value.to(self._place) for value in values)
        self._metric.update(*(value.double() if value.is_floating_point() else value for value in placed))

    def close(self) -> float:
        """Return the metric of all batches since the last time, and forget them. Waits for the device.

        Not a number where there are too few samples to tell.
        """
        try:
            return float(self._metric.compute())
        except ValueError:  # R2Score of a single sample
            return float("nan")
        finally:
            self._metric.reset()
