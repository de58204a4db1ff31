"""A run: one training of one project, on a thread of its own, with a folder of its own.

1. `create` checks everything that can be checked before the first step, makes the folder and saves the first
   checkpoint; `open` brings a run back from its folder, to go on.
2. `start` begins the thread; `pause`, `resume`, `step` and `stop` are answered before the next batch.
3. However it ends, `Ended` is the last event, and everything that the run leaves is on disk before it.
"""

from __future__ import annotations

import platform
import threading
from pathlib import Path
from typing import Any, Literal

import torch

import netbuilder
from netbuilder.diagnostics import NetbuilderError
from netbuilder.graph.project import Project
from netbuilder.training import checkpoint, config, owner
from netbuilder.training.config import TrainingConfig
from netbuilder.training.control import Control
from netbuilder.training.device import describe
from netbuilder.training.folder import RunFolder
from netbuilder.training.journal import now
from netbuilder.training.prepare import Prepared, prepare
from netbuilder.training.telemetry import Progress, Telemetry
from netbuilder.training.trainer import Trainer

RunState = Literal["ready", "running", "paused", "ended"]


class Run:
    """One training, under way or about to be. All methods may be called from any thread.

    A process trains one run at a time: dropout draws from torch's global generator, so two at once would not repeat.
    """

    def __init__(self, folder: RunFolder, project: Project, training: TrainingConfig, prepared: Prepared) -> None:
        state = prepared.state
        self.id: str = folder.run
        self.folder = folder.path
        self.project = project
        self.program = prepared.program
        self.config = training
        self.telemetry = Telemetry()
        self.telemetry.step_losses.extend(folder.step_losses()[: state.step])
        total = training.epochs * state.steps_per_epoch
        self.telemetry.progress = Progress(state.step, total, state.epoch + 1, training.epochs)
        self._control = Control()
        trainer = Trainer(folder, training, prepared, self.telemetry, self._control)
        if not state.step:
            trainer.journal.save()  # so that a run can be opened and evaluated from its first moment on
        self._thread = threading.Thread(target=trainer.run, name="netbuilder-training", daemon=False)

    @classmethod
    def create(cls, project: Project, folder: Path, *, device: str | None = None) -> Run:
        """Return a new run of the project in a new or empty folder, ready to start. Raises `NetbuilderError`.

        `device` stands in for the project's own choice of device.
        """
        project = project.copy()
        training = config.read({**project.training, **({"device": device} if device else {})})
        prepared = prepare(project, training)
        info = {
            "created": now(),
            "state": "ready",
            **_circumstances(training, prepared),
            "preprocessing": prepared.data.preprocessing,
            "classes": prepared.data.classes,
        }
        files = RunFolder.create(folder, project, info)
        try:
            return cls(files, project, training, prepared)
        except BaseException:
            files.clear()
            raise

    @classmethod
    def open(cls, folder: Path, *, epochs: int | None = None, device: str | None = None) -> Run:
        """Return the run in a folder, ready to go on from its last checkpoint. Raises `NetbuilderError`.

        `epochs` is the new number of epochs in all; a run that has done all of its own needs more.
        """
        files = RunFolder.open(folder)
        info = files.info()
        files.require_own_files()
        owner.require_free(folder, info)
        changes = {"epochs": epochs, "device": device}
        given = {key: value for key, value in changes.items() if value is not None}
        training = config.read({**info["config"], **given})
        project = files.project()
        prepared = prepare(project, training)
        state = prepared.state
        checkpoint.load_resume(files.resume_file, state)
        if state.epoch >= training.epochs:
            raise NetbuilderError(
                f"This run has done {state.epoch} epochs, and is to do {training.epochs} in all: ask for more to go on."
            )
        if len(files.step_losses()) < state.step:
            raise NetbuilderError(f"{folder / 'steps.npy'} is damaged: it ends before the checkpoint.")
        owner.require_free(folder, files.info())  # another process may have been as quick
        files.rewrite_history(entry for entry in files.history() if entry["epoch"] <= state.epoch)
        files.update_info(state="ready", **_circumstances(training, prepared))
        return cls(files, project, training, prepared)

    @property
    def state(self) -> RunState:
        """Whether the run is ready to start, runs, stands still, or is over."""
        if self._control.over:
            return "ended"
        if not self._thread.ident:
            return "ready"
        return "paused" if self._control.holding else "running"

    def start(self) -> None:
        """Begin to train. A run starts once."""
        self._thread.start()

    def pause(self) -> None:
        """Stand still before the next batch."""
        self._control.pause()

    def resume(self) -> None:
        """Go on after a pause."""
        self._control.go()

    def step(self) -> None:
        """Do one batch and stand still after it; starts a run that has not begun."""
        self._control.step()
        if self.state == "ready":
            self.start()

    def stop(self) -> None:
        """End before the next batch and keep everything, so that the run can be opened again."""
        self._control.stop()

    def join(self, timeout: float | None = None) -> bool:
        """Wait until the run is over; tell whether it is. A run that has not begun is not."""
        if self.state == "ready":
            return False
        self._thread.join(timeout)
        return not self._thread.is_alive()


def _circumstances(training: TrainingConfig, prepared: Prepared) -> dict[str, Any]:
    """Return what run.json says of how and where the run is trained."""
    versions = {
        "netbuilder": netbuilder.__version__,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "platform": platform.platform(),
    }
    device = describe(prepared.state.network.device, prepared.threads)
    return {"config": training.model_dump(), "device": device, "versions": versions}
