"""What a gesture means: pure functions from a project and what the hand did to the edit that does it, or to why not.

Nothing here changes a project or knows of Qt. `specs` are the shapes that the compiler knows (`Lowering.specs`); where
it does not know one, rank and type can't be a reason to refuse.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from netbuilder.blocks import registry
from netbuilder.blocks.parameters import defaults
from netbuilder.graph.edits import AddNode, Batch, Connect, Disconnect, Edit, MoveNodes, RemoveNode, RenameNode, flatten
from netbuilder.graph.model import Edge, Graph, Node, NodeId, PortRef, creation_number, name_problem
from netbuilder.graph.placing import COLUMN, free_spot
from netbuilder.graph.project import Position, Project, Sheet
from netbuilder.ui.geometry import snap
from netbuilder.ui.ports import Kind, input_sockets, kind_of, sockets
from netbuilder.ui.wiring import UNKNOWN, Refusal, Specs, accepts_wires, check, first_fit, misfit, taken, unknown

_JUDGES = ("loss", "metric")

# Wires


def connect(project: Project, source: PortRef, target: PortRef, specs: Specs = UNKNOWN) -> Edit | Refusal:
    """Draw a wire from an output port to an input port."""
    return check(project, source, target, specs) or Connect(Edge(source, target))


def connect_to_block(project: Project, source: PortRef, node: NodeId, specs: Specs = UNKNOWN) -> Edit | Refusal:
    """Draw a wire from `source` to the first input of the block that is free and fits.

    None that is there is replaced.
    """
    targets = [PortRef(node, socket.name) for socket in sockets(project, node).inputs]
    return _first_of((connect(project, source, target, specs) for target in targets), project, node, "inputs")


def connect_from_block(project: Project, node: NodeId, target: PortRef, specs: Specs = UNKNOWN) -> Edit | Refusal:
    """Draw a wire to `target` from the first output of the block that fits."""
    sources = [PortRef(node, socket.name) for socket in sockets(project, node).outputs]
    return _first_of((connect(project, source, target, specs) for source in sources), project, node, "outputs")


def connect_blocks(project: Project, source: NodeId, target: NodeId, specs: Specs = UNKNOWN) -> Edit | Refusal:
    """Draw a wire between two blocks, at the first ports that fit."""
    outputs = [PortRef(source, socket.name) for socket in sockets(project, source).outputs]
    attempts = (connect_to_block(project, output, target, specs) for output in outputs)
    return _first_of(attempts, project, source, "outputs")


def connect_in_line(project: Project, nodes: Sequence[NodeId], specs: Specs = UNKNOWN) -> Edit | Refusal:
    """Draw a wire from each block to the next: all of them or none."""
    scratch = project.copy()
    wires: list[Edit] = []
    for source, target in itertools.pairwise(nodes):
        wire = connect_blocks(scratch, source, target, specs)
        if isinstance(wire, Refusal):
            return wire
        wire.apply(scratch)
        wires.append(wire)
    return _batch(f"Connect {_count(nodes, 'block')}", *wires)


def reroute(project: Project, edge: Edge, target: PortRef, specs: Specs = UNKNOWN) -> Edit | Refusal:
    """Move the end of a wire to another input port."""
    refused = check(project, edge.source, target, specs)
    return refused or _batch("Move wire", Disconnect(edge), Connect(Edge(edge.source, target)))


def reroute_to_block(project: Project, edge: Edge, node: NodeId, specs: Specs = UNKNOWN) -> Edit | Refusal:
    """Move the end of a wire to the first input of a block that is free and fits."""
    found = connect_to_block(project, edge.source, node, specs)
    return found if isinstance(found, Refusal) else _batch("Move wire", Disconnect(edge), found)


def disconnect(project: Project, edges: Collection[Edge]) -> Edit | None:
    """Take wires away; None where none of them is there."""
    present = [edge for edge in edges if project.graph.has_edge(edge)]
    return _batch(f"Cut {_count(present, 'wire')}", *map(Disconnect, present)) if present else None


# Blocks


def add_block(
    project: Project,
    ids: Iterator[NodeId],
    type_id: str,
    position: Position | None,
    after: NodeId | None = None,
    specs: Specs = UNKNOWN,
) -> Edit | Refusal:
    """Put a new block on the canvas; `after` wires it to that block, if it fits,
    and places it where `position` is None. Nothing is wired to a loss or metric: another of them judges what it judges.
    """
    node = new_node(project, ids, type_id)
    if isinstance(node, Refusal):
        return node
    spot = snap(position) if position else _spot_after(project, after)
    wires = _wires_after(project, after, node, specs) if after and after in project.graph else ()
    return _batch(f"Add {node.name}", AddNode(node, spot), *map(Connect, wires))


def add_fed_block(
    project: Project, ids: Iterator[NodeId], type_id: str, position: Position, source: PortRef, specs: Specs = UNKNOWN
) -> Edit | Refusal:
    """Put a new block where a wire from the output port `source` was let go, and wire it."""
    node = new_node(project, ids, type_id)
    if isinstance(node, Refusal):
        return node
    kind = _kind_of(project, node)
    port = first_fit(kind, specs.get(source))
    if port is None:
        return Refusal("no-port", f"{kind.name} has no input for this wire.")
    wire = Connect(Edge(source, PortRef(node.id, port)))
    return _batch(f"Add {node.name}", AddNode(node, snap(position)), wire)


def add_feeding_block(
    project: Project, ids: Iterator[NodeId], type_id: str, position: Position, target: PortRef
) -> Edit | Refusal:
    """Put a new block where a wire from the input port `target` was let go, and wire it."""
    node = new_node(project, ids, type_id)
    if isinstance(node, Refusal):
        return node
    kind = _kind_of(project, node)
    if not kind.outputs:
        return Refusal("no-port", f"{kind.name} has no output.")
    if project.graph.edge_into(target):
        return taken(project.graph, target)
    wire = Connect(Edge(PortRef(node.id, kind.outputs[0].name), target))
    return _batch(f"Add {node.name}", AddNode(node, snap(position)), wire)


def splice(
    project: Project,
    ids: Iterator[NodeId],
    edge: Edge,
    type_id: str,
    position: Position,
    specs: Specs = UNKNOWN,
) -> Edit | Refusal:
    """Put a new block into a wire."""
    refused = can_splice(project, edge, type_id, specs)
    node = new_node(project, ids, type_id)
    if refused or isinstance(node, Refusal):
        return refused or node  # pyright: ignore[reportReturnType] - one of the two is a refusal
    return _batch(f"Insert {node.name}", AddNode(node, snap(position)), *_splice(project, edge, node, specs))


def splice_existing(
    project: Project, edge: Edge, node: NodeId, position: Position, specs: Specs = UNKNOWN
) -> Edit | Refusal:
    """Move a block that has no wires into a wire."""
    graph = project.graph
    if graph.edges_into(node) or graph.edges_out_of(node):
        return Refusal("busy", f"“{graph.node(node).name}” has wires of its own.")
    placed = graph.node(node)
    refused = can_splice(project, edge, placed.type, specs)
    return refused or _batch(
        f"Insert {placed.name}", MoveNodes(((node, snap(position)),)), *_splice(project, edge, placed, specs)
    )


def can_splice(project: Project, edge: Edge, type_id: str, specs: Specs = UNKNOWN) -> Refusal | None:
    """Say why a block of this type can't go into the wire, or return None where it can."""
    kind = kind_of(project, type_id)
    if kind is None:
        return unknown(type_id)
    if not project.graph.has_edge(edge):
        return Refusal("unknown", "This wire is gone.")
    if not kind.outputs or kind.role in _JUDGES:
        return Refusal("no-port", f"{kind.name} ends a path; it can't stand inside one.")
    if first_fit(kind, specs.get(edge.source)) is None:
        return Refusal("no-port", f"{kind.name} has no input that takes this wire.")
    return None


