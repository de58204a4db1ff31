"""Everything that is checked and made before the first step: what a run would stumble over later is said at once.

1. The network has to be complete, with something to minimise and something to learn.
2. Memory is asked for before any of it is taken.
3. The data is loaded and compared with what the project says of it.
4. The network is built, with weights that the seed alone decides.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from netbuilder.blocks import registry
from netbuilder.compiler.lower import lower
from netbuilder.compiler.memory import require_memory
from netbuilder.compiler.program import Cost, Lowering, Program
from netbuilder.data import config as data_config
from netbuilder.data import dataset
from netbuilder.data.catalog import source
from netbuilder.data.dataset import DataSet
from netbuilder.diagnostics import NetbuilderError
from netbuilder.graph.project import Project
from netbuilder.training import optimizer
from netbuilder.training.config import TrainingConfig, no_training
from netbuilder.training.device import resolve, threads_for
from netbuilder.training.network import Network
from netbuilder.training.state import State


@dataclass(frozen=True, slots=True)
class Prepared:
    """A project that is ready to be trained. `threads` are those of a training on the CPU."""

    program: Program
    data: DataSet
    state: State
    threads: int


def prepare(project: Project, config: TrainingConfig) -> Prepared:
    """Return what the training of a project begins with. Raises `NetbuilderError` with the first thing in the way."""
    lowering = lower(project)
    program = _trainable(lowering)
    refusal = no_training(project.training)
    if refusal:
        raise NetbuilderError(refusal)
    device = resolve(config.device)
    described = data_config.read(project.data)
    batch_size = min(config.batch_size, source(described.source).samples)
    cost = lowering.total()
    _require_memory(cost, config, batch_size, device)
    data = dataset.load(described, device)
    threads = threads_for(3 * cost.flops * batch_size)  # forward, and backward for inputs and for weights
    return Prepared(program, data, _first_state(program, data, config, device), threads)


def _trainable(lowering: Lowering) -> Program:
    program, errors = lowering.program, lowering.errors()
    if program is None:
        more = f" (And {len(errors) - 1} more.)" if len(errors) > 1 else ""
        raise NetbuilderError(f"The network can't be trained yet: {errors[0].message}{more}")
    losses = program.only("loss")
    if not losses.results:
        raise NetbuilderError("There is no loss, so there is nothing to train for.")
    if not any(result.weight for result in losses.results):
        raise NetbuilderError("Every loss has the weight 0, so there is nothing to train for.")
    for slot in program.inputs:
        if not slot.field:
            raise NetbuilderError(f"The input “{slot.name}” is bound to no field of the data.")
    for result in program.only("loss", "metric").results:
        if result.name == "loss" and (result.role == "metric" or len(losses.results) > 1):
            raise NetbuilderError("“loss” stands for the whole loss in the results: give that block another name.")
    return program


def _require_memory(cost: Cost, config: TrainingConfig, batch_size: int, device: torch.device) -> None:
    """Ask for weights, gradients, the best weights, the optimizer's memory, and a batch on its way there and back."""
    weights = 4 * cost.parameters
    require_memory(weights, "Building the network")
    copies = 3 + optimizer.state_copies(config)
    require_memory(weights * copies + 2 * cost.activation * batch_size, "Training this network", device)


def _first_state(program: Program, data: DataSet, config: TrainingConfig, device: torch.device) -> State:
    """Return the network before the first step. The caller's random numbers go on as if nothing had been drawn."""
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):  # pyright: ignore[reportUnknownMemberType]
        torch.manual_seed(config.seed)  # pyright: ignore[reportUnknownMemberType] - torch leaves both untyped
        network = Network(program, device)
        if not network.parameters:
            raise NetbuilderError("No block that the loss depends on has weights, so there is nothing to train.")
        sizes = network.batch_sizes(len(data.split("train")), config.batch_size)
        _require_pairs(program, min(sizes))
        state = State(network, optimizer.make(config, network.parameters.values()), sizes)
        state.take_rng()
        return state


def _require_pairs(program: Program, smallest: int) -> None:
    """Refuse batches of one sample where it would be normalised by itself: all that is left of it is zeros."""
    for part, _ in program.only("loss").leaves():
        _, spec = part.outputs[0]
        if smallest == 1 and registry.blocks()[part.type].compares_samples and spec.numel() == spec.size(1):
            raise NetbuilderError(
                f"“{part.name}” compares the samples of a batch with each other, and here a batch has one: "
                "choose a batch size of at least 2."
            )
