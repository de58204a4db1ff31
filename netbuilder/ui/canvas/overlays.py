"""Small widgets that float over the canvas: a hint at the pointer, the name being edited,
actions for a selected block.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt, QTimer
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QLineEdit, QToolButton, QWidget

from netbuilder.graph.edits import Edit
from netbuilder.graph.model import NodeId
from netbuilder.ui.geometry import BLOCK_WIDTH
from netbuilder.ui.group_intents import rename_block
from netbuilder.ui.theme import notifier, text_font, theme
from netbuilder.ui.undo_keys import is_undo_or_redo
from netbuilder.ui.wiring import Refusal

if TYPE_CHECKING:
    from netbuilder.ui.canvas.commands import CanvasCommands
    from netbuilder.ui.canvas.surface import CanvasSurface

_HINT_STAYS = 3000
_HINT_OFFSET = QPoint(16, 20)
_SCROLL_ZONE = 28
_SCROLL_TICK = 16
_BAR_GAP = 10


class HintLabel(QLabel):
    """A sentence beside the pointer: why something can't be done."""

    def __init__(self, canvas: CanvasSurface) -> None:
        super().__init__(canvas)
        self.setObjectName("canvasHint")
        self._canvas = canvas
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(True)
        self._timer = QTimer(self, singleShot=True, interval=_HINT_STAYS)
        self._timer.timeout.connect(self.hide)
        notifier().changed.connect(self._dress)
        self._dress()
        self.hide()

    def say(self, text: str, at: QPoint, *, passing: bool) -> None:
        """Show a text at a place of the canvas; for a while, or until something else is said."""
        self._timer.stop()
        if not text:
            self.hide()
            return
        self.setText(text)
        self.setFixedWidth(min(300, self.fontMetrics().horizontalAdvance(text) + 24))
        self.adjustSize()
        room = self._canvas.rect()
        place = at + _HINT_OFFSET
        self.move(
            max(8, min(place.x(), room.width() - self.width() - 8)),
            max(8, min(place.y(), room.height() - self.height() - 8)),
        )
        self.show()
        self.raise_()
        if passing:
            self._timer.start()

    def _dress(self) -> None:
        look = theme()
        self.setFont(text_font(12))
        self.setStyleSheet(
            f"background: {look.raised.name()}; color: {look.text.name()}; border: 1px solid {look.error.name()};"
            " border-radius: 6px; padding: 4px 8px;"
        )


