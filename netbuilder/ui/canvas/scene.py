"""The sheet that is shown, drawn: an item for each block and wire, kept in step with the edits that are announced.

1. An edit says which nodes and wires it touched; their state is then taken from the project, so that it does not matter
   in which order a batch did things, or whether it was done, undone or redone.
2. Wires whose ends moved, or in whose way a block came, are routed again (`ways`).
3. A new `Lowering` is compared with what the items show, and what differs is shown (`findings`).

The scene never changes the project.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from PySide6.QtCore import QObject, QPointF, QRectF, Signal
from PySide6.QtWidgets import QGraphicsScene

from netbuilder.blocks.library.input_output import Input
from netbuilder.blocks.spec import TensorSpec
from netbuilder.compiler.groups import Names
from netbuilder.compiler.program import Lowering
from netbuilder.graph.edits import (
    AddGroup,
    AddNode,
    Connect,
    DescribeGroup,
    Disconnect,
    Edit,
    MoveNodes,
    RemoveGroup,
    RemoveNode,
    RenameGroup,
    RenameNode,
    SetFormal,
    SetParameter,
    flatten,
)
from netbuilder.graph.model import Edge, NodeId, PortRef, creation_number
from netbuilder.graph.project import GroupId, Position, group_of
from netbuilder.ui.canvas.far import NEAREST, FarItem
from netbuilder.ui.canvas.findings import Findings
from netbuilder.ui.canvas.items import BlockItem
from netbuilder.ui.canvas.kin import Kin
from netbuilder.ui.canvas.parts import Hit, PortPlace, Side
from netbuilder.ui.canvas.ways import Ways
from netbuilder.ui.canvas.wires import LabelsItem, WireItem
from netbuilder.ui.document import Document
from netbuilder.ui.geometry import BLOCK_WIDTH, PORT_REACH, Rect
from netbuilder.ui.group_parameters import names_inside
from netbuilder.ui.ports import sockets
from netbuilder.ui.theme import notifier

_WIRE_REACH = 6.0
_INDEXED = QRectF(-4096, -4096, 8192, 8192)
"""Where items are found by place, at least.

