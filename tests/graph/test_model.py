"""What the graph can be asked."""

from __future__ import annotations

import pytest

from netbuilder.graph.edits import AddNode, Connect, RemoveNode
from netbuilder.graph.files import dumps, loads
from netbuilder.graph.model import Edge, Graph, GraphError, Node, NodeId, PortRef, free_name, name_problem
from netbuilder.graph.project import GroupId, Project
from tests.graph.projects import grouped_project, small_project, wire


def ids(*numbers: int) -> list[NodeId]:
    return [NodeId(f"n{number}") for number in numbers]


def with_cycle() -> Project:
    project = small_project()
    Connect(wire("n3.y", "n2.back")).apply(project)
    return project


def test_nodes_come_in_creation_order_whatever_happened_to_them() -> None:
    project = small_project()
    RemoveNode(NodeId("n1")).apply(project).apply(project)
    assert list(project.graph) == ids(1, 2, 3, 10)
    assert [node.id for node in project.graph.nodes()] == ids(1, 2, 3, 10)
    assert project.graph.edges() == [wire("n1.y", "n2.x"), wire("n2.y", "n3.x"), wire("n3.y", "n10.x")]


def test_sources_stand_before_what_they_feed_and_ties_go_by_creation() -> None:
    project = small_project()
    AddNode(Node(NodeId("n4"), "Input", "other", {})).apply(project)
    assert project.graph.topological_order() == (tuple(ids(1, 2, 3, 4, 10)), ())


def test_what_is_on_a_cycle_or_behind_it_has_no_order() -> None:
    assert with_cycle().graph.topological_order() == (tuple(ids(1)), tuple(ids(2, 3, 10)))


def test_cycles_are_found_each_by_its_nodes() -> None:
    project = with_cycle()
    Connect(wire("n10.y", "n10.self")).apply(project)
    assert project.graph.cycles() == [ids(2, 3), ids(10)]
    assert small_project().graph.cycles() == []


def test_a_wire_that_would_close_a_cycle_is_known_before_it_is_drawn() -> None:
    graph = small_project().graph
    one, *_, last = graph
    assert graph.would_cycle(last, one)
    assert graph.would_cycle(one, one)
    assert not graph.would_cycle(one, last)


def test_ancestors_are_all_that_feeds_a_node() -> None:
    graph = small_project().graph
    assert graph.ancestors(ids(3)) == set(ids(1, 2, 3))
    assert graph.ancestors([]) == set()


def test_wires_are_found_from_both_their_ends() -> None:
    graph = small_project().graph
    assert graph.edges_into(NodeId("n3")) == graph.edges_out_of(NodeId("n2")) == [wire("n2.y", "n3.x")]
    assert graph.edge_into(PortRef(NodeId("n3"), "x")) == wire("n2.y", "n3.x")
    assert graph.edge_into(PortRef(NodeId("n3"), "y")) is None
    assert graph.edge_into(PortRef(NodeId("n99"), "x")) is None
    assert graph.has_edge(wire("n2.y", "n3.x"))
    assert not graph.has_edge(wire("n1.y", "n3.x"))


@pytest.mark.parametrize("length", [62, 63, 64, 68])
def test_a_free_name_is_as_long_as_a_name_can_be(length: int) -> None:
    stem = "a" * length
    first = free_name(stem, ())
    second = free_name(stem, {first})
    assert name_problem(first) is None
    assert name_problem(second) is None
    assert second.endswith("_2")
    assert free_name(second, {first, second}).endswith("_3")


def test_a_free_name_counts_up_from_the_stem() -> None:
    graph = small_project().graph
    assert graph.free_name("linear") == "linear"
    assert graph.free_name("image") == "image_2"
    assert graph.free_name("conv1") == "conv1_2"
    RemoveNode(NodeId("n2")).apply(project := small_project())
    assert project.graph.free_name("conv1") == "conv1"


def test_new_ids_are_above_all_that_are_in_use() -> None:
    new = small_project().new_ids()
    assert [next(new), next(new)] == ids(11, 12)


def test_new_ids_for_the_inside_of_a_group_keep_clear_of_what_is_put_beside_it_meanwhile() -> None:
    project = grouped_project()
    inside = project.inside(GroupId("g1"))
    AddNode(Node(NodeId("n77"), "ReLU", "late", {}), (0.0, 0.0)).apply(project)
    assert next(inside.new_ids()) == "n78"
    RemoveNode(NodeId("n77")).apply(project)
    assert next(inside.new_ids()) == "n31"


def test_no_block_follows_the_last_number_and_that_is_said() -> None:
    project = small_project()
    AddNode(Node(NodeId("n999999999"), "ReLU", "last", {}), (0.0, 0.0)).apply(project)
    beyond = Node(next(project.new_ids()), "ReLU", "beyond", {})
    before = dumps(project)
    with pytest.raises(GraphError, match="“n1000000000” is not a node id: blocks are numbered from n1 to n999999999"):
        AddNode(beyond, (0.0, 300.0)).apply(project)
    assert dumps(project) == before
    assert dumps(loads(before)) == before


def test_a_wire_is_found_by_its_end_among_any_number() -> None:
    graph = Graph()
    graph.add(Node(NodeId("n1"), "Input", "x", {}))
    graph.add(Node(NodeId("n2"), "Concat", "all", {}))
    edges = [Edge(PortRef(NodeId("n1"), "y"), PortRef(NodeId("n2"), f"x{number}")) for number in range(1, 50_001)]
    for edge in edges:
        graph.connect(edge)
    twin = graph.copy()
    graph.disconnect(edges[7])
    assert graph.edge_into(edges[7].target) is None
    assert twin.edge_into(edges[7].target) == edges[7]
    assert graph.edge_into(edges[-1].target) == edges[-1]
