"""A run that is over, and going on with it: what is offered, what it says beforehand, and what then happens."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from netbuilder.graph.edits import SetParameter, SetSection
from netbuilder.ui.main_window import MainWindow
from tests.drawing import id_of
from tests.ui.hands import click

_PATIENCE = 60_000


@pytest.fixture
def trained(editor: MainWindow, qtbot: QtBot) -> MainWindow:
    """Return the window after a run of two epochs."""
    editor.document.apply(SetSection("training", {"device": "cpu", "epochs": 2}))
    click(qtbot, editor.top_bar.buttons["train"])
    qtbot.waitUntil(lambda: editor.session.ended is not None, timeout=_PATIENCE)
    return editor


def again(window: MainWindow) -> QPushButton:
    return window.top_bar.buttons["continue"]


def test_before_a_run_there_is_nothing_to_go_on_with(editor: MainWindow) -> None:
    assert not again(editor).isVisible()
    assert editor.top_bar.buttons["train"].text() == "Train"
    assert editor.actions_by_id["continue"].toolTip() == "There is no run to continue yet."


def test_a_finished_run_says_how_far_it_would_go_on_and_goes_that_far(trained: MainWindow, qtbot: QtBot) -> None:
    assert again(trained).toolTip().startswith("Continue: 2 more epochs, to 4; go on with the last run")
    assert trained.actions_by_id["continue"].text() == "Continue: 2 more epochs, to 4"
    assert trained.top_bar.buttons["train"].text() == "Train anew"
    assert "new run" in trained.top_bar.buttons["train"].toolTip()
    run = trained.session.run
    assert run
    click(qtbot, again(trained))
    assert not again(trained).isVisible()
    qtbot.waitUntil(lambda: trained.session.run is not run and trained.session.ended is not None, timeout=_PATIENCE)
    assert trained.session.run
    assert trained.session.run.folder == run.folder
    assert trained.session.ended
    assert trained.session.ended.epoch == 4
    assert trained.actions_by_id["continue"].text() == "Continue: 2 more epochs, to 6"


def test_train_anew_begins_at_the_first_step(trained: MainWindow, qtbot: QtBot) -> None:
    run = trained.session.run
    assert run
    qtbot.keyClick(trained.canvas, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: trained.session.run is not run and trained.session.ended is not None, timeout=_PATIENCE)
    assert trained.session.run
    assert trained.session.run.folder != run.folder
    assert trained.session.ended
    assert trained.session.ended.epoch == 2


def test_a_stopped_run_says_to_which_epoch_it_would_go_on(editor: MainWindow, qtbot: QtBot) -> None:
    session = editor.session
    click(qtbot, editor.top_bar.buttons["train"])
    qtbot.waitUntil(lambda: bool(session.telemetry and session.telemetry.progress.step), timeout=_PATIENCE)
    click(qtbot, editor.top_bar.buttons["stop"])
    qtbot.waitUntil(lambda: session.ended is not None, timeout=_PATIENCE)
    assert again(editor).isVisible()
    assert session.telemetry
    epoch = session.telemetry.progress.epoch
    assert editor.actions_by_id["continue"].text() == f"Continue: from epoch {epoch} on, to 10,000"


def test_another_network_has_no_run_to_go_on_with(trained: MainWindow, qtbot: QtBot) -> None:
    conv = id_of(trained.document.project, "conv1")
    trained.document.apply(SetParameter(conv, "out_channels", 7))
    qtbot.waitUntil(lambda: trained.session.differs, timeout=_PATIENCE)
    assert not again(trained).isVisible()
    assert trained.top_bar.buttons["train"].text() == "Train"
    assert "no longer the one" in trained.actions_by_id["continue"].toolTip()


def test_the_start_page_offers_no_run(trained: MainWindow) -> None:
    trained.actions_by_id["start_page"].trigger()
    assert not again(trained).isVisible()
    assert not trained.actions_by_id["continue"].isEnabled()
