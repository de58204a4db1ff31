"""F1: the reference of the selected block, or of all."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from netbuilder.blocks import registry
from netbuilder.graph.edits import DescribeGroup, SetFormal
from netbuilder.graph.project import GroupId
from netbuilder.ui.main_window import MainWindow
from netbuilder.ui.reference import Reference, Search
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


@pytest.fixture
def search(editor: MainWindow, qtbot: QtBot) -> Iterator[Search]:
    """Return the search field of the whole reference."""
    editor.canvas.select([])
    qtbot.keyClick(editor.canvas, Qt.Key.Key_F1)
    search = shown(editor).search
    assert search
    qtbot.waitUntil(search.field.hasFocus, timeout=5_000)
    yield search
    shown(editor).close()


def found_at(editor: MainWindow) -> int:
    """Return where what is found begins, which has to be in view, and of the text that is searched for."""
    text, search = shown(editor).text, shown(editor).search
    assert search
    assert text.textCursor().selectedText().lower() == search.field.text().lower()
    assert text.viewport().rect().contains(text.cursorRect())
    return text.textCursor().selectionStart()


def test_what_is_typed_is_found_in_the_reference(editor: MainWindow, search: Search, qtbot: QtBot) -> None:
    everything = shown(editor).text.toPlainText().lower()
    qtbot.keyClicks(search.field, "lstm")
    places = [match.start() for match in re.finditer("lstm", everything)]
    assert found_at(editor) == places[0]
    for key, shift, place in (
        (Qt.Key.Key_Return, False, places[1]),
        (Qt.Key.Key_F3, False, places[2]),
        (Qt.Key.Key_Return, True, places[1]),
        (Qt.Key.Key_F3, True, places[0]),
        (Qt.Key.Key_F3, True, places[-1]),
        (Qt.Key.Key_Enter, False, places[0]),
    ):
        modifier = Qt.KeyboardModifier.ShiftModifier if shift else Qt.KeyboardModifier.NoModifier
        qtbot.keyClick(search.field, key, modifier)
        assert found_at(editor) == place
    assert not search.verdict.isVisible()


def test_what_is_not_in_the_reference_is_said_and_moves_nothing(
    editor: MainWindow, search: Search, qtbot: QtBot
) -> None:
    qtbot.keyClicks(search.field, "gated r")
    bar = shown(editor).text.verticalScrollBar()
    place = bar.value()
    assert place > 0
    qtbot.keyClicks(search.field, "acoon")
    assert search.verdict.isVisible()
    assert search.verdict.text() == "Nothing found"
    assert bar.value() == place
    qtbot.keyClick(search.field, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClick(search.field, Qt.Key.Key_Delete)
    assert not search.verdict.isVisible()


def test_ctrl_f_goes_to_the_search_and_the_text_scrolls_from_there(
    editor: MainWindow, search: Search, qtbot: QtBot
) -> None:
    text = shown(editor).text
    qtbot.keyClicks(search.field, "lstm")
    text.setFocus()
    qtbot.keyClick(text, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    assert search.field.hasFocus()
    assert search.field.selectedText() == "lstm"
    before = text.verticalScrollBar().value()
    qtbot.keyClick(search.field, Qt.Key.Key_PageDown)
    assert text.verticalScrollBar().value() > before
    qtbot.keyClick(search.field, Qt.Key.Key_PageUp)
    assert text.verticalScrollBar().value() == before


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
