"""What the hand does from press to release, one class each. A gesture shows what it would do and, on release, does it.

The view makes a gesture on a press, tells it where the pointer goes, and asks it to finish on release or to give up on
Escape. Until it finishes the project is untouched, so that giving up leaves no trace and a drag is one undo step.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QApplication

from netbuilder.blocks import registry
from netbuilder.graph.model import Edge, NodeId
from netbuilder.graph.project import Project
from netbuilder.ui import group_library, intents
from netbuilder.ui.canvas.painting import paint_ghost, with_alpha
from netbuilder.ui.geometry import BLOCK_HEIGHT, BLOCK_WIDTH, GRID
from netbuilder.ui.group_library import Supply
from netbuilder.ui.ports import Kind, kind_of
from netbuilder.ui.theme import GROUP_CATEGORY, theme
from netbuilder.ui.wiring import Refusal

if TYPE_CHECKING:
    from netbuilder.ui.canvas.view import CanvasView

_NO_MODIFIER = Qt.KeyboardModifier.NoModifier


class Gesture(ABC):
    """One gesture, from its press at `start` on. Places are in canvas pixels."""

    cursor: Qt.CursorShape | None = None
    follows_edge = True
    """Whether the canvas moves on where the pointer is held at its edge."""

    def __init__(self, canvas: CanvasView, start: QPointF) -> None:
        self.canvas = canvas
        self.scene = canvas.canvas_scene
        self.start = start
        self.at = start
        self.is_drag = False

    def move(self, at: QPointF, modifiers: Qt.KeyboardModifier = _NO_MODIFIER) -> None:
        """Follow the pointer. A hand is never quite still: a drag begins a few pixels from the press."""
        distance = (at - self.start).manhattanLength() * self.canvas.camera.zoom
        self.is_drag = self.is_drag or distance >= QApplication.startDragDistance()
        self.at = at
        if self.is_drag:
            self.drag(modifiers)

    def drag(self, modifiers: Qt.KeyboardModifier) -> None:  # noqa: B027 - a gesture may have nothing to show
        """Show what a release here would do."""

    @abstractmethod
    def release(self, modifiers: Qt.KeyboardModifier) -> None:
        """Do it."""

    def end(self) -> None:  # noqa: B027 - likewise
        """Take away what was shown; called after a release, and when the gesture is given up."""

    def paint(self, painter: QPainter) -> None:  # noqa: B027 - likewise
        """Paint over the canvas what is no item."""


class MoveBlocks(Gesture):
    """Drag blocks along; a block without wires that is let go on a wire goes into it. A press alone selects."""

    def __init__(self, canvas: CanvasView, start: QPointF, node: NodeId, adds: bool) -> None:
        super().__init__(canvas, start)
        self._node = node
        self._was_selected = node in self.scene.selected_nodes
        self._adds = adds
        if not self._was_selected:
            self.scene.select([*self.scene.selected_nodes, node] if adds else [node])
        layout = canvas.document.sheet.layout
        self._from = {node: layout[node] for node in self.scene.selected_nodes}
        self._to = dict(self._from)
        self._into: Edge | None = None

    def drag(self, modifiers: Qt.KeyboardModifier) -> None:
        by = self.at - self.start
        x, y = self._from[self._node]
        # The block in the hand snaps; the others keep their distance from it.
        dx, dy = round((x + by.x()) / GRID) * GRID - x, round((y + by.y()) / GRID) * GRID - y
        self._to = {node: (x + dx, y + dy) for node, (x, y) in self._from.items()}
        self.scene.ways.place(self._to)
        self._offer()

    def _offer(self) -> None:
        into = None
        if len(self._to) == 1 and not self.scene.ways.at(self._node):
            x, y = self._to[self._node]
            sheet = self.canvas.document.sheet
            into = splice_target(self.canvas, sheet, x, y, sheet.graph.node(self._node).type)
        self.canvas.offer_wire(into)
        self._into = into

    def release(self, modifiers: Qt.KeyboardModifier) -> None:
        project = self.canvas.document.sheet
        if not self.is_drag:
            self._click()
        elif self._into is not None:
            place = self._to[self._node]
            self.canvas.perform(intents.splice_existing(project, self._into, self._node, place, self.canvas.specs))
        else:
            self.canvas.perform(intents.move(project, self._to))

    def _click(self) -> None:
        if self._adds and self._was_selected:
            self.scene.select([node for node in self.scene.selected_nodes if node != self._node])
        elif not self._adds:
            self.scene.select([self._node])

    def end(self) -> None:
        self.canvas.offer_wire(None)
        self.scene.settle()


class Band(Gesture):
    """Stretch a band around blocks to select them; with Shift to those that are selected already."""

    def __init__(self, canvas: CanvasView, start: QPointF, adds: bool) -> None:
        super().__init__(canvas, start)
        self._before = list(self.scene.selected_nodes) if adds else []
        self._edges_before = list(self.scene.selected_edges) if adds else []

    @property
    def _area(self) -> QRectF:
        return QRectF(self.start, self.at).normalized()

    def drag(self, modifiers: Qt.KeyboardModifier) -> None:
        self.scene.select([*self._before, *self.scene.blocks_in(self._area)], self._edges_before)

    def release(self, modifiers: Qt.KeyboardModifier) -> None:
        if not self.is_drag:
            self.scene.select(self._before, self._edges_before)

    def paint(self, painter: QPainter) -> None:
        if self.is_drag:
            pen = QPen(theme().accent, 1.0)
            pen.setCosmetic(True)
            painter.setPen(pen)
            painter.setBrush(with_alpha(theme().accent, 0.10))
            painter.drawRect(self._area)


class PressWire(Gesture):
    """Click a wire to select it."""

    follows_edge = False

    def __init__(self, canvas: CanvasView, start: QPointF, edge: Edge, adds: bool) -> None:
        super().__init__(canvas, start)
        self._edge = edge
        self._adds = adds

    def release(self, modifiers: Qt.KeyboardModifier) -> None:
        select_wire(self.canvas, self._edge, self._adds)


class Cut(Gesture):
    """Draw a line with Alt+Shift; the wires that it crosses are cut."""

    cursor = Qt.CursorShape.CrossCursor

    def __init__(self, canvas: CanvasView, start: QPointF) -> None:
        super().__init__(canvas, start)
        self._line = [start]

    def drag(self, modifiers: Qt.KeyboardModifier) -> None:
        self._line.append(self.at)

    def release(self, modifiers: Qt.KeyboardModifier) -> None:
        if self.is_drag:
            crossed = [edge for edge, item in self.scene.wires.items() if item.crosses(self._line)]
            self.canvas.perform(intents.disconnect(self.canvas.document.sheet, crossed))

    def paint(self, painter: QPainter) -> None:
        pen = QPen(theme().error, 1.5, Qt.PenStyle.DashLine)
        pen.setCosmetic(True)
        painter.setPen(pen)
        painter.drawPolyline(self._line)


class Pan(Gesture):
    """Drag the canvas itself, with the middle button or with Space held."""

    cursor = Qt.CursorShape.ClosedHandCursor
    follows_edge = False

    def __init__(self, canvas: CanvasView, start: QPointF) -> None:
        super().__init__(canvas, start)
        self._last = canvas.mapFromScene(start)

    def move(self, at: QPointF, modifiers: Qt.KeyboardModifier = _NO_MODIFIER) -> None:
        place = self.canvas.mapFromScene(at)
        self.canvas.camera.pan(place - self._last)
        self._last = place

    def release(self, modifiers: Qt.KeyboardModifier) -> None:
        """The canvas is where it was dragged to."""


class Place(Gesture):
    """Carry a block from the palette onto the canvas; let go on a wire, it goes into it."""

    follows_edge = False

    def __init__(self, canvas: CanvasView, start: QPointF, type_id: str) -> None:
        super().__init__(canvas, start)
        self.type_id = type_id
        document = canvas.document
        self._supply = group_library.supply(document.project, document.group, document.new_ids(), type_id)
        self._into: Edge | None = None
        kind = self._kind()
        self.name = kind.name if kind else type_id.partition(":")[2] or type_id
        """What the block in the hand is called."""
        block = registry.get(type_id)
        self._category = block.category if block else GROUP_CATEGORY if kind else ""

    def _kind(self) -> Kind | None:
        supply = self._supply
        if isinstance(supply, Supply):
            return kind_of(supply.sheet, supply.type_id)
        return kind_of(self.canvas.document.project, self.type_id)

    @property
    def _corner(self) -> tuple[float, float]:
        x, y = self.at.x() - BLOCK_WIDTH / 2, self.at.y() - BLOCK_HEIGHT / 2
        return round(x / GRID) * GRID, round(y / GRID) * GRID

    def move(self, at: QPointF, modifiers: Qt.KeyboardModifier = _NO_MODIFIER) -> None:
        self.at = at
        if isinstance(self._supply, Supply):
            self._into = splice_target(self.canvas, self._supply.sheet, *self._corner, self._supply.type_id)
        self.canvas.offer_wire(self._into)

    def release(self, modifiers: Qt.KeyboardModifier) -> None:
        into, corner, specs = self._into, self._corner, self.canvas.specs
        if into is None:
            self.canvas.add_block(self.type_id, corner)
        else:
            self.canvas.put(
                self.type_id, lambda sheet, ids, type_id: intents.splice(sheet, ids, into, type_id, corner, specs)
            )

    def end(self) -> None:
        self.canvas.offer_wire(None)

    def paint(self, painter: QPainter) -> None:
        paint_ghost(painter, self._corner, self.name, self._category)


def select_wire(canvas: CanvasView, edge: Edge, adds: bool) -> None:
    """Select a wire alone, or add it to the selection or take it away from there."""
    scene = canvas.canvas_scene
    if not adds:
        scene.select([], [edge])
    elif edge in scene.selected_edges:
        scene.select(scene.selected_nodes, [other for other in scene.selected_edges if other != edge])
    else:
        scene.select(scene.selected_nodes, [*scene.selected_edges, edge])


def splice_target(canvas: CanvasView, sheet: Project, x: float, y: float, type_id: str) -> Edge | None:
    """Return the wire behind the middle of a block that is held at `x`, `y`,
    if the block can go into it on this sheet.
    """
    middle = QPointF(x + BLOCK_WIDTH / 2, y + BLOCK_HEIGHT / 2)
    edge = canvas.canvas_scene.wire_at(middle, BLOCK_HEIGHT / 3)
    if edge is None:
        return None
    refused = intents.can_splice(sheet, edge, type_id, canvas.specs)
    return None if isinstance(refused, Refusal) else edge
