"""A run: one training of one project, on a thread of its own, with a folder of its own.

1. `create` checks everything that can be checked before the first step, makes the folder and saves the first checkpoint;
   `open` brings a run back from its folder, to go on.
2. `start` begins the thread; `pause`, `resume`, `step` and `stop` are answered before the next batch.
3. However it ends, `Ended` is the last event, and everything that the run leaves is on disk before it.
"""

from __future__ import annotations

import os
import platform
import threading
import traceback
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import psutil
import torch

import netbuilder
from netbuilder.compiler.lower import lower
from netbuilder.compiler.memory import require_memory
from netbuilder.compiler.program import Lowering, Program
from netbuilder.data import config as data_config
from netbuilder.data import dataset
from netbuilder.data.catalog import SOURCES
from netbuilder.data.dataset import DataSet
from netbuilder.diagnostics import Diagnostic, NetbuilderError
from netbuilder.graph.project import Project
from netbuilder.training import checkpoint, config, optimizer
from netbuilder.training.config import TrainingConfig
from netbuilder.training.control import Control
from netbuilder.training.device import describe, resolve
from netbuilder.training.failure import explain, first_line
from netbuilder.training.folder import RunFolder
from netbuilder.training.guard import Guard, NonFinite
from netbuilder.training.journal import Journal, now
from netbuilder.training.loop import train
from netbuilder.training.network import Network
from netbuilder.training.probes import Probe
from netbuilder.training.state import State
from netbuilder.training.telemetry import Ended, Progress, Started, Telemetry

RunState = Literal["ready", "running", "paused", "ended"]


class Run:
    """One training, under way or about to be. All methods may be called from any thread.

    A process trains one run at a time: dropout draws from torch's global generator, so two at once would not repeat.
    """

    def __init__(self, folder: RunFolder, project: Project, program: Program, data: DataSet, state: State) -> None:
        info = folder.info()
        self.folder = folder.path
        self.id: str = folder.path.name
        self.project = project
        self.program = program
        self.config = config.read(info["config"])
        self.telemetry = Telemetry()
        self.telemetry.step_losses.extend(folder.step_losses()[: state.step])
        total = self.config.epochs * state.steps_per_epoch
        self.telemetry.progress = Progress(state.step, total, state.epoch + 1, self.config.epochs)
        self._files = folder
        self._data = data
        self._training = state
        self._state: RunState = "ready"
        self._control = Control()
        self._thread = threading.Thread(target=self._main, name="netbuilder-training", daemon=False)
        guard = Guard(state.network, state.optimizer)
        self._probe = Probe(self.id, state.network, data.split("validation"), self.telemetry)
        self._journal = Journal(
            self.id, state, self.config.epochs, folder, self.telemetry, self._control, self._probe, guard, self._on_hold
        )

    @classmethod
    def create(cls, project: Project, folder: Path, *, device: str | None = None) -> Run:
        """Return a new run of the project in a new or empty folder, ready to start. Raises `NetbuilderError`.

        `device` stands in for the project's own choice of device.
        """
        project = project.copy()
        training = config.read({**project.training, **({"device": device} if device else {})})
        lowering = lower(project)
        program = _require_program(lowering)
        place = resolve(training.device)
        described = data_config.read(project.data)
        _require_memory(lowering, training, described.source, place)
        data = dataset.load(described, place)
        info = {
            "created": now(),
            "state": "ready",
            "config": training.model_dump(),
            "device": describe(place),
            "versions": _versions(),
            "preprocessing": data.preprocessing,
            "classes": data.classes,
        }
        state = _new_state(program, data, training, place)
        files = RunFolder.create(folder, project, info)
        run = cls(files, project, program, data, state)
        run._journal.save()
        return run

    @classmethod
    def open(cls, folder: Path, *, epochs: int | None = None, device: str | None = None) -> Run:
        """Return the run in a folder, ready to go on from its last checkpoint. Raises `NetbuilderError`.

        `epochs` is the new number of epochs in all; a run that has done all of its own needs more.
        """
        files = RunFolder.open(folder)
        info = files.info()
        _require_idle(folder, info)
        changes = {"epochs": epochs, "device": device}
        given = {key: value for key, value in changes.items() if value is not None}
        training = config.read({**info["config"], **given})
        project = files.project()
        program = _require_program(lower(project))
        place = resolve(training.device)
        data = dataset.load(data_config.read(project.data), place)
        state = _new_state(program, data, training, place)
        checkpoint.load_resume(files.resume_file, state)
        if state.epoch >= training.epochs:
            raise NetbuilderError(
                f"This run has done {state.epoch} epochs, and is to do {training.epochs} in all: ask for more to go on."
            )
        if len(files.step_losses()) < state.step:
            raise NetbuilderError(f"{folder / 'steps.npy'} is damaged: it ends before the checkpoint.")
        files.rewrite_history(entry for entry in files.history() if entry["epoch"] <= state.epoch)
        files.update_info(state="ready", config=training.model_dump(), device=describe(place), versions=_versions())
        return cls(files, project, program, data, state)

    @property
    def state(self) -> RunState:
        """Whether the run is ready to start, runs, stands still, or is over."""
        return self._state

    def start(self) -> None:
        """Begin to train. A run starts once."""
        self._state = "running"
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
        if self._state == "ready":
            self.start()

    def stop(self) -> None:
        """End before the next batch and keep everything, so that the run can be opened again."""
        self._control.stop()

    def join(self, timeout: float | None = None) -> bool:
        """Wait until the run is over; tell whether it is."""
        if self._state == "ready":
            return False
        self._thread.join(timeout)
        return not self._thread.is_alive()

    # On the training thread

    def _main(self) -> None:
        _live.add(self.folder)
        try:
            ended = self._train()
        except Exception as error:
            ended = self._fail(error)
        _live.discard(self.folder)
        self.telemetry.progress = replace(self.telemetry.progress, step=ended.step, seconds_left=None)
        self._state = "ended"
        self.telemetry.emit(ended)

    def _train(self) -> Ended:
        state, journal = self._training, self._journal
        if state.network.device.type == "cuda":
            torch.backends.cudnn.deterministic = True  # or the same seed would not give the same numbers
        self._files.update_info(state="running", process=_process())
        parameters = sum(parameter.numel() for parameter in state.network.parameters.values())
        total, steps = self.telemetry.progress.total_steps, state.steps_per_epoch
        journal.emit(Started(self.id, describe(state.network.device), total, steps, parameters))
        state.give_rng()
        reason = train(state, self._data, self.config, journal)
        journal.flush(wait=True, now=True)
        journal.checkpoint()
        metrics: dict[str, float] = {}
        if reason == "finished":
            state.network.load(state.best)
            metrics = state.network.measure(
                state.network.check_batches(self._data.split("test"), self.config.batch_size)
            )
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
        try:
            problem = self._explain(error)
            self._keep_weights(problem)
        except Exception as another:
            details += "\nand then:\n" + "".join(traceback.format_exception(another))
            if first_line(another) not in problem.message:
                problem = replace(problem, message=f"{problem.message} Then this failed too: {first_line(another)}")
        state = self._training
        return Ended(self.id, "failed", state.step, state.epoch, problem=problem, details=details)

    def _explain(self, error: Exception) -> Diagnostic:
        state, network = self._training, self._training.network
        try:
            self._journal.recorder.flush(wait=True)
        except NonFinite as earlier:
            error = earlier
        if isinstance(error, NonFinite) and error.batch is not None:
            state.batch = error.batch
        self._journal.guard.restore_buffers()
        train_part = self._data.split("train")
        batches = network.epoch_batches(train_part, self.config.batch_size, self.config.seed, state.epoch)
        place = f"step {state.step + 1:,}, epoch {state.epoch + 1}"
        problem = explain(error, network, batches[min(state.batch, len(batches) - 1)], place)
        self._journal.guard.restore_buffers()  # looking for the cause ran the batch again
        return problem

    def _keep_weights(self, problem: Diagnostic) -> None:
        if self._training.network.all_finite():
            self._journal.save_weights()
        self._files.update_info(state="failed", ended=now(), problem=problem.message)

    def _on_hold(self, holds: bool) -> None:
        self._state = "paused" if holds else "running"
        self._files.update_info(state=self._state)


