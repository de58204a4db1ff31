# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# (torch, onnx and onnxruntime leave these types out)
"""A program and its weights as an ONNX file that is proven equal to them.

1. The destination is looked at, so that what can't be written is refused before the work.
2. The ancestors of the Output blocks are copied to the CPU, in eval mode; the module that was given stays as it is.
3. `torch.onnx.export` traces the copy, with a batch of any size.
4. The canvas's names, the classes and the preprocessing are written into the model, and the exporter's stack traces,
   which hold paths of this machine, are taken out.
5. The very bytes of the file are checked by `onnx.checker` and, with onnxruntime, at several batch sizes against torch.
6. Only then are they written, in one step: the file that was there before is replaced by a proven one or not at all.

Tracing changes torch for the whole process (see `netbuilder.exchange.process`): beside a training thread, export there.
"""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import fx, nn

from netbuilder import __version__
from netbuilder.atomic import atomic_write
from netbuilder.blocks.spec import TensorSpec
from netbuilder.compiler.build import build
from netbuilder.compiler.memory import require_memory
from netbuilder.compiler.program import Program
from netbuilder.diagnostics import NetbuilderError
from netbuilder.exchange.onnx_conversion import OPSET, convert
from netbuilder.exchange.onnx_proof import differences, proof_bytes

_LARGEST_FILE = 2**31 - 1
"""A protobuf message, and so an ONNX file without companions, holds less than 2 GiB."""

_COPIES = 5
"""Copies of the weights in memory at the height of an export: torch's two, the model, its bytes, onnxruntime's."""


@dataclass(frozen=True, slots=True)
class Report:
    """What was exported, and the proof: the largest difference from torch at each batch size.

    The batch sizes are 1, 3 and 17, or fewer and smaller ones where a batch takes gigabytes, but always two. `inputs`
    and `outputs` are by name, in order. `trained` is False where the weights are fresh random numbers.
    """

    path: Path
    opset: int
    inputs: Mapping[str, TensorSpec]
    outputs: Mapping[str, TensorSpec]
    max_abs_diff: Mapping[int, float]
    trained: bool

    def as_json(self) -> dict[str, Any]:
        """Return the report as JSON values, as the command line prints it."""

        def tensors(specs: Mapping[str, TensorSpec]) -> dict[str, Any]:
            return {
                name: {"shape": [d if isinstance(d, int) else str(d) for d in spec.shape], "dtype": spec.dtype}
                for name, spec in specs.items()
            }

        return {
            "path": str(self.path),
            "opset": self.opset,
            "inputs": tensors(self.inputs),
            "outputs": tensors(self.outputs),
            "max_abs_diff": {str(batch): difference for batch, difference in self.max_abs_diff.items()},
        }


@dataclass(frozen=True, slots=True)
class Labels:
    """What an application has to know beside the numbers.

    The project's name and, by field of its data set, the names of the classes and what was done to the values before
    the network saw them: `{"image": {"subtract": [...], "divide": [...]}}`. In the file they are JSON, under the
    `metadata_props` `netbuilder.project`, `netbuilder.classes` and, by the input's name, `netbuilder.preprocessing`;
    `netbuilder.version` is the program's, `netbuilder.trained` says whether the weights were.
    """

    project: str = ""
    classes: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])
    preprocessing: Mapping[str, Any] = field(default_factory=dict[str, Any])


def export(
    program: Program, module: fx.GraphModule | None, path: Path, labels: Labels | None = None, seed: int = 0
) -> Report:
    """Write what computes the program's outputs, with the module's weights, to an ONNX file; return the proof.

    Without a module the weights are fresh random numbers, from `seed`; report and file say that they are not trained.
    Raises `NetbuilderError` and leaves the file at `path` as it was.
    """
    check_destination(path)
    part = inference_part(program)
    copied = detached(part, module) if module else fresh(part, seed)
    content, report = prove(part, copied, path, labels or Labels(), trained=module is not None)
    atomic_write(path, content)
    return report


