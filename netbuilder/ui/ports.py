"""The ports that a block shows: those it declares, a slot more for a variadic input, and those that stray wires name.

An instance of a group declares what its group has inside: an input for each `Input`, an output for each `Output`.

A network may hold blocks that this version does not know, and wires to ports that a block does not have. Both are
shown, so that they can be seen and mended.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from netbuilder.blocks import registry
from netbuilder.blocks.spec import Port, Role
from netbuilder.compiler import groups
from netbuilder.graph.model import NodeId
from netbuilder.graph.project import Project, group_of

_MOST_SLOTS = 64
_MOST_STRAYS = 64
_NUMBERED = re.compile(r"(.+?)([1-9][0-9]{0,3})")


@dataclass(frozen=True, slots=True)
class Kind:
    """What blocks of one type look like from outside, be they of the library or instances of a group."""

    name: str
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    role: Role


def kind_of(project: Project, type_id: str) -> Kind | None:
    """Return what blocks of a type look like; None for a type that is not known here."""
    group = group_of(type_id)
    if group is not None:
        definition = project.groups.get(group)
        return Kind(definition.name, *groups.ports(definition), "layer") if definition else None
    block = registry.get(type_id)
    return Kind(type_id, block.inputs, block.outputs, block.role) if block else None


@dataclass(frozen=True, slots=True)
class Socket:
    """A place on a block's side. `port` is what the block declares for it; None where it declares nothing."""

    name: str
    port: Port | None


@dataclass(frozen=True, slots=True)
class Sockets:
    """All sockets of a block, from top to bottom."""

    inputs: tuple[Socket, ...]
    outputs: tuple[Socket, ...]

    @property
    def most(self) -> int:
        """How many there are on the fuller side."""
        return max(len(self.inputs), len(self.outputs))


def sockets(project: Project, node: NodeId) -> Sockets:
    """Return the sockets of a node, as it is wired now."""
    graph = project.graph
    kind = kind_of(project, graph.node(node).type)
    into = [edge.target.port for edge in graph.edges_into(node)]
    out_of = [edge.source.port for edge in graph.edges_out_of(node)]
    inputs = input_sockets(kind.inputs, into) if kind else ()
    outputs = tuple(Socket(port.name, port) for port in kind.outputs) if kind else ()
    return Sockets(_with_strays(inputs, into), _with_strays(outputs, out_of))


def input_sockets(ports: Iterable[Port], wired: Iterable[str] = ()) -> tuple[Socket, ...]:
    """Return the inputs of a block: a variadic one as x1, x2, ... up to the first behind the last that is wired."""
    return tuple(_inputs(ports, set(wired)))


def _inputs(ports: Iterable[Port], wired: set[str]) -> Iterator[Socket]:
    for port in ports:
        if not port.variadic:
            yield Socket(port.name, port)
            continue
        numbers = [number for name in wired if (number := _slot(port.name, name))]
        for number in range(1, min(max([1, *numbers]) + 1, _MOST_SLOTS) + 1):
            yield Socket(f"{port.name}{number}", port)


def _slot(port: str, name: str) -> int | None:
    """Return 3 for the slot x3 of the variadic port x."""
    match = _NUMBERED.fullmatch(name)
    number = int(match[2]) if match and match[1] == port else None
    return number if number is None or number <= _MOST_SLOTS else None


def _with_strays(declared: tuple[Socket, ...], wired: Iterable[str]) -> tuple[Socket, ...]:
    known = {socket.name for socket in declared}
    strays = [Socket(name, None) for name in dict.fromkeys(wired) if name not in known]
    return (*declared, *strays[:_MOST_STRAYS])
