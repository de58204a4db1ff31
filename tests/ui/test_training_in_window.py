"""Training by the window's buttons, and what becomes of a run when the window or its project goes."""

from __future__ import annotations

import json

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from netbuilder.diagnostics import Diagnostic
from netbuilder.graph.edits import RenameNode, SetSection
from netbuilder.training.telemetry import EpochEnded
from netbuilder.ui.main_window import MainWindow
from netbuilder.ui.session import runs_folder
from tests.ui.hands import answer, click

CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


def test_train_pause_go_on_and_stop_by_the_buttons(editor: MainWindow, qtbot: QtBot) -> None:
    session, buttons = editor.session, editor.top_bar.buttons
    click(qtbot, buttons["train"])
    qtbot.waitUntil(lambda: session.state == "running", timeout=60_000)
    assert buttons["train"].text() == "Training"
    assert not buttons["train"].isEnabled()
    qtbot.waitUntil(lambda: "of 10000" in editor.status.epoch.text(), timeout=10_000)
    qtbot.waitUntil(lambda: "left" in editor.status.left.text(), timeout=10_000)
    assert editor.status.state.text().startswith("cpu")
    click(qtbot, buttons["pause"])
    qtbot.waitUntil(lambda: session.state == "paused", timeout=10_000)
    assert buttons["pause"].text() == "Go on"
    click(qtbot, buttons["pause"])
    qtbot.waitUntil(lambda: session.state == "running", timeout=10_000)
    click(qtbot, buttons["pause"])
    qtbot.waitUntil(lambda: session.state == "paused", timeout=10_000)
    assert not buttons["continue"].isVisible(), "“Go on” is the button for that"
    qtbot.keyClick(editor.canvas, Qt.Key.Key_Return, CONTROL | SHIFT)
    qtbot.waitUntil(lambda: session.state == "running", timeout=10_000)
    qtbot.keyClick(editor.canvas, Qt.Key.Key_F5, SHIFT)
    qtbot.waitUntil(lambda: session.state == "idle", timeout=10_000)
    assert buttons["train"].text() == "Train anew"
    assert "kept" in editor.status.state.text()


def test_a_badge_says_that_the_canvas_is_no_longer_what_is_trained(editor: MainWindow, qtbot: QtBot) -> None:
    qtbot.keyClick(editor.canvas, Qt.Key.Key_Return, CONTROL)
    qtbot.waitUntil(lambda: editor.session.state == "running", timeout=60_000)
    assert not editor.top_bar.badge.isVisible()
    conv = editor.document.project.graph.named("conv1")
    assert conv
    editor.document.apply(RenameNode(conv.id, "other"))
    qtbot.waitUntil(editor.top_bar.badge.isVisible, timeout=10_000)
    editor.document.undo_stack.undo()
    qtbot.waitUntil(lambda: not editor.top_bar.badge.isVisible(), timeout=10_000)


def test_closing_in_mid_run_stops_joins_and_loses_nothing(editor: MainWindow, qtbot: QtBot) -> None:
    events: list[object] = []
    editor.session.happened.connect(events.append)
    click(qtbot, editor.top_bar.buttons["train"])
    qtbot.waitUntil(lambda: any(isinstance(event, EpochEnded) for event in events), timeout=60_000)
    before = len(editor.document.project.graph)
    editor.close()
    assert editor.isVisible()
    assert editor.notice.isVisible()
    editor.actions_by_id["select_all"].trigger()
    qtbot.keyClick(editor, Qt.Key.Key_Delete)
    qtbot.keyClick(editor.canvas, Qt.Key.Key_Delete)
    assert len(editor.document.project.graph) == before, "changed after the question about unsaved changes"
    qtbot.waitUntil(lambda: not editor.isVisible(), timeout=30_000)
    run = editor.session.run
    assert run
    assert run.state == "ended"
    info = json.loads((run.folder / "run.json").read_text())
    assert info["state"] == "stopped"
    assert run.folder.parent == runs_folder()
    assert (run.folder / "last.safetensors").stat().st_size > 0


def test_closing_while_a_run_is_prepared_ends_too(editor: MainWindow, qtbot: QtBot) -> None:
    click(qtbot, editor.top_bar.buttons["train"])
    editor.close()
    qtbot.waitUntil(lambda: not editor.isVisible(), timeout=60_000)
    assert editor.session.run is None


def test_a_refused_run_is_a_notice_and_the_window_goes_on(editor: MainWindow, qtbot: QtBot) -> None:
    editor.document.apply(SetSection("training", {"device": "cuda:7"}))
    click(qtbot, editor.top_bar.buttons["train"])
    qtbot.waitUntil(editor.notice.isVisible, timeout=60_000)
    assert "cuda:7" in editor.notice.label.text() or "CUDA" in editor.notice.label.text()
    assert editor.session.state == "idle"


def test_a_stopped_run_can_be_continued_from_its_notice(editor: MainWindow, qtbot: QtBot) -> None:
    session = editor.session
    click(qtbot, editor.top_bar.buttons["train"])
    qtbot.waitUntil(lambda: session.state == "running", timeout=60_000)
    qtbot.waitUntil(lambda: bool(session.telemetry and session.telemetry.progress.step), timeout=10_000)
    click(qtbot, editor.top_bar.buttons["stop"])
    qtbot.waitUntil(lambda: session.state == "idle" and editor.notice.isVisible(), timeout=10_000)
    assert session.telemetry
    steps = session.telemetry.progress.step
    again = editor.notice.findChild(QPushButton, "Continue")
    assert isinstance(again, QPushButton)
    click(qtbot, again)
    qtbot.waitUntil(lambda: session.state == "running", timeout=60_000)
    qtbot.waitUntil(lambda: bool(session.telemetry and session.telemetry.progress.step > steps), timeout=10_000)


@pytest.mark.parametrize("choice", ["stay", "stop"])
def test_another_project_asks_for_the_end_of_the_run(editor: MainWindow, qtbot: QtBot, choice: str) -> None:
    session = editor.session
    click(qtbot, editor.top_bar.buttons["train"])
    qtbot.waitUntil(lambda: session.state == "running", timeout=60_000)
    run = session.run
    assert run
    answer(choice)
    stays = choice == "stay"
    assert editor.files.new() is not stays
    assert (session.run is run) is stays
    assert (session.state == "running") is stays
    assert bool(len(editor.document.project.graph)) is stays
    if not stays:
        assert json.loads((run.folder / "run.json").read_text())["state"] == "stopped"


def test_a_run_that_fails_is_shown_at_its_block(editor: MainWindow, qtbot: QtBot) -> None:
    graph = editor.document.project.graph
    classes = graph.named("classes")
    assert classes
    failure = Diagnostic("error", "non-finite", "classes makes numbers that are not finite.", node=classes.id)
    editor.session.failed.emit(failure)
    assert editor.top_bar.problems.text() == "1 problem"
    assert editor.problems.diagnostics()[0] is failure
    show = editor.notice.findChild(QPushButton, "Show the block")
    assert isinstance(show, QPushButton)
    click(qtbot, show)
    assert editor.canvas.selected() == [classes.id]
    assert editor.actions_by_id["train"].isEnabled()
