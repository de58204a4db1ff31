"""The window's training run: prepared off the GUI thread, followed by a timer, stopped and joined before it is let go.

1. `train` copies the project; a worker imports torch, loads the data, builds the network and hands back a `Run`.
2. The run starts its own thread. 4 to 30 times a second, as often as takes little of the machine's time, the window
   pulls what it wrote: events, never dropped, are told on as signals; numbers are read by whoever draws them.
3. The run ends by itself, or one batch after `stop`; then its thread is joined and the session is idle again.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from platformdirs import user_data_path
from PySide6.QtCore import QObject, QTimer, Signal

from netbuilder.diagnostics import Diagnostic, NetbuilderError
from netbuilder.graph.edits import Edit
from netbuilder.training import config
from netbuilder.training.telemetry import Ended, Event, Paused, Resumed, Started, Telemetry
from netbuilder.ui.analysis import Analysis
from netbuilder.ui.document import Document, only_moves
from netbuilder.ui.interrupted import Interrupted, find, task
from netbuilder.ui.worker import Worker

if TYPE_CHECKING:
    from netbuilder.training.run import Run

State = Literal["idle", "preparing", "running", "paused"]

_SOONEST_MS, _LATEST_MS = 33, 250
"""How long the window waits before it looks at a run again: as long as its share of the time asks for,
between these.
"""
_SHARE = 0.05
"""Of a core's time that the window may take while a run goes on. What it draws after each look holds the interpreter's
lock against the training thread: at 30 looks a second a run of the digits example lost a fifth of its speed.
"""


def runs_folder() -> Path:
    """Return where this user's runs are kept."""
    return user_data_path("netbuilder", appauthor=False) / "runs"


