"""Draws projects in code, the way a person does on the canvas: a block at a time, wired to what stands before it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from netbuilder.blocks import registry
from netbuilder.blocks.parameters import defaults
from netbuilder.compiler.groups import ports
from netbuilder.compiler.lower import lower
from netbuilder.compiler.program import Program
from netbuilder.graph.edits import AddGroup, AddNode, Connect, SetSection
from netbuilder.graph.model import Edge, Node, NodeId, PortRef
from netbuilder.graph.project import GroupId, Project, group_type

DIGITS = {
    "source": "digits",
    "fields": {
        "image": {"shape": [1, 8, 8], "dtype": "float32"},
        "label": {"shape": [], "dtype": "int64", "classes": [str(digit) for digit in range(10)]},
    },
}


def program_of(project: Project) -> Program:
    """Return the program of a project that has to be complete."""
    lowering = lower(project)
    assert lowering.program is not None, [diagnostic.message for diagnostic in lowering.diagnostics]
    return lowering.program


def id_of(project: Project, name: str) -> NodeId:
    """Return the id of the node of this name, which has to be there."""
    node = project.graph.named(name)
    assert node is not None, name
    return node.id


class Drawing:
    """A project under construction."""

    def __init__(self, data: dict[str, Any] | None = None) -> None:
        self.project = Project()
        self.here: GroupId | None = None
        """The group inside of which is drawn; None is the network itself."""
        if data:
            SetSection("data", data).apply(self.project)

    def put(self, type_id: str, name: str, *sources: NodeId | PortRef, **params: Any) -> NodeId:
        """Add a block and wire its input ports, in order, to the sources: a node's only output, or a named port."""
        block = registry.blocks()[type_id]
        node = self._add(type_id, name, defaults(block) | params)
        names = [port.name for port in block.inputs]
        if block.inputs and block.inputs[0].variadic:
            names = [f"{names[0]}{number + 1}" for number in range(len(sources))]
        for source, port in zip(sources, names, strict=False):
            self.wire(source, node, port)
        return node

    def put_group(self, group: GroupId, name: str, *sources: NodeId | PortRef, **params: Any) -> NodeId:
        """Add an instance of a group and wire its inputs, in order, to the sources."""
        node = self._add(group_type(group), name, params)
        inputs, _ = ports(self.project.groups[group])
        for source, port in zip(sources, inputs, strict=False):
            self.wire(source, node, port.name)
        return node

    @contextmanager
    def group(self, name: str, **parameters: Any) -> Iterator[GroupId]:
        """Define a group: what is put meanwhile is put inside."""
        outer, self.here = self.here, GroupId(f"g{len(self.project.groups) + 1}")
        AddGroup(self.here, name, parameters).apply(self.project)
        yield self.here
        self.here = outer

    def _add(self, type_id: str, name: str, params: dict[str, Any]) -> NodeId:
        node = Node(next(self.project.new_ids()), type_id, name, params)
        count = len(self.project.sheet(self.here).graph)
        AddNode(node, (212.0 * count, 0.0), self.here).apply(self.project)
        return node.id

    def wire(self, source: NodeId | PortRef, target: NodeId, port: str) -> None:
        """Draw one wire."""
        start = source if isinstance(source, PortRef) else PortRef(source, "y")
        Connect(Edge(start, PortRef(target, port)), self.here).apply(self.project)


def digits_cnn() -> Drawing:
    """Draw a small classifier of digits with a loss, a metric and an output."""
    drawing = Drawing(DIGITS)
    image = drawing.put("Input", "image", field="image")
    label = drawing.put("Input", "label", field="label")
    conv = drawing.put("Conv2d", "conv1", image, out_channels=4)
    relu = drawing.put("ReLU", "relu1", conv)
    pool = drawing.put("MaxPool2d", "pool1", relu)
    flat = drawing.put("Flatten", "flatten", pool)
    logits = drawing.put("Linear", "classes", flat, out_features=10)
    drawing.put("Output", "logits", logits)
    drawing.put("CrossEntropy", "loss", logits, label)
    drawing.put("Accuracy", "accuracy", logits, label)
    return drawing
