"""How wires look, and the shapes that are written into them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen

from netbuilder.ui.canvas.painting import ALL, dtype_colour, font, severity_colour, text_width, with_alpha
from netbuilder.ui.canvas.routing import Route
from netbuilder.ui.geometry import BLOCK_HEIGHT
from netbuilder.ui.theme import Theme, mix, theme

if TYPE_CHECKING:
    from netbuilder.ui.canvas.wires import WireItem

LABEL_ROOM = 150.0
"""A straight run this long carries the shape; on shorter ones it is next to a block that says it anyway."""

_ABOVE = BLOCK_HEIGHT / 2 + 12


def route_path(route: Route) -> QPainterPath:
    """Return a route as a path."""
    path = QPainterPath(QPointF(*route.start))
    for curve in route.curves:
        path.cubicTo(*curve.first, *curve.second, *curve.end)
    return path


def paint_wire(painter: QPainter, item: WireItem) -> None:
    """Paint a wire and, where it belongs, its shape."""
    look = theme()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    colour = dtype_colour(look, item.spec.dtype if item.spec else "")
    width = 1.75
    if item.emphasis:
        colour = mix(colour, look.text, 0.35)
    if item.hover.value:
        colour = mix(colour, look.text, 0.45 * item.hover.value)
        width += 0.5 * item.hover.value
    if item.severity:
        colour = severity_colour(look, item.severity)
    if item.selected or item.offered:
        colour, width = look.accent, 2.25
        painter.setPen(_wire_pen(with_alpha(look.accent, 0.22), 8.0 if item.offered else 6.0))
        painter.drawPath(item.path)
    painter.setPen(_wire_pen(colour, width))
    painter.drawPath(item.path)


def _wire_pen(colour: QColor, width: float) -> QPen:
    return QPen(colour, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap)


def label_rect(text: str, middle: QPointF) -> QRectF:
    """Return the area of the shape on a wire."""
    width = text_width("pill", text) + 12
    return QRectF(middle.x() - width / 2, middle.y() - 8, width, 16)


def paint_label(painter: QPainter, item: WireItem, exposed: QRectF) -> None:
    """Paint the shape into a wire, if that can be seen and read."""
    rect = item.label
    if rect.intersects(exposed) and painter.worldTransform().m11() >= ALL:
        look = theme()
        colour = severity_colour(look, item.severity) if item.severity else look.muted
        paint_pill(painter, rect, str(item.spec), "pill", colour, look)


def paint_label_above(painter: QPainter, item: WireItem) -> None:
    """Paint the shape above a wire that is too short to carry it, and above the blocks at its ends."""
    look = theme()
    rect = item.label.translated(0, -_ABOVE)
    paint_pill(painter, rect, str(item.spec), "pill", look.text, look)


def paint_pill(painter: QPainter, rect: QRectF, text: str, kind: str, colour: QColor, look: Theme) -> None:
    """Paint a few words in a rounded box that stands out from the canvas."""
    painter.setPen(QPen(look.line, 1.0))
    painter.setBrush(look.panel)
    painter.drawRoundedRect(rect, rect.height() / 2, rect.height() / 2)
    painter.setFont(font(kind))
    painter.setPen(colour)
    painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, text)
