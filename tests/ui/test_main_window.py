from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path

from PySide6.QtCore import QMimeData, QPoint, QPointF, QRectF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from netbuilder.examples import find
from netbuilder.graph.edits import AddNode, Batch, Disconnect, MoveNodes, RemoveNode, RenameNode, SetSection
from netbuilder.graph.files import load
from netbuilder.graph.model import Node, NodeId
from netbuilder.ui.main_window import MainWindow
from netbuilder.ui.start_page import ExampleCard
from tests.drawing import id_of
from tests.ui.hands import answer, click

CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


# Start


def test_the_window_is_painted_before_torch_is_imported() -> None:
    code = (
        "import json, sys\n"
        "from PySide6.QtCore import QTimer\n"
        "from netbuilder.ui import main_window\n"
        "from netbuilder.ui.app import application\n"
        "app = application()\n"
        "window = main_window.MainWindow()\n"
        "def painted():\n"
        "    print(json.dumps([name for name in ('torch', 'pyqtgraph', 'onnx', 'sklearn') if name in sys.modules]))\n"
        "    window.close()\n"  # and not quit(): a window that outlives the application may crash
        "window._on_first_paint = painted\n"
        "window.show()\n"
        "app.exec()\n"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert json.loads(result.stdout) == []


def test_new_on_the_start_page_begins_an_empty_network(window: MainWindow, qtbot: QtBot) -> None:
    assert window.pages.currentWidget() is window.start_page
    button = window.start_page.findChild(QPushButton, "start_new")
    assert isinstance(button, QPushButton)
    click(qtbot, button)
    assert window.pages.currentWidget() is window.editor
    assert window.windowTitle() == "untitled – NetBuilder"


def test_an_example_opens_ready_to_train(window: MainWindow, qtbot: QtBot) -> None:
    card = next(each for each in window.start_page.findChildren(ExampleCard) if each.example.name == "digits_cnn")
    qtbot.mouseClick(card, Qt.MouseButton.LeftButton)
    assert window.pages.currentWidget() is window.editor
    assert window.document.name == "digits_cnn"
    assert window.document.path is None
    qtbot.waitUntil(lambda: window.analysis.is_current, timeout=60_000)
    assert window.top_bar.problems.text() == "no problems"
    assert window.top_bar.buttons["train"].isEnabled()


def test_nothing_is_wired_from_the_start_page(window: MainWindow, qtbot: QtBot) -> None:
    window.files.open(find("digits_cnn").path)
    window.canvas.select([*window.document.project.graph][:2])
    wire = window.actions_by_id["connect"]
    assert wire.isEnabled()
    window.show_start_page()
    assert not wire.isEnabled()
    assert "Open or begin a network" in wire.toolTip()


def test_a_card_opens_by_the_keyboard(window: MainWindow, qtbot: QtBot) -> None:
    card = window.start_page.cards[1]
    qtbot.keyClick(card, Qt.Key.Key_Return)
    assert window.document.name == card.example.name


def test_every_picture_on_the_start_page_shows_its_network(window: MainWindow, qtbot: QtBot) -> None:
    for card in window.start_page.cards:
        qtbot.waitUntil(lambda card=card: card.picture is not None and bool(card.picture.blocks), timeout=10_000)


# The document in the window


def test_the_title_has_a_star_while_there_is_something_to_save(editor: MainWindow, digits: Path, qtbot: QtBot) -> None:
    assert editor.top_bar.name.text() == "digits.netb"
    editor.document.apply(RenameNode(next(iter(editor.document.project.graph)), "picture"))
    assert editor.windowTitle() == "digits * – NetBuilder"
    assert editor.top_bar.name.text() == "digits.netb *"
    qtbot.keyClick(editor.canvas, Qt.Key.Key_S, CONTROL)
    assert editor.windowTitle() == "digits – NetBuilder"
    assert load(digits).graph.named("picture")


def test_undo_and_redo_by_their_keys(editor: MainWindow, qtbot: QtBot) -> None:
    graph = editor.document.project.graph
    node = next(iter(graph))
    editor.document.apply(RenameNode(node, "picture"))
    assert editor.actions_by_id["undo"].text() == "Undo: Rename image to picture"
    qtbot.keyClick(editor.canvas, Qt.Key.Key_Z, CONTROL)
    assert graph.node(node).name == "image"
    qtbot.keyClick(editor.canvas, Qt.Key.Key_Z, CONTROL | SHIFT)
    assert graph.node(node).name == "picture"
    qtbot.keyClick(editor.canvas, Qt.Key.Key_Z, CONTROL)
    qtbot.keyClick(editor.canvas, Qt.Key.Key_Y, CONTROL)
    assert graph.node(node).name == "picture"


def look_away(window: MainWindow) -> None:
    window.canvas.camera.look(QPointF(9000, 9000), 1.0)


def test_undo_and_redo_go_to_what_they_change(editor: MainWindow, qtbot: QtBot) -> None:
    canvas, graph = editor.canvas, editor.document.project.graph
    relu = graph.named("relu1")
    assert relu
    canvas.zoom_to(1.0)
    canvas.camera.jump()
    area = canvas.canvas_scene.extent([relu.id])
    canvas.select([relu.id])
    qtbot.keyClick(canvas, Qt.Key.Key_Delete)
    for keys in (CONTROL, CONTROL | SHIFT, CONTROL):
        look_away(editor)
        assert not canvas.camera.sees(area)
        qtbot.keyClick(canvas, Qt.Key.Key_Z, keys)
        canvas.camera.jump()
        assert canvas.camera.sees(area)


def test_undo_stays_where_some_of_what_changed_is_seen(editor: MainWindow, qtbot: QtBot) -> None:
    canvas, graph = editor.canvas, editor.document.project.graph
    image, loss = graph.named("image"), graph.named("loss")
    assert image
    assert loss
    canvas.zoom_to(1.5)
    canvas.camera.jump()
    editor.document.apply(Batch((RenameNode(image.id, "picture"), RenameNode(loss.id, "cost"))))
    canvas.camera.look(canvas.canvas_scene.extent([image.id]).center(), 1.5)
    assert not canvas.camera.sees(canvas.canvas_scene.extent([loss.id]))
    centre = canvas.camera.centre
    qtbot.keyClick(canvas, Qt.Key.Key_Z, CONTROL)
    canvas.camera.jump()
    assert canvas.camera.centre == centre


def test_undo_enters_the_group_and_goes_to_the_block_inside(editor: MainWindow, qtbot: QtBot) -> None:
    canvas, document = editor.canvas, editor.document
    conv, relu = document.project.graph.named("conv1"), document.project.graph.named("relu1")
    assert conv
    assert relu
    canvas.select([conv.id, relu.id])
    qtbot.keyClick(canvas, Qt.Key.Key_G, CONTROL)
    qtbot.keyClick(canvas, Qt.Key.Key_Return)
    canvas.select([relu.id])
    canvas.nudge(3000.0, 0.0)
    canvas.nudge(0.0, 3000.0)
    look_away(editor)
    document.show(None)
    qtbot.keyClick(canvas, Qt.Key.Key_Z, CONTROL)
    canvas.camera.jump()
    assert document.group
    x, y = document.sheet.layout[relu.id]
    assert canvas.camera.sees(QRectF(x, y, 168, 64))


def test_delete_heals_and_undo_brings_back(editor: MainWindow, qtbot: QtBot) -> None:
    graph = editor.document.project.graph
    relu = graph.named("relu1")
    assert relu
    editor.canvas.select([relu.id])
    editor.canvas.setFocus()
    qtbot.keyClick(editor.canvas, Qt.Key.Key_Delete)
    assert graph.named("relu1") is None
    qtbot.waitUntil(lambda: editor.analysis.is_current, timeout=10_000)
    assert editor.top_bar.problems.text() == "no problems"
    qtbot.keyClick(editor.canvas, Qt.Key.Key_Z, CONTROL)
    assert graph.named("relu1")


def test_a_project_file_dropped_on_the_window_opens(window: MainWindow, digits: Path, qtbot: QtBot) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(digits))])
    buttons = (Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    enter = QDragEnterEvent(QPoint(600, 400), Qt.DropAction.CopyAction, data, *buttons)
    QApplication.sendEvent(window, enter)
    assert enter.isAccepted()
    QApplication.sendEvent(window, QDropEvent(QPointF(600, 400), Qt.DropAction.CopyAction, data, *buttons))
    qtbot.waitUntil(lambda: window.document.path == digits, timeout=5_000)


def test_other_files_are_not_taken(window: MainWindow, tmp_path: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(tmp_path / "photo.png"))])
    buttons = (Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    enter = QDragEnterEvent(QPoint(600, 400), Qt.DropAction.CopyAction, data, *buttons)
    QApplication.sendEvent(window, enter)
    assert not enter.isAccepted()


def test_closing_asks_about_unsaved_changes(editor: MainWindow, qtbot: QtBot) -> None:
    editor.document.apply(RenameNode(next(iter(editor.document.project.graph)), "picture"))
    answer("stay")
    editor.close()
    assert editor.isVisible()
    answer("discard")
    editor.close()
    assert not editor.isVisible()


def test_closing_ends_the_threads_of_the_window(editor: MainWindow) -> None:
    nodes = (Node(NodeId(f"n{number}"), "ReLU", f"more{number}", {}) for number in range(1000, 1101))
    editor.document.apply(Batch(tuple(AddNode(node, (0.0, 0.0)) for node in nodes), "Add many"))
    editor.canvas.arrange()
    assert any(thread.name == "netbuilder-layout" for thread in threading.enumerate())
    editor.document.undo_stack.setClean()
    editor.close()
    assert not [thread.name for thread in threading.enumerate() if thread.name.startswith("netbuilder-")]


# Problems


def test_problems_are_counted_in_the_top_bar_and_on_their_tab_and_f8_goes_there(
    editor: MainWindow, qtbot: QtBot
) -> None:
    graph = editor.document.project.graph
    loss = graph.named("loss")
    assert loss
    editor.document.apply(Disconnect(graph.edges_into(loss.id)[0]))
    qtbot.waitUntil(lambda: editor.top_bar.problems.text() == "1 problem", timeout=10_000)
    assert editor.tabs.tabText(editor.tabs.indexOf(editor.problems)) == "Problems (1)"
    train = editor.top_bar.buttons["train"]
    assert not train.isEnabled()
    assert train.toolTip().startswith("Fix this first: ")
    qtbot.keyClick(editor.canvas, Qt.Key.Key_F8)
    assert editor.canvas.selected() == [loss.id]
    click(qtbot, editor.top_bar.problems)
    assert editor.tabs.currentWidget() is editor.problems


def test_a_broken_section_is_a_problem_like_any_other_and_is_mended_by_a_click(
    editor: MainWindow, qtbot: QtBot
) -> None:
    editor.document.apply(Batch((SetSection("training", {"epochs": -3}), SetSection("data", {"source": "digits"}))))
    qtbot.waitUntil(lambda: editor.analysis.is_current, timeout=10_000)
    found = len(editor.problems.diagnostics())
    assert editor.tabs.tabText(editor.tabs.indexOf(editor.problems)) == f"Problems ({found})"
    assert editor.top_bar.problems.text() == f"{found} problems"
    editor.document.undo_stack.undo()
    editor.document.apply(SetSection("training", {"epochs": -3}))
    qtbot.waitUntil(lambda: editor.top_bar.problems.text() == "1 problem", timeout=10_000)
    train = editor.top_bar.buttons["train"]
    assert not train.isEnabled()
    assert "epochs has to be" in train.toolTip()
    click(qtbot, editor.top_bar.problems)
    (card,) = editor.problems.cards
    assert "epochs has to be" in card.message()
    (fix,) = card.fix_buttons()
    click(qtbot, fix)
    qtbot.waitUntil(lambda: editor.top_bar.problems.text() == "no problems", timeout=10_000)
    assert train.isEnabled()


def test_the_smallest_window_keeps_the_widths_of_palette_and_inspector(window: MainWindow, qtbot: QtBot) -> None:
    window.files.new()
    wide = window.layers.width(), window.inspector.width()
    window.resize(window.minimumSize())
    qtbot.waitUntil(lambda: window.width() == window.minimumWidth())
    QApplication.processEvents()
    assert (window.layers.width(), window.inspector.width()) == wide


def test_a_broken_network_is_not_said_to_be_as_large_as_what_of_it_is_known(editor: MainWindow, qtbot: QtBot) -> None:
    assert editor.status.parameters.text().startswith("690 ")
    editor.canvas.select([id_of(editor.document.project, "flatten")])
    editor.actions_by_id["delete"].trigger()
    qtbot.waitUntil(lambda: editor.analysis.is_current, timeout=10_000)
    assert editor.status.parameters.text() == "so far 40 parameters"
    editor.document.undo_stack.undo()
    qtbot.waitUntil(lambda: editor.status.parameters.text().startswith("690 "), timeout=10_000)
    editor.files.new()
    qtbot.waitUntil(lambda: editor.status.parameters.text() == "0 parameters", timeout=10_000)


def test_what_a_fix_adds_is_brought_into_view(editor: MainWindow, qtbot: QtBot) -> None:
    project, canvas = editor.document.project, editor.canvas
    loss = id_of(project, "loss")
    editor.document.apply(Batch((RemoveNode(id_of(project, "label")), MoveNodes(((loss, (0.0, 4000.0)),)))))
    canvas.camera.look(QPointF(300.0, 4000.0), 1.0)
    canvas.select([loss])
    cards = editor.inspector.block_page.cards
    qtbot.waitUntil(lambda: any(each.isVisible() for card in cards for each in card.fix_buttons()), timeout=10_000)
    (add,) = cards[0].fix_buttons()
    click(qtbot, add)
    canvas.camera.jump()
    assert canvas.camera.sees(canvas.canvas_scene.extent([id_of(project, "label")]))
