"""What is typed and not yet taken goes where it was typed for, whatever is clicked or pressed next."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from netbuilder.graph.files import load, save
from netbuilder.graph.project import Project
from netbuilder.ui.fields import TextField
from netbuilder.ui.main_window import MainWindow
from netbuilder.ui.paragraphs import ParagraphField
from tests.drawing import digits_cnn, id_of
from tests.ui.hands import answer, click, click_block

CONTROL = Qt.KeyboardModifier.ControlModifier


def type_into(field: TextField, text: str) -> None:
    """Write over what a field holds, and stay in it."""
    QTest.mouseClick(field, Qt.MouseButton.LeftButton, pos=QPoint(8, field.height() // 2))
    field.selectAll()
    QTest.keyClicks(field, text)
    assert field.hasFocus()


def channels(window: MainWindow) -> TextField:
    """Return the field of the convolution's channels, which is selected by a click."""
    click_block(window.canvas, id_of(window.document.project, "conv1"))
    form = window.inspector.block_page.form
    assert form
    field = form.field("out_channels")
    assert isinstance(field, TextField)
    return field


def out_channels(project: Project) -> object:
    return project.graph.node(id_of(project, "conv1")).params["out_channels"]


@pytest.fixture
def other(tmp_path: Path) -> Path:
    """Return a project with the same blocks."""
    path = tmp_path / "other.netb"
    save(digits_cnn().project, path)
    return path


def test_what_is_typed_is_asked_about_and_stays_out_of_the_next_project(
    editor: MainWindow, digits: Path, other: Path
) -> None:
    type_into(channels(editor), "7")
    answer("save")
    assert editor.files.open(other)
    assert out_channels(load(digits)) == 7
    assert out_channels(editor.document.project) == 4
    assert not editor.document.modified
    assert channels(editor).text() == "4"
    editor.canvas.setFocus()
    assert not editor.document.modified


def test_ctrl_s_saves_what_is_typed_and_leaves_the_keyboard_there(editor: MainWindow, digits: Path) -> None:
    field = channels(editor)
    type_into(field, "7")
    QTest.keyClick(field, Qt.Key.Key_S, CONTROL)
    assert out_channels(load(digits)) == 7
    assert not editor.document.modified
    assert field.hasFocus()


def test_a_name_that_was_refused_is_not_given_to_a_block_of_the_next_project(editor: MainWindow, other: Path) -> None:
    click_block(editor.canvas, id_of(editor.document.project, "conv1"))
    type_into(editor.inspector.block_page.name, "relu1")
    assert editor.files.open(other)
    click_block(editor.canvas, id_of(editor.document.project, "conv1"))
    assert editor.inspector.block_page.name.text() == "conv1"
    assert not editor.document.modified


def test_closing_asks_about_what_is_typed(editor: MainWindow) -> None:
    type_into(channels(editor), "7")
    answer("stay")
    editor.close()
    assert editor.isVisible()
    assert out_channels(editor.document.project) == 7


@pytest.mark.parametrize("way", ["key", "button"])
def test_a_run_trains_what_is_typed(editor: MainWindow, qtbot: QtBot, way: str) -> None:
    field = channels(editor)
    type_into(field, "7")
    if way == "key":
        QTest.keyClick(field, Qt.Key.Key_Return, CONTROL)
    else:
        click(qtbot, editor.top_bar.buttons["train"])
    qtbot.waitUntil(lambda: editor.session.run is not None, timeout=60_000)
    assert editor.session.run
    assert out_channels(editor.session.run.project) == 7
    editor.session.stop()
    qtbot.waitUntil(lambda: editor.session.state == "idle", timeout=60_000)


def test_the_code_on_the_clipboard_has_what_is_typed(editor: MainWindow, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: editor.analysis.source_is_current, timeout=60_000)
    type_into(channels(editor), "7")
    editor.actions_by_id["copy_code"].trigger()
    clipboard: Callable[[], str] = QGuiApplication.clipboard().text
    qtbot.waitUntil(lambda: "Conv2d(1, 7," in clipboard(), timeout=60_000)


