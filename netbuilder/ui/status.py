"""The line at the bottom: where it trains, how fast, how far; and how large the network is."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QWidget

from netbuilder.compiler.program import Lowering
from netbuilder.training.telemetry import Ended
from netbuilder.ui.amounts import count, measure, short
from netbuilder.ui.analysis import Analysis
from netbuilder.ui.session import Session
from netbuilder.ui.theme import text_font, theme

_HEIGHT = 28


def clock(seconds: float) -> str:
    """Return a time as 0:42, 12:05 or 3:12:05."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


class _Bar(QWidget):
    """How much of the run is done."""

    def __init__(self) -> None:
        super().__init__()
        self.share = 0.0
        self.setMinimumWidth(80)
        self.setMaximumWidth(220)
        self.setFixedHeight(_HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_share(self, share: float) -> None:
        if share != self.share:
            self.share = share
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        groove = QRectF(0, self.height() / 2 - 3, self.width(), 6)
        done = QRectF(groove)
        done.setWidth(max(6.0, groove.width() * self.share) if self.share else 0.0)
        for rect, colour in ((groove, theme().line), (done, theme().accent)):
            painter.setBrush(QColor(colour))
            painter.drawRoundedRect(rect, 3, 3)


class StatusLine(QWidget):
    """Follows the session and the analysis."""

    def __init__(self, analysis: Analysis, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._analysis = analysis
        self._session = session
        self.setFixedHeight(_HEIGHT)
        self.state = _label()
        self.speed = _label()
        self.epoch = _label()
        self.bar = _Bar()
        self.left = _label()
        self.parameters = _label()
        self.flops = _label()
        self.zoom = _label()
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 1, 12, 0)
        row.setSpacing(20)
        for part in (self.state, self.speed, self.epoch):
            row.addWidget(part)
        row.addWidget(self.bar, 2)
        row.addWidget(self.left)
        row.addStretch(1)
        for part in (self.parameters, self.flops, self.zoom):
            row.addWidget(part)
        analysis.changed.connect(self._show_size)
        session.state_changed.connect(self._show_run)
        session.happened.connect(self._show_run)
        session.polled.connect(self._show_run)
        self._show_size()
        self._show_run()

    def show_zoom(self, scale: float) -> None:
        """Say how large the canvas shows its blocks."""
        self.zoom.setText(f"{scale * 100:.0f} %")

    def _show_size(self) -> None:
        lowering: Lowering | None = self._analysis.lowering
        for part in (self.parameters, self.flops):
            part.setVisible(lowering is not None)
        if lowering is not None:
            total = lowering.total()
            is_broken = any(error.node for error in lowering.errors())
            so_far = "so far " if is_broken else ""  # what is behind a broken block is not known
            self.parameters.setText(f"{so_far}{count(total.parameters)} parameters")
            self.flops.setText(f"{short(total.flops)} FLOPs per sample")

    def _show_run(self) -> None:
        session = self._session
        telemetry = session.telemetry if session.state != "preparing" else None
        active = session.state in ("running", "paused")
        for part in (self.bar, self.left):
            part.setVisible(active)
        self.epoch.setVisible(telemetry is not None)
        self.speed.setVisible(session.state == "running")
        self.state.setText(self._state_text())
        if telemetry is None:
            return
        progress = telemetry.progress
        self.speed.setText(f"{progress.steps_per_second:,.0f} steps/s")
        self.epoch.setText(f"epoch {max(1, progress.epoch)} of {progress.epochs}" if progress.epochs else "")
        self.bar.show_share(progress.step / progress.total_steps if progress.total_steps else 0.0)
        seconds = progress.seconds_left
        self.left.setText("" if seconds is None or session.state == "paused" else f"{clock(seconds)} left")

    def _state_text(self) -> str:
        session = self._session
        device = session.started.device if session.started else ""
        if session.state == "preparing":
            return "Cancelling…" if session.stopping else "Loading the data and building the network…"
        if session.stopping:
            return f"{device}  finishing…"
        if session.state == "running":
            return device or "Starting…"
        if session.state == "paused":
            return f"{device}  paused"
        return _outcome(session.ended) if session.ended else "Ready"


def _outcome(ended: Ended) -> str:
    if ended.reason == "failed":
        return "Training failed"
    return f"Trained: {results(ended)}" if ended.reason == "finished" else "Stopped; what it learned is kept"


def results(ended: Ended) -> str:
    """Return what a finished run reached on the test split: test loss 0.093, test accuracy 98.1 %."""
    return ", ".join(
        f"test {name.replace('_', ' ')} {_metric(name, value)}" for name, value in ended.test_metrics.items()
    )


def _metric(name: str, value: float) -> str:
    return f"{value * 100:.1f} %" if "accuracy" in name else measure(value)


def _label() -> QLabel:
    label = QLabel()
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setProperty("role", "muted")
    font = text_font(12)
    font.setFeature(QFont.Tag("tnum"), 1)  # figures of one width do not dance
    label.setFont(font)
    return label
