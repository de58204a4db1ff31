"""Keeping numbers that are infinite or not a number out of the weights."""

from __future__ import annotations

import torch
from torch import optim

from netbuilder.training.network import Network


class NonFinite(Exception):
    """The loss or a gradient of this batch of the epoch is not finite; its update was not made, nor any after it."""

    def __init__(self, batch: int | None = None) -> None:
        super().__init__("a loss or gradient is not finite")
        self.batch = batch


class Guard:
    """Looks at the loss and all gradients of each step, between backward and update, in one operation.

    `bad` is 0 on the device, and 1 for good from the first number on that is not finite. On a CPU it is read at each
    step, which costs a fifth of a microsecond. On a GPU that would wait for the device, so there the fused optimizers
    read it themselves (`found_inf`, as they do for `torch.amp.GradScaler`) and leave the weights alone, and the host
    learns of it with the next chunk of losses. RMSprop has no fused form in torch: it is made to wait, on a GPU too.
    Where the flag is not read in time, `record` holds it beside the loss.
    """

    def __init__(self, network: Network, optimizer: optim.Optimizer, *, waits: bool | None = None) -> None:
        self._parameters = list(network.parameters.values())
        self._buffers = list(network.module.buffers())
        self._kept = [buffer.clone() for buffer in self._buffers]
        self.bad = torch.zeros((), device=network.device)
        self._one = torch.ones((), device=network.device)
        fused = bool(optimizer.defaults.get("fused"))
        self.waits = waits if waits is not None else network.device.type != "cuda" or not fused
        if not self.waits:
            optimizer.grad_scale, optimizer.found_inf = None, self.bad  # pyright: ignore[reportAttributeAccessIssue]

    def record(self, loss: torch.Tensor) -> torch.Tensor:
        """Check this step, and return its loss as it is recorded. Raises `NonFinite` where the flag is read at once."""
        loss = loss.detach()
        checked = [parameter.grad for parameter in self._parameters if parameter.grad is not None]
        checked.append(loss)
        # what GradScaler runs too: all tensors in one kernel, each multiplied by one, which changes nothing
        torch._amp_foreach_non_finite_check_and_unscale_(checked, self.bad, self._one)  # pyright: ignore[reportPrivateImportUsage, reportPrivateUsage]
        if not self.waits:
            return torch.stack((loss, self.bad))
        if self.bad:
            raise NonFinite
        return loss

    def keep_buffers(self) -> None:
        """Remember the buffers (running means), unless a step since then was bad; without waiting for the device."""
        for kept, buffer in zip(self._kept, self._buffers, strict=True):
            torch.where(self.bad > 0, kept, buffer, out=kept)

    def restore_buffers(self) -> None:
        """Put back the buffers as they were remembered last: the forward pass of a bad step has spoiled them."""
        for kept, buffer in zip(self._kept, self._buffers, strict=True):
            buffer.copy_(kept)