def delete(
    project: Project, nodes: Collection[NodeId], edges: Collection[Edge] = (), specs: Specs = UNKNOWN
) -> Edit | None:
    """Delete blocks and wires. Where a block had one wire in, and all wires out at one port, these are joined."""
    graph = project.graph
    present = sorted((node for node in set(nodes) if node in graph), key=creation_number)
    gone = set(present)
    cut = [edge for edge in edges if graph.has_edge(edge) and not {edge.source.node, edge.target.node} & gone]
    if not present:
        return disconnect(project, cut)
    healed = [Connect(edge) for edge in _healed(project, gone, set(edges), specs)]
    name = graph.node(present[0]).name if len(present) == 1 else _count(present, "block")
    return _batch(f"Delete {name}", *map(Disconnect, cut), *map(RemoveNode, present), *healed)


def rename(project: Sheet, node: NodeId, name: str) -> RenameNode | Refusal | None:
    """Give a block another name; None where it is the one it has."""
    name = name.strip()
    if node not in project.graph:
        return Refusal("unknown", "This block is gone.")
    if name == project.graph.node(node).name:
        return None
    problem = name_problem(name)
    if not problem and project.graph.named(name):
        problem = f"There is a block named “{name}” already."
    return Refusal("name", problem) if problem else RenameNode(node, name)


