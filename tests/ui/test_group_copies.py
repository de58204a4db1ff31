"""Groups that come along with what is copied: which are the same, however they are nested."""

from __future__ import annotations

from netbuilder.graph.model import NodeId, PortRef
from netbuilder.graph.project import GroupId, Project, group_of
from netbuilder.ui import clip, group_intents, intents
from tests.drawing import Drawing, digits_cnn
from tests.ui.asking import do, refused


def nest(depth: int) -> tuple[Project, NodeId]:
    """Draw a group that holds another twice, which holds another twice, and so on; return its instance too."""
    drawing, inner = Drawing(), GroupId("")
    for level in range(depth):
        with drawing.group(f"G{level}") as group:
            y: NodeId | PortRef = drawing.put("Input", "x")
            for name in ("one", "other"):
                y = PortRef(drawing.put_group(inner, name, y) if inner else drawing.put("ReLU", name, y), "y")
            drawing.put("Output", "y", y)
        inner = group
    return drawing.project, drawing.put_group(inner, "nest")


def pasted(project: Project, copied: clip.Clip | None) -> GroupId:
    """Paste one instance; return its group."""
    assert copied
    (box,) = intents.added(do(project, clip.paste(project, project.new_ids(), copied, (0.0, 0.0))))[-1:]
    group = group_of(project.graph.node(box).type)
    assert group
    return group


def test_groups_nested_deeply_are_told_to_be_the_same() -> None:
    project, box = nest(400)  # unfolded there would be more blocks than atoms
    copied = clip.clip(project, [box])
    assert pasted(project, copied) == GroupId("g400")
    assert len(project.groups) == 400
    other = digits_cnn().project
    assert {pasted(other, copied), pasted(other, copied)} == {GroupId("g400")}
    assert len(other.groups) == 400


def test_a_group_that_differs_deep_inside_is_brought_with_all_that_hold_it() -> None:
    (project, box), (other, _) = nest(4), nest(4)
    inner = other.groups[GroupId("g2")].graph.named("one")
    assert inner
    do(other, group_intents.rename_block(other, GroupId("g2"), inner.id, "first"))
    assert pasted(other, clip.clip(project, [box])) == GroupId("g7")
    assert [group.name for group in other.groups.values()] == ["G0", "G1", "G2", "G3", "G1_2", "G2_2", "G3_2"]


def test_a_copy_of_an_independent_instance_is_of_its_group() -> None:
    project, box = nest(2)
    do(project, group_intents.make_independent(project, None, project.new_ids(), box))
    assert group_of(project.graph.node(box).type) == GroupId("g3")
    assert pasted(project, clip.clip(project, [box])) == GroupId("g3")


def test_groups_that_hold_each_other_are_copied_as_they_are() -> None:
    drawing = Drawing()
    with drawing.group("hen") as hen:
        x = drawing.put("Input", "x")
    with drawing.group("egg") as egg:
        drawing.put_group(hen, "hen")
    drawing.here = hen
    drawing.put("Output", "y", PortRef(drawing.put_group(egg, "egg", x), "y"))
    drawing.here = None
    other = digits_cnn().project
    first = pasted(other, clip.clip(drawing.project, [drawing.put_group(hen, "first")]))
    used = other.groups[first].groups_used()
    assert {other.groups[each].name for each in used} == {"egg"}
    assert other.groups[used.pop()].groups_used() == {first}


def test_a_group_is_not_pasted_into_itself_nor_into_what_it_holds() -> None:
    project, box = nest(2)
    copied = clip.clip(project, [box])
    assert copied
    for inside in (GroupId("g2"), GroupId("g1")):
        intent = clip.paste(project, project.new_ids(), copied, (0.0, 0.0), sheet=inside)
        assert refused(intent, "group") == "“G1” contains this group: it would contain itself."
    nodes = project.groups[GroupId("g2")].graph
    one = nodes.named("one")
    assert one
    part = clip.clip(project.inside(GroupId("g2")), [one.id])
    assert part
    do(project, clip.paste(project, project.new_ids(), part, (0.0, 0.0), sheet=GroupId("g2")))
    assert nodes.named("one_2")


def test_what_is_copied_inside_of_a_group_that_holds_itself_can_be_read_again() -> None:
    drawing = Drawing()
    with drawing.group("ring") as ring:
        x = drawing.put("Input", "x")
        again = drawing.put_group(ring, "again", x)
        drawing.put("Output", "y", PortRef(again, "y"))
    made = clip.clip(drawing.project.inside(ring), [x, again])
    assert made
    read = clip.parse(made.text())
    assert isinstance(read, clip.Clip)
    assert [node.name for node in read.project.graph.nodes()] == ["x", "again"]
    assert len(read.project.graph.edges()) == 1