class Session(QObject):
    """Trains the document's project, one run at a time. `run` is the latest one, ended or not."""

    state_changed = Signal()
    happened = Signal(object)
    """Carries every event of the run. (`event` would be in the way of `QObject.event`.)"""
    failed = Signal(object)
    """Carries the `Diagnostic` of a run that could not start or go on."""
    found = Signal(object)
    """Carries the run that a crash interrupted and that can go on (`Interrupted`);
    None once the network is another one.
    """
    polled = Signal()
    differs_changed = Signal()

    def __init__(self, document: Document, analysis: Analysis, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.run: Run | None = None
        self.state: State = "idle"
        self.stopping = False
        self.started: Started | None = None
        self.ended: Ended | None = None
        self.differs = False
        self.interrupted: Interrupted | None = None
        """The run that was interrupted with the network as it is on the canvas, until another one begins."""
        self._left: Interrupted | None = None
        """The run that was interrupted with the network as it was opened."""
        self._opened = document.project.copy()
        self._document = document
        self._analysis = analysis
        self._worker = Worker("prepare", self)
        self._timer = QTimer(self, interval=_SOONEST_MS)
        self._timer.timeout.connect(self._poll)
        self._worked = 0.0
        """Seconds that this thread had worked when the run was last looked at."""
        analysis.changed.connect(self._compare)
        document.replaced.connect(self._on_document_replaced)
        document.edited.connect(self._on_document_edited)

    @property
    def telemetry(self) -> Telemetry | None:
        """What the latest run writes."""
        return self.run.telemetry if self.run else None

    def train(self) -> None:
        """Begin a new run of the project as it is now."""
        project = self._document.project.copy()

        def create() -> Run:
            from netbuilder.training.folder import free_folder
            from netbuilder.training.run import Run

            return Run.create(project, free_folder(runs_folder()))

        self._prepare(create)

    def can_continue(self) -> str | None:
        """Say why the latest run, or the one that was interrupted, can't be trained on, or return None."""
        if self.run is None and self.interrupted:
            return None
        if self.run is None or self.ended is None:
            return "There is no run to continue yet."
        if self.ended.reason == "failed":
            return "The last run failed; train anew."
        if self.differs:
            return "The network on the canvas is no longer the one of the last run; train anew."
        return None

    def goal_epochs(self) -> int:
        """Return to how many epochs in all a run would go on: to its own end if it was stopped or interrupted; if it
        was finished, for as many more as its project asks for.
        """
        if self.run is None and self.interrupted:
            return self.interrupted.epochs
        assert self.run
        assert self.ended
        epochs = self.run.telemetry.progress.epochs
        return epochs + config.read(self.run.project.training).epochs if self.ended.reason == "finished" else epochs

    def continue_run(self) -> None:
        """Go on with the latest run, or the one that was interrupted, to the epoch that `goal_epochs` gives."""
        last = self.run or self.interrupted
        assert last
        folder, epochs = last.folder, self.goal_epochs()

        def resume() -> Run:
            from netbuilder.training.run import Run

            return Run.open(folder, epochs=epochs)

        self._prepare(resume)

    def pause(self) -> None:
        """Stand still after the batch under way."""
        if self.run and self.state == "running":
            self.run.pause()

    def resume(self) -> None:
        """Go on after a pause."""
        if self.run and self.state == "paused":
            self.run.resume()

    def step(self) -> None:
        """Run a single batch and stand still again."""
        if self.run and self.state in ("running", "paused"):
            self.run.step()

    def stop(self) -> None:
        """End the run after the batch under way; what it learned is kept. One that is still prepared never starts."""
        if self.state == "idle" or self.stopping:
            return
        self.stopping = True
        if self.run and self.state != "preparing":
            self.run.stop()
        self.state_changed.emit()

    def close(self) -> None:
        """End the worker; the session has to be idle."""
        assert self.state == "idle", "stop first"
        self._worker.close()

    def trained_folder(self) -> Path | None:
        """Return the latest run's folder if it holds weights of the network that is on the canvas,
        be it ended or not.
        """
        if self.run is None or self.differs:
            return None
        return self.run.folder if (self.run.folder / "best.safetensors").exists() else None

    def _on_document_replaced(self) -> None:
        """Let go of the run of a project that is gone; it stays in its folder.

        Whoever replaces the project stops it first.
        """
        assert self.state == "idle", "stop first"
        self.run, self.started, self.ended, self._left = None, None, None, None
        self._compare()
        self._offer_interrupted()
        self._look_for_interrupted()
        self.state_changed.emit()

    def _on_document_edited(self, edit: Edit) -> None:
        if not only_moves(edit):
            self._offer_interrupted()

    def _look_for_interrupted(self) -> None:
        opened = self._opened = self._document.project.copy()

        def take(found: Interrupted | None) -> None:
            if opened is self._opened and self.run is None and self.state == "idle":
                self._left = found
                self._offer_interrupted()

        runs = runs_folder()
        self._worker.submit(lambda: find(runs, opened), take)

    def _offer_interrupted(self) -> None:
        """Offer the interrupted run while the canvas shows the network that it would train."""
        is_same = self._left is not None and task(self._document.project) == self._left.task
        interrupted = self._left if is_same else None
        if interrupted is not self.interrupted:
            self.interrupted = interrupted
            self.state_changed.emit()
            self.found.emit(interrupted)

    def _prepare(self, make: Callable[[], Run]) -> None:
        assert self.state == "idle"
        self._analysis.clear_report()
        self._set_state("preparing")
        self._worker.submit(make, self._begin, self._give_up)

    def _begin(self, run: Run) -> None:
        if self.stopping:
            self.stopping = False
            self._set_state("idle")
            return
        self.run, self.started, self.ended = run, None, None
        self._left, self.interrupted = None, None
        self._compare()
        run.start()
        self._worked = time.thread_time()
        self._timer.start()
        self._set_state("running")

    def _give_up(self, error: Exception) -> None:
        self.stopping = False
        self._set_state("idle")
        if not isinstance(error, NetbuilderError):
            raise error
        self.failed.emit(Diagnostic("error", "training-failed", str(error)))

    def _poll(self) -> None:
        assert self.run
        events = self.run.telemetry.take_events()
        for event in events:
            self._take(event)
        self.polled.emit()
        worked = time.thread_time()
        wanted = 1e3 * (worked - self._worked) / _SHARE
        self._timer.setInterval(round(min(max(_SOONEST_MS, wanted), _LATEST_MS)))
        self._worked = worked

    def _take(self, event: Event) -> None:
        assert self.run
        match event:
            case Started():
                self.started = event
            case Paused():
                self._set_state("paused")
            case Resumed():
                self._set_state("running")
            case Ended():
                self._timer.stop()
                self.run.join()
                self.ended, self.stopping = event, False
                self._set_state("idle")
            case _:
                pass
        self.happened.emit(event)
        if isinstance(event, Ended) and event.problem:
            self.failed.emit(event.problem)

    def _set_state(self, state: State) -> None:
        self.state = state
        self.state_changed.emit()

    def _compare(self) -> None:
        """See whether the canvas still shows the network that is trained; a network with errors differs from any."""
        lowering = self._analysis.lowering
        differs = self.run is not None and lowering is not None and lowering.program != self.run.program
        if differs != self.differs:
            self.differs = differs
            self.differs_changed.emit()
