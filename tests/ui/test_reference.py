"""F1: the reference of the selected block, or of all."""

from __future__ import annotations

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from netbuilder.blocks import registry
from netbuilder.graph.edits import DescribeGroup, SetFormal
from netbuilder.graph.project import GroupId
from netbuilder.ui.main_window import MainWindow
from netbuilder.ui.reference import Reference
from tests.drawing import id_of


def shown(window: MainWindow) -> Reference:
    (dialog,) = window.findChildren(Reference)
    return dialog


def test_f1_shows_the_page_of_the_selected_block(editor: MainWindow, qtbot: QtBot) -> None:
    editor.canvas.select([id_of(editor.document.project, "conv1")])
    qtbot.keyClick(editor.canvas, Qt.Key.Key_F1)
    dialog = shown(editor)
    text = dialog.text.toPlainText()
    assert dialog.windowTitle() == "Conv2d"
    assert "Slide learned kernels over an image" in text
    assert "a whole number of at least 1" in text
    assert "True" not in text, "a switch is on, as in its field"
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not editor.findChildren(Reference), timeout=5_000)


def test_a_page_is_as_high_as_what_is_on_it_and_as_there_is_room(editor: MainWindow, qtbot: QtBot) -> None:
    heights: list[int] = []
    for name in ("relu1", "loss"):
        editor.canvas.select([id_of(editor.document.project, name)])
        editor.actions_by_id["reference"].trigger()
        dialog = shown(editor)
        heights.append(dialog.height())
        assert dialog.text.verticalScrollBar().maximum() <= 1
        assert dialog.height() < editor.height()
        dialog.close()
        qtbot.waitUntil(lambda: not editor.findChildren(Reference), timeout=5_000)
    assert heights[0] < heights[1]


def test_f1_shows_all_blocks_where_none_is_selected(editor: MainWindow, qtbot: QtBot) -> None:
    editor.canvas.select([])
    editor.actions_by_id["reference"].trigger()
    text = shown(editor).text.toPlainText()
    assert all(block.purpose() in text for block in registry.blocks().values())
    assert "Let all words of a text look at one another" in text
    shown(editor).close()


def test_f1_on_a_line_of_the_palette_shows_what_it_offers(editor: MainWindow, qtbot: QtBot) -> None:
    editor.layers.search.setText("bertlayer")
    editor.layers.list.setFocus()
    qtbot.keyClick(editor.layers.list, Qt.Key.Key_F1)
    assert shown(editor).windowTitle() == "BERTLayer"
    assert "Devlin et al. 2018" in shown(editor).text.toPlainText()
    shown(editor).close()


def test_f1_on_an_instance_shows_the_page_of_its_group_and_takes_nothing_in_it_for_html(editor: MainWindow) -> None:
    editor.canvas.select([id_of(editor.document.project, name) for name in ("conv1", "relu1")])
    editor.actions_by_id["group"].trigger()
    editor.document.apply(DescribeGroup(GroupId("g1"), "See <b>edges</b>.\n\nThen rectify."))
    editor.document.apply(SetFormal(GroupId("g1"), "width", (3, 3)))
    editor.actions_by_id["reference"].trigger()
    text = shown(editor).text.toPlainText()
    assert shown(editor).windowTitle() == "group"
    assert all(each in text for each in ("See <b>edges</b>.", "Then rectify.", "Takes x. Gives y.", "width", "3 × 3"))
    shown(editor).close()
