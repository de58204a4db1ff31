"""What each gesture asks for, told from a project alone: the edit it makes, or the sentence with which it is refused."""

from __future__ import annotations

import pytest

from netbuilder.blocks import registry
from netbuilder.blocks.spec import BATCH, TensorSpec
from netbuilder.graph.edits import AddNode, Edit, RemoveNode
from netbuilder.graph.files import dumps
from netbuilder.graph.model import Edge, Node, NodeId, PortRef
from netbuilder.graph.project import Project
from netbuilder.ui import intents
from netbuilder.ui.wiring import Refusal, accepting_inputs, accepting_outputs, check
from tests.drawing import DIGITS, Drawing, digits_cnn

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


# Wires


def test_a_wire_joins_an_output_to_an_input() -> None:
    drawing = Drawing()
    image, linear = drawing.put("Input", "image"), drawing.put("Linear", "linear")
    do(drawing.project, intents.connect(drawing.project, out(image), out(linear, "x")))
    assert wires(drawing.project) == [("image", "y", "linear", "x")]


def test_a_wire_into_a_taken_input_is_refused() -> None:
    drawing = Drawing()
    image, other = drawing.put("Input", "image"), drawing.put("Input", "other")
    linear = drawing.put("Linear", "linear", image)
    message = refused(intents.connect(drawing.project, out(other), out(linear, "x")), "taken")
    assert "“x” of “linear”" in message


def test_a_wire_that_closes_a_circle_is_refused_and_names_both_ends() -> None:
    drawing = Drawing()
    first = drawing.put("Add", "first")
    second = drawing.put("Linear", "second", first)
    message = refused(intents.connect(drawing.project, out(second), out(first, "x1")), "cycle")
    assert "“first”" in message
    assert "“second”" in message


def test_a_block_can_not_feed_itself() -> None:
    drawing = Drawing()
    add = drawing.put("Add", "add")
    assert "itself" in refused(intents.connect(drawing.project, out(add), out(add, "x1")), "cycle")


def test_a_wire_of_the_wrong_rank_is_refused_where_the_shape_is_known() -> None:
    drawing = Drawing()
    image, conv = drawing.put("Input", "image"), drawing.put("Conv2d", "conv")
    assert isinstance(intents.connect(drawing.project, out(image), out(conv, "x")), Edit)
    message = refused(intents.connect(drawing.project, out(image), out(conv, "x"), {out(image): ROW}), "rank")
    assert "4 dimensions" in message
    assert "N × 10" in message


def test_a_wire_of_the_wrong_type_is_refused_where_the_type_is_known() -> None:
    drawing = Drawing()
    label, linear = drawing.put("Input", "label"), drawing.put("Linear", "linear")
    embedding = drawing.put("Embedding", "embedding")
    specs = {out(label): TensorSpec((BATCH, 7), "int64")}
    assert "float32" in refused(intents.connect(drawing.project, out(label), out(linear, "x"), specs), "dtype")
    do(drawing.project, intents.connect(drawing.project, out(label), out(embedding, "x"), specs))
    specs = {out(label): TensorSpec((BATCH, 7))}
    other = drawing.put("Embedding", "other")
    assert "int64" in refused(intents.connect(drawing.project, out(label), out(other, "x"), specs), "dtype")


def test_a_wire_to_a_port_or_block_that_is_not_there_is_refused() -> None:
    drawing = Drawing()
    image, linear = drawing.put("Input", "image"), drawing.put("Linear", "linear")
    project = drawing.project
    refused(intents.connect(project, out(image, "z"), out(linear, "x")), "no-port")
    refused(intents.connect(project, out(image), out(linear, "z")), "no-port")
    refused(intents.connect(project, out(linear, "x"), out(image, "y")), "no-port")
    refused(intents.connect(project, out("n99"), out(linear, "x")), "unknown")
    refused(intents.connect(project, out(image), out("n99", "x")), "unknown")


def test_the_ports_that_an_unknown_block_has_take_wires() -> None:
    drawing = Drawing()
    image = drawing.put("Input", "image")
    project = drawing.project
    mystery = Node(NodeId("n7"), "Mystery", "mystery", {})
    AddNode(mystery, (0.0, 0.0)).apply(project)
    drawing.wire(image, mystery.id, "in")
    drawing.wire(PortRef(mystery.id, "out"), drawing.put("Linear", "linear"), "x")
    other = drawing.put("Linear", "other")
    do(project, intents.connect(project, PortRef(mystery.id, "out"), out(other, "x")))
    refused(intents.connect(project, PortRef(mystery.id, "elsewhere"), out(other, "x")), "no-port")


def test_a_stray_port_of_a_known_block_takes_no_wire() -> None:
    drawing = Drawing()
    image, linear = drawing.put("Input", "image"), drawing.put("Linear", "linear")
    drawing.wire(image, linear, "nonsense")
    source = drawing.put("Input", "more")
    refused(intents.connect(drawing.project, out(source), out(linear, "nonsense")), "no-port")


