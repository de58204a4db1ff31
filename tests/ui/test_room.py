"""Room on the canvas for what comes out of a group."""

from __future__ import annotations

import itertools

import pytest

from netbuilder.graph.edits import Edit
from netbuilder.graph.files import dumps
from netbuilder.graph.model import NodeId
from netbuilder.graph.project import Position, Project
from netbuilder.ui import group_intents
from netbuilder.ui.geometry import block_rect
from tests.drawing import Drawing


def covering(project: Project) -> list[tuple[str, str]]:
    """Return the blocks that stand on each other."""
    names = {node.id: node.name for node in project.graph.nodes()}
    pairs = itertools.combinations(project.layout.items(), 2)
    return [(names[a], names[b]) for (a, at), (b, other) in pairs if block_rect(at).meets(block_rect(other))]


@pytest.mark.parametrize("crowd", [(), ((700, -36), (1124, -90))])
def test_what_comes_out_of_a_group_covers_nothing(crowd: tuple[Position, ...]) -> None:
    drawing = Drawing()
    with drawing.group("tall") as tall:
        x = drawing.put("Input", "x")
        for number in range(3):
            x = drawing.put("Linear", f"fc{number}", x, out_features=4)
        drawing.put("Output", "y", x)
    for number, node in enumerate(drawing.project.groups[tall].graph):
        drawing.project.groups[tall].layout[node] = (212.0 * number, 100.0 * (number % 2))
    row = drawing.put("Input", "row", shape=[4])
    box = drawing.put_group(tall, "box", row)
    places: dict[NodeId, Position] = {row: (0, 0), box: (212, 0), drawing.put("ReLU", "next", box): (424, 0)}
    for name, place in (("below", (212, 100)), ("left_below", (0, 100)), *((f"far{x}", (x, y)) for x, y in crowd)):
        places[drawing.put("Linear", name, row)] = place
    project = drawing.project
    project.layout.update(places)
    before = dumps(project)
    intent = group_intents.ungroup(project, None, project.new_ids(), box)
    assert isinstance(intent, Edit)
    inverse = intent.apply(project)
    assert covering(project) == []
    assert project.layout[row] == (0, 0)
    inverse.apply(project)
    assert dumps(project) == before
