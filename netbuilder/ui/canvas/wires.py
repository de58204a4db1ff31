"""The wires on the canvas. They show what they are told, and know nothing of the document."""

from __future__ import annotations

import itertools
from collections.abc import Collection

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPainterPathStroker
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from netbuilder.blocks.spec import TensorSpec
from netbuilder.graph.model import Edge, creation_number
from netbuilder.ui.canvas import wire_painting as painting
from netbuilder.ui.canvas.motion import Fade
from netbuilder.ui.canvas.routing import Route
from netbuilder.ui.geometry import EDGE


class WireItem(QGraphicsItem):
    """A wire, with the shape of what it carries."""

    def __init__(self, edge: Edge) -> None:
        super().__init__()
        self.setZValue(0)
        self.edge = edge
        self.route: Route | None = None
        self.path = QPainterPath()
        self.spec: TensorSpec | None = None
        self.severity: str | None = None
        self.selected = False
        self.emphasis = False
        """Whether a block at one of its ends is selected or under the pointer: then the shape is shown."""
        self.bears_label = False
        """Whether, of the wires from one port, this is the one that carries the shape."""
        self.names_shape = False
        """Whether the shape is not to be read at the block where the wire starts."""
        self.offered = False
        """Whether a block that is held over the wire would go into it."""
        self.hover = Fade(self.update, self.scene)
        self._lines: list[QLineF] = []
        self._stroke: QPainterPath | None = None
        self._bounds = QRectF()
        self._label: QRectF | None = None
        self.order = (creation_number(edge.source.node), creation_number(edge.target.node), edge.target.port)

    def show_route(self, route: Route) -> None:
        """Take this way."""
        self.setPos(0, 0)
        if route == self.route:
            return
        self.prepareGeometryChange()
        self.route = route
        self.path = painting.route_path(route)
        self._bounds = self.path.controlPointRect().adjusted(-6, -6, 6, 6)
        self._label = None
        self._lines = [QLineF(*start, *end) for start, end in itertools.pairwise(route.points)]
        self._stroke = None
        self.update()

    def lines(self) -> list[QLineF]:
        """Return the wire as it looks from afar."""
        by = self.pos()
        return self._lines if by.isNull() else [line.translated(by) for line in self._lines]

    def show_analysis(self, spec: TensorSpec | None, severity: str | None) -> None:
        """Show what the wire carries and whether it may."""
        if severity != self.severity or (spec is not self.spec and spec != self.spec):
            self.spec, self.severity = spec, severity
            self._label = None
            self.update()

    @property
    def label(self) -> QRectF:
        """Where the shape is written."""
        assert self.route is not None
        if self._label is None:
            self._label = painting.label_rect(str(self.spec), QPointF(*self.route.middle))
        return self._label

    def show_selected(self, selected: bool) -> None:
        """Show whether this wire is selected."""
        if selected != self.selected:
            self.selected = selected
            self._restack()

    def show_emphasis(self, emphasis: bool) -> None:
        """Show that a block at one of the ends is looked at."""
        if emphasis != self.emphasis:
            self.emphasis = emphasis
            self._restack()

    def show_hover(self, over: bool) -> None:
        """Show that the pointer is on the wire."""
        self.hover.go(1.0 if over else 0.0)

    def show_offered(self, offered: bool) -> None:
        """Light the wire up: a block let go here would go into it."""
        if offered != self.offered:
            self.offered = offered
            self._restack()

    def _restack(self) -> None:
        self.setZValue(0.5 if self.selected or self.emphasis or self.offered else 0.0)
        self.update()

    def show_bearing(self, bears_label: bool) -> None:
        """Carry the shape, or leave it to another wire from the same port."""
        if bears_label != self.bears_label:
            self.bears_label = bears_label
            self.update()

    @property
    def room(self) -> float:
        """The length of the straight run."""
        return self.route.room if self.route is not None else 0.0

    @property
    def has_room(self) -> bool:
        """Whether the shape fits into the straight run."""
        return self.route is not None and self.room >= self.label.width() + 20

    @property
    def is_asked(self) -> bool:
        """Whether somebody looks at this very wire."""
        return self.selected or self.hover.value > 0

    @property
    def shows_label(self) -> bool:
        """Whether the shape is written into the wire: where it is asked for, or there is need and room for it."""
        is_wanted = self.is_asked or self.severity is not None
        if not is_wanted and self.bears_label:
            is_wanted = self.room >= painting.LABEL_ROOM or self.emphasis or self.names_shape
        return is_wanted and self.spec is not None and self.has_room

    def touches(self, place: QPointF, reach: float) -> bool:
        """Tell whether a place is on the wire, give or take `reach`."""
        if not self._bounds.adjusted(-reach, -reach, reach, reach).contains(place):
            return False
        if self._stroke is None:
            stroker = QPainterPathStroker()
            stroker.setWidth(2 * reach)
            self._stroke = stroker.createStroke(self.path)
        return self._stroke.contains(place)

    def crosses(self, line: Collection[QPointF]) -> bool:
        """Tell whether the wire crosses a line of points."""
        drawn = QPainterPath()
        first, *others = line
        drawn.moveTo(first)
        for point in others:
            drawn.lineTo(point)
        stroker = QPainterPathStroker()
        stroker.setWidth(1.0)
        return stroker.createStroke(drawn).intersects(stroker.createStroke(self.path))

    def boundingRect(self) -> QRectF:
        return self._bounds

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        painting.paint_wire(painter, self)


class LabelsItem(QGraphicsItem):
    """The shapes on the wires, over all of them, so that no wire runs through another one's."""

    def __init__(self) -> None:
        super().__init__()
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemUsesExtendedStyleOption)
        self.setZValue(0.9)

    def boundingRect(self) -> QRectF:
        return QRectF(-EDGE, -EDGE, 2 * EDGE, 2 * EDGE)

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        exposed = option.exposedRect
        near = self.scene().items(exposed, Qt.ItemSelectionMode.IntersectsItemBoundingRect)
        wires = [item for item in near if isinstance(item, WireItem) and item.shows_label]
        for wire in sorted(wires, key=lambda wire: wire.order):
            painting.paint_label(painter, wire, exposed)
