"""What is asked of groups, told from a project alone: what becomes of it, what is refused,
and that it computes the same.
"""

from __future__ import annotations

import pytest

from netbuilder.compiler.lower import lower
from netbuilder.graph.edits import AddNode, Edit, flatten
from netbuilder.graph.files import dumps, loads
from netbuilder.graph.model import Json, NodeId, PortRef
from netbuilder.graph.project import GroupId, Project, group_of
from netbuilder.ui import clip, group_intents, group_parameters
from tests.drawing import Drawing, digits_cnn, id_of, program_of
from tests.ui.asking import do, refused

G1 = GroupId("g1")


def ids_of(project: Project, *names: str) -> list[NodeId]:
    return [id_of(project, name) for name in names]


def group(project: Project, *names: str) -> GroupId:
    """Group the blocks of these names; return the group."""
    before = set(project.groups)
    do(project, group_intents.make_group(project, None, project.new_ids(), ids_of(project, *names)))
    (new,) = set(project.groups) - before
    return new


def inside(project: Project, group: GroupId) -> set[str]:
    return {node.name for node in project.groups[group].graph.nodes()}


def stack() -> Drawing:
    """Draw a network of two repeated groups: each a layer of as many features as its instance says."""
    drawing = Drawing()
    with drawing.group("stage", width=8) as stage:
        x = drawing.put("Input", "x")
        linear = drawing.put("Linear", "linear", x, out_features="=width*2")
        drawing.put("Output", "y", drawing.put("ReLU", "relu", linear))
    image = drawing.put("Input", "row", shape=[8])
    first = drawing.put_group(stage, "first", image)
    second = drawing.put_group(stage, "second", _y(first), width=4)
    drawing.put("Output", "result", _y(second))
    return drawing


def _y(node: NodeId) -> PortRef:
    return PortRef(node, "y")


def test_grouping_keeps_ids_and_what_the_network_computes() -> None:
    project = digits_cnn().project
    before = lower(project)
    chosen = ids_of(project, "conv1", "relu1", "pool1")
    new = group(project, "conv1", "relu1", "pool1")
    assert set(chosen) < set(project.groups[new].graph)
    assert inside(project, new) == {"conv1", "relu1", "pool1", "x", "y"}
    after = lower(project)
    assert after.program is not None
    assert after.total().parameters == before.total().parameters
    assert all(after.specs[ref] == spec for ref, spec in before.specs.items())


def test_a_source_outside_is_one_input_and_a_source_inside_one_output() -> None:
    drawing = Drawing()
    a, b = drawing.put("Input", "a", shape=[4]), drawing.put("Input", "b", shape=[4])
    left, right = drawing.put("ReLU", "left", a), drawing.put("ReLU", "right", a)
    total = drawing.put("Add", "total", left, right, b)
    for name in ("one", "two"):
        drawing.put("Output", name, total)
    drawing.put("Output", "three", left)
    project = drawing.project
    new = group(project, "left", "right", "total")
    nodes = project.groups[new].graph.nodes()
    assert [node.name for node in nodes if node.type == "Input"] == ["a", "b"]
    assert [node.name for node in nodes if node.type == "Output"] == ["left_out", "total_out"]
    assert program_of(project)


def test_inside_inputs_stand_left_and_outputs_right() -> None:
    project = digits_cnn().project
    definition = project.groups[group(project, "conv1", "relu1")]
    x = {node.name: definition.layout[node.id][0] for node in definition.graph.nodes()}
    assert x["x"] < x["conv1"] < x["relu1"] < x["y"]
    assert x["relu1"] - x["conv1"] == 212


def test_loose_blocks_get_ports_at_their_ends() -> None:
    drawing = Drawing()
    relu = drawing.put("ReLU", "relu")
    drawing.put("Linear", "linear", relu)
    new = group(drawing.project, "relu", "linear")
    assert inside(drawing.project, new) == {"x", "relu", "linear", "y"}


def test_a_loose_instance_gets_ports_as_any_block_does() -> None:
    drawing = stack()
    box = drawing.put_group(G1, "loose")
    new = group(drawing.project, "loose")
    ports = {("x", "y", box, "x"), (box, "y", "y", "x")}
    definition = drawing.project.groups[new].graph
    names = {node.id: node.name for node in definition.nodes() if node.id != box}
    wires = {(e.source.node, e.source.port, e.target.node, e.target.port) for e in definition.edges()}
    assert {(names.get(a, a), b, names.get(c, c), d) for a, b, c, d in wires} == ports


def test_a_way_out_and_back_is_refused() -> None:
    project = digits_cnn().project
    intent = group_intents.make_group(project, None, project.new_ids(), ids_of(project, "conv1", "pool1"))
    assert "relu1" in refused(intent, "group")


