"""Runs and projects out as ONNX, with what their data says of classes and preprocessing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch

from netbuilder.compiler.lower import lower
from netbuilder.data import config as data_config
from netbuilder.data import dataset
from netbuilder.diagnostics import NetbuilderError
from netbuilder.exchange import onnx_export
from netbuilder.exchange.onnx_export import Report
from netbuilder.graph.project import Project
from netbuilder.training import config
from netbuilder.training.folder import Weights
from netbuilder.training.trained import load_trained

Exporter = Callable[..., Report]
"""`onnx_export.export`, or the `export` of an `ExportProcess`: where a training goes on beside it, it has to be that."""


def export_run(
    folder: Path, path: Path, *, weights: Weights = "best", name: str = "", export: Exporter = onnx_export.export
) -> Report:
    """Write the network that a run trained, which may still be going on, to an ONNX file. Raises `NetbuilderError`."""
    trained = load_trained(folder, weights)
    return export(
        trained.program,
        trained.module,
        path,
        classes=trained.classes,
        preprocessing=trained.preprocessing,
        project=name,
    )


def export_project(project: Project, path: Path, *, name: str = "", export: Exporter = onnx_export.export) -> Report:
    """Write a project's network to an ONNX file with untrained weights, drawn from the seed of its training section.

    The report says so. The preprocessing is that of the project's data, which is loaded. Raises `NetbuilderError`.
    """
    lowering = lower(project)
    if lowering.program is None:
        raise NetbuilderError(f"The network can't be exported yet: {lowering.errors()[0].message}")
    bound = any(slot.field for slot in onnx_export.inference_part(lowering.program).inputs)
    data = dataset.load(data_config.read(project.data), torch.device("cpu")) if bound else None
    return export(
        lowering.program,
        None,
        path,
        classes=data and data.classes,
        preprocessing=data and data.preprocessing,
        project=name,
        seed=config.read(project.training).seed,
    )
