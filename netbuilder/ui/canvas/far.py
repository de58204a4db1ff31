"""The network from afar: every block and every wire from a single item, with a name where one can be read."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

from PySide6.QtCore import QLineF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from netbuilder.ui.canvas.items import BlockItem
from netbuilder.ui.canvas.painting import elided, font, severity_colour, with_alpha
from netbuilder.ui.canvas.wires import WireItem
from netbuilder.ui.geometry import BLOCK_WIDTH, EDGE
from netbuilder.ui.theme import mix, theme

NEAREST = 0.4
"""The zoom below which the canvas is seen from afar."""

_NAMES = 0.24


class FarItem(QGraphicsItem):
    """All blocks as coloured boxes and all wires as lines. It reads the items that it stands for when they changed."""

    def __init__(self, blocks: Iterable[BlockItem], wires: Iterable[WireItem]) -> None:
        super().__init__()
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemUsesExtendedStyleOption)
        self._blocks = blocks
        self._wires = wires
        self._has_moved = True
        self._is_stale = True
        self._lines: list[QLineF] = []
        self._boxes: list[tuple[QColor, list[QRectF]]] = []
        self._rims: list[tuple[QColor, list[QRectF]]] = []

    def refresh(self) -> None:
        """Read the items again before the next paint."""
        self._has_moved = True
        self.refresh_rims()

    def refresh_rims(self) -> None:
        """Read again before the next paint what is selected and what is wrong: everything is where it was."""
        self._is_stale = True
        if self.isVisible():
            self.update()

    def boundingRect(self) -> QRectF:
        return QRectF(-EDGE, -EDGE, 2 * EDGE, 2 * EDGE)

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        if self._has_moved:
            self._read_places()
        if self._is_stale:
            self._read_rims()
        self._has_moved = self._is_stale = False
        look = theme()
        zoom = painter.worldTransform().m11()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, zoom > 0.12)
        painter.setPen(_cosmetic(look.wire, 1.25 if zoom > 0.2 else 1.0))
        painter.drawLines(self._lines)
        painter.setPen(Qt.PenStyle.NoPen)
        for colour, rects in self._boxes:
            painter.setBrush(colour)
            painter.drawRects(rects)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for colour, rects in self._rims:
            painter.setPen(_cosmetic(with_alpha(colour, 0.3), 5.0))
            painter.drawRects(rects)
            painter.setPen(_cosmetic(colour, 1.75))
            painter.drawRects(rects)
        if zoom >= _NAMES:
            self._paint_names(painter, option.exposedRect, zoom)

    def _read_places(self) -> None:
        look = theme()
        self._lines = list(itertools.chain.from_iterable(wire.lines() for wire in self._wires))
        boxes: dict[str, list[QRectF]] = {}
        for item in self._blocks:
            boxes.setdefault(item.category, []).append(_box(item))
        self._boxes = [(mix(look.raised, look.category(name), 0.72), rects) for name, rects in boxes.items()]

    def _read_rims(self) -> None:
        look = theme()
        rims: dict[str, tuple[QColor, list[QRectF]]] = {}
        for item in self._blocks:
            if item.selected or item.problems:
                rim = look.accent if item.selected else severity_colour(look, item.severity or "warning")
                rims.setdefault(rim.name(), (rim, []))[1].append(_box(item))
        self._rims = list(rims.values())

    def _paint_names(self, painter: QPainter, exposed: QRectF, zoom: float) -> None:
        """Write the names at a size that can be read, whatever the zoom."""
        look = theme()
        world = painter.worldTransform()
        painter.save()
        painter.resetTransform()
        painter.setFont(font("far"))
        painter.setPen(look.background if look.is_dark else look.text)
        width = int(BLOCK_WIDTH * zoom) - 4
        for item in self._blocks:
            rect = _box(item)
            if exposed.intersects(rect):
                name = elided("far", item.node.name, width)
                painter.drawText(world.mapRect(rect), Qt.AlignmentFlag.AlignCenter, name)
        painter.restore()


def _box(item: BlockItem) -> QRectF:
    return QRectF(item.x(), item.y(), BLOCK_WIDTH, item.height)


def _cosmetic(colour: QColor, width: float) -> QPen:
    pen = QPen(colour, width)
    pen.setCosmetic(True)
    return pen
