"""The canvas: a document's network, to be looked at and changed by hand.

Mouse and keys become gestures (`gestures`, `wiring_gestures`) and commands (`commands`); these ask `intents` for an
edit, and the edit goes to `Document.apply`, the only way in which anything changes.

Choices that a hand should know: Shift+click adds a block to the selection, as everywhere; W wires the selected blocks
one to the next. Space and double-click put a block at the pointer, Tab puts one after the selected block and wires it.
"""

from __future__ import annotations

from functools import reduce
from html import escape
from textwrap import fill

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import (
    QContextMenuEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QFocusEvent,
    QHelpEvent,
    QHideEvent,
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QToolTip, QWidget

from netbuilder.graph.edits import Edit
from netbuilder.graph.model import Node
from netbuilder.graph.project import GroupId, group_of
from netbuilder.ui.analysis import Analysis
from netbuilder.ui.canvas import changes, keys, menu
from netbuilder.ui.canvas.gestures import Band, Cut, Gesture, MoveBlocks, Pan, Place, PressWire
from netbuilder.ui.canvas.group_commands import GroupCommands
from netbuilder.ui.canvas.overlays import EdgeScroll
from netbuilder.ui.canvas.parts import Hit, PortPlace, Side
from netbuilder.ui.canvas.wiring_gestures import DrawWire, Reroute
from netbuilder.ui.document import Document
from netbuilder.ui.offers import BLOCK_MIME
from netbuilder.ui.panels.help import port_tooltip
from netbuilder.ui.sharing import in_words

_WHEEL_STEP = 1.2
_TIP_WIDTH = 72  # signs of a line
_NO_MODIFIER = Qt.KeyboardModifier.NoModifier


class CanvasView(GroupCommands):
    """The canvas under the hand."""

    def __init__(self, document: Document, analysis: Analysis, parent: QWidget | None = None) -> None:
        super().__init__(document, analysis, parent)
        self._held_button = Qt.MouseButton.NoButton
        self._space_is_down = False
        self._space_was_used = False
        self._edge_scroll = EdgeScroll(self, self._on_edge_scrolled)
        document.edited.connect(self._on_document_edited)
        document.replayed.connect(self._on_document_replayed)
        document.mended.connect(self.reveal_added)
        document.replaced.connect(self._on_document_replaced)
        document.sheet_changed.connect(self._on_document_sheet_changed)

    def _on_document_edited(self, edit: Edit) -> None:
        self._give_up_gesture()  # undone under the hand: what it holds may be gone
        self.forget_places_in(edit)

    def _on_document_replayed(self, edit: Edit, inverse: Edit) -> None:
        """Go to where something was undone or redone, unless some of it is seen."""
        heights = {node: item.height for node, item in self.canvas_scene.blocks.items()}
        changed = list(changes.places(edit, inverse, self.document.group, self.document.sheet.layout, heights))
        if changed and not any(map(self.camera.sees, changed)):
            self.camera.reveal(reduce(QRectF.united, changed))

    def _on_document_replaced(self) -> None:
        self._give_up_gesture()
        self.rename_field.close_field()
        self.forget_places()
        self._fit_at_once()

    def _on_document_sheet_changed(self) -> None:
        self._give_up_gesture()
        self.rename_field.close_field()
        self.show_hint("")
        self.look_where_it_was()

    # Gestures

    def _gesture_for(self, event: QMouseEvent) -> Gesture | None:
        """Return what a press means, by what it is on and which keys are held."""
        at = self.mapToScene(event.position().toPoint())
        held = event.modifiers()
        shift, alt = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.AltModifier
        if event.button() == Qt.MouseButton.MiddleButton or self._space_is_down:
            return Pan(self, at)
        if event.button() != Qt.MouseButton.LeftButton:
            return None
        if held & shift and held & alt:
            return Cut(self, at)
        adds = bool(held & (shift | Qt.KeyboardModifier.ControlModifier))
        hit = self.canvas_scene.hit(at, self.zoom())
        if hit.port is not None:
            return self._gesture_for_port(hit.port, at, adds)
        if hit.node is not None:
            return MoveBlocks(self, at, hit.node, adds)
        return PressWire(self, at, hit.edge, adds) if hit.edge else Band(self, at, adds)

    def _gesture_for_port(self, port: PortPlace, at: QPointF, adds: bool) -> Gesture:
        edge = self.document.sheet.graph.edge_into(port.ref) if port.side is Side.INPUT else None
        return Reroute(self, at, edge, adds) if edge else DrawWire(self, at, port)

    def _finish_gesture(self, modifiers: Qt.KeyboardModifier) -> None:
        gesture, self.gesture = self.gesture, None
        if gesture is not None:
            gesture.release(modifiers)
            gesture.end()
            self._after_gesture()

    def _give_up_gesture(self) -> bool:
        gesture, self.gesture = self.gesture, None
        if gesture is not None:
            gesture.end()
            self.show_hint("")
            self._after_gesture()
        return gesture is not None

    def _after_gesture(self) -> None:
        self._edge_scroll.stop()
        self._show_cursor()
        self.selection_bar.follow()
        self.viewport().update()

    def _move_gesture(self, place: QPoint, modifiers: Qt.KeyboardModifier) -> None:
        gesture = self.gesture
        assert gesture is not None
        gesture.move(self.mapToScene(place), modifiers)
        if gesture.follows_edge and gesture.is_drag:
            self._edge_scroll.follow(place)
        self.viewport().update()

    def _on_edge_scrolled(self, by: QPoint, place: QPoint) -> None:
        self.camera.pan(by)
        if self.gesture is not None:
            self._move_gesture(place, _NO_MODIFIER)

    def _show_cursor(self, hit: Hit | None = None) -> None:
        if self.gesture is not None and self.gesture.cursor is not None:
            self.viewport().setCursor(self.gesture.cursor)
        elif self._space_is_down:
            self.viewport().setCursor(Qt.CursorShape.OpenHandCursor)
        elif hit is not None and hit.port is not None:
            self.viewport().setCursor(Qt.CursorShape.CrossCursor)
        else:
            self.viewport().setCursor(Qt.CursorShape.ArrowCursor)

    # Mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.camera.stop()
        self.pointer_place = event.position().toPoint()
        self.show_hint("")
        if self.gesture is not None:
            return
        gesture = self._gesture_for(event)
        if gesture is not None:
            self._space_was_used = True
            self.gesture, self._held_button = gesture, event.button()
            self._show_cursor()
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        place = self.pointer_place = event.position().toPoint()
        if self.gesture is not None:
            self._move_gesture(place, event.modifiers())
        elif not event.buttons():
            hit = self.canvas_scene.hit(self.mapToScene(place), self.zoom())
            self.canvas_scene.hover(hit)
            self._show_cursor(hit)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self.gesture is not None and event.button() == self._held_button:
            self._move_gesture(event.position().toPoint(), event.modifiers())
            self._finish_gesture(event.modifiers())
        event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        hit = self.canvas_scene.hit(self.mapToScene(event.position().toPoint()), self.zoom())
        if event.button() != Qt.MouseButton.LeftButton or hit.port or hit.edge:
            self.mousePressEvent(event)
        elif hit.node is not None:
            self.open_block(hit.node)
        else:
            self.search(event.position().toPoint())

    def wheelEvent(self, event: QWheelEvent) -> None:
        turned = event.angleDelta()
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self.camera.pan(QPoint(turned.x() + turned.y(), 0))
        else:
            self.camera.zoom_at(event.position(), _WHEEL_STEP ** (turned.y() / 120))
        event.accept()

    def viewportEvent(self, event: QEvent) -> bool:
        if isinstance(event, QNativeGestureEvent) and event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture:
            self.camera.zoom_at(event.position(), 1 + event.value())
            return True
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            QToolTip.showText(event.globalPos(), self.tip_at(event.pos()), self.viewport())
            return True
        if event.type() == QEvent.Type.Leave:
            self.pointer_place = QPoint(-1, -1)
            if self.gesture is None:
                self.canvas_scene.hover(Hit())
        return super().viewportEvent(event)

    def tip_at(self, place: QPoint) -> str:
        """Return what is to be said about a place of the viewport: what is wrong there, else what it is."""
        hit = self.canvas_scene.hit(self.mapToScene(place), self.zoom())
        problems = self.canvas_scene.findings.problems_at(hit)
        return "".join(f"<p>{escape(problem.message)}</p>" for problem in problems) or escape(self._what_is_at(hit))

    def _what_is_at(self, hit: Hit) -> str:
        scene = self.canvas_scene
        if hit.edge is not None:
            spec = self.specs.get(hit.edge.source)
            return f"{spec} of {spec.dtype}" if spec else ""
        if hit.port is not None:
            sockets = scene.blocks[hit.port.ref.node].side(hit.port.side)
            declared = next((socket.port for socket in sockets if socket.name == hit.port.ref.port), None)
            return port_tooltip(declared) if declared and declared.help else ""
        if hit.node is None:
            return ""
        node = scene.blocks[hit.node].node
        group = self.document.project.groups.get(group_of(node.type) or GroupId(""))
        described = fill(group.summary(), _TIP_WIDTH) if group else ""
        return "\n".join(filter(None, [described, self._what_is_hidden(node)]))

    def _what_is_hidden(self, node: Node) -> str:
        """Say how a block is computed, whose weights it has too,
        and whether a group has the same each time that it runs.
        """
        item = self.canvas_scene.blocks[node.id]
        computed = ", ".join(f"{name} = {text}" for name, text in item.formulas)
        each_time = f"Runs {item.repeat} times with the same weights." if item.repeats_weights else ""
        return " ".join(
            filter(
                None,
                [computed and f"Here {computed}.", each_time, in_words(self.document.sheet.graph, [node], _quoted)],
            )
        )

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if self.gesture is None:
            menu.open_menu(self, event)
        event.accept()

    # Blocks from the palette

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        self._carry(event)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        self._carry(event)

    def _carry(self, event: QDragMoveEvent) -> None:
        type_id = bytes(event.mimeData().data(BLOCK_MIME).data()).decode("utf-8", "replace")
        if not type_id:
            event.ignore()
            return
        self.pointer_place = event.position().toPoint()
        at = self.mapToScene(self.pointer_place)
        if not isinstance(self.gesture, Place):
            self._give_up_gesture()
            self.gesture = Place(self, at, type_id)
        self.gesture.move(at)
        self.viewport().update()
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._give_up_gesture()

    def dropEvent(self, event: QDropEvent) -> None:
        if isinstance(self.gesture, Place):
            self.gesture.move(self.mapToScene(event.position().toPoint()))
            self._finish_gesture(event.modifiers())
            self.setFocus(Qt.FocusReason.MouseFocusReason)
            event.acceptProposedAction()

    # Keys

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and _is_own_key(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        event.accept()
        if event.key() == Qt.Key.Key_Space and not event.modifiers():
            if not event.isAutoRepeat():
                self._space_is_down, self._space_was_used = True, False
                self._show_cursor()
        elif event.key() == Qt.Key.Key_Escape:
            if not self._give_up_gesture():
                self.leave_or_deselect()
        elif self.gesture is not None or not keys.press(self, event):
            event.ignore()

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() != Qt.Key.Key_Space or event.isAutoRepeat() or not self._space_is_down:
            event.ignore()
            return
        self._space_is_down = False
        self._show_cursor()
        if not self._space_was_used and self.gesture is None:
            self.search_at_pointer()

    def focusNextPrevChild(self, next: bool) -> bool:
        """Keep Tab, which adds a block; Shift+Tab leaves the canvas."""
        return False if next else super().focusNextPrevChild(False)

    def focusInEvent(self, event: QFocusEvent) -> None:
        came_by_key = (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason)
        self.shows_focus = event.reason() in came_by_key
        super().focusInEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self.shows_focus = False
        self._space_is_down = False
        self._show_cursor()
        super().focusOutEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        self._give_up_gesture()
        self.camera.jump()  # a glide does not outlive the view
        super().hideEvent(event)


def _quoted(node: Node) -> str:
    return f"“{node.name}”"


def _is_own_key(event: QKeyEvent) -> bool:
    """Tell whether a key means more than a shortcut can say: Space held pans, Tab looks at the selection."""
    return event.key() in (Qt.Key.Key_Space, Qt.Key.Key_Tab) and not event.modifiers()
