from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, QRectF, Qt, QTimer, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QScrollArea
from pytestqt.qtbot import QtBot

from netbuilder.diagnostics import Diagnostic
from netbuilder.graph.edits import AddNode, Batch, Disconnect, RenameNode, SetSection
from netbuilder.graph.files import dumps, load
from netbuilder.graph.model import Node, NodeId
from netbuilder.training.telemetry import EpochEnded
from netbuilder.ui.actions import ACTIONS, BUTTONS, MENUS
from netbuilder.ui.dialogs import Message, ShortcutsSheet
from netbuilder.ui.main_window import MainWindow
from netbuilder.ui.recovery import left_behind, recovery_folder
from netbuilder.ui.search_popup import SearchPopup
from netbuilder.ui.session import runs_folder
from netbuilder.ui.start_page import ExampleCard
from netbuilder.ui.theme import theme
from tests.drawing import digits_cnn
from tests.ui.hands import click, close

CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


def message(window: MainWindow) -> Message | None:
    return next((dialog for dialog in window.findChildren(Message) if dialog.isVisible()), None)


def popup(window: MainWindow) -> SearchPopup:
    return next(each for each in window.findChildren(SearchPopup) if each.isVisible())


def answer(qtbot: QtBot, choice: str) -> None:
    """Press a button of the next question, from inside its event loop."""

    def look() -> None:
        dialog = QApplication.activeModalWidget()
        if isinstance(dialog, Message):
            qtbot.mouseClick(dialog.button(choice), Qt.MouseButton.LeftButton)
        else:
            QTimer.singleShot(10, look)

    QTimer.singleShot(0, look)


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
    answer(qtbot, "stay")
    editor.close()
    assert editor.isVisible()
    answer(qtbot, "discard")
    editor.close()
    assert not editor.isVisible()


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
    assert train.toolTip().startswith("Mend this first: ")
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


# Actions


def test_every_action_has_work_to_do_and_says_what(window: MainWindow) -> None:
    assert window.actions_by_id.unbound() == []
    for spec in ACTIONS:
        assert window.actions_by_id[spec.id].toolTip()
        assert spec.menu in MENUS
    assert set(BUTTONS) <= {spec.id for spec in ACTIONS}


def test_no_two_actions_share_a_key() -> None:
    keys = [key for spec in ACTIONS for key in spec.keys]
    assert len(keys) == len(set(keys))


def test_what_cannot_be_done_is_disabled_and_says_why(window: MainWindow, qtbot: QtBot) -> None:
    reasons = {
        "train": "Open or begin",
        "undo": "Nothing was changed",
        "stop": "Nothing is being trained",
        "copy": "Open or",
    }
    for name, reason in reasons.items():
        action = window.actions_by_id[name]
        assert not action.isEnabled()
        assert action.toolTip().startswith(reason)
    window.files.new()
    assert window.actions_by_id["train"].toolTip() == "The canvas is empty."


def test_the_command_palette_finds_and_does(editor: MainWindow, qtbot: QtBot) -> None:
    editor.canvas.setFocus()
    qtbot.keyClick(editor.canvas, Qt.Key.Key_P, CONTROL | SHIFT)
    box = popup(editor)
    qtbot.keyClicks(box.field, "light th")
    assert box.shown_titles()[0] == "Light theme"
    qtbot.keyClick(box.field, Qt.Key.Key_Return)
    assert theme().name == "light"
    assert editor.actions_by_id["theme_light"].isChecked()


def test_question_mark_shows_the_keys(editor: MainWindow, qtbot: QtBot) -> None:
    editor.canvas.setFocus()
    qtbot.keyClick(editor.canvas, Qt.Key.Key_Question, SHIFT)
    sheets = editor.findChildren(ShortcutsSheet)
    assert len(sheets) == 1
    assert sheets[0].isVisible()
    texts = [label.text() for label in sheets[0].findChildren(QLabel)]
    assert "Ctrl+Enter" in texts
    area = sheets[0].findChild(QScrollArea)
    assert isinstance(area, QScrollArea)
    qtbot.waitUntil(lambda: area.horizontalScrollBar().maximum() == 0, timeout=5_000)


def test_panels_can_be_hidden_and_are_hidden_again_next_time(editor: MainWindow, qtbot: QtBot) -> None:
    qtbot.keyClick(editor.canvas, Qt.Key.Key_1, CONTROL)
    assert not editor.layers.isVisible()
    close(editor, qtbot)
    again = MainWindow()
    again.show()
    qtbot.waitUntil(lambda: again.is_ready, timeout=10_000)
    again.files.new()
    assert not again.layers.isVisible()
    assert again.inspector.isVisible()
    assert not again.actions_by_id["show_palette"].isChecked()
    close(again, qtbot)


