"""What copy puts on the clipboard and paste takes from it: text, so that it travels between windows and in a chat.

A clip is the text of a project that holds what was copied, with the format's name changed, and in its data section the
wires that came from outside, by the names of the blocks they came from. So it is read as strictly as a file, and the text
of a whole project file can be pasted as well.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from netbuilder.diagnostics import NetbuilderError
from netbuilder.graph.edits import AddNode, Batch, Connect, Edit
from netbuilder.graph.files import FORMAT, dumps, loads
from netbuilder.graph.model import Edge, NodeId, PortRef, creation_number
from netbuilder.graph.project import Position, Project
from netbuilder.ui.geometry import snap
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
    for node in chosen:
        AddNode(graph.node(node), project.layout[node]).apply(part)
    incoming: list[tuple[str, str, PortRef]] = []
    for edge in (edge for node in chosen for edge in graph.edges_into(node)):
        if edge.source.node in part.graph:
            Connect(edge).apply(part)
        else:
            incoming.append((graph.node(edge.source.node).name, edge.source.port, edge.target))
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
    project: Project, ids: Iterator[NodeId], copied: Clip, corner: Position, *, keep_incoming: bool = False
) -> Edit:
    """Put a copy of the clip on the canvas, its top left corner at `corner`.

    With `keep_incoming`, wires from outside are drawn again from the blocks of the same names, where there are such.
    """
    scratch = project.copy()  # so that each name is free of those given before it
    left, top = copied.corner
    x, y = snap(corner)
    twins: dict[NodeId, NodeId] = {}
    edits: list[Edit] = []
    for node in copied.project.graph.nodes():
        at = copied.project.layout[node.id]
        name = scratch.graph.free_name(node.name)
        twin = replace(node, id=next(ids), name=name)
        edit = AddNode(twin, (x + at[0] - left, y + at[1] - top))
        edit.apply(scratch)
        edits.append(edit)
        twins[node.id] = twin.id
    inner = (Edge(_moved(edge.source, twins), _moved(edge.target, twins)) for edge in copied.project.graph.edges())
    edits.extend(map(Connect, inner))
    if keep_incoming:
        edits += _incoming_wires(project, copied, twins)
    what = edits[0].node.name if isinstance(edits[0], AddNode) and len(twins) == 1 else f"{len(twins)} blocks"
    return Batch(tuple(edits), f"Paste {what}")


def _incoming_wires(project: Project, copied: Clip, twins: dict[NodeId, NodeId]) -> Iterator[Edit]:
    for name, port, target in copied.incoming:
        source = project.graph.named(name)
        if source and any(socket.name == port for socket in sockets(project, source.id).outputs):
            yield Connect(Edge(PortRef(source.id, port), _moved(target, twins)))


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
