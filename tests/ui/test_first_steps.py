"""The window as somebody new finds it: an empty canvas, the first block, the first problems."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from netbuilder.data.catalog import default_config
from netbuilder.graph.edits import RemoveNode, SetParameter, SetSection
from netbuilder.ui.main_window import MainWindow
from tests.drawing import id_of
from tests.ui.hands import click, drag_out


@pytest.fixture
def new(window: MainWindow, qtbot: QtBot) -> MainWindow:
    """Return the window with the empty network that “New” begins."""
    button = window.start_page.findChild(QPushButton, "start_new")
    assert isinstance(button, QPushButton)
    click(qtbot, button)
    settle(window, qtbot)
    return window


def settle(window: MainWindow, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: window.analysis.is_current, timeout=60_000)
    window.canvas.camera.jump()


def tab(window: MainWindow) -> str:
    """Return what stands on the tab of the problems."""
    return window.tabs.tabText(window.tabs.indexOf(window.problems))


def canvas_picture(window: MainWindow) -> QImage:
    return window.canvas.viewport().grab().toImage()


def test_an_empty_canvas_is_no_problem(new: MainWindow, qtbot: QtBot) -> None:
    assert new.top_bar.problems.text() == "nothing drawn yet"
    assert new.top_bar.problems.property("state") == ""
    assert tab(new) == "Problems"
    click(qtbot, new.top_bar.problems)
    assert new.problems.cards == []
    assert "as you draw" in new.problems.message()
    assert not new.actions_by_id["next_problem"].isEnabled()


def test_the_invitation_asks_for_data_until_there_is_some(new: MainWindow, qtbot: QtBot) -> None:
    before = canvas_picture(new)
    new.document.apply(SetSection("data", default_config("iris").section()))
    settle(new, qtbot)
    assert canvas_picture(new) != before


def test_the_first_block_brings_the_first_problems(new: MainWindow, qtbot: QtBot) -> None:
    linear = drag_out(new.layers, "Linear", new.canvas, (0.0, 0.0))
    settle(new, qtbot)
    assert new.top_bar.problems.property("state") == "error"
    new.document.apply(RemoveNode(linear))
    settle(new, qtbot)
    assert new.top_bar.problems.text() == "nothing drawn yet"
    assert tab(new) == "Problems"


def test_top_bar_tab_and_list_count_alike(editor: MainWindow, qtbot: QtBot) -> None:
    graph = editor.document.project.graph
    click(qtbot, editor.top_bar.problems)
    counts: set[int] = set()
    for name in ("logits", "loss", "relu1"):  # a warning; an error beside it; more of both
        node = graph.named(name)
        assert node
        editor.canvas.select([node.id])
        editor.canvas.setFocus()
        qtbot.keyClick(editor.canvas, Qt.Key.Key_Delete)
        settle(editor, qtbot)
        count = len(editor.problems.diagnostics())
        qtbot.waitUntil(lambda count=count: len(editor.problems.cards) == count, timeout=5_000)
        assert editor.top_bar.problems.text().split()[0] == str(count)
        assert tab(editor) == f"Problems ({count})"
        counts.add(count)
    assert len(counts) > 1


def test_undo_in_the_search_field_takes_back_the_layer_that_it_added(new: MainWindow, qtbot: QtBot) -> None:
    new.layers.focus_search()
    qtbot.keyClicks(new.layers.search, "dense")
    qtbot.keyClick(new.layers.search, Qt.Key.Key_Return)
    assert len(new.document.project.graph) == 1
    qtbot.keyClick(new.layers.search, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert len(new.document.project.graph) == 0
    assert new.layers.search.text() == "dense"


def test_without_an_output_export_says_beforehand_that_there_is_nothing_to_export(
    editor: MainWindow, qtbot: QtBot
) -> None:
    assert editor.top_bar.buttons["export_onnx"].isEnabled()
    output = editor.document.project.graph.named("logits")
    assert output
    editor.document.apply(RemoveNode(output.id))
    settle(editor, qtbot)
    assert editor.top_bar.buttons["train"].isEnabled()
    assert not editor.top_bar.buttons["export_onnx"].isEnabled()
    assert "no Output block" in editor.actions_by_id["export_onnx"].toolTip()


def test_a_refusal_goes_once_the_next_run_begins(editor: MainWindow, qtbot: QtBot) -> None:
    loss = id_of(editor.document.project, "loss")
    editor.document.apply(SetParameter(loss, "weight", 0.0))
    qtbot.waitUntil(lambda: editor.analysis.is_current, timeout=60_000)
    click(qtbot, editor.top_bar.buttons["train"])
    qtbot.waitUntil(editor.notice.isVisible, timeout=60_000)
    assert "Every loss has the weight 0" in editor.notice.label.text()
    editor.document.apply(SetParameter(loss, "weight", 1.0))
    qtbot.waitUntil(lambda: editor.analysis.is_current, timeout=60_000)
    click(qtbot, editor.top_bar.buttons["train"])
    qtbot.waitUntil(lambda: editor.session.state == "running", timeout=60_000)
    assert not editor.notice.isVisible()


def test_after_a_fix_the_keyboard_is_in_no_field(editor: MainWindow, qtbot: QtBot) -> None:
    classes = editor.document.project.graph.named("classes")
    assert classes
    editor.canvas.select([classes.id])
    editor.document.apply(SetParameter(classes.id, "out_features", 7))
    settle(editor, qtbot)
    editor.show_tab(editor.problems)
    qtbot.waitUntil(lambda: bool(editor.problems.cards), timeout=10_000)
    (fix,) = editor.problems.cards[0].fix_buttons()
    qtbot.waitUntil(fix.isEnabled, timeout=10_000)
    click(qtbot, fix)
    settle(editor, qtbot)
    qtbot.wait(50)
    focused = editor.focusWidget()
    assert focused
    assert editor.problems.isAncestorOf(focused)
    qtbot.keyClicks(focused, "3")
    assert editor.document.project.graph.node(classes.id).params["out_features"] == 10
