"""Another project is opened while one is trained: it is asked about once, and either answer is kept to."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from netbuilder.graph.files import dumps, load, save
from netbuilder.ui.dialogs import Message
from netbuilder.ui.main_window import MainWindow
from tests.drawing import Drawing

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
