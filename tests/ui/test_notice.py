from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtWidgets import QPushButton, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from netbuilder.ui.main_window import MainWindow
from tests.ui.hands import click

_LONG = "digits.onnx holds the weights of epoch 17. It equals the network here: the largest difference is 6.0e-08."


def on_window(widget: QWidget) -> QRect:
    return QRect(widget.mapTo(widget.window(), QPoint()), widget.size())


def is_clear(window: MainWindow) -> bool:
    """Tell whether the notice covers nothing that floats over the canvas, and lies on the canvas."""
    notice, canvas = on_window(window.notice), window.canvas
    floating = [each for each in (canvas.overview, canvas.selection_bar, window.crumb) if each.isVisible()]
    assert floating
    return on_window(canvas).contains(notice) and not any(notice.intersects(on_window(each)) for each in floating)


@pytest.mark.parametrize("size", [(1280, 800), (1440, 900), (1920, 1080)])
@pytest.mark.parametrize("zoom", [0.6, 1.0, 2.0])
def test_a_notice_covers_no_overview_and_no_selection_bar(
    editor: MainWindow, size: tuple[int, int], zoom: float
) -> None:
    editor.resize(*size)
    editor.canvas.zoom_to(zoom)
    editor.canvas.camera.jump()
    editor.notice.tell(_LONG, "good", [("Show in folder", lambda: None)])
    assert is_clear(editor)
    for node in editor.document.project.graph:
        editor.canvas.select([node], center=True)
        editor.canvas.camera.jump()
        assert editor.canvas.selection_bar.isVisible()
        assert is_clear(editor)
        editor.canvas.camera.pan(QPoint(0, 150))
        assert is_clear(editor)


def test_all_words_of_a_notice_can_be_read(editor: MainWindow, qtbot: QtBot) -> None:
    editor.notice.tell("Writing digits.onnx…", "accent", [("Cancel", lambda: None)])
    qtbot.wait(20)
    for words in (_LONG, f"{_LONG} {_LONG}"):
        editor.notice.tell(words, "good", [("Show in folder", lambda: None)])
        qtbot.wait(20)
        label = editor.notice.label
        assert label.height() >= label.heightForWidth(label.width())


def shown(window: MainWindow) -> str:
    return window.notice.label.text() if window.notice.isVisible() else ""


def test_a_lasting_message_comes_back_after_what_was_told_meanwhile(editor: MainWindow, qtbot: QtBot) -> None:
    notice, answered = editor.notice, list[str]()
    for text in ("Restore?", "Continue?"):
        notice.tell(text, "warning", [(text, lambda text=text: answered.append(text))], lasting=True)
    notice.tell("Stopped.", "accent", [("Go on", lambda: None)], passing=True)
    notice.tell("It is on the clipboard.", "good", passing=True)
    assert shown(editor) == "It is on the clipboard."
    qtbot.mouseClick(notice.findChild(QToolButton), Qt.MouseButton.LeftButton)
    for text in ("Continue?", "Restore?"):
        assert shown(editor) == text
        click(qtbot, next(each for each in notice.findChildren(QPushButton) if each.isVisible()))
    assert shown(editor) == ""
    assert answered == ["Continue?", "Restore?"]


def test_only_the_message_that_is_over_is_taken_back(editor: MainWindow) -> None:
    notice = editor.notice
    notice.tell("Restore?", "warning", lasting=True)
    notice.tell("Continue?", "warning", lasting=True)
    notice.retract("Restored.")
    notice.retract("Restore?")
    assert shown(editor) == "Continue?"
    notice.retract("Continue?")
    assert shown(editor) == ""
