"""Groups edited by hand while their network is trained: nothing breaks,
and the run learns what it would have learned.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from netbuilder.examples import find
from netbuilder.graph.edits import SetSection
from netbuilder.graph.files import load, save
from netbuilder.graph.model import thaw
from netbuilder.training.run import Run
from netbuilder.ui.main_window import MainWindow
from tests.drawing import id_of

_PATIENCE = 60_000
_CTRL, _SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
Key = Qt.Key


def key(window: MainWindow, *keys: Qt.Key, held: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    """Press keys on the canvas, one after the other."""
    for each in keys:
        QTest.keyClick(window.canvas, each, held)


def look_on(window: MainWindow, qtbot: QtBot) -> None:
    """Wait until the network is analysed again and the run has been drawn."""
    qtbot.waitUntil(lambda: window.analysis.is_current, timeout=_PATIENCE)
    with qtbot.waitSignal(window.session.polled, timeout=_PATIENCE):
        pass
    window.activateWindow()  # for the shortcuts of the window
    qtbot.waitUntil(window.isActiveWindow, timeout=_PATIENCE)


def test_groups_are_edited_while_they_are_trained(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    project = load(find("digits_resnet").path)
    SetSection("training", {**thaw(project.training), "device": "cpu", "epochs": 10_000, "seed": 3}).apply(project)
    save(project, tmp_path / "digits.netb")
    assert window.files.open(tmp_path / "digits.netb")
    qtbot.waitUntil(lambda: window.actions_by_id["train"].isEnabled(), timeout=_PATIENCE)
    window.actions_by_id["train"].trigger()
    qtbot.waitUntil(lambda: window.session.state == "running", timeout=_PATIENCE)
    run, document, canvas = window.session.run, window.document, window.canvas
    assert run

    box = next(node for node in document.project.graph.nodes() if node.type.startswith("group:"))
    canvas.select([box.id])
    key(window, Key.Key_Return)  # into the group
    inner = next(node.id for node in document.sheet.graph.nodes() if node.type == "Conv2d")
    canvas.select([inner])
    look_on(window, qtbot)
    key(window, Key.Key_G, held=_CTRL)
    key(window, Key.Key_Return)  # into the one just made
    made = document.group
    look_on(window, qtbot)
    key(window, Key.Key_Z, held=_CTRL)  # the group that is shown is gone
    assert document.group != made
    look_on(window, qtbot)
    canvas.select([inner])
    key(window, Key.Key_D, held=_CTRL)
    key(window, Key.Key_Delete)
    canvas.select([inner])
    key(window, Key.Key_Delete)  # what one looks at, and what is trained
    look_on(window, qtbot)
    assert window.session.differs
    key(window, Key.Key_Escape, Key.Key_Escape)
    assert document.group is None
    canvas.select([box.id])
    key(window, Key.Key_C, held=_CTRL)
    key(window, Key.Key_Delete)
    look_on(window, qtbot)
    key(window, Key.Key_V, held=_CTRL)
    key(window, Key.Key_G, held=_CTRL | _SHIFT)  # ungroup
    look_on(window, qtbot)
    while document.undo_stack.canUndo():
        key(window, Key.Key_Z, held=_CTRL)
    look_on(window, qtbot)
    assert not window.session.differs
    assert id_of(document.project, box.name) == box.id

    qtbot.waitUntil(lambda: run.telemetry.progress.epoch >= 1, timeout=_PATIENCE)
    window.session.stop()
    qtbot.waitUntil(lambda: window.session.state == "idle", timeout=_PATIENCE)
    assert window.session.ended
    assert window.session.ended.reason == "stopped"
    seen = np.load(run.folder / "steps.npy")

    absent = Run.create(project, tmp_path / "absent")
    absent.start()
    qtbot.waitUntil(lambda: absent.telemetry.progress.step >= len(seen), timeout=_PATIENCE)
    absent.stop()
    assert absent.join(60)
    np.testing.assert_array_equal(np.load(absent.folder / "steps.npy")[: len(seen)], seen)
