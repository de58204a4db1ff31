"""What the compiler says of half-drawn and mistaken networks, and that its fixes mend them."""

from __future__ import annotations

import pytest

from netbuilder.blocks.spec import BATCH, Free, TensorSpec
from netbuilder.compiler.lower import lower
from netbuilder.diagnostics import Diagnostic
from netbuilder.graph.edits import (
    AddNode,
    Connect,
    Disconnect,
    MoveNodes,
    RemoveNode,
    RenameNode,
    SetParameter,
    SetSection,
)
from netbuilder.graph.model import Edge, Node, NodeId, PortRef
from netbuilder.graph.project import Project
from tests.drawing import DIGITS, Drawing, digits_cnn, id_of


def only(project: Project, code: str) -> Diagnostic:
    """Return the one diagnostic of this code."""
    (found,) = [diagnostic for diagnostic in lower(project).diagnostics if diagnostic.code == code]
    return found


def test_a_complete_network_lowers_without_a_word() -> None:
    lowering = lower(digits_cnn().project)
    assert lowering.diagnostics == ()
    assert lowering.program is not None
    assert [slot.name for slot in lowering.program.inputs] == ["image", "label"]
    assert [(result.name, result.role) for result in lowering.program.results] == [
        ("logits", "output"),
        ("loss", "loss"),
        ("accuracy", "metric"),
    ]


def test_shapes_keep_the_batch_free() -> None:
    project = digits_cnn().project
    specs = {project.graph.node(value.node).name: str(spec) for value, spec in lower(project).specs.items()}
    assert specs["conv1"] == "N × 4 × 8 × 8"
    assert specs["pool1"] == "N × 4 × 4 × 4"
    assert specs["flatten"] == "N × 64"
    assert specs["label"] == "N"
    assert specs["loss"] == "scalar"


def test_a_batch_folded_into_another_dimension_stays_an_expression_of_it() -> None:
    assert str(Free("N", 5)) == "N*5"
    assert str(Free("N", 1, -2)) == "N-2"


def test_the_parts_of_a_program_hold_only_what_they_need() -> None:
    program = lower(digits_cnn().project).program
    assert program is not None
    inference = program.only("output")
    assert [slot.name for slot in inference.inputs] == ["image"]
    assert "loss" not in {instruction.name for instruction in inference.instructions}
    assert [result.name for result in program.only("loss").results] == ["loss"]


def test_order_follows_creation_whatever_was_undone() -> None:
    project = digits_cnn().project
    before = lower(project).program
    pool = id_of(project, "pool1")
    RemoveNode(pool).apply(project).apply(project)
    assert lower(project).program == before


def test_an_unconnected_port_offers_the_loose_end_beside_it() -> None:
    drawing = Drawing(DIGITS)
    drawing.put("Input", "image", field="image")
    conv = drawing.put("Conv2d", "conv1")
    problem = only(drawing.project, "unconnected-port")
    assert (problem.node, problem.port) == (conv, "x")
    problem.fixes[0].edit.apply(drawing.project)
    assert PortRef(conv, "y") in lower(drawing.project).specs


def test_a_block_that_nothing_depends_on_is_no_obstacle() -> None:
    drawing = digits_cnn()
    drawing.put("Conv2d", "spare")
    lowering = lower(drawing.project)
    assert lowering.program is not None
    assert [(d.severity, d.code) for d in lowering.diagnostics] == [("warning", "unconnected-port")]


def test_a_missing_flatten_is_put_in_with_one_click() -> None:
    project = digits_cnn().project
    flat = id_of(project, "flatten")
    pool, classes = id_of(project, "pool1"), id_of(project, "classes")
    RemoveNode(flat).apply(project)
    Connect(Edge(PortRef(pool, "y"), PortRef(classes, "x"))).apply(project)
    problem = only(project, "missing-flatten")
    assert (problem.node, problem.port) == (classes, "x")
    assert "N × 4 × 4 × 4" in problem.message
    assert [fix.title for fix in problem.fixes] == ["Insert Flatten"]
    problem.fixes[0].edit.apply(project)
    assert lower(project).diagnostics == ()


