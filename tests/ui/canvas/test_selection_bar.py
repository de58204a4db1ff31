"""The bar at the block that is selected: what it does, and that it is whole and hides as little as can be."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QToolButton

from tests.drawing import Drawing
from tests.ui.canvas.hand import Hand
from tests.ui.canvas.test_gestures import line

Open = Callable[..., Hand]


@pytest.fixture
def hand(open_canvas: Open) -> Hand:
    return open_canvas(line())


def test_the_bar_above_a_selected_block_acts_on_it(hand: Hand) -> None:
    hand.click(hand.body("c"))
    bar = hand.canvas.selection_bar
    assert bar.isVisible()
    (delete,) = (button for button in bar.findChildren(QToolButton) if button.text() == "Delete")
    QTest.mouseClick(delete, Qt.MouseButton.LeftButton)
    assert "c" not in hand.names()
    assert not bar.isVisible()


@pytest.mark.parametrize("corner", [(1180, 300), (-150, 300), (600, 4), (600, -30), (600, 790), (1190, 795)])
def test_the_bar_is_whole_while_its_block_is_seen(hand: Hand, corner: tuple[int, int]) -> None:
    hand.click(hand.body("c"))
    canvas, bar = hand.canvas, hand.canvas.selection_bar
    block = canvas.canvas_scene.extent(canvas.selected())
    canvas.camera.pan(QPoint(*corner) - canvas.mapFromScene(block.topLeft()))
    assert bar.isVisible()
    assert canvas.viewport().rect().contains(bar.geometry())
    canvas.camera.pan(QPoint(0, -1000))
    assert not bar.isVisible()


def test_the_bar_goes_where_it_hides_fewer_blocks(open_canvas: Open) -> None:
    drawing = Drawing()
    for number in range(2):
        node = drawing.put("Input", f"row{number}", shape=[4])
        drawing.project.layout[node] = (0.0, 104.0 * number)
    hand = open_canvas(drawing.project)
    hand.canvas.camera.look(QPointF(84, 84), 0.75)
    bar = hand.canvas.selection_bar
    hand.click(hand.body("row0"))
    assert bar.geometry().bottom() < hand.seen(hand.body("row0")).y()
    hand.click(hand.body("row1"))
    assert bar.geometry().top() > hand.seen(hand.body("row1")).y()
