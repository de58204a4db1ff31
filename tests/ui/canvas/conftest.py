"""A canvas on the screen, with a hand over it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from pytestqt.qtbot import QtBot
from shiboken6 import isValid

from netbuilder.graph.project import Project
from netbuilder.ui.analysis import Analysis
from netbuilder.ui.document import Document
from tests.ui.canvas.hand import Hand

_PATIENCE = 60_000


@pytest.fixture
def open_canvas(qtbot: QtBot) -> Iterator[Callable[..., Hand]]:
    """Return a function that shows a project on a canvas; with `analysed`, its shapes are known."""
    hands: list[Hand] = []

    def show(project: Project, *, analysed: bool = False) -> Hand:
        document = Document(project)
        analysis = Analysis(document, start=analysed)
        hand = Hand(document, analysis)
        hands.append(hand)
        hand.canvas.resize(1200, 800)
        hand.canvas.show()
        qtbot.waitExposed(hand.canvas)
        hand.settle()
        if analysed:
            qtbot.waitUntil(lambda: analysis.is_current, timeout=_PATIENCE)
        return hand

    yield show
    for hand in hands:
        hand.analysis.close()
        hand.canvas.close()
        hand.canvas.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    assert not any(isValid(hand.canvas) for hand in hands), "a canvas outlived its window"
