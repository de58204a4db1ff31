"""Which wires a gesture may draw and move, told from a project alone: the edit it makes, or why it is refused."""

from __future__ import annotations

from netbuilder.blocks import registry
from netbuilder.blocks.spec import BATCH, TensorSpec
from netbuilder.graph.edits import AddNode, Edit
from netbuilder.graph.files import dumps
from netbuilder.graph.model import Edge, Node, NodeId, PortRef
from netbuilder.ui import intents
from netbuilder.ui.wiring import accepting_inputs, accepting_outputs, check
from tests.drawing import Drawing, digits_cnn
from tests.ui.asking import IMAGE, LABELS, ROW, do, out, refused, wires

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
    assert "N × channels × height × width" in message
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
