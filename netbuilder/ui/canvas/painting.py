"""How blocks look. Colours are the theme's of the moment; measures are those of the mock-up."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPainterPath, QPen

from netbuilder.ui.canvas.parts import PortPlace
from netbuilder.ui.geometry import BLOCK_HEIGHT, BLOCK_WIDTH, PORT_SIZE
from netbuilder.ui.theme import Theme, icon, mix, mono_font, text_font, theme

if TYPE_CHECKING:
    from netbuilder.ui.canvas.items import BlockItem

RADIUS = 8.0
STRIPE = 5.0
BAR = 3.0

_LEFT = 16.0
_RIGHT = BLOCK_WIDTH - 12.0
_BADGE = 14.0
_GAP = 7.0
_LEAST_TYPE = 28.0
_CARD = 4.0
"""How far the cards behind a group stand out: one for a group, two for one that is repeated."""
_LINK, _LARGE_LINK = 12.0, 18.0
_LEAST_SUMMARY = 64.0
ALL, _NAME_ALONE = 0.7, 0.5
"""Below these zooms a block shows less, and that larger."""


@cache
def _metrics(kind: str) -> tuple[QFont, QFontMetricsF]:
    fonts = {
        "name": lambda: text_font(13, QFont.Weight.DemiBold),
        "large": lambda: text_font(17, QFont.Weight.DemiBold),
        "large shape": lambda: mono_font(14),
        "largest": lambda: text_font(21, QFont.Weight.DemiBold),
        "far": lambda: text_font(10),
        "small": lambda: text_font(11),
        "shape": lambda: mono_font(11),
        "pill": lambda: mono_font(10),
    }
    made = fonts[kind]()
    return made, QFontMetricsF(made)


def font(kind: str) -> QFont:
    """Return one of the canvas's fonts."""
    return _metrics(kind)[0]


@lru_cache(8192)
def elided(kind: str, text: str, width: int) -> str:
    """Return a text cut to a width in one of the canvas's fonts."""
    return _metrics(kind)[1].elidedText(text, Qt.TextElideMode.ElideRight, width)


@lru_cache(8192)
def text_width(kind: str, text: str) -> float:
    """Return how wide a text is in one of the canvas's fonts."""
    return _metrics(kind)[1].horizontalAdvance(text)


def bar_width(share: float) -> int:
    """Return the length of the bar for a share of the parameters; what is not nothing can be seen."""
    return max(2, round(share * (BLOCK_WIDTH - STRIPE))) if share > 0 else 0


def with_alpha(colour: QColor, alpha: float) -> QColor:
    """Return the colour, seen through so much."""
    seen = QColor(colour)
    seen.setAlphaF(alpha)
    return seen


def dtype_colour(look: Theme, dtype: str) -> QColor:
    """Return the colour of wires of this type: measurements plain, labels and tokens with a tint of their own."""
    tints = {"int64": look.category("Normalization"), "bool": look.category("Pooling")}
    return mix(look.wire, tints[dtype], 0.6) if dtype in tints else look.wire


def severity_colour(look: Theme, severity: str) -> QColor:
    """Return red for an error, amber for a warning."""
    return look.error if severity == "error" else look.warning


# Blocks


def paint_block(painter: QPainter, item: BlockItem) -> None:
    """Paint a block."""
    look = theme()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    frame = QRectF(0, 0, BLOCK_WIDTH, item.height)
    _paint_surround(painter, frame, item, look)
    _paint_body(painter, frame, item, look)
    _paint_text(painter, item, look)
    _paint_badge(painter, item, look)
    _paint_ports(painter, item, look)


