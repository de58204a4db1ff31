# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# (torch and onnx leave these types out)
"""A built network as an ONNX model, with the names of the canvas inside."""

from __future__ import annotations

import ast
import logging
import traceback
import warnings
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import fx, nn

from netbuilder.blocks.spec import Free
from netbuilder.compiler.program import Program
from netbuilder.exchange.errors import ExportError, root
from netbuilder.exchange.inputs import draw, example_sizes
from netbuilder.exchange.onnx_operations import translations
from netbuilder.exchange.scopes import Scoped

OPSET = 20
"""The newest operator set that torch's exporter counts as settled; onnxruntime reads it since 1.17."""


def warm_up() -> None:
    """Trace a tiny network, so that the next export takes half a second instead of three."""
    with _quiet():
        torch.onnx.export(nn.Linear(2, 2), (torch.zeros(2, 2),), dynamo=True, opset_version=OPSET, verbose=False)


def convert(part: Program, module: fx.GraphModule) -> Any:
    """Trace a module that was built from an inference part; return an `onnx.ModelProto`, or raise `ExportError`."""
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
                Scoped(part, module),
                examples,
                dynamo=True,
                dynamic_shapes=(free,),
                input_names=[slot.name for slot in part.inputs],
                output_names=[result.name for result in part.results],
                opset_version=OPSET,
                custom_translation_table=translations(),
                verbose=False,
            )
            assert exported is not None, "the dynamo exporter returns its program"
            _tidy(exported.model, list(module.state_dict()))
            model = exported.model_proto
    except Exception as error:  # whatever the exporter raises means that this network can't be exported
        reason = root(error)
        raise ExportError(f"This network can't be written as ONNX: {reason}", traceback.format_exc()) from error
    _check_dimensions(part, model)
    return model


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


def _tidy(model: Any, parameters: Sequence[str]) -> None:
    """Name what is inside the model after the canvas, and drop the exporter's notes.

    A parameter that was folded (a weight transposed, gates reordered) keeps its name, or that of the first where it was
    made of several. Everything else is called `block/what`, inside of groups `encoder.3.relu/what`: a block's name has
    no slash, so none can clash with an input's or output's.
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
    """Return the dotted path of the block that a node comes from; empty where it is of no one block."""
    path = ast.literal_eval(node.metadata_props.get("pkg.torch.onnx.name_scopes", "[]"))
    return path[-2] if len(path) > 1 and path[0] == "" else ""  # the network itself is called ""


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
