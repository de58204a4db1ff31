"""A themed application for the panels, on whatever platform the tests run."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtWidgets import QApplication

from netbuilder.ui.theme import set_theme


@pytest.fixture(autouse=True)
def dark_theme(qapp: QApplication) -> Iterator[None]:
    set_theme("dark")
    yield
    for widget in QApplication.topLevelWidgets():
        widget.close()
