# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# (torch, onnx and onnxruntime leave these types out)
"""A program and its weights as an ONNX file that is proven equal to them.

1. The destination is looked at, so that what can't be written is refused before the work.
2. The ancestors of the Output blocks are copied to the CPU, in eval mode; the module that was given stays as it is.
3. `torch.onnx.export` traces the copy, with a batch of any size.
4. The canvas's names, the classes and the preprocessing are written into the model, and the exporter's stack traces, which
   hold paths of this machine, are taken out.
5. The very bytes of the file are checked by `onnx.checker` and, with onnxruntime, at three batch sizes against torch.
6. Only then are they written, in one step: the file that was there before is replaced by a proven one or not at all.

Tracing changes torch for the whole process (see `netbuilder.exchange.process`): beside a training thread, export there.
"""

from __future__ import annotations

import ast
import copy
import json
import logging
import os
import traceback
import warnings
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import fx, nn

from netbuilder import __version__
from netbuilder.atomic import atomic_write
from netbuilder.blocks.spec import Free, TensorSpec
from netbuilder.compiler.build import build
from netbuilder.compiler.memory import require_memory
from netbuilder.compiler.program import GroupCall, Program
from netbuilder.diagnostics import NetbuilderError
from netbuilder.exchange.inputs import draw, example_sizes
from netbuilder.exchange.onnx_operations import translations

OPSET = 20
"""The newest operator set that torch's exporter counts as settled; onnxruntime reads it since 1.17."""

BATCHES = (1, 3, 17)
ABSOLUTE, RELATIVE = 1e-5, 1e-4
"""How far onnxruntime may be from torch: |d| <= ABSOLUTE + RELATIVE * |torch|, at each number of each output."""

_LARGEST_FILE = 2**31 - 1
"""A protobuf message, and so an ONNX file without companions, holds less than 2 GiB."""

_COPIES = 5
"""How often the weights stand in memory at the height of an export: torch's twice, the model, its bytes, onnxruntime's."""


class ExportError(NetbuilderError):
    """The network can't be exported. `details` is for a bug report: what the exporter said at length."""

    def __init__(self, message: str, details: str = "") -> None:
        super().__init__(message, details)
        self.details = details

    def __str__(self) -> str:
        return self.args[0]


