"""Where blocks stand on the screen and which way the wires between them take."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping

from PySide6.QtCore import QObject, QPointF, QRectF, QVariantAnimation

from netbuilder.graph.model import Edge, NodeId, PortRef
from netbuilder.graph.project import Position
from netbuilder.ui.canvas.items import BlockItem
from netbuilder.ui.canvas.motion import GLIDE, animate, halt
from netbuilder.ui.canvas.parts import Side
from netbuilder.ui.canvas.routing import Lanes, Obstacles, Point, Surroundings, route
from netbuilder.ui.canvas.wire_painting import LABEL_ROOM
from netbuilder.ui.canvas.wires import WireItem
from netbuilder.ui.geometry import Rect

_SHORTEST_GLIDE = 16.0
_MOST_GLIDING = 200
_FEW = 32
"""So many blocks at most are watched one by one while they move."""
_REACH = 32.0
"""How far from a block a wire may pass whose way depends on it."""


class Ways:
    """Moves block items and routes wire items."""

    def __init__(
        self,
        blocks: Mapping[NodeId, BlockItem],
        wires: Mapping[Edge, WireItem],
        owner: QObject,
        on_moved: Callable[[], None],
    ) -> None:
        self._owner = owner
        self._blocks = blocks
        self._wires = wires
        self._wires_at: dict[NodeId, set[Edge]] = {}
        self._thinned: set[PortRef] = set()
        self._obstacles: Obstacles[NodeId] = Obstacles()
        self._lanes = Lanes()
        self._on_moved = on_moved
        self._animation: QVariantAnimation | None = None
        self._bound_for: Mapping[NodeId, Position] = {}

    # Which wires there are

    def add(self, edge: Edge) -> None:
        """Take note of a wire."""
        for end in (edge.source, edge.target):
            self._wires_at.setdefault(end.node, set()).add(edge)

    def discard(self, edge: Edge, item: WireItem) -> None:
        """Forget a wire."""
        self._lanes.discard(item.order)
        self._thinned.add(edge.source)
        for end in (edge.source, edge.target):
            self._wires_at[end.node].discard(edge)

    def discard_block(self, node: NodeId) -> None:
        """Forget a block that has no wires any more."""
        self._obstacles.discard(node)
        self._wires_at.pop(node, None)

    def at(self, node: NodeId) -> Collection[Edge]:
        """Return the wires that begin or end at a block."""
        return self._wires_at.get(node, ())

    def blocks_near(self, area: Rect) -> list[NodeId]:
        """Return the blocks that an area touches."""
        return self._obstacles.keys_meeting(area)

    # Places

    def place(self, places: Mapping[NodeId, Position]) -> None:
        """Show blocks at these places, all of them moved alike, for as long as they are dragged.

        Wires between them move along, and wires that they come to lie on keep their ways.
        """
        (first, spot), *_ = places.items()
        by = QPointF(*spot) - self._blocks[first].pos()
        for node, spot in places.items():
            self._blocks[node].setPos(*spot)
            if len(places) <= _FEW:
                self._obstacles.put(node, self._blocks[node].area)
        edges = {edge for node in places for edge in self.at(node)}
        inner = {edge for edge in edges if edge.source.node in places and edge.target.node in places}
        for edge in inner:
            self._wires[edge].moveBy(by.x(), by.y())
        self._route_all(edges - inner)
        self._on_moved()

    def move(self, places: Mapping[NodeId, Position]) -> None:
        """Move blocks to these places: in a glide, if that is far and they are not too many to follow."""
        self.finish()
        if not places:
            return
        start = {node: self._blocks[node].pos() for node in places}
        freed = [self._blocks[node].area for node in places]
        far = any((QPointF(*spot) - start[node]).manhattanLength() > _SHORTEST_GLIDE for node, spot in places.items())
        if not far or len(places) > _MOST_GLIDING:
            self._arrive(places, freed)
            return

        def step(progress: float) -> None:
            for node, spot in places.items():
                self._blocks[node].setPos(start[node] + (QPointF(*spot) - start[node]) * progress)
            self.reroute(places.keys())
            self._on_moved()

        def arrive() -> None:
            self._animation, self._bound_for = None, {}
            self._arrive(places, freed)

        self._bound_for = places
        self._animation = animate(GLIDE, self._owner, step, arrive)

    def finish(self) -> None:
        """Let blocks that glide be where they are bound for."""
        if self._animation is not None:
            halt(self._animation)
            self._animation, places = None, self._bound_for
            self._bound_for = {}
            self._arrive({node: spot for node, spot in places.items() if node in self._blocks}, ())

    def _arrive(self, places: Mapping[NodeId, Position], freed: Iterable[Rect]) -> None:
        for node, spot in places.items():
            self._blocks[node].setPos(*spot)
        self.reroute(places.keys(), (), [*freed, *(self._blocks[node].area for node in places)])
        self._on_moved()

    # Ways

    def reroute(self, nodes: Collection[NodeId], edges: Iterable[Edge] = (), areas: Collection[Rect] = ()) -> None:
        """Route the given wires, those at the given blocks, and those that pass areas that are free or taken now."""
        for node in nodes:
            self._obstacles.put(node, self._blocks[node].area)
        stale = dict.fromkeys(edges) | dict.fromkeys(edge for node in nodes for edge in self.at(node))
        if len(areas) > _FEW:
            stale = dict.fromkeys(self._wires)
        elif areas:
            near = [_qrect(area.grown(_REACH)) for area in areas]
            stale |= dict.fromkeys(edge for edge, item in self._wires.items() if _passes(item, near))
        self._route_all(stale)

    def _route_all(self, edges: Collection[Edge]) -> None:
        items = sorted((self._wires[edge] for edge in edges), key=lambda item: item.order)
        for item in items:
            self._lanes.discard(item.order)
        for item in items:
            self._route(item)
        for port in {edge.source for edge in edges} | self._thinned:
            self._choose_bearer(port)
        self._thinned.clear()

    def _choose_bearer(self, port: PortRef) -> None:
        """Let one of the wires from a port carry the shape.

        Of those with room for it the shortest: where they share a lane, its middle comes before the others branch off.
        """
        items = [self._wires[edge] for edge in self.at(port.node) if edge.source == port]
        roomy = [item for item in items if item.room >= LABEL_ROOM]
        if roomy:
            bearer = min(roomy, key=lambda item: (item.room, item.order))
        else:
            bearer = max(items, key=lambda item: (item.room, item.order), default=None)
        for item in items:
            item.show_bearing(item is bearer)

    def _route(self, item: WireItem) -> None:
        edge = item.edge
        source, target = self._blocks[edge.source.node], self._blocks[edge.target.node]
        start = source.port_position(Side.OUTPUT, edge.source.port)
        end = target.port_position(Side.INPUT, edge.target.port)
        around = Surroundings(self._obstacles, self._lanes, edge.source)
        way = route(Point(start.x(), start.y()), Point(end.x(), end.y()), source.area, target.area, around)
        self._lanes.put(item.order, edge.source, way.lane)
        item.show_route(way)


def _passes(item: WireItem, areas: Iterable[QRectF]) -> bool:
    around = item.path.controlPointRect().adjusted(0, -1, 0, 1)
    return item.route is not None and any(around.intersects(area) for area in areas)


def _qrect(rect: Rect) -> QRectF:
    return QRectF(rect.left, rect.top, rect.right - rect.left, rect.bottom - rect.top)
