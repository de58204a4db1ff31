"""A home of its own for each test's window, and none left open after it."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from netbuilder.ui.theme import set_theme


@pytest.fixture(autouse=True)
def themed(qapp: QApplication) -> None:
    set_theme("dark")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder in which this test's settings, runs and snapshots lie."""
    for name in ("CONFIG", "DATA", "STATE", "CACHE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / "home" / name.lower()))
    return tmp_path / "home"
