"""A look inside the network while it trains, that changes nothing: the activation of one block for a fixed specimen."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import numpy.typing as npt

from netbuilder.compiler.interpret import activations
from netbuilder.data.dataset import Split
from netbuilder.graph.model import NodeId
from netbuilder.training.network import Network
from netbuilder.training.telemetry import ProbeFrame, Telemetry

SPECIMENS = 16
"""Samples in the specimen: the first of the validation part, whose order the split's seed decides."""

SHARE = 0.01
"""Of the wall time, at most, that looking takes."""

_CHANNELS = 64
_LARGEST_SIDE = 256
_HISTOGRAM_VALUES = 65_536
_BINS = 48


class Probe:
    """Makes frames of the block that is watched, within its share of the time.

    A pass in evaluation mode without gradients draws no random number and changes no buffer, so a run is the same with
    it and without.
    """

    def __init__(self, run: str, network: Network, validation: Split, telemetry: Telemetry) -> None:
        self._run = run
        self._network = network
        self._telemetry = telemetry
        self._specimen = [validation.fields[slot.field][:SPECIMENS] for slot in network.program.inputs]
        self._count = min(SPECIMENS, len(validation))
        self._source = {result.node: result.value.node for result in network.program.results}
        self._next = 0.0
        self._last: tuple[tuple[NodeId, int], int] | None = None

    def look(self, step: int, *, idle: bool = False) -> None:
        """Make a frame, if a block is watched and there is something new to see.

        Another block is shown at once, and the time that it took is saved later; while the run is `idle`, time is free.
        """
        watched = self._telemetry.watched()
        started = time.perf_counter()
        if watched is None or self._last == (watched, step):
            return
        if not idle and started < self._next and self._last and self._last[0] == watched:
            return
        frame = self._frame(*watched, step)
        self._last = watched, step
        if frame is not None:
            self._telemetry.frame = frame
        if not idle:
            ended = time.perf_counter()
            self._next = max(self._next, ended) + (ended - started) / SHARE

    def _frame(self, node: NodeId, sample: int, step: int) -> ProbeFrame | None:
        seen = self._source.get(node, node)  # an Output shows what it is given
        module = self._network.module
        was_training = module.training
        module.eval()
        try:
            found = activations(module, self._specimen, (seen,))
        finally:
            module.train(was_training)
        if seen not in found:
            return None
        activation = found.pop(seen).detach()  # nothing of the pass outlives it, even where garbage is collected seldom
        sample %= self._count
        own = min(sample, len(activation) - 1) if activation.dim() else 0  # a learned tensor is one for all samples
        values = (activation[own] if activation.dim() else activation).float().cpu().numpy()
        flat = activation.flatten()
        counts, edges = _histogram(flat[:: -(-len(flat) // _HISTOGRAM_VALUES) or 1].float().cpu().numpy())
        return ProbeFrame(self._run, node, step, sample, _thin(values), counts, edges)


def _thin(values: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    """Return at most 64 channels, evenly chosen, of maps of bounded size."""
    values = np.atleast_1d(values)
    if values.ndim >= 3:
        values = values[:: -(-len(values) // _CHANNELS)]
    for axis in range(values.ndim):
        step = -(-values.shape[axis] // _LARGEST_SIDE)
        values = values[(slice(None),) * axis + (slice(None, None, step),)]
    return np.array(values, dtype=np.float32)


def _histogram(values: npt.NDArray[np.float32]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
    finite = values[np.isfinite(values)]
    counts, edges = np.histogram(finite.astype(np.float64), _BINS)
    return counts.astype(np.int64), edges.astype(np.float32)
