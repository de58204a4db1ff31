"""A library of one's own groups: kept as files, put into other projects."""

from __future__ import annotations

from netbuilder.compiler.lower import lower
from netbuilder.graph.files import load, save
from netbuilder.graph.project import GroupId, Project, group_of, group_type
from netbuilder.ui import group_library, intents
from tests.drawing import Drawing, digits_cnn, id_of
from tests.ui.test_group_intents import G1, stack
from tests.ui.test_intents import do, refused


def put(project: Project, entry: str) -> None:
    """Put what is kept under this entry on the network."""
    ids = project.new_ids()
    supply = group_library.supply(project, None, ids, entry)
    assert isinstance(supply, group_library.Supply)
    do(project, supply.edit(intents.add_block(supply.sheet, ids, supply.type_id, (0.0, 300.0))))


def test_a_group_is_kept_with_the_groups_in_it_and_put_into_another_project() -> None:
    drawing = stack()
    with drawing.group("outer") as outer:
        drawing.put_group(G1, "box", drawing.put("Input", "x"), width=2)
    path = group_library.keep(drawing.project, outer)
    assert group_library.files() == [path]
    assert path.stem == "outer"
    assert {group.name for group in load(path).groups.values()} == {"outer", "stage"}
    other = digits_cnn().project
    for _ in range(2):
        put(other, group_library.entry(path))
    assert sorted(group.name for group in other.groups.values()) == ["outer", "stage"]
    assert group_of(other.graph.node(id_of(other, "outer_2")).type) in other.groups
    assert not any(each.code == "unknown-group" for each in lower(other).diagnostics)


def test_keeping_a_group_leaves_the_project_alone_and_replaces_what_was_kept() -> None:
    drawing = Drawing()
    with drawing.group("stage", width=8) as stage:
        drawing.put("Input", "x")
    first = group_library.keep(drawing.project, stage)
    assert not len(drawing.project.graph)
    with drawing.group("other"):
        drawing.put("Input", "x")
    assert group_library.keep(drawing.project, GroupId("g1")) == first
    assert set(load(first).groups) == {stage}


def test_a_damaged_file_is_refused() -> None:
    group_library.folder().mkdir(parents=True)
    (group_library.folder() / "bad.netb").write_text("{", encoding="utf-8")
    save(digits_cnn().project, group_library.folder() / "whole.netb")
    project = stack().project
    for entry, told in (("kept:bad", "bad.netb"), ("kept:whole", "one instance"), ("kept:gone", "is gone")):
        assert told in refused(group_library.supply(project, None, project.new_ids(), entry), "unknown")


def test_a_group_is_not_put_into_itself_not_even_from_a_file() -> None:
    drawing = stack()
    with drawing.group("outer") as outer:
        drawing.put_group(G1, "box", drawing.put("Input", "x"))
    project, ids = drawing.project, drawing.project.new_ids()
    entry = group_library.entry(group_library.keep(project, outer))
    for wanted in (group_type(G1), group_type(outer), entry):
        assert "would hold itself" in refused(group_library.supply(project, G1, ids, wanted), "group")
    assert isinstance(group_library.supply(project, outer, ids, group_type(G1)), group_library.Supply)