def _paint_surround(painter: QPainter, frame: QRectF, item: BlockItem, look: Theme) -> None:
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for step in range(2 if item.repeat else 1 if item.is_group else 0, 0, -1):
        painter.setPen(QPen(look.line, 1.0))
        painter.setBrush(mix(look.raised, look.background, 0.3 * step))
        painter.drawRoundedRect(frame.translated(_CARD * step, _CARD * step), RADIUS, RADIUS)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    if item.selected:
        for width, alpha in ((10.0, 0.10), (7.0, 0.12), (4.0, 0.22)):
            painter.setPen(QPen(with_alpha(look.accent, alpha), width))
            painter.drawRoundedRect(frame, RADIUS, RADIUS)
    elif not look.is_dark:
        painter.setPen(Qt.PenStyle.NoPen)
        for spread, drop, alpha in ((2.0, 3.0, 0.025), (1.0, 2.0, 0.035), (0.0, 1.0, 0.05)):
            painter.setBrush(with_alpha(look.text, alpha))
            painter.drawRoundedRect(
                frame.adjusted(-spread, drop - spread, spread, drop + spread), RADIUS + spread, RADIUS + spread
            )


@lru_cache(256)
def _outline(height: float) -> QPainterPath:
    path = QPainterPath()
    path.addRoundedRect(0, 0, BLOCK_WIDTH, height, RADIUS, RADIUS)
    return path


@lru_cache(1024)
def _strip(height: float, left: float, width: float, thickness: float) -> QPainterPath:
    """Return a strip at the bottom of a block's outline, cut to its corners."""
    path = QPainterPath()
    path.addRect(left, height - thickness, width, thickness)
    return _outline(height).intersected(path)


def _paint_body(painter: QPainter, frame: QRectF, item: BlockItem, look: Theme) -> None:
    hover = item.hover.value
    painter.fillPath(_outline(item.height), mix(look.raised, look.hover, hover) if hover else look.raised)
    colour = look.category(item.category) if item.is_known else with_alpha(look.muted, 0.5)
    painter.fillPath(_strip(item.height, 0.0, STRIPE, item.height), colour)
    if item.bar:
        painter.fillPath(_strip(item.height, STRIPE, item.bar, BAR), colour)

    pen = QPen(mix(look.line, look.muted, 0.45 * hover) if hover else look.line, 1.0)
    if item.is_kin:
        pen = QPen(look.accent, 1.25)
    if item.severity and _has_own_problem(item):
        pen = QPen(severity_colour(look, item.severity), 1.25)
    if not item.is_known:
        pen.setDashPattern([4, 3])
        pen.setColor(mix(pen.color(), look.muted, 0.5))
    if item.selected:
        pen = QPen(look.accent, 1.75)
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    inset = pen.widthF() / 2
    painter.drawRoundedRect(frame.adjusted(inset, inset, -inset, -inset), RADIUS - inset, RADIUS - inset)


def _has_own_problem(item: BlockItem) -> bool:
    """Tell whether something is wrong with the block itself; what is wrong at a port is shown there."""
    named = {socket.name for socket in (*item.sockets.inputs, *item.sockets.outputs)}
    return any(problem.port not in named for problem in item.problems)


def _paint_text(painter: QPainter, item: BlockItem, look: Theme) -> None:
    """Write what can be read at this zoom: everything, or name and shape, or the name alone; the less, the larger."""
    top = (item.height - BLOCK_HEIGHT) / 2
    right = _RIGHT - (_BADGE + 2 if item.severity else 0)
    zoom = painter.worldTransform().m11()
    shape = str(item.spec) if item.spec is not None else ""
    painter.setPen(look.text)
    if zoom < _NAME_ALONE:
        right = _paint_signs(painter, item, look, "largest", right, top + 39)
        _write(painter, "largest", _LEFT - 2, top + 39, item.node.name, right)
        return
    if zoom < ALL:
        right = _paint_signs(painter, item, look, "large", right, top + 28)
        _write(painter, "large", _LEFT - 2, top + 28, item.node.name, right)
        _write(painter, "large shape", _LEFT - 2, top + 49, shape.replace(" ", ""), _RIGHT + 4)
        return
    name, kind = title(item.node.name, item.kind, int(right - _LEFT))
    after = _write(painter, "name", _LEFT, top + 21, name, right) + _GAP
    _write(painter, "shape", _LEFT, top + 52, closer(shape, _RIGHT - _LEFT), _RIGHT)
    painter.setPen(look.muted)
    _write(painter, "small", after, top + 21, kind, right)
    right = _paint_repeat(painter, item, look, top + 36) if item.repeat else _RIGHT
    right = _paint_tag(painter, item, look, right, top + 36) if item.tag else right
    painter.setPen(look.muted)
    _write(painter, "small", _LEFT, top + 36, item.summary, right)
    if not shape and item.is_analysed:
        painter.setPen(with_alpha(look.muted, 0.7))
        _write(painter, "small", _LEFT, top + 52, "no shape yet", _RIGHT)


