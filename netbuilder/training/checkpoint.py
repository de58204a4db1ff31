"""Weights and checkpoints on disk: safetensors, whose header carries the rest as JSON. Nothing is pickled.

`best.safetensors` and `last.safetensors` hold weights alone, under the names of the `state_dict`. `resume.safetensors`
holds all that an exact continuation takes, in one file, so that a process that is killed at any moment leaves the old
checkpoint or the new one, and never parts of both.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import safetensors
import torch
from safetensors.torch import save

from netbuilder.atomic import atomic_write, reason
from netbuilder.diagnostics import NetbuilderError
from netbuilder.training.state import State

Tensors = dict[str, torch.Tensor]

_KEY = "netbuilder"


def save_tensors(path: Path, tensors: Mapping[str, torch.Tensor], facts: Mapping[str, Any]) -> None:
    """Write tensors and a JSON object, whole or not at all. Raises `NetbuilderError`."""
    on_host = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    atomic_write(path, save(on_host, {"format": "pt", _KEY: json.dumps(facts, allow_nan=False)}))


def load_tensors(path: Path) -> tuple[Tensors, dict[str, Any]]:
    """Read what `save_tensors` wrote, on the CPU. Raises `NetbuilderError` for a file that is anything else."""
    try:
        opened: Any = safetensors.safe_open(path, framework="pt")  # a Rust class, without types
        with opened as file:
            metadata: dict[str, str] = file.metadata() or {}
            facts = json.loads(metadata.get(_KEY, "{}"))
            return {name: file.get_tensor(name) for name in file.keys()}, facts  # noqa: SIM118 - not a mapping
    except FileNotFoundError:
        raise NetbuilderError(f"{path} isn't there.") from None
    except OSError as error:
        raise NetbuilderError(f"{path} can't be read: {reason(error)}.") from None
    except (safetensors.SafetensorError, ValueError, RecursionError):
        raise NetbuilderError(f"{path} is damaged, or no safetensors file.") from None


def require_like(path: Path, found: Mapping[str, torch.Tensor], wanted: Mapping[str, torch.Tensor]) -> None:
    """Raise `NetbuilderError` where the tensors in a file are not those of the network, by name, shape and type."""
    for name, tensor in wanted.items():
        if name not in found:
            raise NetbuilderError(f"{path} holds the weights of another network: “{name}” is missing.")
        if found[name].shape != tensor.shape or found[name].dtype != tensor.dtype:
            there, here = (
                f"{' × '.join(map(str, each.shape)) or 'one number'} of {str(each.dtype).removeprefix('torch.')}"
                for each in (found[name], tensor)
            )
            message = f"{path} holds the weights of another network: “{name}” is {there} there, and {here} here."
            raise NetbuilderError(message)
    unknown = next((name for name in found if name not in wanted), None)
    if unknown is not None:
        raise NetbuilderError(f"{path} holds the weights of another network: there is no “{unknown}” here.")


def save_resume(path: Path, state: State) -> None:
    """Write everything that the run goes on from."""
    parts = {
        "weights": state.network.tensors,
        "best": state.best,
        "optimizer": state.optimizer_tensors(),
        "rng": state.rng,
    }
    place = {
        "epoch": state.epoch,
        "batch": state.batch,
        "best_loss": state.best_loss,
        "best_epoch": state.best_epoch,
        "steps_per_epoch": state.steps_per_epoch,
    }
    save_tensors(path, {f"{part}:{name}": each for part, many in parts.items() for name, each in many.items()}, place)


def load_resume(path: Path, state: State) -> None:
    """Bring a newly made state to where the file says. Raises `NetbuilderError` where the two don't belong together."""
    tensors, place = load_tensors(path)
    parts: dict[str, Tensors] = {"weights": {}, "best": {}, "optimizer": {}, "rng": {}}
    for key, tensor in tensors.items():
        part, _, name = key.partition(":")
        if part not in parts:
            raise NetbuilderError(f"{path} is no checkpoint: it holds “{key}”.")
        parts[part][name] = tensor
    for part in ("weights", "best"):
        require_like(path, parts[part], state.network.tensors)
    try:
        epoch, batch, steps_per_epoch = (int(place[key]) for key in ("epoch", "batch", "steps_per_epoch"))
        best_loss, best_epoch = place["best_loss"], place["best_epoch"]
        state.best_loss = None if best_loss is None else float(best_loss)
        state.best_epoch = None if best_epoch is None else int(best_epoch)
        state.load_optimizer(parts["optimizer"])
    except (KeyError, TypeError, ValueError):
        raise NetbuilderError(f"{path} is no checkpoint of this version.") from None
    if steps_per_epoch != state.steps_per_epoch or not 0 <= batch <= steps_per_epoch or epoch < 0:
        raise NetbuilderError(
            f"{path} counts {steps_per_epoch} steps in an epoch, and this run has {state.steps_per_epoch}."
        )
    state.epoch, state.batch = epoch, batch
    state.network.load(parts["weights"])
    for name, tensor in state.best.items():
        tensor.copy_(parts["best"][name])
    state.rng = parts["rng"]
