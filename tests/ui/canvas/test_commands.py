"""The keyboard's way to delete, copy, move, wire and rename blocks, and the menus'."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QGuiApplication, QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from netbuilder.graph.files import dumps
from netbuilder.ui.canvas.menu import menu_at
from tests.drawing import Drawing
from tests.ui.canvas.hand import ALT, CTRL, SHIFT, Hand
from tests.ui.canvas.test_gestures import line

Open = Callable[..., Hand]
Key = Qt.Key


@pytest.fixture
def hand(open_canvas: Open) -> Hand:
    return open_canvas(line())


# Deleting


@pytest.mark.parametrize("key", [Key.Key_Delete, Key.Key_Backspace])
def test_deleting_a_block_heals_its_wires(hand: Hand, key: Qt.Key) -> None:
    hand.click(hand.body("a"))
    hand.key(key)
    assert hand.wires() == {"image.y → b.x"}
    assert hand.selected() == set()
    assert hand.undo_is_exact()


def test_delete_without_a_selection_does_nothing(hand: Hand) -> None:
    hand.key(Key.Key_Delete)
    assert hand.is_untouched()


# The clipboard


def test_blocks_are_copied_as_text_and_pasted_beside_themselves(hand: Hand) -> None:
    hand.canvas.select([hand.node("image"), hand.node("a")])
    hand.key(Key.Key_C, CTRL)
    assert QGuiApplication.clipboard().text().startswith('{\n  "format": "netbuilder-clip"')
    hand.key(Key.Key_V, CTRL)
    assert hand.selected() == {"image_2", "a_2"}
    assert "image_2.y → a_2.x" in hand.wires()
    assert hand.place("image_2") == (24, 24)
    assert hand.undo_is_exact()
    hand.key(Key.Key_V, CTRL)
    assert hand.place("image_3") == (48, 48)


def test_what_is_cut_is_pasted_where_it_was(hand: Hand) -> None:
    hand.click(hand.body("c"))
    hand.key(Key.Key_X, CTRL)
    assert "c" not in hand.names()
    hand.key(Key.Key_V, CTRL)
    assert hand.place("c") == (260, 160)


def test_paste_keeps_incoming_wires_with_shift(hand: Hand) -> None:
    hand.click(hand.body("b"))
    hand.key(Key.Key_C, CTRL)
    hand.key(Key.Key_V, CTRL | SHIFT)
    assert "a.y → b_2.x" in hand.wires()
    assert hand.undo_is_exact()


def test_blocks_travel_to_another_window(hand: Hand, open_canvas: Open) -> None:
    hand.canvas.select([hand.node("image"), hand.node("a")])
    hand.canvas.copy()
    other = open_canvas(Drawing().project)
    other.canvas.paste()
    assert other.wires() == {"image.y → a.x"}


@pytest.mark.parametrize(
    "text", ["", "hello", '{"format": "netbuilder-clip"', '{"format": "netbuilder-clip", "x": [[[']
)
def test_foreign_text_on_the_clipboard_changes_nothing_and_is_said(hand: Hand, text: str) -> None:
    QGuiApplication.clipboard().setText(text)
    hand.key(Key.Key_V, CTRL)
    assert hand.is_untouched()
    assert hand.hint()


def test_duplicate_leaves_the_clipboard_alone(hand: Hand) -> None:
    QGuiApplication.clipboard().setText("kept")
    hand.click(hand.body("a"))
    hand.key(Key.Key_D, CTRL)
    assert hand.selected() == {"a_2"}
    assert QGuiApplication.clipboard().text() == "kept"
    assert hand.undo_is_exact()


# Moving and walking by key


def test_arrows_nudge_in_one_undo_step(hand: Hand) -> None:
    hand.click(hand.body("c"))
    for _ in range(3):
        hand.key(Key.Key_Right)
    hand.key(Key.Key_Down, SHIFT)
    assert hand.place("c") == (272, 200)
    assert hand.undo_is_exact()


def test_nudges_of_different_blocks_are_steps_of_their_own(hand: Hand) -> None:
    hand.click(hand.body("c"))
    hand.key(Key.Key_Right)
    hand.click(hand.body("add"))
    hand.key(Key.Key_Right)
    hand.document.undo_stack.undo()
    assert (hand.place("c"), hand.place("add")) == ((264, 160), (520, 160))


def test_alt_and_arrows_walk_along_wires_and_to_neighbours(hand: Hand) -> None:
    hand.click(hand.body("image"))
    for key, name in (
        (Key.Key_Right, "a"),
        (Key.Key_Right, "b"),
        (Key.Key_Down, "add"),
        (Key.Key_Left, "c"),
        (Key.Key_Up, "a"),
        (Key.Key_Left, "image"),
    ):
        hand.key(key, ALT)
        assert hand.selected() == {name}
    hand.key(Key.Key_Right, ALT | SHIFT)
    assert hand.selected() == {"image", "a"}
    assert hand.is_untouched()


def test_an_arrow_selects_a_block_where_none_is_selected(hand: Hand) -> None:
    hand.key(Key.Key_Right)
    assert len(hand.selected()) == 1
    assert hand.is_untouched()


def test_w_wires_the_selected_blocks_in_their_order(hand: Hand) -> None:
    hand.click(hand.body("b"))
    hand.click(hand.body("c"), SHIFT)
    hand.click(hand.body("add"), SHIFT)
    hand.key(Key.Key_W)
    assert {"b.y → c.x", "c.y → add.x1"} <= hand.wires()
    assert hand.undo_is_exact()


def test_w_with_one_block_says_what_it_wants(hand: Hand) -> None:
    hand.click(hand.body("b"))
    hand.key(Key.Key_W)
    assert "two blocks" in hand.hint()
    assert hand.is_untouched()


def test_escape_and_select_all(hand: Hand) -> None:
    hand.key(Key.Key_A, CTRL)
    assert hand.selected() == hand.names()
    hand.key(Key.Key_Escape)
    assert hand.selected() == set()


# Renaming


def test_f2_renames_in_place(hand: Hand) -> None:
    hand.click(hand.body("a"))
    hand.key(Key.Key_F2)
    field = hand.canvas.rename_field
    assert field.isVisible()
    assert field.selectedText() == "a"
    QTest.keyClicks(field, "features")
    QTest.keyClick(field, Key.Key_Return)
    assert "features" in hand.names()
    assert hand.block("features").node.name == "features"
    assert not field.isVisible()
    assert hand.undo_is_exact()


@pytest.mark.parametrize("name", ["b", "2nd", "class", "with space"])
def test_what_can_be_no_name_is_not_taken_and_says_why(hand: Hand, name: str) -> None:
    hand.double_click(hand.body("a"))
    field = hand.canvas.rename_field
    QTest.keyClicks(field, name)
    QTest.keyClick(field, Key.Key_Return)
    assert field.isVisible()
    assert hand.hint()
    QTest.keyClick(field, Key.Key_Escape)
    assert not field.isVisible()
    assert hand.hint() == ""
    assert hand.is_untouched()


def test_a_name_being_typed_is_taken_when_the_hand_goes_elsewhere(hand: Hand) -> None:
    hand.canvas.activateWindow()
    hand.double_click(hand.body("a"))
    QTest.keyClicks(hand.canvas.rename_field, "features")
    hand.canvas.setFocus()
    assert "features" in hand.names()


def test_a_block_deleted_while_its_name_is_edited_closes_the_field(hand: Hand) -> None:
    hand.double_click(hand.body("a"))
    hand.canvas.delete_selection()
    assert not hand.canvas.rename_field.isVisible()
    assert "a" not in hand.names()


# Menus and focus


def test_the_menu_of_a_block_repairs_it(open_canvas: Open) -> None:
    drawing = Drawing()
    image = drawing.put("Input", "image")
    drawing.put("Linear", "head", image)
    drawing.put("Output", "output", drawing.project.graph.nodes()[-1].id)
    for node, x in zip(drawing.project.graph, (0.0, 260.0, 520.0), strict=True):
        drawing.project.layout[node] = (x, 0.0)
    hand = open_canvas(drawing.project, analysed=True)
    assert hand.wire("image", "head").severity == "error"
    menu = menu_at(hand.canvas, hand.seen(hand.middle("image", "head")))
    fix = next(action for action in menu.actions() if action.text() == "Insert Flatten")
    fix.trigger()
    assert "image.y → flatten.x" in hand.wires()
    assert hand.undo_is_exact()


def test_the_menu_offers_only_what_can_be_done(hand: Hand) -> None:
    on_block = {action.text() for action in menu_at(hand.canvas, hand.seen(hand.body("a"))).actions()}
    assert {"Rename", "Duplicate", "Delete", "Cut wires"} <= on_block
    assert hand.selected() == {"a"}
    in_the_open = {action.text() for action in menu_at(hand.canvas, hand.seen(QPointF(100, 300))).actions()}
    assert {"Add block", "Paste", "Arrange"} <= in_the_open
    assert "Delete" not in in_the_open


def test_cut_wires_frees_a_block(hand: Hand) -> None:
    hand.click(hand.body("a"))
    menu = menu_at(hand.canvas, hand.seen(hand.body("a")))
    next(action for action in menu.actions() if action.text() == "Cut wires").trigger()
    assert hand.wires() == set()
    assert hand.undo_is_exact()


def test_the_canvas_keeps_space_and_tab_from_the_windows_shortcuts(hand: Hand) -> None:
    for key in (Key.Key_Space, Key.Key_Tab):
        asked = QKeyEvent(QEvent.Type.ShortcutOverride, key, Qt.KeyboardModifier.NoModifier)
        asked.ignore()
        QApplication.sendEvent(hand.canvas, asked)
        assert asked.isAccepted()


def test_a_key_that_means_nothing_here_is_left_to_the_window(hand: Hand) -> None:
    pressed = QKeyEvent(QEvent.Type.KeyPress, Key.Key_F9, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(hand.canvas, pressed)
    assert not pressed.isAccepted()


def test_the_selection_is_described_for_a_screen_reader(hand: Hand) -> None:
    hand.click(hand.body("a"))
    assert "a, Linear" in hand.canvas.accessibleDescription()


def test_another_project_takes_the_place_of_this_one(hand: Hand) -> None:
    hand.press(hand.body("a"))
    hand.move(hand.body("a") + QPointF(0, 60))
    drawing = Drawing()
    drawing.put("LSTM", "lstm")
    hand.document.replace(drawing.project, None)
    hand.settle()
    assert hand.canvas.gesture is None
    assert {item.node.name for item in hand.scene.blocks.values()} == {"lstm"}
    before = dumps(drawing.project)
    hand.release()
    assert dumps(drawing.project) == before
