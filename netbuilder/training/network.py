"""A program built for training: the whole module, and views of it that share its weights."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import fx, nn

from netbuilder.compiler.build import build
from netbuilder.compiler.program import Program
from netbuilder.data.dataset import Split

Batch = tuple[torch.Tensor, ...]


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
        self.check_results = checked.results
        self.step = build(losses, self.module)
        self.check = build(checked, self.module)
        self.step_fields = [slot.field for slot in losses.inputs]
        self.check_fields = [slot.field for slot in checked.inputs]
        self.parameters: dict[str, nn.Parameter] = dict(self.step.named_parameters())
        self.tensors: dict[str, torch.Tensor] = self.module.state_dict()  # the live tensors: all updates are in place
        self.has_batch_norm = any(isinstance(part, nn.modules.batchnorm._BatchNorm) for part in self.step.modules())
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

        A single sample left over joins the batch before where there is batch normalisation: one sample has no deviation.
        """
        sizes = [batch_size] * (samples // batch_size)
        rest = samples % batch_size
        if rest == 1 and sizes and self.has_batch_norm:
            sizes[-1] += 1
        elif rest:
            sizes.append(rest)
        return sizes

    def epoch_batches(self, split: Split, batch_size: int, seed: int, epoch: int) -> list[Batch]:
        """Return the batches of an epoch, in an order that (seed, epoch) alone decides.

        The part is gathered once, and the batches are views of it: a tenth faster than an index for each batch.
        """
        mixed = np.random.SeedSequence((seed, epoch)).generate_state(1, np.uint64)
        order = torch.randperm(len(split), generator=torch.Generator().manual_seed(int(mixed[0]) >> 1))
        order = order.to(self.device)
        sizes = self.batch_sizes(len(split), batch_size)
        return list(zip(*(split.fields[field][order].split(sizes) for field in self.step_fields), strict=True))

    @torch.inference_mode()
    def measure(self, split: Split, batch_size: int) -> dict[str, float]:
        """Return the means of losses and metrics over a part of the data, in evaluation mode; every sample counts the same.

        `loss` is the weighted total; metrics and, where there are several, losses are under their names on the canvas.
        """
        self.module.eval()
        batches = list(zip(*(split.fields[field].split(batch_size) for field in self.check_fields), strict=True))
        rows = [torch.stack(self.check.forward(*batch)) for batch in batches]
        values = torch.stack(rows).cpu().double()  # waits for the device, once
        samples = torch.tensor([len(batch[0]) for batch in batches], dtype=torch.float64)
        means = (samples @ values / samples.sum()).tolist()

        results = self.check_results
        losses = [mean for mean, result in zip(means, results, strict=True) if result.role == "loss"]
        named = {result.name: mean for mean, result in zip(means, results, strict=True)}
        if len(losses) == 1:
            named = {result.name: named[result.name] for result in results if result.role == "metric"}
        total = sum(loss * weight for loss, weight in zip(losses, self._weights, strict=True))
        return {"loss": total, **named}
