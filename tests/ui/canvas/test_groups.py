"""Groups under the hand: made and taken apart by key, entered and left, and undone where they were changed."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from netbuilder.graph.edits import DescribeGroup, RenameGroup, RenameNode, SetFormal, SetParameter
from netbuilder.graph.files import dumps
from netbuilder.graph.project import GroupId, Project
from netbuilder.ui import group_library
from netbuilder.ui.canvas.gestures import Place
from netbuilder.ui.canvas.items import BlockItem
from netbuilder.ui.canvas.parts import Side
from tests.drawing import Drawing, digits_cnn
from tests.ui.canvas.hand import CTRL, SHIFT, Hand, choose
from tests.ui.canvas.test_scene import assert_mirrors

Open = Callable[..., Hand]
Key = Qt.Key
G1 = GroupId("g1")


def names(hand: Hand) -> set[str]:
    """Return the names of the blocks that are shown."""
    return {item.node.name for item in hand.scene.blocks.values()}


def grouped(open_canvas: Open, *, analysed: bool = False) -> Hand:
    """Return a canvas on which three blocks have just been grouped by Ctrl+G."""
    hand = open_canvas(digits_cnn().project, analysed=analysed)
    hand.canvas.select([hand.node(name) for name in ("conv1", "relu1", "pool1")])
    hand.key(Key.Key_G, CTRL)
    return hand


def repeated() -> Project:
    """Draw a network with a group that runs twelve times."""
    drawing = Drawing()
    with drawing.group("stage", width=8) as stage:
        x = drawing.put("Input", "x")
        linear = drawing.put("Linear", "linear", x, out_features="=width")
        drawing.put("Output", "y", linear)
    row = drawing.put("Input", "row", shape=[8])
    drawing.put_group(stage, "box", row, repeat=12, shared=True)
    drawing.put("ReLU", "relu")
    return drawing.project


def test_a_group_is_not_pasted_inside_of_itself(open_canvas: Open) -> None:
    hand = grouped(open_canvas)
    hand.key(Key.Key_C, CTRL)
    hand.key(Key.Key_Return)
    shown = names(hand)
    hand.key(Key.Key_V, CTRL)
    assert names(hand) == shown
    assert hand.canvas.hint_label.text() == "“group” contains this group: it would contain itself."


def test_ctrl_g_puts_one_box_in_the_place_of_the_selection(open_canvas: Open) -> None:
    hand = grouped(open_canvas)
    assert names(hand) == {"image", "label", "group", "flatten", "classes", "logits", "loss", "accuracy"}
    assert hand.selected() == {"group"}
    assert {"image.y → group.x", "group.y → flatten.x"} <= hand.wires()
    assert_mirrors(hand.scene, hand.document.project)
    assert hand.undo_is_exact()


def test_what_can_not_be_grouped_says_why(open_canvas: Open) -> None:
    hand = open_canvas(digits_cnn().project)
    hand.canvas.select([hand.node("conv1"), hand.node("pool1")])
    hand.key(Key.Key_G, CTRL)
    assert "relu1" in hand.hint()
    assert hand.is_untouched()


def test_ctrl_shift_g_brings_the_blocks_back_selected(open_canvas: Open) -> None:
    hand = grouped(open_canvas)
    hand.key(Key.Key_G, CTRL | SHIFT)
    assert hand.selected() == {"conv1", "relu1", "pool1"}
    assert "relu1.y → pool1.x" in hand.wires()
    assert_mirrors(hand.scene, hand.document.project)


@pytest.mark.parametrize("way", ["enter", "double click"])
def test_one_goes_in_and_comes_out_by_escape(open_canvas: Open, way: str) -> None:
    hand = grouped(open_canvas)
    if way == "enter":
        hand.key(Key.Key_Return)
    else:
        hand.double_click(hand.body("group"))
    assert names(hand) == {"x", "conv1", "relu1", "pool1", "y"}
    assert hand.document.trail == (G1,)
    assert_mirrors(hand.scene, hand.document.sheet)
    hand.key(Key.Key_Escape)
    assert hand.document.group is None
    assert hand.selected() == {"group"}
    assert_mirrors(hand.scene, hand.document.project)


def test_edits_inside_stay_inside(open_canvas: Open) -> None:
    hand = grouped(open_canvas)
    hand.key(Key.Key_Return)
    outside = set(hand.document.project.graph)
    hand.drop("GELU", hand.scene.extent().center())
    assert "gelu" in names(hand)
    assert set(hand.document.project.graph) == outside
    hand.key(Key.Key_Delete)
    relu = next(node for node, item in hand.scene.blocks.items() if item.node.name == "relu1")
    hand.canvas.select([relu])
    hand.key(Key.Key_Delete)
    definition = hand.document.project.groups[G1]
    assert {node.name for node in definition.graph.nodes()} == {"x", "conv1", "pool1", "y"}
    conv, pool = definition.graph.named("conv1"), definition.graph.named("pool1")
    assert conv
    assert pool
    assert definition.graph.edges_into(pool.id)[0].source.node == conv.id
    assert_mirrors(hand.scene, hand.document.sheet)


def test_an_edit_elsewhere_draws_no_block_anew(
    open_canvas: Open, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand = grouped(open_canvas)
    flatten = hand.node("flatten")
    hand.key(Key.Key_Return)
    drawn: list[str] = []
    monkeypatch.setattr(BlockItem, "update", lambda item, *_: drawn.append(item.node.name))
    hand.document.apply(RenameNode(flatten, "flat"))
    assert drawn == []
    hand.document.apply(RenameNode(next(iter(hand.scene.blocks)), "other", G1))
    assert drawn


def test_undo_and_redo_go_to_where_the_edit_was_made(open_canvas: Open) -> None:
    hand = grouped(open_canvas)
    hand.key(Key.Key_Return)
    hand.canvas.select([node for node, item in hand.scene.blocks.items() if item.node.name == "relu1"])
    hand.key(Key.Key_Delete)
    hand.key(Key.Key_Escape)
    assert hand.document.group is None
    hand.document.undo_stack.undo()
    hand.settle()
    assert hand.document.group == G1
    assert "relu1" in names(hand)
    hand.key(Key.Key_Escape)
    hand.document.undo_stack.redo()
    hand.settle()
    assert hand.document.group == G1
    assert "relu1" not in names(hand)
    assert_mirrors(hand.scene, hand.document.sheet)


def test_undoing_the_group_that_is_shown_goes_out(open_canvas: Open) -> None:
    hand = grouped(open_canvas)
    hand.key(Key.Key_Return)
    hand.document.undo_stack.undo()
    hand.settle()
    assert hand.document.trail == ()
    assert dumps(hand.document.project) == hand.before
    assert_mirrors(hand.scene, hand.document.project)


def test_a_box_has_the_ports_that_its_group_has_now(open_canvas: Open) -> None:
    hand = grouped(open_canvas)
    hand.key(Key.Key_Return)
    x = next(item for item in hand.scene.blocks.values() if item.node.name == "x")
    hand.canvas.select([x.node.id])
    hand.key(Key.Key_F2)
    hand.canvas.rename_field.setText("picture")
    QTest.keyClick(hand.canvas.rename_field, Key.Key_Return)
    hand.document.show(None)
    assert [socket.name for socket in hand.block("group").side(Side.INPUT)] == ["picture"]
    assert "image.y → group.picture" in hand.wires()
    hand.document.apply(RenameGroup(G1, "encoder"))
    assert hand.block("group").kind == "encoder"


def test_a_box_says_at_the_pointer_what_its_group_does(open_canvas: Open) -> None:
    hand = grouped(open_canvas)
    box = hand.seen(hand.body("group"))
    assert hand.canvas.tip_at(box) == ""
    hand.document.apply(DescribeGroup(G1, "See <edges>.\n\nThen more."))
    assert hand.canvas.tip_at(box) == "See &lt;edges&gt;."


def test_shapes_and_shares_are_shown_inside_too(open_canvas: Open, qtbot: QtBot) -> None:
    hand = grouped(open_canvas, analysed=True)
    hand.key(Key.Key_Return)
    qtbot.waitUntil(lambda: hand.analysis.is_current)
    conv = next(item for item in hand.scene.blocks.values() if item.node.name == "conv1")
    assert str(conv.spec) == "N × 4 × 8 × 8"
    assert conv.bar > 0


def test_a_box_says_how_often_it_runs_and_with_what(open_canvas: Open) -> None:
    hand = open_canvas(repeated())
    item = hand.block("box")
    assert (item.kind, item.repeat, item.repeats_weights, item.summary) == ("stage", "12", True, "width 8")
    hand.canvas.open_block(item.node.id)
    linear = next(item for item in hand.scene.blocks.values() if item.node.name == "linear")
    assert linear.summary == "8"
    tip = hand.canvas.tip_at(hand.seen(hand.body("linear")))
    assert tip == "Here out_features = width."


@pytest.mark.parametrize("zoom", [1.0, 0.6, 0.45])
def test_how_often_a_box_runs_is_read_until_it_is_a_mere_spot(open_canvas: Open, zoom: float) -> None:
    twelve, nine = open_canvas(repeated()), open_canvas(repeated())
    nine.document.apply(SetParameter(nine.node("box"), "repeat", 9))
    for hand in (twelve, nine):
        hand.canvas.camera.look(QPointF(84, 32), zoom)
    assert twelve.picture() != nine.picture()


def test_a_wire_is_drawn_to_the_port_of_a_group(open_canvas: Open) -> None:
    hand = open_canvas(repeated())
    hand.drag(hand.outlet("box"), hand.inlet("relu"))
    assert "box.y → relu.x" in hand.wires()
    assert hand.undo_is_exact()


@pytest.mark.parametrize("way", ["search", "palette"])
def test_a_group_of_the_project_is_found_in_the_search_and_dropped_from_the_palette(
    open_canvas: Open, way: str
) -> None:
    hand = open_canvas(repeated())
    if way == "search":
        hand.key(Key.Key_Space)
        choose(hand, "stage")
    else:
        hand.drop("group:g1", hand.body("relu") + (hand.body("relu") - hand.body("box")))
    assert "stage" in names(hand)
    assert [socket.name for socket in hand.block("stage").side(Side.OUTPUT)] == ["y"]
    assert hand.undo_is_exact()


def test_sheets_are_looked_at_as_they_were_left(open_canvas: Open) -> None:
    hand = grouped(open_canvas)
    hand.canvas.zoom_to(1.7)
    hand.settle()
    hand.key(Key.Key_Return)
    hand.settle()
    assert hand.canvas.sees_all()
    hand.key(Key.Key_Escape)
    hand.settle()
    assert hand.canvas.zoom() == pytest.approx(1.7)


def test_a_new_group_is_seen_whole_though_one_of_its_id_was_left_elsewhere(open_canvas: Open) -> None:
    hand = grouped(open_canvas)
    hand.key(Key.Key_Return)
    hand.canvas.zoom_to(3.0)
    hand.settle()
    hand.key(Key.Key_Escape)
    hand.key(Key.Key_G, CTRL | SHIFT)
    hand.key(Key.Key_G, CTRL)
    hand.key(Key.Key_Return)
    assert hand.document.group == G1
    assert hand.canvas.sees_all()
    assert hand.canvas.zoom() <= 1.0


def test_a_group_that_is_kept_is_dropped_into_another_network(open_canvas: Open) -> None:
    group_library.keep(repeated(), G1)
    hand = open_canvas(digits_cnn().project)
    hand.drop("kept:stage", hand.scene.extent().bottomLeft() + QPointF(100, 80))
    assert "stage" in hand.selected()
    assert hand.document.project.groups[G1].name == "stage"
    assert_mirrors(hand.scene, hand.document.project)
    assert hand.undo_is_exact()


def test_a_ready_made_group_is_dropped_into_a_wire(open_canvas: Open) -> None:
    hand = open_canvas(digits_cnn().project, analysed=True)
    hand.carry("kept:ConvNormAct", hand.middle("conv1", "relu1"))
    assert hand.wire("conv1", "relu1").offered
    hand.drop("kept:ConvNormAct", hand.middle("conv1", "relu1"))
    assert {"conv1.y → convnormact.x", "convnormact.y → relu1.x"} <= hand.wires()
    assert hand.selected() == {"convnormact"}
    assert_mirrors(hand.scene, hand.document.project)
    assert hand.undo_is_exact()


@pytest.mark.parametrize("key", [Key.Key_Tab, Key.Key_Space])
def test_the_search_finds_ready_made_groups(open_canvas: Open, key: Key) -> None:
    hand = open_canvas(digits_cnn().project)
    hand.canvas.select([hand.node("pool1")])
    hand.key(key)
    choose(hand, "inception")
    assert hand.selected() == {"inception"}
    assert ("pool1.y → inception.x" in hand.wires()) == (key == Key.Key_Tab)
    assert {group.name for group in hand.document.project.groups.values()} == {"Inception", "ConvNormAct"}
    assert hand.undo_is_exact()


def test_a_wire_let_go_in_the_open_finds_groups_that_take_it(open_canvas: Open) -> None:
    hand = open_canvas(digits_cnn().project, analysed=True)
    hand.drag(hand.outlet("pool1"), hand.scene.extent().bottomLeft() + QPointF(100, 80))
    choose(hand, "unetdown")
    assert "pool1.y → unetdown.x" in hand.wires()
    assert hand.undo_is_exact()


def test_a_group_is_put_inside_of_another_and_not_into_itself(open_canvas: Open) -> None:
    hand = grouped(open_canvas)
    hand.key(Key.Key_Return)
    place = hand.scene.extent().bottomLeft() + QPointF(100, 80)
    before = dumps(hand.document.project)
    hand.carry("group:g1", place)
    assert isinstance(hand.canvas.gesture, Place)
    assert hand.canvas.gesture.name == hand.document.project.groups[G1].name
    hand.drop("group:g1", place)
    assert "contain itself" in hand.hint()
    assert dumps(hand.document.project) == before
    hand.drop("kept:ConvNormAct", place)
    assert "convnormact" in names(hand)
    assert hand.document.group == G1
    hand.document.undo_stack.undo()
    assert dumps(hand.document.project) == before


def test_a_ready_made_group_is_dropped_with_the_groups_in_it(open_canvas: Open) -> None:
    hand = open_canvas(digits_cnn().project)
    hand.drop("kept:Inception", hand.scene.extent().bottomLeft() + QPointF(100, 80))
    assert {group.name for group in hand.document.project.groups.values()} == {"Inception", "ConvNormAct"}
    assert_mirrors(hand.scene, hand.document.project)
    assert hand.undo_is_exact()


def test_a_box_says_first_what_it_sets_itself(open_canvas: Open) -> None:
    drawing = Drawing()
    with drawing.group("block", dropout=0.1, heads=2, width=8):
        drawing.put("Input", "x")
    with drawing.group("outer", width=8) as outer:
        drawing.put_group(G1, "inner", width="=width", heads="=width/2")
    drawing.put_group(G1, "box", heads=4)
    drawing.put_group(outer, "whole")
    hand = open_canvas(drawing.project)
    assert hand.block("box").summary == "heads 4, dropout 0.1, width 8"
    hand.document.show(outer)
    (inner,) = hand.scene.blocks.values()
    assert inner.summary == "width 8, heads 4, dropout 0.1"


def test_computed_fields_show_what_they_come_to_in_the_instance_that_is_shown(open_canvas: Open) -> None:
    drawing = Drawing()
    with drawing.group("block", rate=0.1):
        drawing.put("Input", "x")
    with drawing.group("stage", channels=8, blocks=3) as stage:
        x = drawing.put("Input", "x")
        drawing.put("Conv2d", "conv", x, out_channels="=channels*2", kernel_size=5)
        drawing.put("Conv2d", "wrong", x, out_channels="=nothing")
        drawing.put_group(G1, "row", x, repeat="=blocks-1", rate="=0.1*index")
    first = drawing.put_group(stage, "first")
    second = drawing.put_group(stage, "second", channels=16, blocks=5)
    hand = open_canvas(drawing.project)

    def shown() -> list[str]:
        return [*(hand.block(name).summary for name in ("conv", "wrong", "row")), hand.block("row").repeat]

    hand.document.show(stage, second)
    assert shown() == ["32 · 5×5 · same", "nothing", "rate 0.1*index", "4"]
    hand.document.show(None)
    hand.document.show(stage, first)
    assert shown() == ["16 · 5×5 · same", "nothing", "rate 0.1*index", "2"]
    hand.document.apply(SetFormal(stage, "channels", 3))
    assert hand.block("conv").summary == "6 · 5×5 · same"
