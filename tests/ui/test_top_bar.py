from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from netbuilder.graph.edits import Disconnect, SetSection
from netbuilder.ui.main_window import MainWindow
from tests.ui.hands import click


def parts(window: MainWindow) -> list[QWidget]:
    bar = window.top_bar
    return [each for each in (bar.name, bar.menus, bar.badge, bar.problems, *bar.buttons.values()) if each.isVisible()]


@pytest.mark.parametrize("width", [960, 1280, 1920])
def test_everything_in_the_top_bar_has_its_room_whatever_the_file_is_called(
    editor: MainWindow, digits: Path, width: int, qtbot: QtBot
) -> None:
    editor.document.apply(SetSection("training", {"device": "cpu", "epochs": 1}))
    click(qtbot, editor.top_bar.buttons["train"])
    qtbot.waitUntil(lambda: editor.session.ended is not None, timeout=60_000)
    editor.document.mark_saved(digits.with_name("a_network_that_tells_handwritten_digits_apart_and_more.netb"))
    editor.resize(width, 700)
    qtbot.waitUntil(lambda: editor.top_bar.width() == width, timeout=5_000)
    qtbot.wait(50)
    assert editor.top_bar.buttons["continue"].isVisible()
    placed = sorted(parts(editor), key=lambda each: each.x())
    for left, right in itertools.pairwise(placed):
        assert left.geometry().right() < right.x(), (left, right)
    assert placed[-1].geometry().right() < width
    for each in placed[1:]:
        assert each.width() >= each.sizeHint().width()
    assert editor.top_bar.name.toolTip() == editor.top_bar.name.text()


def test_what_a_narrow_top_bar_leaves_away_is_in_the_menus(editor: MainWindow, qtbot: QtBot) -> None:
    editor.resize(960, 700)
    qtbot.waitUntil(lambda: editor.top_bar.width() == 960, timeout=5_000)
    assert not editor.top_bar.buttons["export_onnx"].isVisible()
    assert editor.actions_by_id["export_onnx"] in editor.top_bar.menu["Export"].actions()
    assert editor.actions_by_id["arrange"] in editor.top_bar.menu["Network"].actions()
    editor.resize(1280, 700)
    qtbot.waitUntil(editor.top_bar.buttons["export_onnx"].isVisible, timeout=5_000)
    editor.document.apply(Disconnect(next(iter(editor.document.project.graph.edges()))))
    qtbot.waitUntil(lambda: not editor.top_bar.buttons["export_onnx"].isEnabled(), timeout=10_000)
