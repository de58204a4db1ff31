"""A program built for training: the whole module, and views of it that share its weights."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import fx, nn

from netbuilder.blocks import registry
from netbuilder.blocks.spec import Call
from netbuilder.compiler.build import build
from netbuilder.compiler.program import Program
from netbuilder.data.dataset import Split
from netbuilder.training.metrics import Accumulated

Batch = tuple[torch.Tensor, ...]

_CHECK_BYTES = 64 * 2**20
"""Activations of a batch in `measure`, all layers together, where a training batch is not larger anyhow."""


class Network:
    """What is trained.

    `module` is the whole network, whose weights are kept; `step` computes the losses alone, `check` losses and metrics.
    Without a `module` to take over, weights are made on the CPU from torch's global generator, so that a seed gives the
    same ones on every device.
    """

    def __init__(self, program: Program, device: torch.device, module: fx.GraphModule | None = None) -> None:
        self.program = program
        self.device = device
        self.module: fx.GraphModule = (module or build(program)).to(device)
        losses, checked = program.only("loss"), program.only("loss", "metric")
        calls = {
            part.node: part.call for part in checked.instructions if isinstance(part.call, Call) and part.call.is_metric
        }
        self._metrics = {
            result: Accumulated(calls[result.node], device) for result in checked.results if result.node in calls
        }
        self._means = [result for result in checked.results if result not in self._metrics]
        checked = program.computing((*self._means, *self._metrics))
        self.check_program = checked
        self.step = build(losses, self.module)
        self.check = build(checked, self.module)
        self.step_fields = [slot.field for slot in losses.inputs]
        self.check_fields = [slot.field for slot in checked.inputs]
        self.parameters: dict[str, nn.Parameter] = dict(self.step.named_parameters())
        self.tensors: dict[str, torch.Tensor] = self.module.state_dict()  # the live tensors: all updates are in place
        self.compares_samples = any(registry.blocks()[part.type].compares_samples for part, _ in losses.leaves())
        self._weights = [result.weight for result in losses.results]

    def total(self, losses: Sequence[torch.Tensor]) -> torch.Tensor:
        """Return what is minimised: the sum of all losses, each times its weight."""
        terms = [loss if weight == 1.0 else loss * weight for loss, weight in zip(losses, self._weights, strict=True)]
        total = terms[0]
        for term in terms[1:]:
            total = total + term
        return total

    def load(self, tensors: dict[str, torch.Tensor]) -> None:
        """Take over all weights and buffers."""
        with torch.no_grad():
            for name, tensor in self.tensors.items():
                tensor.copy_(tensors[name])

    def all_finite(self) -> bool:
        """Tell whether all weights and buffers are finite numbers. Waits for the device."""
        return all(bool(torch.isfinite(tensor).all()) for tensor in self.tensors.values())

    def batch_sizes(self, samples: int, batch_size: int) -> list[int]:
        """Return the sizes of an epoch's batches; the last is what is left over.

        A single sample left over joins the batch before where samples are compared: one sample has no deviation.
        """
        sizes = [batch_size] * (samples // batch_size)
        rest = samples % batch_size
        if rest == 1 and sizes and self.compares_samples:
            sizes[-1] += 1
        elif rest:
            sizes.append(rest)
        return sizes

    def epoch_batches(self, part: Split, batch_size: int, seed: int, epoch: int) -> list[Batch]:
        """Return the batches of an epoch, in an order that (seed, epoch) alone decides.

        The part is gathered once, and the batches are views of it: a tenth faster than an index for each batch.
        """
        mixed = np.random.SeedSequence((seed, epoch)).generate_state(1, np.uint64)
        order = torch.randperm(len(part), generator=torch.Generator().manual_seed(int(mixed[0]) >> 1))
        order = order.to(self.device)
        sizes = self.batch_sizes(len(part), batch_size)
        fields = (part.fields[field].index_select(0, order) for field in self.step_fields)
        return list(zip(*(torch.split(field, sizes) for field in fields), strict=True))

    def check_batches(self, part: Split, batch_size: int) -> list[Batch]:
        """Return a part in batches for `measure`: larger than in training, where it is known that they fit."""
        size = max(batch_size, _CHECK_BYTES // (4 * self.check_program.volume()))
        return list(zip(*(torch.split(part.fields[field], size) for field in self.check_fields), strict=True))

    @torch.inference_mode()
    def measure(self, batches: Sequence[Batch]) -> dict[str, float]:
        """Return losses and metrics over all batches, in evaluation mode; every sample counts the same.

        `loss` is what training minimises, the sum of all losses times their weights; metrics and, where there are
        several, losses are under their names on the canvas, each without its weight. Losses, Accuracy and
        MeanAbsoluteError are means over the samples (a loss with class weights or labels that don't count: over the
        batches' means); all other metrics are computed from all samples at once. Waits for the device.
        """
        self.module.eval()
        rows: list[torch.Tensor] = []
        for batch in batches:
            values = self.check.forward(*batch)
            rows.append(torch.stack(values[: len(self._means)]))
            for metric, taken in zip(self._metrics.values(), values[len(self._means) :], strict=True):
                metric.take_in(taken)
        samples = [len(batch[0]) for batch in batches]
        means = np.average(torch.stack(rows).cpu().numpy().astype(np.float64), axis=0, weights=samples)
        named = dict(zip(self._means, map(float, means), strict=True))
        named |= {result: metric.close() for result, metric in self._metrics.items()}
        losses = [result for result in named if result.role == "loss"]
        values = {"loss": sum(result.weight * named[result] for result in losses)}
        order = (result for result in self.program.results if result in named)
        values |= {result.name: named[result] for result in order if result.role == "metric" or len(losses) > 1}
        return values
