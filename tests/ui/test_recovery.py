from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from netbuilder.graph.edits import RenameNode
from netbuilder.graph.files import dumps
from netbuilder.ui.document import Document
from netbuilder.ui.recovery import Recovery, left_behind, recovery_folder
from tests.drawing import digits_cnn

CRASH = """
import os, signal
from PySide6.QtWidgets import QApplication
from netbuilder.graph.edits import RenameNode
from netbuilder.ui.document import Document
from netbuilder.ui.recovery import Recovery, recovery_folder
from tests.drawing import digits_cnn
app = QApplication([])
document = Document(digits_cnn().project)
recovery = Recovery(document)
document.apply(RenameNode(next(iter(document.project.graph)), "precious"))
while not list(recovery_folder().glob("*.json")):
    app.processEvents()
os.kill(os.getpid(), signal.SIGKILL)
"""


def snapshots() -> list[Path]:
    return list(recovery_folder().glob("*.json"))


def test_a_killed_window_leaves_what_was_unsaved(qtbot: QtBot) -> None:
    process = subprocess.run([sys.executable, "-c", CRASH], timeout=60, check=False)
    assert process.returncode == -signal.SIGKILL
    (found,) = left_behind()
    assert found.name == "untitled"
    assert found.path is None
    assert found.project().graph.named("precious")
    found.discard()
    assert left_behind() == []
    assert list(recovery_folder().iterdir()) == []


def test_unsaved_changes_are_kept_and_let_go_once_saved(qtbot: QtBot, tmp_path: Path) -> None:
    document = Document(digits_cnn().project)
    recovery = Recovery(document)
    document.apply(RenameNode(next(iter(document.project.graph)), "precious"))
    qtbot.waitUntil(lambda: len(snapshots()) == 1, timeout=10_000)
    assert left_behind() == [], "the window that owns it is alive"
    document.mark_saved(tmp_path / "x.netb")
    qtbot.waitUntil(lambda: not snapshots(), timeout=10_000)
    recovery.close()
    assert not list(recovery_folder().iterdir())


def test_a_window_that_closes_leaves_nothing(qtbot: QtBot) -> None:
    document = Document(digits_cnn().project)
    recovery = Recovery(document)
    document.apply(RenameNode(next(iter(document.project.graph)), "precious"))
    recovery.keep()
    recovery.close()
    assert not list(recovery_folder().iterdir())


def test_the_latest_change_is_the_one_that_is_kept(qtbot: QtBot) -> None:
    document = Document(digits_cnn().project)
    recovery = Recovery(document)
    node = next(iter(document.project.graph))
    for name in ("one", "two", "three"):
        document.apply(RenameNode(node, name))
        recovery.keep()
    qtbot.waitUntil(lambda: bool(snapshots()) and "three" in snapshots()[0].read_text(), timeout=10_000)
    assert dumps(document.project).count("three") == 1
    recovery.close()


def test_a_folder_that_can_not_be_made_is_told_in_a_sentence(qtbot: QtBot) -> None:
    folder = recovery_folder()
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.write_text("a file")
    document = Document(digits_cnn().project)
    recovery = Recovery(document)
    document.apply(RenameNode(next(iter(document.project.graph)), "one"))
    with qtbot.waitSignal(recovery.failed, timeout=10_000) as failed:
        recovery.keep()
    assert failed.args == [f"Unsaved changes can't be kept safe against a crash: {folder}: there is one already."]
    recovery.close()


def test_a_full_disk_is_told_once(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    document = Document(digits_cnn().project)
    recovery = Recovery(document)
    told: list[str] = []
    recovery.failed.connect(told.append)

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    for name in ("one", "two"):
        document.apply(RenameNode(next(iter(document.project.graph)), name))
        recovery.keep()
    qtbot.waitUntil(lambda: not recovery._worker.busy, timeout=10_000)
    assert len(told) == 1
    assert "disk is full" in told[0]
    recovery.close()


def test_a_damaged_snapshot_does_not_keep_the_window_from_starting(qtbot: QtBot) -> None:
    recovery_folder().mkdir(parents=True)
    for number, content in enumerate((b"", b"{", b"[]", b'{"name": 1}', b"\xff")):
        (recovery_folder() / f"1-{number}.json").write_bytes(content)
    assert left_behind() == []
    assert len(snapshots()) == 5
