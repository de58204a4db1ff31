"""The scene mirrors the document, whatever is done to it, and shows what the compiler and a run say."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QPointF
from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot

from netbuilder.compiler.lower import lower
from netbuilder.compiler.program import Lowering
from netbuilder.diagnostics import Diagnostic
from netbuilder.examples import find
from netbuilder.graph.edits import AddNode, Batch, Connect, Disconnect, Edit, MoveNodes, RemoveNode, SetParameter
from netbuilder.graph.files import load
from netbuilder.graph.model import Edge, GraphError, Node, NodeId, PortRef
from netbuilder.graph.project import Project
from netbuilder.ui.canvas.items import BlockItem
from netbuilder.ui.canvas.parts import Hit, Side
from netbuilder.ui.canvas.scene import CanvasScene
from netbuilder.ui.canvas.wires import WireItem
from netbuilder.ui.document import Document
from netbuilder.ui.ports import sockets
from netbuilder.ui.theme import set_theme, theme
from tests.drawing import Drawing, digits_cnn
from tests.graph.projects import small_project
from tests.graph.test_random_edits import simple_edits
from tests.ui.canvas.hand import Hand
from tests.ui.canvas.test_gestures import line

Open = Callable[..., Hand]


def test_the_skips_of_the_u_net_run_straight(open_canvas: Open) -> None:
    hand = open_canvas(load(find("unet").path))
    skips = [wire for edge, wire in hand.scene.wires.items() if edge.target.port == "skip"]
    assert len(skips) == 4
    for wire in skips:
        assert wire.route is not None
        assert len({y for _, y in wire.route.points}) == 1


def assert_mirrors(scene: CanvasScene, project: Project) -> None:
    """Compare everything that the scene holds with the project."""
    graph = project.graph
    scene.ways.finish()
    assert set(scene.blocks) == set(graph)
    assert set(scene.wires) == set(graph.edges())
    for node, item in scene.blocks.items():
        assert item.scene() is scene
        assert item.node == graph.node(node)
        assert item.sockets == sockets(project, node)
        assert (item.x(), item.y()) == project.layout[node]
        into = {(Side.INPUT, edge.target.port) for edge in graph.edges_into(node)}
        assert item.wired == into | {(Side.OUTPUT, edge.source.port) for edge in graph.edges_out_of(node)}
    for edge, item in scene.wires.items():
        assert item.scene() is scene
        assert item.route is not None
        start = scene.blocks[edge.source.node].port_position(Side.OUTPUT, edge.source.port)
        end = scene.blocks[edge.target.node].port_position(Side.INPUT, edge.target.port)
        assert item.route.points[0] == (start.x(), start.y())
        assert item.route.points[-1] == (end.x(), end.y())
    shown = [item for item in scene.items() if isinstance(item, BlockItem | WireItem)]
    assert len(shown) == len(scene.blocks) + len(scene.wires)


@settings(max_examples=60)
@given(edits=st.lists(simple_edits | st.lists(simple_edits, max_size=3).map(lambda es: Batch(tuple(es))), max_size=12))
def test_the_scene_mirrors_the_document_through_any_edits(qapp: object, edits: list[Edit]) -> None:
    document = Document(small_project())
    scene = CanvasScene(document)
    scene.select(scene.blocks, scene.wires)
    for edit in edits:
        try:
            document.apply(edit)
        except GraphError:
            continue
        assert_mirrors(scene, document.project)
    stack = document.undo_stack
    while stack.canUndo():
        stack.undo()
        assert_mirrors(scene, document.project)
    while stack.canRedo():
        stack.redo()
    assert_mirrors(scene, document.project)
    assert set(scene.selected_nodes) <= set(scene.blocks)
    assert set(scene.selected_edges) <= set(scene.wires)
    document.replace(small_project(), None)
    assert_mirrors(scene, document.project)
    scene.deleteLater()


def test_a_block_of_an_unknown_type_is_shown_with_the_ports_that_its_wires_name(open_canvas: Open) -> None:
    drawing = Drawing()
    image = drawing.put("Input", "image")
    mystery = NodeId("n9")
    AddNode(Node(mystery, "Quantum9000", "odd", {"β": 1}), (300.0, 0.0)).apply(drawing.project)
    drawing.wire(image, mystery, "in")
    hand = open_canvas(drawing.project, analysed=True)
    item = hand.block("odd")
    assert not item.is_known
    assert [socket.name for socket in item.sockets.inputs] == ["in"]
    assert item.severity == "error"
    hand.drag(hand.body("odd"), hand.body("odd") + QPointF(40, 40))
    assert hand.undo_is_exact()


def test_a_block_with_hundreds_of_stray_wires_stays_of_a_size(open_canvas: Open) -> None:
    drawing = Drawing()
    image, linear = drawing.put("Input", "image"), drawing.put("Linear", "linear")
    for number in range(400):
        drawing.wire(image, linear, f"stray{number}")
    hand = open_canvas(drawing.project)
    assert hand.block("linear").height < 1500
    assert len(hand.scene.wires) == 400
    hand.picture()


def test_blocks_at_the_ends_of_the_world_are_shown_and_reached(open_canvas: Open) -> None:
    project = line()
    project.layout[NodeId("n1")] = (-1e8, 1e8)
    project.layout[NodeId("n3")] = (1e8, -1e8)
    hand = open_canvas(project)
    hand.canvas.select([NodeId("n3")], center=True)
    hand.settle()
    assert hand.canvas.viewport().rect().contains(hand.seen(hand.body("b")))
    hand.drag(hand.body("b"), hand.body("b") + QPointF(40, 0))
    assert hand.place("b") == (1e8 + 40, -1e8)


def test_a_merge_shows_one_more_slot_than_it_has_wires(open_canvas: Open) -> None:
    drawing = Drawing()
    inputs = [drawing.put("Input", f"i{number}") for number in range(4)]
    drawing.put("Concat", "concat", *inputs)
    hand = open_canvas(drawing.project)
    item = hand.block("concat")
    assert [socket.name for socket in item.sockets.inputs] == ["x1", "x2", "x3", "x4", "x5"]
    assert item.height == 100
    heights = [hand.inlet("concat", f"x{number}").y() for number in range(1, 6)]
    assert {b - a for a, b in itertools.pairwise(heights)} == {20}


# What the compiler knows


def test_shapes_shares_and_problems_are_shown(open_canvas: Open) -> None:
    drawing = digits_cnn()
    drawing.project.layout[drawing.put("Linear", "broken", NodeId("n5"))] = (1100.0, 200.0)
    hand = open_canvas(drawing.project, analysed=True)
    assert str(hand.block("conv1").spec) == "N × 4 × 8 × 8"
    assert str(hand.block("logits").spec) == "N × 10"
    assert hand.block("classes").bar > hand.block("conv1").bar > 0 == hand.block("relu1").bar
    assert str(hand.wire("pool1", "flatten").spec) == "N × 4 × 4 × 4"
    broken = hand.block("broken")
    assert broken.port_severity(Side.INPUT, "x") == "error"
    assert hand.wire("pool1", "broken").severity == "error"
    assert hand.wire("pool1", "flatten").severity is None
    tip = hand.canvas.tip_at(hand.seen(hand.inlet("broken")))
    assert "flatten" in tip
    assert tip == hand.canvas.tip_at(hand.seen(hand.middle("pool1", "broken")))


def test_a_tip_says_what_a_port_is_for_and_what_a_wire_carries(open_canvas: Open) -> None:
    hand = open_canvas(digits_cnn().project, analysed=True)
    assert "labels" in hand.canvas.tip_at(hand.seen(hand.inlet("loss", "target")))
    assert hand.canvas.tip_at(hand.seen(hand.middle("conv1", "relu1"))) == "N × 4 × 8 × 8 of float32"
    assert hand.canvas.tip_at(hand.seen(QPointF(-300, -300))) == ""


def test_a_tip_is_text_even_where_a_name_looks_like_markup(open_canvas: Open) -> None:
    project = Drawing().project
    AddNode(Node(NodeId("n1"), "<img src=x>", "odd", {}), (0.0, 0.0)).apply(project)
    hand = open_canvas(project, analysed=True)
    assert "&lt;img src=x&gt;" in hand.canvas.tip_at(hand.seen(hand.body("odd")))


def test_an_analysis_that_says_nothing_new_draws_nothing_anew(
    open_canvas: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand = open_canvas(digits_cnn().project)
    first = lower(hand.document.project)
    hand.scene.show_lowering(first)
    drawn: list[object] = []
    for item_type in (BlockItem, WireItem):
        monkeypatch.setattr(item_type, "update", lambda item: drawn.append(item))
    hand.scene.show_lowering(lower(hand.document.project))
    assert drawn == []
    changed = PortRef(hand.node("conv1"), "y")
    specs = dict(first.specs) | {changed: replace(first.specs[changed], dtype="int64")}
    hand.scene.show_lowering(Lowering(None, specs, first.costs, first.diagnostics))
    assert drawn == [hand.block("conv1"), hand.wire("conv1", "relu1")]


def test_a_block_added_later_is_shown_with_what_is_known(open_canvas: Open, qtbot: QtBot) -> None:
    hand = open_canvas(digits_cnn().project, analysed=True)
    hand.canvas.add_block("Softmax")
    qtbot.waitUntil(lambda: hand.analysis.is_current and hand.block("softmax").is_analysed)
    hand.canvas.select([hand.node("classes")])
    hand.canvas.add_block("Softmax")
    qtbot.waitUntil(lambda: hand.block("softmax_2").spec is not None)
    assert str(hand.block("softmax_2").spec) == "N × 10"


def test_a_block_at_which_a_run_failed_says_why_until_it_runs_again(open_canvas: Open) -> None:
    hand = open_canvas(digits_cnn().project, analysed=True)
    hand.canvas.fit()
    conv = hand.node("conv1")
    hand.analysis.report(Diagnostic("error", "non-finite", "The loss is not finite; it began at conv1.", node=conv))
    assert hand.block("conv1").severity == "error"
    assert "not finite" in hand.canvas.tip_at(hand.seen(hand.body("conv1")))
    hand.analysis.clear_report()
    assert hand.block("conv1").severity is None
    assert hand.canvas.tip_at(hand.seen(hand.body("conv1"))) == ""


# What is on the screen


def colour_at(hand: Hand, place: QPointF) -> QColor:
    picture = hand.picture()
    ratio = picture.devicePixelRatio()
    seen = hand.seen(place)
    return picture.pixelColor(round(seen.x() * ratio), round(seen.y() * ratio))


def is_like(one: QColor, other: QColor) -> bool:
    return all(abs(a - b) <= 12 for a, b in zip(one.getRgb()[:3], other.getRgb()[:3], strict=True))  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("look", ["dark", "light"])
def test_a_block_is_painted_in_the_themes_colours(open_canvas: Open, look: str) -> None:
    hand = open_canvas(line())
    set_theme("light" if look == "light" else "dark")
    hand.canvas.camera.look(QPointF(300, 100), 1.0)
    corner = hand.block("a").pos()
    assert is_like(colour_at(hand, corner + QPointF(2, 12)), theme().category("Linear"))
    assert is_like(colour_at(hand, corner + QPointF(120, 58)), theme().raised)
    assert is_like(colour_at(hand, corner + QPointF(-30, 50)), theme().background)


def test_a_wire_is_painted_and_turns_red_where_it_does_not_fit(open_canvas: Open) -> None:
    drawing = Drawing()
    image = drawing.put("Input", "image")
    head = drawing.put("Linear", "head", image)
    drawing.put("Output", "output", head)
    for node, x in zip(drawing.project.graph, (0.0, 260.0, 520.0), strict=True):
        drawing.project.layout[node] = (x, 0.0)
    hand = open_canvas(drawing.project, analysed=True)
    hand.canvas.camera.look(QPointF(300, 100), 1.0)
    wrong, right = (colour_at(hand, hand.middle(*ends)) for ends in (("image", "head"), ("head", "output")))
    assert wrong.red() > 1.8 * wrong.blue()
    assert right.red() < right.blue()


def test_from_afar_one_item_draws_all(open_canvas: Open) -> None:
    hand = open_canvas(line())
    hand.canvas.camera.look(QPointF(300, 100), 0.3)
    assert not any(item.isVisible() for item in (*hand.scene.blocks.values(), *hand.scene.wires.values()))
    assert colour_at(hand, hand.block("a").pos() + QPointF(20, 10)).lightness() > theme().background.lightness() + 20
    hand.click(hand.body("a"))
    assert hand.selected() == {"a"}
    hand.drag(hand.body("c"), hand.body("c") + QPointF(100, 0))
    assert hand.place("c") == (360, 160)
    hand.document.apply(RemoveNode(hand.node("add")))
    hand.canvas.camera.look(QPointF(300, 100), 0.5)
    assert all(item.isVisible() for item in (*hand.scene.blocks.values(), *hand.scene.wires.values()))


def test_a_wire_is_cut_and_drawn_from_afar_too(open_canvas: Open) -> None:
    hand = open_canvas(line())
    hand.canvas.camera.look(QPointF(300, 100), 0.3)
    place = hand.middle("a", "b")
    with_wire = colour_at(hand, place)
    (edge,) = hand.document.project.graph.edges_into(hand.node("b"))
    hand.document.apply(Disconnect(edge))
    assert not is_like(colour_at(hand, place), with_wire)
    hand.document.undo_stack.undo()
    assert is_like(colour_at(hand, place), with_wire)


def test_an_empty_canvas_says_how_to_begin(open_canvas: Open) -> None:
    empty, full = open_canvas(Project()), open_canvas(line())
    blank = {empty.picture().pixelColor(x, 397).rgb() for x in range(300, 900)}
    assert len(blank) > 10
    full.canvas.fit()
    full.settle()
    assert not empty.canvas.overview.isVisible()
    assert not full.canvas.overview.isVisible()
    full.canvas.camera.pan(QPoint(600, 0))
    assert full.canvas.overview.isVisible()


def test_the_overview_goes_with_the_blocks(open_canvas: Open) -> None:
    hand = open_canvas(line())
    hand.canvas.camera.pan(QPoint(600, 0))
    assert hand.canvas.overview.isVisible()
    hand.document.replace(Project(), None)
    assert not hand.canvas.overview.isVisible()


def test_hovering_shows_the_ports_names(open_canvas: Open) -> None:
    drawing = Drawing()
    drawing.put("LSTM", "lstm")
    hand = open_canvas(drawing.project)
    name_place = hand.outlet("lstm", "hidden") + QPointF(30, 0)
    before = colour_at(hand, name_place)
    hand.press(hand.body("lstm"))
    hand.release()
    hand.scene.hover(hand.scene.hit(hand.body("lstm")))
    assert hand.scene.hovered_block() is hand.block("lstm")
    assert colour_at(hand, name_place) != before


# Pointing


def test_pointing_finds_ports_before_bodies_and_wires_last(open_canvas: Open) -> None:
    hand = open_canvas(line())
    scene = hand.scene
    near_port = scene.hit(hand.outlet("a") + QPointF(8, 6))
    assert near_port.port is not None
    assert near_port.port.ref == PortRef(hand.node("a"), "y")
    assert scene.hit(hand.body("a")) == Hit(hand.node("a"))
    assert scene.hit(hand.middle("a", "b")) == Hit(edge=hand.edge("a", "b"))
    assert scene.hit(QPointF(100, 400)) == Hit()


def test_of_blocks_that_lie_on_one_another_the_selected_or_newer_is_found(open_canvas: Open) -> None:
    hand = open_canvas(line())
    hand.document.apply(MoveNodes(((hand.node("c"), hand.document.project.layout[hand.node("a")]),)))
    hand.settle()
    assert hand.scene.hit(hand.body("a")).node == hand.node("c")
    hand.canvas.select([hand.node("a")])
    assert hand.scene.hit(hand.body("a")).node == hand.node("a")


def test_a_wire_carries_its_shape_once_for_all_wires_from_a_port(open_canvas: Open) -> None:
    drawing = Drawing()
    image = drawing.put("Input", "image")
    for number in range(3):
        drawing.put("Linear", f"far{number}", image)
        drawing.project.layout[drawing.project.graph.nodes()[-1].id] = (900.0, number * 100.0)
    hand = open_canvas(drawing.project)
    assert sum(item.bears_label for item in hand.scene.wires.values()) == 1
    bearer = next(edge for edge, item in hand.scene.wires.items() if item.bears_label)
    hand.document.apply(Batch((RemoveNode(bearer.target.node),)))
    assert sum(item.bears_label for item in hand.scene.wires.values()) == 1


def test_setting_a_parameter_changes_what_the_block_says(open_canvas: Open) -> None:
    hand = open_canvas(digits_cnn().project)
    before = hand.block("conv1").summary
    hand.document.apply(SetParameter(hand.node("conv1"), "out_channels", 77))
    assert "77" in hand.block("conv1").summary != before
    hand.document.apply(SetParameter(hand.node("conv1"), "out_channels", "many"))
    assert hand.block("conv1").summary == ""


def test_wires_may_be_drawn_to_ports_that_are_not_there(open_canvas: Open) -> None:
    hand = open_canvas(line())
    edge = Edge(PortRef(hand.node("a"), "nowhere"), PortRef(hand.node("c"), "neither"))
    hand.document.apply(Connect(edge))
    assert hand.scene.wires[edge].route is not None
    assert_mirrors(hand.scene, hand.document.project)
    hand.click(hand.scene.wires[edge].path.pointAtPercent(0.5))
    hand.canvas.delete_selection()
    assert edge not in hand.scene.wires
