"""What a crash left is offered when the window opens."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from netbuilder.graph.files import dumps
from netbuilder.ui.main_window import MainWindow
from netbuilder.ui.recovery import left_behind, recovery_folder
from tests.drawing import digits_cnn
from tests.ui.hands import click, close, message


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