def test_alt_and_a_letter_opens_a_menu(editor: MainWindow, qtbot: QtBot) -> None:
    for name, letter in (("File", Qt.Key.Key_F), ("Edit", Qt.Key.Key_E), ("Export", Qt.Key.Key_X)):
        qtbot.keyClick(editor.canvas, letter, Qt.KeyboardModifier.AltModifier)
        menu = editor.top_bar.menu[name]
        qtbot.waitUntil(menu.isVisible)
        qtbot.keyClick(menu, Qt.Key.Key_Escape)
        qtbot.waitUntil(lambda menu=menu: not menu.isVisible())


def test_typing_in_a_field_is_not_a_shortcut(editor: MainWindow, qtbot: QtBot) -> None:
    before = len(editor.document.project.graph)
    editor.canvas.select_all()
    editor.layers.search.setFocus()
    qtbot.keyClicks(editor.layers.search, "l.f?")
    qtbot.keyClick(editor.layers.search, Qt.Key.Key_Backspace)
    qtbot.keyClick(editor.layers.search, Qt.Key.Key_A, CONTROL)
    qtbot.keyClick(editor.layers.search, Qt.Key.Key_Delete)
    assert len(editor.document.project.graph) == before
    assert not editor.findChildren(ShortcutsSheet)


# Training


def test_train_pause_go_on_and_stop_by_the_buttons(editor: MainWindow, qtbot: QtBot) -> None:
    session, buttons = editor.session, editor.top_bar.buttons
    click(qtbot, buttons["train"])
    qtbot.waitUntil(lambda: session.state == "running", timeout=60_000)
    assert buttons["train"].text() == "Training"
    assert not buttons["train"].isEnabled()
    qtbot.waitUntil(lambda: "of 10000" in editor.status.epoch.text(), timeout=10_000)
    qtbot.waitUntil(lambda: "left" in editor.status.left.text(), timeout=10_000)
    assert editor.status.state.text().startswith("cpu")
    click(qtbot, buttons["pause"])
    qtbot.waitUntil(lambda: session.state == "paused", timeout=10_000)
    assert buttons["pause"].text() == "Go on"
    click(qtbot, buttons["pause"])
    qtbot.waitUntil(lambda: session.state == "running", timeout=10_000)
    qtbot.keyClick(editor.canvas, Qt.Key.Key_F5, SHIFT)
    qtbot.waitUntil(lambda: session.state == "idle", timeout=10_000)
    assert buttons["train"].text() == "Train anew"
    assert "kept" in editor.status.state.text()


def test_a_badge_says_that_the_canvas_is_no_longer_what_is_trained(editor: MainWindow, qtbot: QtBot) -> None:
    qtbot.keyClick(editor.canvas, Qt.Key.Key_Return, CONTROL)
    qtbot.waitUntil(lambda: editor.session.state == "running", timeout=60_000)
    assert not editor.top_bar.badge.isVisible()
    conv = editor.document.project.graph.named("conv1")
    assert conv
    editor.document.apply(RenameNode(conv.id, "other"))
    qtbot.waitUntil(editor.top_bar.badge.isVisible, timeout=10_000)
    editor.document.undo_stack.undo()
    qtbot.waitUntil(lambda: not editor.top_bar.badge.isVisible(), timeout=10_000)


def test_closing_in_mid_run_stops_joins_and_loses_nothing(editor: MainWindow, qtbot: QtBot) -> None:
    events: list[object] = []
    editor.session.happened.connect(events.append)
    click(qtbot, editor.top_bar.buttons["train"])
    qtbot.waitUntil(lambda: any(isinstance(event, EpochEnded) for event in events), timeout=60_000)
    before = len(editor.document.project.graph)
    editor.close()
    assert editor.isVisible()
    assert editor.notice.isVisible()
    editor.actions_by_id["select_all"].trigger()
    qtbot.keyClick(editor, Qt.Key.Key_Delete)
    qtbot.keyClick(editor.canvas, Qt.Key.Key_Delete)
    assert len(editor.document.project.graph) == before, "changed after the question about unsaved changes"
    qtbot.waitUntil(lambda: not editor.isVisible(), timeout=30_000)
    run = editor.session.run
    assert run
    assert run.state == "ended"
    info = json.loads((run.folder / "run.json").read_text())
    assert info["state"] == "stopped"
    assert run.folder.parent == runs_folder()
    assert (run.folder / "last.safetensors").stat().st_size > 0