def move(project: Project, positions: Mapping[NodeId, Position], label: str = "") -> Edit | None:
    """Put blocks elsewhere; None where nothing moves."""
    changed = {node: spot for node, spot in positions.items() if project.layout.get(node, spot) != spot}
    if not changed:
        return None
    edit = MoveNodes(tuple(sorted(changed.items(), key=lambda item: creation_number(item[0]))))
    return Batch((edit,), label) if label else edit


def nudge(project: Project, nodes: Iterable[NodeId], dx: float, dy: float) -> MoveNodes | None:
    """Push blocks along; a step that can be merged with the next of the same blocks."""
    present = sorted((node for node in nodes if node in project.graph), key=creation_number)
    layout = project.layout
    moved = tuple((node, (layout[node][0] + dx, layout[node][1] + dy)) for node in present)
    return MoveNodes(moved) if moved else None


def added(edit: Edit) -> list[NodeId]:
    """Return the blocks that an edit puts on the canvas."""
    return [part.node.id for part in flatten(edit) if isinstance(part, AddNode)]


def connected(edit: Edit) -> Edge:
    """Return the wire that an edit draws last."""
    return [part.edge for part in flatten(edit) if isinstance(part, Connect)][-1]


def name_of_instance(group: str) -> str:
    """Return what an instance of a group of this name is called: just so, in small letters where that can be a name."""
    return group if name_problem(group.lower()) else group.lower()


def new_node(project: Project, ids: Iterator[NodeId], type_id: str) -> Node | Refusal:
    """Return a node of this type with a fresh id, a free name and its parameters at their defaults.

    An `Input` stands for the first field of the data that none stands for yet, and has its name. An instance of a group
    leaves all parameters to the group.
    """
    kind, block = kind_of(project, type_id), registry.get(type_id)
    if kind is None:
        return unknown(type_id)
    if block is None:
        return Node(next(ids), type_id, project.graph.free_name(name_of_instance(kind.name)), {})
    name = kind.name.lower()
    params = defaults(block)
    field = _open_field(project) if block.role == "input" else None
    if field is not None:
        params["field"] = field
        name = name if name_problem(field) else field
    return Node(next(ids), type_id, project.graph.free_name(name), params)


def _open_field(project: Project) -> str | None:
    fields = project.data.get("fields")
    bound = [node.params.get("field") for node in project.graph.nodes()]
    return next((name for name in fields if name not in bound), None) if isinstance(fields, Mapping) else None


# What all of these lean on


