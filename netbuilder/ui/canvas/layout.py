"""Arranges a network: layers from left to right, the longest path in a straight row, branches in rows beside it.

1. fast-sugiyama ranks the blocks and orders each rank so that few wires cross.
2. The longest path becomes a row, then the longest of what is left, and so on: what runs on runs straight. Each row
   goes beside the one it branches off, on the side on which the ordering has it.
3. What is wider than the window is folded like lines of text, where the fewest wires are broken.
4. Blocks without wires stand in a row of their own, below.

Pure: positions in, positions out.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from netbuilder.graph.model import Graph, NodeId, creation_number
from netbuilder.graph.placing import COLUMN
from netbuilder.graph.project import Position
from netbuilder.ui.geometry import BLOCK_HEIGHT, BLOCK_WIDTH, snap

_ROW_GAP = 40.0
_LINE_GAP = 104.0
_PIECE_GAP = 60.0
_FEWEST_COLUMNS = 4

Cell = tuple[int, int]
"""Column and row."""


@dataclass(frozen=True, slots=True)
class _Rank:
    """Where the layered drawing has a block: its layer, and its place across."""

    layer: int
    across: float


def arrange(
    graph: Graph, heights: Mapping[NodeId, float], room: tuple[float, float], corner: Position
) -> dict[NodeId, Position]:
    """Return a place for every block, the whole with its top left at `corner` and near the proportions of `room`."""
    wires = {(edge.source.node, edge.target.node) for edge in graph.edges() if edge.source.node != edge.target.node}
    top = 0.0
    places: dict[NodeId, Position] = {}
    for ranks in _pieces(sorted(wires, key=lambda wire: tuple(map(creation_number, wire)))):
        cells = _cells(ranks, wires)
        piece, height = _best_fold(cells, wires, heights, room)
        places |= {node: (x, y + top) for node, (x, y) in piece.items()}
        top += height + _PIECE_GAP
    columns = max(_FEWEST_COLUMNS, int(room[0] // COLUMN))
    for number, node in enumerate(node for node in graph if node not in places):
        places[node] = number % columns * COLUMN, top + number // columns * (BLOCK_HEIGHT + _ROW_GAP)
    left, upper = corner
    return {node: snap((left + x, upper + y)) for node, (x, y) in places.items()}


def _pieces(wires: list[tuple[NodeId, NodeId]]) -> list[dict[NodeId, _Rank]]:
    """Return the ranks of the blocks of each connected piece, the largest piece first."""
    from fast_sugiyama import from_edges  # a binary that only arranging needs

    pieces: list[dict[NodeId, _Rank]] = []
    numbered = [(creation_number(source), creation_number(target)) for source, target in wires]
    for placed, *_ in from_edges(numbered, vertex_spacing=1, dummy_vertices=False, check_layout=False) if wires else ():
        layers = {y: layer for layer, y in enumerate(sorted({y for _, (_, y) in placed}, reverse=True))}
        pieces.append({NodeId(f"n{number}"): _Rank(layers[y], x) for number, (x, y) in placed})
    return sorted(pieces, key=lambda piece: (-len(piece), min(map(creation_number, piece))))


def _cells(ranks: Mapping[NodeId, _Rank], wires: Iterable[tuple[NodeId, NodeId]]) -> dict[NodeId, Cell]:
    after: defaultdict[NodeId, list[NodeId]] = defaultdict(list)
    around: defaultdict[NodeId, list[NodeId]] = defaultdict(list)
    for source, target in sorted(wires):
        if source in ranks:
            around[source].append(target)
            around[target].append(source)
            if ranks[source].layer < ranks[target].layer:
                after[source].append(target)
    taken: set[Cell] = set()
    rows: dict[NodeId, int] = {}
    for path in _paths(ranks, after):
        columns = range(ranks[path[0]].layer, ranks[path[-1]].layer + 1)
        row = _free_row(path, columns, ranks, around, rows, taken)
        taken |= {(column, row) for column in columns}
        rows |= dict.fromkeys(path, row)
    return {node: (rank.layer, rows[node]) for node, rank in ranks.items()}


def _paths(ranks: Mapping[NodeId, _Rank], after: Mapping[NodeId, list[NodeId]]) -> Iterable[list[NodeId]]:
    """Yield paths that together hold every block once, those that begin with the longest way ahead first."""
    ahead: dict[NodeId, int] = {}
    for node in sorted(ranks, key=lambda node: -ranks[node].layer):
        ahead[node] = 1 + max((ahead[other] for other in after.get(node, ())), default=0)

    def rank(node: NodeId) -> tuple[int, int]:
        return ahead[node], -creation_number(node)

    free = set(ranks)
    for node in sorted(ranks, key=rank, reverse=True):
        path: list[NodeId] = []
        following = node if node in free else None
        while following is not None:
            path.append(following)
            free.discard(following)
            following = max((other for other in after.get(following, ()) if other in free), key=rank, default=None)
        if path:
            yield path


def _free_row(
    path: list[NodeId],
    columns: range,
    ranks: Mapping[NodeId, _Rank],
    around: Mapping[NodeId, list[NodeId]],
    rows: Mapping[NodeId, int],
    taken: set[Cell],
) -> int:
    """Return the row nearest to the blocks that the path is wired to, on the side that the ordering prefers."""
    beside = [other for node in path for other in around.get(node, ()) if other in rows]
    home = rows[beside[0]] if beside else 0
    side = 1 if _mean(ranks, path) >= _mean(ranks, beside or path) else -1
    offsets = (sign * distance for distance in itertools.count() for sign in (side, -side))
    return next(home + by for by in offsets if not any((column, home + by) in taken for column in columns))


def _mean(ranks: Mapping[NodeId, _Rank], nodes: list[NodeId]) -> float:
    return sum(ranks[node].across for node in nodes) / len(nodes)


def _best_fold(
    cells: Mapping[NodeId, Cell],
    wires: set[tuple[NodeId, NodeId]],
    heights: Mapping[NodeId, float],
    room: tuple[float, float],
) -> tuple[dict[NodeId, Position], float]:
    """Return the places, and the height, of the fold that can be shown largest;
    of equals the one with the fewest lines.
    """
    columns = 1 + max(column for column, _ in cells.values())
    crossing = [0] * (columns + 1)
    for source, target in wires:
        if source in cells:
            low, high = sorted((cells[source][0], cells[target][0]))
            for column in range(low + 1, high + 1):
                crossing[column] += 1
    best: tuple[float, dict[NodeId, Position], float] | None = None
    lines, widths = 0, []
    for width in range(columns, _FEWEST_COLUMNS - 1, -1):
        if -(-columns // width) > lines:  # of the widths that give so many lines, the least is the most even
            lines = -(-columns // width)
            widths.append(-(-columns // lines))
    for width in widths or [columns]:
        places, size = _folded(cells, _breaks(columns, width, crossing), heights)
        zoom = min(1.0, room[0] / size[0], room[1] / size[1])
        if best is None or zoom > best[0] * 1.05:
            best = zoom, places, size[1]
    assert best is not None
    return best[1], best[2]


def _breaks(columns: int, width: int, crossing: list[int]) -> list[int]:
    """Return the column at which each line begins, of about `width` columns, broken where few wires cross."""
    starts = [0]
    while columns - starts[-1] > width:
        latest = starts[-1] + width
        options = range(max(starts[-1] + 2, latest - width // 4), latest + 1)
        starts.append(min(options, key=lambda column: (crossing[column], latest - column)))
    return starts


def _folded(
    cells: Mapping[NodeId, Cell], starts: list[int], heights: Mapping[NodeId, float]
) -> tuple[dict[NodeId, Position], tuple[float, float]]:
    places: dict[NodeId, Position] = {}
    top = 0.0
    widest = 0
    for start, end in itertools.pairwise([*starts, 1 << 30]):
        line = {node: cell for node, cell in cells.items() if start <= cell[0] < end}
        tops: dict[int, float] = {}
        for row in sorted({row for _, row in line.values()}):
            tops[row] = top
            tallest = max(heights.get(node, BLOCK_HEIGHT) for node, cell in line.items() if cell[1] == row)
            top += tallest + _ROW_GAP
        for node, (column, row) in line.items():
            places[node] = (column - start) * COLUMN, tops[row]
            widest = max(widest, column - start)
        top += _LINE_GAP - _ROW_GAP
    return places, (widest * COLUMN + BLOCK_WIDTH, max(top - _LINE_GAP, 1.0))
