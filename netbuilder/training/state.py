"""Everything that decides how a run goes on: what a checkpoint holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import optim

from netbuilder.training.network import Network


class State:
    """A network in training, and its place in the run: `batch` batches of epoch number `epoch` (from 0) are done.

    `best` holds the weights of the epoch with the lowest validation loss and, before the first epoch has ended, those
    of the last checkpoint. `rng` is the state of torch's global generators, which dropout draws from.
    """

    def __init__(self, network: Network, optimizer: optim.Optimizer, batch_sizes: Sequence[int]) -> None:
        self.network = network
        self.optimizer = optimizer
        self.batch_sizes = np.array(batch_sizes, dtype=np.float64)
        self.steps_per_epoch = len(batch_sizes)
        self.epoch = 0
        self.batch = 0
        self.best_loss: float | None = None
        self.best_epoch: int | None = None
        self.best = {name: tensor.clone() for name, tensor in network.tensors.items()}
        self.rng: dict[str, torch.Tensor] = {}

    @property
    def step(self) -> int:
        """Steps done, over all epochs."""
        return self.epoch * self.steps_per_epoch + self.batch

    def end_epoch(self, validation_loss: float) -> bool:
        """Count the epoch as done; where its validation loss is the lowest so far, keep the weights and return True."""
        self.epoch += 1
        self.batch = 0
        is_best = self.best_loss is None or validation_loss < self.best_loss
        if is_best:
            self.best_loss, self.best_epoch = validation_loss, self.epoch
            self.keep_best()
        return is_best

    def keep_best(self) -> None:
        """Take the weights as they are now for the best."""
        for name, tensor in self.network.tensors.items():
            self.best[name].copy_(tensor)

    def take_rng(self) -> None:
        """Remember torch's global generators as they are now."""
        device = self.network.device
        self.rng = {"cpu": torch.get_rng_state()}
        if device.type == "cuda":
            self.rng["cuda"] = torch.cuda.get_rng_state(device)
        elif device.type == "mps":
            self.rng["mps"] = torch.mps.get_rng_state()

    def give_rng(self) -> None:
        """Put torch's global generators back to where they were, whoever has drawn from them in between."""
        device = self.network.device
        if "cpu" in self.rng:
            torch.set_rng_state(self.rng["cpu"])
        if device.type == "cuda" and "cuda" in self.rng:
            torch.cuda.set_rng_state(self.rng["cuda"], device)
        elif device.type == "mps" and "mps" in self.rng:
            torch.mps.set_rng_state(self.rng["mps"])

    def optimizer_tensors(self) -> dict[str, torch.Tensor]:
        """Return the optimizer's memory, named after the weights: `fc1.weight/exp_avg`."""
        states = self.optimizer.state
        return {
            f"{name}/{key}": value
            for name, parameter in self.network.parameters.items()
            for key, value in states.get(parameter, {}).items()
            if isinstance(value, torch.Tensor)
        }

    def load_optimizer(self, tensors: Mapping[str, torch.Tensor]) -> None:
        """Take over an optimizer's memory as `optimizer_tensors` named it.

        `ValueError` where it is another network's.
        """
        parameters = self.network.parameters
        numbers = {name: number for number, name in enumerate(parameters)}
        states: dict[int, dict[str, torch.Tensor]] = {}
        for key, tensor in tensors.items():
            name, _, part = key.rpartition("/")
            if name not in parameters or tensor.shape not in (torch.Size(), parameters[name].shape):
                raise ValueError(f"{key} belongs to no weight")
            states.setdefault(numbers[name], {})[part] = tensor
        groups = self.optimizer.state_dict()["param_groups"]
        self.optimizer.load_state_dict({"state": states, "param_groups": groups})
