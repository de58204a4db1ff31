"""The actions of the window: by key, from the menus, from the command palette; and the panels that they show."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QScrollArea
from pytestqt.qtbot import QtBot

from netbuilder.ui.actions import ACTIONS, BUTTONS, MENUS
from netbuilder.ui.dialogs import ShortcutsSheet
from netbuilder.ui.main_window import MainWindow
from netbuilder.ui.search_popup import SearchPopup
from netbuilder.ui.theme import theme
from tests.ui.hands import close

CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


def popup(window: MainWindow) -> SearchPopup:
    return next(each for each in window.findChildren(SearchPopup) if each.isVisible())


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
    assert "Add a layer to the right of the selected one, wired" in texts
    assert "Rename a block, or go into a group" in texts
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
