"""Copies of groups: in the same project, and from another one, of which a clip or a file is made."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from hashlib import sha256
from types import MappingProxyType

from netbuilder.graph.edits import AddGroup, AddNode, Batch, Connect, Edit
from netbuilder.graph.model import Edge, NodeId, PortRef, free_name, thaw
from netbuilder.graph.project import GroupId, Project, group_of, group_type
from netbuilder.ui.wiring import Refusal


class Draft:
    """A project to try edits on, and the edits that were made."""

    def __init__(self, project: Project) -> None:
        self.project = project.copy()
        self.edits: list[Edit] = []

    def do(self, edit: Edit) -> None:
        """Make an edit."""
        edit.apply(self.project)
        self.edits.append(edit)

    def batch(self, label: str) -> Edit:
        """Return all that was done as one edit."""
        return Batch(tuple(self.edits), label)


def copy_group(
    draft: Draft,
    ids: Iterator[NodeId],
    source: Project,
    group: GroupId,
    twin: GroupId,
    known: Mapping[GroupId, GroupId] = MappingProxyType({}),
) -> None:
    """Define in the draft a copy of a group of `source`, with fresh ids;
    `known` says what groups inside are called here.
    """
    definition = source.groups[group]
    name = free_group_name(draft.project, definition.name)
    draft.do(AddGroup(twin, name, definition.parameters, definition.description))
    twins: dict[NodeId, NodeId] = {}
    for node in definition.graph.nodes():
        twins[node.id] = next(ids)
        copied = replace(node, id=twins[node.id], type=retyped(node.type, known))
        draft.do(AddNode(copied, definition.layout[node.id], twin))
    for edge in definition.graph.edges():
        ends = (PortRef(twins[end.node], end.port) for end in (edge.source, edge.target))
        draft.do(Connect(Edge(*ends), twin))


def bring_groups(draft: Draft, ids: Iterator[NodeId], source: Project) -> dict[GroupId, GroupId]:
    """Define the groups of another project in the draft, where it has none that are just the same;
    return what they are here.

    Of several that are the same, the one that is called so in the source too is taken: a copy of an instance is one of
    its own group. Groups that hold themselves are always defined anew.
    """
    here, known = contents(draft.project), dict[GroupId, GroupId]()
    same = {content: group for group, content in here.items()}
    for group, content in contents(source).items():
        if here.get(group) == content:
            same[content] = group
        elif content not in same:
            same[content] = new_group_id(draft.project)
            copy_group(draft, ids, source, group, same[content], known)
        known[group] = same[content]
    circles = [group for group in source.groups if group not in known]
    free = int(new_group_id(draft.project)[1:])
    known |= {group: GroupId(f"g{number}") for number, group in enumerate(circles, start=free)}
    for group in circles:
        copy_group(draft, ids, source, group, known[group], known)
    return known


def holds(project: Project, group: GroupId, wanted: GroupId) -> bool:
    """Tell whether a group is the one that is wanted, or has instances of it anywhere inside."""
    waiting, seen = [group], set[GroupId]()
    while waiting:
        at = waiting.pop()
        if at == wanted:
            return True
        if at not in seen and at in project.groups:
            seen.add(at)
            waiting += project.groups[at].groups_used()
    return False


def refused_inside(project: Project, sheet: GroupId | None, group: GroupId) -> Refusal | None:
    """Say why no instance of a group can be put on a sheet, or return None where it can: no group may hold itself."""
    if sheet is None or not holds(project, group, sheet):
        return None
    return Refusal("group", f"“{project.groups[group].name}” contains this group: it would contain itself.")


def retyped(node_type: str, known: Mapping[GroupId, GroupId]) -> str:
    """Return the type of an instance by what its group is called here."""
    group = group_of(node_type)
    return group_type(known.get(group, group)) if group else node_type


def contents(project: Project, *, as_drawn: bool = False) -> dict[GroupId, str]:
    """Return what each group does, whatever it and its blocks are numbered, as a digest, those inside of others first.

    As it is drawn, it also has its name, what is said of it, and where its blocks stand. A group that holds itself has
    none.
    """
    found, types = dict[GroupId, str](), dict[str, str]()
    for group in project.heights():
        definition = project.groups[group]
        nodes = definition.graph.nodes()
        number = {node.id: at for at, node in enumerate(nodes)}
        edges = [
            (number[edge.source.node], edge.source.port, number[edge.target.node], edge.target.port)
            for edge in definition.graph.edges()
        ]
        blocks = [(node.name, types.get(node.type, node.type), thaw(node.params)) for node in nodes]
        places = [definition.layout[node.id] for node in nodes]
        drawn = (definition.name, definition.description, places) if as_drawn else ()
        text = json.dumps([thaw(definition.parameters), blocks, sorted(edges), drawn], sort_keys=True)  # 1 is not 1.0
        found[group] = types[group_type(group)] = sha256(text.encode()).hexdigest()
    return found


def new_group_id(project: Project) -> GroupId:
    """Return an id above those of all groups."""
    return GroupId(f"g{max((int(group[1:]) for group in project.groups), default=0) + 1}")


def free_group_name(project: Project, stem: str) -> str:
    """Return `stem` as a name that no group has: group, group_2, group_3."""
    return free_name(stem, {group.name for group in project.groups.values()})
