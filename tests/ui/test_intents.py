"""What each gesture asks for, told from a project alone: the edit it makes,
or the sentence with which it is refused.
"""

from __future__ import annotations

import pytest

from netbuilder.blocks.spec import BATCH, TensorSpec
from netbuilder.compiler.lower import lower
from netbuilder.graph.edits import Edit, RemoveNode
from netbuilder.graph.files import dumps
from netbuilder.graph.model import Edge, NodeId
from netbuilder.graph.project import Project
from netbuilder.ui import intents
from tests.drawing import DIGITS, Drawing, digits_cnn, id_of
from tests.ui.asking import ROW, do, out, refused, wires

# New blocks


def test_a_new_block_has_a_free_name_defaults_and_a_place_on_the_grid() -> None:
    project = Drawing().project
    for name in ("conv2d", "conv2d_2", "conv2d_3"):
        edit = do(project, intents.add_block(project, project.new_ids(), "Conv2d", (101.0, 50.7)))
        (node,) = intents.added(edit)
        assert project.graph.node(node).name == name
        assert project.graph.node(node).params["out_channels"] == 32
        assert project.layout[node] == (100.0, 52.0)


def test_a_block_that_is_not_known_can_not_be_added() -> None:
    project = Drawing().project
    assert "Quantum" in refused(intents.add_block(project, project.new_ids(), "Quantum", (0.0, 0.0)), "unknown")
    refused(intents.add_fed_block(project, project.new_ids(), "os.system", (0.0, 0.0), out("n1")), "unknown")
    refused(intents.add_feeding_block(project, project.new_ids(), "", (0.0, 0.0), out("n1")), "unknown")


def test_a_block_added_after_another_stands_beside_it_and_is_wired() -> None:
    drawing = Drawing()
    image = drawing.put("Input", "image")
    project = drawing.project
    (linear,) = intents.added(do(project, intents.add_block(project, project.new_ids(), "Linear", None, image)))
    assert wires(project) == [("image", "y", "linear", "x")]
    assert project.layout[linear][0] > project.layout[image][0] + 168
    (second,) = intents.added(do(project, intents.add_block(project, project.new_ids(), "Linear", None, image)))
    assert project.layout[second] != project.layout[linear]


def test_a_block_added_after_one_that_it_does_not_fit_is_not_wired() -> None:
    drawing = Drawing()
    image = drawing.put("Input", "image")
    project = drawing.project
    do(project, intents.add_block(project, project.new_ids(), "Conv2d", None, image, {out(image): ROW}))
    do(project, intents.add_block(project, project.new_ids(), "Input", None, image))
    do(project, intents.add_block(project, project.new_ids(), "Linear", None, NodeId("n99")))
    assert wires(project) == []


def test_the_first_block_is_placed_without_being_told_where() -> None:
    project = Project()
    (node,) = intents.added(do(project, intents.add_block(project, project.new_ids(), "Input", None)))
    assert project.layout[node] == (0.0, 0.0)


def test_a_metric_added_after_a_loss_judges_what_the_loss_judges() -> None:
    project = digits_cnn().project
    specs = dict(lower(project).specs)
    RemoveNode(id_of(project, "accuracy")).apply(project)
    loss = id_of(project, "loss")
    do(project, intents.add_block(project, project.new_ids(), "Accuracy", None, loss, specs))
    assert {("classes", "y", "accuracy", "logits"), ("label", "y", "accuracy", "target")} <= {*wires(project)}


@pytest.mark.parametrize("type_id", ["Accuracy", "Linear", "Output", "MSE"])
def test_nothing_is_wired_to_a_loss_by_itself(type_id: str) -> None:
    drawing = Drawing()
    loss = drawing.put("CrossEntropy", "loss")
    project = drawing.project
    do(project, intents.add_block(project, project.new_ids(), type_id, None, loss))
    assert not wires(project)


def test_a_block_is_put_where_a_wire_from_an_input_was_let_go() -> None:
    drawing = Drawing()
    linear = drawing.put("Linear", "linear")
    project = drawing.project
    do(project, intents.add_feeding_block(project, project.new_ids(), "Input", (-300.0, 0.0), out(linear, "x")))
    assert wires(project) == [("input", "y", "linear", "x")]
    again = intents.add_feeding_block(project, project.new_ids(), "Input", (-300.0, 0.0), out(linear, "x"))
    refused(again, "taken")
    refused(intents.add_feeding_block(project, project.new_ids(), "Output", (0.0, 0.0), out(linear, "x")), "no-port")


