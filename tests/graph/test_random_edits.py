"""Whatever is done to a project, in whatever order, can be undone and redone to the byte."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netbuilder.graph.edits import (
    UNSET,
    AddGroup,
    AddNode,
    Batch,
    Connect,
    DescribeGroup,
    Disconnect,
    Edit,
    MoveNodes,
    RemoveGroup,
    RemoveNode,
    RenameGroup,
    RenameNode,
    SetFormal,
    SetParameter,
    SetSection,
)
from netbuilder.graph.files import dumps, loads
from netbuilder.graph.model import Edge, GraphError, Node, NodeId, PortRef
from netbuilder.graph.project import GroupId, Project
from tests.graph.projects import grouped_project, same, small_project

# A dozen of each, so that edits meet: they hit nodes that are there, names that are taken, wires that exist.
NODES = st.sampled_from([NodeId(f"n{number}") for number in (1, 2, 3, 4, 5, 10, 11, 999_999_999)])
NAMES = st.sampled_from(["image", "conv1", "flatten", "a", "A_1", "logits", "2bad", "for", "", "é"])
GROUPS = st.sampled_from([GroupId(group) for group in ("g1", "g2", "g12", "g0", "x")])
SHEETS = st.none() | GROUPS
PORTS = st.sampled_from(["x", "y", "x1", "x.2", "é\n"])
KEYS = st.sampled_from(["out_channels", "kernel_size", "bias", "β", ""])

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
json_objects = st.dictionaries(st.text(max_size=3), json_values, max_size=3)
coordinates = st.floats(-1e8, 1e8)
positions = st.tuples(coordinates, coordinates)
nodes = st.builds(Node, NODES, st.text(min_size=1, max_size=5), NAMES, json_objects)
ports = st.builds(PortRef, NODES, PORTS)
wires = st.builds(Edge, ports, ports)

simple_edits: st.SearchStrategy[Edit] = st.one_of(
    st.builds(AddNode, nodes, positions, SHEETS),
    st.builds(RemoveNode, NODES, SHEETS),
    st.builds(Connect, wires, SHEETS),
    st.builds(Disconnect, wires, SHEETS),
    st.builds(SetParameter, NODES, KEYS, st.just(UNSET) | json_values, SHEETS),
    st.builds(RenameNode, NODES, NAMES, SHEETS),
    st.builds(MoveNodes, st.lists(st.tuples(NODES, positions), max_size=3).map(tuple), SHEETS),
    st.builds(AddGroup, GROUPS, NAMES, st.dictionaries(NAMES, json_values, max_size=2), st.text(max_size=3)),
    st.builds(RemoveGroup, GROUPS),
    st.builds(RenameGroup, GROUPS, NAMES),
    st.builds(DescribeGroup, GROUPS, st.text(max_size=3)),
    st.builds(SetFormal, GROUPS, NAMES, st.just(UNSET) | json_values),
    st.builds(SetSection, st.sampled_from(["data", "training"]), json_objects),
)


def batches(inner: st.SearchStrategy[Edit]) -> st.SearchStrategy[Edit]:
    return st.builds(Batch, st.lists(inner, max_size=4).map(tuple), st.text(max_size=3))


@st.composite
def edits_that_fit(draw: st.DrawFn, project: Project) -> Edit:
    """Draw an edit that is likely to succeed: it picks from what the project has."""
    group, sheet = draw(st.sampled_from(list(project.sheets())))
    graph, here = sheet.graph, st.just(group)
    existing = st.sampled_from(list(graph))
    choices: list[st.SearchStrategy[Edit]] = [st.builds(AddNode, nodes, positions, here)]
    if len(graph):
        some_ports = st.builds(PortRef, existing, PORTS)
        choices += [
            st.builds(RemoveNode, existing, here),
            st.builds(Connect, st.builds(Edge, some_ports, some_ports), here),
            st.builds(SetParameter, existing, KEYS, st.just(UNSET) | json_values, here),
            st.builds(RenameNode, existing, NAMES, here),
            st.builds(MoveNodes, st.lists(st.tuples(existing, positions), max_size=3).map(tuple), here),
        ]
    if graph.edges():
        choices.append(st.builds(Disconnect, st.sampled_from(graph.edges()), here))
    if group is not None:
        choices += [
            st.builds(RemoveGroup, here),
            st.builds(RenameGroup, here, NAMES),
            st.builds(DescribeGroup, here, st.text(max_size=3)),
            st.builds(SetFormal, here, NAMES, st.just(UNSET) | json_values),
        ]
    return draw(st.one_of(choices))


def assert_sound(project: Project) -> None:
    """Check what holds for every project, whatever was done to it."""
    everywhere = [node for _, sheet in project.sheets() for node in sheet.graph]
    assert len(set(everywhere)) == len(everywhere)
    assert project.homes == {node: group for group, sheet in project.sheets() for node in sheet.graph}
    names = [group.name for group in project.groups.values()]
    assert len(set(names)) == len(names)
    for _, sheet in project.sheets():
        graph = sheet.graph
        ids = set(graph)
        assert set(sheet.layout) == ids
        assert len({node.name for node in graph.nodes()}) == len(ids)
        edges = graph.edges()
        assert all(edge.source.node in ids and edge.target.node in ids for edge in edges)
        assert len({edge.target for edge in edges}) == len(edges)
        assert all(graph.named(node.name) == node for node in graph.nodes())
        assert all(graph.edge_into(edge.target) == edge for edge in edges)
    assert same(loads(dumps(project)), project)


def tried(project: Project, edits: Iterator[Edit]) -> list[tuple[Edit, Edit]]:
    """Apply the edits and return those that succeeded, with their inverses; one that fails changes nothing."""
    done: list[tuple[Edit, Edit]] = []
    for edit in edits:
        before = dumps(project)
        try:
            done.append((edit, edit.apply(project)))
        except GraphError:
            assert dumps(project) == before
        assert_sound(project)
    return done


@given(data=st.data())
def test_undoing_all_gives_the_first_bytes_and_redoing_all_the_last(data: st.DataObject) -> None:
    project = data.draw(st.sampled_from([Project(), small_project(), grouped_project()])).copy()
    first, original = dumps(project), project.copy()

    def session() -> Iterator[Edit]:
        for _ in range(data.draw(st.integers(1, 12))):
            fitting = edits_that_fit(project)
            yield data.draw(st.one_of(fitting, simple_edits, batches(fitting), batches(batches(simple_edits))))

    done = tried(project, session())
    last = dumps(project)

    for _ in range(2):
        for _, inverse in reversed(done):
            inverse.apply(project)
        assert dumps(project) == first
        assert same(project, original)
        for edit, _ in done:
            edit.apply(project)
        assert dumps(project) == last


@given(simple_edits)
def test_an_inverse_is_an_edit_whose_inverse_does_the_same_again(edit: Edit) -> None:
    project = grouped_project()
    before = dumps(project)
    try:
        inverse = edit.apply(project)
    except GraphError:
        assert dumps(project) == before
        return
    after = dumps(project)
    again = inverse.apply(project)
    assert dumps(project) == before
    again.apply(project)
    assert dumps(project) == after


@given(st.lists(simple_edits, max_size=8))
def test_a_copy_does_not_feel_what_is_done_to_the_original(edits: list[Edit]) -> None:
    project = grouped_project()
    copy = project.copy()
    tried(project, iter(edits))
    assert same(copy, grouped_project())


@given(json_objects)
def test_parameters_come_back_as_they_were(params: dict[str, Any]) -> None:
    project = Project()
    AddNode(Node(NodeId("n1"), "Anything", "a", params)).apply(project)
    assert same(loads(dumps(project)), project)


def test_a_batch_that_fails_halfway_leaves_no_half() -> None:
    project = small_project()
    before = dumps(project)
    batch = Batch((RemoveNode(NodeId("n2")), RenameNode(NodeId("n1"), "pixels"), RemoveNode(NodeId("n2"))))
    with pytest.raises(GraphError, match="no node n2"):
        batch.apply(project)
    assert dumps(project) == before
