"""Losses on their way from the device to the telemetry: in chunks, and without waiting for the device."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from netbuilder.training.guard import NonFinite
from netbuilder.training.telemetry import Series


class Recorder:
    """Collects the records of steps (a loss, or a loss and the guard's flag) and hands many on in one copy."""

    def __init__(self, series: Series, device: torch.device) -> None:
        self.pending: list[torch.Tensor] = []
        self._series = series
        self._is_cuda = device.type == "cuda"
        self._under_way: tuple[torch.Tensor, torch.cuda.Event] | None = None
        self._epoch_start = 0

    def begin_epoch(self, steps_done: int) -> None:
        """Say how many steps of the epoch have been recorded before: none, or those before a stop in mid-epoch."""
        self._epoch_start = len(self._series.view()) - steps_done

    def epoch_losses(self) -> npt.NDArray[np.float32]:
        """Return the recorded losses of this epoch."""
        return self._series.view()[self._epoch_start :]

    def flush(self, *, wait: bool = False) -> None:
        """Hand on what has come in. On a GPU the newest chunk only sets out, unless `wait`; the one before has arrived.

        Raises `NonFinite`, with the number of the batch, where a step was bad; neither it nor those after are handed
        on.
        """
        self._take_in()
        if self.pending:
            chunk = torch.stack(self.pending)
            self.pending.clear()
            if self._is_cuda:
                host = torch.empty(chunk.shape, dtype=chunk.dtype, pin_memory=True)
                host.copy_(chunk, non_blocking=True)
                arrival = torch.cuda.Event()
                arrival.record()
                self._under_way = host, arrival
            else:
                self._hand_on(chunk.cpu().numpy())
        if wait:
            self._take_in()

    def _take_in(self) -> None:
        if self._under_way:
            host, arrival = self._under_way
            self._under_way = None
            arrival.synchronize()  # long past, unless the device is a whole chunk behind: then it is well to wait
            self._hand_on(host.numpy())

    def _hand_on(self, records: npt.NDArray[Any]) -> None:
        if records.ndim == 1:
            self._series.extend(records)
            return
        losses, flags = records[:, 0], records[:, 1]
        good = int(np.argmax(flags)) if flags.any() else len(flags)
        self._series.extend(losses[:good])
        if good < len(flags):
            raise NonFinite(len(self.epoch_losses()))
