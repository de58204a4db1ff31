"""What the compiler says of complete, half-drawn and mistaken networks, and where."""

from __future__ import annotations

import pytest

from netbuilder.blocks.spec import BATCH, Free, TensorSpec
from netbuilder.compiler.lower import lower
from netbuilder.diagnostics import Diagnostic
from netbuilder.graph.edits import AddNode, Connect, Disconnect, RemoveNode, RenameNode, SetParameter, SetSection
from netbuilder.graph.model import Edge, Node, PortRef
from netbuilder.graph.project import Project
from tests.drawing import Drawing, digits_cnn, id_of, program_of


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
    program = program_of(digits_cnn().project)
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


def test_a_block_that_nothing_depends_on_is_no_obstacle() -> None:
    drawing = digits_cnn()
    drawing.put("Conv2d", "spare")
    lowering = lower(drawing.project)
    assert lowering.program is not None
    assert [(d.severity, d.code) for d in lowering.diagnostics] == [("warning", "unconnected-port")]


def test_without_data_a_missing_loss_is_but_a_warning() -> None:
    drawing = Drawing()
    image = drawing.put("Input", "image")
    drawing.put("Output", "out", image)
    assert only(drawing.project, "missing-loss").severity == "warning"
    assert lower(drawing.project).program is not None


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
