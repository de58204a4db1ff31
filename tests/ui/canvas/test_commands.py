"""The keyboard's way to everything on the canvas, and the menus'."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication, QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QProxyStyle, QStyle
from pytestqt.qtbot import QtBot

from netbuilder.graph.files import dumps
from netbuilder.ui.canvas.menu import menu_at
from netbuilder.ui.search_popup import SearchPopup
from tests.drawing import Drawing
from tests.ui.canvas.hand import ALT, CTRL, MIDDLE, SHIFT, Hand
from tests.ui.canvas.test_gestures import line

Open = Callable[..., Hand]
Key = Qt.Key


@pytest.fixture
def hand(open_canvas: Open) -> Hand:
    return open_canvas(line())


def popup(hand: Hand) -> SearchPopup | None:
    """Return the search box, if it is open."""
    opened = hand.canvas.findChildren(SearchPopup)
    return next((box for box in opened if box.isVisible()), None)


def choose(hand: Hand, text: str) -> None:
    """Type into the search box that is open, and take the best."""
    box = popup(hand)
    assert box is not None
    QTest.keyClicks(box.field, text)
    QTest.keyClick(box.field, Key.Key_Return)
    hand.settle()


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


# Searching


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


# Looking


def test_home_shows_all_and_f_the_selection(hand: Hand) -> None:
    hand.canvas.camera.look(QPointF(5000, 5000), 2.0)
    hand.key(Key.Key_Home)
    seen = hand.canvas.mapToScene(hand.canvas.viewport().rect()).boundingRect()
    assert seen.contains(hand.scene.extent())
    hand.canvas.select([hand.node("add")])
    hand.key(Key.Key_F)
    assert (hand.canvas.camera.centre - QPointF(604, 192)).manhattanLength() < 3
    hand.key(Key.Key_Period)
    hand.canvas.camera.look(QPointF(0, 0), 0.5)
    hand.key(Key.Key_0, CTRL)
    assert hand.canvas.zoom() == 1.0
    assert hand.is_untouched()


def sees_all(hand: Hand) -> bool:
    return hand.canvas.mapToScene(hand.canvas.viewport().rect()).boundingRect().contains(hand.scene.extent())


def test_a_network_that_was_all_in_view_stays_so_when_the_canvas_is_resized(hand: Hand) -> None:
    hand.key(Key.Key_Home)
    large = hand.canvas.zoom()
    hand.canvas.resize(500, 300)
    assert sees_all(hand)
    assert hand.canvas.zoom() < large
    hand.canvas.resize(1200, 800)
    assert math.isclose(hand.canvas.zoom(), large)
    hand.drag(hand.body("a"), hand.body("a") + QPointF(0, 400))
    hand.canvas.resize(500, 300)
    assert sees_all(hand)


@pytest.mark.parametrize("way", ["zoom", "pan", "overview", "reveal"])
def test_where_somebody_looked_elsewhere_a_resized_canvas_looks_there_still(hand: Hand, way: str) -> None:
    hand.key(Key.Key_Home)
    match way:
        case "zoom":
            hand.wheel(hand.body("a"), 4)
        case "pan":
            hand.drag(QPointF(40, 400), QPointF(200, 500), MIDDLE)
        case "overview":
            hand.canvas.camera.look(QPointF(100, 100), hand.canvas.zoom())
        case _:
            hand.canvas.select([hand.node("add")], center=True)
    hand.settle()
    zoom, centre = hand.canvas.zoom(), hand.canvas.camera.centre
    hand.canvas.resize(700, 400)
    assert hand.canvas.zoom() == zoom
    assert (hand.canvas.camera.centre - centre).manhattanLength() < 4


def test_alt_m_hides_the_overview(hand: Hand) -> None:
    hand.canvas.camera.pan(QPoint(600, 0))
    assert hand.canvas.overview.isVisible()
    hand.key(Key.Key_M, ALT)
    assert not hand.canvas.overview.isVisible()
    hand.key(Key.Key_M, ALT)
    assert hand.canvas.overview.isVisible()


def test_l_arranges_all_blocks_in_one_undo_step(hand: Hand) -> None:
    hand.key(Key.Key_L)
    assert hand.place("image")[1] == hand.place("a")[1] == hand.place("b")[1]
    assert hand.place("image")[0] < hand.place("a")[0] < hand.place("b")[0]
    assert len({hand.place(name) for name in hand.names()}) == 5
    assert hand.undo_is_exact()


def test_a_large_network_is_arranged_off_the_gui_thread(open_canvas: Open, qtbot: QtBot) -> None:
    drawing = Drawing()
    last = drawing.put("Input", "image")
    for number in range(150):
        last = drawing.put("ReLU", f"r{number}", last)
        drawing.project.layout[last] = (0.0, 0.0)
    hand = open_canvas(drawing.project)
    with qtbot.waitSignal(hand.document.edited):
        hand.key(Key.Key_L)
        assert hand.is_untouched()
    hand.settle()
    assert len(set(hand.document.project.layout.values())) == 151
    assert hand.undo_is_exact()
    hand.key(Key.Key_L)
    hand.document.replace(line(), None)
    before = dumps(hand.document.project)
    qtbot.waitUntil(lambda: not hand.canvas.is_arranging)
    assert dumps(hand.document.project) == before


class _Still(QProxyStyle):
    """A style of a desktop that wants no motion."""

    def styleHint(self, hint: QStyle.StyleHint, *others: object) -> int:  # noqa: N802
        asked = hint == QStyle.StyleHint.SH_Widget_Animation_Duration
        return 0 if asked else super().styleHint(hint, *others)  # pyright: ignore[reportArgumentType, reportCallIssue]


def test_nothing_glides_where_the_system_wants_no_motion(hand: Hand) -> None:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    app.setStyle(_Still("Fusion"))
    hand.canvas.camera.look(QPointF(3000, 0), 1.0)
    hand.canvas.fit()
    hand.canvas.arrange()
    places = {node: (item.x(), item.y()) for node, item in hand.scene.blocks.items()}
    assert places == hand.document.project.layout
    assert (hand.canvas.camera.centre - hand.scene.extent().center()).manhattanLength() < 3


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


def test_the_camera_glides_between_zooms_that_all_but_agree(hand: Hand) -> None:
    camera = hand.canvas.camera
    zoom = next(z for z in (1 + n / 64 for n in range(64)) if 1 / z == 1 / math.nextafter(z, 0))
    camera.go(camera.centre, zoom)
    camera.jump()
    camera.go(camera.centre + QPointF(100, 0), math.nextafter(zoom, 0))
    camera.jump()
    assert camera.zoom == pytest.approx(zoom)


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
