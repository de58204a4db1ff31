"""What the window says over the canvas by itself: how runs went, which one can go on, what a crash left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from netbuilder.diagnostics import Diagnostic
from netbuilder.training.telemetry import Ended
from netbuilder.ui.dialogs import show_problem
from netbuilder.ui.interrupted import Interrupted
from netbuilder.ui.notice import Actions, Kind
from netbuilder.ui.recovery import Snapshot
from netbuilder.ui.status import results

if TYPE_CHECKING:
    from netbuilder.ui.main_window import MainWindow


class News(QObject):
    """Tells by the window's notice what its session and its recovery report."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._notice = window.notice
        self._ending = ""
        """How the latest run ended, as it was told."""
        self._interrupted = ""
        """The offer to go on with an interrupted run, as it was told."""
        window.document.replaced.connect(self._retract_ending)
        session = window.session
        session.state_changed.connect(self._on_session_state_changed)
        session.happened.connect(self._on_session_happened)
        session.failed.connect(self._on_session_failed)
        session.found.connect(self._on_session_found)
        window.recovery.failed.connect(lambda sentence: self._notice.tell(sentence, "warning", lasting=True))

    def offer(self, snapshot: Snapshot) -> None:
        """Offer unsaved changes that a crash left."""
        when = f"{snapshot.written:%d %B, %H:%M}"
        actions = [("Restore", lambda: self._restore(snapshot)), ("Discard", snapshot.discard)]
        sentence = f"NetBuilder ended with unsaved changes to “{snapshot.name}” ({when})."
        self._notice.tell(sentence, "warning", actions, lasting=True)

    def _restore(self, snapshot: Snapshot) -> None:
        if self._window.files.restore(snapshot):
            self._window.recovery.keep()
            snapshot.discard()

    def _on_session_state_changed(self) -> None:
        if self._window.session.state == "preparing":
            self._retract_ending()

    def _on_session_happened(self, event: object) -> None:
        if not isinstance(event, Ended) or self._window.is_closing:
            return
        if event.reason == "finished":
            actions = [("Export ONNX…", self._window.actions_by_id["export_onnx"].trigger)]
            self._tell_ending(f"Trained for {event.epoch} epochs: {results(event)}.", "good", actions, passing=True)
        elif event.reason == "stopped":
            actions = [("Continue", self._window.actions_by_id["continue"].trigger)]
            text = f"Stopped after {event.step:,} steps. What it learned is kept."
            self._tell_ending(text, "accent", actions, passing=True)

    def _on_session_failed(self, problem: Diagnostic) -> None:
        window = self._window
        window.analysis.report(problem)
        actions = []
        if problem.node:
            actions.append(("Show the block", lambda: window.show_node(str(problem.node))))
        ended = window.session.ended
        if ended and ended.details:
            details = ended.details
            actions.append(("Details", lambda: show_problem(window, "Training failed", problem.message, details)))
        self._tell_ending(problem.message, "error", actions)

    def _tell_ending(self, text: str, kind: Kind, actions: Actions, *, passing: bool = False) -> None:
        """Tell how a run ended; it is news until another one begins, or another project is opened."""
        self._ending = text
        self._notice.tell(text, kind, actions, passing=passing)

    def _retract_ending(self) -> None:
        self._notice.retract(self._ending)

    def _on_session_found(self, run: Interrupted | None) -> None:
        self._notice.retract(self._interrupted)
        if run:
            self._interrupted = (
                f"The training of this network was interrupted in epoch {run.done + 1:,} of {run.epochs:,}."
            )
            actions = [("Continue", self._window.actions_by_id["continue"].trigger)]
            self._notice.tell(self._interrupted, "warning", actions, lasting=True)
