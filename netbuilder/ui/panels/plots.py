"""The curves of a run: the loss a step and an epoch, and each metric an epoch, over one axis of epochs.

Curves are cut to the pixels that they fill before they are handed to pyqtgraph, so a refresh costs the same at a
thousand steps and at ten million. Zooming in shows single steps again.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPen
from PySide6.QtWidgets import QHBoxLayout, QToolButton, QVBoxLayout, QWidget

from netbuilder.training.telemetry import Floats
from netbuilder.ui.amounts import count, measure
from netbuilder.ui.panels.axes import AXIS_ROOM, Axis, Scale, round_range
from netbuilder.ui.panels.envelope import Envelope
from netbuilder.ui.panels.legend import Legend, Told
from netbuilder.ui.panels.parts import words
from netbuilder.ui.theme import icon, mix, notifier, theme

Array = npt.NDArray[np.float64]

_SMOOTH_COLUMNS = 240
_LEAST_STEPS = 10.0
_DOTS_APART = 11.0


class Plot(QWidget):
    """A title with the latest values, and curves below it.

    The wheel zooms in time, a drag moves, a double click resets.
    """

    zoomed = Signal()

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.scale_kind: Scale = "linear"
        self._epochs = 1.0
        self._hover: float | None = None
        self._bottom = Axis("bottom", grid=False, least_step=1.0)
        self._left = Axis("left", grid=True)
        self.box = _TimeBox()
        self.plot = pg.PlotWidget(viewBox=self.box, axisItems={"left": self._left, "bottom": self._bottom})
        self.plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.plot.setFrameShape(self.plot.Shape.NoFrame)
        self.plot.setMinimumSize(120, 60)
        item = self.plot.plotItem
        assert item is not None
        item.hideButtons()
        item.setContentsMargins(0, 8, 16, 0)
        for axis in (self._left, self._bottom):
            axis.setZValue(-1000)  # the grid lies under the curves
        self._cursor = pg.InfiniteLine(angle=90, movable=False)
        self._cursor.hide()
        self.plot.addItem(self._cursor)
        scene = self.plot.sceneObj
        assert scene is not None
        scene.sigMouseMoved.connect(self._on_scene_mouse_moved)
        self.plot.installEventFilter(self)
        self.box.sigXRangeChanged.connect(self._on_x_range_changed)
        self.box.reset_requested.connect(self.reset_zoom)

        self._title = words(title)
        self._title.setStyleSheet("font-weight: 600;")
        self.legend = Legend()
        self.reset_button = _tool("mdi6.magnify-minus-outline", "Show the whole run again (double click).")
        self.reset_button.clicked.connect(self.reset_zoom)
        self.reset_button.hide()
        self._bar = QHBoxLayout()
        self._bar.setContentsMargins(0, 0, 0, 0)
        self._bar.setSpacing(4)
        self._bar.addWidget(self._title)
        self._bar.addSpacing(4)
        self._bar.addWidget(self.legend, 1)
        self._bar.addWidget(self.reset_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        header = QWidget()
        header.setFixedHeight(28)
        header.setLayout(self._bar)
        column.addWidget(header)
        column.addWidget(self.plot, 1)
        notifier().changed.connect(self.dress)

    # What subclasses say

    def draw(self) -> None:
        """Draw the curves over the stretch that is visible."""
        raise AssertionError("each plot draws its own")

    def told(self, epoch: float | None) -> list[Told]:
        """Return what the legend says: the values at an epoch, or the latest ones."""
        raise AssertionError("each plot tells its own")

    # What all do

    def dress(self) -> None:
        """Take the colours of the theme of the moment."""
        self.plot.setBackground(theme().panel)
        self._cursor.setPen(pg.mkPen(mix(theme().line, theme().muted, 0.5)))
        for axis in (self._left, self._bottom):
            axis.dress()
        self.draw()
        self.show_legend()

    def set_epochs(self, epochs: float, least: float) -> None:
        """Make room for so many epochs, of which at least `least` stay in sight when one zooms in."""
        self._epochs = max(epochs, 1e-9) * (1 + AXIS_ROOM)
        least = min(least, self._epochs)
        self.box.setLimits(xMin=0, xMax=self._epochs, minXRange=least, maxXRange=self._epochs)
        self.reset_zoom()

    def reset_zoom(self) -> None:
        """Show the whole run."""
        self.box.setXRange(0, self._epochs, padding=0)

    @property
    def is_zoomed(self) -> bool:
        """Whether only a part of the run is shown."""
        first, last = self.box.viewRange()[0]
        return last - first < self._epochs * 0.999

    def set_scale(self, scale: Scale) -> None:
        """Change what the values stand on: linear, log or percent."""
        self.scale_kind = self._left.scale_kind = scale
        self._left.picture = None
        self.draw()

    def fit(self, low: float, high: float) -> None:
        """Put round limits around what is drawn."""
        least, most = round_range(low, high, self.scale_kind)
        room = (most - least) * AXIS_ROOM  # so that a line along a limit is as thick as anywhere
        wanted = least - room, most + room
        if tuple(self.box.viewRange()[1]) != wanted:
            self.box.setYRange(*wanted, padding=0)

    def scaled(self, values: npt.NDArray[np.floating]) -> Array:
        """Return where values stand: themselves, or their exponents of ten on a log scale."""
        if self.scale_kind != "log":
            return np.asarray(values, dtype=np.float64)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.log10(values, dtype=np.float64)

    def show_dots(self, dots: pg.ScatterPlotItem, x: Array, y: Array) -> None:
        """Show a dot a point where they stand apart, else the last one alone."""
        left, right = self.box.viewRange()[0]
        apart = self.box.width() / max(right - left, 1e-9) >= _DOTS_APART
        _show(dots, x if apart else x[-1:], y if apart else y[-1:])

    def show_legend(self) -> None:
        """Say the values under the pointer, or the latest ones."""
        self.legend.tell(self.told(self._hover))

    def _on_x_range_changed(self) -> None:
        self.reset_button.setVisible(self.is_zoomed)
        self.draw()
        self.zoomed.emit()

    def _on_scene_mouse_moved(self, place: QPointF) -> None:
        inside = self.box.sceneBoundingRect().contains(place)
        self._hover = float(self.box.mapSceneToView(place).x()) if inside else None
        self._cursor.setVisible(inside)
        if self._hover is not None:
            self._cursor.setValue(self._hover)
        self.show_legend()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self.dress()
        return super().event(event)

    def eventFilter(self, watched: object, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Leave:
            self._hover = None
            self._cursor.hide()
            self.show_legend()
        return False


class LossPlot(Plot):
    """The training loss of each step, faint, with its mean over it; the validation loss of each epoch; and, fainter,
    the run before.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Loss", parent)
        self._envelope = Envelope()
        self._steps_per_epoch = 1
        self._validation: list[tuple[float, float]] = []
        self._ghost: tuple[Array, Array] | None = None
        self.earlier = _curve(self.plot)
        self.raw = _curve(self.plot)
        self._smooth = _curve(self.plot, antialias=True)
        self.checks = _curve(self.plot, antialias=True)
        self._dots = _dots(self.plot)
        self.log_button = _tool("", "Draw the loss on a log scale.")
        self.log_button.setText("log")
        self.log_button.setCheckable(True)
        self.log_button.toggled.connect(lambda log: self.set_scale("log" if log else "linear"))
        self._bar.addWidget(self.log_button)
        self.dress()

    def begin(self, steps_per_epoch: int, epochs: int, *, goes_on: bool = False) -> None:
        """Make ready for a run; the last one stays as a faint line, unless this one is it and `goes_on`."""
        if not goes_on:
            if len(self._envelope):
                self._ghost = self._mean_line(0, len(self._envelope))
            self._validation = []
        self._envelope = Envelope()
        self._steps_per_epoch = steps_per_epoch
        self.set_epochs(epochs, _LEAST_STEPS / steps_per_epoch)
        self.show_legend()

    def forget(self) -> None:
        """Let go of all runs: what is drawn next is of another project."""
        self._envelope, self._validation, self._ghost = Envelope(), [], None
        self.draw()
        self.show_legend()

    def add_check(self, epoch: float, loss: float) -> None:
        """Add the validation loss after an epoch; it is drawn with the next refresh."""
        self._validation = [point for point in self._validation if point[0] < epoch] + [(epoch, loss)]

    def refresh(self, losses: Floats) -> None:
        """Draw what has been trained by now: the losses of steps 1, 2, 3, ..."""
        self._envelope.update(losses)
        self.draw()
        self.show_legend()

    def draw(self) -> None:
        first, last = self._visible()
        columns = max(64, int(self.box.width()))
        places, values = self._envelope.view(first, last, columns)
        _show(self.raw, (places + 1) / self._steps_per_epoch, self.scaled(values))
        line = self._mean_line(first, last)
        _show(self._smooth, line[0], self.scaled(line[1]))
        checks = np.array(self._validation, dtype=np.float64).reshape(-1, 2)
        _show(self.checks, checks[:, 0], self.scaled(checks[:, 1]))
        self.show_dots(self._dots, checks[:, 0], self.scaled(checks[:, 1]))
        ghost = self._ghost or (np.empty(0), np.empty(0))
        _show(self.earlier, ghost[0], self.scaled(ghost[1]))
        left, right = self.box.viewRange()[0]
        seen = checks[(checks[:, 0] >= left) & (checks[:, 0] <= right), 1]
        self._fit_to(np.concatenate([values, seen]))

    def told(self, epoch: float | None) -> list[Told]:
        look = theme()
        if not len(self._envelope):
            return []
        if epoch is None:
            loss = self._mean_line(len(self._envelope) - 1, len(self._envelope))[1][-1]
            parts = [Told("train", measure(loss), look.accent)]
            parts += [Told("validation", measure(loss), look.warning) for _, loss in self._validation[-1:]]
            return [*parts, Told("run before", measure(self._ghost[1][-1]), look.muted)] if self._ghost else parts
        step = round(epoch * self._steps_per_epoch) - 1
        value = self._envelope.value(step)
        if value is None:
            return [Told("epoch", f"{epoch:.1f}", look.muted)]
        parts = [Told("step", count(step + 1), look.muted), Told("train", measure(value), look.accent)]
        checks = dict(self._validation)
        nearest = min(checks, key=lambda each: abs(each - epoch), default=None)
        if nearest is not None and abs(nearest - epoch) <= 0.5:
            parts.append(Told("validation", measure(checks[nearest]), look.warning))
        return parts

    def dress(self) -> None:
        look = theme()
        self.earlier.setPen(pg.mkPen(mix(look.panel, look.muted, 0.55)))
        self.raw.setPen(pg.mkPen(mix(look.panel, look.accent, 0.42)))
        self._smooth.setPen(_thick(look.accent, self.plot))
        self.checks.setPen(_thick(look.warning, self.plot))
        self._dots.setBrush(look.warning)
        super().dress()

    def _visible(self) -> tuple[int, int]:
        left, right = self.box.viewRange()[0]
        first = int(np.floor(left * self._steps_per_epoch)) - 2
        return max(0, first), min(len(self._envelope), int(np.ceil(right * self._steps_per_epoch)) + 1)

    def _mean_line(self, first: int, last: int) -> tuple[Array, Array]:
        """Return the smoothed loss: each place the mean over a fiftieth of the run so far,
        or over an epoch if that is less.
        """
        window = max(3, min(self._steps_per_epoch, len(self._envelope) // 25))
        places, means = self._envelope.smooth(first, last, _SMOOTH_COLUMNS, window)
        return (places + 1) / self._steps_per_epoch, means

    def _fit_to(self, values: npt.NDArray[np.floating]) -> None:
        usable = values[np.isfinite(values) & ((values > 0) | (self.scale_kind != "log"))]
        if len(usable):
            self.fit(float(usable.min()), float(usable.max()))


class MetricPlot(Plot):
    """A metric over the validation part, an epoch a point."""

    def __init__(self, title: str, scale: Scale, parent: QWidget | None = None) -> None:
        super().__init__(title, parent)
        self._points: list[tuple[float, float]] = []
        self._line = _curve(self.plot, antialias=True)
        self._dots = _dots(self.plot)
        self.dress()
        self.set_scale(scale)

    def begin(self, epochs: int, *, goes_on: bool = False) -> None:
        """Make ready for a run."""
        self._points = self._points if goes_on else []
        self.set_epochs(epochs, 1.0)
        self.show_legend()

    def add_check(self, epoch: float, value: float) -> None:
        """Add the value after an epoch; it is drawn with the next refresh."""
        self._points = [point for point in self._points if point[0] < epoch] + [(epoch, value)]

    def refresh(self) -> None:
        """Draw what is known by now."""
        self.draw()
        self.show_legend()

    def draw(self) -> None:
        points = np.array(self._points, dtype=np.float64).reshape(-1, 2)
        points = points[np.isfinite(points[:, 1])]
        _show(self._line, points[:, 0], points[:, 1])
        self.show_dots(self._dots, points[:, 0], points[:, 1])
        left, right = self.box.viewRange()[0]
        seen = points[(points[:, 0] >= left) & (points[:, 0] <= right), 1]
        if len(seen):
            self.fit(float(seen.min()), float(seen.max()))
        elif self.scale_kind == "percent":
            self.fit(0.05, 1.0)

    def told(self, epoch: float | None) -> list[Told]:
        if not self._points:
            return []
        at, value = self._points[-1] if epoch is None else min(self._points, key=lambda point: abs(point[0] - epoch))
        text = f"{100 * value:.1f} %" if self.scale_kind == "percent" else measure(value)
        parts = [] if epoch is None else [Told("epoch", f"{at:g}", theme().muted)]
        return [*parts, Told("validation", text, theme().warning)]

    def dress(self) -> None:
        self._line.setPen(_thick(theme().warning, self.plot))
        self._dots.setBrush(theme().warning)
        super().dress()


class _TimeBox(pg.ViewBox):
    """Zooms and moves along the axis of epochs alone."""

    reset_requested = Signal()

    def __init__(self) -> None:
        super().__init__(enableMenu=False, defaultPadding=0.0)
        self.setMouseEnabled(x=True, y=False)
        self.disableAutoRange()

    def wheelEvent(self, ev: Any, axis: int | None = None) -> None:
        self.updateMatrix()  # else a second turn before the next paint zooms at where the pointer was in the first
        super().wheelEvent(ev, axis)

    def mouseDoubleClickEvent(self, event: object) -> None:
        self.reset_requested.emit()


def _tool(glyph: str, tip: str) -> QToolButton:
    button = QToolButton()
    if glyph:
        button.setIcon(icon(glyph, "muted"))
        button.setIconSize(QSize(16, 16))
    button.setProperty("role", "quiet")
    button.setStyleSheet("padding: 2px 4px;")
    button.setToolTip(tip)
    button.setAccessibleName(tip)
    return button


def _thick(colour: QColor, plot: pg.PlotWidget) -> QPen:
    return pg.mkPen(colour, width=2 * plot.devicePixelRatioF())  # pyqtgraph's pens count device pixels


def _curve(plot: pg.PlotWidget, *, antialias: bool = False) -> pg.PlotCurveItem:
    curve = pg.PlotCurveItem(antialias=antialias)
    curve.setSegmentedLineMode("off")
    plot.addItem(curve)
    return curve


def _dots(plot: pg.PlotWidget) -> pg.ScatterPlotItem:
    dots = pg.ScatterPlotItem(size=6, pen=None, antialias=True)
    plot.addItem(dots)
    return dots


def _show(item: pg.PlotCurveItem | pg.ScatterPlotItem, x: Array, y: npt.NDArray[np.floating]) -> None:
    keep = np.isfinite(y)
    if not keep.all():
        x, y = x[keep], y[keep]
    item.setData(x, np.ascontiguousarray(y, dtype=np.float64))
