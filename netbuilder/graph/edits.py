"""The only way to change a project: frozen edits, each of which returns its inverse.

An edit is also the notification of the change: whoever shows the project reads from it what to redraw. An edit that
can't be applied raises `GraphError` and leaves the project as it was. Edits of nodes and wires say in `group` inside of
which group they are made; None is the network itself.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Final

from netbuilder.graph.model import Edge, GraphError, Json, Node, NodeId, freeze, name_problem
from netbuilder.graph.project import (
    RESERVED,
    Group,
    GroupId,
    Position,
    Project,
    Section,
    description_problem,
    is_group_id,
)


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
    group: GroupId | None = None

    def apply(self, project: Project) -> Edit:
        sheet = project.sheet(self.group)
        if self.node.id in project.homes:
            raise GraphError(f"There is a node {self.node.id} already.")
        sheet.graph.add(self.node)
        sheet.layout[self.node.id] = self.position
        project.homes[self.node.id] = self.group
        return RemoveNode(self.node.id, self.group)


@dataclass(frozen=True, slots=True)
class RemoveNode(Edit):
    """Take a block off the canvas, and its wires with it."""

    node: NodeId
    group: GroupId | None = None

    def apply(self, project: Project) -> Edit:
        sheet = project.sheet(self.group)
        graph = sheet.graph
        node = graph.node(self.node)
        wires = dict.fromkeys((*graph.edges_into(self.node), *graph.edges_out_of(self.node)))
        for edge in wires:
            graph.disconnect(edge)
        graph.remove(self.node)
        del project.homes[self.node]
        position = sheet.layout.pop(self.node)
        return Batch((AddNode(node, position, self.group), *(Connect(edge, self.group) for edge in wires)))


@dataclass(frozen=True, slots=True)
class Connect(Edit):
    """Draw a wire into a free input port."""

    edge: Edge
    group: GroupId | None = None

    def apply(self, project: Project) -> Edit:
        project.sheet(self.group).graph.connect(self.edge)
        return Disconnect(self.edge, self.group)


@dataclass(frozen=True, slots=True)
class Disconnect(Edit):
    """Take a wire away."""

    edge: Edge
    group: GroupId | None = None

    def apply(self, project: Project) -> Edit:
        project.sheet(self.group).graph.disconnect(self.edge)
        return Connect(self.edge, self.group)


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
    group: GroupId | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.value, _Unset):
            object.__setattr__(self, "value", freeze(self.value))

    def apply(self, project: Project) -> Edit:
        graph = project.sheet(self.group).graph
        node = graph.node(self.node)
        params, before = _with(node.params, self.parameter, self.value)
        graph.replace(replace(node, params=params))
        return SetParameter(self.node, self.parameter, before, self.group)


def _with(values: Mapping[str, Json], key: str, value: Json | _Unset) -> tuple[Mapping[str, Json], Json | _Unset]:
    """Return the values with this one set or taken away, and what it was before."""
    changed = {other: kept for other, kept in values.items() if other != key}
    if not isinstance(value, _Unset):
        changed[key] = value
    return changed, values.get(key, UNSET)


@dataclass(frozen=True, slots=True)
class RenameNode(Edit):
    """Give a block another name, unique in its graph."""

    node: NodeId
    name: str
    group: GroupId | None = None

    def apply(self, project: Project) -> Edit:
        graph = project.sheet(self.group).graph
        node = graph.node(self.node)
        graph.replace(replace(node, name=self.name))
        return RenameNode(self.node, node.name, self.group)


@dataclass(frozen=True, slots=True)
class MoveNodes(Edit):
    """Put blocks elsewhere: pairs of node and new position."""

    positions: tuple[tuple[NodeId, Position], ...]
    group: GroupId | None = None

    def apply(self, project: Project) -> Edit:
        sheet = project.sheet(self.group)
        for node, _ in self.positions:
            sheet.graph.node(node)
        before = tuple((node, sheet.layout[node]) for node, _ in self.positions)
        sheet.layout.update(self.positions)
        return MoveNodes(before, self.group)


@dataclass(frozen=True, slots=True)
class AddGroup(Edit):
    """Define a group, empty as yet, with its formal parameters and their defaults."""

    group: GroupId
    name: str
    parameters: Mapping[str, Json] = field(default_factory=dict[str, Json])
    description: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "parameters", freeze(self.parameters))

    def apply(self, project: Project) -> Edit:
        if not is_group_id(self.group):
            raise GraphError(f"“{self.group}” is not the id of a group.")
        if self.group in project.groups:
            raise GraphError(f"There is a group {self.group} already.")
        _check_group_name(project, self.name)
        for parameter in self.parameters:
            _check_formal(parameter)
        _check_description(self.description)
        project.groups[self.group] = Group(self.name, self.parameters, self.description)
        return RemoveGroup(self.group)


@dataclass(frozen=True, slots=True)
class RemoveGroup(Edit):
    """Forget a group and all that is in it. Its instances stay, and say what they miss."""

    group: GroupId

    def apply(self, project: Project) -> Edit:
        definition = _definition(project, self.group)
        inside = [RemoveNode(node, self.group).apply(project) for node in definition.graph]
        del project.groups[self.group]
        again = AddGroup(self.group, definition.name, definition.parameters, definition.description)
        return Batch((again, *reversed(inside)))


@dataclass(frozen=True, slots=True)
class RenameGroup(Edit):
    """Give a group another name, unique among groups."""

    group: GroupId
    name: str

    def apply(self, project: Project) -> Edit:
        definition = _definition(project, self.group)
        before = definition.name
        if self.name != before:
            _check_group_name(project, self.name)
        definition.name = self.name
        return RenameGroup(self.group, before)


@dataclass(frozen=True, slots=True)
class DescribeGroup(Edit):
    """Say what a group does; with an empty text, nothing."""

    group: GroupId
    description: str

    def apply(self, project: Project) -> Edit:
        definition = _definition(project, self.group)
        _check_description(self.description)
        before, definition.description = definition.description, self.description
        return DescribeGroup(self.group, before)


@dataclass(frozen=True, slots=True)
class SetFormal(Edit):
    """Give a formal parameter of a group a default, or take the parameter away with `UNSET`."""

    group: GroupId
    parameter: str
    value: Json | _Unset

    def __post_init__(self) -> None:
        if not isinstance(self.value, _Unset):
            object.__setattr__(self, "value", freeze(self.value))

    def apply(self, project: Project) -> Edit:
        definition = _definition(project, self.group)
        _check_formal(self.parameter)
        parameters, before = _with(definition.parameters, self.parameter, self.value)
        definition.parameters = MappingProxyType(parameters)
        return SetFormal(self.group, self.parameter, before)


def _definition(project: Project, group: GroupId) -> Group:
    definition = project.sheet(group)
    assert isinstance(definition, Group)
    return definition


def _check_name(name: str) -> None:
    problem = name_problem(name)
    if problem:
        raise GraphError(problem)


def _check_formal(name: str) -> None:
    _check_name(name)
    if name in RESERVED:
        raise GraphError(f"“{name}” can't be a parameter's name: every instance of a group has a {name} of its own.")


def _check_description(text: str) -> None:
    problem = description_problem(text)
    if problem:
        raise GraphError(problem)


def _check_group_name(project: Project, name: str) -> None:
    _check_name(name)
    if any(group.name == name for group in project.groups.values()):
        raise GraphError(f"There is a group named “{name}” already.")


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


def inside(edit: Edit, group: GroupId) -> Edit:
    """Return an edit of a network as the same edit of the inside of a group."""
    if isinstance(edit, Batch):
        return replace(edit, edits=tuple(inside(part, group) for part in edit.edits))
    if isinstance(edit, AddNode | RemoveNode | Connect | Disconnect | SetParameter | RenameNode | MoveNodes):
        return replace(edit, group=group)
    return edit


def describe(edit: Edit, project: Project) -> str:
    """Name the edit for the undo menu, before it is applied: “Add conv1”, “Set conv1.padding”."""

    def named(node: NodeId, group: GroupId | None) -> str:
        return project.sheet(group).graph.node(node).name

    match edit:
        case Batch(label=label) if label:
            return label
        case Batch(edits=(only,)):
            return describe(only, project)
        case Batch(edits=(first, *_)):
            return f"{describe(first, project)} and more"
        case AddNode(node=node):
            return f"Add {node.name}"
        case RemoveNode(node=node, group=group):
            return f"Delete {named(node, group)}"
        case Connect(edge=edge, group=group):
            return f"Connect {named(edge.source.node, group)} to {named(edge.target.node, group)}"
        case Disconnect(edge=edge, group=group):
            return f"Disconnect {named(edge.source.node, group)} from {named(edge.target.node, group)}"
        case SetParameter(node=node, parameter=parameter, group=group):
            return f"Set {named(node, group)}.{parameter}"
        case RenameNode(node=node, name=name, group=group):
            return f"Rename {named(node, group)} to {name}"
        case MoveNodes(positions=((node, _),), group=group):
            return f"Move {named(node, group)}"
        case MoveNodes(positions=positions):
            return f"Move {len(positions)} blocks"
        case AddGroup(name=name):
            return f"Define {name}"
        case RemoveGroup(group=group):
            return f"Forget {_definition(project, group).name}"
        case RenameGroup(group=group, name=name):
            return f"Rename {_definition(project, group).name} to {name}"
        case DescribeGroup(group=group):
            return f"Describe {_definition(project, group).name}"
        case SetFormal(group=group, parameter=parameter):
            return f"Set {_definition(project, group).name}.{parameter}"
        case SetSection(section=section):
            return f"Change {section}"
        case _:
            return "Edit"