Those beyond are found too, only later, and the view goes beyond as well.
"""


class CanvasScene(QGraphicsScene):
    """Blocks and wires of a document, and which of them are selected."""

    selection_changed = Signal()
    content_changed = Signal()
    """Blocks came, went, moved or look different."""

    def __init__(self, document: Document, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.document = document
        self.blocks: dict[NodeId, BlockItem] = {}
        self.wires: dict[Edge, WireItem] = {}
        self.ways = Ways(self.blocks, self.wires, self, self._on_moved)
        self.findings = Findings(self.blocks, self.wires, self.ways.at)
        self.kin = Kin(self.blocks)
        self.selected_nodes: list[NodeId] = []
        """In the order in which they were selected."""
        self.selected_edges: list[Edge] = []
        self._hover = Hit()
        self._emphasised: set[Edge] = set()
        self._is_far = False
        self._far = FarItem(self.blocks.values(), self.wires.values())
        self._far.setVisible(False)
        self._labels = LabelsItem()
        self.addItem(self._far)
        self.addItem(self._labels)
        document.edited.connect(self._on_document_edited)
        document.replaced.connect(self.rebuild)
        document.sheet_changed.connect(self.rebuild)
        notifier().changed.connect(self._on_theme_changed)
        self.rebuild()

    # In step with the document

    def rebuild(self) -> None:
        """Draw the whole sheet anew."""
        self.ways.finish()
        for edge in list(self.wires):
            self._remove_wire(edge)
        for node in list(self.blocks):
            self._remove_block(node)
        self.findings.forget()
        self.kin.refresh()
        self.selected_nodes, self.selected_edges = [], []
        graph = self.document.sheet.graph
        self._take(set(graph), set(graph.edges()), {})
        if not self.blocks:
            self._on_moved()  # what was here is gone, though nothing came
        self.setSceneRect(self.extent() | _INDEXED)
        self.selection_changed.emit()

    def _on_document_edited(self, edit: Edit) -> None:
        nodes: set[NodeId] = set()
        edges: set[Edge] = set()
        moved: dict[NodeId, Position] = {}
        changed: set[GroupId] = set()
        here = self.document.group
        for part in flatten(edit):
            match part:
                case (
                    AddGroup(group=group)
                    | RemoveGroup(group=group)
                    | RenameGroup(group=group)
                    | DescribeGroup(group=group)
                    | SetFormal(group=group)
                ):
                    changed.add(group)
                case AddNode(group=group) | RemoveNode(group=group) | RenameNode(group=group) if (
                    group and group != here
                ):
                    changed.add(group)
                case _ if getattr(part, "group", here) != here:
                    pass
                case AddNode(node=node):
                    nodes.add(node.id)
                case RemoveNode(node=node):
                    nodes.add(node)
                    edges |= set(self.ways.at(node))
                case SetParameter(node=node) | RenameNode(node=node):
                    nodes.add(node)
                case Connect(edge=edge) | Disconnect(edge=edge):
                    edges.add(edge)
                case MoveNodes(positions=positions):
                    moved.update(positions)
                case _:
                    pass
        if not changed.isdisjoint(self.document.trail):
            nodes |= self.blocks.keys()  # what they are computed from may be another
        elif changed:
            nodes |= {node for node, item in self.blocks.items() if group_of(item.node.type) in changed}
        self._take(nodes, edges, moved)

    def _take(self, nodes: set[NodeId], edges: set[Edge], moved: Mapping[NodeId, Position]) -> None:
        """Show these nodes and wires as the project has them now."""
        self.ways.finish()
        project = self.document.sheet
        nodes = nodes.union(end.node for edge in edges for end in (edge.source, edge.target))
        areas: list[Rect] = []
        alive = [edge for edge in edges if project.graph.has_edge(edge)]
        for edge in edges.difference(alive):
            self._remove_wire(edge)
        for node in nodes:
            if node not in project.graph and node in self.blocks:
                areas.append(self.blocks[node].area)
                self._remove_block(node)
        lost = self._drop_lost_selection()
        present = [node for node in nodes if node in project.graph]
        names = names_inside(self.document.project, self.document.entered())
        reshaped = [node for node in present if self._show_block(node, names)]
        areas += [self.blocks[node].area for node in reshaped]
        new = [edge for edge in alive if edge not in self.wires]
        for edge in new:
            self._add_wire(edge)
        for node in present:
            self._show_wired(node)
        self.ways.reroute(reshaped, new, areas)
        self.ways.move({node: project.layout[node] for node in moved if node in self.blocks})
        touched = {edge for node in present for edge in self.ways.at(node)}
        self.findings.show([self.blocks[node] for node in present], [self.wires[edge] for edge in touched])
        if nodes:
            self.kin.refresh()
        self._show_emphasis()
        if areas:
            self._on_moved()
        elif edges:
            self._far.refresh()
        else:
            self._far.update()  # a name may be another
        if lost:
            self.selection_changed.emit()

    def _show_block(self, node: NodeId, names: Names) -> bool:
        """Show a node, computed with these names; return whether it is new or its ports changed."""
        project = self.document.sheet
        ports = sockets(project, node)
        state = project.graph.node(node)
        group = group_of(state.type)
        definition = project.groups.get(group) if group else None
        is_port = self.document.group is not None and state.type == Input.__name__
        is_new = node not in self.blocks
        item = BlockItem(state) if is_new else self.blocks[node]
        is_reshaped = is_new or item.sockets != ports
        item.show_node(state, ports, definition, is_port=is_port, names=names)
        if is_new:
            item.setPos(*project.layout[node])
            item.setVisible(not self._is_far)
            self.blocks[node] = item
            self.addItem(item)
        return is_reshaped

    def _remove_block(self, node: NodeId) -> None:
        item = self.blocks.pop(node)
        item.hover.stop()
        self.removeItem(item)
        self.ways.discard_block(node)
        if self._hover.node == node:
            self._hover = Hit()

    def _add_wire(self, edge: Edge) -> None:
        item = WireItem(edge)
        item.setVisible(not self._is_far)
        self.wires[edge] = item
        self.ways.add(edge)
        self.addItem(item)

    def _remove_wire(self, edge: Edge) -> None:
        item = self.wires.pop(edge, None)
        if item is not None:
            item.hover.stop()
            self.removeItem(item)
            self.ways.discard(edge, item)
            if self._hover.edge == edge:
                self._hover = Hit()

    def _show_wired(self, node: NodeId) -> None:
        wires = self.ways.at(node)
        into = {(Side.INPUT, edge.target.port) for edge in wires if edge.target.node == node}
        out_of = {(Side.OUTPUT, edge.source.port) for edge in wires if edge.source.node == node}
        self.blocks[node].show_wired(frozenset(into | out_of))

    def settle(self) -> None:
        """Show every block where the project has it: a drag was given up."""
        layout = self.document.sheet.layout
        self.ways.move({n: layout[n] for n, item in self.blocks.items() if (item.x(), item.y()) != layout[n]})

    def _on_moved(self) -> None:
        self._far.refresh()
        self.content_changed.emit()

    # What the compiler knows, and what a run does

    def show_lowering(self, lowering: Lowering | None) -> None:
        """Show shapes, shares and problems; only what differs from before is drawn again."""
        self.findings.take(lowering)
        self._far.refresh_rims()

    # Selection

    def select(self, nodes: Iterable[NodeId], edges: Iterable[Edge] = ()) -> None:
        """Select just these."""
        nodes = [node for node in dict.fromkeys(nodes) if node in self.blocks]
        edges = [edge for edge in dict.fromkeys(edges) if edge in self.wires]
        if (nodes, edges) == (self.selected_nodes, self.selected_edges):
            return
        for node in {*self.selected_nodes, *nodes} & self.blocks.keys():
            self.blocks[node].show_selected(node in nodes)
        for edge in {*self.selected_edges, *edges} & self.wires.keys():
            self.wires[edge].show_selected(edge in edges)
        self.selected_nodes, self.selected_edges = nodes, edges
        self._show_emphasis()
        self._far.refresh_rims()
        self.selection_changed.emit()

    def _drop_lost_selection(self) -> bool:
        """Forget the selection of what is gone; return whether any was."""
        before = len(self.selected_nodes) + len(self.selected_edges)
        self.selected_nodes = [node for node in self.selected_nodes if node in self.blocks]
        self.selected_edges = [edge for edge in self.selected_edges if edge in self.wires]
        return len(self.selected_nodes) + len(self.selected_edges) < before

    def _show_emphasis(self) -> None:
        """Show the shapes on the wires of the block that is looked at, and with which others it shares its weights."""
        self.kin.show({*self.selected_nodes, self._hover.node} - {None})
        looked_at = {*(self.selected_nodes if len(self.selected_nodes) == 1 else ()), self._hover.node} - {None}
        emphasised = {edge for node in looked_at for edge in self.ways.at(node)}
        for edge in self._emphasised ^ emphasised:
            if edge in self.wires:
                self.wires[edge].show_emphasis(edge in emphasised)
        self._emphasised = emphasised

    # Pointing

    def hit(self, place: QPointF, zoom: float = 1.0) -> Hit:
        """Return what is at a place, the topmost first; the farther away one looks, the more a port is forgiven."""
        reach = PORT_REACH * min(max(1.0, 0.8 / zoom), 1.6)
        around = Rect(place.x() - reach, place.y() - reach, place.x() + reach, place.y() + reach)
        near = (self.blocks[node] for node in self.ways.blocks_near(around))
        for item in sorted(near, key=lambda item: (not item.selected, -creation_number(item.node.id))):
            x, y = place.x() - item.x(), place.y() - item.y()
            if not (-reach <= x <= BLOCK_WIDTH + reach and -reach <= y <= item.height + reach):
                continue
            port = None if self._is_far else _port_at(item, x, y, reach)
            if port or (0 <= x <= BLOCK_WIDTH and 0 <= y <= item.height):
                return Hit(item.node.id, port)
        wire = None if self._is_far else self.wire_at(place, _WIRE_REACH / min(zoom, 1.0))
        return Hit(edge=wire)

    def wire_at(self, place: QPointF, reach: float = _WIRE_REACH) -> Edge | None:
        """Return the wire at a place."""
        return next((edge for edge, item in reversed(self.wires.items()) if item.touches(place, reach)), None)

    def blocks_in(self, area: QRectF) -> list[NodeId]:
        """Return the blocks that an area touches, in creation order."""
        around = Rect(area.left(), area.top(), area.right(), area.bottom())
        return sorted(self.ways.blocks_near(around), key=creation_number)

    def extent(self, nodes: Iterable[NodeId] | None = None) -> QRectF:
        """Return the area that these blocks, or all, take up."""
        whole = QRectF()
        for node in self.blocks if nodes is None else nodes:
            item = self.blocks[node]
            whole |= QRectF(item.x(), item.y(), BLOCK_WIDTH, item.height)
        return whole

    def hover(self, hit: Hit) -> None:
        """Show what the pointer is on."""
        if hit == self._hover:
            return
        before, self._hover = self._hover, hit
        if before.node is not None:
            self.blocks[before.node].show_hover(before.node == hit.node, hit.port if before.node == hit.node else None)
        if hit.node is not None:
            self.blocks[hit.node].show_hover(True, hit.port)
        for edge in (before.edge, hit.edge):
            if edge is not None:
                self.wires[edge].show_hover(edge == hit.edge)
        if before.node != hit.node:
            self._show_emphasis()

    def hovered_block(self) -> BlockItem | None:
        """Return the block that the pointer is on."""
        return self.blocks[self._hover.node] if self._hover.node is not None else None

    def hovered_edge(self) -> Edge | None:
        """Return the wire that the pointer is on."""
        return self._hover.edge

    def spec_at(self, side: Side, node: NodeId, port: str) -> TensorSpec | None:
        """Return what leaves or enters a port, where that is known."""
        if side is Side.OUTPUT:
            return self.findings.specs.get(PortRef(node, port))
        edge = self.document.sheet.graph.edge_into(PortRef(node, port))
        return self.findings.specs.get(edge.source) if edge else None

    # Near and far

    def show_from(self, zoom: float) -> None:
        """Draw blocks and wires one by one, or all as boxes and lines where they are too small to read."""

        is_far = zoom < NEAREST
        if is_far != self._is_far:
            self._is_far = is_far
            for item in (*self.blocks.values(), *self.wires.values(), self._labels):
                item.setVisible(not is_far)
            self._far.setVisible(is_far)

    def _on_theme_changed(self) -> None:
        self._far.refresh()
        for item in self.items():
            item.update()


def _port_at(item: BlockItem, x: float, y: float, reach: float) -> PortPlace | None:
    distances = [(max(abs(middle.x() - x), abs(middle.y() - y)), port) for port, middle in item.ports]
    distance, nearest = min(distances, key=lambda found: found[0], default=(reach + 1, None))
    return nearest if distance <= reach else None
