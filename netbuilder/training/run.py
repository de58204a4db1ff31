"""A run: one training of one project, on a thread of its own, with a folder of its own.

1. `create` checks everything that can be checked before the first step, makes the folder and saves the first checkpoint;
   `open` brings a run back from its folder, to go on.
2. `start` begins the thread; `pause`, `resume`, `step` and `stop` are answered before the next batch.
3. However it ends, `Ended` is the last event, and everything that the run leaves is on disk before it.
"""

from __future__ import annotations

import platform
import threading
import traceback
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import torch

import netbuilder
from netbuilder.diagnostics import Diagnostic, NetbuilderError
from netbuilder.graph.project import Project
from netbuilder.training import checkpoint, config, owner
from netbuilder.training.config import TrainingConfig
from netbuilder.training.control import Control
from netbuilder.training.device import describe
from netbuilder.training.failure import explain, explain_validation, first_line
from netbuilder.training.folder import RunFolder
from netbuilder.training.guard import Guard, NonFinite
from netbuilder.training.journal import Journal, now
from netbuilder.training.loop import ValidationFailed, train
from netbuilder.training.prepare import Prepared, prepare
from netbuilder.training.probes import Probe
from netbuilder.training.telemetry import Ended, Progress, Started, Telemetry

RunState = Literal["ready", "running", "paused", "ended"]


class Run:
    """One training, under way or about to be. All methods may be called from any thread.

    A process trains one run at a time: dropout draws from torch's global generator, so two at once would not repeat.
    """

    def __init__(self, folder: RunFolder, project: Project, training: TrainingConfig, prepared: Prepared) -> None:
        state = prepared.state
        self.id: str = folder.path.name
        self.folder = folder.path
        self.project = project
        self.program = prepared.program
        self.config = training
        self.telemetry = Telemetry()
        total = training.epochs * state.steps_per_epoch
        self.telemetry.progress = Progress(state.step, total, state.epoch + 1, training.epochs)
        self._files = folder
        self._data = prepared.data
        self._training = state
        self._control = Control()
        self._over = False
        self._thread = threading.Thread(target=self._main, name="netbuilder-training", daemon=False)
        self._guard = Guard(state.network, state.optimizer)
        self._probe = Probe(self.id, state.network, self._data.split("validation"), self.telemetry)
        self._journal = Journal(
            run=self.id,
            state=state,
            epochs=training.epochs,
            folder=folder,
            telemetry=self.telemetry,
            control=self._control,
            probe=self._probe,
            guard=self._guard,
        )

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
        run = cls(RunFolder.create(folder, project, info), project, training, prepared)
        run._journal.save()
        return run

    @classmethod
    def open(cls, folder: Path, *, epochs: int | None = None, device: str | None = None) -> Run:
        """Return the run in a folder, ready to go on from its last checkpoint. Raises `NetbuilderError`.

        `epochs` is the new number of epochs in all; a run that has done all of its own needs more.
        """
        files = RunFolder.open(folder)
        info = files.info()
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
        losses, history = files.step_losses(), files.history()
        if len(losses) < state.step:
            raise NetbuilderError(f"{folder / 'steps.npy'} is damaged: it ends before the checkpoint.")
        files.rewrite_history(entry for entry in history if entry["epoch"] <= state.epoch)
        files.update_info(state="ready", **_circumstances(training, prepared))
        run = cls(files, project, training, prepared)
        run.telemetry.step_losses.extend(losses[: state.step])
        return run

    @property
    def state(self) -> RunState:
        """Whether the run is ready to start, runs, stands still, or is over."""
        if self._over:
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

    # On the training thread

    def _main(self) -> None:
        try:
            ended = self._train()
        except Exception as error:
            ended = self._fail(error)
        owner.release(self.folder)
        self.telemetry.progress = replace(self.telemetry.progress, step=ended.step, seconds_left=None)
        self._over = True
        self.telemetry.emit(ended)

    def _train(self) -> Ended:
        state, network, journal = self._training, self._training.network, self._journal
        if network.device.type == "cuda":
            torch.backends.cudnn.deterministic = True  # or the same seed would not give the same numbers
        self._files.update_info(state="running", process=owner.claim(self.folder))
        parameters = sum(parameter.numel() for parameter in network.parameters.values())
        total, steps = self.telemetry.progress.total_steps, state.steps_per_epoch
        journal.emit(Started(self.id, describe(network.device), total, steps, parameters))
        state.give_rng()
        reason = train(state, self._data, self.config, journal)
        journal.flush(wait=True, now=True)
        journal.checkpoint()
        metrics: dict[str, float] = {}
        if reason == "finished":
            network.load(state.best)
            metrics = network.measure(network.check_batches(self._data.split("test"), self.config.batch_size))
        best = {"best_epoch": state.best_epoch, "best_validation_loss": state.best_loss}
        self._files.update_info(state=reason, ended=now(), test_metrics=metrics, **best)
        ended = Ended(self.id, reason, state.step, state.epoch, metrics)
        journal.note(ended)
        return ended

    def _fail(self, error: Exception) -> Ended:
        """Keep what can be kept, and say what happened: never raises, since nobody would hear."""
        details = "".join(traceback.format_exception(error))
        traceback.clear_frames(error.__traceback__)  # lets go of the tensors of the failed step
        problem = Diagnostic("error", "run-failed", f"Training failed: {first_line(error)}")
        state = self._training
        try:
            problem = self._explain(error)
            if state.network.all_finite():
                self._journal.save_weights()
            self._files.update_info(state="failed", ended=now(), problem=problem.message)
            self._journal.note(Ended(self.id, "failed", state.step, state.epoch, problem=problem, details=details))
        except Exception as another:
            details += "\nand then:\n" + "".join(traceback.format_exception(another))
            if first_line(another) not in problem.message:
                problem = replace(problem, message=f"{problem.message} Then this failed too: {first_line(another)}")
        return Ended(self.id, "failed", state.step, state.epoch, problem=problem, details=details)

    def _explain(self, error: Exception) -> Diagnostic:
        """Find the batch that was to blame, and what in it."""
        state, network = self._training, self._training.network
        try:
            self._journal.recorder.flush(wait=True)
        except NonFinite as earlier:
            error = earlier
        if isinstance(error, NonFinite) and error.batch is not None:
            state.batch = error.batch
        self._guard.restore_buffers()
        if isinstance(error, ValidationFailed):
            batches = network.check_batches(self._data.split("validation"), self.config.batch_size)
            return explain_validation(network, batches, f"epoch {state.epoch + 1}")
        part = self._data.split("train")
        batches = network.epoch_batches(part, self.config.batch_size, self.config.seed, state.epoch)
        place = f"step {state.step + 1:,}, epoch {state.epoch + 1}"
        problem = explain(error, network, batches[min(state.batch, len(batches) - 1)], place)
        self._guard.restore_buffers()  # looking for the cause ran the batch again
        return problem


def _circumstances(training: TrainingConfig, prepared: Prepared) -> dict[str, Any]:
    """Return what run.json says of how and where the run is trained."""
    versions = {
        "netbuilder": netbuilder.__version__,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "platform": platform.platform(),
    }
    device = describe(prepared.state.network.device)
    return {"config": training.model_dump(), "device": device, "versions": versions}
