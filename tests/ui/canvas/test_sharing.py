"""Blocks that share their weights, under the hand: made by key, marked, and set off where one of them is looked at."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QPointF, Qt
from pytestqt.qtbot import QtBot

from netbuilder.graph.edits import RemoveNode, SetParameter
from netbuilder.graph.project import Project
from netbuilder.ui.canvas.menu import menu_at
from tests.drawing import Drawing
from tests.ui.canvas.hand import CTRL, SHIFT, Hand

Open = Callable[..., Hand]
Key = Qt.Key


def convolutions(**params: object) -> Project:
    """Draw three equal convolutions beside one another, and a block without weights."""
    drawing = Drawing()
    image = drawing.put("Input", "image", shape=[4, 8, 8])
    for name in ("conv_a", "conv_b", "conv_c"):
        drawing.put("Conv2d", name, image, out_channels=4, **params)
    drawing.put("ReLU", "relu", image)
    for number, node in enumerate(drawing.project.layout):
        drawing.project.layout[node] = (0.0 if not number else 300.0, 120.0 * number)
    return drawing.project


@pytest.fixture
def hand(open_canvas: Open) -> Hand:
    """Return a canvas on which two of three convolutions have just been selected and made to share."""
    hand = open_canvas(convolutions())
    hand.click(hand.body("conv_a"))
    hand.click(hand.body("conv_b"), SHIFT)
    hand.key(Key.Key_L, CTRL)
    return hand


def tags(hand: Hand) -> dict[str, str]:
    """Return what the blocks are marked with."""
    return {item.node.name: item.tag for item in hand.scene.blocks.values() if item.tag}


def kin(hand: Hand) -> set[str]:
    """Return the blocks that are set off."""
    return {item.node.name for item in hand.scene.blocks.values() if item.is_kin}


def test_ctrl_l_lets_the_selected_blocks_share_in_one_step(hand: Hand) -> None:
    assert tags(hand) == {"conv_a": "conv", "conv_b": "conv"}
    assert hand.undo_is_exact()
    hand.document.undo_stack.undo()
    assert tags(hand) == {}


def test_ctrl_shift_l_parts_them(hand: Hand) -> None:
    hand.key(Key.Key_L, CTRL | SHIFT)
    assert tags(hand) == {}
    assert "weights" not in hand.block("conv_a").node.params


def test_blocks_that_can_not_share_say_why(open_canvas: Open) -> None:
    hand = open_canvas(convolutions())
    hand.click(hand.body("conv_a"))
    hand.click(hand.body("relu"), SHIFT)
    hand.key(Key.Key_L, CTRL)
    assert "“relu” has no weights" in hand.hint()
    assert hand.is_untouched()


def test_the_others_are_set_off_while_one_is_looked_at(hand: Hand) -> None:
    hand.click(hand.body("conv_c"))
    assert kin(hand) == set()
    calm = hand.picture()
    hand.click(hand.body("conv_a"))
    assert kin(hand) == {"conv_a", "conv_b"}
    hand.click(QPointF(150, 300))
    assert kin(hand) == set()
    hand.scene.hover(hand.scene.hit(hand.body("conv_b")))
    assert kin(hand) == {"conv_a", "conv_b"}
    assert hand.picture() != calm


def test_a_block_that_is_left_alone_with_its_tag_is_not_marked(hand: Hand) -> None:
    hand.click(hand.body("conv_b"))
    hand.key(Key.Key_Delete)
    assert tags(hand) == {}
    hand.document.undo_stack.undo()
    assert tags(hand) == {"conv_a": "conv", "conv_b": "conv"}
    hand.document.apply(RemoveNode(hand.node("conv_a")))
    assert kin(hand) == set()


def test_another_project_has_no_kin_of_blocks_that_are_gone(hand: Hand) -> None:
    hand.scene.hover(hand.scene.hit(hand.body("conv_b")))
    hand.document.replace(Project(), None)
    assert kin(hand) == set()
    hand.canvas.add_block("Linear")
    assert (tags(hand), kin(hand)) == ({}, set())


def test_a_duplicate_shares_what_it_is_a_copy_of(hand: Hand) -> None:
    hand.click(hand.body("conv_a"))
    hand.key(Key.Key_D, CTRL)
    assert set(tags(hand)) == {"conv_a", "conv_b", "conv_a_2"}


def test_the_link_is_drawn_and_dropped_from_afar(open_canvas: Open) -> None:
    hand, plain = open_canvas(convolutions(weights="w")), open_canvas(convolutions())
    for other in (hand, plain):
        other.canvas.camera.look(QPointF(380, 200), 1.0)
    assert hand.picture() != plain.picture()
    for zoom in (0.6, 0.45):
        for other in (hand, plain):
            other.canvas.camera.look(QPointF(380, 200), zoom)
        assert hand.picture() != plain.picture()
    for other in (hand, plain):
        other.canvas.camera.look(QPointF(380, 200), 0.3)
    assert hand.picture() == plain.picture()


def test_a_block_with_a_tag_still_shows_its_parameters(open_canvas: Open) -> None:
    hand, plain = open_canvas(convolutions(weights="w")), open_canvas(convolutions())
    assert hand.block("conv_a").summary == plain.block("conv_a").summary != ""


def test_the_tag_is_read_beside_parameters_that_are_cut_for_it(open_canvas: Open) -> None:
    tower, stem = (open_canvas(convolutions(weights=tag, kernel_size=5, stride=2)) for tag in ("tower", "stems"))
    for other in (tower, stem):
        other.canvas.camera.look(QPointF(380, 200), 1.0)
    assert tower.picture() != stem.picture()


def test_what_is_shared_is_told_at_the_pointer(hand: Hand) -> None:
    assert hand.canvas.tip_at(hand.seen(hand.body("conv_b"))) == "Shares its weights with “conv_a”; counted there."
    assert hand.canvas.tip_at(hand.seen(hand.body("conv_c"))) == ""


def test_the_menu_shares_and_parts(open_canvas: Open) -> None:
    hand = open_canvas(convolutions())

    def offered() -> dict[str, bool]:
        menu = menu_at(hand.canvas, hand.seen(hand.body("conv_a")))
        return {action.text(): action.isEnabled() for action in menu.actions() if "weights" in action.text()}

    hand.click(hand.body("conv_a"))
    assert offered() == {}
    hand.click(hand.body("conv_b"), SHIFT)
    assert offered() == {"Share weights": True, "Own weights": False}
    menu = menu_at(hand.canvas, hand.seen(hand.body("conv_a")))
    next(action for action in menu.actions() if action.text() == "Share weights").trigger()
    assert tags(hand) == {"conv_a": "conv", "conv_b": "conv"}
    assert offered() == {"Share weights": False, "Own weights": True}


def test_only_the_block_that_counts_the_weights_has_a_bar(open_canvas: Open, qtbot: QtBot) -> None:
    hand = open_canvas(convolutions(weights="w"), analysed=True)
    assert [hand.block(name).bar > 0 for name in ("conv_a", "conv_b", "conv_c")] == [True, False, False]
    hand.document.apply(SetParameter(hand.node("conv_b"), "weights", "mine"))
    qtbot.waitUntil(lambda: hand.analysis.is_current, timeout=60_000)
    assert hand.block("conv_b").bar > 0
    assert set(tags(hand)) == {"conv_a", "conv_c"}


def test_a_block_that_can_not_have_the_weights_stays_red(open_canvas: Open, qtbot: QtBot) -> None:
    hand = open_canvas(convolutions(weights="w"), analysed=True)
    hand.document.apply(SetParameter(hand.node("conv_b"), "bias", False))
    qtbot.waitUntil(lambda: hand.analysis.is_current, timeout=60_000)
    hand.click(hand.body("conv_a"))
    assert kin(hand) == {"conv_a", "conv_b", "conv_c"}
    for name, is_red in (("conv_b", True), ("conv_c", False)):
        area = hand.block(name).area
        rim = hand.picture().pixelColor(hand.seen(QPointF(area.left + 40, area.top + 0.4)))
        assert (rim.red() > rim.blue()) == is_red


def test_instances_that_share_are_marked_as_blocks_are(open_canvas: Open) -> None:
    drawing = Drawing()
    with drawing.group("Tower") as tower:
        x = drawing.put("Input", "x")
        drawing.put("Output", "y", drawing.put("Linear", "fc", x, out_features=4))
    row = drawing.put("Input", "row", shape=[4])
    for name in ("left", "right"):
        drawing.put_group(tower, name, row, weights="tower", repeat=3, shared=True)
    hand = open_canvas(drawing.project)
    assert tags(hand) == {"left": "tower", "right": "tower"}
    assert (hand.block("left").repeat, hand.block("left").repeats_weights) == ("3", True)
    tip = hand.canvas.tip_at(hand.seen(hand.body("left")))
    assert tip == "Runs 3 times with the same weights. Shares its weights with “right”; counted here."