def test_a_block_that_a_wire_does_not_fit_is_not_put_at_its_end() -> None:
    drawing = Drawing()
    image = drawing.put("Input", "image")
    project = drawing.project
    intent = intents.add_fed_block(project, project.new_ids(), "Conv2d", (0.0, 0.0), out(image), {out(image): ROW})
    refused(intent, "no-port")


# Splicing


def test_dropping_a_block_on_a_wire_splices_it() -> None:
    drawing = Drawing()
    image = drawing.put("Input", "image")
    drawing.put("Linear", "linear", image)
    project = drawing.project
    edge = project.graph.edges()[0]
    do(project, intents.splice(project, project.new_ids(), edge, "Dropout", (100.0, 0.0)))
    assert wires(project) == [("image", "y", "dropout", "x"), ("dropout", "y", "linear", "x")]


@pytest.mark.parametrize("type_id", ["Input", "Output", "CrossEntropy", "Accuracy"])
def test_a_block_that_begins_or_ends_a_path_is_not_spliced(type_id: str) -> None:
    drawing = Drawing()
    image = drawing.put("Input", "image")
    drawing.put("Linear", "linear", image)
    project = drawing.project
    before = dumps(project)
    intent = intents.splice(project, project.new_ids(), project.graph.edges()[0], type_id, (0.0, 0.0))
    refused(intent, "no-port")
    assert dumps(project) == before


def test_a_block_is_not_spliced_into_a_wire_that_it_does_not_fit_or_that_is_gone() -> None:
    drawing = Drawing()
    image = drawing.put("Input", "image")
    linear = drawing.put("Linear", "linear", image)
    project = drawing.project
    edge = project.graph.edges()[0]
    refused(intents.can_splice(project, edge, "Conv2d", {out(image): ROW}), "no-port")
    refused(intents.can_splice(project, edge, "Quantum"), "unknown")
    refused(intents.can_splice(project, Edge(out(linear), out(image, "x")), "ReLU"), "unknown")


def test_a_block_that_stands_free_can_be_moved_into_a_wire() -> None:
    drawing = Drawing()
    image = drawing.put("Input", "image")
    linear = drawing.put("Linear", "linear", image)
    free = drawing.put("ReLU", "relu")
    project = drawing.project
    edge = project.graph.edges()[0]
    refused(intents.splice_existing(project, edge, linear, (0.0, 0.0)), "busy")
    do(project, intents.splice_existing(project, edge, free, (90.0, 2.0)))
    assert wires(project) == [("image", "y", "relu", "x"), ("relu", "y", "linear", "x")]
    assert project.layout[free] == (88.0, 0.0)


# Deleting


def chain() -> Drawing:
    drawing = Drawing()
    image = drawing.put("Input", "image")
    a = drawing.put("Linear", "a", image)
    b = drawing.put("ReLU", "b", a)
    c = drawing.put("Dropout", "c", b)
    drawing.put("Linear", "d", c)
    drawing.put("Linear", "e", c)
    return drawing


def test_deleting_a_block_heals_its_wires() -> None:
    project = chain().project
    do(project, intents.delete(project, [NodeId("n3")]))
    assert ("a", "y", "c", "x") in wires(project)
    assert len(project.graph) == 5


def test_deleting_a_run_of_blocks_joins_its_ends() -> None:
    project = chain().project
    edit = do(project, intents.delete(project, [NodeId("n4"), NodeId("n2"), NodeId("n3")]))
    assert wires(project) == [("image", "y", "d", "x"), ("image", "y", "e", "x")]
    assert intents.added(edit) == []


def test_deleting_a_block_with_two_inputs_heals_nothing() -> None:
    drawing = Drawing()
    first, second = drawing.put("Input", "first"), drawing.put("Input", "second")
    add = drawing.put("Add", "add", first, second)
    drawing.put("Linear", "linear", add)
    do(drawing.project, intents.delete(drawing.project, [add]))
    assert wires(drawing.project) == []


