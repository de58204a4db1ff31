"""Few values as bars: numbered, side by side over an axis; or those of classes, each with its name and its number."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter

from netbuilder.training.telemetry import Floats
from netbuilder.ui.amounts import measure
from netbuilder.ui.theme import Theme, mix, mono_font, text_font, theme

_MOST_LABELS = 24
_WIDEST_BAR = 40.0
_LOWEST_ROW, _HIGHEST_ROW = 13.0, 26.0
_WIDEST_ROWS = 520.0
_GAP = 8.0


def paint_bars(painter: QPainter, room: QRect, values: Floats, names: Sequence[str] = ()) -> None:
    """Paint values as bars; by name, one below the other, where there are names and room for so many rows."""
    finite = np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)
    if values.size == 1:
        painter.setPen(theme().text)
        painter.setFont(mono_font(20))
        painter.drawText(room, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop, measure(float(values[0])))
    elif len(names) == values.size and room.height() / values.size >= _LOWEST_ROW:
        _paint_named(painter, room, values, finite, names)
    else:
        _paint_numbered(painter, room, finite)


def _range(finite: Floats) -> tuple[float, float]:
    return min(0.0, float(finite.min())), max(0.0, float(finite.max()))


def _paint_named(painter: QPainter, room: QRect, values: Floats, finite: Floats, names: Sequence[str]) -> None:
    look, largest = theme(), int(finite.argmax())
    low, high = _range(finite)
    words, numbers = QFontMetricsF(text_font(11)), QFontMetricsF(mono_font(11))
    figures = [measure(float(value)) for value in values]
    height = min(room.height() / len(names), _HIGHEST_ROW)
    whole = min(float(room.width()), _WIDEST_ROWS)
    left = min(max(words.horizontalAdvance(name) for name in names) + 1, 0.4 * whole)
    right = max(numbers.horizontalAdvance(figure) for figure in figures)
    unit = max(whole - left - right - 2 * _GAP, 1.0) / ((high - low) or 1.0)
    zero = left + _GAP - low * unit
    for at, (name, figure, value) in enumerate(zip(names, figures, finite, strict=True)):
        row = QRectF(0, at * height, whole, height)
        painter.setPen(look.text if at == largest else look.muted)
        painter.setFont(text_font(11))
        shown = words.elidedText(name, Qt.TextElideMode.ElideRight, left)
        painter.drawText(row.adjusted(0, 0, left - whole, 0), _MIDDLE | Qt.AlignmentFlag.AlignRight, shown)
        painter.setFont(mono_font(11))
        painter.drawText(row, _MIDDLE | Qt.AlignmentFlag.AlignRight, figure)
        start, end = sorted((zero, zero + float(value) * unit))
        bar = QRectF(start, row.top() + 1.5, max(end - start, 1.0), max(height - 3, 1.0))
        _paint_bar(painter, bar, look, is_largest=at == largest)
    painter.setPen(look.line)
    painter.drawLine(QPointF(zero, 0), QPointF(zero, height * len(names)))


def _paint_numbered(painter: QPainter, room: QRect, finite: Floats) -> None:
    look, largest = theme(), int(finite.argmax())
    low, high = _range(finite)
    painter.setFont(mono_font(11))
    letters = QFontMetricsF(mono_font(11))
    label = letters.height() + 2
    area = QRectF(room).adjusted(0, 4, 0, -label)
    unit = area.height() / ((high - low) or 1.0)
    zero = area.bottom() + low * unit
    area.setLeft(_paint_axis(painter, area, zero, (low, high), look))
    step = min(area.width() / finite.size, _WIDEST_BAR)
    painter.setPen(look.muted)
    for at in range(finite.size) if finite.size <= _MOST_LABELS else (0, finite.size - 1):
        middle = area.left() + (at + 0.5) * step - 1
        below = QRectF(middle - 20, area.bottom() + 2, 40, label)
        painter.drawText(below, Qt.AlignmentFlag.AlignHCenter, str(at))
    for at, value in enumerate(finite):
        top, bottom = zero - max(value, 0.0) * unit, zero - min(value, 0.0) * unit
        bar = QRectF(area.left() + at * step, top, max(step - 2, 1.0), max(bottom - top, 1.0))
        _paint_bar(painter, bar, look, is_largest=at == largest)
    painter.setPen(look.line)
    painter.drawLine(QPointF(area.left(), zero), QPointF(area.left() + step * finite.size, zero))


def _paint_axis(painter: QPainter, area: QRectF, zero: float, ends: tuple[float, float], look: Theme) -> float:
    """Write nought and the ends of the values at the left, if there is room; return where the bars begin."""
    letters = QFontMetricsF(painter.font())
    width = max(letters.horizontalAdvance(measure(end)) for end in ends) + _GAP
    if area.width() < 4 * width:
        return area.left()
    painter.setPen(look.muted)
    half = letters.height() / 2
    for value, y in ((0.0, zero), (ends[0], area.bottom()), (ends[1], area.top())):
        if not value or abs(y - zero) > 2 * half:
            y = min(max(y, area.top() + half - 4), area.bottom() - half + 4)
            place = QRectF(area.left(), y - half, width - _GAP, 2 * half)
            painter.drawText(place, _MIDDLE | Qt.AlignmentFlag.AlignRight, measure(value) if value else "0")
    return area.left() + width


def _paint_bar(painter: QPainter, bar: QRectF, look: Theme, *, is_largest: bool) -> None:
    painter.fillRect(bar, look.accent if is_largest else mix(look.panel, look.accent, 0.5))


_MIDDLE = Qt.AlignmentFlag.AlignVCenter
