"""A hand over a canvas: it presses, moves, releases and types where a person would, and says what is there after it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent, QImage, QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from netbuilder.graph.files import dumps
from netbuilder.graph.model import Edge, NodeId
from netbuilder.graph.project import Position
from netbuilder.ui.analysis import Analysis
from netbuilder.ui.canvas.items import BlockItem
from netbuilder.ui.canvas.parts import Side
from netbuilder.ui.canvas.view import CanvasView
from netbuilder.ui.canvas.wires import WireItem
from netbuilder.ui.document import Document
from netbuilder.ui.offers import BLOCK_MIME
from netbuilder.ui.search_popup import SearchPopup

LEFT, MIDDLE, NONE = Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton, Qt.MouseButton.NoButton
PLAIN, SHIFT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier
ALT, CTRL = Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.ControlModifier
_STEPS = 5


class Hand:
    """The canvas, its document, and ways to handle them. Places are in canvas pixels, blocks go by their names."""

    def __init__(self, document: Document, analysis: Analysis) -> None:
        self.document = document
        self.analysis = analysis
        self.canvas = CanvasView(document, analysis)
        self.scene = self.canvas.canvas_scene
        self.before = dumps(document.project)

    # The mouse

    def press(self, place: QPointF, button: Qt.MouseButton = LEFT, held: Qt.KeyboardModifier = PLAIN) -> None:
        self._send(QEvent.Type.MouseMove, self.seen(place), NONE, NONE, held)
        self._send(QEvent.Type.MouseButtonPress, self.seen(place), button, button, held)

    def move(self, place: QPointF, button: Qt.MouseButton = LEFT, held: Qt.KeyboardModifier = PLAIN) -> None:
        start, end = self.canvas.pointer_place, self.seen(place)
        for step in range(1, _STEPS + 1):
            self._send(QEvent.Type.MouseMove, start + (end - start) * (step / _STEPS), NONE, button, held)

    def release(self, button: Qt.MouseButton = LEFT, held: Qt.KeyboardModifier = PLAIN) -> None:
        self._send(QEvent.Type.MouseButtonRelease, self.canvas.pointer_place, button, NONE, held)
        self.settle()

    def drag(
        self, start: QPointF, end: QPointF, button: Qt.MouseButton = LEFT, held: Qt.KeyboardModifier = PLAIN
    ) -> None:
        self.press(start, button, held)
        self.move(end, button, held)
        self.release(button, held)

    def click(self, place: QPointF, held: Qt.KeyboardModifier = PLAIN) -> None:
        self.press(place, LEFT, held)
        self.release(LEFT, held)

    def double_click(self, place: QPointF) -> None:
        self.click(place)
        self._send(QEvent.Type.MouseButtonDblClick, self.seen(place), LEFT, LEFT, PLAIN)
        self._send(QEvent.Type.MouseButtonRelease, self.seen(place), LEFT, NONE, PLAIN)

    def wheel(self, place: QPointF, clicks: float) -> None:
        at, turned = QPointF(self.seen(place)), QPoint(0, round(120 * clicks))
        phase = Qt.ScrollPhase.NoScrollPhase
        everywhere = QPointF(self.canvas.viewport().mapToGlobal(at))
        event = QWheelEvent(at, everywhere, QPoint(), turned, NONE, PLAIN, phase, False)
        QApplication.sendEvent(self.canvas.viewport(), event)

    def _send(
        self, kind: QEvent.Type, at: QPoint, button: Qt.MouseButton, held: Qt.MouseButton, keys: Qt.KeyboardModifier
    ) -> None:
        viewport = self.canvas.viewport()
        event = QMouseEvent(kind, QPointF(at), QPointF(viewport.mapToGlobal(at)), button, held, keys)
        QApplication.sendEvent(viewport, event)

    # From the palette

    def carry(self, type_id: str, place: QPointF) -> QMimeData:
        """Carry a block over the canvas, without letting go."""
        carried = QMimeData()
        carried.setData(BLOCK_MIME, type_id.encode())
        keys = (Qt.DropAction.CopyAction, carried, LEFT, PLAIN)
        QApplication.sendEvent(self.canvas.viewport(), QDragEnterEvent(QPoint(2, 2), *keys))
        move = QDragMoveEvent(self.seen(place), *keys)
        QApplication.sendEvent(self.canvas.viewport(), move)
        assert move.isAccepted()
        return carried

    def drop(self, type_id: str, place: QPointF) -> None:
        """Drop a block from the palette, its middle at this place."""
        carried = self.carry(type_id, place)
        event = QDropEvent(QPointF(self.seen(place)), Qt.DropAction.CopyAction, carried, LEFT, PLAIN)
        QApplication.sendEvent(self.canvas.viewport(), event)
        self.settle()

    # Keys

    def key(self, key: Qt.Key, held: Qt.KeyboardModifier = PLAIN) -> None:
        QTest.keyClick(self.canvas, key, held)
        self.settle()

    # Where things are

    def node(self, name: str) -> NodeId:
        node = self.document.sheet.graph.named(name)
        assert node is not None, f"there is no block {name}"
        return node.id

    def block(self, name: str) -> BlockItem:
        return self.scene.blocks[self.node(name)]

    def body(self, name: str) -> QPointF:
        """Return a place on a block that is no port of it."""
        area = self.block(name).area
        return QPointF(area.left + 60, area.top + 20)

    def inlet(self, name: str, port: str = "x") -> QPointF:
        return self.block(name).port_position(Side.INPUT, port)

    def outlet(self, name: str, port: str = "y") -> QPointF:
        return self.block(name).port_position(Side.OUTPUT, port)

    def wire(self, source: str, target: str) -> WireItem:
        return self.scene.wires[self.edge(source, target)]

    def edge(self, source: str, target: str) -> Edge:
        ends = self.node(source), self.node(target)
        (edge,) = (edge for edge in self.scene.wires if (edge.source.node, edge.target.node) == ends)
        return edge

    def middle(self, source: str, target: str) -> QPointF:
        """Return the middle of a wire."""
        return self.wire(source, target).path.pointAtPercent(0.5)

    def seen(self, place: QPointF) -> QPoint:
        return self.canvas.mapFromScene(place)

    # What there is

    def wires(self) -> set[str]:
        """Return all wires as text: `image → conv`, with the ports where they are not the only ones."""
        graph = self.document.project.graph
        return {
            f"{graph.node(e.source.node).name}.{e.source.port} → {graph.node(e.target.node).name}.{e.target.port}"
            for e in graph.edges()
        }

    def names(self) -> set[str]:
        return {node.name for node in self.document.project.graph.nodes()}

    def place(self, name: str) -> Position:
        return self.document.project.layout[self.node(name)]

    def selected(self) -> set[str]:
        return {self.document.project.graph.node(node).name for node in self.canvas.selected()}

    def hint(self) -> str:
        return self.canvas.hint_label.text() if self.canvas.hint_label.isVisible() else ""

    def picture(self) -> QImage:
        """Return what is on the screen."""
        return self.canvas.viewport().grab().toImage()

    def settle(self) -> None:
        """Let whatever glides be where it is bound for."""
        self.scene.ways.finish()
        self.canvas.camera.jump()

    def undo_is_exact(self) -> bool:
        """Take back the one step that was done, see the bytes return, and do it again."""
        after = dumps(self.document.project)
        stack = self.document.undo_stack
        steps = stack.index()
        stack.undo()
        returned = dumps(self.document.project) == self.before
        stack.redo()
        self.settle()
        return steps == 1 and returned and after != self.before and dumps(self.document.project) == after

    def is_untouched(self) -> bool:
        """Tell whether the project is as it was, with nothing to undo."""
        return dumps(self.document.project) == self.before and not self.document.undo_stack.canUndo()


def popup(hand: Hand) -> SearchPopup | None:
    """Return the search box, if it is open."""
    opened = hand.canvas.findChildren(SearchPopup)
    return next((box for box in opened if box.isVisible()), None)


def choose(hand: Hand, text: str) -> None:
    """Type into the search box that is open, and take the best."""
    box = popup(hand)
    assert box is not None
    QTest.keyClicks(box.field, text)
    QTest.keyClick(box.field, Qt.Key.Key_Return)
    hand.settle()
