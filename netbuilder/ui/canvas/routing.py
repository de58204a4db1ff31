"""The way of a wire: straight on where nothing is in between, else through a lane around the blocks.

A wire leaves an output to the right and enters an input from the left. One that goes forward is a single curve; where
blocks stand in its way it takes a horizontal lane above or below them. One that goes backward turns round at both ends
and runs in a lane between the rows. Pure geometry, in canvas pixels.
"""

from __future__ import annotations

import heapq
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar

from netbuilder.ui.geometry import Rect

_CELL = 256.0
_MOST_CELLS = 1024
"""An area in more cells than this is in none, and looked at each time."""
_CLEARANCE = 8.0
_LANE_DISTANCE = 20.0
_NEAREST_FORWARD = 20.0
_BESIDE = 16.0
_MOST_LANES = 48
_PULL = (24.0, 44.0)
_TURN = (28.0, 54.0)


Key = TypeVar("Key", bound=Hashable)


class Point(NamedTuple):
    """A place on the canvas."""

    x: float
    y: float


class Curve(NamedTuple):
    """A cubic curve from wherever the one before ended."""

    first: Point
    second: Point
    end: Point


@dataclass(frozen=True, slots=True)
class Route:
    """Curves from an output port to an input port.

    `middle` is a good place for a label, `room` the straight run there.
    """

    start: Point
    curves: tuple[Curve, ...]
    middle: Point
    room: float
    lane: Rect | None = None
    """The strip that the straight run takes up, where it is a lane."""

    @property
    def points(self) -> tuple[Point, ...]:
        """The ends of the curves: the route as it looks from afar."""
        return (self.start, *(curve.end for curve in self.curves))


class Obstacles(Generic[Key]):
    """The blocks' areas, found by place: a hash of coarse cells."""

    def __init__(self) -> None:
        self._rects: dict[Key, Rect] = {}
        self._cells: dict[tuple[int, int], set[Key]] = {}
        self._large: set[Key] = set()

    def put(self, key: Key, rect: Rect) -> None:
        """Add an area, or move the one of this key."""
        if self._rects.get(key) == rect:
            return
        self.discard(key)
        self._rects[key] = rect
        if _cell_count(rect) > _MOST_CELLS:
            self._large.add(key)
            return
        for cell in _cells(rect):
            self._cells.setdefault(cell, set()).add(key)

    def discard(self, key: Key) -> None:
        """Forget an area."""
        rect = self._rects.pop(key, None)
        if rect is None or key in self._large:
            self._large.discard(key)
            return
        for cell in _cells(rect):
            self._cells[cell].discard(key)

    def meeting(self, area: Rect) -> list[Rect]:
        """Return the areas that share something with `area`."""
        return [self._rects[key] for key in self.keys_meeting(area)]

    def keys_meeting(self, area: Rect) -> list[Key]:
        """Return the keys of the areas that share something with `area`."""
        near: Iterable[Key] = self._rects
        if _cell_count(area) < len(self._rects):
            near = self._large.union(*(self._cells.get(cell, ()) for cell in _cells(area)))
        return [key for key in near if self._rects[key].meets(area)]


