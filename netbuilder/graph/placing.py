"""Where there is room on the canvas."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

from netbuilder.graph.project import Position

BLOCK_SIZE = (168, 64)
COLUMN = 212
ROW = 100


def is_free(taken: Iterable[Position], spot: Position) -> bool:
    """Tell whether a block at `spot` would touch none of those at `taken`; all are top left corners."""
    width, height = BLOCK_SIZE
    return all(abs(x - spot[0]) >= width + 12 or abs(y - spot[1]) >= height + 12 for x, y in taken)


def free_spot(taken: Iterable[Position], near: Position) -> Position:
    """Return the spot nearest to `near`, on a coarse lattice around it, where a block touches no other."""
    taken = tuple(taken)
    for ring in itertools.count():
        steps = range(-ring, ring + 1)
        spots = (
            (near[0] + i * COLUMN / 2, near[1] + j * ROW) for i in steps for j in steps if ring in (abs(i), abs(j))
        )
        free = [spot for spot in spots if is_free(taken, spot)]
        if free:
            return min(free, key=lambda spot: (abs(spot[0] - near[0]) + abs(spot[1] - near[1]), -spot[1]))
    raise AssertionError("unreachable: some ring is free")
