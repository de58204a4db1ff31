"""The ways of wires: straight where they can be, around blocks where they can't, never through one."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from netbuilder.ui.canvas.routing import Lanes, Obstacles, Point, Route, Surroundings, loose, route
from netbuilder.ui.geometry import BLOCK_HEIGHT, BLOCK_WIDTH, Rect, block_rect


def run(source: Rect, target: Rect, *others: Rect, lanes: Lanes | None = None, port: str = "p") -> Route:
    obstacles: Obstacles[int] = Obstacles()
    for number, rect in enumerate((source, target, *others)):
        obstacles.put(number, rect)
    around = Surroundings(obstacles, lanes or Lanes(), port)
    start, end = Point(source.right, source.middle[1]), Point(target.left, target.middle[1])
    return route(start, end, source, target, around)


def places(way: Route) -> list[Point]:
    """Return many points on a route."""
    found: list[Point] = []
    start = way.start
    for first, second, end in way.curves:
        for step in range(21):
            t = step / 20
            a, b, c, d = (1 - t) ** 3, 3 * (1 - t) ** 2 * t, 3 * (1 - t) * t**2, t**3
            found.append(
                Point(
                    a * start.x + b * first.x + c * second.x + d * end.x,
                    a * start.y + b * first.y + c * second.y + d * end.y,
                )
            )
        start = end
    return found


def crosses(way: Route, block: Rect) -> bool:
    inner = block.grown(-1)
    return any(inner.left < p.x < inner.right and inner.top < p.y < inner.bottom for p in places(way))


def block(x: float, y: float) -> Rect:
    return block_rect((x, y))


def test_neighbours_are_joined_by_a_straight_line() -> None:
    way = run(block(0, 0), block(212, 0))
    assert len(way.curves) == 1
    assert all(abs(place.y - BLOCK_HEIGHT / 2) < 1e-6 for place in places(way))
    assert way.room == 212 - BLOCK_WIDTH


def test_a_wire_goes_around_a_block_in_its_way() -> None:
    between = block(212, 0)
    way = run(block(0, 0), block(424, 0), between)
    assert way.lane is not None
    assert not crosses(way, between)
    assert way.start == (BLOCK_WIDTH, 32)
    assert way.points[-1] == (424, 32)


def test_a_wire_goes_around_several_blocks_by_the_shorter_way() -> None:
    between = [block(212, -80), block(212, 0), block(424, 0), block(636, 0)]
    way = run(block(0, 0), block(848, 0), *between)
    assert not any(crosses(way, other) for other in between)
    assert way.lane is not None
    assert way.lane.top > BLOCK_HEIGHT


def test_a_wire_back_to_the_next_row_runs_between_the_rows() -> None:
    source, target = block(848, 0), block(0, 168)
    way = run(source, target, block(424, 0), block(424, 168))
    assert way.lane is not None
    assert way.lane.middle[1] == (source.bottom + target.top) / 2
    assert max(place.x for place in places(way)) < source.right + 60


def test_a_wire_back_within_a_row_goes_below_it() -> None:
    way = run(block(424, 0), block(0, 0), block(212, 0))
    assert way.lane is not None
    assert way.lane.top > BLOCK_HEIGHT


def test_wires_from_two_ports_do_not_share_a_lane_and_those_from_one_do() -> None:
    lanes = Lanes()
    first = run(block(848, 0), block(0, 168), lanes=lanes, port="a")
    lanes.put("first", "a", first.lane)
    same = run(block(848, 0), block(212, 168), lanes=lanes, port="a")
    other = run(block(848, 0), block(212, 168), lanes=lanes, port="b")
    assert first.lane is not None
    assert same.lane is not None
    assert other.lane is not None
    assert same.lane.top == first.lane.top
    assert abs(other.lane.top - first.lane.top) >= 16
    lanes.put("first", "a", None)
    again = run(block(848, 0), block(212, 168), lanes=lanes, port="b")
    assert again.lane == other.lane._replace(top=first.lane.top, bottom=first.lane.bottom)


def test_a_loose_wire_ends_at_the_hand() -> None:
    way = loose(Point(10, 20), Point(-300, 5))
    assert way.points == ((10, 20), (-300, 5))


def test_a_walled_in_wire_is_drawn_all_the_same() -> None:
    wall = [block(212, y) for y in range(-4000, 4000, 66)]
    assert run(block(0, 0), block(424, 0), *wall).points[-1] == (424, 32)


coordinates = st.integers(-3000, 3000).map(float)
blocks = st.builds(block, coordinates, coordinates)


@given(blocks, blocks, st.lists(blocks, max_size=12))
def test_any_wire_begins_and_ends_at_its_ports_and_is_whole(source: Rect, target: Rect, others: list[Rect]) -> None:
    way = run(source, target, *others)
    assert way.start == (source.right, source.middle[1])
    assert way.points[-1] == (target.left, target.middle[1])
    assert way.room >= 0


@given(
    st.lists(st.tuples(st.integers(0, 9), st.none() | st.tuples(coordinates, coordinates, coordinates, coordinates)))
)
def test_areas_are_found_where_they_are_and_nowhere_else(changes: list[tuple[int, tuple[float, ...] | None]]) -> None:
    obstacles: Obstacles[int] = Obstacles()
    known: dict[int, Rect] = {}
    for key, change in changes:
        if change is None:
            obstacles.discard(key)
            known.pop(key, None)
        else:
            x, y, width, height = change
            known[key] = Rect(x, y, x + abs(width) * 40, y + abs(height) * 40)
            obstacles.put(key, known[key])
        for area in (Rect(-100, -100, 100, 100), Rect(-9e5, -9e5, 9e5, 9e5), *known.values()):
            expected = sorted(key for key, rect in known.items() if rect.meets(area))
            assert sorted(obstacles.keys_meeting(area)) == expected
