"""How the palette's rows look, and what is under the pointer while one is dragged."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QPointF, QRect, QSize, Qt
from PySide6.QtGui import QDrag, QFont, QPainter, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from netbuilder.ui.fields import draw_chevron
from netbuilder.ui.offers import GroupRow
from netbuilder.ui.panels.palette_rows import BLOCK_ROLE, COUNT_ROLE, FOLDED_ROLE, SECTION_ROLE, AnyIndex, Row, name_of
from netbuilder.ui.theme import mix, mono_font, text_font, theme

_ROW, _HEADING = 24, 32


class PaletteList(QListView):
    """The list. A drag carries the block's id, and under the pointer a picture of the block as it will stand there."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setItemDelegate(_BlockDelegate(self))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragOnly)
        self.setDragEnabled(True)
        self.setMouseTracking(True)
        self.setAccessibleName("Layers")

    def startDrag(self, supportedActions: Qt.DropAction) -> None:  # noqa: N803
        index = self.currentIndex()
        block = index.data(BLOCK_ROLE)
        if block is None:
            return
        drag = QDrag(self)
        drag.setMimeData(self.model().mimeData([index]))
        drag.setPixmap(ghost(block, self.devicePixelRatioF()))
        drag.setHotSpot(QPoint(_GHOST.width() // 2, _GHOST.height() // 2))
        drag.exec(Qt.DropAction.CopyAction)


class _BlockDelegate(QStyledItemDelegate):
    """Draws a heading, or a block with the square of its category."""

    def sizeHint(self, option: QStyleOptionViewItem, index: AnyIndex) -> QSize:
        return QSize(100, _ROW if index.data(BLOCK_ROLE) else _HEADING)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: AnyIndex) -> None:
        block: Row | None = index.data(BLOCK_ROLE)
        rect: QRect = option.rect  # pyright: ignore[reportAttributeAccessIssue]
        state: QStyle.StateFlag = option.state  # pyright: ignore[reportAttributeAccessIssue]
        selected = bool(state & QStyle.StateFlag.State_Selected)
        over = bool(state & QStyle.StateFlag.State_MouseOver)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        if selected or (over and block):
            look = theme()
            painter.setBrush(mix(look.panel, look.accent, 0.18) if selected else look.hover)
            painter.drawRoundedRect(rect.adjusted(8, 0 if block else _HEADING - _ROW, -8, 0), 6, 6)
        if block is None:
            _paint_heading(painter, rect, index, over=over)
        else:
            _paint_row(painter, rect, index, block)
        painter.restore()


def _paint_heading(painter: QPainter, rect: QRect, index: AnyIndex, *, over: bool) -> None:
    """Paint a heading; of what is too little room for both, its count takes all that it needs."""
    look = theme()
    room = rect.adjusted(12, 0, -8, -5)
    if (folded := index.data(FOLDED_ROLE)) is not None:
        draw_chevron(painter, QPointF(rect.right() - 19, rect.bottom() - 11), 4.0, to_right=folded)
        painter.setFont(mono_font(11))
        painter.setPen(look.muted)
        count = str(index.data(COUNT_ROLE))
        painter.drawText(rect.adjusted(12, 0, -30, -5), _BOTTOM_RIGHT, count)
        room.setRight(rect.right() - 36 - painter.fontMetrics().horizontalAdvance(count))
    painter.setFont(text_font(12, QFont.Weight.DemiBold))
    painter.setPen(look.text if over else look.muted)
    _write(painter, room, _BOTTOM, index.data())


def _paint_row(painter: QPainter, rect: QRect, index: AnyIndex, block: Row) -> None:
    """Paint the square of a block's category, its name, and, of a group that was found, where it is listed."""
    look = theme()
    painter.setBrush(look.category(block.category))
    painter.drawRoundedRect(rect.left() + 18, rect.center().y() - 4, 9, 9, 2.5, 2.5)
    painter.setFont(text_font())
    painter.setPen(look.text)
    room = rect.adjusted(36, 0, -12, 0)
    width = _write(painter, room, _MIDDLE, index.data())
    if section := index.data(SECTION_ROLE):
        painter.setFont(text_font(11))
        painter.setPen(look.muted)
        if painter.fontMetrics().horizontalAdvance(section) <= room.width() - width - 8:  # half a word tells nothing
            painter.drawText(room.adjusted(width + 8, 0, 0, 0), _MIDDLE, section)


def _write(painter: QPainter, room: QRect, alignment: Qt.AlignmentFlag, text: str) -> int:
    """Write a text, cut to its room; return how wide it got."""
    shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, room.width())
    painter.drawText(room, alignment, shown)
    return painter.fontMetrics().horizontalAdvance(shown)


_MIDDLE = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_BOTTOM = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom
_BOTTOM_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignBottom
_GHOST = QSize(168, 64)


def ghost(block: Row, ratio: float) -> QPixmap:
    """Return a see-through picture of a new block, `ratio` device pixels to the point."""
    pixmap = QPixmap(_GHOST * ratio)
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    look, rect = theme(), QRect(QPoint(0, 0), _GHOST)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setOpacity(0.85)
    painter.setPen(look.accent)
    painter.setBrush(look.raised)
    painter.drawRoundedRect(rect.toRectF().adjusted(0.5, 0.5, -0.5, -0.5), 8, 8)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(look.category(block.category))
    painter.drawRoundedRect(rect.left() + 1, 1, 5, rect.height() - 2, 2.5, 2.5)
    painter.setPen(look.text)
    painter.setFont(text_font(13, QFont.Weight.DemiBold))
    painter.drawText(rect.adjusted(16, 10, -8, 0), name_of(block))
    painter.setPen(look.muted)
    painter.setFont(mono_font(11))
    painter.drawText(rect.adjusted(16, 32, -8, 0), "" if isinstance(block, GroupRow) else block().summary())
    painter.end()
    return pixmap
