"""Projects to test with."""

from __future__ import annotations

from netbuilder.graph.edits import AddGroup, AddNode, Connect, SetSection
from netbuilder.graph.files import dumps
from netbuilder.graph.model import Edge, Node, NodeId, PortRef
from netbuilder.graph.project import GroupId, Project, group_type


def wire(source: str, target: str) -> Edge:
    """Return the wire between two ports, written as in a file: `wire("n1.y", "n2.x")`."""
    (from_node, from_port), (to_node, to_port) = source.split("."), target.split(".")
    return Edge(PortRef(NodeId(from_node), from_port), PortRef(NodeId(to_node), to_port))


def small_project() -> Project:
    """Return an image classifier of four blocks."""
    project = Project()
    edits = (
        AddNode(Node(NodeId("n1"), "Input", "image", {"field": "image"}), (0.0, 0.0)),
        AddNode(Node(NodeId("n2"), "Conv2d", "conv1", {"out_channels": 16, "kernel_size": (3, 3)}), (240.0, 0.0)),
        AddNode(Node(NodeId("n3"), "Flatten", "flatten", {}), (480.0, 0.5)),
        AddNode(Node(NodeId("n10"), "Output", "logits", {}), (720.0, 0.0)),
        Connect(wire("n1.y", "n2.x")),
        Connect(wire("n2.y", "n3.x")),
        Connect(wire("n3.y", "n10.x")),
        SetSection("data", {"source": "digits", "fields": {"image": {"shape": (1, 8, 8), "dtype": "float32"}}}),
        SetSection("training", {"epochs": 25, "learning_rate": 0.001}),
    )
    for edit in edits:
        edit.apply(project)
    return project


def grouped_project() -> Project:
    """Return the classifier with a group of two blocks and a formal parameter, and a group inside of that."""
    project = small_project()
    block, inner = GroupId("g1"), GroupId("g12")
    edits = (
        AddGroup(block, "Block", {"channels": 16, "name": "x"}, "Convolve.\n\nThen go on."),
        AddNode(Node(NodeId("n20"), "Input", "x", {}), (0.0, 0.0), block),
        AddNode(Node(NodeId("n21"), "Conv2d", "conv", {"out_channels": "=channels*4"}), (240.0, 0.0), block),
        AddNode(Node(NodeId("n22"), "Output", "y", {}), (480.0, 0.0), block),
        AddNode(Node(NodeId("n23"), group_type(inner), "inner", {}), (480.0, 200.0), block),
        Connect(wire("n20.y", "n21.x"), block),
        Connect(wire("n21.y", "n22.x"), block),
        AddGroup(inner, "Inner"),
        AddNode(Node(NodeId("n30"), group_type(block), "block", {"channels": 32, "repeat": 3}), (240.0, 200.0)),
    )
    for edit in edits:
        edit.apply(project)
    return project


def same(one: Project, other: Project) -> bool:
    """Tell whether two projects are equal in every part."""
    return dumps(one) == dumps(other) and _parts(one) == _parts(other)


def _parts(project: Project) -> object:
    sheets = {group: (sheet.graph.nodes(), sheet.graph.edges(), sheet.layout) for group, sheet in project.sheets()}
    groups = {group: (each.name, each.parameters, each.description) for group, each in project.groups.items()}
    return sheets, groups, project.data, project.training