def _paint_signs(painter: QPainter, item: BlockItem, look: Theme, kind: str, right: float, baseline: float) -> float:
    """Paint how often a group runs and the sign of shared weights as large as the name; return how far that may go."""
    if item.repeat:
        times = f"× {item.repeat}"
        left = right - text_width(kind, times)
        painter.setPen(look.muted)
        _write(painter, kind, left, baseline, times, right + 1)
        right = left - _GAP
    if item.tag or item.repeats_weights:
        _paint_link(painter, right - _LARGE_LINK, baseline, "muted", _LARGE_LINK)
        right -= _LARGE_LINK + _GAP
    painter.setPen(look.text)
    return right


def _paint_repeat(painter: QPainter, item: BlockItem, look: Theme, baseline: float) -> float:
    """Write how often a group runs, after a link where the weights are the same each time;
    return how far the rest may go.
    """
    times = f"× {item.repeat}"
    left = _RIGHT - text_width("small", times)
    painter.setPen(look.text)
    _write(painter, "small", left, baseline, times, _RIGHT + 1)
    if item.repeats_weights:
        left -= _LINK + 3
        _paint_link(painter, left, baseline, "text")
    return left - _GAP


def _paint_tag(painter: QPainter, item: BlockItem, look: Theme, right: float, baseline: float) -> float:
    """Paint a link and, where there is room beside some of the parameters,
    the tag by which the block shares its weights; return how far the rest may go.
    """
    is_hot = item.is_kin or item.selected
    width = text_width("small", item.tag)
    room = right - _LEFT - min(text_width("small", item.summary), _LEAST_SUMMARY) - _GAP - _LINK - 3
    if width <= room:
        painter.setPen(look.accent if is_hot else mix(look.category(item.category), look.text, 0.3))
        _write(painter, "small", right - width, baseline, item.tag, right + 1)
        right -= width + 3
    _paint_link(painter, right - _LINK, baseline, "accent" if is_hot else "muted")
    return right - _LINK - _GAP


def _paint_link(painter: QPainter, left: float, baseline: float, token: str, size: float = _LINK) -> None:
    """Paint the sign of weights that several have."""
    icon("mdi6.link-variant", token).paint(painter, QRect(round(left), round(baseline - size + 2), *(int(size),) * 2))


@lru_cache(8192)
def title(name: str, kind: str, room: int) -> tuple[str, str]:
    """Return the name and the type of a block, cut to the room there is for them side by side.

    A type that only says what the name says is left out. The name is what a block is known by: where there is too
    little room the type is cut, and left out where nothing of it could be read.
    """
    if name.rstrip("_0123456789").replace("_", "").lower() == kind.rstrip("0123456789").lower():
        return elided("name", name, room), ""
    name = elided("name", name, room)
    left = room - _GAP - text_width("name", name)
    return name, elided("small", kind, int(left)) if left > _LEAST_TYPE else ""


def closer(shape: str, room: float) -> str:
    """Return a shape without its spaces where there is too little room for them."""
    return shape if text_width("shape", shape) <= room else shape.replace(" ", "")