class RenameField(QLineEdit):
    """A block's name, edited in its place. Enter or leaving takes the name if it can be one, Esc keeps the old one."""

    def __init__(self, canvas: CanvasSurface) -> None:
        super().__init__(canvas.viewport())
        self.setObjectName("canvasRename")
        self.setAccessibleName("Name of the block")
        self._canvas = canvas
        self._node: NodeId | None = None
        self.setMaxLength(80)
        self.textEdited.connect(self._on_edited)
        self.hide()

    def open_for(self, node: NodeId) -> None:
        """Edit the name of this block."""
        self._node = node
        self.setText(self._canvas.document.sheet.graph.node(node).name)
        self.selectAll()
        self._on_edited()
        self.follow()
        self.show()
        self.setFocus(Qt.FocusReason.OtherFocusReason)

    def follow(self) -> None:
        """Stay over the block; close where it is gone."""
        if self._node is None:
            return
        item = self._canvas.canvas_scene.blocks.get(self._node)
        if item is None:
            self.close_field()
            return
        zoom = max(self._canvas.zoom(), 0.75)
        corner = self._canvas.mapFromScene(item.pos())
        self.setFont(text_font(round(13 * zoom)))
        self.setGeometry(QRect(corner, QSize(round(BLOCK_WIDTH * zoom), max(28, round(30 * zoom)))))

    def close_field(self) -> None:
        """Keep the old name."""
        if self._node is not None:
            self._node = None
            had_focus = self.hasFocus()
            self.hide()
            self._canvas.hint_label.hide()
            if had_focus:
                self._canvas.setFocus(Qt.FocusReason.OtherFocusReason)

    def _renaming(self) -> Edit | Refusal | None:
        assert self._node is not None
        document = self._canvas.document
        return rename_block(document.project, document.group, self._node, self.text())

    def _on_edited(self) -> None:
        """Say at once why this can't be a name, if it can't."""
        intent = self._renaming()
        why = intent.message if isinstance(intent, Refusal) else ""
        self.setProperty("invalid", bool(why))
        self.style().unpolish(self)
        self.style().polish(self)
        self._canvas.hint_label.say(why, self.geometry().bottomLeft() - QPoint(16, 14), passing=False)

    def commit(self) -> bool:
        """Take the name; return whether it could be one."""
        if self._node is None:
            return True
        intent = self._renaming()
        if isinstance(intent, Refusal):
            return False
        self.close_field()
        self._canvas.perform(intent, says_where=True)
        return True

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.close_field()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.commit()
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            if is_undo_or_redo(event) and not self.isModified():
                self.close_field()  # the block may get another name by it
                event.ignore()
            else:
                event.accept()  # a key typed into a name is no shortcut
            return True
        return super().event(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() != Qt.FocusReason.PopupFocusReason and not self.commit():
            self.close_field()


class SelectionBar(QFrame):
    """Actions above the one block that is selected."""

    def __init__(self, canvas: CanvasSurface) -> None:
        super().__init__(canvas)
        self.setObjectName("selectionBar")
        self._canvas = canvas
        self.keeps_off: QWidget | None = None
        """What floats at the top left of the canvas, if anything does, and must not be covered."""
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(3, 2, 3, 2)
        self._row.setSpacing(0)
        notifier().changed.connect(self._dress)
        self._dress()
        self.hide()

    def add(self, text: str, tip: str, act: Callable[[], object]) -> None:
        """Add an action."""
        button = QToolButton(self)
        button.setText(text)
        button.setToolTip(tip)
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        button.setFont(text_font(11))
        button.clicked.connect(act)
        self._row.addWidget(button)

    def follow(self) -> None:
        """Stay above the selected block, or below it where there is no room or fewer blocks are hidden.

        It is inside the canvas, and off what it `keeps_off`.

        Hide where no block is selected, or several, or a gesture goes on, or the block is out of sight.
        """
        canvas = self._canvas
        chosen = canvas.selected()
        is_wanted = len(chosen) == 1 and canvas.zoom() > 0.5 and not (canvas.gesture and canvas.gesture.is_drag)
        if not is_wanted or not self._row.count():
            self.hide()
            return
        extent = canvas.canvas_scene.extent(chosen)
        block = QRect(canvas.mapFromScene(extent.topLeft()), canvas.mapFromScene(extent.bottomRight()))
        seen = canvas.viewport().rect()
        size = self.sizeHint()
        room = seen.adjusted(_BAR_GAP, _BAR_GAP, -size.width() - _BAR_GAP, -size.height() - _BAR_GAP)
        left = max(room.left(), min(block.left(), room.right()))
        taken = self.keeps_off.geometry() if self.keeps_off and self.keeps_off.isVisible() else QRect()
        highest = taken.bottom() + _BAR_GAP if left <= taken.right() + _BAR_GAP else room.top()
        tops = block.top() - size.height() - _BAR_GAP, block.bottom() + _BAR_GAP
        places = [QRect(QPoint(left, top), size) for top in tops if highest <= top <= room.bottom()]
        fallback = QRect(QPoint(left, max(highest, min(tops[1], room.bottom()))), size)
        self.setGeometry(min(places, key=self._hidden_blocks, default=fallback))
        self.setVisible(block.intersects(seen))

    def _hidden_blocks(self, place: QRect) -> int:
        """Return how many blocks the bar would stand before."""
        return len(self._canvas.canvas_scene.blocks_in(self._canvas.mapToScene(place).boundingRect()))

    def _dress(self) -> None:
        look = theme()
        self.setStyleSheet(
            f"QFrame#selectionBar {{ background: {look.raised.name()}; border: 1px solid {look.line.name()};"
            f" border-radius: 7px; }}"
            f"QToolButton {{ background: transparent; border: none; color: {look.muted.name()};"
            " padding: 3px 7px; margin: 0; min-width: 0; }"
            f"QToolButton:hover {{ color: {look.text.name()}; background: {look.hover.name()}; border-radius: 4px; }}"
        )


class EdgeScroll:
    """Moves the canvas on while something is held at its edge."""

    def __init__(self, canvas: CanvasCommands, on_tick: Callable[[QPoint, QPoint], None]) -> None:
        self._canvas = canvas
        self._on_tick = on_tick
        self._place = QPoint()
        self._timer = QTimer(canvas, interval=_SCROLL_TICK)
        self._timer.timeout.connect(self._tick)

    def follow(self, place: QPoint) -> None:
        """Take note of where the pointer is in the viewport."""
        self._place = place
        if self._speed().isNull():
            self._timer.stop()
        elif not self._timer.isActive():
            self._timer.start()

    def stop(self) -> None:
        """Stand still."""
        self._timer.stop()

    def _tick(self) -> None:
        self._on_tick(self._speed(), self._place)

    def _speed(self) -> QPoint:
        room = self._canvas.viewport().rect().adjusted(_SCROLL_ZONE, _SCROLL_ZONE, -_SCROLL_ZONE, -_SCROLL_ZONE)
        x = max(room.left() - self._place.x(), 0) - max(self._place.x() - room.right(), 0)
        y = max(room.top() - self._place.y(), 0) - max(self._place.y() - room.bottom(), 0)
        return QPoint(max(-24, min(x, 24)) // 2, max(-24, min(y, 24)) // 2)
