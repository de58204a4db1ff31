"""The network as drawn: nodes, and wires from output ports to input ports, over a `networkx.MultiDiGraph`.

The graph knows nothing of layers: whether a type or a port exists is for the compiler to say, so that a half-drawn or a
stranger's network can be held, shown and saved. It does keep three promises: node names are unique, an input port takes
at most one wire, and a wire's two nodes exist. Only edits (`netbuilder.graph.edits`) call the methods that change it.
"""

from __future__ import annotations

import itertools
import keyword
import math
import re
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple, NewType, TypeAlias, cast

import networkx as nx

NodeId = NewType("NodeId", str)

Json: TypeAlias = "None | bool | int | float | str | tuple[Json, ...] | Mapping[str, Json]"

_NODE_ID = re.compile(r"n[1-9][0-9]{0,8}")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_NAME_LENGTH = 64


class GraphError(ValueError):
    """A change that would break a promise of the graph. The message is one sentence for the user."""


def freeze(value: Any) -> Json:
    """Return the same JSON value with tuples for lists and read-only mappings for dicts."""
    if isinstance(value, Mapping):
        return MappingProxyType({str(key): freeze(item) for key, item in value.items()})  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    if isinstance(value, list | tuple):
        return tuple(freeze(item) for item in value)  # pyright: ignore[reportUnknownVariableType]
    return value


def thaw(value: Json) -> Any:
    """Return the same JSON value with lists for tuples and dicts for mappings, as `json` and pydantic take it."""
    if isinstance(value, Mapping):
        return {key: thaw(item) for key, item in value.items()}
    return [thaw(item) for item in value] if isinstance(value, tuple | list) else value


def finite(value: object) -> object:
    """Return a value fit for strict JSON: infinity and what is not a number, which it has no word for, become null."""
    if isinstance(value, Mapping):
        return {key: finite(item) for key, item in cast("Mapping[object, object]", value).items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in cast("Iterable[object]", value)]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def is_node_id(text: str) -> bool:
    """Tell whether `text` has the form of a node id: `n` and a creation number."""
    return _NODE_ID.fullmatch(text) is not None


def creation_number(node: NodeId) -> int:
    """Return the number that orders nodes wherever topology leaves a choice."""
    return int(node[1:])


def name_problem(name: str) -> str | None:
    """Say in a sentence why `name` can't name a node, or return None: names become Python attributes and ONNX names."""
    if not name:
        return "A name can't be empty."
    if len(name) > _NAME_LENGTH:
        return f"A name has at most {_NAME_LENGTH} characters."
    if not _NAME.fullmatch(name):
        return f"“{name}” can't be a name: use letters, digits and underscores, and start with a letter."
    if keyword.iskeyword(name):
        return f"“{name}” can't be a name: it is a word of the Python language."
    return None


def free_name(stem: str, taken: Container[str]) -> str:
    """Return `stem` as a name that is not taken: conv2d, conv2d_2, conv2d_3. One that is too long is cut."""
    base = re.sub(r"_[0-9]+$", "", stem)
    numbers = (f"_{count}" for count in itertools.count(2))
    numbered = (base[: _NAME_LENGTH - len(number)] + number for number in numbers)
    return next(name for name in itertools.chain([stem[:_NAME_LENGTH]], numbered) if name not in taken)


@dataclass(frozen=True, slots=True)
class Node:
    """A block on the canvas: its registry type and the parameters set on it, as JSON values."""

    id: NodeId
    type: str
    name: str
    params: Mapping[str, Json]

    def __post_init__(self) -> None:
        object.__setattr__(self, "params", freeze(self.params))


class PortRef(NamedTuple):
    """A port of a node. Whether it is an input or an output shows from where it stands in an `Edge`.

    A tuple, as `Edge` is: both are keys of whatever is looked up while a network is edited, and tuples hash in C.
    """

    node: NodeId
    port: str


class Edge(NamedTuple):
    """A wire from an output port to an input port."""

    source: PortRef
    target: PortRef