def _splice(project: Project, edge: Edge, node: Node, specs: Specs) -> Iterator[Edit]:
    kind = _kind_of(project, node)
    port = first_fit(kind, specs.get(edge.source))
    assert port is not None, "can_splice has looked"
    yield Disconnect(edge)
    yield Connect(Edge(edge.source, PortRef(node.id, port)))
    yield Connect(Edge(PortRef(node.id, kind.outputs[0].name), edge.target))


def _kind_of(project: Project, node: Node) -> Kind:
    kind = kind_of(project, node.type)
    assert kind, "a new block is of a known type"
    return kind


def _spot_after(project: Project, after: NodeId | None) -> Position:
    if after is None or after not in project.layout:
        return snap(free_spot(project.layout.values(), (0.0, 0.0)))
    x, y = project.layout[after]
    return snap(free_spot(project.layout.values(), (x + COLUMN, y)))


def _wires_after(project: Project, after: NodeId, node: Node, specs: Specs) -> Iterator[Edge]:
    """Yield the wire from a block to a new one; from what feeds a loss or metric to the ports of the same names."""
    graph, kind = project.graph, _kind_of(project, node)
    before = kind_of(project, graph.node(after).type)
    if before and before.role in _JUDGES:
        inputs = {socket.name: socket for socket in input_sockets(kind.inputs) if kind.role in _JUDGES}
        for edge in graph.edges_into(after):
            socket = inputs.get(edge.target.port)
            if socket and misfit(socket, "", specs.get(edge.source)) is None:
                yield Edge(edge.source, PortRef(node.id, socket.name))
        return
    for socket in sockets(project, after).outputs:
        source = PortRef(after, socket.name)
        port = first_fit(kind, specs.get(source))
        if port and accepts_wires(project, source, socket):
            yield Edge(source, PortRef(node.id, port))
            return


def _healed(project: Project, gone: set[NodeId], cut: set[Edge], specs: Specs) -> Iterator[Edge]:
    """Yield the wires that join what deleted blocks stood between."""
    graph = project.graph
    for node in sorted(gone, key=creation_number):
        for edge in graph.edges_out_of(node):
            if edge.target.node in gone or edge in cut:
                continue
            source = _source_before(graph, edge, gone, cut)
            if source is None or source.node == edge.target.node:
                continue
            socket = next(s for s in sockets(project, edge.target.node).inputs if s.name == edge.target.port)
            if misfit(socket, "", specs.get(source)) is None:
                yield Edge(source, edge.target)


def _source_before(graph: Graph, edge: Edge, gone: set[NodeId], cut: set[Edge]) -> PortRef | None:
    """Return what fed the deleted blocks behind which `edge` leaves, if they were a single line."""
    source, seen = edge.source, set[NodeId]()
    while source.node in gone:
        into = [wire for wire in graph.edges_into(source.node) if wire not in cut]
        ports_out = {wire.source.port for wire in graph.edges_out_of(source.node)}
        if len(into) != 1 or len(ports_out) != 1 or source.node in seen:
            return None
        seen.add(source.node)
        source = into[0].source
    return source


def _first_of(attempts: Iterable[Edit | Refusal], project: Project, node: NodeId, side: str) -> Edit | Refusal:
    """Return the first edit, else the first refusal that is no mere want of room, else that there are no such ports."""
    refusals: list[Refusal] = []
    for attempt in attempts:
        if not isinstance(attempt, Refusal):
            return attempt
        refusals.append(attempt)
    if not refusals:
        return Refusal("no-port", f"“{project.graph.node(node).name}” has no {side}.")
    if all(refusal.code == "taken" for refusal in refusals) and len(refusals) > 1:
        return Refusal("taken", f"All {side} of “{project.graph.node(node).name}” have a wire already.")
    return next((refusal for refusal in refusals if refusal.code != "taken"), refusals[0])


def _batch(label: str, *edits: Edit) -> Edit:
    return edits[0] if len(edits) == 1 else Batch(edits, label)


def _count(things: Collection[object], noun: str) -> str:
    return f"{len(things)} {noun}" if len(things) == 1 else f"{len(things)} {noun}s"