def test_a_wrong_rank_names_both_shapes_and_reshapes_with_one_click() -> None:
    drawing = Drawing()
    flat = drawing.put("Input", "flat", shape=[64])
    conv = drawing.put("Conv2d", "conv", flat)
    drawing.put("Output", "out", conv)
    problem = only(drawing.project, "wrong-rank")
    assert (problem.node, problem.port) == (conv, "x")
    assert "N × 64" in problem.message
    assert "N × channels × height × width" in problem.message
    problem.fixes[0].edit.apply(drawing.project)
    lowering = lower(drawing.project)
    assert not lowering.errors()
    assert lowering.specs[PortRef(conv, "y")].shape[2:] == (8, 8)


def test_branches_of_unequal_width_meet_at_add_and_are_made_equal() -> None:
    drawing = Drawing()
    x = drawing.put("Input", "x", shape=[16])
    a = drawing.put("Linear", "a", x, out_features=32)
    b = drawing.put("Linear", "b", x, out_features=24)
    add = drawing.put("Add", "add", a, b)
    drawing.put("Output", "out", add)
    (problem,) = lower(drawing.project).errors()
    assert problem.node == add
    assert "N × 32" in problem.message
    assert "N × 24" in problem.message
    problem.fixes[0].edit.apply(drawing.project)
    assert not lower(drawing.project).errors()


def test_logits_that_do_not_match_the_label_are_resized() -> None:
    project = digits_cnn().project
    SetParameter(id_of(project, "classes"), "out_features", 12).apply(project)
    mistaken = [problem for problem in lower(project).errors() if problem.code == "label-mismatch"]
    assert [project.graph.node(NodeId(p.node or "")).name for p in mistaken] == ["loss", "accuracy"]
    problem = mistaken[0]
    assert "12" in problem.message
    assert "10" in problem.message
    problem.fixes[0].edit.apply(project)
    assert project.graph.node(id_of(project, "classes")).params["out_features"] == 10
    assert not lower(project).errors()


def test_a_missing_loss_is_added_with_its_label() -> None:
    project = digits_cnn().project
    for name in ("loss", "accuracy", "label"):
        RemoveNode(id_of(project, name)).apply(project)
    problem = only(project, "missing-loss")
    assert problem.severity == "error"
    assert problem.fixes[0].title == "Add CrossEntropy"
    problem.fixes[0].edit.apply(project)
    assert lower(project).diagnostics == ()


def test_without_data_a_missing_loss_is_but_a_warning() -> None:
    drawing = Drawing()
    image = drawing.put("Input", "image")
    drawing.put("Output", "out", image)
    assert only(drawing.project, "missing-loss").severity == "warning"
    assert lower(drawing.project).program is not None


def test_a_missing_output_is_added_behind_the_logits() -> None:
    project = digits_cnn().project
    RemoveNode(id_of(project, "logits")).apply(project)
    problem = only(project, "missing-output")
    problem.fixes[0].edit.apply(project)
    program = lower(project).program
    assert program is not None
    assert program.only("output").results[0].value == PortRef(id_of(project, "classes"), "y")


@pytest.mark.parametrize("gone", [("loss", "logits"), ("loss", "logits", "accuracy")])
def test_without_loss_and_output_both_are_offered_where_they_were(gone: tuple[str, ...]) -> None:
    project = digits_cnn().project
    for name in gone:
        RemoveNode(id_of(project, name)).apply(project)
    for code in ("missing-loss", "missing-output"):
        (problem,) = (each for each in lower(project).diagnostics if each.code == code)
        problem.fixes[0].edit.apply(project)
    lowering = lower(project)
    assert not lowering.diagnostics
    assert lowering.program is not None
    (output,) = lowering.program.only("output").results
    assert output.value == PortRef(id_of(project, "classes"), "y")


