"""What the training loop writes and anyone may read, from any thread. Imports numpy alone, so the window may have it.

The loop never waits for a reader: numbers go into rings that grow by doubling, pictures are latest-only, and events,
which are never dropped, queue up until they are taken. Readers pull on a timer of their own.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from netbuilder.diagnostics import Diagnostic
from netbuilder.graph.model import NodeId

Floats: TypeAlias = npt.NDArray[np.float32]

# Events: what happened to a run, each once, in order


@dataclass(frozen=True, slots=True)
class Started:
    """The first step is about to run, on `device`, described in words (`cpu · 2 threads`, `cuda:0 · NVIDIA H200`)."""

    run: str
    device: str
    total_steps: int
    steps_per_epoch: int
    parameters: int


@dataclass(frozen=True, slots=True)
class EpochEnded:
    """One epoch and its validation are done.

    `values` holds train_loss, validation_loss, validation_<metric>, seconds.
    """

    run: str
    epoch: int
    step: int
    values: Mapping[str, float]
    is_best: bool


@dataclass(frozen=True, slots=True)
class Paused:
    """The loop stands still after `step` steps; the weights as they are now are on disk."""

    run: str
    step: int


@dataclass(frozen=True, slots=True)
class Resumed:
    """The loop goes on."""

    run: str
    step: int


@dataclass(frozen=True, slots=True)
class Ended:
    """The run is over and everything that it leaves is on disk.

    `finished` ran all its epochs, `stopped` was asked to stop, `failed` could not go on: `problem` says why, in words,
    and at which node, where it is known; `details` is for a bug report.
    """

    run: str
    reason: Literal["finished", "stopped", "failed"]
    step: int
    epoch: int
    test_metrics: Mapping[str, float] = field(default_factory=dict[str, float])
    problem: Diagnostic | None = None
    details: str = ""


Event: TypeAlias = Started | EpochEnded | Paused | Resumed | Ended


@dataclass(frozen=True, slots=True)
class Progress:
    """Where the run is, in epoch number `epoch` of `epochs`, from 1.

    `steps_per_second` is measured over about the last second and counts running time alone.
    """

    step: int = 0
    total_steps: int = 0
    epoch: int = 0
    epochs: int = 0
    steps_per_second: float = 0.0
    seconds_left: float | None = None


@dataclass(frozen=True, slots=True)
class ProbeFrame:
    """The activation of one node for the fixed specimen, after `step` steps.

    `values` is the activation of one sample without its batch dimension, float32: `C x H x W` for feature maps,
    `C x L`, `T x F` or `F` otherwise, thinned to at most 64 channels. `counts` and `edges` are the histogram of all its
    values, over the specimen batch.
    """

    run: str
    node: NodeId
    step: int
    sample: int
    values: Floats
    counts: npt.NDArray[np.int64]
    edges: Floats


class Series:
    """An append-only array of float32 that one thread writes and others read: it doubles, so a view stays valid."""

    def __init__(self) -> None:
        self._values: Floats = np.empty(1024, dtype=np.float32)
        self._count = 0

    def extend(self, values: Floats) -> None:
        """Append values; for the one writing thread."""
        end = self._count + len(values)
        if end > len(self._values):
            grown = np.empty(max(end, 2 * len(self._values)), dtype=np.float32)
            grown[: self._count] = self._values[: self._count]
            self._values = grown
        self._values[self._count : end] = values
        self._count = end

    def view(self) -> Floats:
        """Return all values so far, without a copy; the array is never written again below its length."""
        count = self._count
        return self._values[:count]


class Telemetry:
    """One run's window to the outside. `step_losses` holds the training loss of step 1, 2, 3, ..."""

    def __init__(self) -> None:
        self.step_losses = Series()
        self.progress = Progress()
        self.frame: ProbeFrame | None = None
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._watched: tuple[NodeId, int] | None = None

    def emit(self, event: Event) -> None:
        """Put an event where the reader will find it."""
        self._events.put(event)

    def take_events(self) -> list[Event]:
        """Return the events since the last call, oldest first. One reader takes them."""
        return [self._events.get_nowait() for _ in range(self._events.qsize())]

    def watch(self, node: NodeId | None, sample: int = 0) -> None:
        """Ask for frames of this node and this sample of the specimen, or for none: nothing is computed unwatched."""
        with self._lock:
            self._watched = None if node is None else (node, sample)

    def watched(self) -> tuple[NodeId, int] | None:
        """Return what to look at, if anything."""
        with self._lock:
            return self._watched
