"""What is painted behind and before the items: the dots of the grid, an invitation, names of ports, a loose wire."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPen, QPixmap, QTransform

from netbuilder.ui.canvas.items import BlockItem
from netbuilder.ui.canvas.painting import text_width
from netbuilder.ui.canvas.parts import PortPlace, Side
from netbuilder.ui.canvas.routing import Point, loose
from netbuilder.ui.canvas.scene import CanvasScene
from netbuilder.ui.canvas.wire_painting import paint_label_above, paint_pill, route_path
from netbuilder.ui.geometry import DOTS
from netbuilder.ui.theme import text_font, theme

_CLOSEST_DOTS = 14.0
_DOT = 2.0


def paint_dots(painter: QPainter, size: QSize, world: QTransform) -> None:
    """Paint the canvas's ground and its dots; from afar every second, fourth, ... dot."""
    look = theme()
    painter.save()
    painter.resetTransform()
    painter.fillRect(0, 0, size.width(), size.height(), look.background)
    pitch = DOTS * world.m11()
    while pitch < _CLOSEST_DOTS:
        pitch *= 2
    ratio = painter.device().devicePixelRatioF()
    row = _row_of_dots(pitch, world.dx() % pitch, size.width(), ratio, look.grid.rgb())
    top = world.dy() % pitch - pitch
    for number in range(int(size.height() / pitch) + 3):
        painter.drawPixmap(QPointF(0, round((top + number * pitch) * ratio) / ratio - _DOT), row)
    painter.restore()


@lru_cache(8)
def _row_of_dots(pitch: float, left: float, width: int, ratio: float, colour: int) -> QPixmap:
    """Return one row of dots. Drawn once and copied, it costs a twentieth of as many dots."""
    row = QPixmap(round(width * ratio), round(2 * _DOT * ratio))
    row.setDevicePixelRatio(ratio)
    row.fill(Qt.GlobalColor.transparent)
    painter = QPainter(row)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(QColor(colour), _DOT, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
    painter.drawPoints([QPointF(left + number * pitch, _DOT) for number in range(-1, int(width / pitch) + 2)])
    painter.end()
    return row


def paint_invitation(painter: QPainter, size: QSize, *, has_data: bool) -> None:
    """Say on an empty canvas how to begin; once data is chosen, not that it is to be."""
    look = theme()
    painter.save()
    painter.resetTransform()
    line = QRectF(0, size.height() / 2 - 44, size.width(), 24)
    painter.setFont(text_font(15, QFont.Weight.DemiBold))
    painter.setPen(look.text)
    painter.drawText(line, Qt.AlignmentFlag.AlignCenter, "Draw a network")
    painter.setFont(text_font(13))
    painter.setPen(look.muted)
    steps = ("Drag a layer here, or press Space to search for one", "Choose the data that it learns from on the right")
    for number, step in enumerate(steps[:1] if has_data else steps, start=1):
        painter.drawText(line.translated(0, 4 + 24 * number), Qt.AlignmentFlag.AlignCenter, step)
    painter.restore()


def paint_focus(painter: QPainter, size: QSize) -> None:
    """Show that the keyboard is here."""
    painter.save()
    painter.resetTransform()
    painter.setPen(QPen(theme().accent, 2.0))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(QRectF(1, 1, size.width() - 2, size.height() - 2))
    painter.restore()


def paint_pending_wire(painter: QPainter, scene: CanvasScene, port: PortPlace, end: QPointF) -> None:
    """Paint a wire whose loose end waits for a block to be chosen."""
    item = scene.blocks.get(port.ref.node)
    if item is None:
        return
    fast = item.port_position(port.side, port.ref.port)
    start, end = (fast, end) if port.side is Side.OUTPUT else (end, fast)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(theme().accent, 2.0))
    painter.drawPath(route_path(loose(Point(start.x(), start.y()), Point(end.x(), end.y()))))


def paint_port_names(painter: QPainter, scene: CanvasScene) -> None:
    """Name the ports of the block that the pointer is on, where it has several; the shape, at the one it is on."""
    item = scene.hovered_block()
    if item is None:
        return
    for side in Side:
        for socket in item.side(side):
            is_hot = item.hot_port is not None and (item.hot_port.side, item.hot_port.ref.port) == (side, socket.name)
            if is_hot or len(item.side(side)) > 1:
                spec = scene.spec_at(side, item.node.id, socket.name) if is_hot else None
                _paint_port_name(painter, item, side, socket.name, f"{socket.name}  {spec}" if spec else socket.name)


def _paint_port_name(painter: QPainter, item: BlockItem, side: Side, name: str, text: str) -> None:
    look = theme()
    width, at = text_width("pill", text) + 12, item.port_position(side, name)
    left = at.x() + 10 if side is Side.OUTPUT else at.x() - 10 - width
    paint_pill(painter, QRectF(left, at.y() - 8, width, 16), text, "pill", look.text, look)


def paint_short_labels(painter: QPainter, scene: CanvasScene) -> None:
    """Paint the shapes of the wires that are looked at and have no room for them."""
    for edge in (*scene.selected_edges, scene.hovered_edge()):
        item = scene.wires[edge] if edge is not None else None
        if item is not None and item.spec is not None and not item.has_room:
            paint_label_above(painter, item)
