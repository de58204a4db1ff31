"""A home of its own for each test's window, and garbage collected where Qt objects may die: in the main thread."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from shiboken6 import isValid

from netbuilder.graph.edits import SetSection
from netbuilder.graph.files import save
from netbuilder.ui.app import application
from netbuilder.ui.main_window import MainWindow
from netbuilder.ui.theme import set_theme
from tests.drawing import digits_cnn
from tests.ui.hands import close


@pytest.fixture(scope="session")
def qapp() -> QApplication:
    """Return the application as the program makes it."""
    return application()


@pytest.fixture(autouse=True)
def no_window_left_open(qapp: QApplication) -> Iterator[None]:
    """Fail the test that leaves a window on the screen."""
    before = set(QApplication.topLevelWidgets())
    yield
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    left = [widget for widget in QApplication.topLevelWidgets() if widget.isVisible() and widget not in before]
    assert not left, f"left open: {left}"


@pytest.fixture(scope="session", autouse=True)
def _garbage_stays_in_this_thread() -> Iterator[None]:
    gc.disable()
    yield
    gc.enable()


@pytest.fixture(autouse=True)
def themed(qapp: QApplication) -> Iterator[None]:
    set_theme("dark")
    yield
    # What the test has left; all that was there before it, torch among it, costs half a second to look through.
    gc.collect(1)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder in which this test's settings, runs and snapshots lie."""
    for name in ("CONFIG", "DATA", "STATE", "CACHE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / "home" / name.lower()))
    return tmp_path / "home"


@pytest.fixture
def window(qtbot: QtBot) -> Iterator[MainWindow]:
    """Return the window as it opens, on the start page."""
    window = MainWindow()
    window.resize(1280, 800)
    window.show()
    qtbot.waitUntil(lambda: window.is_ready, timeout=30_000)
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    yield window
    if isValid(window) and window.isVisible():
        close(window, qtbot)


@pytest.fixture
def digits(tmp_path: Path) -> Path:
    """Return the file of a small classifier of digits, to be trained for long."""
    path = tmp_path / "digits.netb"
    project = digits_cnn().project
    SetSection("training", {"device": "cpu", "epochs": 10_000}).apply(project)
    save(project, path)
    return path


@pytest.fixture
def editor(window: MainWindow, digits: Path, qtbot: QtBot) -> MainWindow:
    """Return the window with the digits project open and analysed."""
    assert window.files.open(digits)
    qtbot.waitUntil(lambda: window.analysis.is_current, timeout=60_000)
    return window
