"""A home of its own for each test's window, and garbage collected where Qt objects may die: in the main thread."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication

from netbuilder.ui.app import application
from netbuilder.ui.theme import set_theme


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