@dataclass(frozen=True, slots=True)
class Report:
    """What was exported, and the proof: the largest difference from torch at each batch size.

    `inputs` and `outputs` are by name, in order. `trained` is False where the weights are fresh random numbers.
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

    The project's name and, by field of its data set, the names of the classes and what was done to the values before the
    network saw them: `{"image": {"subtract": [...], "divide": [...]}}`.
    In the file they are JSON, under the `metadata_props` `netbuilder.project`, `netbuilder.classes` and, by the input's name,
    `netbuilder.preprocessing`; `netbuilder.version` is the program's, `netbuilder.trained` says whether the weights were.
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
    """Return what is exported: the ancestors of the outputs; `NetbuilderError` where there is no output, or no form of it."""
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
            f"The network has {size / 1e9:,.1f} GB of weights, and one ONNX file holds at most {_LARGEST_FILE / 1e9:.1f} GB."
        )
    require_memory(_COPIES * size + BATCHES[-1] * _sample_bytes(part), "Exporting the network")


def _sample_bytes(part: Program) -> int:
    """Return what one sample of the proof takes: its inputs, what the largest block reads and writes, its results compared."""
    inputs = sum(slot.spec.numel() for slot in part.inputs)
    results = sum(result.spec.numel() for result in part.results)
    return 4 * max(_block_sizes(part), default=0) + 8 * inputs + 24 * results


def _block_sizes(part: Program) -> Iterator[int]:
    """Yield how many numbers each block reads and writes, those inside of groups too."""
    specs = part.specs()
    for each in part.instructions:
        read = sum(specs[value].numel() for value in each.args if value)
        yield read + sum(spec.numel() for _, spec in each.outputs)
        if isinstance(each.call, GroupCall):
            for inner in {id(inner): inner for inner in each.call.parts}.values():
                yield from _block_sizes(inner)


def _on_cpu(tensor: torch.Tensor) -> torch.Tensor:
    copied = tensor.detach().to("cpu", copy=True)
    return nn.Parameter(copied, requires_grad=False) if isinstance(tensor, nn.Parameter) else copied


def prove(part: Program, module: fx.GraphModule, path: Path, labels: Labels, *, trained: bool) -> tuple[bytes, Report]:
    """Return the content of the ONNX file that computes what `module`, built from an inference part, does; and the proof."""
    model = _convert(part, module)
    _check_dimensions(part, model)
    _label(part, model, labels, trained)
    content: bytes = model.SerializeToString()
    differences = _differences(part, module, content)
    inputs = {slot.name: slot.spec for slot in part.inputs}
    outputs = {result.name: result.spec for result in part.results}
    return content, Report(path, OPSET, inputs, outputs, differences, trained)


def warm_up() -> None:
    """Trace a tiny network, so that the next export takes half a second instead of three."""
    with _quiet():
        torch.onnx.export(nn.Linear(2, 2), (torch.zeros(2, 2),), dynamo=True, opset_version=OPSET, verbose=False)


def _convert(part: Program, module: fx.GraphModule) -> Any:
    """Trace the module and return an `onnx.ModelProto`."""
    sizes = example_sizes(part)
    examples = tuple(map(torch.from_numpy, draw(part, sizes, np.random.default_rng(0))))
    symbols = {symbol: torch.export.Dim(symbol) for symbol in sizes}
    free = tuple(
        {axis: symbols[dim.symbol] for axis, dim in enumerate(slot.spec.shape) if isinstance(dim, Free)}
        for slot in part.inputs
    )
    try:
        with _quiet(), torch.no_grad():
            exported = torch.onnx.export(
                module,
                examples,
                dynamo=True,
                dynamic_shapes=free,
                input_names=[slot.name for slot in part.inputs],
                output_names=[result.name for result in part.results],
                opset_version=OPSET,
                custom_translation_table=translations(),
                verbose=False,
            )
            assert exported is not None, "the dynamo exporter returns its program"
            _tidy(exported.model, list(module.state_dict()))
            return exported.model_proto
    except Exception as error:  # whatever the exporter raises means that this network can't be exported
        reason = _root(error)
        raise ExportError(f"This network can't be written as ONNX: {reason}", traceback.format_exc()) from error


@contextmanager
def _quiet() -> Generator[None]:
    """Keep the exporter's remarks on deprecated and missing parts of itself off the terminal; failures are raised."""
    loggers = [logging.getLogger(name) for name in ("torch.onnx", "torch.export", "onnxscript", "onnx_ir")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def _root(error: BaseException) -> str:
    while error.__cause__ is not None:
        error = error.__cause__
    line = next(filter(None, map(str.strip, str(error).splitlines())), type(error).__name__)
    return line if line.endswith(".") else f"{line}."


def _tidy(model: Any, parameters: Sequence[str]) -> None:
    """Name what is inside the model after the canvas, and drop the exporter's notes.

    A parameter that was folded (a weight transposed, gates reordered) keeps its name, or that of the first where it was made of
    several. Everything else is called `block/what`: a block's name has no slash, so none can clash with an input's or output's.
    """
    graph = model.graph
    scopes = {node: _scope(node) for node in graph}
    for value in list(graph.initializers.values()):
        folded = ast.literal_eval(value.metadata_props.get("pkg.onnxscript.optimizer.folded_from", "[]"))
        origin = next((name for name in parameters if name in folded and name not in graph.initializers), None)
        users = [scopes[use.node] for use in value.uses()]
        if value.name not in parameters:
            value.name = origin or f"{users[0] if users else ''}/{value.name}"
        value.metadata_props.clear()
    outside = set(graph.outputs)
    for node, scope in scopes.items():
        node.name = f"{scope}/{node.name.removeprefix('node_')}"
        node.metadata_props.clear()
        for value in node.outputs:
            value.metadata_props.clear()
            if value not in outside:
                value.name = f"{scope}/{value.name}"
    graph.metadata_props.clear()


def _scope(node: Any) -> str:
    """Return the dotted path of the submodule that a node comes from, empty for a function."""
    path = ast.literal_eval(node.metadata_props.get("pkg.torch.onnx.name_scopes", "[]"))
    inner = path[-2] if len(path) > 1 else ""
    return "" if inner.startswith("_") else inner


def _check_dimensions(part: Program, model: Any) -> None:
    """See to it that names and shapes are the canvas's, and above all that the batch did not become a fixed number."""
    ends = [(slot.name, slot.spec, value) for slot, value in zip(part.inputs, model.graph.input, strict=True)]
    ends += [(result.name, result.spec, value) for result, value in zip(part.results, model.graph.output, strict=True)]
    for name, spec, value in ends:
        assert value.name == name, "the exporter takes the names that it is given"
        for axis, (dim, found) in enumerate(zip(spec.shape, value.type.tensor_type.shape.dim, strict=True)):
            if isinstance(dim, Free) and found.HasField("dim_value"):
                raise ExportError(
                    f"The ONNX file would take {found.dim_value} as the only size of dimension {axis} of “{name}”, "
                    f"which is {dim} in the network."
                )
            if isinstance(dim, Free):
                found.dim_param = str(dim)


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


def _differences(part: Program, module: fx.GraphModule, content: bytes) -> dict[int, float]:
    """Run the file's bytes beside the module; return the largest difference at each batch size, or raise `ExportError`."""
    session = _session(content)
    generator = np.random.default_rng(1)
    sizes = example_sizes(part)
    differences: dict[int, float] = {}
    for batch in BATCHES:
        inputs = draw(part, sizes | {"N": batch}, generator)
        try:
            with torch.no_grad():
                wanted = module(*map(torch.from_numpy, inputs))
        except Exception as error:  # whatever torch raises is about a batch of this size
            raise ExportError(
                f"The network itself can't run at batch {batch}, so the export can't be proven: {_root(error)}",
                traceback.format_exc(),
            ) from error
        names = [slot.name for slot in part.inputs]
        try:
            found = session.run(None, dict(zip(names, inputs, strict=True)))
        except Exception as error:  # onnxruntime's exceptions share no base class
            raise ExportError(
                f"onnxruntime can't run the exported network at batch {batch}: {_root(error)}", traceback.format_exc()
            ) from error
        compared = zip(part.results, wanted, found, strict=True)
        differences[batch] = max(_difference(r.name, batch, w.numpy(), f) for r, w, f in compared)
    return differences


def _difference(output: str, batch: int, wanted: np.ndarray, found: np.ndarray) -> float:
    place = f"at output “{output}” and batch {batch}"
    if wanted.shape != found.shape or wanted.dtype != found.dtype:
        raise ExportError(
            f"The exported network gives {found.dtype} of shape {found.shape} where torch gives {wanted.dtype} of shape "
            f"{wanted.shape}, {place}; no file was written."
        )
    if not np.isfinite(wanted).all():
        raise ExportError(
            f"The network's own result is not finite {place}, so the export can't be proven; no file was written."
        )
    difference = np.abs(wanted.astype(np.float64) - found.astype(np.float64))
    largest = float(difference.max(initial=0.0))
    if not bool((difference <= ABSOLUTE + RELATIVE * np.abs(wanted)).all()):
        raise ExportError(
            f"The exported network is up to {largest:.3g} away from torch {place}, more than {ABSOLUTE:g} + "
            f"{RELATIVE:g} of the value; no file was written."
        )
    return largest


def _session(content: bytes) -> Any:
    """Check the model and load it as an application would, with one thread that does not spin."""
    import onnx
    import onnxruntime

    try:
        onnx.checker.check_model(content, full_check=True)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3
        return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # neither library's exceptions share a base class
        raise ExportError(
            f"The exported network is not a valid ONNX model: {_root(error)}", traceback.format_exc()
        ) from error