def test_closing_ends_the_threads_of_the_window(editor: MainWindow) -> None:
    nodes = (Node(NodeId(f"n{number}"), "ReLU", f"more{number}", {}) for number in range(1000, 1101))
    editor.document.apply(Batch(tuple(AddNode(node, (0.0, 0.0)) for node in nodes), "Add many"))
    editor.canvas.arrange()
    assert any(thread.name == "netbuilder-layout" for thread in threading.enumerate())
    editor.document.undo_stack.setClean()
    editor.close()
    assert not [thread.name for thread in threading.enumerate() if thread.name.startswith("netbuilder-")]


def test_closing_while_a_run_is_prepared_ends_too(editor: MainWindow, qtbot: QtBot) -> None:
    click(qtbot, editor.top_bar.buttons["train"])
    editor.close()
    qtbot.waitUntil(lambda: not editor.isVisible(), timeout=60_000)
    assert editor.session.run is None


def test_a_refused_run_is_a_notice_and_the_window_goes_on(editor: MainWindow, qtbot: QtBot) -> None:
    editor.document.apply(SetSection("training", {"device": "cuda:7"}))
    click(qtbot, editor.top_bar.buttons["train"])
    qtbot.waitUntil(editor.notice.isVisible, timeout=60_000)
    assert "cuda:7" in editor.notice.label.text() or "CUDA" in editor.notice.label.text()
    assert editor.session.state == "idle"


def test_a_stopped_run_can_be_continued_from_its_notice(editor: MainWindow, qtbot: QtBot) -> None:
    session = editor.session
    click(qtbot, editor.top_bar.buttons["train"])
    qtbot.waitUntil(lambda: session.state == "running", timeout=60_000)
    qtbot.waitUntil(lambda: bool(session.telemetry and session.telemetry.progress.step), timeout=10_000)
    click(qtbot, editor.top_bar.buttons["stop"])
    qtbot.waitUntil(lambda: session.state == "idle" and editor.notice.isVisible(), timeout=10_000)
    assert session.telemetry
    steps = session.telemetry.progress.step
    again = editor.notice.findChild(QPushButton, "Continue")
    assert isinstance(again, QPushButton)
    click(qtbot, again)
    qtbot.waitUntil(lambda: session.state == "running", timeout=60_000)
    qtbot.waitUntil(lambda: bool(session.telemetry and session.telemetry.progress.step > steps), timeout=10_000)


@pytest.mark.parametrize("choice", ["stay", "stop"])
def test_another_project_asks_for_the_end_of_the_run(editor: MainWindow, qtbot: QtBot, choice: str) -> None:
    session = editor.session
    click(qtbot, editor.top_bar.buttons["train"])
    qtbot.waitUntil(lambda: session.state == "running", timeout=60_000)
    run = session.run
    assert run
    answer(qtbot, choice)
    stays = choice == "stay"
    assert editor.files.new() is not stays
    assert (session.run is run) is stays
    assert (session.state == "running") is stays
    assert bool(len(editor.document.project.graph)) is stays
    if not stays:
        assert json.loads((run.folder / "run.json").read_text())["state"] == "stopped"


def test_a_run_that_fails_is_shown_at_its_block(editor: MainWindow, qtbot: QtBot) -> None:
    graph = editor.document.project.graph
    classes = graph.named("classes")
    assert classes
    failure = Diagnostic("error", "non-finite", "classes makes numbers that are not finite.", node=classes.id)
    editor.session.failed.emit(failure)
    assert editor.top_bar.problems.text() == "1 problem"
    assert editor.problems.diagnostics()[0] is failure
    show = editor.notice.findChild(QPushButton, "Show the block")
    assert isinstance(show, QPushButton)
    click(qtbot, show)
    assert editor.canvas.selected() == [classes.id]
    assert editor.actions_by_id["train"].isEnabled()


# Out of the window


def test_the_code_goes_to_the_clipboard(editor: MainWindow, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: editor.analysis.source != "", timeout=60_000)
    editor.actions_by_id["copy_code"].trigger()
    assert "class Network(nn.Module)" in QGuiApplication.clipboard().text()