def _write(painter: QPainter, kind: str, left: float, baseline: float, text: str, right: float) -> float:
    """Write a text, cut to its room; return where it ends."""
    shown = elided(kind, text, int(right - left))
    painter.setFont(font(kind))
    painter.drawText(QPointF(left, baseline), shown)
    return left + text_width(kind, shown)


def _paint_badge(painter: QPainter, item: BlockItem, look: Theme) -> None:
    middle = QPointF(_RIGHT - _BADGE / 2 + 3, (item.height - 64) / 2 + 16.5)
    if item.severity:
        paint_warning_sign(painter, middle, severity_colour(look, item.severity), look)


def paint_warning_sign(painter: QPainter, middle: QPointF, colour: QColor, look: Theme) -> None:
    """Paint an exclamation mark in a disc."""
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.drawEllipse(middle, _BADGE / 2, _BADGE / 2)
    painter.setBrush(look.raised)
    painter.drawRoundedRect(QRectF(middle.x() - 0.9, middle.y() - 4.2, 1.8, 5.2), 0.9, 0.9)
    painter.drawEllipse(QPointF(middle.x(), middle.y() + 3.2), 1.1, 1.1)


def _paint_ports(painter: QPainter, item: BlockItem, look: Theme) -> None:
    for port, middle in item.ports:
        if port == item.hot_port or item.judged is not None or item.problems:
            _paint_special_port(painter, item, port, middle, look)
        else:
            _paint_port(painter, middle, *_port_colours(look.name, (port.side, port.ref.port) in item.wired))


@cache
def _port_colours(look_name: str, is_wired: bool) -> tuple[QColor, QColor]:
    look = theme()
    return mix(look.wire, look.text, 0.25) if is_wired else look.wire, look.background if look.is_dark else look.raised


def _paint_port(painter: QPainter, middle: QPointF, ring: QColor, fill: QColor, more: float = 0.0) -> None:
    painter.setPen(QPen(ring, 1.5))
    painter.setBrush(fill)
    radius = PORT_SIZE / 2 - 0.75 + more
    painter.drawEllipse(middle, radius, radius)


def _paint_special_port(painter: QPainter, item: BlockItem, port: PortPlace, middle: QPointF, look: Theme) -> None:
    """Paint a port that something is to be said about: the pointer is on it, it can take a wire or not, it is wrong."""
    side, name = port.side, port.ref.port
    ring, fill = _port_colours(look.name, (side, name) in item.wired)
    severity = item.port_severity(side, name)
    if severity:
        ring = severity_colour(look, severity)
        fill = mix(fill, ring, 0.35)
    takes = item.judged is None or (side is item.judged_side and item.judged.get(name, False))
    if not takes:
        ring, fill = mix(look.raised, ring, 0.3), look.raised
    elif item.judged is not None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(with_alpha(look.accent, 0.28))
        painter.drawEllipse(middle, PORT_SIZE, PORT_SIZE)
        ring, fill = look.accent, mix(fill, look.accent, 0.5)
    is_hot = port == item.hot_port
    if is_hot and takes:
        ring, fill = look.accent, look.accent
    _paint_port(painter, middle, ring, fill, 1.5 if is_hot else 0.0)


def paint_ghost(painter: QPainter, corner: tuple[float, float], name: str, category: str) -> None:
    """Paint a block that is in the hand."""
    look = theme()
    frame = QRectF(*corner, BLOCK_WIDTH, BLOCK_HEIGHT)
    painter.setPen(QPen(look.accent, 1.5))
    painter.setBrush(with_alpha(look.raised, 0.85))
    painter.drawRoundedRect(frame, RADIUS, RADIUS)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(look.category(category))
    painter.drawRoundedRect(QRectF(*corner, STRIPE, BLOCK_HEIGHT).adjusted(2, 8, 0, -8), 1.5, 1.5)
    painter.setPen(look.text)
    painter.setFont(font("name"))
    words = frame.adjusted(16, 0, -8, 0)
    painter.drawText(words, Qt.AlignmentFlag.AlignVCenter, elided("name", name, int(words.width())))
