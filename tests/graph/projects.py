"""Projects to test with."""

from __future__ import annotations

from netbuilder.graph.edits import AddNode, Connect, SetSection
from netbuilder.graph.files import dumps
from netbuilder.graph.model import Edge, Node, NodeId, PortRef
from netbuilder.graph.project import Project


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


def same(one: Project, other: Project) -> bool:
    """Tell whether two projects are equal in every part."""
    return dumps(one) == dumps(other) and (
        (one.graph.nodes(), one.graph.edges(), one.layout, one.data, one.training)
        == (other.graph.nodes(), other.graph.edges(), other.layout, other.data, other.training)
    )
