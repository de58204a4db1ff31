"""Drawing a wire, from either end, and moving the end of one that is there."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from netbuilder.graph.edits import Edit
from netbuilder.graph.model import Edge, NodeId, PortRef
from netbuilder.ui import intents
from netbuilder.ui.canvas.gestures import Gesture, select_wire
from netbuilder.ui.canvas.painting import dtype_colour, with_alpha
from netbuilder.ui.canvas.parts import Hit, PortPlace, Side
from netbuilder.ui.canvas.routing import Point, loose
from netbuilder.ui.canvas.wire_painting import route_path
from netbuilder.ui.theme import theme
from netbuilder.ui.wiring import Refusal, accepting_inputs, accepting_outputs

if TYPE_CHECKING:
    from netbuilder.ui.canvas.view import CanvasView


class _WireGesture(Gesture):
    """A wire with one end fast at a port and the other in the hand."""

    cursor = Qt.CursorShape.CrossCursor

    def __init__(self, canvas: CanvasView, start: QPointF, fast: PortPlace) -> None:
        super().__init__(canvas, start)
        self._fast = fast
        self._wanted = fast.side.other
        self._verdicts: dict[PortRef, Refusal | None] = {}
        self._intent: Edit | Refusal | None = None
        self._end: QPointF | None = None
        self._over = Hit()

    def drag(self, modifiers: Qt.KeyboardModifier) -> None:
        if not self._verdicts:
            self._judge()
        self._over = self.scene.hit(self.at, self.canvas.camera.zoom)
        self._intent, self._end = self._consider(self._over)
        self.scene.hover(self._over)
        self.canvas.show_hint(self._intent.message if isinstance(self._intent, Refusal) else "")

    def _judge(self) -> None:
        """Let the ports that can take the wire glow, and dim the others."""
        sheet, specs = self.canvas.document.sheet, self.canvas.specs
        judge = accepting_inputs if self._wanted is Side.INPUT else accepting_outputs
        self._verdicts = self._allow(judge(sheet, self._fast.ref, specs))
        judged: dict[NodeId, dict[str, bool]] = {node: {} for node in self.scene.blocks}
        for port, refused in self._verdicts.items():
            judged[port.node][port.port] = refused is None
        judged.pop(self._fast.ref.node)
        for node, ports in judged.items():
            self.scene.blocks[node].show_judged(ports, self._wanted)

    def _allow(self, verdicts: dict[PortRef, Refusal | None]) -> dict[PortRef, Refusal | None]:
        return verdicts

    def _consider(self, over: Hit) -> tuple[Edit | Refusal | None, QPointF | None]:
        """Return what a release over this would do, and where the wire's end jumps to."""
        if over.node is None or over.node == self._fast.ref.node:
            return None, None
        if over.port is not None and over.port.side is self._wanted:
            refused = self._verdicts.get(over.port.ref)
            intent = refused or self._join(over.port.ref)
        else:
            intent = self._join_block(over.node)
        end = self._end_of(intent)
        place = self.scene.blocks[over.node].port_position(self._wanted, end.port) if end else None
        return intent, place

    def _end_of(self, intent: Edit | Refusal | None) -> PortRef | None:
        """Return the port that an intent would lead the wire to."""
        if intent is None or isinstance(intent, Refusal):
            return None
        edge = intents.connected(intent)
        return edge.target if self._wanted is Side.INPUT else edge.source

    @abstractmethod
    def _join(self, port: PortRef) -> Edit | Refusal | None:
        """Join the wire to a port."""

    @abstractmethod
    def _join_block(self, node: NodeId) -> Edit | Refusal | None:
        """Join the wire to a block, wherever it fits."""

    def end(self) -> None:
        for item in self.scene.blocks.values():
            item.show_judged(None)

    def paint(self, painter: QPainter) -> None:
        if not self.is_drag:
            return
        look = theme()
        fast = self.scene.blocks[self._fast.ref.node].port_position(self._fast.side, self._fast.ref.port)
        loose_end = self._end or self.at
        start, end = (fast, loose_end) if self._wanted is Side.INPUT else (loose_end, fast)
        spec = self.canvas.specs.get(self._fast.ref) if self._fast.side is Side.OUTPUT else None
        colour = look.accent if self._end else dtype_colour(look, spec.dtype if spec else "")
        if isinstance(self._intent, Refusal):
            colour = look.error
        path = route_path(loose(Point(start.x(), start.y()), Point(end.x(), end.y())))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(_pen(with_alpha(colour, 0.25), 6.0))
        painter.drawPath(path)
        painter.setPen(_pen(colour, 2.0))
        painter.drawPath(path)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        painter.drawEllipse(loose_end, 4.0, 4.0)


class DrawWire(_WireGesture):
    """Draw a new wire from an output to an input, or the other way round.

    Let go on a port or anywhere on a block it is joined; on the empty canvas a search opens for a block to put there.
    """

    def _join(self, port: PortRef) -> Edit | Refusal | None:
        source, target = (self._fast.ref, port) if self._wanted is Side.INPUT else (port, self._fast.ref)
        return intents.connect(self.canvas.document.sheet, source, target, self.canvas.specs)

    def _join_block(self, node: NodeId) -> Edit | Refusal | None:
        project, specs = self.canvas.document.sheet, self.canvas.specs
        if self._wanted is Side.INPUT:
            return intents.connect_to_block(project, self._fast.ref, node, specs)
        return intents.connect_from_block(project, node, self._fast.ref, specs)

    def release(self, modifiers: Qt.KeyboardModifier) -> None:
        if not self.is_drag:
            self.scene.select([self._fast.ref.node])
        elif self._over.node is None:
            self.canvas.search_for_wire(self._fast, self.at)
        else:
            self.canvas.perform(self._intent)


class Reroute(_WireGesture):
    """Drag the end of a wire off its input port to another one; let go on the empty canvas, the wire is cut."""

    def __init__(self, canvas: CanvasView, start: QPointF, edge: Edge, adds: bool) -> None:
        super().__init__(canvas, start, PortPlace(Side.OUTPUT, edge.source))
        self._edge = edge
        self._adds = adds

    def drag(self, modifiers: Qt.KeyboardModifier) -> None:
        self.scene.wires[self._edge].setOpacity(0.15)
        super().drag(modifiers)

    def _allow(self, verdicts: dict[PortRef, Refusal | None]) -> dict[PortRef, Refusal | None]:
        return verdicts | {self._edge.target: None}

    def _join(self, port: PortRef) -> Edit | Refusal | None:
        if port == self._edge.target:
            return None
        return intents.reroute(self.canvas.document.sheet, self._edge, port, self.canvas.specs)

    def _join_block(self, node: NodeId) -> Edit | Refusal | None:
        if node == self._edge.target.node:
            return None
        return intents.reroute_to_block(self.canvas.document.sheet, self._edge, node, self.canvas.specs)

    def release(self, modifiers: Qt.KeyboardModifier) -> None:
        if not self.is_drag:
            select_wire(self.canvas, self._edge, self._adds)
        elif self._over.node is None:
            self.canvas.perform(intents.disconnect(self.canvas.document.sheet, [self._edge]))
        else:
            self.canvas.perform(self._intent)

    def end(self) -> None:
        item = self.scene.wires.get(self._edge)
        if item is not None:
            item.setOpacity(1.0)
        super().end()


def _pen(colour: QColor, width: float) -> QPen:
    return QPen(colour, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap)
