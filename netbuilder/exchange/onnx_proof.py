# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# (onnx and onnxruntime leave these types out)
"""Whether the bytes of an ONNX file compute what torch does, tried on random inputs of several sizes."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import fx

from netbuilder.compiler.program import GroupCall, Program
from netbuilder.exchange.errors import ExportError, root
from netbuilder.exchange.inputs import draw, example_sizes

BATCHES = (1, 3, 17)
"""Batch sizes that an export is proven at, where a batch does not take too much memory."""
ABSOLUTE, RELATIVE = 1e-5, 1e-4
"""How far onnxruntime may be from torch, at each number of an output: ABSOLUTE + RELATIVE * the largest of its numbers.

Rounding errors are as large as what was added up, and not as what came of it: next to 0 they are no smaller. Whole
numbers have to be the same.
"""

_LARGEST_PROOF = 2**30
"""Bytes that a batch of the proof may take, beside the weights."""


def batches(part: Program) -> tuple[int, ...]:
    """Return the batch sizes to prove a part at: those of `BATCHES` that take at most 1 GiB, but always two."""
    fitting = tuple(batch for batch in BATCHES if batch * _sample_bytes(part) <= _LARGEST_PROOF)
    return fitting if len(fitting) > 1 else (1, 2)


def proof_bytes(part: Program) -> int:
    """Return the memory, in bytes, that the largest batch of the proof takes."""
    return batches(part)[-1] * _sample_bytes(part)


def _sample_bytes(part: Program) -> int:
    """Return the bytes that a sample takes: inputs, what the largest block reads and writes, results compared."""
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


def differences(part: Program, module: fx.GraphModule, content: bytes) -> dict[int, float]:
    """Run the file's bytes beside the module; return the largest difference at each batch size, or raise `ExportError`.

    Where another dimension is free, such as the length of a sequence, each batch has another size of it.
    """
    session = _session(content)
    generator = np.random.default_rng(1)
    found: dict[int, float] = {}
    for number, batch in enumerate(batches(part)):
        sizes = {symbol: size + number for symbol, size in example_sizes(part).items()}
        inputs = draw(part, sizes | {"N": batch}, generator)
        try:
            with torch.no_grad():
                wanted = module(*map(torch.from_numpy, inputs))
        except Exception as error:  # whatever torch raises is about a batch of this size
            raise ExportError(
                f"The network itself can't run at batch {batch}, so the export can't be proven: {root(error)}",
                traceback.format_exc(),
            ) from error
        names = [slot.name for slot in part.inputs]
        try:
            outputs = session.run(None, dict(zip(names, inputs, strict=True)))
        except Exception as error:  # onnxruntime's exceptions share no base class
            raise ExportError(
                f"onnxruntime can't run the exported network at batch {batch}: {root(error)}", traceback.format_exc()
            ) from error
        compared = zip(part.results, wanted, outputs, strict=True)
        found[batch] = max(_difference(result.name, batch, w.numpy(), o) for result, w, o in compared)
    return found


def _difference(output: str, batch: int, wanted: np.ndarray, found: np.ndarray) -> float:
    place = f"at output “{output}” and batch {batch}"
    if wanted.shape != found.shape or wanted.dtype != found.dtype:
        raise ExportError(
            f"The exported network gives {found.dtype} of shape {found.shape} where torch gives "
            f"{wanted.dtype} of shape {wanted.shape}, {place}; no file was written."
        )
    if not np.isfinite(wanted).all():
        raise ExportError(
            f"The network's own result is not finite {place}, so the export can't be proven; no file was written."
        )
    difference = float(np.abs(wanted.astype(np.float64) - found.astype(np.float64)).max(initial=0.0))
    largest = float(np.abs(wanted).max(initial=0.0))
    allowed = ABSOLUTE + RELATIVE * largest if np.issubdtype(wanted.dtype, np.floating) else 0.0
    if difference > allowed:
        raise ExportError(
            f"The exported network is up to {difference:.3g} away from torch {place}, "
            f"where numbers go up to {largest:.3g} and at most {allowed:.3g} is rounding; no file was written."
        )
    return difference


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
            f"The exported network is not a valid ONNX model: {root(error)}", traceback.format_exc()
        ) from error