@pytest.mark.parametrize("name", ["image", "logits", "loss", "accuracy"])
def test_ends_and_judges_stay_outside(name: str) -> None:
    project = digits_cnn().project
    intent = group_intents.make_group(project, None, project.new_ids(), ids_of(project, name))
    assert name in refused(intent, "group")


def test_a_group_made_inside_of_another_inherits_its_names() -> None:
    drawing = Drawing()
    with drawing.group("stage", width=8) as stage:
        x = drawing.put("Input", "x")
        linear = drawing.put("Linear", "linear", x, out_features="=width*(index+1)")
        drawing.put("Output", "y", linear)
    drawing.put("Output", "result", _y(drawing.put_group(stage, "box", drawing.put("Input", "row", shape=[8]))))
    project = drawing.project
    before = lower(project).total().parameters
    do(project, group_intents.make_group(project, stage, project.new_ids(), [linear]))
    new = GroupId("g2")
    assert dict(project.groups[new].parameters) == {"width": 8, "outer_index": 0}
    assert project.groups[new].graph.node(linear).params["out_features"] == "=width*(outer_index+1)"
    assert program_of(project)
    assert lower(project).total().parameters == before


def test_a_count_that_a_group_was_given_stays_apart_from_its_own() -> None:
    drawing = Drawing()
    with drawing.group("stage", outer_index=0) as stage:
        linear = drawing.put("Linear", "linear", drawing.put("Input", "x"), out_features="=8+index*0+outer_index*100")
        drawing.put("Output", "y", linear)
    row = drawing.put("Input", "row", shape=[8])
    box = drawing.put_group(stage, "box", row, outer_index=1, repeat=2)
    drawing.put("Output", "result", _y(box))
    project = drawing.project
    before = lower(project).total()
    assert before.parameters == 8 * 108 + 108 + 108 * 108 + 108
    do(project, group_intents.make_group(project, stage, project.new_ids(), [linear]))
    assert dict(project.groups[GroupId("g2")].parameters) == {"outer_index": 0, "outer_index_2": 0}
    assert lower(project).total() == before


def counting() -> Drawing:
    """Draw a group, G2, in which a group is repeated with arguments that count, and an instance of it."""
    drawing = stack()
    with drawing.group("outer", size=4) as outer:
        layers = drawing.put_group(G1, "layers", drawing.put("Input", "x"), width="=size+index", repeat=2)
        drawing.put("Output", "y", _y(layers))
    drawing.put("Output", "other", _y(drawing.put_group(outer, "box", id_of(drawing.project, "row"))))
    return drawing


def test_what_counts_its_own_repetitions_does_so_in_a_new_group_and_out_of_it() -> None:
    project = counting().project
    before, sheet, expected = dumps(project), GroupId("g2"), lower(project).total()
    layers = project.groups[sheet].graph.named("layers")
    assert layers is not None
    do(project, group_intents.make_group(project, sheet, project.new_ids(), [layers.id]))
    assert dict(project.groups[GroupId("g3")].parameters) == {"size": 4}
    assert project.groups[GroupId("g3")].graph.node(layers.id).params == layers.params
    assert lower(project).total() == expected

    project = loads(before)
    do(project, group_intents.ungroup(project, None, project.new_ids(), id_of(project, "box")))
    assert project.graph.node(id_of(project, "layers")).params == {"width": "=4+index", "repeat": 2}
    assert lower(project).total() == expected


def test_a_count_of_the_surroundings_is_not_put_where_another_one_holds() -> None:
    drawing = counting()
    with drawing.group("outermost") as outermost:
        box = drawing.put_group(GroupId("g2"), "counted", drawing.put("Input", "x"), size="=index+3")
        drawing.put("Output", "y", _y(box))
    intent = group_intents.ungroup(drawing.project, outermost, drawing.project.new_ids(), box)
    assert "“layers” can't stand outside: index would count its own repetitions there" in refused(intent, "group")


def test_a_count_of_the_surroundings_in_a_list_is_not_put_where_another_one_holds() -> None:
    drawing = Drawing()
    with drawing.group("pool", sizes=(1, 1)) as pool:
        drawing.put("MaxPool2d", "pool", drawing.put("Input", "x"), kernel_size="=sizes")
    with drawing.group("pools", sizes=(1, 1)) as pools:
        drawing.put_group(pool, "layers", drawing.put("Input", "x"), sizes="=sizes", repeat=2)
    with drawing.group("outermost") as outermost:
        box = drawing.put_group(pools, "box", sizes=["=index+1", 1])
    intent = group_intents.ungroup(drawing.project, outermost, drawing.project.new_ids(), box)
    assert "“layers” can't stand outside" in refused(intent, "group")


