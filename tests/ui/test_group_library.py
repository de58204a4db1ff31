"""A library of one's own groups: kept as files, put into other projects."""

from __future__ import annotations

import pytest

from netbuilder.compiler.lower import lower
from netbuilder.diagnostics import NetbuilderError
from netbuilder.graph.edits import DescribeGroup, SetFormal
from netbuilder.graph.files import load, save
from netbuilder.graph.project import Project, group_of, group_type
from netbuilder.ui import group_library, intents
from tests.drawing import Drawing, digits_cnn, id_of
from tests.ui.asking import do, refused
from tests.ui.test_group_intents import G1, stack


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
    path, _ = group_library.keep(drawing.project, outer)
    assert group_library.files() == [path]
    assert path.stem == "outer"
    assert {group.name for group in load(path).groups.values()} == {"outer", "stage"}
    other = digits_cnn().project
    for _ in range(2):
        put(other, group_library.entry(path))
    assert sorted(group.name for group in other.groups.values()) == ["outer", "stage"]
    assert group_of(other.graph.node(id_of(other, "outer_2")).type) in other.groups
    assert not any(each.code == "unknown-group" for each in lower(other).diagnostics)


def test_keeping_a_group_leaves_the_project_alone_and_puts_away_what_was_kept() -> None:
    drawing = Drawing()
    with drawing.group("stage", width=8) as stage:
        drawing.put("Input", "x")
    first, nothing = group_library.keep(drawing.project, stage)
    before = first.read_bytes()
    assert nothing is None
    assert not len(drawing.project.graph)
    SetFormal(stage, "width", 16).apply(drawing.project)
    again, trashed = group_library.keep(drawing.project, stage)
    assert again == first
    assert load(first).groups[stage].parameters == {"width": 16}
    assert trashed
    assert trashed.read_bytes() == before
    assert trashed.parent != first.parent


def test_a_group_that_can_not_be_written_leaves_the_one_that_is_kept() -> None:
    first, _ = group_library.keep(stack().project, G1)
    before = first.read_bytes()
    in_the_way = first.with_name("stage.netb.new")
    in_the_way.mkdir()
    with pytest.raises(NetbuilderError, match="is a folder"):
        group_library.keep(stack().project, G1)
    assert first.read_bytes() == before
    in_the_way.rmdir()
    group_library.keep(stack().project, G1)
    assert not in_the_way.exists()


def test_what_can_not_go_to_the_trash_stays_beside() -> None:
    first, _ = group_library.keep(stack().project, G1)
    trash = group_library.folder().parent.parent / "Trash"
    trash.write_text("no folder")
    before = first.read_bytes()
    for number in ("", "2"):
        _, backup = group_library.keep(stack().project, G1)
        assert backup == first.with_name(f"stage.netb.bak{number}")
        assert backup.read_bytes() == before
    assert group_library.files() == [first]


def test_a_group_is_the_one_that_is_kept_whatever_its_blocks_are_numbered() -> None:
    path, _ = group_library.keep(stack().project, G1)
    other = digits_cnn().project
    put(other, group_library.entry(path))
    (group,) = other.groups
    assert group_library.is_kept(other, group)
    for change in (DescribeGroup(group, "Other."), SetFormal(group, "width", 99)):
        inverse = change.apply(other)
        assert not group_library.is_kept(other, group)
        inverse.apply(other)
    path.write_text("{", encoding="utf-8")
    assert not group_library.is_kept(other, group)


def test_a_kept_group_is_renamed_with_its_file() -> None:
    path, _ = group_library.keep(stack().project, G1)
    renamed = group_library.rename(path, "tower")
    assert group_library.files() == [renamed]
    assert [group.name for group in load(renamed).groups.values()] == ["tower"]
    group_library.keep(stack().project, G1)
    for name, told in (("stage", "in your library already"), ("2 fast", "can't be a name"), ("../up", "can't be")):
        with pytest.raises(NetbuilderError, match=told):
            group_library.rename(renamed, name)
    assert len(group_library.files()) == 2


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
    entry = group_library.entry(group_library.keep(project, outer)[0])
    for wanted in (group_type(G1), group_type(outer), entry):
        assert "would contain itself" in refused(group_library.supply(project, G1, ids, wanted), "group")
    assert isinstance(group_library.supply(project, outer, ids, group_type(G1)), group_library.Supply)
