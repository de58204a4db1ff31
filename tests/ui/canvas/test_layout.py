"""Arranging: layers from left to right, nothing on top of anything, the main path straight, the whole in proportion."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netbuilder.graph.edits import AddNode
from netbuilder.graph.model import Graph, Node, NodeId
from netbuilder.graph.project import Position, Project
from netbuilder.ui.canvas.layout import arrange
from netbuilder.ui.geometry import BLOCK_HEIGHT, GRID, block_height, block_rect
from tests.drawing import Drawing, digits_cnn

ROOM = (1100.0, 700.0)


def arranged(graph: Graph, room: Position = ROOM, corner: Position = (0.0, 0.0)) -> dict[NodeId, Position]:
    return arrange(graph, dict.fromkeys(graph, BLOCK_HEIGHT), room, corner)


def assert_apart(places: dict[NodeId, Position], heights: dict[NodeId, float] | None = None) -> None:
    rects = [block_rect(spot, (heights or {}).get(node, BLOCK_HEIGHT)).grown(8) for node, spot in places.items()]
    assert not any(one.meets(other) for one, other in itertools.combinations(rects, 2))


def chain(length: int) -> Drawing:
    drawing = Drawing()
    last = drawing.put("Input", "image")
    for number in range(1, length):
        last = drawing.put("Linear", f"l{number}", last)
    return drawing


def test_a_short_chain_is_one_row() -> None:
    graph = chain(5).project.graph
    places = arranged(graph)
    assert [places[node] for node in graph] == [(0, 0), (212, 0), (424, 0), (636, 0), (848, 0)]


def test_a_long_chain_is_folded_to_the_windows_proportions() -> None:
    graph = chain(60).project.graph
    places = arranged(graph)
    columns, rows = ({spot[axis] for spot in places.values()} for axis in (0, 1))
    assert 5 <= len(columns) <= 14
    assert 5 <= len(rows) <= 12
    assert_apart(places)
    order = sorted(places, key=lambda node: (places[node][1], places[node][0]))
    assert order == list(graph)


def test_a_wide_room_takes_a_chain_unfolded() -> None:
    places = arranged(chain(12).project.graph, (4000.0, 300.0))
    assert len({y for _, y in places.values()}) == 1


def test_a_branch_runs_beside_the_main_path_which_is_straight() -> None:
    drawing = chain(4)
    last = drawing.project.graph.nodes()[-1].id
    side = drawing.put("Linear", "side", NodeId("n2"))
    drawing.put("Add", "add", last, side)
    places = arranged(drawing.project.graph)
    main = [NodeId("n1"), NodeId("n2"), NodeId("n3"), NodeId("n4"), NodeId("n6")]
    assert len({places[node][1] for node in main}) == 1
    assert places[side][1] != places[main[0]][1]
    assert places[main[1]][0] < places[side][0] < places[main[-1]][0]
    assert_apart(places)


def test_wires_run_from_left_to_right_where_nothing_is_folded() -> None:
    project = digits_cnn().project
    places = arranged(project.graph, (4000.0, 2000.0))
    assert all(places[e.source.node][0] < places[e.target.node][0] for e in project.graph.edges())
    assert_apart(places)


def test_tall_blocks_get_the_room_they_need() -> None:
    drawing = Drawing()
    inputs = [drawing.put("Input", f"i{number}") for number in range(6)]
    merges = [drawing.put("Concat", f"c{number}", *inputs) for number in range(3)]
    heights = {node: block_height(7) if node in merges else BLOCK_HEIGHT for node in drawing.project.graph}
    places = arrange(drawing.project.graph, heights, ROOM, (0.0, 0.0))
    assert_apart(places, heights)


def test_separate_networks_and_single_blocks_stand_below_one_another() -> None:
    drawing = chain(3)
    other = drawing.put("Input", "other")
    drawing.put("Linear", "head", other)
    drawing.put("LSTM", "alone")
    places = arranged(drawing.project.graph)
    assert places[NodeId("n1")][1] < places[NodeId("n4")][1] < places[NodeId("n6")][1]
    assert_apart(places)


def test_a_circle_is_arranged_too() -> None:
    drawing = Drawing()
    a, b = drawing.put("Add", "a"), drawing.put("ReLU", "b")
    drawing.wire(a, b, "x")
    drawing.wire(b, a, "x1")
    drawing.wire(b, b, "again")
    places = arranged(drawing.project.graph)
    assert set(places) == {a, b}
    assert_apart(places)


def test_an_empty_canvas_is_arranged_already() -> None:
    assert arranged(Project().graph) == {}


@pytest.mark.parametrize("corner", [(0.0, 0.0), (-400.0, 120.0), (33.3, -7.7)])
def test_the_whole_stays_at_its_corner_and_on_the_grid(corner: Position) -> None:
    places = arranged(digits_cnn().project.graph, corner=corner)
    left, top = (min(spot[axis] for spot in places.values()) for axis in (0, 1))
    assert abs(left - corner[0]) <= GRID / 2
    assert abs(top - corner[1]) <= GRID / 2
    assert all(x % GRID == y % GRID == 0 for x, y in places.values())


@given(st.integers(1, 14), st.lists(st.tuples(st.integers(0, 13), st.integers(0, 13)), max_size=24))
def test_any_network_is_arranged_without_overlaps_and_always_alike(size: int, wires: list[tuple[int, int]]) -> None:
    project = Project()
    for number in range(1, size + 1):
        AddNode(Node(NodeId(f"n{number}"), "Mystery", f"m{number}", {}), (0.0, 0.0)).apply(project)
    drawing = Drawing()
    drawing.project = project
    for number, (source, target) in enumerate(wires):
        if source < size and target < size:
            drawing.wire(NodeId(f"n{source + 1}"), NodeId(f"n{target + 1}"), f"x{number}")
    places = arranged(project.graph)
    assert set(places) == set(project.graph)
    assert_apart(places)
    assert arranged(project.graph) == places
