"""`export`: ONNX files with their proof."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING

from netbuilder.commands.output import print_json
from netbuilder.commands.projects import program_of
from netbuilder.graph.files import load

if TYPE_CHECKING:
    from netbuilder.exchange.onnx_export import Report


def export(given: Namespace) -> None:
    """Export a run's weights, or a project file with fresh random ones."""
    if given.source.is_dir():
        from netbuilder.training.export import export_run

        report = export_run(given.source, given.out, weights=given.weights, name=given.source.name)
    else:
        project = load(given.source)
        program_of(project, given.source)
        from netbuilder.training.export import export_project

        report = export_project(project, given.out, name=given.source.stem)
    if given.json:
        print_json(report.as_json())
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
