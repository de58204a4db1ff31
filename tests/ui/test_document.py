from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QApplication

from netbuilder.graph.edits import AddNode, Batch, MoveNodes, RenameNode, SetParameter
from netbuilder.graph.files import dumps
from netbuilder.graph.model import Node, NodeId
from netbuilder.ui.document import Document
from tests.drawing import Drawing

ONE, TWO = NodeId("n1"), NodeId("n2")


def document_with_two_blocks() -> Document:
    document = Document()
    document.apply(Batch(tuple(AddNode(Node(node, "Linear", f"linear{node}", {})) for node in (ONE, TWO))))
    document.mark_saved(Path("x.netb"))
    return document


def test_a_drag_is_one_undo_step(qapp: QApplication) -> None:
    document = document_with_two_blocks()
    steps = document.undo_stack.count()
    before = dumps(document.project)
    for x in range(5):
        document.apply(MoveNodes(((ONE, (float(x), 0.0)),)), merge="drag")
    assert document.undo_stack.count() == steps + 1
    assert document.project.layout[ONE] == (4.0, 0.0)
    document.undo_stack.undo()
    assert dumps(document.project) == before


def test_the_same_field_of_several_blocks_spins_as_one_undo_step(qapp: QApplication) -> None:
    document = document_with_two_blocks()
    steps = document.undo_stack.count()
    before = dumps(document.project)
    for value in (8, 16, 32):
        edits = tuple(SetParameter(node, "out_features", value) for node in (ONE, TWO))
        document.apply(Batch(edits), merge="spin")
    assert document.undo_stack.count() == steps + 1
    assert document.project.graph.node(TWO).params["out_features"] == 32
    after = dumps(document.project)
    document.undo_stack.undo()
    assert dumps(document.project) == before
    document.undo_stack.redo()
    assert dumps(document.project) == after


def test_steps_that_touch_other_things_stay_apart_in_spite_of_their_key(qapp: QApplication) -> None:
    document = document_with_two_blocks()
    steps = document.undo_stack.count()
    document.apply(SetParameter(ONE, "out_features", 8), merge="spin")
    document.apply(SetParameter(TWO, "out_features", 8), merge="spin")
    document.apply(Batch((SetParameter(TWO, "out_features", 9),)), merge="spin")
    document.apply(MoveNodes(((ONE, (1.0, 1.0)),)), merge="spin")
    document.apply(MoveNodes(((ONE, (2.0, 1.0)), (TWO, (3.0, 1.0)))), merge="spin")
    assert document.undo_stack.count() == steps + 5


def test_an_undone_block_keeps_its_id_to_itself(qapp: QApplication) -> None:
    document = document_with_two_blocks()
    document.apply(AddNode(Node(NodeId("n9"), "Linear", "ninth", {})))
    document.undo_stack.undo()
    assert next(document.new_ids()) == "n10"


def test_a_project_is_modified_until_it_is_saved_or_all_is_undone(qapp: QApplication) -> None:
    document = document_with_two_blocks()
    heard: list[bool] = []
    document.modified_changed.connect(lambda: heard.append(document.modified))
    assert not document.modified
    document.apply(RenameNode(ONE, "first"))
    document.undo_stack.undo()
    document.undo_stack.redo()
    document.mark_saved(Path("y.netb"))
    assert heard == [True, False, True, False]
    assert document.name == "y"


def test_a_drag_after_a_save_is_not_merged_into_what_was_saved(qapp: QApplication) -> None:
    document = document_with_two_blocks()
    document.apply(MoveNodes(((ONE, (1.0, 0.0)),)), merge="drag")
    document.mark_saved(Path("x.netb"))
    document.apply(MoveNodes(((ONE, (2.0, 0.0)),)), merge="drag")
    assert document.modified
    document.undo_stack.undo()
    assert not document.modified
    assert document.project.layout[ONE] == (1.0, 0.0)


def test_a_recovered_project_is_modified_from_the_start(qapp: QApplication) -> None:
    document = Document()
    document.replace(document.project, None, name="rescued", modified=True)
    assert document.modified
    assert document.name == "rescued"


def test_the_home_of_a_block_is_shown_by_the_way_there_and_without_one_too(qapp: QApplication) -> None:
    drawing = Drawing()
    with drawing.group("Block") as block:
        inner = drawing.put("ReLU", "relu", drawing.put("Input", "x"))
    with drawing.group("Unused") as unused:
        drawing.put("Input", "x")
    first, second = (drawing.put_group(block, name, drawing.put("Input", f"in_{name}")) for name in ("one", "two"))
    document = Document(drawing.project)
    shown: list[tuple[NodeId, ...]] = []
    document.sheet_changed.connect(lambda: shown.append(document.way()))
    for way in ((second,), (second,), (first,), (NodeId("n99"),), ()):
        document.show_home_of(inner, way)
        assert document.group == block
    assert shown == [(second,), (first,)]
    document.show(unused)
    document.show_home_of(first)
    assert document.group is None
    document.show_home_of(inner, (NodeId("n99"), second))
    assert document.group == block
    document.show_home_of(NodeId("n99"))
    assert document.group == block
