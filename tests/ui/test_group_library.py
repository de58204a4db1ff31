"""A library of one's own groups: kept as files, put into other projects."""

from __future__ import annotations

import pytest

from netbuilder.compiler.lower import lower
from netbuilder.diagnostics import NetbuilderError
from netbuilder.graph.files import load
from netbuilder.graph.project import GroupId, group_of
from netbuilder.ui import group_library
from tests.drawing import Drawing, digits_cnn, id_of
from tests.ui.test_group_intents import G1, stack
from tests.ui.test_intents import do


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
        do(other, group_library.insert(other, None, other.new_ids(), path, (0.0, 300.0)))
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
    path = group_library.folder() / "bad.netb"
    path.write_text("{", encoding="utf-8")
    project = stack().project
    with pytest.raises(NetbuilderError, match="bad"):
        group_library.insert(project, None, project.new_ids(), path, (0.0, 0.0))
