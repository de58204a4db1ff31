"""Another project is opened while one is trained: it is asked about once, and either answer is kept to."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import SIGNAL, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from netbuilder.graph.edits import RenameNode
from netbuilder.graph.files import dumps, load, save
from netbuilder.ui.dialogs import Message
from netbuilder.ui.main_window import MainWindow
from tests.drawing import Drawing, id_of
from tests.ui.hands import answer

_PATIENCE = 60_000


@pytest.mark.parametrize("state", ["preparing", "running"])
@pytest.mark.parametrize(("choice", "opens"), [("stay", False), ("stop", True)])
def test_a_run_is_asked_about_once(
    editor: MainWindow, qtbot: QtBot, tmp_path: Path, digits: Path, state: str, choice: str, opens: bool
) -> None:
    other = tmp_path / "other.netb"
    save(Drawing().project, other)
    qtbot.waitUntil(lambda: editor.actions_by_id["train"].isEnabled(), timeout=_PATIENCE)
    editor.actions_by_id["train"].trigger()
    qtbot.waitUntil(lambda: editor.session.state == state, timeout=_PATIENCE)
    asked: list[Message] = []

    def look() -> None:
        dialog = QApplication.activeModalWidget()
        if isinstance(dialog, Message):
            asked.append(dialog)
            qtbot.mouseClick(dialog.button(choice), Qt.MouseButton.LeftButton)

    clock = QTimer(editor, interval=10)
    clock.timeout.connect(look)
    clock.start()
    assert editor.files.open(other) is opens
    clock.stop()
    assert len(asked) == 1
    assert dumps(editor.document.project) == dumps(load(other if opens else digits))
    assert (editor.session.state == "idle") is opens
    editor.session.stop()
    qtbot.waitUntil(lambda: editor.session.state == "idle", timeout=_PATIENCE)


def test_the_window_is_closed_while_the_run_ends_for_another_project(
    editor: MainWindow, qtbot: QtBot, tmp_path: Path, digits: Path
) -> None:
    other = tmp_path / "other.netb"
    save(Drawing().project, other)
    qtbot.waitUntil(lambda: editor.actions_by_id["train"].isEnabled(), timeout=_PATIENCE)
    editor.actions_by_id["train"].trigger()
    qtbot.waitUntil(lambda: editor.session.state == "running", timeout=_PATIENCE)

    def close() -> None:
        if editor.session.stopping:
            clock.stop()
            editor.close()

    clock = QTimer(editor, interval=0)
    clock.timeout.connect(close)
    clock.start()
    answer("stop")
    assert not editor.files.open(other)
    assert not editor.isVisible()
    assert dumps(editor.document.project) == dumps(load(digits))


def test_the_window_is_closed_with_unsaved_changes_while_the_run_ends_for_another_project(
    editor: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    other = tmp_path / "other.netb"
    save(Drawing().project, other)
    qtbot.waitUntil(lambda: editor.actions_by_id["train"].isEnabled(), timeout=_PATIENCE)
    editor.document.apply(RenameNode(id_of(editor.document.project, "conv1"), "precious"))
    qtbot.waitUntil(lambda: editor.actions_by_id["train"].isEnabled(), timeout=_PATIENCE)
    editor.actions_by_id["train"].trigger()
    qtbot.waitUntil(lambda: editor.session.state == "running", timeout=_PATIENCE)
    asked: list[str] = []

    def press() -> None:
        dialog = QApplication.activeModalWidget()
        if not isinstance(dialog, Message):
            return
        if asked == [] or (asked[-1] == "close" and editor.session.state == "idle"):
            asked.append("discard")
            QTest.mouseClick(dialog.button("discard"), Qt.MouseButton.LeftButton)
        elif asked == ["discard"]:
            asked.append("stop")
            QTest.mouseClick(dialog.button("stop"), Qt.MouseButton.LeftButton)

    def close() -> None:
        if editor.session.stopping and not editor.isEnabled():
            clock.stop()
            asked.append("close")
            editor.close()

    clock, hand = QTimer(editor, interval=0), QTimer(editor, interval=10)
    clock.timeout.connect(close)
    hand.timeout.connect(press)
    clock.start()
    hand.start()
    assert not editor.files.open(other)
    hand.stop()
    assert asked == ["discard", "stop", "close", "discard"]
    assert not editor.isVisible()
    assert editor.document.project.graph.named("precious")


def test_nothing_is_drawn_while_the_run_ends_for_another_project(
    editor: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    other = tmp_path / "other.netb"
    save(Drawing().project, other)
    qtbot.waitUntil(lambda: editor.actions_by_id["train"].isEnabled(), timeout=_PATIENCE)
    editor.actions_by_id["train"].trigger()
    qtbot.waitUntil(lambda: editor.session.state == "running", timeout=_PATIENCE)
    pressed: list[bool] = []

    def delete_all() -> None:
        if editor.session.stopping and not editor.isEnabled():
            clock.stop()
            assert "the other project opens" in editor.notice.label.text()
            editor.canvas.select_all()
            QTest.keyClick(editor.canvas, Qt.Key.Key_Delete)
            pressed.append(editor.document.modified)

    clock = QTimer(editor, interval=0)
    clock.timeout.connect(delete_all)
    clock.start()
    answer("stop")
    assert editor.files.open(other)
    assert pressed == [False]
    assert editor.isEnabled()
    assert "the other project opens" not in editor.notice.label.text()


def test_nothing_waits_for_the_end_of_a_run_that_has_ended(editor: MainWindow, qtbot: QtBot, digits: Path) -> None:
    before = editor.session.receivers(SIGNAL("state_changed()"))
    qtbot.waitUntil(lambda: editor.actions_by_id["train"].isEnabled(), timeout=_PATIENCE)
    editor.actions_by_id["train"].trigger()
    qtbot.waitUntil(lambda: editor.session.state == "running", timeout=_PATIENCE)
    answer("stop")
    assert editor.files.open(digits)
    assert editor.session.receivers(SIGNAL("state_changed()")) == before
