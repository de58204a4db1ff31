"""The measures of blocks and the grid, in canvas pixels at 100 %: what placing, layout, routing
and painting agree on.
"""

from __future__ import annotations

from typing import NamedTuple

from netbuilder.graph.placing import BLOCK_SIZE
from netbuilder.graph.project import Position

BLOCK_WIDTH, BLOCK_HEIGHT = map(float, BLOCK_SIZE)
GRID = 4.0
DOTS = 20.0
"""Distance of the dots that the canvas shows; a multiple of `GRID`."""

EDGE = 1.1e8
"""The canvas ends here, a little farther out than a file may place a block."""

PORT_SIZE = 9.0
PORT_REACH = 10.0
"""A press this near to a port's middle means the port."""
_PORT_PITCH = 20.0
_PAIR_PITCH = 24.0
"""Of two ports: a multiple of two steps of the grid, so that a wire to either can be straight."""


class Rect(NamedTuple):
    """An upright rectangle."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def middle(self) -> Position:
        """The point in its middle."""
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2

    def grown(self, by: float) -> Rect:
        """Return the rectangle with `by` more on each side."""
        return Rect(self.left - by, self.top - by, self.right + by, self.bottom + by)

    def meets(self, other: Rect) -> bool:
        """Tell whether the two share an area."""
        return (
            self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom
        )


def snap(position: Position) -> Position:
    """Return the nearest point of the grid."""
    x, y = position
    return round(x / GRID) * GRID, round(y / GRID) * GRID


def block_height(ports: int) -> float:
    """Return the height of a block with so many ports on its fuller side."""
    return max(BLOCK_HEIGHT, _PORT_PITCH * ports)


def port_height(index: int, count: int, height: float) -> float:
    """Return how far below the block's top the port `index` of `count` on one side sits."""
    pitch = min(_PAIR_PITCH if count == 2 else _PORT_PITCH, height / count)
    return height / 2 + (index - (count - 1) / 2) * pitch


def block_rect(position: Position, height: float = BLOCK_HEIGHT) -> Rect:
    """Return the area of a block whose top left corner is at `position`."""
    x, y = position
    return Rect(x, y, x + BLOCK_WIDTH, y + height)
