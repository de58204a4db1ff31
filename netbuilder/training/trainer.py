"""What happens on a run's thread: training, and whatever ends it.

The thread alone holds the trainer, so that network, data and optimizer are let go the moment it ends.
"""

from __future__ import annotations

import traceback
from dataclasses import replace

import torch

from netbuilder.diagnostics import Diagnostic
from netbuilder.training import owner
from netbuilder.training.config import TrainingConfig
from netbuilder.training.control import Control
from netbuilder.training.device import describe
from netbuilder.training.failure import explain, explain_validation, first_line
from netbuilder.training.folder import RunFolder
from netbuilder.training.guard import Guard, NonFinite
from netbuilder.training.journal import Journal, now
from netbuilder.training.loop import ValidationFailed, train
from netbuilder.training.prepare import Prepared
from netbuilder.training.probes import Probe
from netbuilder.training.telemetry import Ended, Started, Telemetry


class Trainer:
    """One training, from its first step to its last word."""

    def __init__(
        self, folder: RunFolder, config: TrainingConfig, prepared: Prepared, telemetry: Telemetry, control: Control
    ) -> None:
        state, data = prepared.state, prepared.data
        self._folder = folder
        self._config = config
        self._data = data
        self._state = state
        self._threads = prepared.threads
        self._telemetry = telemetry
        self._control = control
        self.journal = Journal(
            state=state,
            epochs=config.epochs,
            folder=folder,
            telemetry=telemetry,
            control=control,
            probe=Probe(folder.run, state.network, data.split("validation"), telemetry),
            guard=Guard(state.network, state.optimizer),
        )

    def run(self) -> None:
        """Train until it is over, one way or the other; `Ended` comes last."""
        try:
            ended = self._train()
        except Exception as error:
            ended = self._fail(error)
        owner.release(self._folder.path)
        self._telemetry.progress = replace(self._telemetry.progress, step=ended.step, seconds_left=None)
        self._control.over = True
        self._telemetry.emit(ended)

    def _train(self) -> Ended:
        state, network, journal = self._state, self._state.network, self.journal
        torch.set_num_threads(self._threads)
        if network.device.type == "cuda":
            torch.backends.cudnn.deterministic = True  # or the same seed would not give the same numbers
        self._folder.update_info(state="running", process=owner.claim(self._folder.path))
        parameters = sum(parameter.numel() for parameter in network.parameters.values())
        total, steps = self._telemetry.progress.total_steps, state.steps_per_epoch
        journal.emit(Started(self._folder.run, describe(network.device, self._threads), total, steps, parameters))
        state.give_rng()
        reason = train(state, self._data, self._config, journal)
        journal.flush(wait=True, now=True)
        journal.checkpoint()
        metrics: dict[str, float] = {}
        if reason == "finished":
            network.load(state.best)
            metrics = network.measure(network.check_batches(self._data.split("test"), self._config.batch_size))
        best = {"best_epoch": state.best_epoch, "best_validation_loss": state.best_loss}
        self._folder.update_info(state=reason, ended=now(), test_metrics=metrics, **best)
        ended = Ended(self._folder.run, reason, state.step, state.epoch, metrics)
        journal.note(ended)
        return ended

    def _fail(self, error: Exception) -> Ended:
        """Keep what can be kept, and say what happened: never raises, since nobody would hear."""
        details = "".join(traceback.format_exception(error))
        traceback.clear_frames(error.__traceback__)  # lets go of the tensors of the failed step
        problem = Diagnostic("error", "run-failed", f"Training failed: {first_line(error)}")
        state = self._state
        try:
            problem = self._explain(error)
            if state.network.all_finite():
                self.journal.save_weights()
            self._folder.update_info(state="failed", ended=now(), problem=problem.message)
            self.journal.note(
                Ended(self._folder.run, "failed", state.step, state.epoch, problem=problem, details=details)
            )
        except Exception as another:
            details += "\nand then:\n" + "".join(traceback.format_exception(another))
            if first_line(another) not in problem.message:
                problem = replace(problem, message=f"{problem.message} Then this failed too: {first_line(another)}")
        return Ended(self._folder.run, "failed", state.step, state.epoch, problem=problem, details=details)

    def _explain(self, error: Exception) -> Diagnostic:
        """Find the batch that was to blame, and what in it."""
        state, network = self._state, self._state.network
        try:
            self.journal.recorder.flush(wait=True)
        except NonFinite as earlier:
            error = earlier
        guard = self.journal.guard
        if isinstance(error, NonFinite):
            state.batch = state.batch if error.batch is None else error.batch
            guard.restore_buffers()
        guard.keep_buffers()  # looking for the cause runs the batch again
        if isinstance(error, ValidationFailed):
            batches = network.check_batches(self._data.split("validation"), self._config.batch_size)
            return explain_validation(network, batches, f"epoch {state.epoch + 1}")
        part = self._data.split("train")
        batches = network.epoch_batches(part, self._config.batch_size, self._config.seed, state.epoch)
        place = f"step {state.step + 1:,}, epoch {state.epoch + 1}"
        problem = explain(error, network, batches[min(state.batch, len(batches) - 1)], place)
        guard.restore_buffers()
        return problem
