"""What is asked of a project in the tests, and answered by an edit or by the sentence with which it is refused."""

from __future__ import annotations

from netbuilder.blocks.spec import BATCH, TensorSpec
from netbuilder.graph.edits import Edit
from netbuilder.graph.files import dumps
from netbuilder.graph.model import NodeId, PortRef
from netbuilder.graph.project import Project
from netbuilder.ui.wiring import Refusal

IMAGE = TensorSpec((BATCH, 4, 8, 8))
ROW = TensorSpec((BATCH, 10))
LABELS = TensorSpec((BATCH,), "int64")


def do(project: Project, intent: Edit | Refusal | None) -> Edit:
    """Apply an intent that has to be an edit, and prove that its inverse brings the bytes back; leave it applied."""
    assert isinstance(intent, Edit), intent
    before = dumps(project)
    after = intent.apply(project)
    changed = dumps(project)
    assert changed != before
    redo = after.apply(project)
    assert dumps(project) == before
    redo.apply(project)
    assert dumps(project) == changed
    return intent


def refused(intent: object, code: str) -> str:
    """Return the sentence of an intent that has to be refused for this reason."""
    assert isinstance(intent, Refusal), intent
    assert intent.code == code
    assert intent.message.endswith(".")
    return intent.message


def out(node: str, port: str = "y") -> PortRef:
    return PortRef(NodeId(node), port)


def wires(project: Project) -> list[tuple[str, str, str, str]]:
    """Return all wires by the names of their blocks."""
    name = {node.id: node.name for node in project.graph.nodes()}
    return [(name[e.source.node], e.source.port, name[e.target.node], e.target.port) for e in project.graph.edges()]