def check_destination(path: Path) -> None:
    """Raise `NetbuilderError` where no ONNX file can be put."""
    if os.path.isdir(path):
        raise NetbuilderError(f"{path} is a folder: give the ONNX file a name in it.")
    if path.suffix.lower() != ".onnx":
        raise NetbuilderError(f"An ONNX file's name ends in .onnx, and {path.name} doesn't.")
    if not os.path.isdir(path.parent):
        raise NetbuilderError(f"There is no folder {path.parent} to write {path.name} into.")


def inference_part(program: Program) -> Program:
    """Return what is exported, the ancestors of the outputs; `NetbuilderError` if there are none or no form of them."""
    part = program.only("output")
    if not part.results:
        raise NetbuilderError("There is no Output block, so there is nothing to export: add one after the last layer.")
    for result in part.results:
        if not part.computing([result]).inputs:
            raise NetbuilderError(
                f"No Input leads to the output “{result.name}”, so there is nothing to compute for it."
            )
    for instruction, call in part.leaves():
        if call.unexportable:
            raise NetbuilderError(f"“{instruction.name}” can't be exported: {call.unexportable}")
    return part


def detached(part: Program, module: nn.Module) -> fx.GraphModule:
    """Copy the weights of a module into an inference part: on the CPU, in eval mode, with no tie to the module.

    The weights are read, one after the other; nothing else of the module is touched, nor any random generator.
    """
    shared = build(part, modules=module)
    _require_room(part, shared)
    tensors = (*shared.parameters(), *shared.buffers())
    on_cpu: dict[int, Any] = {id(tensor): _on_cpu(tensor) for tensor in tensors}
    return copy.deepcopy(shared, on_cpu).eval()


def fresh(part: Program, seed: int) -> fx.GraphModule:
    """Build an inference part with random weights, in eval mode. The caller's random numbers go on as before."""
    with torch.device("meta"):
        _require_room(part, build(part))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return build(part).eval()


def _require_room(part: Program, module: nn.Module) -> None:
    """Refuse weights that no ONNX file can hold, and weights or activations that the export has no memory for."""
    size = sum(tensor.numel() * tensor.element_size() for tensor in module.state_dict().values())
    if size > _LARGEST_FILE:
        raise NetbuilderError(
            f"The network has {size / 1e9:,.1f} GB of weights, "
            f"and one ONNX file holds at most {_LARGEST_FILE / 1e9:.1f} GB."
        )
    require_memory(_COPIES * size + proof_bytes(part), "Exporting the network")


def _on_cpu(tensor: torch.Tensor) -> torch.Tensor:
    copied = tensor.detach().to("cpu", copy=True)
    return nn.Parameter(copied, requires_grad=False) if isinstance(tensor, nn.Parameter) else copied


def prove(part: Program, module: fx.GraphModule, path: Path, labels: Labels, *, trained: bool) -> tuple[bytes, Report]:
    """Return the bytes of an ONNX file that computes what `module`, built from the part, does; and the proof."""
    model = convert(part, module)
    _label(part, model, labels, trained)
    content: bytes = model.SerializeToString()
    inputs = {slot.name: slot.spec for slot in part.inputs}
    outputs = {result.name: result.spec for result in part.results}
    return content, Report(path, OPSET, inputs, outputs, differences(part, module, content), trained)


def _label(part: Program, model: Any, labels: Labels, trained: bool) -> None:
    """Write the labels into the model's `metadata_props`."""
    model.producer_name, model.producer_version = "netbuilder", __version__
    project = labels.project.encode(errors="replace").decode()  # a file's name may be no text; a model's has to be
    model.graph.name = project or model.graph.name
    known = labels.preprocessing
    facts = {
        "netbuilder.version": __version__,
        "netbuilder.project": project,
        "netbuilder.classes": {field: list(names) for field, names in labels.classes.items()},
        "netbuilder.preprocessing": {slot.name: known[slot.field] for slot in part.inputs if slot.field in known},
        "netbuilder.trained": trained,
    }
    for key, fact in facts.items():
        text = fact if isinstance(fact, str) else json.dumps(fact, ensure_ascii=False)
        model.metadata_props.add(key=key, value=text)
