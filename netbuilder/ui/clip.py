"""What copy puts on the clipboard and paste takes from it: text, so that it travels between windows and in a chat.

A clip is the text of a project that holds what was copied, with the format's name changed, and in its data section the
wires that came from outside, by the names of the blocks they came from. So it is read as strictly as a file, and the
text of a whole project file can be pasted as well.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from netbuilder.diagnostics import NetbuilderError
from netbuilder.graph.edits import AddNode, Connect, Edit
from netbuilder.graph.files import FORMAT, dumps, loads
from netbuilder.graph.model import Edge, NodeId, PortRef, creation_number
from netbuilder.graph.project import Group, GroupId, Position, Project, group_of
from netbuilder.ui.geometry import snap
from netbuilder.ui.group_copies import Draft, bring_groups, refused_inside, retyped
from netbuilder.ui.ports import sockets
from netbuilder.ui.wiring import Refusal

CLIP_FORMAT = "netbuilder-clip"

_LONGEST = 8 * 2**20
_HEADER = re.compile(r'\s*\{\s*"format"\s*:\s*"(netbuilder-clip|netbuilder)"')
_INCOMING = "incoming"


@dataclass(frozen=True, slots=True)
class Clip:
    """Copied blocks with the wires between them, and the wires that came from outside: name and port, and to where."""

    project: Project
    incoming: tuple[tuple[str, str, PortRef], ...]

    def text(self) -> str:
        """Return the clip as text for the clipboard."""
        outside = [[name, port, target.node, target.port] for name, port, target in self.incoming]
        project = self.project.copy()
        project.data = {_INCOMING: tuple(map(tuple, outside))}
        return dumps(project).replace(f'"{FORMAT}"', f'"{CLIP_FORMAT}"', 1)

    @property
    def corner(self) -> Position:
        """The top left corner of what was copied."""
        places = self.project.layout.values()
        return min(x for x, _ in places), min(y for _, y in places)


def clip(project: Project, nodes: Collection[NodeId]) -> Clip | None:
    """Return these blocks as a clip; None where there are none."""
    graph = project.graph
    chosen = sorted((node for node in set(nodes) if node in graph), key=creation_number)
    if not chosen:
        return None
    part = Project()
    part.groups = _used_groups(project, {group for node in chosen if (group := group_of(graph.node(node).type))})
    inside = {node for definition in part.groups.values() for node in definition.graph}
    ids = project.new_ids()
    twins = {node: next(ids) if node in inside else node for node in chosen}  # a file may have a group hold itself
    for node in chosen:
        AddNode(replace(graph.node(node), id=twins[node]), project.layout[node]).apply(part)
    incoming: list[tuple[str, str, PortRef]] = []
    for edge in (edge for node in chosen for edge in graph.edges_into(node)):
        target = _moved(edge.target, twins)
        if edge.source.node in twins:
            Connect(Edge(_moved(edge.source, twins), target)).apply(part)
        else:
            incoming.append((graph.node(edge.source.node).name, edge.source.port, target))
    return Clip(part, tuple(incoming))


def parse(text: str) -> Clip | Refusal:
    """Read a clip, or a whole project, from text that may be anything."""
    header = _HEADER.match(text[:200])
    if header is None or len(text) > _LONGEST:
        return Refusal("clipboard", "The clipboard holds no blocks.")
    start, end = header.span(1)
    try:
        project = loads(text[:start] + FORMAT + text[end:], "The clipboard")
    except NetbuilderError as error:
        return Refusal("clipboard", str(error))
    if not len(project.graph):
        return Refusal("clipboard", "The clipboard holds no blocks.")
    incoming = tuple(_incoming(project)) if header[1] == CLIP_FORMAT else ()
    return Clip(project, incoming)


def paste(
    project: Project,
    ids: Iterator[NodeId],
    copied: Clip,
    corner: Position,
    *,
    sheet: GroupId | None = None,
    keep_incoming: bool = False,
) -> Edit | Refusal:
    """Put a copy of the clip on a sheet, its top left corner at `corner`. The edit says on which sheets it is made.

    Groups that the copied blocks are instances of come along, unless the project has the same. With `keep_incoming`,
    wires from outside are drawn again from the blocks of the same names, where there are such.
    """
    draft = Draft(project)
    known = bring_groups(draft, ids, copied.project)
    for group in sorted(copied.project.groups_used() & known.keys()):
        refused = refused_inside(draft.project, sheet, known[group])
        if refused:
            return refused
    graph = draft.project.sheet(sheet).graph
    left, top = copied.corner
    x, y = snap(corner)
    twins: dict[NodeId, NodeId] = {}
    for node in copied.project.graph.nodes():
        at = copied.project.layout[node.id]
        twin = replace(node, id=next(ids), name=graph.free_name(node.name), type=retyped(node.type, known))
        draft.do(AddNode(twin, (x + at[0] - left, y + at[1] - top), sheet))
        twins[node.id] = twin.id
    for edge in copied.project.graph.edges():
        draft.do(Connect(Edge(_moved(edge.source, twins), _moved(edge.target, twins)), sheet))
    if keep_incoming:
        home = project.inside(sheet) if sheet else project
        for edge in _incoming_wires(home, copied, twins):
            draft.do(Connect(edge, sheet))
    what = graph.node(*twins.values()).name if len(twins) == 1 else f"{len(twins)} blocks"
    return draft.batch(f"Paste {what}")


def _used_groups(project: Project, groups: set[GroupId]) -> dict[GroupId, Group]:
    """Return copies of these groups and of all that are in them."""
    waiting, found = list(groups), dict[GroupId, Group]()
    while waiting:
        group = waiting.pop()
        if group not in found and group in project.groups:
            found[group] = project.groups[group].copy()
            waiting += project.groups[group].groups_used()
    return found


def _incoming_wires(home: Project, copied: Clip, twins: dict[NodeId, NodeId]) -> Iterator[Edge]:
    for name, port, target in copied.incoming:
        source = home.graph.named(name)
        if source and any(socket.name == port for socket in sockets(home, source.id).outputs):
            yield Edge(PortRef(source.id, port), _moved(target, twins))


def _moved(end: PortRef, twins: dict[NodeId, NodeId]) -> PortRef:
    return PortRef(twins[end.node], end.port)


def _incoming(project: Project) -> Iterator[tuple[str, str, PortRef]]:
    """Yield the wires from outside; what is not one, or would be a second one into a port, is none."""
    listed = project.data.get(_INCOMING, ())
    taken = {edge.target for edge in project.graph.edges()}
    for wire in listed if isinstance(listed, tuple) else ():
        match wire:
            case (str() as name, str() as port, str() as node, str() as target_port):
                target = PortRef(NodeId(node), target_port)
                if target.node in project.graph and target not in taken:
                    taken.add(target)
                    yield name, port, target
            case _:
                continue
