"""What a person's hands do to the window: real presses, moves, releases, drops and keys,
sent where they would arrive.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt, QTimer
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent, QGuiApplication, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QDialogButtonBox,
    QFileDialog,
    QLineEdit,
    QMessageBox,
    QPushButton,
    QWidget,
)
from pytestqt.qtbot import QtBot

from netbuilder.graph.edits import Connect
from netbuilder.graph.model import Edge, NodeId, PortRef
from netbuilder.ui.canvas.parts import Side
from netbuilder.ui.canvas.view import CanvasView
from netbuilder.ui.dialogs import Message
from netbuilder.ui.main_window import MainWindow
from netbuilder.ui.panels.palette import Palette

_LEFT = Qt.MouseButton.LeftButton
_STEPS = 6


def drag(widget: QWidget, start: QPoint, end: QPoint) -> None:
    """Press at `start`, move to `end` in a few steps, release."""
    _mouse(widget, QEvent.Type.MouseMove, start, Qt.MouseButton.NoButton)
    _mouse(widget, QEvent.Type.MouseButtonPress, start, _LEFT)
    for step in range(1, _STEPS + 1):
        _mouse(widget, QEvent.Type.MouseMove, start + (end - start) * (step / _STEPS), _LEFT)
    _mouse(widget, QEvent.Type.MouseButtonRelease, end, Qt.MouseButton.NoButton)


def _mouse(widget: QWidget, kind: QEvent.Type, at: QPoint, held: Qt.MouseButton) -> None:
    button = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseMove else _LEFT
    place, everywhere = QPointF(at), QPointF(widget.mapToGlobal(at))
    event = QMouseEvent(kind, place, everywhere, button, held, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(widget, event)
    QApplication.processEvents()


def drag_out(palette: Palette, block: str, canvas: CanvasView, place: tuple[float, float]) -> NodeId:
    """Drag a block from the palette to a place of the canvas, in canvas pixels; return the node that it becomes.

    What is carried is the palette's own; the drag loop itself is the system's, and is tried in `test_true_drag`.
    """
    carried = palette.list.model().mimeData([palette.index_of(block)])
    viewport = canvas.viewport()
    end = canvas.mapFromScene(QPointF(*place))
    assert viewport.rect().contains(end), "the place can't be seen"
    keys = (Qt.DropAction.CopyAction, carried, _LEFT, Qt.KeyboardModifier.NoModifier)
    before = set(canvas.document.project.graph)
    QApplication.sendEvent(viewport, QDragEnterEvent(QPoint(1, end.y()), *keys))
    for step in range(1, _STEPS + 1):
        event = QDragMoveEvent(QPoint(1 + (end.x() - 1) * step // _STEPS, end.y()), *keys)
        QApplication.sendEvent(viewport, event)
        QApplication.processEvents()
        assert event.isAccepted()
    drop = QDropEvent(QPointF(end), *keys)
    QApplication.sendEvent(viewport, drop)
    QApplication.processEvents()
    assert drop.isAccepted()
    (added,) = set(canvas.document.project.graph) - before
    return added


def wire(canvas: CanvasView, source: PortRef, target: PortRef) -> None:
    """Draw a wire from an output port to an input port, with the mouse."""
    blocks = canvas.canvas_scene.blocks
    start = blocks[source.node].port_position(Side.OUTPUT, source.port)
    end = blocks[target.node].port_position(Side.INPUT, target.port)
    drag(canvas.viewport(), canvas.mapFromScene(start), canvas.mapFromScene(end))
    edge = Edge(source, target)
    assert canvas.document.project.graph.has_edge(edge), f"{Connect(edge)} did not happen: {canvas.hint_label.text()}"


def click_block(canvas: CanvasView, node: NodeId) -> None:
    """Select a block by a click on it."""
    place = canvas.mapFromScene(
        canvas.canvas_scene.blocks[node].area.left + 84, canvas.canvas_scene.blocks[node].area.top + 32
    )
    QTest.mouseClick(canvas.viewport(), _LEFT, pos=place)
    assert canvas.selected() == [node]


def click(qtbot: QtBot, button: QPushButton) -> None:
    """Click a button that can be seen and pressed."""
    assert button.isVisible()
    assert button.isEnabled()
    qtbot.mouseClick(button, _LEFT)


def close(window: MainWindow, qtbot: QtBot) -> None:
    """Close the window without keeping what is unsaved."""
    window.document.undo_stack.setClean()
    window.close()
    qtbot.waitUntil(lambda: not window.isVisible(), timeout=30_000)
    window.deleteLater()


def choose(field: QComboBox, text: str) -> None:
    """Open a choice and take what it offers under this text."""
    wanted = field.findText(text)
    assert wanted >= 0, [field.itemText(at) for at in range(field.count())]
    QTest.mouseClick(field, _LEFT)
    QTest.keyClick(field.view(), Qt.Key.Key_Home)
    for _ in range(wanted):
        QTest.keyClick(field.view(), Qt.Key.Key_Down)
    QTest.keyClick(field.view(), Qt.Key.Key_Return)
    assert field.currentText() == text


def write(field: QLineEdit, text: str) -> None:
    """Click into a field, write over what it holds, and press Enter."""
    QTest.mouseClick(field, _LEFT, pos=QPoint(8, field.height() // 2))
    field.selectAll()
    QTest.keyClicks(field, text)
    QTest.keyClick(field, Qt.Key.Key_Return)


def message(window: QWidget) -> Message | None:
    """Return the question or the report that is open."""
    return next((dialog for dialog in window.findChildren(Message) if dialog.isVisible()), None)


def answer(choice: str) -> None:
    """Press a button of the next question, from inside its event loop."""
    on_question(lambda dialog: QTest.mouseClick(dialog.button(choice), _LEFT))


def save_in_dialog(path: Path) -> None:
    """Choose a file in the next dialog that asks for one, from inside its event loop, and agree to write it over."""

    def fill() -> None:
        dialog = QApplication.activeModalWidget()
        if not isinstance(dialog, QFileDialog) or not dialog.isActiveWindow():
            QTimer.singleShot(10, fill)
            return
        field, buttons = dialog.findChild(QLineEdit, "fileNameEdit"), dialog.findChild(QDialogButtonBox)
        assert isinstance(field, QLineEdit)
        assert isinstance(buttons, QDialogButtonBox)
        QGuiApplication.clipboard().setText(str(path))
        QTest.mouseClick(field, _LEFT)
        field.selectAll()
        field.paste()  # typing would open the list of completions, and `setText` leaves the file in the list selected
        QTimer.singleShot(10, agree)
        QTest.mouseClick(buttons.button(QDialogButtonBox.StandardButton.Save), _LEFT)

    def agree() -> None:
        question = QApplication.activeModalWidget()
        if isinstance(question, QMessageBox):
            QTest.mouseClick(question.button(QMessageBox.StandardButton.Yes), _LEFT)

    QTimer.singleShot(10, fill)


def on_question(act: Callable[[Message], object]) -> None:
    """Act on the next question that opens, from inside its event loop."""

    def look() -> None:
        dialog = QApplication.activeModalWidget()
        if isinstance(dialog, Message):
            act(dialog)
        else:
            QTimer.singleShot(10, look)

    QTimer.singleShot(0, look)
