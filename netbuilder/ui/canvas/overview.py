"""The overview: the whole network in a corner, and what of it is looked at. Click or drag to look elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap, QTransform, QWheelEvent
from PySide6.QtWidgets import QWidget

from netbuilder.ui.canvas.painting import with_alpha
from netbuilder.ui.geometry import BLOCK_WIDTH
from netbuilder.ui.theme import notifier, theme

if TYPE_CHECKING:
    from netbuilder.ui.canvas.surface import CanvasSurface

_NARROWEST, _WIDEST = 112, 172
_SHARE = 0.15
"""Of the canvas's width."""
_SHAPE = 0.58
_MARGIN = 12
_LEAST_MARGIN = 120.0
_LARGEST_SCALE = 0.12
_LEAST_ROUND = 3.0
"""Pixels below which nobody sees whether a box has round corners, and many are drawn at once."""


class Overview(QWidget):
    """A map of the canvas."""

    def __init__(self, canvas: CanvasSurface) -> None:
        super().__init__(canvas)
        self.setObjectName("canvasOverview")
        self.setAccessibleName("Overview of the network")
        self.setFixedSize(_WIDEST, round(_WIDEST * _SHAPE))
        self.setCursor(Qt.CursorShape.ArrowCursor)
        self._canvas = canvas
        self._is_wanted = True
        self._picture: QPixmap | None = None
        self._to_map = QTransform()
        notifier().changed.connect(self.refresh)

    def toggle(self) -> None:
        """Show or hide the overview."""
        self._is_wanted = not self._is_wanted
        self.follow()

    @property
    def is_wanted(self) -> bool:
        """Whether the overview is to be shown, where it has more to show than is seen."""
        return self._is_wanted

    def refresh(self) -> None:
        """Read the blocks again: some came, went or moved."""
        self._picture = None
        self.follow()

    def follow(self) -> None:
        """Show what is looked at now; be out of the way where that is everything."""
        self.setVisible(self._is_wanted and not self._canvas.sees_all())
        self.update()

    def place(self) -> None:
        """Stay in the corner."""
        room = self._canvas.viewport().geometry()
        width = max(_NARROWEST, min(round(_SHARE * room.width()), _WIDEST))
        if width != self.width():
            self.setFixedSize(width, round(width * _SHAPE))
            self.refresh()
        self.move(room.right() - self.width() - _MARGIN, room.bottom() - self.height() - _MARGIN)

    def _seen(self) -> QRectF:
        return self._canvas.mapToScene(self._canvas.viewport().rect()).boundingRect()

    def _take_picture(self) -> QPixmap:
        """Return the blocks as a picture; made anew only when they changed."""
        ratio = self.devicePixelRatioF()
        if self._picture is None or self._picture.devicePixelRatio() != ratio:
            extent = self._canvas.canvas_scene.extent()
            margin = max(_LEAST_MARGIN, 0.08 * max(extent.width(), extent.height()))
            extent.adjust(-margin, -margin, margin, margin)
            scale = min(self.width() / extent.width(), self.height() / extent.height(), _LARGEST_SCALE)
            middle = extent.center()
            to_map = QTransform.fromTranslate(self.width() / 2, self.height() / 2).scale(scale, scale)
            self._to_map = to_map.translate(-middle.x(), -middle.y())
            self._picture = QPixmap(self.size() * ratio)
            self._picture.setDevicePixelRatio(ratio)
            self._picture.fill(Qt.GlobalColor.transparent)
            self._paint_blocks(self._picture)
        return self._picture

    def _paint_blocks(self, picture: QPixmap) -> None:
        look = theme()
        painter = QPainter(picture)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        to_map = self._to_map
        scale, left, top = to_map.m11(), to_map.dx(), to_map.dy()
        boxes: dict[str, list[QRectF]] = {}
        for item in self._canvas.canvas_scene.blocks.values():
            x, y = scale * item.x() + left, scale * item.y() + top
            box = QRectF(x, y, scale * BLOCK_WIDTH, scale * item.height)
            boxes.setdefault(item.category, []).append(box)
        for category, rects in boxes.items():
            painter.setBrush(look.category(category))
            if rects[0].height() < _LEAST_ROUND:
                painter.drawRects(rects)
                continue
            for box in rects:
                painter.drawRoundedRect(box, box.height() / 3, box.height() / 3)
        painter.end()

    def paintEvent(self, event: QPaintEvent) -> None:
        look = theme()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        frame = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setPen(look.line)
        painter.setBrush(with_alpha(look.panel, 0.92))
        painter.drawRoundedRect(frame, 8, 8)
        painter.drawPixmap(0, 0, self._take_picture())
        painter.setPen(QPen(look.accent, 1.0))
        painter.setBrush(with_alpha(look.accent, 0.08))
        painter.drawRoundedRect(self._to_map.mapRect(self._seen()) & frame.adjusted(3, 3, -3, -3), 3, 3)
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._look_at(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._look_at(event.position())

    def wheelEvent(self, event: QWheelEvent) -> None:
        self._canvas.camera.zoom_at(
            QPointF(self._canvas.viewport().rect().center()), 1.2 ** (event.angleDelta().y() / 120)
        )
        event.accept()

    def _look_at(self, place: QPointF) -> None:
        self._take_picture()
        self._canvas.camera.look(self._to_map.inverted()[0].map(place), self._canvas.zoom())
