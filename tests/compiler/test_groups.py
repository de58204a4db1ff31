"""Groups: lowered, built, printed, looked into and remembered."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from netbuilder.blocks.spec import BATCH, TensorSpec
from netbuilder.compiler.build import build
from netbuilder.compiler.interpret import NodeFailure, activations, first_non_finite, run
from netbuilder.compiler.lower import Memo, lower
from netbuilder.compiler.program import GroupCall
from netbuilder.compiler.source import source
from netbuilder.graph.edits import UNSET, DescribeGroup, Edit, RenameNode, SetFormal, SetParameter
from netbuilder.graph.files import dumps, loads
from netbuilder.graph.model import NodeId, PortRef
from netbuilder.graph.project import GroupId
from tests.compiler.test_any_drawing import exactly
from tests.drawing import Drawing, id_of, program_of
from tests.printing import assert_equal_to_its_print


def block_of(drawing: Drawing, name: str = "Block", **parameters: Any) -> GroupId:
    """Define a group: a linear layer of `=width` features, 8 by default, and ReLU."""
    with drawing.group(name, **({"width": 8} | parameters)) as group:
        x = drawing.put("Input", "x")
        fc = drawing.put("Linear", "fc", x, out_features="=width")
        drawing.put("Output", "y", drawing.put("ReLU", "relu", fc))
    return group


def stack(**arguments: Any) -> Drawing:
    """Draw an input of 8 features, an instance of the group, and an output."""
    drawing = Drawing()
    group = block_of(drawing)
    x = drawing.put("Input", "x", shape=[8])
    drawing.put("Output", "out", drawing.put_group(group, "block", x, **arguments))
    return drawing


def inside(drawing: Drawing, name: str, group: str = "g1") -> NodeId:
    """Return the id of the node of this name inside of a group."""
    return id_of(drawing.project.inside(GroupId(group)), name)


def test_a_group_is_a_module_of_its_own_and_a_class_in_the_printed_code() -> None:
    program = program_of(stack().project)
    network = build(program)
    assert list(network.state_dict()) == ["block.fc.weight", "block.fc.bias"]
    assert "class Block(nn.Module):" in source(program)
    assert "self.block = Block(8)" in source(program)
    assert_equal_to_its_print(program, torch.randn(3, 8))


def test_a_call_of_a_group_says_what_the_group_does() -> None:
    drawing = stack()
    DescribeGroup(GroupId("g1"), "Halve and rectify.").apply(drawing.project)
    (instruction,) = program_of(drawing.project).instructions
    assert isinstance(instruction.call, GroupCall)
    assert instruction.call.description == "Halve and rectify."
    assert program_of(drawing.project) == program_of(stack().project), "words make no other network"


def test_arguments_reach_the_fields_inside() -> None:
    drawing = stack(width=5)
    program = program_of(drawing.project)
    assert program.results[0].spec == TensorSpec((BATCH, 5))
    assert build(program).block.fc.out_features == 5
    assert lower(drawing.project).total().parameters == 45


def test_an_argument_may_be_an_expression_of_what_surrounds_it() -> None:
    drawing = Drawing()
    inner = block_of(drawing, "Inner")
    with drawing.group("Outer", size=3) as outer:
        x = drawing.put("Input", "x")
        drawing.put("Output", "y", drawing.put_group(inner, "inner", x, width="=size*2"))
    x = drawing.put("Input", "x", shape=[8])
    drawing.put("Output", "out", drawing.put_group(outer, "outer", x, size="=2+2"))
    program = program_of(drawing.project)
    assert list(build(program).state_dict()) == ["outer.inner.fc.weight", "outer.inner.fc.bias"]
    assert program.results[0].spec == TensorSpec((BATCH, 8))
    assert_equal_to_its_print(program, torch.randn(2, 8))


def test_a_repeated_group_has_weights_for_each_time() -> None:
    drawing = stack(repeat=3)
    program = program_of(drawing.project)
    network = build(program)
    assert [name for name in network.state_dict() if name.endswith("weight")] == [
        f"block.{i}.fc.weight" for i in range(3)
    ]
    assert lower(drawing.project).total().parameters == 3 * 72
    assert "Block(8) for _ in range(3)" in source(program)
    x = torch.randn(4, 8)
    expected = x
    for layer in network.block.children():
        expected = torch.relu(layer.fc(expected))
    assert torch.equal(network(x)[0], expected)
    assert_equal_to_its_print(program, x)


def test_a_group_takes_the_memory_that_its_blocks_would_take_without_it() -> None:
    flat = Drawing()
    x = flat.put("Input", "x", shape=[8])
    for number in range(3):
        x = flat.put("ReLU", f"relu{number}", flat.put("Linear", f"fc{number}", x, out_features=8))
    flat.put("Output", "out", x)
    assert lower(stack(repeat=3).project).total() == lower(flat.project).total()


def test_a_group_repeated_with_shared_weights_is_one_module() -> None:
    drawing = stack(repeat=3, shared=True)
    program = program_of(drawing.project)
    network = build(program)
    assert list(network.state_dict()) == ["block.fc.weight", "block.fc.bias"]
    assert lower(drawing.project).total().parameters == 72
    x = torch.randn(4, 8)
    expected = x
    for _ in range(3):
        expected = torch.relu(network.block.fc(expected))
    assert torch.equal(network(x)[0], expected)
    assert_equal_to_its_print(program, x)


def test_repetitions_are_counted_by_index() -> None:
    drawing = stack(repeat=3)
    SetParameter(inside(drawing, "fc"), "out_features", "=width*(index+1)", GroupId("g1")).apply(drawing.project)
    program = program_of(drawing.project)
    assert [part.fc.out_features for part in build(program).block.children()] == [8, 16, 24]
    assert_equal_to_its_print(program, torch.randn(2, 8))


def test_arguments_of_an_instance_that_repeats_count_its_own_repetitions() -> None:
    drawing = stack(repeat=3, width="=4*(index+1)")
    program = program_of(drawing.project)
    assert [part.fc.out_features for part in build(program).block.children()] == [4, 8, 12]
    assert_equal_to_its_print(program, torch.randn(2, 8))


def test_only_what_repeats_counts_for_itself() -> None:
    drawing = Drawing()
    block = block_of(drawing, "Inner")
    with drawing.group("Outer", times=2) as outer:
        x = drawing.put("Input", "x")
        x = drawing.put_group(block, "once", x, width="=10+index")
        x = drawing.put_group(block, "again", x, width="=20+index", repeat="=times")
        drawing.put("Output", "y", drawing.put_group(block, "more", x, width=8, repeat="=index+1"))
    x = drawing.put_group(outer, "two", drawing.put("Input", "x", shape=[8]), repeat=2)
    drawing.put("Output", "out", drawing.put_group(outer, "one", x, times=1))
    program = program_of(drawing.project)
    first, second = build(program).two.children()
    assert [part.once.fc.out_features for part in (first, second)] == [10, 11]
    assert [[each.fc.out_features for each in part.again.children()] for part in (first, second)] == [[20, 21]] * 2
    assert [len([*part.more.children()]) for part in (first, second)] == [1, 2]
    (again,) = build(program).one.again.children()  # an expression repeats, whatever it comes to
    assert again.fc.out_features == 20
    assert_equal_to_its_print(program, torch.randn(2, 8))


def test_what_the_later_repetitions_do_not_get_from_before_stays_the_instances_own() -> None:
    drawing = Drawing()
    with drawing.group("Mix") as mix:
        x, memory = drawing.put("Input", "x"), drawing.put("Input", "memory")
        drawing.put("Output", "y", drawing.put("Add", "add", drawing.put("Linear", "fc", x, out_features=4), memory))
    x, memory = drawing.put("Input", "x", shape=[4]), drawing.put("Input", "memory", shape=[4])
    drawing.put("Output", "out", drawing.put_group(mix, "mix", x, memory, repeat=2))
    program = program_of(drawing.project)
    network = build(program)
    a, b = torch.randn(3, 4), torch.randn(3, 4)
    first, second = network.mix.children()
    assert torch.equal(network(a, b)[0], second.fc(first.fc(a) + b) + b)
    assert_equal_to_its_print(program, a, b)


def test_a_group_may_have_several_outputs() -> None:
    drawing = Drawing()
    with drawing.group("Two") as two:
        x = drawing.put("Input", "x")
        fc = drawing.put("Linear", "fc", x, out_features=3)
        drawing.put("Output", "raw", fc)
        drawing.put("Output", "rectified", drawing.put("ReLU", "relu", fc))
    x = drawing.put("Input", "x", shape=[5])
    node = drawing.put_group(two, "two", x)
    drawing.put("Output", "a", PortRef(node, "rectified"))
    program = program_of(drawing.project)
    assert_equal_to_its_print(program, torch.randn(2, 5))
    drawing.put("Output", "b", PortRef(node, "raw"))
    program = program_of(drawing.project)
    assert_equal_to_its_print(program, torch.randn(2, 5))


def test_shapes_inside_are_those_of_the_first_instance() -> None:
    drawing = stack(width=5)
    lowering = lower(drawing.project)
    fc = inside(drawing, "fc")
    assert lowering.specs[PortRef(fc, "y")] == TensorSpec((BATCH, 5))
    inner, outer = lowering.cost(fc), lowering.cost(id_of(drawing.project, "block"))
    assert inner is not None
    assert outer is not None
    assert (inner.parameters, outer.parameters, lowering.total().parameters) == (45, 45, 45)
    assert lowering.cost(NodeId("n99")) is None


def test_every_instance_is_known_inside_as_it_is_itself() -> None:
    drawing = Drawing()
    block = block_of(drawing)
    with drawing.group("Outer") as outer:
        x = drawing.put("Input", "x")
        drawing.put("Output", "y", drawing.put_group(block, "inner", x, width=3))
    x = drawing.put("Input", "x", shape=[8])
    first = drawing.put_group(block, "first", x)
    second = drawing.put_group(outer, "second", PortRef(first, "y"))
    drawing.put("Output", "out", PortRef(second, "y"))
    lowering, fc = lower(drawing.project), inside(drawing, "fc")
    for instances, width, parameters in (
        ((), 8, 72),
        ((first,), 8, 72),
        ((second, inside(drawing, "inner", "g2")), 3, 27),
    ):
        seen = lowering.within(instances)
        assert seen.specs[PortRef(fc, "y")] == TensorSpec((BATCH, width))
        cost = seen.cost(fc)
        assert cost
        assert cost.parameters == parameters


def test_the_way_to_a_problem_leads_through_an_instance_that_has_it() -> None:
    drawing = Drawing()
    block = block_of(drawing)
    with drawing.group("Outer") as outer:
        inner = drawing.put_group(block, "inner", drawing.put("Input", "x"), width=-1)
        drawing.put("Output", "y", PortRef(inner, "y"))
    x = drawing.put("Input", "x", shape=[8])
    fine = drawing.put_group(block, "fine", x)
    deep, near = drawing.put_group(outer, "deep", x), drawing.put_group(block, "near", x, width=-2)
    lowering, fc = lower(drawing.project), inside(drawing, "fc")
    for here, way in (
        ((), (near,)),
        ((fine,), (near,)),
        ((near,), (near,)),
        ((deep, inner), (deep, inner)),
        ((deep, NodeId("n99")), (near,)),
    ):
        assert lowering.way_to_problem(fc, here) == way
    assert lowering.way_to_problem(inside(drawing, "relu")) == ()
    assert lowering.way_to_problem(x) == ()


def test_one_looks_into_a_group_as_into_the_network() -> None:
    drawing = stack(repeat=2)
    program = program_of(drawing.project)
    network = build(program)
    fc, block = inside(drawing, "fc"), id_of(drawing.project, "block")
    x = torch.randn(3, 8)
    seen = activations(network, [x], [fc, block])
    assert torch.equal(seen[fc], network.get_submodule("block.0.fc")(x))
    assert torch.equal(seen[block], network(x)[0])
    with torch.no_grad():
        network.get_submodule("block.1.fc").weight.fill_(torch.inf)
    assert first_non_finite(network, [x]) == fc
    with pytest.raises(NodeFailure) as failure:
        run(network, [torch.randn(3, 7)])
    assert failure.value.node == fc


def test_the_numbers_of_a_sample_are_counted_inside_of_groups_too() -> None:
    program = program_of(stack(repeat=3).project)
    assert program.volume() == 8 + 3 * (8 + 8 + 8)


def test_what_is_remembered_of_groups_is_never_out_of_date() -> None:
    drawing = Drawing()
    inner = block_of(drawing, "Inner")
    with drawing.group("Outer", size=8) as outer:
        x = drawing.put("Input", "x")
        box = drawing.put_group(inner, "inner", x, width="=size", repeat=2)
        drawing.put("Output", "y", box)
    x = drawing.put("Input", "x", shape=[8])
    last = drawing.put_group(outer, "second", drawing.put_group(outer, "first", x), repeat=3)
    drawing.put("Output", "out", last)
    project, memo = drawing.project, Memo()
    fc = inside(drawing, "fc")
    edits: list[Edit] = [
        SetParameter(fc, "bias", False, inner),
        SetParameter(fc, "out_features", "=width+index", inner),
        SetParameter(last, "size", 6),
        SetFormal(outer, "size", 4),
        SetParameter(fc, "out_features", "=width*2", inner),
        RenameNode(fc, "dense", inner),
        SetParameter(last, "repeat", 1),
        SetParameter(id_of(project, "x"), "shape", (4,)),
        SetParameter(last, "repeat", 2),
        DescribeGroup(inner, "A layer."),
        SetFormal(inner, "width", UNSET),
        SetFormal(inner, "width", 1),
        SetParameter(box, "width", 1, outer),
        SetParameter(box, "width", True, outer),
        SetParameter(box, "width", 1.0, outer),
        SetParameter(fc, "out_features", 5, inner),
    ]
    undone: list[Edit] = []
    for edit in edits:
        undone.append(edit.apply(project))
        assert exactly(lower(project, memo)) == exactly(lower(project)), edit
    for edit in reversed(undone):
        edit.apply(project)
        assert exactly(lower(project, memo)) == exactly(lower(project)), edit
    assert lower(project, memo).total().parameters == 8 * 72


def test_a_number_and_a_switch_are_two_arguments() -> None:
    drawing = stack(width=1)
    group = GroupId("g1")
    x = drawing.put("Input", "other", shape=[8])
    drawing.put("Output", "out2", drawing.put_group(group, "switched", x, width=True))
    (at_instance, at_block) = lower(drawing.project).errors()
    assert at_instance.node == id_of(drawing.project, "switched")
    assert at_block.node == inside(drawing, "fc")


def test_a_file_that_was_opened_is_lowered_as_it_was_drawn() -> None:
    """Files hold parameters by name, drawings in the order in which they were set."""
    drawing = Drawing()
    with drawing.group("Layer", width=8, rate=0.5) as layer:
        fc = drawing.put("Linear", "fc", drawing.put("Input", "x"), out_features="=width")
        drawing.put("Output", "y", drawing.put("Dropout", "drop", fc, p="=rate"))
    x = drawing.put("Input", "x", shape=[8])
    x = drawing.put_group(layer, "layers", x, width="=4*2", repeat="=1+1", rate="=0.1*(index+1)")
    drawing.put("Output", "out", x)
    assert exactly(lower(loads(dumps(drawing.project)))) == exactly(lower(drawing.project))
