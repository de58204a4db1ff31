"""Where on a sheet an edit did something."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from PySide6.QtCore import QRectF

from netbuilder.graph.edits import (
    AddNode,
    Connect,
    Disconnect,
    Edit,
    MoveNodes,
    RenameNode,
    SetParameter,
    flatten,
)
from netbuilder.graph.model import NodeId
from netbuilder.graph.project import GroupId, Position
from netbuilder.ui.geometry import BLOCK_HEIGHT, BLOCK_WIDTH


def places(
    edit: Edit,
    inverse: Edit,
    group: GroupId | None,
    layout: Mapping[NodeId, Position],
    heights: Mapping[NodeId, float],
) -> Iterator[QRectF]:
    """Yield the places of the blocks on a sheet that an edit, just done, changed; where one is gone, its last place.

    `inverse` knows of the blocks that are gone, `layout` of those that are on the way to their places.
    """
    gone = {part.node.id: part.position for part in flatten(inverse) if isinstance(part, AddNode)}
    for node in _nodes(edit, inverse, group):
        place = layout.get(node) or gone.get(node)
        if place is not None:
            yield QRectF(*place, BLOCK_WIDTH, heights.get(node, BLOCK_HEIGHT))


def _nodes(edit: Edit, inverse: Edit, group: GroupId | None) -> Iterator[NodeId]:
    for part in (*flatten(edit), *flatten(inverse)):
        if getattr(part, "group", group) != group:
            continue
        match part:
            case AddNode(node=node):
                yield node.id
            case SetParameter(node=node) | RenameNode(node=node):
                yield node
            case Connect(edge=edge) | Disconnect(edge=edge):
                yield from (edge.source.node, edge.target.node)
            case MoveNodes(positions=positions):
                yield from (node for node, _ in positions)
            case _:
                pass
