"""A run whose process was killed is found again with its network, and gone on with."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from netbuilder.graph.edits import MoveNodes, RenameNode, SetSection
from netbuilder.graph.files import load
from netbuilder.training.folder import RunFolder
from netbuilder.ui import interrupted
from netbuilder.ui.main_window import MainWindow
from netbuilder.ui.session import runs_folder
from tests.drawing import id_of
from tests.ui.hands import click

KILLED = """
import sys, time
from pathlib import Path
from netbuilder.graph.files import load
from netbuilder.training.run import Run
run = Run.create(load(Path(sys.argv[1])), Path(sys.argv[2]))
run.start()
while run.telemetry.progress.epoch < 3:
    time.sleep(0.01)
print("under way", flush=True)
time.sleep(600)
"""
_PATIENCE = 60_000


@pytest.fixture
def killed(digits: Path) -> Path:
    """Return the folder of a run of the digits that was killed after its second epoch."""
    folder = runs_folder() / "2026-01-02-030405"
    command = [sys.executable, "-c", KILLED, str(digits), str(folder)]
    with subprocess.Popen(command, env={**os.environ, "OMP_NUM_THREADS": "1"}, stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.readline() == b"under way\n"
        assert interrupted.find(runs_folder(), load(digits)) is None, "it is still trained"
        process.send_signal(signal.SIGKILL)
    return folder


def test_an_interrupted_run_is_offered_with_its_network_and_goes_on(
    killed: Path, editor: MainWindow, qtbot: QtBot
) -> None:
    done = len(RunFolder.open(killed).history())
    assert done >= 2
    qtbot.waitUntil(lambda: "interrupted" in editor.notice.label.text(), timeout=_PATIENCE)
    assert f"in epoch {done + 1} of 10,000" in editor.notice.label.text()
    again = editor.top_bar.buttons["continue"]
    assert again.isVisible()
    assert editor.actions_by_id["continue"].text() == f"Continue: from epoch {done + 1} on, to 10,000"
    offer = editor.notice.findChild(QPushButton, "Continue")
    assert isinstance(offer, QPushButton)
    click(qtbot, offer)
    session = editor.session
    qtbot.waitUntil(lambda: bool(session.telemetry and session.telemetry.progress.step), timeout=_PATIENCE)
    assert session.run
    assert session.run.folder == killed
    session.stop()
    qtbot.waitUntil(lambda: session.state == "idle", timeout=_PATIENCE)
    assert RunFolder.open(killed).info()["state"] == "stopped"
    assert interrupted.find(runs_folder(), editor.document.project) is None


def test_another_network_has_no_interrupted_run(killed: Path, editor: MainWindow, qtbot: QtBot) -> None:
    session, document = editor.session, editor.document
    qtbot.waitUntil(editor.notice.isVisible, timeout=_PATIENCE)
    conv = id_of(document.project, "conv1")
    document.apply(MoveNodes(((conv, (40.0, 400.0)),)))
    assert session.interrupted, "a block that stands elsewhere is the same"
    document.apply(RenameNode(conv, "first"))
    assert session.interrupted is None
    assert not editor.top_bar.buttons["continue"].isVisible()
    assert not editor.notice.isVisible(), "what it offers can't be done any more"
    assert interrupted.find(runs_folder(), document.project) is None
    document.undo_stack.undo()
    assert session.interrupted, "it is the same network again"
    assert editor.notice.isVisible()


def test_other_settings_leave_the_interrupted_run_as_it_is(killed: Path, editor: MainWindow, qtbot: QtBot) -> None:
    session, document = editor.session, editor.document
    qtbot.waitUntil(lambda: session.interrupted is not None, timeout=_PATIENCE)
    document.apply(SetSection("training", {"epochs": 5}))
    assert session.interrupted, "it goes on as it began"
    assert session.goal_epochs() == 10_000
    assert interrupted.find(runs_folder(), document.project)


def test_an_edit_takes_back_nothing_but_the_offer_of_the_run(killed: Path, editor: MainWindow, qtbot: QtBot) -> None:
    session, document, notice = editor.session, editor.document, editor.notice
    qtbot.waitUntil(lambda: session.interrupted is not None, timeout=_PATIENCE)
    editor.recovery.failed.emit("Unsaved changes can't be kept safe against a crash: the disk is full.")
    document.apply(RenameNode(id_of(document.project, "conv1"), "first"))
    assert session.interrupted is None
    assert notice.isVisible()
    assert "the disk is full" in notice.label.text()


def test_another_project_takes_the_offer_away(killed: Path, editor: MainWindow, qtbot: QtBot) -> None:
    qtbot.waitUntil(editor.notice.isVisible, timeout=_PATIENCE)
    editor.files.new()
    assert editor.session.interrupted is None
    assert not editor.notice.isVisible()


def test_a_damaged_run_is_passed_over(killed: Path, digits: Path) -> None:
    for name, content in (("2027-a", "{"), ("2027-b", "")):
        (runs_folder() / name).mkdir()
        (runs_folder() / name / "run.json").write_text(content)
    (runs_folder() / "2027-c").mkdir()
    found = interrupted.find(runs_folder(), load(digits))
    assert found
    assert found.folder == killed