class Graph:
    """Nodes and wires. All iteration is in creation order, whatever the order of changes was."""

    def __init__(self) -> None:
        self._graph: nx.MultiDiGraph[NodeId] = nx.MultiDiGraph()
        self._names: dict[str, NodeId] = {}
        self._into: dict[NodeId, dict[str, Edge]] = {}
        self._order: tuple[tuple[NodeId, ...], tuple[NodeId, ...]] | None = None

    # Queries

    def __contains__(self, node: object) -> bool:
        return node in self._graph

    def __len__(self) -> int:
        return len(self._graph)

    def __iter__(self) -> Iterator[NodeId]:
        return iter(sorted(self._graph, key=creation_number))

    def node(self, node: NodeId) -> Node:
        """Return the node with this id; `GraphError` if there is none."""
        try:
            return self._graph.nodes[node]["node"]
        except KeyError:
            raise GraphError(f"There is no node {node}.") from None

    def nodes(self) -> list[Node]:
        """Return all nodes in creation order."""
        return [self._graph.nodes[node]["node"] for node in self]

    def named(self, name: str) -> Node | None:
        """Return the node of this name, if any."""
        return self.node(self._names[name]) if name in self._names else None

    def edges(self) -> list[Edge]:
        """Return all wires, ordered by source and then by target, in creation order."""
        return sorted((data["edge"] for *_, data in self._graph.edges(data=True)), key=_edge_order)

    def has_edge(self, edge: Edge) -> bool:
        """Tell whether this very wire is there."""
        return self.edge_into(edge.target) == edge

    def edges_into(self, node: NodeId) -> list[Edge]:
        """Return the wires that end at this node."""
        return sorted(self._into.get(node, {}).values(), key=_edge_order)

    def edges_out_of(self, node: NodeId) -> list[Edge]:
        """Return the wires that start at this node."""
        return sorted((data["edge"] for *_, data in self._graph.out_edges(node, data=True)), key=_edge_order)

    def edge_into(self, port: PortRef) -> Edge | None:
        """Return the wire that ends at this input port, if any."""
        return self._into.get(port.node, {}).get(port.port)

    def wires_into(self, node: NodeId) -> Mapping[str, Edge]:
        """Return the wires that end at this node, by input port."""
        return self._into.get(node, {})

    def topological_order(self) -> tuple[tuple[NodeId, ...], tuple[NodeId, ...]]:
        """Return the nodes before which all their sources stand, ties by creation number, and those left over: every
        node on a cycle or behind one. Sorted anew only after a node or a wire came or went.
        """
        if self._order is None:
            self._order = self._sort()
        return self._order

    def _sort(self) -> tuple[tuple[NodeId, ...], tuple[NodeId, ...]]:
        order: list[NodeId] = []
        try:
            for node in nx.lexicographical_topological_sort(self._graph, key=creation_number):
                order.append(node)  # noqa: PERF402 - what was sorted before the cycle was met is kept
        except nx.NetworkXUnfeasible:
            done = set(order)
            return tuple(order), tuple(node for node in self if node not in done)
        return tuple(order), ()

    def cycles(self) -> list[list[NodeId]]:
        """Return the node sets that form cycles, each in creation order."""
        components = nx.strongly_connected_components(self._graph)
        loops = [part for part in components if len(part) > 1 or any(self._graph.has_edge(n, n) for n in part)]
        return sorted((sorted(part, key=creation_number) for part in loops), key=lambda part: creation_number(part[0]))

    def ancestors(self, nodes: Iterable[NodeId]) -> set[NodeId]:
        """Return the given nodes and every node that feeds them."""
        return _reached(nodes, self._graph.predecessors)

    def descendants(self, nodes: Iterable[NodeId]) -> set[NodeId]:
        """Return the given nodes and every node that they feed."""
        return _reached(nodes, self._graph.successors)

    def would_cycle(self, source: NodeId, target: NodeId) -> bool:
        """Tell whether a wire from `source` to `target` would close a cycle."""
        return source == target or nx.has_path(self._graph, target, source)

    def free_name(self, stem: str) -> str:
        """Return `stem` as a name that no node has: conv2d, conv2d_2, conv2d_3."""
        return free_name(stem, self._names)

    def copy(self) -> Graph:
        """Return an independent graph. Nodes and wires are frozen, so they are shared."""
        twin = Graph()
        twin._graph = self._graph.copy()
        twin._names = dict(self._names)
        twin._into = {node: dict(wires) for node, wires in self._into.items()}
        twin._order = self._order
        return twin

    # Changes, for edits alone

    def add(self, node: Node) -> None:
        """Add a node that has no wires yet."""
        if not is_node_id(node.id):
            raise GraphError(f"“{node.id}” is not a node id: blocks are numbered from n1 to n999999999.")
        if node.id in self._graph:
            raise GraphError(f"There is a node {node.id} already.")
        self._claim(node.name, node.id)
        self._graph.add_node(node.id, node=node)
        self._order = None

    def remove(self, node: NodeId) -> None:
        """Remove a node that has no wires any more."""
        name = self.node(node).name
        if self._graph.degree(node):
            raise GraphError(f"“{name}” still has wires.")
        del self._names[name]
        self._graph.remove_node(node)
        self._into.pop(node, None)
        self._order = None

    def replace(self, node: Node) -> None:
        """Put a changed version in the place of the node with the same id."""
        old = self.node(node.id)
        if node.name != old.name:
            self._claim(node.name, node.id)
            del self._names[old.name]
        self._graph.nodes[node.id]["node"] = node

    def connect(self, edge: Edge) -> None:
        """Add a wire between two nodes that exist, into an input port that is free."""
        for end in (edge.source, edge.target):
            if end.node not in self._graph:
                raise GraphError(f"The wire {_wire(edge)} is dangling: there is no node {end.node}.")
        taken = self.edge_into(edge.target)
        if taken:
            name = self.node(edge.target.node).name
            raise GraphError(f"Input “{edge.target.port}” of “{name}” has a wire already.")
        self._graph.add_edge(edge.source.node, edge.target.node, key=(edge.source.port, edge.target.port), edge=edge)
        self._into.setdefault(edge.target.node, {})[edge.target.port] = edge
        self._order = None

    def disconnect(self, edge: Edge) -> None:
        """Remove a wire."""
        if not self.has_edge(edge):
            raise GraphError(f"There is no wire {_wire(edge)}.")
        self._graph.remove_edge(edge.source.node, edge.target.node, key=(edge.source.port, edge.target.port))
        del self._into[edge.target.node][edge.target.port]
        self._order = None

    def _claim(self, name: str, node: NodeId) -> None:
        problem = name_problem(name)
        if problem:
            raise GraphError(problem)
        if name in self._names:
            raise GraphError(f"There is a node named “{name}” already.")
        self._names[name] = node


def _reached(nodes: Iterable[NodeId], neighbours: Callable[[NodeId], Iterable[NodeId]]) -> set[NodeId]:
    """Return the given nodes and all that are found by going from neighbour to neighbour."""
    found: set[NodeId] = set()
    waiting = list(nodes)
    while waiting:
        node = waiting.pop()
        if node not in found:
            found.add(node)
            waiting.extend(neighbours(node))
    return found


def _edge_order(edge: Edge) -> tuple[int, str, int, str]:
    return creation_number(edge.source.node), edge.source.port, creation_number(edge.target.node), edge.target.port


def _wire(edge: Edge) -> str:
    return f"{edge.source.node}.{edge.source.port} → {edge.target.node}.{edge.target.port}"
