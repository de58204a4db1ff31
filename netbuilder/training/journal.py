"""What the loop tells the world: losses and progress as it runs, epochs, pauses and checkpoints as they come."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from netbuilder.training import checkpoint
from netbuilder.training.control import Control
from netbuilder.training.folder import RunFolder
from netbuilder.training.guard import Guard
from netbuilder.training.probes import Probe
from netbuilder.training.recorder import Recorder
from netbuilder.training.state import State
from netbuilder.training.telemetry import EpochEnded, Event, Paused, Progress, Resumed, Telemetry

FLUSH_SECONDS = 1 / 30
"""Time between two copies of losses out of the device."""

SPEED_SECONDS = 1.0
"""Time over which the speed is measured."""

CHECKPOINT_SHARE = 0.01
"""Of the wall time, about, that checkpoints take: an epoch of milliseconds is not worth five files."""

CHECKPOINT_SECONDS = (2.0, 60.0)
"""Shortest and longest time that may pass before the end of an epoch is saved."""


@dataclass(kw_only=True, eq=False)
class Journal:
    """One run's log: telemetry for who watches, the folder for who comes later, and the pauses in between."""

    state: State
    epochs: int
    folder: RunFolder
    telemetry: Telemetry
    control: Control
    probe: Probe
    guard: Guard

    def __post_init__(self) -> None:
        self.recorder = Recorder(self.telemetry.step_losses, self.state.network.device)
        self.due = 0.0
        self._marks: deque[tuple[float, int]] = deque()
        self._next_checkpoint = 0.0
        self._epoch_started = time.perf_counter()

    def emit(self, event: Event) -> None:
        """Tell of an event, here and in the folder."""
        self.note(event)
        self.telemetry.emit(event)

    def note(self, event: Event) -> None:
        """Write an event into the folder."""
        entry = {key: value for key, value in asdict(event).items() if key != "run"}
        self.folder.append_event({"time": now(), "event": type(event).__name__, **entry})

    def begin_epoch(self) -> None:
        """Note that an epoch begins, or goes on after a stop in its middle."""
        self._epoch_started = time.perf_counter()
        self.recorder.begin_epoch(self.state.batch)

    def flush(self, *, wait: bool = False, now: bool = False) -> None:
        """Hand on losses and, where it is time or `now`, progress and a look inside. Raises `NonFinite`.

        What is handed on `now`, before a pause or an end, is what stays on the screen: it is of this very step.
        """
        self.recorder.flush(wait=wait)
        at = time.perf_counter()
        if now or at >= self.due:  # the end of an epoch may come sooner
            self.guard.keep_buffers()
            self.telemetry.progress = self._progress(at)
            self.probe.look(self.state.step, idle=now)
            self.due = time.perf_counter() + FLUSH_SECONDS

    def end_epoch(self, values: dict[str, float]) -> None:
        """Count the epoch, keep its weights if they are the best, and save where it is time to."""
        sizes = self.state.batch_sizes
        train_loss = float(self.recorder.epoch_losses() @ sizes / sizes.sum())
        seconds = time.perf_counter() - self._epoch_started
        checks = {f"validation_{name}": value for name, value in values.items()}
        is_best = self.state.end_epoch(values["loss"])
        entry = {"train_loss": train_loss, **checks, "seconds": seconds}
        self.folder.append_epoch({"epoch": self.state.epoch, "step": self.state.step, **entry})
        self.telemetry.emit(EpochEnded(self.folder.run, self.state.epoch, self.state.step, entry, is_best))
        if time.perf_counter() >= self._next_checkpoint or self.state.epoch == self.epochs:
            self.checkpoint()

    def hold(self) -> bool:
        """Stand still for as long as it is wished; tell whether to go on after that."""
        control = self.control
        if control.may_go() or control.take_single_step():
            return True
        if not control.stopping:
            self.flush(wait=True, now=True)
            self.checkpoint()
            self._marks.clear()
            self.folder.update_info(state="paused")
            control.holding = True
            self.emit(Paused(self.folder.run, self.state.step))
            control.wait(lambda: self.probe.look(self.state.step, idle=True))
            control.holding = False
        if control.stopping:
            return False
        self.state.give_rng()
        self.folder.update_info(state="running")
        if not control.take_single_step():
            self.emit(Resumed(self.folder.run, self.state.step))
        return True

    def checkpoint(self) -> None:
        """Save the run as it stands, with the random numbers that come next; for the training thread."""
        self.state.take_rng()
        self.save()

    def save(self) -> None:
        """Write all files that the state decides. Raises `NetbuilderError` where the disk doesn't take them."""
        started = time.perf_counter()
        state, folder = self.state, self.folder
        if state.best_epoch is None:
            state.keep_best()
        folder.write_step_losses(self.telemetry.step_losses.view()[: state.step])
        checkpoint.save_resume(folder.resume_file, state)
        self.save_weights()
        facts = {"epoch": state.best_epoch, "validation_loss": state.best_loss}
        checkpoint.save_tensors(folder.weights_file("best"), state.best, facts)
        ended = time.perf_counter()
        shortest, longest = CHECKPOINT_SECONDS
        self._next_checkpoint = ended + min(max((ended - started) / CHECKPOINT_SHARE, shortest), longest)

    def save_weights(self) -> None:
        """Write the weights as they are now."""
        state = self.state
        facts = {"epoch": state.epoch, "batch": state.batch, "step": state.step}
        checkpoint.save_tensors(self.folder.weights_file("last"), state.network.tensors, facts)

    def _progress(self, at: float) -> Progress:
        """Return where the run is. The speed is that of the last second; before a pause and after don't mix."""
        step = self.state.step
        self._marks.append((at, step))
        while len(self._marks) > 2 and self._marks[1][0] <= at - SPEED_SECONDS:
            self._marks.popleft()
        then, earlier = self._marks[0]
        speed = (step - earlier) / (at - then) if at > then else 0.0
        total = self.epochs * self.state.steps_per_epoch
        left = (total - step) / speed if speed > 0 else None
        return Progress(step, total, min(self.state.epoch + 1, self.epochs), self.epochs, speed, left)


def now() -> str:
    """Return the time of day as it is written into the folder."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")