def test_a_cycle_is_named_and_can_be_cut() -> None:
    drawing = Drawing()
    x = drawing.put("Input", "x", shape=[16])
    add = drawing.put("Add", "add", x)
    linear = drawing.put("Linear", "linear", add, out_features=16)
    drawing.wire(linear, add, "x2")
    drawing.put("Output", "out", linear)
    problem = only(drawing.project, "cycle")
    assert "add → linear → add" in problem.message
    problem.fixes[0].edit.apply(drawing.project)
    assert not drawing.project.graph.cycles()


def test_an_unknown_block_is_one_problem_and_silences_those_behind_it() -> None:
    drawing = digits_cnn()
    project = drawing.project
    conv = id_of(project, "conv1")
    wires = [*project.graph.edges_into(conv), *project.graph.edges_out_of(conv)]
    RemoveNode(conv).apply(project)
    AddNode(Node(conv, "FancyLayer", "conv1", {"anything": [1, {"deep": None}]})).apply(project)
    for wire in wires:
        Connect(wire).apply(project)
    (problem,) = lower(project).diagnostics
    assert (problem.code, problem.node) == ("unknown-block", conv)
    assert "FancyLayer" in problem.message


def test_a_bad_parameter_is_reported_at_its_field() -> None:
    project = digits_cnn().project
    SetParameter(id_of(project, "conv1"), "out_channels", 0).apply(project)
    problem = only(project, "bad-parameter")
    assert (problem.node, problem.parameter) == (id_of(project, "conv1"), "out_channels")


def test_wires_at_ports_that_do_not_exist_are_reported() -> None:
    drawing = digits_cnn()
    project = drawing.project
    image, relu = id_of(project, "image"), id_of(project, "relu1")
    Connect(Edge(PortRef(image, "y"), PortRef(relu, "sideways"))).apply(project)
    problem = only(project, "unknown-port")
    assert (problem.node, problem.port) == (relu, "sideways")
    problem.fixes[0].edit.apply(project)
    assert not lower(project).errors()


def test_a_wire_from_an_output_that_does_not_exist_is_reported() -> None:
    drawing = Drawing()
    x = drawing.put("Input", "x")
    relu = drawing.put("ReLU", "relu", PortRef(x, "nonsense"))
    drawing.put("Output", "out", relu)
    assert only(drawing.project, "unknown-port").node == relu


def test_integers_do_not_go_into_a_linear_layer() -> None:
    drawing = Drawing()
    tokens = drawing.put("Input", "tokens", shape=[12], dtype="int64")
    linear = drawing.put("Linear", "linear", tokens)
    problem = only(drawing.project, "wrong-dtype")
    assert (problem.node, problem.port) == (linear, "x")


def test_an_input_bound_to_no_such_field_offers_those_that_exist() -> None:
    drawing = digits_cnn()
    SetParameter(id_of(drawing.project, "image"), "field", "picture").apply(drawing.project)
    problem = only(drawing.project, "unknown-field")
    assert problem.parameter == "field"
    problem.fixes[0].edit.apply(drawing.project)
    assert not lower(drawing.project).errors()


@pytest.mark.parametrize("field", ["image", "label"])
def test_training_an_input_without_data_is_refused_and_can_be_bound_to_what_fits(field: str) -> None:
    drawing = digits_cnn()
    SetParameter(id_of(drawing.project, field), "field", "").apply(drawing.project)
    (problem,) = (each for each in lower(drawing.project).diagnostics if each.code == "unbound-input")
    assert [fix.title for fix in problem.fixes] == [f"Use “{field}”"]


@pytest.mark.parametrize(("name", "offers"), [("x", ["features", "target"]), ("truth", ["target", "features"])])
def test_of_fields_that_fit_alike_the_likelier_is_offered_first(name: str, offers: list[str]) -> None:
    fields = {key: {"shape": [3], "dtype": "float32"} for key in ("features", "target")}
    drawing = Drawing({"source": "own", "fields": fields})
    prediction = drawing.put("Linear", "prediction", drawing.put("Input", "x", field="features"), out_features=3)
    drawing.put("MSE", "loss", prediction, drawing.put("Input", "truth", field="target"))
    SetParameter(id_of(drawing.project, name), "field", "none").apply(drawing.project)
    (problem,) = (each for each in lower(drawing.project).diagnostics if each.code == "unknown-field")
    assert [fix.title for fix in problem.fixes] == [f"Use “{field}”" for field in offers]


