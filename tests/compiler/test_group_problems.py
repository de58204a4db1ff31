"""What is wrong with groups and their instances: told where it is, at once, and with the repairs a layer would get."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from netbuilder.compiler.build import build
from netbuilder.compiler.lower import Memo, lower
from netbuilder.graph.edits import RemoveGroup, SetParameter
from netbuilder.graph.model import Edge, PortRef
from netbuilder.graph.project import GroupId
from tests.compiler.test_groups import block_of, inside, stack
from tests.drawing import DIGITS, Drawing, id_of, program_of


def test_what_mends_the_inside_is_offered_at_every_instance_around_it() -> None:
    drawing = Drawing()
    with drawing.group("Inner") as inner:
        x = drawing.put("Input", "x")
        drawing.put("Output", "y", drawing.put("Linear", "self", x))
    with drawing.group("Outer") as outer:
        x = drawing.put("Input", "x")
        drawing.put("Output", "y", drawing.put_group(inner, "inner", x))
    x = drawing.put("Input", "x", shape=[4])
    drawing.put("Output", "out", drawing.put_group(outer, "outer", x))
    found = lower(drawing.project).errors()
    assert [each.code for each in found] == ["problem-inside", "reserved-name", "problem-inside"]
    first, *others = (each.fixes for each in found)
    assert all(each == first for each in others)
    first[0].edit.apply(drawing.project)
    assert lower(drawing.project).program is not None


def test_a_problem_inside_is_told_at_the_instance_and_where_it_is() -> None:
    drawing = stack()
    SetParameter(inside(drawing, "fc"), "out_features", "=depth*2", GroupId("g1")).apply(drawing.project)
    lowering = lower(drawing.project)
    at_instance, at_block = lowering.errors()
    assert (at_instance.code, at_instance.node) == ("problem-inside", id_of(drawing.project, "block"))
    assert "“depth” is not known here" in at_instance.message
    assert (at_block.code, at_block.node, at_block.parameter) == (
        "bad-expression",
        inside(drawing, "fc"),
        "out_features",
    )


def test_a_warning_inside_is_told_once_however_many_instances_have_it() -> None:
    drawing = Drawing()
    with drawing.group("Block", width=8) as block:
        x = drawing.put("Input", "x")
        drawing.put("Linear", "astray", x, out_features="=width*2")
        drawing.put("Output", "y", drawing.put("ReLU", "relu", x, weights="tag"))
    with drawing.group("Pair") as pair:
        x = drawing.put("Input", "x")
        drawing.put("Output", "y", drawing.put_group(block, "inner", x, repeat=2))
    x = drawing.put("Input", "x", shape=[8])
    x = drawing.put_group(pair, "pair", drawing.put_group(block, "wide", x, width=20))
    drawing.put("Output", "out", x)
    lowering = lower(drawing.project)
    assert lowering.program is not None
    found = {(each.severity, each.code, each.node) for each in lowering.diagnostics if each.node}
    astray, relu = inside(drawing, "astray"), inside(drawing, "relu")
    assert found == {("warning", "unused", astray), ("warning", "no-weights", relu)}
    assert len([each for each in lowering.diagnostics if each.node]) == 2
    (fix,) = next(each.fixes for each in lowering.diagnostics if each.node == relu)
    fix.edit.apply(drawing.project)
    assert "weights" not in drawing.project.groups[block].graph.node(relu).params


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ({"width": "=1/0"}, "bad-expression", "zero"),
        ({"width": "=9**9**9**9"}, "bad-expression", "is too large a number"),
        ({"width": "=nothing"}, "bad-expression", "“nothing” is not known here"),
        ({"depth": 3}, "unknown-parameter", "no parameter “depth”"),
        ({"width": -1}, "problem-inside", "at least 1"),
        ({"repeat": 1_000_000}, "bad-parameter", "from 1 to 1,000"),
        ({"repeat": "=1.5"}, "bad-parameter", "from 1 to 1,000, not 1.5. “//” divides to whole numbers, and round"),
        ({"shared": 1}, "bad-parameter", "on or off"),
        ({"width": {"a": 1}}, "bad-parameter", "a number, a text, a switch or a list"),
        ({"width": [{"a": 1}]}, "bad-parameter", "a number, a text, a switch or a list"),
    ],
)
def test_arguments_that_can_not_be_are_told_at_the_instance(arguments: dict[str, Any], code: str, words: str) -> None:
    drawing = stack(**arguments)
    problem = lower(drawing.project).errors()[0]
    (parameter,) = arguments if code != "problem-inside" else [None]
    assert (problem.code, problem.node, problem.parameter) == (code, id_of(drawing.project, "block"), parameter)
    assert words in problem.message


@pytest.mark.parametrize(
    ("block", "parameter", "value"),
    [("Linear", "out_features", "=width/2"), ("Reshape", "shape", ["=width/2", 2])],
)
def test_an_expression_that_comes_to_a_fraction_is_told_how_to_come_to_a_whole_number(
    block: str, parameter: str, value: Any
) -> None:
    drawing = Drawing()
    with drawing.group("Half", width=3) as half:
        drawing.put("Output", "y", drawing.put(block, "block", drawing.put("Input", "x"), **{parameter: value}))
    drawing.put("Output", "out", drawing.put_group(half, "half", drawing.put("Input", "x", shape=[4])))
    (problem,) = (each for each in lower(drawing.project).errors() if each.code == "problem-inside")
    assert "1.5" in problem.message
    assert "“//” divides to whole numbers, and round, floor and ceil make one of any number." in problem.message
    SetParameter(inside(drawing, "block"), parameter, [1.5, 2] if value[0] != "=" else 1.5, half).apply(drawing.project)
    assert not any("//" in each.message for each in lower(drawing.project).errors()), "no expression is at fault there"


def test_a_repetition_may_take_what_is_as_wide_as_the_first_made_it() -> None:
    assert lower(stack(width=5, repeat=2).project).errors() == []


def test_a_repetition_that_does_not_fit_itself_is_told_at_the_instance() -> None:
    drawing = Drawing()
    with drawing.group("Flat") as flat:
        x = drawing.put("Input", "x")
        drawing.put("Output", "y", drawing.put("Flatten", "flatten", drawing.put("MaxPool2d", "pool", x)))
    x = drawing.put("Input", "x", shape=[1, 8, 8])
    drawing.put("Output", "out", drawing.put_group(flat, "flat", x, repeat=2))
    (problem,) = lower(drawing.project).errors()
    assert (problem.code, problem.node, problem.parameter) == (
        "repeat-mismatch",
        id_of(drawing.project, "flat"),
        "repeat",
    )
    assert problem.message.startswith("At repetition 2, where Flat gets N × 16: MaxPool2d takes ")


@pytest.mark.parametrize("repeat", [2, "=times", "=times+1"])
def test_a_group_that_gives_more_than_it_takes_can_not_be_repeated_however_often_that_is(repeat: int | str) -> None:
    drawing = Drawing()
    with drawing.group("Fork") as fork:
        x = drawing.put("Input", "x")
        for name in ("y", "z"):
            drawing.put("Output", name, x)
    with drawing.group("Outer", times=1) as outer:
        forked = drawing.put_group(fork, "fork", drawing.put("Input", "x"), repeat=repeat)
        drawing.put("Output", "y", PortRef(forked, "y"))
    drawing.put("Output", "out", drawing.put_group(outer, "outer", drawing.put("Input", "x", shape=[8])))
    problem = lower(drawing.project).errors()[-1]
    assert (problem.code, problem.node, problem.parameter) == ("no-repeat", inside(drawing, "fork", "g2"), "repeat")


def test_a_group_that_contains_itself_is_told_at_once() -> None:
    drawing = stack()
    with drawing.group("Other"):
        x = drawing.put("Input", "x")
        drawing.put("Output", "y", drawing.put_group(GroupId("g1"), "back", x))
    drawing.here = GroupId("g1")
    other = drawing.put_group(GroupId("g2"), "other", inside(drawing, "x"))
    drawing.put("Output", "z", other)
    drawing.here = None
    found = lower(drawing.project).errors()
    assert found[0].node == id_of(drawing.project, "block")
    assert any(each.code == "endless-group" and "contains itself" in each.message for each in found)


def nested(depth: int, **arguments: Any) -> Drawing:
    """Draw groups in groups: G1 with a layer, G2 with an instance of G1 that has these arguments, and so on.

    The network has an instance of each, those that lie deepest first.
    """
    drawing = Drawing()
    group = block_of(drawing, "G1")
    groups = [group]
    for number in range(2, depth + 1):
        with drawing.group(f"G{number}", width=8) as outer:
            x = drawing.put("Input", "x")
            drawing.put("Output", "y", drawing.put_group(groups[-1], "inner", x, **arguments))
        groups.append(outer)
    x = drawing.put("Input", "x", shape=[8])
    for group in groups:
        x = drawing.put_group(group, f"one_of_{group}", x)
    drawing.put("Output", "out", x)
    return drawing


def test_groups_lie_in_groups_thirty_two_deep_and_no_deeper() -> None:
    program = program_of(nested(32).project)
    assert build(program)(torch.randn(2, 8))[0].shape == (2, 8)
    for depth in (33, 400):
        drawing = nested(depth)
        problem = lower(drawing.project).errors()[0]
        assert (problem.code, problem.node) == ("endless-group", id_of(drawing.project, "one_of_g33"))
        assert problem.message == "G33 has groups in groups, more than 32 deep."


def test_a_long_circle_of_groups_ends_in_a_sentence() -> None:
    drawing = nested(400)
    drawing.here = GroupId("g1")
    drawing.put("Output", "z", drawing.put_group(GroupId("g400"), "back", inside(drawing, "x")))
    problems = lower(drawing.project).errors()
    assert any("more than 32 deep" in each.message for each in problems)


def test_a_definition_that_was_deleted_is_missed_by_its_instances() -> None:
    drawing = stack()
    RemoveGroup(GroupId("g1")).apply(drawing.project)
    (problem,) = lower(drawing.project).errors()
    assert (problem.code, problem.node) == ("unknown-group", id_of(drawing.project, "block"))


def test_a_group_needs_an_output_and_no_loss() -> None:
    drawing = Drawing(DIGITS)
    with drawing.group("Empty") as empty:
        drawing.put("Input", "x")
    with drawing.group("Judge") as judge:
        x = drawing.put("Input", "x")
        drawing.put("MSE", "loss", x, x)
        drawing.put("Output", "y", x)
    image = drawing.put("Input", "image", field="image")
    first, second = drawing.put_group(empty, "empty", image), drawing.put_group(judge, "judge", image)
    found = {(each.code, each.node): each.message for each in lower(drawing.project).errors()}
    assert "needs an Output inside" in found["problem-inside", first]
    assert "stands outside of groups" in found["problem-inside", second]
    assert "stands outside of groups" in found["judge-in-group", inside(drawing, "loss", "g2")]


def test_many_nested_repetitions_end_in_a_sentence_and_at_once() -> None:
    drawing = nested(4, repeat=1000, width="=8+index*0")
    SetParameter(inside(drawing, "fc"), "out_features", "=width+index*0", GroupId("g1")).apply(drawing.project)
    memo: Memo = {}
    at_instance, problem = lower(drawing.project, memo).errors()
    assert (at_instance.code, at_instance.node) == ("problem-inside", id_of(drawing.project, "one_of_g3"))
    assert (problem.code, problem.node, problem.parameter) == ("too-large", inside(drawing, "inner", "g3"), "repeat")
    assert problem.message == "G2 unfolds into more than 100,000 blocks."
    assert len(memo) < 1100  # ways to unfold that were looked at: a thousand of G1, whose blocks count, and few others


def test_more_ways_of_unfolding_than_can_be_looked_at_end_in_a_sentence() -> None:
    """Two instances in each of two, and so on: each runs with an argument that no other has."""
    drawing = nested(16, repeat=2, width="=width*2+index")
    SetParameter(inside(drawing, "fc"), "out_features", "=8+width*0", GroupId("g1")).apply(drawing.project)
    (problem,) = (each for each in lower(drawing.project).errors() if each.code == "too-large")
    assert (problem.node, problem.parameter) == (inside(drawing, "inner", "g2"), "repeat")
    assert problem.message == "G1 unfolds into more than 10,000 blocks that differ from one another."


def test_a_fix_inside_is_an_edit_of_the_inside() -> None:
    drawing = Drawing()
    with drawing.group("Wrong") as wrong:
        x = drawing.put("Input", "x")
        conv = drawing.put("Conv2d", "conv", x, out_channels=2)
        drawing.put("Output", "y", drawing.put("Linear", "fc", conv, out_features=3))
        drawing.put("Output", "z", drawing.put("BatchNorm1d", "norm", conv))
    x = drawing.put("Input", "x", shape=[1, 8, 8])
    drawing.put("Output", "out", drawing.put_group(wrong, "wrong", x))
    problem = next(each for each in lower(drawing.project).errors() if each.fixes)
    problem.fixes[0].edit.apply(drawing.project)
    assert any(node.type == "Flatten" for node in drawing.project.groups[wrong].graph.nodes())
    assert len(drawing.project.graph) == 3


def mend(drawing: Drawing, code: str) -> None:
    """Apply the one fix of the one problem of this kind."""
    (problem,) = [each for each in lower(drawing.project).diagnostics if each.code == code]
    (fix,) = problem.fixes
    fix.edit.apply(drawing.project)


def test_an_instance_at_the_end_is_what_an_output_and_a_loss_are_offered_for() -> None:
    drawing = Drawing(DIGITS)
    block = block_of(drawing, width=10)
    flat = drawing.put("Flatten", "flatten", drawing.put("Input", "image", field="image"))
    box = drawing.put_group(block, "block", flat)
    mend(drawing, "missing-loss")
    mend(drawing, "missing-output")
    lowering = lower(drawing.project)
    assert lowering.diagnostics == ()
    graph = drawing.project.graph
    assert {graph.node(edge.target.node).type for edge in graph.edges_out_of(box)} == {"CrossEntropy", "Output"}


def test_an_instance_with_a_loose_end_is_offered_at_an_open_port() -> None:
    drawing = Drawing()
    block = block_of(drawing)
    box = drawing.put_group(block, "block", drawing.put("Input", "x", shape=[8]))
    out = drawing.put("Output", "out")
    mend(drawing, "unconnected-port")
    assert drawing.project.graph.edge_into(PortRef(out, "x")) == Edge(PortRef(box, "y"), PortRef(out, "x"))


def test_a_loose_block_is_offered_a_place_before_an_instance() -> None:
    drawing = Drawing()
    block = block_of(drawing)
    x = drawing.put("Input", "x", shape=[8])
    relu = drawing.put("ReLU", "relu")
    box = drawing.put_group(block, "block", x)
    drawing.put("Output", "out", box)
    mend(drawing, "unconnected-port")
    assert drawing.project.graph.edge_into(PortRef(box, "x")) == Edge(PortRef(relu, "y"), PortRef(box, "x"))


def test_an_argument_that_goes_wrong_for_a_later_time_is_told_at_the_instance() -> None:
    (problem,) = lower(stack(repeat=3, width="=8/(2-index)").project).errors()
    assert (problem.code, problem.parameter) == ("bad-expression", "width")
    assert "zero" in problem.message


def test_repetitions_that_differ_can_not_share_their_weights() -> None:
    drawing = stack(repeat=2, shared=True, width="=8*(index+1)")
    (problem,) = lower(drawing.project).errors()
    assert (problem.code, problem.parameter) == ("weights-mismatch", "shared")
    assert problem.node == id_of(drawing.project, "block")
    assert "out_features is 16 here and 8 there" in problem.message
