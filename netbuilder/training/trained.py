"""A network with the weights that a run gave it, ready to be evaluated or exported."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import fx

from netbuilder.compiler.build import build
from netbuilder.compiler.calls import instantiate
from netbuilder.compiler.lower import lower
from netbuilder.compiler.program import Program
from netbuilder.data.dataset import Preprocessing
from netbuilder.diagnostics import NetbuilderError
from netbuilder.graph.project import Project
from netbuilder.training import checkpoint
from netbuilder.training.folder import RunFolder, Weights


@dataclass(frozen=True, slots=True)
class Trained:
    """The project as it was trained, its program and module (on the CPU, in evaluation mode), and what its data was.

    `epoch` is the one whose weights these are, None for weights from before the end of the first.
    """

    project: Project
    program: Program
    module: fx.GraphModule
    preprocessing: Preprocessing
    classes: dict[str, list[str]]
    epoch: int | None


def load_trained(run_folder: Path, weights: Weights = "best") -> Trained:
    """Return the trained network of a run, which may still be going on. Raises `NetbuilderError`."""
    folder = RunFolder.open(run_folder)
    info = folder.info()
    project = folder.project()
    lowering = lower(project)
    if lowering.program is None:
        raise NetbuilderError(f"{folder.project_file} holds no complete network: {lowering.errors()[0].message}")
    file = folder.weights_file(weights)
    tensors, facts = checkpoint.load_tensors(file)
    with torch.device("meta"):  # nothing is initialised: that would draw from the generator that a run may be using
        module = build(lowering.program)
    checkpoint.require_like(file, tensors, module.state_dict())
    module.load_state_dict(tensors, assign=True)
    _make_tables(lowering.program, module)
    return Trained(project, lowering.program, module.eval(), info["preprocessing"], info["classes"], facts.get("epoch"))


def _make_tables(program: Program, module: fx.GraphModule) -> None:
    """Make what is computed and not saved, such as the weights of classes: on the meta device it has no numbers."""
    for path, call in program.modules():
        if any(buffer.is_meta for buffer in module.get_submodule(path).buffers()):
            made = instantiate(call)
            assert not list(made.parameters()), "it would be initialised"
            module.set_submodule(path, made)
