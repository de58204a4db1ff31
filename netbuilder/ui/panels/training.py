"""The training panel: how it is trained, and the curves while it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QSizePolicy, QStackedWidget, QVBoxLayout, QWidget

from netbuilder.graph.edits import UNSET, Edit, SetSection, flatten
from netbuilder.graph.model import NodeId
from netbuilder.training.config import TrainingConfig
from netbuilder.training.telemetry import Ended, EpochEnded, Event, Started
from netbuilder.ui.document import Document
from netbuilder.ui.forms import Form
from netbuilder.ui.panels.activations import Activations
from netbuilder.ui.panels.axes import Scale
from netbuilder.ui.panels.parts import quiet_button, words
from netbuilder.ui.panels.plots import LossPlot, MetricPlot
from netbuilder.ui.session import Session

_SETTINGS_WIDTH = 248
_MOST_METRICS = 3
_FIRST_STEP = "Press Train (Ctrl+Enter): loss and metrics are drawn here while the network learns."
_NOT_YET = "Loss and metrics are drawn here while the network learns."


class TrainingPanel(QWidget):
    """Settings at the left, then loss, metrics and the activation of the selected block. Space pauses and goes on."""

    def __init__(self, document: Document, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._session = session
        self._run = ""
        self._refusal = ""
        self._checks = 0
        self._drawn = (-1, -1)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

        self.form = Form(TrainingConfig)
        self.form.edited.connect(self._on_form_edited)
        self._note = words("Changes take effect with the next run.", "muted", wrap=True)
        tip = "Show or hide the settings of the training."
        self.settings_button = quiet_button("mdi6.tune-variant", "Training settings", tip, 16)
        self.settings_button.setCheckable(True)
        self.settings_button.setChecked(True)
        self.loss = LossPlot()
        self.metrics: dict[str, MetricPlot] = {}
        self.activations = Activations(document, session, compact=True)
        self._lay_out()

        document.edited.connect(self._on_document_edited)
        document.replaced.connect(self._on_document_replaced)
        session.happened.connect(self._on_session_happened)
        session.polled.connect(self._on_session_polled)
        session.state_changed.connect(self._show_state)
        self._show_settings()
        self._show_state()

    def set_selection(self, nodes: Iterable[NodeId]) -> None:
        """Look at the activation of the first of these blocks."""
        self.activations.set_selection(nodes)

    def show_refusal(self, reason: str) -> None:
        """Say, in the place of curves, why the network can't be trained as it is; nothing if it can."""
        if reason != self._refusal:
            self._refusal = reason
            self._show_state()

    def message(self) -> str:
        """Return what is said in the place of curves, empty while there are some."""
        return self._empty.text() if self._stack.currentIndex() == 0 else ""

    def _lay_out(self) -> None:
        side = QWidget()
        down = QVBoxLayout(side)
        down.setContentsMargins(12, 4, 12, 12)
        down.addWidget(self._note)
        down.addWidget(self.form)
        down.addStretch(1)
        self.settings = QScrollArea()
        self.settings.setWidget(side)
        self.settings.setWidgetResizable(True)
        self.settings.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.settings.setFixedWidth(_SETTINGS_WIDTH)
        self.settings_button.toggled.connect(self.settings.setVisible)

        self._empty = words(role="muted", wrap=True)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._curves_page = QWidget()
        self._curves = QHBoxLayout(self._curves_page)
        self._curves.setContentsMargins(0, 0, 0, 0)
        self._curves.setSpacing(16)
        self._curves.addWidget(self.loss, 5)
        self._curves.addWidget(self.activations, 3)
        self._stack = QStackedWidget()
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self._curves_page)
        strip = QVBoxLayout()
        strip.setContentsMargins(8, 3, 0, 0)
        strip.addWidget(self.settings_button)
        strip.addStretch(1)
        across = QHBoxLayout(self)
        across.setContentsMargins(0, 0, 12, 8)
        across.setSpacing(8)
        across.addLayout(strip)
        across.addWidget(self.settings)
        across.addWidget(self._stack, 1)

    # Settings

    def _show_settings(self) -> None:
        training = self._document.project.training
        self.form.show_values([training])
        optimizer = training.get("optimizer", TrainingConfig().optimizer)
        self.form.hold("momentum", "" if optimizer == "sgd" else f"For sgd alone: {optimizer} does not use it.")

    def _on_form_edited(self, parameter: str, value: Any, series: int) -> None:
        section: dict[str, Any] = {**self._document.project.training, parameter: value}
        if value is UNSET:
            del section[parameter]
        self._document.apply(
            SetSection("training", section), merge=f"training {parameter} {series}" if series else None
        )

    def _on_document_edited(self, edit: Edit) -> None:
        if any(isinstance(part, SetSection) and part.section == "training" for part in flatten(edit)):
            self._show_settings()

    def _on_document_replaced(self) -> None:
        self._run = ""  # what is drawn belongs to the project that is gone
        self.loss.forget()
        self._show_settings()
        self._show_state()

    # The run

    def _show_state(self) -> None:
        state = self._session.state
        self._note.setVisible(state in ("running", "paused"))
        if self._session.run is not None and self._run:
            self._show_curves(True)
            return
        first_step = f"{_NOT_YET}\n\n{self._refusal}" if self._refusal else _FIRST_STEP
        is_preparing = state == "preparing"
        self._empty.setText(
            "Getting ready: the data is loaded and the network is built." if is_preparing else first_step
        )
        self._show_curves(False)

    def _show_curves(self, shown: bool) -> None:
        """Show the curves, or the words in their place; those that are not shown ask for no width."""
        policy = QSizePolicy.Policy
        self._curves_page.setSizePolicy(policy.Preferred if shown else policy.Ignored, policy.Preferred)
        self._stack.setCurrentIndex(int(shown))

    def _on_session_happened(self, event: Event) -> None:
        match event:
            case Started():
                self._begin(event)
            case EpochEnded(values=values):
                self._add_checks(event.epoch, values)
            case Ended():
                self._draw()
            case _:
                pass

    def _begin(self, started: Started) -> None:
        run = self._session.run
        assert run is not None
        goes_on = started.run == self._run
        if not self._run:
            self.settings_button.setChecked(False)  # the curves take the place; once, then it is as one leaves it
        self._run = started.run
        epochs = max(1, started.total_steps // max(1, started.steps_per_epoch))
        self.loss.begin(started.steps_per_epoch, epochs, goes_on=goes_on)
        if not goes_on:
            self._make_metrics(run)
        for plot in self.metrics.values():
            plot.begin(epochs, goes_on=goes_on)
        self._show_curves(True)
        self._drawn = (-1, -1)
        self._draw()

    def _make_metrics(self, run: Any) -> None:
        for plot in self.metrics.values():
            plot.setParent(None)
            plot.deleteLater()
        names = [result.name for result in run.program.results if result.role == "metric"][:_MOST_METRICS]
        self.metrics = {name: MetricPlot(name.capitalize().replace("_", " "), _scale(run, name)) for name in names}
        for at, plot in enumerate(self.metrics.values()):
            self._curves.insertWidget(1 + at, plot, 3)

    def _add_checks(self, epoch: int, values: Mapping[str, float]) -> None:
        self._checks += 1
        if "validation_loss" in values:
            self.loss.add_check(epoch, values["validation_loss"])
        for name, plot in self.metrics.items():
            if f"validation_{name}" in values:
                plot.add_check(epoch, values[f"validation_{name}"])

    def _on_session_polled(self) -> None:
        if self.isVisible():
            self._draw()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._draw()

    def _draw(self) -> None:
        """Draw what is new since the last time, if anything is."""
        telemetry = self._session.telemetry
        if telemetry is None or not self._run:
            return
        losses = telemetry.step_losses.view()
        known = len(losses), self._checks
        if known != self._drawn:
            self._drawn = known
            self.loss.refresh(losses)
            for plot in self.metrics.values():
                plot.refresh()

    # Keys

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and self._is_pause(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self._is_pause(event):
            super().keyPressEvent(event)
        elif self._session.state == "paused":
            self._session.resume()
        else:
            self._session.pause()

    def _is_pause(self, event: QKeyEvent) -> bool:
        plain = event.key() == Qt.Key.Key_Space and not event.modifiers() and not event.isAutoRepeat()
        return plain and self._session.state in ("running", "paused")


def _scale(run: Any, name: str) -> Scale:
    node = run.project.graph.named(name)
    return "percent" if node is not None and node.type == "Accuracy" else "linear"
