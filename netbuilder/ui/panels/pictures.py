"""Pictures of what is inside a network: maps in a grid, a heat map, bars, a histogram.

Painted from numpy, pixel by pixel.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from netbuilder.training.telemetry import Floats
from netbuilder.ui.amounts import measure
from netbuilder.ui.panels import colormaps
from netbuilder.ui.panels.bars import paint_bars
from netbuilder.ui.theme import mix, mono_font, notifier, theme

_GAP = 3
_LARGEST_PIXEL = 28  # a small map is not blown up beyond this many points a value
_MOST_BARS = 128
_LIMIT_VALUES = 16_384


class ActivationView(QWidget):
    """Shows one activation: `C x H x W` as maps, `A x B` as a heat map, `F` as bars,
    or as a heat map where those are many.

    Bars that stand for classes bear their names.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._values: Floats | None = None
        self._names: Sequence[str] = ()
        self._stack: QImage | None = None
        self._maps = 0
        self._map = QSize(0, 0)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(80, 60)
        notifier().changed.connect(self._on_theme_changed)

    def show_values(self, values: Floats | None, names: Sequence[str] = ()) -> None:
        """Show these values, or nothing; `names` are those of the classes that they stand for, if they do."""
        self._values = values
        self._names = names
        self._stack = None
        if values is not None and not self._are_bars(values):
            maps = _as_maps(values)
            low, high = _limits(maps)
            self._maps, height, width = maps.shape
            self._map = QSize(width, height)
            self._stack = colormaps.image(colormaps.indices(maps.reshape(-1, width), low, high))
        self.update()

    def is_empty(self) -> bool:
        """Tell whether nothing is shown."""
        return self._values is None

    def _on_theme_changed(self) -> None:
        self.show_values(self._values, self._names)

    @staticmethod
    def _are_bars(values: Floats) -> bool:
        return values.size <= _MOST_BARS and values.ndim <= 1

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._values is None:
            return
        painter = QPainter(self)
        if self._stack is None:
            paint_bars(painter, self.rect(), self._values.reshape(-1), self._names)
        else:
            self._paint_maps(painter, self._stack)

    def _paint_maps(self, painter: QPainter, stack: QImage) -> None:
        ratio = self.devicePixelRatioF()
        free = self._values is not None and self._values.ndim < 3  # a heat map may be stretched, a feature map may not
        columns, across, down = _arrange(self._maps, self._map, QSize(self.width(), self.height()), ratio, free=free)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, min(across, down) * ratio < 1)
        width, height = self._map.width() * across, self._map.height() * down
        for at in range(self._maps):
            row, column = divmod(at, columns)
            target = QRectF(column * (width + _GAP), row * (height + _GAP), width, height)
            source = QRectF(0, at * self._map.height(), self._map.width(), self._map.height())
            painter.drawImage(target, stack, source)


class HistogramView(QWidget):
    """How often which value occurs."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._counts: npt.NDArray[np.int64] | None = None
        self._edges: Floats | None = None
        self.setMinimumSize(120, 60)
        self.setToolTip("How often which value occurs, over all samples that are looked at.")
        notifier().changed.connect(self.update)

    def show_counts(self, counts: npt.NDArray[np.int64] | None, edges: Floats | None) -> None:
        """Show these counts between these edges, or nothing."""
        self._counts, self._edges = counts, edges
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._counts is None or self._edges is None or not self._counts.size:
            return
        look = theme()
        painter = QPainter(self)
        painter.setFont(mono_font(11))
        label = painter.fontMetrics().height() + 4
        room = QRectF(0, 0, self.width(), self.height() - label)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(mix(look.panel, look.accent, 0.75))
        step = room.width() / len(self._counts)
        heights = self._counts / max(int(self._counts.max()), 1) * room.height()
        for at, height in enumerate(heights):
            if height > 0:
                painter.drawRect(QRectF(at * step, room.bottom() - max(height, 1), max(step - 1, 1), max(height, 1)))
        low, high = float(self._edges[0]), float(self._edges[-1])
        if low < 0 < high:
            zero = -low / (high - low) * room.width()
            painter.setPen(QPen(look.muted, 1, Qt.PenStyle.DashLine))
            painter.drawLine(QPointF(zero, 0), QPointF(zero, room.bottom()))
        painter.setPen(look.line)
        painter.drawLine(room.bottomLeft(), room.bottomRight())
        painter.setPen(look.muted)
        below = QRectF(0, room.bottom() + 2, self.width(), label)
        painter.drawText(below, Qt.AlignmentFlag.AlignLeft, measure(low))
        painter.drawText(below, Qt.AlignmentFlag.AlignRight, measure(high))


def _limits(values: Floats) -> tuple[float, float]:
    """Return the values that the ends of the ramp stand for: all but the outermost, which would leave no contrast."""
    flat = values.reshape(-1)
    finite = flat[:: -(-flat.size // _LIMIT_VALUES) or 1]
    finite = finite[np.isfinite(finite)]
    if not finite.size:
        return 0.0, 1.0
    low, high = np.percentile(finite, (1, 99))
    return (float(low), float(high)) if high > low else (float(finite.min()), float(finite.max()))


def _as_maps(values: Floats) -> Floats:
    """Return any activation as `maps x height x width`."""
    if values.ndim >= 3:
        return values.reshape(-1, *values.shape[-2:])
    if values.ndim == 2:
        return values[None]
    width = math.ceil(math.sqrt(values.size * 2))
    padded = np.full(-(-values.size // width) * width, np.nan, dtype=np.float32)
    padded[: values.size] = values.reshape(-1)
    return padded.reshape(1, -1, width)


def _arrange(maps: int, size: QSize, room: QSize, ratio: float, *, free: bool) -> tuple[int, float, float]:
    """Return columns and points a value across and down that show the maps as large as there is room for.

    From one device pixel a value up, the scale is a whole number of them, so that every value is equally large.
    """
    found: list[tuple[int, float, float]] = []
    for columns in range(1, maps + 1):
        rows = -(-maps // columns)
        across = (room.width() - _GAP * (columns - 1)) / columns / size.width()
        down = (room.height() - _GAP * (rows - 1)) / rows / size.height()
        if not free:
            across = down = min(across, down)
        across, down = (_whole(min(scale, _LARGEST_PIXEL), ratio) for scale in (across, down))
        found.append((columns, across, down))
    best = max(found, key=lambda each: min(each[1:]))
    # Full rows read better than slightly larger maps.
    full = [each for each in found if maps % each[0] == 0 and min(each[1:]) >= 0.75 * min(best[1:])]
    return max(full, key=lambda each: min(each[1:]), default=best)


def _whole(scale: float, ratio: float) -> float:
    pixels = scale * ratio
    return math.floor(pixels) / ratio if pixels >= 1 else max(scale, 0.0)
