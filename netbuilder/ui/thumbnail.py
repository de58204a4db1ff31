"""A small picture of a network: its blocks and wires as the canvas draws them, without their words."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPen

from netbuilder.graph.project import Project
from netbuilder.ui.canvas.scene import CanvasScene
from netbuilder.ui.document import Document
from netbuilder.ui.geometry import BLOCK_WIDTH
from netbuilder.ui.theme import mix, theme

_LARGEST = 0.25
_CORNER = 14.0
"""In canvas pixels, like all that is drawn."""


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """What is drawn, in canvas pixels: blocks with their category, and wires."""

    area: QRectF
    blocks: tuple[tuple[str, QRectF], ...]
    wires: tuple[QPainterPath, ...]

    @classmethod
    def of(cls, project: Project) -> Thumbnail:
        """Return the picture of this project."""
        scene = CanvasScene(Document(project))
        blocks = tuple(
            (item.category, QRectF(item.x(), item.y(), BLOCK_WIDTH, item.height)) for item in scene.blocks.values()
        )
        wires = tuple(item.path.translated(item.pos()) for item in scene.wires.values())
        area = QRectF()
        for rect in (*(rect for _, rect in blocks), *(path.boundingRect() for path in wires)):
            area = area.united(rect)
        return cls(area, blocks, wires)

    def paint(self, painter: QPainter, room: QRectF) -> None:
        """Draw it in the middle of `room`, as large as fits, at most at a quarter of its size."""
        if self.area.isEmpty():
            return
        look = theme()
        scale = min(_LARGEST, room.width() / self.area.width(), room.height() / self.area.height())
        painter.save()
        painter.translate(room.center())
        painter.scale(scale, scale)
        painter.translate(-self.area.center())
        painter.setBrush(Qt.BrushStyle.NoBrush)
        pen = QPen(look.wire, 1.1)
        pen.setCosmetic(True)
        painter.setPen(pen)
        for path in self.wires:
            painter.drawPath(path)
        painter.setPen(Qt.PenStyle.NoPen)
        for category, rect in self.blocks:
            painter.setBrush(mix(look.category(category), look.background, 0.1))
            painter.drawRoundedRect(rect, _CORNER, _CORNER)
        painter.restore()
