"""Runs that a crash, a kill or a power cut ended, found again by the network that they train."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from netbuilder.diagnostics import NetbuilderError
from netbuilder.graph.files import dumps
from netbuilder.graph.project import Project
from netbuilder.training import owner
from netbuilder.training.config import read
from netbuilder.training.folder import RunFolder

_MOST_LOOKED_AT = 100
"""Of the latest runs: a network that was trained and left so long ago is trained anew."""


@dataclass(frozen=True, slots=True)
class Interrupted:
    """A run that can be gone on with: its folder, how many epochs it has done, how many it was to do,
    and its `task`.
    """

    folder: Path
    done: int
    epochs: int
    task: str


def find(runs: Path, project: Project) -> Interrupted | None:
    """Return the latest run among `runs` that trained this network on this data, was interrupted, and can go on."""
    wanted = task(project)
    folders = sorted(runs.glob("*/"), reverse=True) if runs.is_dir() else []
    found = (_read(folder, wanted) for folder in folders[:_MOST_LOOKED_AT])
    return next((run for run in found if run), None)


def task(project: Project) -> str:
    """Return what a run of a project learns and from what, as text to be compared:
    where its blocks stand is left away.
    """
    twin = project.copy()
    twin.training = {}
    for _, sheet in twin.sheets():
        sheet.layout = dict.fromkeys(sheet.layout, (0.0, 0.0))
    return dumps(twin)


def _read(path: Path, wanted: str) -> Interrupted | None:
    """Return the run in a folder if it is one to go on with; one that is damaged or still trained is not."""
    try:
        folder = RunFolder.open(path)
        info = folder.info()
        if info.get("state") not in ("running", "paused") or not folder.resume_file.is_file():
            return None
        owner.require_free(path, info)
        if task(folder.project()) != wanted:
            return None
        return Interrupted(path, len(folder.history()), read(info["config"]).epochs, wanted)
    except NetbuilderError:
        return None
