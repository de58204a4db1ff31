"""The blocks on the canvas. They show what they are told, and know nothing of the document."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from netbuilder.blocks import registry
from netbuilder.blocks.parameters import parse
from netbuilder.blocks.spec import TensorSpec
from netbuilder.compiler.groups import Names
from netbuilder.compiler.weights import untagged
from netbuilder.diagnostics import Diagnostic
from netbuilder.graph.model import Node, PortRef
from netbuilder.graph.project import Group, group_of
from netbuilder.ui.canvas import painting
from netbuilder.ui.canvas.motion import Fade
from netbuilder.ui.canvas.parts import PortPlace, Side
from netbuilder.ui.canvas.summaries import arguments, computed, formulas, repeat, written
from netbuilder.ui.geometry import BLOCK_WIDTH, Rect, block_height, port_height
from netbuilder.ui.ports import Socket, Sockets
from netbuilder.ui.theme import GROUP_CATEGORY

_MARGIN = 12.0
"""What a block paints around its area: glow, ports, shadow."""


class BlockItem(QGraphicsItem):
    """A block: its name, type, parameters, output shape, share of the network's parameters, ports,
    and what is wrong.
    """

    def __init__(self, node: Node) -> None:
        """Make the item, which stands for this node and shows nothing before `show_node`."""
        super().__init__()
        self.setCacheMode(QGraphicsItem.CacheMode.DeviceCoordinateCache)
        self.setZValue(1)
        self.node = node
        self.sockets = Sockets((), ())
        self.kind = ""
        """What is written for the type: a block's own name, or that of the group."""
        self.category = ""
        self.is_known = False
        self.is_group = False
        self.repeat = ""
        """How often a group runs: a number or an expression, empty for once."""
        self.repeats_weights = False
        """Whether it does so with the same weights each time."""
        self.tag = ""
        """By which the block shares its weights with others; empty where it does not."""
        self.is_kin = False
        """Whether one of the blocks with these weights is looked at."""
        self.summary = ""
        self.formulas: tuple[tuple[str, str], ...] = ()
        """The fields that are computed, each with its expression."""
        self.main_output: PortRef | None = None
        """The output whose shape the block shows."""
        self.height = 0.0
        self.ports: tuple[tuple[PortPlace, QPointF], ...] = ()
        self._bounds = QRectF()
        self.spec: TensorSpec | None = None
        self.is_analysed = False
        self.bar = 0
        self.problems: tuple[Diagnostic, ...] = ()
        self.wired: frozenset[tuple[Side, str]] = frozenset()
        self.selected = False
        self.hot_port: PortPlace | None = None
        self.judged: Mapping[str, bool] | None = None
        self.judged_side = Side.INPUT
        self.hover = Fade(self.update, self.scene)

    def show_node(self, node: Node, sockets: Sockets, group: Group | None, *, is_port: bool, names: Names) -> None:
        """Show this state of the node and its ports.

        `group` is what it is an instance of. An `Input` that is a port of the group around it says nothing of its own.
        Expressions are shown by what they come to where `names` stand for these values.
        """
        self.prepareGeometryChange()
        self.node = node
        self.sockets = sockets
        found = registry.get(node.type)
        self.is_group, self.is_known = group is not None, bool(group or found)
        self.formulas = formulas(node)
        shown = computed(node, names) if self.formulas else node.params
        if group is not None:
            self.kind, self.category = group.name, GROUP_CATEGORY
            self.summary, self.repeat = arguments(shown, group), repeat(shown)
            self.repeats_weights = bool(self.repeat) and node.params.get("shared") is True
        else:
            block = parse(found, untagged(shown))[0] if found and not is_port else None
            self.kind = node.type if found else f"{_short_type(node)} · unknown"
            self.category = found.category if found else ""
            self.summary, self.repeat = block.summary() if block else "" if is_port else written(node), ""
        self.height = block_height(sockets.most)
        self.main_output = PortRef(node.id, sockets.outputs[0].name) if sockets.outputs else None
        self.ports = self._place_ports()
        self._bounds = QRectF(-_MARGIN, -_MARGIN, BLOCK_WIDTH + 2 * _MARGIN, self.height + 2 * _MARGIN)
        self.update()

    def show_wired(self, wired: frozenset[tuple[Side, str]]) -> None:
        """Show which ports have wires."""
        if wired != self.wired:
            self.wired = wired
            self.update()

    def show_analysis(self, spec: TensorSpec | None, share: float, problems: tuple[Diagnostic, ...]) -> None:
        """Show what the compiler knows. Costs next to nothing where nothing changed."""
        bar = painting.bar_width(share)
        if (
            bar != self.bar
            or not self.is_analysed
            or (spec is not self.spec and spec != self.spec)
            or problems != self.problems
        ):
            self.spec, self.bar, self.problems, self.is_analysed = spec, bar, problems, True
            self.update()

    def show_selected(self, selected: bool) -> None:
        """Show whether this block is selected; a selected one stands before others."""
        if selected != self.selected:
            self.selected = selected
            self.setZValue(2 if selected else 1)
            self.update()

    def show_tag(self, tag: str) -> None:
        """Show by which tag the block shares its weights; empty where it does not."""
        if tag != self.tag:
            self.tag, self.is_kin = tag, self.is_kin and bool(tag)
            self.update()

    def show_kin(self, is_kin: bool) -> None:
        """Show that the block is one of those with the weights of a block that is looked at."""
        if is_kin != self.is_kin:
            self.is_kin = is_kin
            self.update()

    def show_hover(self, over: bool, port: PortPlace | None = None) -> None:
        """Show that the pointer is on the block, or on one of its ports."""
        self.hover.go(1.0 if over else 0.0)
        if port != self.hot_port:
            self.hot_port = port
            self.update()

    def show_judged(self, judged: Mapping[str, bool] | None, side: Side = Side.INPUT) -> None:
        """While a wire is drawn: let the ports that can take it glow and dim the others; None ends that."""
        self.judged, self.judged_side = judged, side
        self.setOpacity(0.45 if judged is not None and not any(judged.values()) else 1.0)
        self.update()

    # Geometry

    @property
    def area(self) -> Rect:
        """The block's area on the canvas."""
        x, y = self.x(), self.y()
        return Rect(x, y, x + BLOCK_WIDTH, y + self.height)

    def _place_ports(self) -> tuple[tuple[PortPlace, QPointF], ...]:
        """Return all ports, inputs first, each with its middle as seen from the block's top left corner."""
        return tuple(
            (
                PortPlace(side, PortRef(self.node.id, socket.name)),
                QPointF(x, port_height(index, len(self.side(side)), self.height)),
            )
            for side, x in ((Side.INPUT, 0.0), (Side.OUTPUT, BLOCK_WIDTH))
            for index, socket in enumerate(self.side(side))
        )

    def port_position(self, side: Side, name: str) -> QPointF:
        """Return where a port's middle is on the canvas; for one too many to be shown, where the last one is."""
        place = QPointF(0.0 if side is Side.INPUT else BLOCK_WIDTH, self.height / 2)
        for port, middle in self.ports:
            if port.side is side:
                place = middle
                if port.ref.port == name:
                    break
        return self.pos() + place

    def side(self, side: Side) -> tuple[Socket, ...]:
        """Return the sockets of one side."""
        return self.sockets.inputs if side is Side.INPUT else self.sockets.outputs

    def boundingRect(self) -> QRectF:
        return self._bounds

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        painting.paint_block(painter, self)

    # Problems

    @property
    def severity(self) -> str | None:
        """The worst that is wrong with the block as a whole, be it at a port or not."""
        if any(problem.severity == "error" for problem in self.problems):
            return "error"
        return "warning" if self.problems else None

    def port_severity(self, side: Side, name: str) -> str | None:
        """Return the worst that is wrong at a port.

        A problem that names a port means an input, unless there is none.
        """
        found = [problem.severity for problem in self.problems if problem.port == name]
        has_input = any(socket.name == name for socket in self.sockets.inputs)
        if not found or has_input != (side is Side.INPUT):
            return None
        return "error" if "error" in found else "warning"


def _short_type(node: Node) -> str:
    return "group" if group_of(node.type) else node.type
