"""Whether what a project says of its data and its training can be used: the compiler looks at the network alone."""

from __future__ import annotations

from netbuilder.data import config as data_config
from netbuilder.diagnostics import Diagnostic, Fix, NetbuilderError
from netbuilder.graph.edits import SetSection
from netbuilder.graph.project import Project
from netbuilder.training import config as training_config


def section_problems(project: Project) -> list[Diagnostic]:
    """Say what is wrong with how a project is trained (code `training-section`) and on what (`data-section`)."""
    found: list[Diagnostic] = []
    try:
        training_config.read(project.training)
    except NetbuilderError as error:
        fix = Fix("Back to the default settings", SetSection("training", {}))
        found.append(Diagnostic("error", "training-section", str(error), fixes=(fix,)))
    try:
        if project.data:
            data_config.read(project.data)
    except NetbuilderError as error:
        found.append(Diagnostic("error", "data-section", str(error)))
    return found