def test_what_comes_to_run_once_counts_no_longer_where_a_group_was_taken_apart() -> None:
    drawing = stack()
    with drawing.group("deep", depth=2) as deep:
        layers = drawing.put_group(G1, "layers", drawing.put("Input", "x"), repeat="=depth-1", width="=depth+index*8")
        drawing.put("Output", "y", _y(layers))
    with drawing.group("outer") as outer:
        box = drawing.put_group(deep, "box", drawing.put("Input", "x"))
        drawing.put("Output", "y", _y(box))
    drawing.put("Output", "other", _y(drawing.put_group(outer, "thrice", id_of(drawing.project, "row"), repeat=3)))
    project = drawing.project
    expected = lower(project).total()
    do(project, group_intents.ungroup(project, outer, project.new_ids(), box))
    assert project.groups[outer].graph.node(layers).params == {"repeat": 1, "width": 2}
    assert lower(project).total() == expected


def test_an_instance_inside_of_its_own_group_can_not_be_ungrouped() -> None:
    drawing = Drawing()
    with drawing.group("ring") as ring:
        box = drawing.put_group(ring, "again", drawing.put("Input", "x"))
    intent = group_intents.ungroup(drawing.project, ring, drawing.project.new_ids(), box)
    assert "“again” stands inside of its own group" in refused(intent, "group")


def test_an_instance_that_feeds_itself_can_not_be_ungrouped() -> None:
    drawing = stack()
    box = drawing.put_group(G1, "loop")
    drawing.wire(_y(box), box, "x")  # no hand draws it, but a file can hold it
    intent = group_intents.ungroup(drawing.project, None, drawing.project.new_ids(), box)
    assert "“loop” feeds itself" in refused(intent, "group")


def test_ungrouping_the_only_instance_takes_grouping_back() -> None:
    project = digits_cnn().project
    ids = set(project.graph)
    wires = project.graph.edges()
    new = group(project, "conv1", "relu1", "pool1")
    (box,) = [node.id for node in project.graph.nodes() if group_of(node.type) == new]
    do(project, group_intents.ungroup(project, None, project.new_ids(), box))
    assert set(project.graph) == ids
    assert project.graph.edges() == wires
    assert not project.groups


def test_ungrouping_puts_values_in_the_place_of_expressions() -> None:
    project = stack().project
    before = lower(project).total().parameters
    do(project, group_intents.ungroup(project, None, project.new_ids(), id_of(project, "second")))
    assert project.graph.node(id_of(project, "linear")).params["out_features"] == 8
    assert G1 in project.groups
    assert program_of(project)
    assert lower(project).total().parameters == before
    do(project, group_intents.ungroup(project, None, project.new_ids(), id_of(project, "first")))
    assert project.graph.node(id_of(project, "linear_2")).params["out_features"] == 16
    assert lower(project).total().parameters == before


def test_ungrouping_inside_of_a_group_leaves_its_names() -> None:
    drawing = stack()
    with drawing.group("outer", size=3) as outer:
        box = drawing.put_group(G1, "box", drawing.put("Input", "x"), width="=size+1")
        drawing.put("Output", "y", _y(box))
    project = drawing.project
    do(project, group_intents.ungroup(project, outer, project.new_ids(), box))
    linear = project.groups[outer].graph.named("linear")
    assert linear is not None
    assert linear.params["out_features"] == "=(size+1)*2"


def test_what_is_repeated_can_not_be_ungrouped() -> None:
    drawing = stack()
    box = drawing.put_group(G1, "thrice", repeat=3)
    refused(group_intents.ungroup(drawing.project, None, drawing.project.new_ids(), box), "group")


def test_an_independent_instance_has_a_group_of_its_own() -> None:
    project = stack().project
    box = id_of(project, "second")
    do(project, group_intents.make_independent(project, None, project.new_ids(), box))
    new = group_of(project.graph.node(box).type)
    assert new not in (None, G1)
    assert new is not None
    assert project.groups[new].name == "stage_2"
    assert not set(project.groups[new].graph) & set(project.groups[G1].graph)
    assert program_of(project)


def test_a_group_is_renamed_once_the_name_is_free_and_fit() -> None:
    project = stack().project
    do(project, group_intents.rename_group(project, G1, "block"))
    assert project.groups[G1].name == "block"
    assert group_intents.rename_group(project, G1, "block") is None
    refused(group_intents.rename_group(project, G1, "2nd"), "name")


