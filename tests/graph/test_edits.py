"""What each edit does, and what it calls itself in the undo menu."""

from __future__ import annotations

import pytest

from netbuilder.graph.edits import (
    UNSET,
    AddNode,
    Batch,
    Connect,
    Disconnect,
    Edit,
    MoveNodes,
    RemoveNode,
    RenameNode,
    SetParameter,
    SetSection,
    describe,
    flatten,
)
from netbuilder.graph.files import dumps
from netbuilder.graph.model import GraphError, Node, NodeId
from tests.graph.projects import small_project, wire

CONV = NodeId("n2")


def test_deleting_a_block_takes_its_wires_and_undo_brings_both_back() -> None:
    project = small_project()
    before = dumps(project)
    undo = RemoveNode(CONV).apply(project)
    assert project.graph.edges() == [wire("n3.y", "n10.x")]
    assert CONV not in project.layout
    undo.apply(project)
    assert dumps(project) == before


def test_deleting_a_block_wired_to_itself_takes_that_wire_once() -> None:
    project = small_project()
    Connect(wire("n2.y", "n2.again")).apply(project)
    before = dumps(project)
    RemoveNode(CONV).apply(project).apply(project)
    assert dumps(project) == before


def test_taking_a_parameter_away_lets_the_default_hold() -> None:
    project = small_project()
    undo = SetParameter(CONV, "out_channels", UNSET).apply(project)
    assert "out_channels" not in project.graph.node(CONV).params
    undo.apply(project)
    assert project.graph.node(CONV).params["out_channels"] == 16


def test_a_renamed_block_leaves_its_old_name_free() -> None:
    project = small_project()
    RenameNode(CONV, "stem").apply(project)
    RenameNode(NodeId("n3"), "conv1").apply(project)
    assert [node.name for node in project.graph.nodes()] == ["image", "stem", "conv1", "logits"]


def test_what_is_given_to_an_edit_can_not_be_changed_behind_its_back() -> None:
    sizes = [3, 3]
    edit = SetParameter(CONV, "kernel_size", sizes)  # pyright: ignore[reportArgumentType]
    sizes.append(9)
    assert edit.value == (3, 3)


@pytest.mark.parametrize(
    ("edit", "sentence"),
    [
        (AddNode(Node(CONV, "ReLU", "relu", {})), "There is a node n2 already."),
        (
            AddNode(Node(NodeId("x1"), "ReLU", "relu", {})),
            "“x1” is not a node id: blocks are numbered from n1 to n999999999.",
        ),
        (AddNode(Node(NodeId("n4"), "ReLU", "conv1", {})), "There is a node named “conv1” already."),
        (AddNode(Node(NodeId("n4"), "ReLU", "", {})), "A name can't be empty."),
        (RemoveNode(NodeId("n4")), "There is no node n4."),
        (Connect(wire("n1.y", "n3.x")), "Input “x” of “flatten” has a wire already."),
        (Connect(wire("n1.y", "n4.x")), "The wire n1.y → n4.x is dangling: there is no node n4."),
        (Disconnect(wire("n1.y", "n3.x")), "There is no wire n1.y → n3.x."),
        (SetParameter(NodeId("n4"), "bias", True), "There is no node n4."),
        (RenameNode(CONV, "image"), "There is a node named “image” already."),
        (MoveNodes(((CONV, (1.0, 1.0)), (NodeId("n4"), (1.0, 1.0)))), "There is no node n4."),
    ],
)
def test_an_edit_that_does_not_fit_says_why_and_changes_nothing(edit: Edit, sentence: str) -> None:
    project = small_project()
    before = dumps(project)
    with pytest.raises(GraphError) as caught:
        edit.apply(project)
    assert str(caught.value) == sentence
    assert dumps(project) == before


@pytest.mark.parametrize(
    ("edit", "text"),
    [
        (AddNode(Node(NodeId("n4"), "ReLU", "relu", {})), "Add relu"),
        (RemoveNode(CONV), "Delete conv1"),
        (Connect(wire("n1.y", "n2.z")), "Connect image to conv1"),
        (Disconnect(wire("n1.y", "n2.x")), "Disconnect image from conv1"),
        (SetParameter(CONV, "padding", "same"), "Set conv1.padding"),
        (RenameNode(CONV, "stem"), "Rename conv1 to stem"),
        (MoveNodes(((CONV, (0.0, 0.0)),)), "Move conv1"),
        (MoveNodes(((CONV, (0.0, 0.0)), (NodeId("n3"), (0.0, 0.0)))), "Move 2 blocks"),
        (SetSection("training", {}), "Change training"),
        (Batch((RemoveNode(CONV), RemoveNode(NodeId("n3"))), "Delete 2 blocks"), "Delete 2 blocks"),
        (Batch((RemoveNode(CONV),)), "Delete conv1"),
        (Batch((RemoveNode(CONV), RemoveNode(NodeId("n3")))), "Delete conv1 and more"),
    ],
)
def test_every_edit_has_words_for_the_undo_menu(edit: Edit, text: str) -> None:
    assert describe(edit, small_project()) == text


def test_a_batch_of_batches_is_a_row_of_simple_edits() -> None:
    rename, remove = RenameNode(CONV, "stem"), RemoveNode(CONV)
    assert list(flatten(Batch((Batch((rename,)), Batch(()), remove)))) == [rename, remove]
