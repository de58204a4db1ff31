"""The repairs that the compiler offers mend what they are offered for."""

from __future__ import annotations

import pytest

from netbuilder.compiler import fixes
from netbuilder.compiler.lower import lower
from netbuilder.graph.edits import AddNode, Connect, Disconnect, MoveNodes, RemoveNode, SetParameter
from netbuilder.graph.model import Edge, NodeId, PortRef
from netbuilder.graph.project import Project
from tests.compiler.test_lower import only
from tests.drawing import DIGITS, Drawing, digits_cnn, id_of, program_of


def test_an_unconnected_port_offers_the_loose_end_beside_it() -> None:
    drawing = Drawing(DIGITS)
    drawing.put("Input", "image", field="image")
    conv = drawing.put("Conv2d", "conv1")
    problem = only(drawing.project, "unconnected-port")
    assert (problem.node, problem.port) == (conv, "x")
    problem.fixes[0].edit.apply(drawing.project)
    assert PortRef(conv, "y") in lower(drawing.project).specs


def fixes_for(project: Project, name: str) -> list[str]:
    node = id_of(project, name)
    return [fix.title for problem in lower(project).diagnostics if problem.node == node for fix in problem.fixes]


def test_a_loss_is_offered_the_layer_that_fits_and_not_a_nearer_one() -> None:
    project = digits_cnn().project
    wire = project.graph.edge_into(PortRef(id_of(project, "loss"), "logits"))
    assert wire
    Disconnect(wire).apply(project)
    AddNode(fixes.new_node(project, "MaxPool2d", "stray"), (212.0 * 7, 0.0)).apply(project)
    AddNode(fixes.new_node(project, "Linear", "narrow", out_features=3), (212.0 * 7, 80.0)).apply(project)
    Connect(Edge(PortRef(id_of(project, "flatten"), "y"), PortRef(id_of(project, "narrow"), "x"))).apply(project)
    assert fixes_for(project, "loss") == ["Connect classes"]


def test_nothing_is_offered_that_a_block_would_refuse() -> None:
    drawing = Drawing(DIGITS)
    drawing.put("Input", "image", field="image")
    drawing.put("LSTM", "lstm")
    assert fixes_for(drawing.project, "lstm") == []


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


@pytest.mark.parametrize(
    ("block", "layout"),
    [
        ("LSTM", "N × time × features"),
        ("MultiheadSelfAttention", "N × time × features"),
        ("TransformerEncoderLayer", "N × time × features"),
        ("SinusoidalPositionalEncoding", "N × time × features"),
        ("LearnedPositionalEncoding", "N × time × features"),
        ("ClassToken", "N × time × features"),
        ("RotaryEmbedding", "N × time × features, or N × heads × time × features"),
        ("Conv1d", "N × channels × length"),
        ("MaxPool1d", "N × channels × length"),
        ("InstanceNorm1d", "N × channels × length"),
    ],
)
def test_a_wrong_rank_is_told_in_the_layout_that_the_block_reads(block: str, layout: str) -> None:
    drawing = Drawing()
    drawing.put("Output", "out", drawing.put(block, "block", drawing.put("Input", "flat", shape=[64])))
    assert f"{block} takes {layout} at “x”, and gets N × 64." in only(drawing.project, "wrong-rank").message


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


def test_a_missing_output_is_added_behind_the_logits() -> None:
    project = digits_cnn().project
    RemoveNode(id_of(project, "logits")).apply(project)
    problem = only(project, "missing-output")
    problem.fixes[0].edit.apply(project)
    program = program_of(project)
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
