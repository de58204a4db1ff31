"""The only way to change a project: frozen edits, each of which returns its inverse.

An edit is also the notification of the change: whoever shows the project reads from it what to redraw. An edit that
can't be applied raises `GraphError` and leaves the project as it was.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from netbuilder.graph.model import Edge, GraphError, Json, Node, NodeId, freeze
from netbuilder.graph.project import Position, Project, Section


class Edit(ABC):
    """One change to a project."""

    __slots__ = ()

    @abstractmethod
    def apply(self, project: Project) -> Edit:
        """Change the project and return the edit that takes the change back."""


@dataclass(frozen=True, slots=True)
class AddNode(Edit):
    """Put a block on the canvas, with its top left corner at `position`."""

    node: Node
    position: Position = (0.0, 0.0)

    def apply(self, project: Project) -> Edit:
        project.graph.add(self.node)
        project.layout[self.node.id] = self.position
        return RemoveNode(self.node.id)


@dataclass(frozen=True, slots=True)
class RemoveNode(Edit):
    """Take a block off the canvas, and its wires with it."""

    node: NodeId

    def apply(self, project: Project) -> Edit:
        graph = project.graph
        node = graph.node(self.node)
        wires = dict.fromkeys((*graph.edges_into(self.node), *graph.edges_out_of(self.node)))
        for edge in wires:
            graph.disconnect(edge)
        graph.remove(self.node)
        position = project.layout.pop(self.node)
        return Batch((AddNode(node, position), *(Connect(edge) for edge in wires)))


@dataclass(frozen=True, slots=True)
class Connect(Edit):
    """Draw a wire into a free input port."""

    edge: Edge

    def apply(self, project: Project) -> Edit:
        project.graph.connect(self.edge)
        return Disconnect(self.edge)


@dataclass(frozen=True, slots=True)
class Disconnect(Edit):
    """Take a wire away."""

    edge: Edge

    def apply(self, project: Project) -> Edit:
        project.graph.disconnect(self.edge)
        return Connect(self.edge)


class _Unset:
    """The value of a parameter that is not set on its node, so that the block's default holds."""

    def __repr__(self) -> str:
        return "UNSET"


UNSET: Final = _Unset()


@dataclass(frozen=True, slots=True)
class SetParameter(Edit):
    """Give a block's parameter a value, or take it away with `UNSET`."""

    node: NodeId
    parameter: str
    value: Json | _Unset

    def __post_init__(self) -> None:
        if not isinstance(self.value, _Unset):
            object.__setattr__(self, "value", freeze(self.value))

    def apply(self, project: Project) -> Edit:
        node = project.graph.node(self.node)
        before = node.params.get(self.parameter, UNSET)
        params = {key: value for key, value in node.params.items() if key != self.parameter}
        if not isinstance(self.value, _Unset):
            params[self.parameter] = self.value
        project.graph.replace(replace(node, params=params))
        return SetParameter(self.node, self.parameter, before)


@dataclass(frozen=True, slots=True)
class RenameNode(Edit):
    """Give a block another name, unique in its graph."""

    node: NodeId
    name: str

    def apply(self, project: Project) -> Edit:
        node = project.graph.node(self.node)
        project.graph.replace(replace(node, name=self.name))
        return RenameNode(self.node, node.name)


@dataclass(frozen=True, slots=True)
class MoveNodes(Edit):
    """Put blocks elsewhere: pairs of node and new position."""

    positions: tuple[tuple[NodeId, Position], ...]

    def apply(self, project: Project) -> Edit:
        for node, _ in self.positions:
            project.graph.node(node)
        before = tuple((node, project.layout[node]) for node, _ in self.positions)
        project.layout.update(self.positions)
        return MoveNodes(before)


@dataclass(frozen=True, slots=True)
class SetSection(Edit):
    """Replace the project's `data` or `training` section."""

    section: Section
    content: Mapping[str, Json]

    def __post_init__(self) -> None:
        object.__setattr__(self, "content", freeze(self.content))

    def apply(self, project: Project) -> Edit:
        before: Mapping[str, Json] = getattr(project, self.section)
        setattr(project, self.section, self.content)
        return SetSection(self.section, before)


@dataclass(frozen=True, slots=True)
class Batch(Edit):
    """Several edits as one: all of them, or none."""

    edits: tuple[Edit, ...]
    label: str = ""

    def apply(self, project: Project) -> Edit:
        inverses: list[Edit] = []
        try:
            for edit in self.edits:
                inverses.append(edit.apply(project))  # noqa: PERF401 - what was done before a failure must be known
        except GraphError:
            for inverse in reversed(inverses):
                inverse.apply(project)
            raise
        return Batch(tuple(reversed(inverses)), self.label)


def flatten(edit: Edit) -> Iterable[Edit]:
    """Yield the simple edits inside `edit`, in the order in which they are applied."""
    if isinstance(edit, Batch):
        for part in edit.edits:
            yield from flatten(part)
    else:
        yield edit


def describe(edit: Edit, project: Project) -> str:
    """Name the edit for the undo menu, before it is applied: “Add conv1”, “Set conv1.padding”."""
    graph = project.graph
    match edit:
        case Batch(label=label) if label:
            return label
        case Batch(edits=(only,)):
            return describe(only, project)
        case Batch(edits=(first, *_)):
            return f"{describe(first, project)} and more"
        case AddNode(node=node):
            return f"Add {node.name}"
        case RemoveNode(node=node):
            return f"Delete {graph.node(node).name}"
        case Connect(edge=edge):
            return f"Connect {graph.node(edge.source.node).name} to {graph.node(edge.target.node).name}"
        case Disconnect(edge=edge):
            return f"Disconnect {graph.node(edge.source.node).name} from {graph.node(edge.target.node).name}"
        case SetParameter(node=node, parameter=parameter):
            return f"Set {graph.node(node).name}.{parameter}"
        case RenameNode(node=node, name=name):
            return f"Rename {graph.node(node).name} to {name}"
        case MoveNodes(positions=positions):
            return "Move " + (graph.node(positions[0][0]).name if len(positions) == 1 else f"{len(positions)} blocks")
        case SetSection(section=section):
            return f"Change {section}"
        case _:
            return "Edit"
