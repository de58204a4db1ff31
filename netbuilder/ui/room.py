"""Room on the canvas for blocks that come in the place of one: what stands around makes way.

Pure: places in, places out.
"""

from __future__ import annotations

from collections.abc import Collection

from netbuilder.graph.model import NodeId
from netbuilder.graph.placing import ROW
from netbuilder.graph.project import Position, Project
from netbuilder.ui.canvas.routing import Obstacles
from netbuilder.ui.geometry import BLOCK_HEIGHT, Rect, block_height, block_rect
from netbuilder.ui.ports import sockets


def room_for(sheet: Project, added: Collection[NodeId], before: Rect) -> dict[NodeId, Position]:
    """Return new places such that blocks which were `added` where one took up `before` cover no others.

    What stood to the right of it goes on to the right, what stood below goes down. Where others would meet by that, the
    new blocks go below all instead. Nothing moves where nothing is covered.
    """
    areas = {node: block_rect(sheet.layout[node], block_height(sockets(sheet, node).most)) for node in sheet.graph}
    new = [areas[node] for node in added]
    others = {node: area for node, area in areas.items() if node not in added}
    if not any(area.meets(other) for area in new for other in others.values()):
        return {}
    right = max(0.0, max(area.right for area in new) - before.right)
    down = max(0.0, max(area.bottom for area in new) - before.bottom)
    moved: dict[NodeId, Rect] = {}
    for node, area in others.items():
        if area.top >= before.bottom:
            moved[node] = _shifted(area, 0.0, down)
        elif area.bottom > before.top and area.left >= before.right:
            moved[node] = _shifted(area, right, 0.0)
    after = Obstacles[NodeId]()
    for node, area in (others | moved).items():
        after.put(node, area)
    is_met = any(map(after.meeting, new)) or any(
        not others[node].meets(others[other]) for node in moved for other in after.keys_meeting(moved[node])
    )
    if not is_met:
        return {node: area[:2] for node, area in moved.items() if area != others[node]}
    below = max(area.bottom for area in others.values()) + ROW - BLOCK_HEIGHT - min(area.top for area in new)
    return {node: _shifted(areas[node], 0.0, below)[:2] for node in added}


def _shifted(area: Rect, x: float, y: float) -> Rect:
    return Rect(area.left + x, area.top + y, area.right + x, area.bottom + y)