def test_export_says_how_equal_it_is(editor: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    import onnxruntime

    path = tmp_path / "digits.onnx"
    editor.export.export(path)
    assert not editor.actions_by_id["export_onnx"].isEnabled()
    qtbot.waitUntil(lambda: not editor.export.busy, timeout=120_000)
    text = editor.notice.label.text()
    assert all(f"at batch {batch}" in text for batch in (1, 3, 17))
    assert "holds untrained, random weights" in text
    assert onnxruntime.InferenceSession(path).get_outputs()[0].name == "logits"
    assert editor.actions_by_id["export_onnx"].isEnabled()


def test_export_after_training_takes_the_best_weights(editor: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    editor.document.apply(SetSection("training", {"device": "cpu", "epochs": 3, "learning_rate": 0.05}))
    best: list[int] = []
    editor.session.happened.connect(
        lambda event: best.append(event.epoch) if isinstance(event, EpochEnded) and event.is_best else None
    )
    click(qtbot, editor.top_bar.buttons["train"])
    qtbot.waitUntil(lambda: editor.session.ended is not None, timeout=60_000)
    assert "test accuracy" in editor.notice.label.text()
    editor.export.export(tmp_path / "digits.onnx")
    qtbot.waitUntil(lambda: not editor.export.busy, timeout=120_000)
    assert "at batch 17" in editor.notice.label.text()
    assert f"the weights of epoch {best[-1]}, the run's best" in editor.notice.label.text()


def test_the_offer_to_export_stands_only_while_the_network_can_be_exported(editor: MainWindow, qtbot: QtBot) -> None:
    editor.document.apply(SetSection("training", {"device": "cpu", "epochs": 1}))
    click(qtbot, editor.top_bar.buttons["train"])
    qtbot.waitUntil(lambda: editor.session.ended is not None, timeout=60_000)
    editor.document.apply(Disconnect(next(iter(editor.document.project.graph.edges()))))
    qtbot.waitUntil(lambda: editor.analysis.is_current, timeout=10_000)
    offer = editor.notice.findChild(QPushButton, "Export ONNX…")
    assert isinstance(offer, QPushButton)
    asked: list[object] = []

    def look() -> None:
        dialog = QApplication.activeModalWidget()
        if dialog:
            asked.append(dialog)
            dialog.close()

    QTimer.singleShot(500, look)
    click(qtbot, offer)
    assert not asked


def test_a_cancelled_export_leaves_no_file(editor: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    path = tmp_path / "digits.onnx"
    editor.export.export(path)
    cancel = editor.notice.findChild(QPushButton, "Cancel")
    assert isinstance(cancel, QPushButton)
    qtbot.wait(300)
    click(qtbot, cancel)
    qtbot.waitUntil(lambda: not editor.export.busy, timeout=60_000)
    assert not path.exists()
    assert message(editor) is None
    assert "cancelled" in editor.notice.label.text()


@pytest.fixture
def left(home: Path) -> Path:
    """Return the file of a snapshot that a crash left."""
    recovery_folder().mkdir(parents=True)
    facts = {
        "name": "lost",
        "path": None,
        "written": "2026-01-02T03:04:05+00:00",
        "project": dumps(digits_cnn().project),
    }
    file = recovery_folder() / "1-dead.json"
    file.write_text(json.dumps(facts))
    return file


def test_what_a_crash_left_is_offered_and_restored(qtbot: QtBot, left: Path) -> None:
    window = MainWindow()
    window.show()
    qtbot.waitUntil(window.notice.isVisible, timeout=10_000)
    assert "lost" in window.notice.label.text()
    restore = window.notice.findChild(QPushButton, "Restore")
    assert isinstance(restore, QPushButton)
    click(qtbot, restore)
    assert window.document.project.graph.named("conv1")
    assert window.document.modified
    assert window.document.name == "lost"
    assert left_behind() == []
    close(window, qtbot)


def test_what_another_window_has_restored_is_said_to_be_gone(qtbot: QtBot, left: Path) -> None:
    window = MainWindow()
    window.show()
    qtbot.waitUntil(window.notice.isVisible, timeout=10_000)
    left.unlink()
    restore = window.notice.findChild(QPushButton, "Restore")
    assert isinstance(restore, QPushButton)
    click(qtbot, restore)
    told = message(window)
    assert told
    assert told.sentence.text() == "They are gone: another window has restored or discarded them already."
    qtbot.mouseClick(told.button("close"), Qt.MouseButton.LeftButton)
    assert window.pages.currentWidget() is window.start_page
    assert not window.document.modified
    close(window, qtbot)


@pytest.mark.parametrize("folded", [[], ["Convolution"], ["Attention", "Convolution"]])
def test_folded_layers_are_folded_at_the_next_start(window: MainWindow, qtbot: QtBot, folded: list[str]) -> None:
    window.files.new()
    rows = window.layers.list
    everything = window.layers.shown()
    for category in folded:
        model = rows.model()
        heading = next(at for at in range(model.rowCount()) if model.index(at, 0).data() == category)
        rows.scrollTo(model.index(heading, 0))
        place = rows.visualRect(model.index(heading, 0)).center()
        qtbot.mouseClick(rows.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert window.layers.folded() == folded
    shown = window.layers.shown()
    close(window, qtbot)
    again = MainWindow()
    assert again.layers.shown() == shown
    assert (shown == everything) == (not folded)
    again.deleteLater()
