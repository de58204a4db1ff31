"""`export`: ONNX files with their proof."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from netbuilder.commands.output import print_json
from netbuilder.commands.projects import program_of
from netbuilder.graph.files import load

if TYPE_CHECKING:
    from netbuilder.exchange.onnx_export import Report
    from netbuilder.training.folder import Weights

KEYS = ("path", "opset", "inputs", "outputs", "max_abs_diff")


def export(given: Namespace) -> None:
    """Export a run's weights, or a project file with fresh random ones."""
    if given.source.is_dir():
        report = export_run(given.source, given.weights, given.out)
    else:
        report = export_untrained(given.source, given.out)
    if given.json:
        print_json({key: report.as_json()[key] for key in KEYS})
    else:
        print_report(report)


def print_report(report: Report) -> None:
    """Print what was exported and how far it is from torch."""
    print(f"{report.path} is written: ONNX, opset {report.opset}.")
    for kind, specs in (("input", report.inputs), ("output", report.outputs)):
        for name, spec in specs.items():
            print(f"  {kind:<7}{name}: {spec} {spec.dtype}")
    for batch, difference in report.max_abs_diff.items():
        print(f"  batch {batch:>2}: onnxruntime differs from torch by at most {difference:.1e}")
    if not report.trained:
        print("  The weights are fresh random numbers: export a run to export what it learned.")


def export_run(folder: Path, weights: Weights, out: Path) -> Report:
    """Export the best or the last weights of a run."""
    from netbuilder.exchange.onnx_export import check_destination, export
    from netbuilder.training.trained import load_trained

    check_destination(out)
    trained = load_trained(folder, weights)
    return export(
        trained.program,
        trained.module,
        out,
        classes=trained.classes,
        preprocessing=trained.preprocessing,
        project=folder.name,
    )


def export_untrained(file: Path, out: Path) -> Report:
    """Export the network of a project file with fresh random weights: what it computes is noise, its shape is right."""
    program = program_of(load(file), file)
    from netbuilder.exchange.onnx_export import export

    return export(program, None, out, project=file.stem)
