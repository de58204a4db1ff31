"""Why a run could not go on, in words, and at which block."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch

from netbuilder.compiler.interpret import NodeFailure, first_non_finite, run
from netbuilder.diagnostics import Diagnostic, NetbuilderError
from netbuilder.graph.model import NodeId
from netbuilder.training.guard import NonFinite
from netbuilder.training.network import Batch, Network

_ADVICE = "A smaller learning rate or gradient clipping usually helps."


def explain(error: Exception, network: Network, batch: Batch, place: str) -> Diagnostic:
    """Return the problem that ended the run, given the batch that it met at `place` (“step 12, epoch 1”)."""
    if isinstance(error, NetbuilderError):
        return Diagnostic("error", "not-saved", str(error))
    if isinstance(error, NonFinite):
        return _non_finite(network, batch, place)
    node = _failing_node(network, batch)
    where = f" at “{network.program.names()[node.node]}”" if node else ""
    if _is_out_of_memory(error):
        size = len(batch[0])
        advice = f"try a batch size of {size // 2}" if size > 1 else "make the network smaller"
        message = f"The memory of {network.device} ran out{where} with a batch of {size} samples: {advice}."
        return Diagnostic("error", "out-of-memory", message, node=node and node.node)
    message = f"Training failed{where} at {place}: {first_line(node or error).rstrip('.')}."
    return Diagnostic("error", "run-failed", message, node=node and node.node)


def explain_validation(network: Network, batches: Sequence[Batch], place: str) -> Diagnostic:
    """Return where the first number went wrong in the validation of an epoch."""
    network.module.eval()
    found = (first_non_finite(network.check, batch) for batch in batches)
    node = next((node for node in found if node is not None), None)
    where = f": it began at “{network.program.names()[node]}”" if node else ""
    message = f"The validation loss is not a finite number after {place}{where}. {_ADVICE}"
    return Diagnostic("error", "non-finite", message, node=node)


def first_line(error: BaseException) -> str:
    """Return what an exception says, without the pages that may follow."""
    return str(error).strip().split("\n")[0] or type(error).__name__


def _non_finite(network: Network, batch: Batch, place: str) -> Diagnostic:
    """Run the bad batch again, with the same weights, and see where the first number goes wrong."""
    module, names = network.step, network.program.names()
    network.module.train()
    node = first_non_finite(module, batch)
    with torch.no_grad():
        loss = float(network.total(module.forward(*batch)))
    what = "is not a number (NaN)" if math.isnan(loss) else "became infinite"
    if node is not None and node in {slot.node for slot in network.program.inputs}:
        message = f"The data at “{names[node]}” holds a value that is not a finite number; met at {place}."
    elif node is not None:
        message = f"The loss {what} at {place}: it began at “{names[node]}”. The step's update was not made. {_ADVICE}"
    else:
        node = _bad_gradient(network, batch)
        where = f", at “{names[node]}” first" if node else ""
        message = (
            f"The gradient is not finite at {place}{where}, though the loss is {loss:.4g}. "
            f"The step's update was not made. {_ADVICE}"
        )
    return Diagnostic("error", "non-finite", message, node=node)


def _bad_gradient(network: Network, batch: Batch) -> NodeId | None:
    """Return the last block with a gradient that is not finite: gradients run from the loss backwards."""
    parameters = network.parameters
    with torch.enable_grad():
        loss = network.total(network.step.forward(*batch))
        gradients = torch.autograd.grad(loss, list(parameters.values()), materialize_grads=True)
    bad = {
        name.split(".")[0]
        for name, gradient in zip(parameters, gradients, strict=True)
        if not bool(torch.isfinite(gradient).all())
    }
    return next((part.node for part in reversed(network.program.instructions) if part.name in bad), None)


def _failing_node(network: Network, batch: Batch) -> NodeFailure | None:
    """Run the batch again, block by block, and return what fails; None if nothing does, as when it was the way back."""
    try:
        with torch.enable_grad():
            run(network.step, batch)
    except NodeFailure as failure:
        return failure
    except Exception:
        return None
    return None


def _is_out_of_memory(error: Exception) -> bool:
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or "can't allocate memory" in str(error)
