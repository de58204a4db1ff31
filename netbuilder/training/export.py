"""Runs and projects out as ONNX, with what their data says of classes and preprocessing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch
from torch import fx

from netbuilder.compiler.lower import lower
from netbuilder.compiler.program import Program
from netbuilder.data import config as data_config
from netbuilder.data import dataset
from netbuilder.diagnostics import NetbuilderError
from netbuilder.exchange import onnx_export
from netbuilder.exchange.onnx_export import Labels, Report
from netbuilder.graph.project import Project
from netbuilder.training import config
from netbuilder.training.folder import Weights
from netbuilder.training.trained import Trained, load_trained

Exporter = Callable[[Program, fx.GraphModule | None, Path, Labels, int], Report]
"""`onnx_export.export`, or, as it has to be where a training goes on beside it, the `export` of an `ExportProcess`."""


def export_run(
    folder: Path, path: Path, *, weights: Weights = "best", name: str = "", export: Exporter = onnx_export.export
) -> Report:
    """Write the network that a run trained, which may still be going on, to an ONNX file. Raises `NetbuilderError`."""
    return export_trained(load_trained(folder, weights), path, name=name, export=export)


def export_trained(trained: Trained, path: Path, *, name: str = "", export: Exporter = onnx_export.export) -> Report:
    """Write a trained network to an ONNX file. Raises `NetbuilderError`."""
    return export(trained.program, trained.module, path, Labels(name, trained.classes, trained.preprocessing), 0)


def export_project(project: Project, path: Path, *, name: str = "", export: Exporter = onnx_export.export) -> Report:
    """Write a project's network to an ONNX file with untrained weights, drawn from the seed of its training section.

    The report says so. The preprocessing is that of the project's data, which is loaded. Raises `NetbuilderError`.
    """
    lowering = lower(project)
    if lowering.program is None:
        raise NetbuilderError(f"The network can't be exported yet: {lowering.errors()[0].message}")
    bound = any(slot.field for slot in onnx_export.inference_part(lowering.program).inputs)
    data = dataset.load(data_config.read(project.data), torch.device("cpu")) if bound else None
    labels = Labels(name, data.classes, data.preprocessing) if data else Labels(name)
    return export(lowering.program, None, path, labels, config.read(project.training).seed)