def test_code_is_not_copied_where_what_is_typed_breaks_the_network(editor: MainWindow, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: editor.analysis.source_is_current, timeout=60_000)
    QGuiApplication.clipboard().setText("before")
    type_into(channels(editor), "-7")
    editor.actions_by_id["copy_code"].trigger()
    qtbot.waitUntil(lambda: "no code" in editor.notice.label.text(), timeout=60_000)
    assert QGuiApplication.clipboard().text() == "before"


def test_the_breadcrumb_takes_what_is_typed_inside_of_the_group_that_it_leaves(editor: MainWindow) -> None:
    conv = id_of(editor.document.project, "conv1")
    editor.canvas.select([conv])
    editor.actions_by_id["group"].trigger()
    editor.actions_by_id["enter_group"].trigger()
    click_block(editor.canvas, conv)
    form = editor.inspector.block_page.form
    assert form
    field = form.field("out_channels")
    assert isinstance(field, TextField)
    type_into(field, "7")
    inside = editor.document.sheet
    QTest.mouseClick(editor.crumb.parts[0], Qt.MouseButton.LeftButton)
    assert editor.document.group is None
    assert inside.graph.node(conv).params["out_channels"] == 7


def test_undo_in_a_field_takes_back_what_was_committed_there(editor: MainWindow) -> None:
    field = channels(editor)
    type_into(field, "20")
    QTest.keyClick(field, Qt.Key.Key_Return)
    QTest.keyClick(field, Qt.Key.Key_Z, CONTROL)
    assert (out_channels(editor.document.project), field.text()) == (4, "4")
    assert editor.actions_by_id["redo"].isEnabled()
    QTest.keyClick(field, Qt.Key.Key_Y, CONTROL)
    assert (out_channels(editor.document.project), field.text()) == (20, "20")
    QTest.keyClick(field, Qt.Key.Key_Z, CONTROL)
    editor.canvas.setFocus()
    assert not editor.document.modified


def test_undo_of_what_is_typed_stops_at_what_was_committed(editor: MainWindow) -> None:
    field = channels(editor)
    type_into(field, "20")
    QTest.keyClick(field, Qt.Key.Key_Return)
    QTest.keyClick(field, Qt.Key.Key_End)
    QTest.keyClicks(field, "5")
    QTest.keyClick(field, Qt.Key.Key_Z, CONTROL)
    assert (out_channels(editor.document.project), field.text()) == (20, "20")
    QTest.keyClick(field, Qt.Key.Key_Z, CONTROL)
    assert (out_channels(editor.document.project), field.text()) == (4, "4")


def test_undo_in_a_description_stops_at_what_was_committed(editor: MainWindow) -> None:
    editor.canvas.select([id_of(editor.document.project, "conv1")])
    editor.actions_by_id["group"].trigger()
    editor.actions_by_id["enter_group"].trigger()
    editor.canvas.select([])
    field = editor.inspector.findChild(ParagraphField)
    assert field
    field.setFocus()
    QTest.keyClicks(field, "one")
    QTest.keyClick(field, Qt.Key.Key_Return, CONTROL)
    group = editor.document.group
    assert group
    assert editor.document.project.groups[group].description == "one"
    QTest.keyClicks(field, "x")
    QTest.keyClick(field, Qt.Key.Key_Z, CONTROL)
    assert field.toPlainText() == "one"


def test_undo_in_a_name_that_nothing_was_typed_into_is_the_projects(editor: MainWindow) -> None:
    conv = id_of(editor.document.project, "conv1")
    editor.canvas.rename(conv)
    name = editor.canvas.rename_field
    QTest.keyClicks(name, "first")
    QTest.keyClick(name, Qt.Key.Key_Return)
    editor.canvas.rename(conv)
    QTest.keyClicks(name, "second")
    QTest.keyClick(name, Qt.Key.Key_Z, CONTROL)
    assert name.text() == "first"
    QTest.keyClick(name, Qt.Key.Key_Z, CONTROL)
    assert editor.document.project.graph.node(conv).name == "conv1"
    editor.canvas.setFocus()
    assert not editor.document.modified
