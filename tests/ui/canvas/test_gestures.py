"""The mouse on the canvas: what a press, a drag and a release do to the project's bytes."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QPointF, Qt

from netbuilder.graph.project import Project
from tests.drawing import Drawing, digits_cnn
from tests.ui.canvas.hand import ALT, CTRL, MIDDLE, SHIFT, Hand

Open = Callable[..., Hand]


def line() -> Project:
    """Draw image → a → b, a free block c, and a merge."""
    drawing = Drawing()
    image = drawing.put("Input", "image")
    a = drawing.put("Linear", "a", image)
    drawing.put("ReLU", "b", a)
    drawing.put("Linear", "c")
    drawing.put("Add", "add")
    places = ((0, 0), (260, 0), (520, 0), (260, 160), (520, 160))
    for node, (x, y) in zip(drawing.project.graph, places, strict=True):
        drawing.project.layout[node] = (float(x), float(y))
    return drawing.project


@pytest.fixture
def hand(open_canvas: Open) -> Hand:
    return open_canvas(line())


# Moving


def test_dragging_a_block_moves_it_on_the_grid_in_one_undo_step(hand: Hand) -> None:
    hand.drag(hand.body("c"), hand.body("c") + QPointF(41.4, 28.7))
    assert hand.place("c") == (300.0, 188.0)
    assert (hand.block("c").x(), hand.block("c").y()) == (300.0, 188.0)
    assert hand.undo_is_exact()


def test_a_block_follows_the_hand_and_escape_puts_it_back(hand: Hand) -> None:
    hand.press(hand.body("a"))
    hand.move(hand.body("a") + QPointF(0, 80))
    assert hand.block("a").y() == 80
    assert hand.is_untouched()
    hand.key(Qt.Key.Key_Escape)
    assert hand.block("a").y() == 0
    hand.release()
    assert hand.is_untouched()


def test_wires_follow_a_block_that_is_dragged(hand: Hand) -> None:
    hand.drag(hand.body("a"), hand.body("a") + QPointF(0, -80))
    route = hand.wire("image", "a").route
    assert route is not None
    assert route.points[-1] == (260, -80 + 32)


def test_selected_blocks_are_dragged_together(hand: Hand) -> None:
    hand.click(hand.body("a"))
    hand.click(hand.body("c"), SHIFT)
    hand.drag(hand.body("a"), hand.body("a") + QPointF(20, 12))
    assert (hand.place("a"), hand.place("c")) == ((280, 12), (280, 172))
    assert hand.place("b") == (520, 0)
    assert hand.undo_is_exact()


def test_a_press_that_trembles_is_a_click(hand: Hand) -> None:
    hand.drag(hand.body("a"), hand.body("a") + QPointF(3, 2))
    assert hand.selected() == {"a"}
    assert hand.is_untouched()


def test_undo_in_the_middle_of_a_drag_ends_it(hand: Hand) -> None:
    hand.drag(hand.body("c"), hand.body("c") + QPointF(40, 40))
    hand.press(hand.body("c"))
    hand.move(hand.body("c") + QPointF(60, 0))
    hand.document.undo_stack.undo()
    hand.settle()
    assert hand.place("c") == (260, 160)
    assert hand.block("c").x() == 260
    hand.release()
    assert hand.is_untouched()


# Selecting


def test_clicks_select_and_shift_adds_and_takes_away(hand: Hand) -> None:
    hand.click(hand.body("a"))
    assert hand.selected() == {"a"}
    hand.click(hand.body("b"), SHIFT)
    assert hand.selected() == {"a", "b"}
    hand.click(hand.body("a"), SHIFT)
    assert hand.selected() == {"b"}
    hand.click(hand.body("c"), CTRL)
    assert hand.selected() == {"b", "c"}
    hand.click(hand.body("c"))
    assert hand.selected() == {"c"}
    hand.click(QPointF(100, 300))
    assert hand.selected() == set()
    assert hand.is_untouched()


def test_a_band_selects_the_blocks_that_it_touches(hand: Hand) -> None:
    hand.press(QPointF(240, 250))
    hand.move(QPointF(430, -20))
    assert hand.selected() == {"a", "c"}
    hand.release()
    hand.drag(QPointF(500, -20), QPointF(560, 20), held=SHIFT)
    assert hand.selected() == {"a", "b", "c"}
    assert hand.is_untouched()


def test_a_click_on_a_wire_selects_it_and_delete_cuts_it(hand: Hand) -> None:
    hand.click(hand.middle("image", "a"))
    assert hand.scene.selected_edges == [hand.edge("image", "a")]
    hand.key(Qt.Key.Key_Delete)
    assert hand.wires() == {"a.y → b.x"}
    assert hand.undo_is_exact()


# Wiring


def test_a_wire_is_drawn_from_output_to_input(hand: Hand) -> None:
    hand.drag(hand.outlet("image"), hand.inlet("c"))
    assert "image.y → c.x" in hand.wires()
    assert hand.undo_is_exact()


def test_a_wire_is_drawn_from_input_to_output(hand: Hand) -> None:
    hand.drag(hand.inlet("c"), hand.outlet("a"))
    assert "a.y → c.x" in hand.wires()
    assert hand.undo_is_exact()


def test_a_wire_dropped_on_a_blocks_body_takes_its_first_free_input(hand: Hand) -> None:
    hand.drag(hand.outlet("a"), hand.body("add"))
    hand.drag(hand.outlet("image"), hand.body("add"))
    assert {"a.y → add.x1", "image.y → add.x2"} <= hand.wires()
    assert [socket.name for socket in hand.block("add").sockets.inputs] == ["x1", "x2", "x3"]


def test_a_wire_dropped_on_a_full_block_is_refused_and_replaces_nothing(hand: Hand) -> None:
    hand.drag(hand.outlet("c"), hand.body("b"))
    assert hand.is_untouched()
    assert "has a wire already" in hand.hint()


def test_a_wire_that_would_close_a_circle_is_refused_in_words(hand: Hand) -> None:
    hand.press(hand.outlet("b"))
    hand.move(hand.inlet("a"))
    assert "has a wire already" in hand.hint() or "circle" in hand.hint()
    hand.release()
    assert hand.is_untouched()
    hand.drag(hand.outlet("a"), hand.inlet("c"))
    hand.drag(hand.outlet("c"), hand.body("add"))
    hand.drag(hand.outlet("add"), hand.body("image"))
    assert "no inputs" in hand.hint()


def test_ports_that_can_take_the_wire_glow_and_other_blocks_fade(hand: Hand) -> None:
    hand.press(hand.outlet("b"))
    hand.move(QPointF(400, 120))
    assert hand.block("c").judged == {"x": True}
    assert hand.block("add").judged == {"x1": True, "x2": True}
    assert hand.block("a").judged == {"x": False}
    assert hand.block("a").opacity() < 1 == hand.block("c").opacity()
    hand.key(Qt.Key.Key_Escape)
    assert hand.block("c").judged is None
    assert hand.block("a").opacity() == 1
    hand.release()
    assert hand.is_untouched()


def test_a_wire_that_does_not_fit_is_refused_with_both_shapes(open_canvas: Open) -> None:
    drawing = digits_cnn()
    drawing.put("LSTM", "lstm")
    drawing.put("Embedding", "embedding")
    drawing.project.layout[list(drawing.project.graph)[-1]] = (0.0, 300.0)
    drawing.project.layout[list(drawing.project.graph)[-2]] = (300.0, 300.0)
    hand = open_canvas(drawing.project, analysed=True)
    hand.canvas.camera.look(QPointF(500, 150), 0.6)
    hand.drag(hand.outlet("conv1"), hand.inlet("lstm"))
    assert "N × time × features" in hand.hint()
    assert "N × 4 × 8 × 8" in hand.hint()
    hand.drag(hand.outlet("conv1"), hand.body("embedding"))
    assert "int64" in hand.hint()
    assert hand.is_untouched()


def test_a_wires_end_is_moved_to_another_input(hand: Hand) -> None:
    hand.drag(hand.inlet("b"), hand.inlet("c"))
    assert hand.wires() == {"image.y → a.x", "a.y → c.x"}
    assert hand.undo_is_exact()


def test_a_wires_end_let_go_where_it_was_changes_nothing(hand: Hand) -> None:
    hand.press(hand.inlet("b"))
    hand.move(QPointF(450, 300))
    hand.move(hand.inlet("b"))
    hand.release()
    assert hand.is_untouched()
    assert hand.wire("a", "b").opacity() == 1


def test_a_wires_end_let_go_in_the_open_is_cut(hand: Hand) -> None:
    hand.drag(hand.inlet("b"), QPointF(470, 330))
    assert hand.wires() == {"image.y → a.x"}
    assert hand.undo_is_exact()


def test_a_line_drawn_with_alt_and_shift_cuts_the_wires_that_it_crosses(hand: Hand) -> None:
    start = hand.middle("image", "a") - QPointF(0, 40)
    hand.drag(start, start + QPointF(0, 80), held=ALT | SHIFT)
    assert hand.wires() == {"a.y → b.x"}
    assert hand.undo_is_exact()


def test_a_cut_beside_all_wires_does_nothing(hand: Hand) -> None:
    hand.drag(QPointF(180, 100), QPointF(250, 140), held=ALT | SHIFT)
    assert hand.is_untouched()


# Placing


def test_a_block_dropped_from_the_palette_is_placed_under_the_pointer(hand: Hand) -> None:
    hand.drop("Conv2d", QPointF(200, 320))
    assert hand.place("conv2d") == (116, 288)
    assert hand.selected() == {"conv2d"}
    assert hand.undo_is_exact()


def test_a_block_dropped_on_a_wire_splices_it(hand: Hand) -> None:
    hand.carry("Dropout", hand.middle("a", "b"))
    assert hand.wire("a", "b").offered
    assert not hand.wire("image", "a").offered
    hand.drop("Dropout", hand.middle("a", "b"))
    assert hand.wires() == {"image.y → a.x", "a.y → dropout.x", "dropout.y → b.x"}
    assert hand.undo_is_exact()


def test_a_block_that_ends_a_path_is_placed_beside_a_wire_not_in_it(hand: Hand) -> None:
    hand.carry("CrossEntropy", hand.middle("a", "b"))
    assert not hand.wire("a", "b").offered
    hand.drop("CrossEntropy", hand.middle("a", "b"))
    assert hand.wires() == {"image.y → a.x", "a.y → b.x"}
    assert hand.undo_is_exact()


def test_a_block_that_is_unknown_is_not_placed(hand: Hand) -> None:
    hand.drop("os.system", QPointF(200, 320))
    assert hand.is_untouched()
    assert "no block" in hand.hint()


def test_a_carried_block_that_leaves_the_canvas_leaves_nothing(hand: Hand) -> None:
    hand.carry("Dropout", hand.middle("a", "b"))
    hand.canvas.dragLeaveEvent(None)  # pyright: ignore[reportArgumentType] - the event says nothing
    assert not hand.wire("a", "b").offered
    assert hand.canvas.gesture is None
    assert hand.is_untouched()


def test_a_free_block_dragged_onto_a_wire_goes_into_it(hand: Hand) -> None:
    corner = hand.middle("a", "b") - QPointF(84, 32)
    hand.drag(hand.body("c"), hand.body("c") + corner - QPointF(*hand.place("c")))
    assert hand.wires() == {"image.y → a.x", "a.y → c.x", "c.y → b.x"}
    assert hand.undo_is_exact()


# Looking


def test_the_middle_button_drags_the_canvas(hand: Hand) -> None:
    before = hand.seen(QPointF(0, 0))
    hand.drag(QPointF(300, 100), QPointF(350, 130), MIDDLE)
    assert hand.seen(QPointF(0, 0)) - before == hand.seen(QPointF(50, 30)) - hand.seen(QPointF(0, 0))
    assert hand.is_untouched()


def test_the_wheel_zooms_at_the_pointer(hand: Hand) -> None:
    place = QPointF(430, 70)
    before = hand.seen(place)
    for clicks in (3, -5, 1.5):
        zoom = hand.canvas.zoom()
        hand.wheel(hand.canvas.mapToScene(before), clicks)
        assert (hand.canvas.zoom() > zoom) == (clicks > 0)
        assert (hand.seen(place) - before).manhattanLength() <= 2


def test_zooming_ends_at_the_limits(hand: Hand) -> None:
    hand.wheel(QPointF(0, 0), 100)
    assert hand.canvas.zoom() == 4
    hand.wheel(QPointF(0, 0), -200)
    assert hand.canvas.zoom() == 0.05


def test_a_click_in_the_overview_looks_there(hand: Hand) -> None:
    from PySide6.QtTest import QTest

    overview = hand.canvas.overview
    hand.canvas.camera.look(QPointF(0, 0), 1.0)
    QTest.mouseClick(overview, Qt.MouseButton.LeftButton, pos=overview.rect().center())
    middle = hand.scene.extent().center()
    assert (hand.canvas.camera.centre - middle).manhattanLength() < 40
