"""The parts of the canvas that a hand can point at."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from netbuilder.graph.model import Edge, NodeId, PortRef


class Side(Enum):
    """Which ports: wires end at inputs, on the left, and start at outputs, on the right."""

    INPUT = 0
    OUTPUT = 1

    @property
    def other(self) -> Side:
        """The side that a wire from this one goes to."""
        return Side.OUTPUT if self is Side.INPUT else Side.INPUT


@dataclass(frozen=True, slots=True)
class PortPlace:
    """One port of a block on the canvas."""

    side: Side
    ref: PortRef


@dataclass(frozen=True, slots=True)
class Hit:
    """What is at a place: a port (with its block), a block, a wire, or nothing."""

    node: NodeId | None = None
    port: PortPlace | None = None
    edge: Edge | None = None