@pytest.mark.parametrize("name", ["forward", "train", "state_dict", "training", "torch", "range", "functional"])
def test_a_name_that_would_break_the_module_is_refused(name: str) -> None:
    project = digits_cnn().project
    RenameNode(id_of(project, "conv1"), name).apply(project)
    problem = only(project, "reserved-name")
    problem.fixes[0].edit.apply(project)
    assert not lower(project).errors()


def test_a_huge_layer_is_counted_without_being_made() -> None:
    drawing = Drawing()
    x = drawing.put("Input", "x", shape=[200_000])
    huge = drawing.put("Linear", "huge", x, out_features=200_000)
    drawing.put("Output", "out", huge)
    lowering = lower(drawing.project)
    assert lowering.total().parameters == 200_000 * 200_000 + 200_000


def test_sizes_beyond_all_bounds_are_one_problem_and_no_crash() -> None:
    drawing = Drawing()
    x = drawing.put("Input", "x", shape=[2**31 - 1, 2**31 - 1])
    linear = drawing.put("Linear", "linear", x, out_features=2**31 - 1)
    drawing.put("Output", "out", linear)
    assert only(drawing.project, "shape-mismatch").node == linear


@pytest.mark.parametrize(
    "fields",
    [
        3,
        {"image": 5},
        {"image": {"shape": "big", "dtype": "float32"}},
        {"image": {"shape": [0], "dtype": "float32"}},
        {"image": {"shape": [8], "dtype": {"not": "hashable"}}},
        {"image": {"shape": [], "dtype": "int64", "classes": 10}},
    ],
)
def test_a_malformed_data_section_is_a_problem_and_no_crash(fields: object) -> None:
    project = digits_cnn().project
    SetSection("data", {"fields": fields}).apply(project)
    assert "bad-data" in {diagnostic.code for diagnostic in lower(project).errors()}


def test_an_empty_canvas_says_how_to_begin() -> None:
    (problem,) = lower(Project()).diagnostics
    assert problem.code == "empty"


def test_all_problems_are_told_at_once() -> None:
    project = digits_cnn().project
    SetParameter(id_of(project, "conv1"), "kernel_size", "x").apply(project)
    edge = project.graph.edge_into(PortRef(id_of(project, "accuracy"), "target"))
    assert edge is not None
    Disconnect(edge).apply(project)
    assert {d.code for d in lower(project).errors()} == {"bad-parameter", "unconnected-port"}


def test_lowering_changes_nothing() -> None:
    project = digits_cnn().project
    edges, nodes, layout = project.graph.edges(), project.graph.nodes(), dict(project.layout)
    lower(project)
    assert (project.graph.edges(), project.graph.nodes(), project.layout) == (edges, nodes, layout)


def test_a_spec_reads_as_people_write_it() -> None:
    assert str(TensorSpec((BATCH, 32, 14, 14))) == "N × 32 × 14 × 14"
    assert str(TensorSpec(())) == "scalar"


def test_a_loose_chain_is_told_once_at_its_end() -> None:
    drawing = digits_cnn()
    spare = drawing.put("ReLU", "spare", id_of(drawing.project, "image"))
    drawing.put("ReLU", "end", spare)
    problem = only(drawing.project, "unused")
    assert problem.node == id_of(drawing.project, "end")


def open_target() -> Drawing:
    drawing = Drawing(DIGITS)
    image = drawing.put("Input", "image", field="image")
    logits = drawing.put("Linear", "classes", drawing.put("Flatten", "flatten", image), out_features=10)
    drawing.put("CrossEntropy", "loss", logits)
    drawing.put("Output", "logits", logits)
    return drawing