_live: set[Path] = set()
"""Folders of the runs that train in this process."""


def _require_program(lowering: Lowering) -> Program:
    """Return a program that can be trained; `NetbuilderError` says what keeps it from that."""
    errors = lowering.errors()
    program = lowering.program
    if program is None:
        more = f" (And {len(errors) - 1} more.)" if len(errors) > 1 else ""
        raise NetbuilderError(f"The network can't be trained yet: {errors[0].message}{more}")
    losses = program.only("loss")
    if not losses.results:
        raise NetbuilderError("There is no loss, so there is nothing to train for.")
    for slot in program.inputs:
        if not slot.field:
            raise NetbuilderError(f"The input “{slot.name}” is bound to no field of the data.")
    for result in program.only("loss", "metric").results:
        if result.name == "loss" and (result.role == "metric" or len(losses.results) > 1):
            raise NetbuilderError("“loss” stands for the whole loss in the results: give that block another name.")
    return program


def _require_memory(lowering: Lowering, training: TrainingConfig, source: str, device: torch.device) -> None:
    """Ask for the memory of weights, gradients, optimizer, best weights and one batch, before any of it is taken."""
    total = lowering.total()
    copies = 3 + optimizer.state_copies(training)
    batch = min(training.batch_size, SOURCES[source].samples if source in SOURCES else training.batch_size)
    require_memory(4 * total.parameters, "Building the network")
    require_memory(4 * total.parameters * copies + 2 * total.activation * batch, "Training this network", device)


def _new_state(program: Program, data: DataSet, training: TrainingConfig, device: torch.device) -> State:
    """Return a network with its first weights, which the seed alone decides. The caller's random numbers go on as before."""
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(training.seed)
        network = Network(program, device)
        if not network.parameters:
            raise NetbuilderError("No block that the loss depends on has weights, so there is nothing to train.")
        sizes = network.batch_sizes(len(data.split("train")), training.batch_size)
        state = State(network, optimizer.make(training, network.parameters.values()), sizes)
        state.take_rng()
        return state


def _require_idle(folder: Path, info: Mapping[str, Any]) -> None:
    """Refuse a run that a living process still trains."""
    process = info.get("process")
    if info.get("state") not in ("running", "paused") or not isinstance(process, dict):
        return
    if process.get("pid") == os.getpid():
        alive = folder in _live
    else:
        alive = process.get("host") == platform.node() and _process(process.get("pid")) == process
    if alive:
        raise NetbuilderError(f"This run is still being trained, by process {process.get('pid')}: stop it there first.")


def _process(pid: int | None = None) -> dict[str, Any] | None:
    """Return what tells one process from all others, or None if there is no such process any more."""
    try:
        process = psutil.Process(pid)
        return {"host": platform.node(), "pid": process.pid, "started": process.create_time()}
    except (psutil.Error, TypeError, ValueError):
        return None


def _versions() -> dict[str, str]:
    return {
        "netbuilder": netbuilder.__version__,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "platform": platform.platform(),
    }