def test_an_instance_that_is_called_after_its_group_is_renamed_along_in_one_step() -> None:
    drawing = stack()
    drawing.put_group(G1, "stage")
    drawing.put_group(G1, "stage_2")
    drawing.put_group(G1, "stage_of_mine")
    project, before = drawing.project, dumps(drawing.project)
    names = {node.name for node in project.graph.nodes()}
    rename = group_intents.rename_group(project, G1, "Tower")
    assert isinstance(rename, Edit)
    undo = rename.apply(project)
    assert {node.name for node in project.graph.nodes()} == names - {"stage", "stage_2"} | {"tower", "tower_2"}
    undo.apply(project)
    assert dumps(project) == before


def test_only_an_unused_group_is_deleted() -> None:
    project = stack().project
    refused(group_intents.delete_group(project, G1), "group")
    drawing = Drawing()
    with drawing.group("idle"):
        drawing.put("Input", "x")
    do(drawing.project, group_intents.delete_group(drawing.project, G1))
    assert not drawing.project.groups


def test_a_formal_parameter_is_renamed_wherever_it_is_meant() -> None:
    project = stack().project
    before = lower(project).total().parameters
    do(project, group_parameters.rename_formal(project, G1, "width", "channels"))
    linear = project.groups[G1].graph.named("linear")
    assert linear is not None
    assert linear.params["out_features"] == "=channels*2"
    assert project.graph.node(id_of(project, "second")).params == {"channels": 4}
    assert lower(project).total().parameters == before


@pytest.mark.parametrize("name", ["repeat", "shared", "index", "width", "a b", ""])
def test_a_formal_parameter_needs_a_name_of_its_own(name: str) -> None:
    refused(group_parameters.add_formal(stack().project, G1, name, 1), "name")


@pytest.mark.parametrize(("before", "after"), [(True, 1), (1, True), (1, 1.0), (2.0, 2)])
def test_a_default_becomes_another_kind_of_the_same_value(before: Json, after: Json) -> None:
    drawing = Drawing()
    with drawing.group("stage", width=before) as stage:
        drawing.put("Input", "x")
    do(drawing.project, group_parameters.set_formal(drawing.project, stage, "width", after))
    assert type(drawing.project.groups[stage].parameters["width"]) is type(after)
    assert group_parameters.set_formal(drawing.project, stage, "width", after) is None


def test_a_formal_parameter_goes_once_nothing_uses_it() -> None:
    project = stack().project
    do(project, group_parameters.add_formal(project, G1, "spare", 1))
    assert "linear" in refused(group_parameters.remove_formal(project, G1, "width"), "group")
    do(project, group_parameters.remove_formal(project, G1, "spare"))
    assert set(project.groups[G1].parameters) == {"width"}


def test_an_intent_leaves_the_project_as_it_was() -> None:
    project = digits_cnn().project
    before = dumps(project)
    edit = group_intents.make_group(project, None, project.new_ids(), ids_of(project, "conv1"))
    assert dumps(project) == before
    assert any(isinstance(part, AddNode) for part in flatten(edit))  # pyright: ignore[reportArgumentType]


# Copies


def test_a_copied_instance_brings_its_groups_to_another_project() -> None:
    drawing = stack()
    with drawing.group("outer") as outer:
        drawing.put("Output", "y", _y(drawing.put_group(G1, "box", drawing.put("Input", "x"))))
    box = drawing.put_group(outer, "nest")
    copied = clip.clip(drawing.project, [box])
    assert copied is not None
    read = clip.parse(copied.text())
    assert isinstance(read, clip.Clip)
    other = digits_cnn().project
    for _ in range(2):
        do(other, clip.paste(other, other.new_ids(), read, (0.0, 0.0)))
    assert sorted(group.name for group in other.groups.values()) == ["outer", "stage"]
    assert other.graph.node(id_of(other, "nest")).type == other.graph.node(id_of(other, "nest_2")).type
    assert not any(each.code == "unknown-group" for each in lower(other).diagnostics)


def test_a_group_that_was_changed_since_is_brought_as_another_one() -> None:
    project = stack().project
    copied = clip.clip(project, ids_of(project, "first"))
    assert copied is not None
    do(project, group_parameters.set_formal(project, G1, "width", 32))
    do(project, clip.paste(project, project.new_ids(), copied, (0.0, 0.0)))
    assert [(group.name, group.parameters["width"]) for group in project.groups.values()] == [
        ("stage", 32),
        ("stage_2", 8),
    ]


def test_pasting_inside_of_a_group_stays_inside() -> None:
    project = stack().project
    linear = project.groups[G1].graph.named("linear")
    assert linear is not None
    copied = clip.clip(project.inside(G1), [linear.id])
    assert copied is not None
    outside = set(project.graph)
    do(project, clip.paste(project, project.new_ids(), copied, (0.0, 0.0), sheet=G1, keep_incoming=True))
    twin = project.groups[G1].graph.named("linear_2")
    assert twin is not None
    assert project.groups[G1].graph.edges_into(twin.id)
    assert set(project.graph) == outside