def test_an_open_target_is_offered_an_input_for_the_label_and_never_the_image() -> None:
    drawing = open_target()
    problem = only(drawing.project, "unconnected-port")
    assert [fix.title for fix in problem.fixes] == ["Add Input for “label”"]
    problem.fixes[0].edit.apply(drawing.project)
    assert lower(drawing.project).diagnostics == ()


def test_an_open_target_is_offered_the_label_that_is_there() -> None:
    drawing = open_target()
    drawing.put("Input", "label", field="label")
    problem = only(drawing.project, "unconnected-port")
    assert [fix.title for fix in problem.fixes] == ["Connect label"]
    problem.fixes[0].edit.apply(drawing.project)
    assert lower(drawing.project).diagnostics == ()


def test_an_autoencoders_open_target_is_offered_the_image() -> None:
    drawing = Drawing(DIGITS)
    image = drawing.put("Input", "image", field="image")
    copy = drawing.put("ReLU", "copy", image)
    drawing.put("MSE", "loss", copy)
    drawing.put("Output", "out", copy)
    (fix,) = only(drawing.project, "unconnected-port").fixes
    assert fix.title == "Connect image"


def loose_relu() -> Drawing:
    """Draw a network that was wired past its activation."""
    drawing = Drawing()
    image = drawing.put("Input", "image", shape=[1, 8, 8])
    conv = drawing.put("Conv2d", "conv", image, out_channels=4)
    drawing.put("ReLU", "relu")
    flat = drawing.put("Flatten", "flatten", conv)
    drawing.put("Output", "out", drawing.put("Linear", "classes", flat, out_features=10))
    return drawing


def test_a_loose_activation_is_offered_the_wire_that_runs_past_it() -> None:
    drawing = loose_relu()
    (fix,) = only(drawing.project, "unconnected-port").fixes
    assert fix.title == "Put “relu” between “conv” and “flatten”"
    fix.edit.apply(drawing.project)
    lowering = lower(drawing.project)
    assert lowering.program is not None
    assert [part.name for part in lowering.program.instructions] == ["conv", "relu", "flatten", "classes"]


def test_no_wire_is_offered_where_two_leave_the_block_before() -> None:
    drawing = loose_relu()
    drawing.put("Output", "maps", id_of(drawing.project, "conv"))
    assert only(drawing.project, "unconnected-port").fixes == ()


def test_a_loose_pooling_is_offered_no_wire_that_carries_features() -> None:
    drawing = loose_relu()
    project = drawing.project
    RemoveNode(id_of(project, "relu")).apply(project)
    pool = drawing.put("MaxPool2d", "pool")
    MoveNodes(((pool, project.layout[id_of(project, "classes")]),)).apply(project)
    (fix,) = only(project, "unconnected-port").fixes
    assert fix.title == "Put “pool” between “conv” and “flatten”"


def test_nothing_is_put_between_scores_and_their_loss() -> None:
    project = digits_cnn().project
    for name in ("logits", "accuracy"):
        RemoveNode(id_of(project, name)).apply(project)
    drawing = Drawing()
    drawing.project = project
    drawing.put("Softmax", "softmax")
    assert only(project, "unconnected-port").fixes == ()


def test_a_block_put_into_a_row_moves_the_rest_of_the_row_on() -> None:
    project = digits_cnn().project
    flat, classes = id_of(project, "flatten"), id_of(project, "classes")
    pool = id_of(project, "pool1")
    RemoveNode(flat).apply(project)
    Connect(Edge(PortRef(pool, "y"), PortRef(classes, "x"))).apply(project)
    MoveNodes(((classes, (project.layout[pool][0] + 212, 0.0)),)).apply(project)
    before = project.layout[classes]
    only(project, "missing-flatten").fixes[0].edit.apply(project)
    inserted = project.graph.named("flatten")
    assert inserted is not None
    assert project.layout[inserted.id] == before
    assert project.layout[classes] == (before[0] + 212, before[1])