class Lanes:
    """The lanes in use. Wires from the same port share one; those from others keep apart."""

    def __init__(self) -> None:
        self._strips: Obstacles[Hashable] = Obstacles()
        self._ports: dict[Hashable, Hashable] = {}

    def put(self, wire: Hashable, port: Hashable, strip: Rect | None) -> None:
        """Take note of the lane of a wire from a port, or that it has none."""
        if strip is None:
            self.discard(wire)
            return
        self._strips.put(wire, strip)
        self._ports[wire] = port

    def discard(self, wire: Hashable) -> None:
        """Forget the lane of a wire."""
        self._strips.discard(wire)
        self._ports.pop(wire, None)

    def is_free(self, area: Rect, port: Hashable) -> bool:
        """Tell whether no wire from another port runs in this area."""
        return all(self._ports[wire] == port for wire in self._strips.keys_meeting(area))


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a wire from `port` has to keep clear of."""

    blocks: Obstacles[Any]
    lanes: Lanes
    port: Hashable


def _cell_count(rect: Rect) -> float:
    return ((rect.right - rect.left) / _CELL + 2) * ((rect.bottom - rect.top) / _CELL + 2)


def _cells(rect: Rect) -> Iterator[tuple[int, int]]:
    for column in range(int(rect.left // _CELL), int(rect.right // _CELL) + 1):
        for row in range(int(rect.top // _CELL), int(rect.bottom // _CELL) + 1):
            yield column, row


def loose(start: Point, end: Point) -> Route:
    """Return the way of a wire that is being drawn: a plain curve to the pointer."""
    reach = max(_PULL[0], min(abs(end.x - start.x) / 2, 120.0))
    curve = Curve(Point(start.x + reach, start.y), Point(end.x - reach, end.y), end)
    return Route(start, (curve,), _halfway(start, curve), 0.0)


def route(start: Point, end: Point, source: Rect, target: Rect, around: Surroundings) -> Route:
    """Return the way from an output port of the block at `source` to an input port of the block at `target`."""
    if end.x - start.x < _NEAREST_FORWARD:
        return _backward(start, end, source, target, around)
    reach = max(min(_PULL[0], (end.x - start.x) / 2), min((end.x - start.x) / 2, 120.0))
    curve = Curve(Point(start.x + reach, start.y), Point(end.x - reach, end.y), end)
    if _is_clear(start, curve, source, target, around.blocks):
        is_level = abs(start.y - end.y) < 1
        return Route(start, (curve,), _halfway(start, curve), end.x - start.x if is_level else 0.0)
    return _forward(start, end, around)


def _is_clear(start: Point, curve: Curve, source: Rect, target: Rect, obstacles: Obstacles[Any]) -> bool:
    low, high = sorted((start.y, curve.end.y))
    area = Rect(start.x, low - _CLEARANCE, curve.end.x, high + _CLEARANCE)
    near = [rect.grown(_CLEARANCE / 2) for rect in obstacles.meeting(area) if rect not in (source, target)]
    if not near:
        return True
    steps = max(8, min(int((curve.end.x - start.x) / 24), 256))
    places = [_place(start, curve, step / steps) for step in range(1, steps)]
    return not any(_holds(rect, place) for rect in near for place in places)


def _forward(start: Point, end: Point, around: Surroundings) -> Route:
    """Go around what stands between, in the lane that costs the least climbing."""
    width = min(_PULL[1], (end.x - start.x) / 3)
    left, right = start.x + width, end.x - width
    lane = _free_lane(left - 4, right + 4, (start.y, end.y), start, end, around)
    climb, descend = min(width, abs(lane - start.y)), min(width, abs(end.y - lane))
    left, right = start.x + climb, end.x - descend
    curves = (
        Curve(Point(start.x + climb / 2, start.y), Point(left - climb / 2, lane), Point(left, lane)),
        _line(Point(left, lane), Point(right, lane)),
        Curve(Point(right + descend / 2, lane), Point(end.x - descend / 2, end.y), end),
    )
    return Route(start, curves, Point((left + right) / 2, lane), right - left, _strip(left, right, lane))


def _backward(start: Point, end: Point, source: Rect, target: Rect, around: Surroundings) -> Route:
    """Turn round, run back between the rows, turn round again."""
    if target.top - source.bottom >= 2 * _CLEARANCE:
        wanted = ((source.bottom + target.top) / 2,)
    elif source.top - target.bottom >= 2 * _CLEARANCE:
        wanted = ((target.bottom + source.top) / 2,)
    else:
        tops, bottoms = min(source.top, target.top), max(source.bottom, target.bottom)
        wanted = (bottoms + _LANE_DISTANCE, tops - _LANE_DISTANCE)
    left, right = min(end.x, start.x), max(end.x, start.x)
    lane = _free_lane(left - 16, right + 16, wanted, start, end, around)
    out, back = _turn(lane - start.y), _turn(lane - end.y)
    curves = (
        Curve(Point(start.x + out, start.y), Point(start.x + out, lane), Point(start.x, lane)),
        _line(Point(start.x, lane), Point(end.x, lane)),
        Curve(Point(end.x - back, lane), Point(end.x - back, end.y), end),
    )
    return Route(start, curves, Point((start.x + end.x) / 2, lane), right - left, _strip(left, right, lane))


def _free_lane(
    left: float, right: float, wanted: tuple[float, ...], start: Point, end: Point, around: Surroundings
) -> float:
    """Return the height of a horizontal strip without blocks and other lanes:
    the cheapest to climb to from both ends.
    """

    def cost(lane: float) -> float:
        return abs(lane - start.y) + abs(lane - end.y)

    waiting = [(cost(lane), -lane) for lane in wanted]  # of two that cost the same, the lower
    heapq.heapify(waiting)
    seen = set(wanted)
    best: float | None = None
    for _ in range(_MOST_LANES):
        if not waiting:
            break
        lane = -heapq.heappop(waiting)[1]
        strip = Rect(left, lane - _CLEARANCE, right, lane + _CLEARANCE)
        met = around.blocks.meeting(strip)
        others = [side for rect in met for side in (rect.top - _LANE_DISTANCE, rect.bottom + _LANE_DISTANCE)]
        if not met:
            if around.lanes.is_free(strip, around.port):
                return lane
            best = lane if best is None else best
            others = [lane - _BESIDE, lane + _BESIDE]
        for other in others:
            if other not in seen:
                seen.add(other)
                heapq.heappush(waiting, (cost(other), -other))
    return wanted[0] if best is None else best


def _strip(left: float, right: float, lane: float) -> Rect:
    return Rect(left, lane - 1, right, lane + 1)


def _turn(height: float) -> float:
    low, high = _TURN
    return max(low, min(abs(height) * 0.55, high))


def _line(start: Point, end: Point) -> Curve:
    return Curve(
        Point((2 * start.x + end.x) / 3, (2 * start.y + end.y) / 3),
        Point((start.x + 2 * end.x) / 3, (start.y + 2 * end.y) / 3),
        end,
    )


def _place(start: Point, curve: Curve, t: float) -> Point:
    a, b, c, d = (1 - t) ** 3, 3 * (1 - t) ** 2 * t, 3 * (1 - t) * t**2, t**3
    first, second, end = curve
    return Point(
        a * start.x + b * first.x + c * second.x + d * end.x, a * start.y + b * first.y + c * second.y + d * end.y
    )


def _halfway(start: Point, curve: Curve) -> Point:
    return _place(start, curve, 0.5)


def _holds(rect: Rect, place: Point) -> bool:
    return rect.left < place.x < rect.right and rect.top < place.y < rect.bottom
