"""Which wires may be drawn, and why others may not: the same rules for a drag, a drop, a paste and a deletion."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from netbuilder.blocks.spec import TensorSpec
from netbuilder.graph.model import Graph, NodeId, PortRef
from netbuilder.graph.project import Project
from netbuilder.ui.ports import Kind, Socket, input_sockets, kind_of, sockets

Specs = Mapping[PortRef, TensorSpec]
UNKNOWN: Specs = {}


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a gesture can't be done, in a sentence to show at the pointer."""

    code: Literal[
        "cycle", "taken", "rank", "dtype", "no-port", "unknown", "busy", "name", "clipboard", "group", "weights"
    ]
    message: str


def check(project: Project, source: PortRef, target: PortRef, specs: Specs = UNKNOWN) -> Refusal | None:
    """Say why there can be no wire from `source` to `target`, or return None where there can."""
    graph = project.graph
    gone = [end for end in (source, target) if end.node not in graph]
    if gone:
        return Refusal("unknown", f"There is no block {gone[0].node} any more.")
    outputs, inputs = sockets(project, source.node).outputs, sockets(project, target.node).inputs
    for end, offered in ((source, outputs), (target, inputs)):
        if not any(accepts_wires(project, end, socket) for socket in offered):
            return Refusal("no-port", f"“{graph.node(end.node).name}” has no port “{end.port}”.")
    return _check(project, source, target, specs, graph.would_cycle)


def accepting_inputs(project: Project, source: PortRef, specs: Specs = UNKNOWN) -> dict[PortRef, Refusal | None]:
    """Judge every input port of the network for a wire from `source`: why it can't take it, or None."""
    before = project.graph.ancestors([source.node])
    return {
        target: _check(project, source, target, specs, lambda _, node: node in before)
        for node in project.graph
        for socket in sockets(project, node).inputs
        if accepts_wires(project, target := PortRef(node, socket.name), socket)
    }


def accepting_outputs(project: Project, target: PortRef, specs: Specs = UNKNOWN) -> dict[PortRef, Refusal | None]:
    """Judge every output port of the network for a wire to `target`: why it can't feed it, or None."""
    behind = project.graph.descendants([target.node])
    return {
        source: _check(project, source, target, specs, lambda node, _: node in behind)
        for node in project.graph
        for socket in sockets(project, node).outputs
        if accepts_wires(project, source := PortRef(node, socket.name), socket)
    }


def _check(
    project: Project, source: PortRef, target: PortRef, specs: Specs, would_cycle: Callable[[NodeId, NodeId], bool]
) -> Refusal | None:
    graph = project.graph
    if would_cycle(source.node, target.node):
        name, fed = graph.node(source.node).name, graph.node(target.node).name
        if name == fed:
            return Refusal("cycle", f"“{name}” can't feed itself.")
        return Refusal("cycle", f"This would close a circle: “{fed}” comes before “{name}” already.")
    if graph.edge_into(target):
        return taken(graph, target)
    socket = next(socket for socket in sockets(project, target.node).inputs if socket.name == target.port)
    return misfit(socket, graph.node(target.node).name, specs.get(source))


def taken(graph: Graph, target: PortRef) -> Refusal:
    """Refuse a second wire into an input port."""
    return Refusal("taken", f"Input “{target.port}” of “{graph.node(target.node).name}” has a wire already.")


def unknown(type_id: str) -> Refusal:
    """Refuse a block that this version does not have."""
    return Refusal("unknown", f"This version has no block “{type_id[:40]}”.")


def accepts_wires(project: Project, end: PortRef, socket: Socket) -> bool:
    """Tell whether the socket is this end, and a wire may be drawn there: any on an unknown block,
    else declared ones.
    """
    return socket.name == end.port and (
        socket.port is not None or kind_of(project, project.graph.node(end.node).type) is None
    )


def misfit(socket: Socket, name: str, spec: TensorSpec | None) -> Refusal | None:
    """Say why an input of the block `name` can't take a tensor of this spec; None where it can, or nobody knows."""
    port = socket.port
    if port is None or spec is None:
        return None
    where = f"Input “{socket.name}” of “{name}”"
    if not port.takes_dtype(spec):
        wanted = "whole numbers (int64)" if port.dtype == "integer" else "real numbers (float32)"
        return Refusal("dtype", f"{where} takes {wanted}; this wire carries {spec.dtype}.")
    if not port.takes_rank(spec):
        return Refusal("rank", f"{where} takes {port.sizes()}; this wire carries {spec}.")
    return None


def first_fit(kind: Kind, spec: TensorSpec | None) -> str | None:
    """Return the first input of a new block that takes a tensor of this spec, of those that it can't do without."""
    for socket in input_sockets(kind.inputs):
        if not (socket.port and socket.port.optional) and misfit(socket, "", spec) is None:
            return socket.name
    return None
