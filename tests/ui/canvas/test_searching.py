"""The search for a block, opened by key, by double click and by a wire that is let go."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest

from tests.ui.canvas.hand import Hand, choose, popup
from tests.ui.canvas.test_gestures import line

Open = Callable[..., Hand]
Key = Qt.Key


@pytest.fixture
def hand(open_canvas: Open) -> Hand:
    return open_canvas(line())


def test_space_opens_the_search_at_the_pointer(hand: Hand) -> None:
    hand.click(QPointF(200, 320))
    hand.key(Key.Key_Space)
    choose(hand, "dense")
    assert hand.place("linear") == (116, 288)
    assert hand.wires() == {"image.y → a.x", "a.y → b.x"}
    assert hand.undo_is_exact()


def test_a_double_click_on_the_canvas_opens_the_search(hand: Hand) -> None:
    hand.double_click(QPointF(200, 320))
    choose(hand, "conv2d")
    assert hand.place("conv2d") == (116, 288)


def test_tab_adds_a_block_after_the_selected_one_and_wires_it(hand: Hand) -> None:
    hand.click(hand.body("b"))
    hand.key(Key.Key_Tab)
    choose(hand, "linear")
    assert "b.y → linear.x" in hand.wires()
    assert hand.undo_is_exact()


def test_space_held_drags_the_canvas_and_opens_nothing(hand: Hand) -> None:
    before = hand.seen(QPointF(0, 0))
    QTest.keyPress(hand.canvas, Key.Key_Space)
    hand.drag(QPointF(300, 100), QPointF(380, 100))
    QTest.keyRelease(hand.canvas, Key.Key_Space)
    assert popup(hand) is None
    assert hand.seen(QPointF(0, 0)).x() > before.x() + 40
    assert hand.is_untouched()


def test_a_wire_let_go_in_the_open_searches_for_a_block_that_takes_it(hand: Hand) -> None:
    hand.drag(hand.outlet("b"), QPointF(700, 250))
    box = popup(hand)
    assert box is not None
    assert "Input" not in box.shown_titles()
    assert hand.canvas.pending_wire is not None
    choose(hand, "relu")
    assert "b.y → relu.x" in hand.wires()
    assert hand.block("relu").port_position(hand.block("relu").ports[0][0].side, "x").x() == pytest.approx(700, abs=4)
    assert hand.canvas.pending_wire is None
    assert hand.undo_is_exact()


def test_a_wire_drawn_backwards_searches_for_a_block_that_feeds_it(hand: Hand) -> None:
    hand.drag(hand.inlet("c"), QPointF(120, 300))
    box = popup(hand)
    assert box is not None
    assert "Output" not in box.shown_titles()
    choose(hand, "dropout")
    assert "dropout.y → c.x" in hand.wires()


def test_escape_closes_the_search_and_lets_the_wire_go(hand: Hand) -> None:
    hand.drag(hand.outlet("b"), QPointF(700, 250))
    box = popup(hand)
    assert box is not None
    QTest.keyClick(box.field, Key.Key_Escape)
    assert hand.canvas.pending_wire is None
    assert hand.is_untouched()