def test_deleting_a_block_that_is_left_at_two_ports_heals_nothing() -> None:
    drawing = Drawing()
    image = drawing.put("Input", "image")
    lstm = drawing.put("LSTM", "lstm", image)
    drawing.put("Linear", "a", out(lstm, "last"))
    drawing.put("Linear", "b", out(lstm, "hidden"))
    do(drawing.project, intents.delete(drawing.project, [lstm]))
    assert wires(drawing.project) == []


def test_a_wire_is_not_healed_where_it_is_known_not_to_fit() -> None:
    drawing = Drawing()
    label = drawing.put("Input", "label")
    embedding = drawing.put("Embedding", "embedding", label)
    drawing.put("LSTM", "lstm", embedding)
    project = drawing.project
    do(project, intents.delete(project, [embedding], (), {out(label): TensorSpec((BATCH, 7), "int64")}))
    assert wires(project) == []


def test_deleting_blocks_and_wires_together_cuts_and_heals_as_chosen() -> None:
    project = chain().project
    edges = {(e.source.node, e.target.node): e for e in project.graph.edges()}
    cut = edges[NodeId("n4"), NodeId("n6")]
    do(project, intents.delete(project, [NodeId("n3")], [cut]))
    assert wires(project) == [("image", "y", "a", "x"), ("a", "y", "c", "x"), ("c", "y", "d", "x")]


def test_a_wire_that_is_deleted_with_its_block_is_not_healed() -> None:
    project = chain().project
    edges = {(e.source.node, e.target.node): e for e in project.graph.edges()}
    do(project, intents.delete(project, [NodeId("n4")], [edges[NodeId("n4"), NodeId("n6")]]))
    assert ("b", "y", "d", "x") in wires(project)
    assert not any(target == "e" for _, _, target, _ in wires(project))


def test_deleting_blocks_on_a_circle_ends() -> None:
    drawing = Drawing()
    a, b = drawing.put("Add", "a"), drawing.put("ReLU", "b")
    drawing.wire(a, b, "x")
    drawing.wire(b, a, "x1")
    drawing.wire(b, drawing.put("Linear", "c"), "x")
    do(drawing.project, intents.delete(drawing.project, [a, b]))
    assert wires(drawing.project) == []


def test_deleting_what_is_not_there_does_nothing() -> None:
    project = chain().project
    assert intents.delete(project, []) is None
    assert intents.delete(project, [NodeId("n99")]) is None
    assert isinstance(intents.delete(project, [NodeId("n99"), NodeId("n1")]), RemoveNode)


# Names and places


def test_a_block_is_renamed_to_what_can_be_a_name() -> None:
    project = chain().project
    node = NodeId("n2")
    do(project, intents.rename(project, node, " features "))
    assert project.graph.node(node).name == "features"
    assert intents.rename(project, node, "features") is None
    for bad in ("", "2nd", "a b", "class", "x" * 65, "é"):
        refused(intents.rename(project, node, bad), "name")
    assert "already" in refused(intents.rename(project, node, "image"), "name")
    refused(intents.rename(project, NodeId("n99"), "x"), "unknown")


def test_moving_blocks_to_where_they_are_does_nothing() -> None:
    project = chain().project
    assert intents.move(project, dict(project.layout)) is None
    do(project, intents.move(project, {NodeId("n2"): (7.0, 9.0), NodeId("n1"): project.layout[NodeId("n1")]}))
    assert project.layout[NodeId("n2")] == (7.0, 9.0)


def test_a_nudge_moves_all_its_blocks_alike() -> None:
    project = chain().project
    before = dict(project.layout)
    do(project, intents.nudge(project, [NodeId("n2"), NodeId("n1"), NodeId("n99")], 4, -40))
    for node in (NodeId("n1"), NodeId("n2")):
        assert project.layout[node] == (before[node][0] + 4, before[node][1] - 40)
    assert intents.nudge(project, [], 4, 0) is None


def test_a_new_input_stands_for_the_first_field_of_the_data_that_none_stands_for() -> None:
    project = Drawing(DIGITS).project
    for wanted in ("image", "label", ""):
        edit = intents.add_block(project, project.new_ids(), "Input", (0.0, 0.0))
        assert isinstance(edit, Edit)
        edit.apply(project)
        node = project.graph.node(intents.added(edit)[0])
        assert (node.name, node.params["field"]) == (wanted or "input", wanted)