def test_judging_every_port_says_the_same_as_trying_each() -> None:
    project = digits_cnn().project
    specs = {out(str(node)): IMAGE for node in project.graph}
    for source in (out("n1"), out("n3"), out("n7")):
        judged = accepting_inputs(project, source, specs)
        assert judged == {target: check(project, source, target, specs) for target in judged}
        assert {target.node for target in judged} == {
            node.id for node in project.graph.nodes() if registry.blocks()[node.type].inputs
        }
    for target in (out("n5", "x"), out("n9", "target")):
        judged = accepting_outputs(project, target, specs)
        assert judged == {source: check(project, source, target, specs) for source in judged}


# Wires to blocks


def test_a_wire_dropped_on_a_block_takes_the_first_free_input_that_fits() -> None:
    drawing = Drawing()
    image, label = drawing.put("Input", "image"), drawing.put("Input", "label")
    loss = drawing.put("CrossEntropy", "loss")
    project, specs = drawing.project, {out(image): ROW, out(label): LABELS}
    do(project, intents.connect_to_block(project, out(label), loss, specs))
    do(project, intents.connect_to_block(project, out(image), loss, specs))
    assert wires(project) == [("image", "y", "loss", "logits"), ("label", "y", "loss", "target")]


def test_a_wire_dropped_on_a_block_never_replaces_one() -> None:
    drawing = Drawing()
    image, other = drawing.put("Input", "image"), drawing.put("Input", "other")
    linear = drawing.put("Linear", "linear", image)
    refused(intents.connect_to_block(drawing.project, out(other), linear), "taken")
    loss = drawing.put("MSE", "loss", linear, image)
    message = refused(intents.connect_to_block(drawing.project, out(other), loss), "taken")
    assert message.startswith("All inputs of “loss”")


def test_a_block_that_merges_takes_ever_more_wires() -> None:
    drawing = Drawing()
    add = drawing.put("Add", "add")
    for number in range(1, 5):
        image = drawing.put("Input", f"image{number}")
        edit = do(drawing.project, intents.connect_to_block(drawing.project, out(image), add))
        assert intents.connected(edit).target.port == f"x{number}"


def test_a_freed_slot_of_a_merge_is_taken_first() -> None:
    drawing = Drawing()
    inputs = [drawing.put("Input", f"image{number}") for number in range(3)]
    add = drawing.put("Add", "add", *inputs)
    project = drawing.project
    do(project, intents.disconnect(project, [Edge(out(inputs[1]), out(add, "x2"))]))
    edit = do(project, intents.connect_to_block(project, out(inputs[1]), add))
    assert intents.connected(edit).target.port == "x2"


def test_a_wire_dropped_on_a_block_without_inputs_is_refused() -> None:
    drawing = Drawing()
    image, other = drawing.put("Input", "image"), drawing.put("Input", "other")
    assert "inputs" in refused(intents.connect_to_block(drawing.project, out(image), other), "no-port")


def test_a_wire_drawn_backwards_takes_the_first_output() -> None:
    drawing = Drawing()
    lstm, linear = drawing.put("LSTM", "lstm"), drawing.put("Linear", "linear")
    edit = do(drawing.project, intents.connect_from_block(drawing.project, lstm, out(linear, "x")))
    assert intents.connected(edit).source == out(lstm, "sequence")
    output = drawing.put("Output", "output")
    refused(intents.connect_from_block(drawing.project, output, out(linear, "x")), "no-port")


def test_blocks_are_wired_in_a_line_or_not_at_all() -> None:
    drawing = Drawing()
    names = [drawing.put("Input", "image"), drawing.put("Linear", "a"), drawing.put("ReLU", "b")]
    project = drawing.project
    do(project, intents.connect_in_line(project, names))
    assert wires(project) == [("image", "y", "a", "x"), ("a", "y", "b", "x")]
    more = drawing.put("Linear", "c")
    before = dumps(project)
    refused(intents.connect_in_line(project, [names[2], more, names[1]]), "cycle")
    assert dumps(project) == before


def test_a_wires_end_moves_to_another_port() -> None:
    drawing = Drawing()
    image = drawing.put("Input", "image")
    first, second = drawing.put("Linear", "first", image), drawing.put("Linear", "second")
    project = drawing.project
    edge = project.graph.edges()[0]
    do(project, intents.reroute(project, edge, out(second, "x")))
    assert wires(project) == [("image", "y", "second", "x")]
    do(project, intents.reroute_to_block(project, project.graph.edges()[0], first))
    assert wires(project) == [("image", "y", "first", "x")]
    refused(intents.reroute(project, project.graph.edges()[0], out(image, "x")), "no-port")
    refused(intents.reroute_to_block(project, project.graph.edges()[0], image), "no-port")


def test_cutting_wires_that_are_gone_already_does_nothing() -> None:
    drawing = Drawing()
    image = drawing.put("Input", "image")
    linear = drawing.put("Linear", "linear", image)
    project = drawing.project
    edge = project.graph.edges()[0]
    do(project, intents.disconnect(project, [edge, Edge(out(linear), out(image, "x"))]))
    assert intents.disconnect(project, [edge]) is None


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
