"""Groups in the whole window: the breadcrumb, the actions with their reasons, and problems inside of groups."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from netbuilder.examples import find
from netbuilder.graph.edits import RenameNode, SetParameter
from netbuilder.graph.files import load
from netbuilder.graph.model import PortRef
from netbuilder.graph.project import GroupId, Project
from netbuilder.ui.main_window import MainWindow
from tests.drawing import Drawing, id_of

G1 = GroupId("g1")


def select(window: MainWindow, *names: str) -> None:
    window.canvas.select([id_of(window.document.project, name) for name in names])


def test_actions_of_groups_say_why_they_can_not_run(editor: MainWindow) -> None:
    actions = editor.actions_by_id
    editor.canvas.select([])
    assert [actions[name].isEnabled() for name in ("group", "ungroup", "enter_group", "leave_group")] == [False] * 4
    assert "Select a group" in actions["ungroup"].toolTip()
    select(editor, "conv1", "relu1")
    actions["group"].trigger()
    assert actions["ungroup"].isEnabled()
    actions["enter_group"].trigger()
    assert editor.document.group == G1
    assert actions["leave_group"].isEnabled()


def test_a_button_of_the_inspector_makes_the_selected_instance_independent(editor: MainWindow) -> None:
    select(editor, "conv1", "relu1")
    editor.actions_by_id["group"].trigger()
    editor.canvas.duplicate()
    (twin,) = editor.canvas.selected()
    QTest.mouseClick(editor.inspector.block_page.instance.independent, Qt.MouseButton.LeftButton)
    assert editor.document.project.graph.node(twin).type == "group:g2"
    assert editor.canvas.selected() == [twin]


def test_the_breadcrumb_leads_back(editor: MainWindow) -> None:
    select(editor, "conv1", "relu1")
    editor.actions_by_id["group"].trigger()
    editor.actions_by_id["enter_group"].trigger()
    assert editor.crumb.text() == "digits / group"
    QTest.mouseClick(editor.crumb.parts[0], Qt.MouseButton.LeftButton)
    assert editor.document.group is None
    assert editor.crumb.text() == "digits"


def test_the_breadcrumb_names_the_instance_by_which_one_went_in(editor: MainWindow) -> None:
    select(editor, "conv1", "relu1")
    editor.actions_by_id["group"].trigger()
    editor.canvas.duplicate()
    editor.actions_by_id["enter_group"].trigger()
    assert editor.crumb.text() == "digits / group_2 (group)"
    editor.canvas.leave()
    assert [editor.document.project.graph.node(node).name for node in editor.canvas.selected()] == ["group_2"]


def test_long_names_are_cut_where_the_breadcrumb_has_no_room_and_told_by_a_tooltip(
    editor: MainWindow, qtbot: QtBot
) -> None:
    document, long = editor.document, "a_name_that_is_far_too_long_to_be_read_as_a_whole_where_it_is"
    select(editor, "conv1", "relu1")
    editor.actions_by_id["group"].trigger()
    canvas = editor.canvas
    (box,) = canvas.selected()
    document.apply(RenameNode(box, long))
    canvas.enter_selected()
    whole = f"{long} (group)"
    assert editor.crumb.text() == f"digits / {whole}"
    editor.resize(editor.minimumSize())
    qtbot.waitUntil(lambda: editor.crumb.geometry().right() < canvas.width() < 600)
    assert editor.crumb.parts[0].text() == "digits"
    assert "…" in editor.crumb.parts[1].text()
    assert editor.crumb.parts[1].toolTip() == whole
    editor.resize(1600, 1000)
    qtbot.waitUntil(lambda: editor.crumb.parts[1].text() == whole)


def test_a_deep_nest_is_left_out_of_the_breadcrumb_but_for_its_ends(editor: MainWindow) -> None:
    document, canvas, drawing = editor.document, editor.canvas, Drawing()
    for depth in range(30, 0, -1):
        held = list(drawing.project.groups)[-1:]
        with drawing.group(f"a_rather_long_name_of_a_group_{depth}"):
            x = drawing.put("Input", "x")
            for group in held:
                x = drawing.put_group(group, "inner", x)
            drawing.put("Output", "y", x)
    drawing.put_group(list(drawing.project.groups)[-1], "outer", drawing.put("Input", "image", shape=[8]))
    document.replace(drawing.project, None)
    document.show(G1)
    crumb, trail = editor.crumb, document.trail
    assert len(trail) == 30
    assert crumb.geometry().right() < canvas.width()
    shown = [part.isVisible() for part in crumb.parts]
    assert shown[0]
    assert shown[-2:] == [True, True]
    left_out = shown.count(False)
    assert crumb.more.toolTip().count("/") == left_out - 1
    QTest.mouseClick(crumb.more, Qt.MouseButton.LeftButton)
    assert document.trail == trail[:left_out]
    QTest.mouseClick(crumb.parts[0], Qt.MouseButton.LeftButton)
    assert not crumb.more.isVisible()


@pytest.mark.parametrize("top", [40, 70, 8, -20])
def test_the_actions_of_a_block_do_not_cover_the_breadcrumb(editor: MainWindow, top: int) -> None:
    select(editor, "conv1", "relu1")
    editor.actions_by_id["group"].trigger()
    editor.actions_by_id["enter_group"].trigger()
    canvas, conv = editor.canvas, editor.document.sheet.graph.named("conv1")
    assert conv
    x, y = editor.document.sheet.layout[conv.id]
    canvas.zoom_to(1.0)
    canvas.camera.jump()
    canvas.camera.look(QPointF(x - 20 + canvas.width() / 2, y - top + canvas.height() / 2), 1.0)
    canvas.select([conv.id])
    assert canvas.selection_bar.isVisible()
    assert not canvas.selection_bar.geometry().intersects(editor.crumb.geometry())
    assert canvas.rect().contains(canvas.selection_bar.geometry())


def test_a_problem_inside_of_a_group_is_gone_to(editor: MainWindow, qtbot: QtBot) -> None:
    conv = id_of(editor.document.project, "conv1")
    select(editor, "conv1", "relu1")
    editor.actions_by_id["group"].trigger()
    editor.document.apply(SetParameter(conv, "out_channels", "=nothing", G1))
    qtbot.waitUntil(lambda: editor.analysis.is_current, timeout=60_000)
    errors = [each.node for each in editor.problems.diagnostics() if each.severity == "error"]
    assert errors == [conv]
    assert all(item.severity for item in editor.canvas.canvas_scene.blocks.values() if item.is_group)
    editor.show_tab(editor.problems)
    assert [card.place() for card in editor.problems.cards] == ["conv1 in group"]
    editor.actions_by_id["next_problem"].trigger()
    assert editor.document.group == G1
    assert editor.canvas.selected() == [conv]
    assert editor.inspector.block_page.isVisible()


def test_a_problem_of_one_instance_is_gone_to_by_this_one(editor: MainWindow, qtbot: QtBot) -> None:
    drawing = Drawing()
    with drawing.group("Inner", width=4) as inner:
        fc = drawing.put("Linear", "fc", drawing.put("Input", "x"), out_features="=width")
        drawing.put("Output", "y", fc)
    with drawing.group("Outer") as outer:
        x = drawing.put("Input", "x")
        drawing.put("Output", "y", PortRef(drawing.put_group(inner, "narrow", x, width=-1), "y"))
    x = drawing.put("Input", "image", shape=[8])
    for name in ("fine", "fine_too"):
        x = PortRef(drawing.put_group(inner, name, x), "y")
    drawing.put("Output", "result", PortRef(drawing.put_group(outer, "broken", x), "y"))
    editor.document.replace(drawing.project, None)
    qtbot.waitUntil(lambda: editor.analysis.is_current, timeout=60_000)
    editor.document.show(inner)
    editor.actions_by_id["next_problem"].trigger()
    assert editor.crumb.text() == "untitled / broken (Outer) / narrow (Inner)"
    assert editor.canvas.selected() == [fc]
    assert editor.canvas.canvas_scene.blocks[fc].problems
    editor.document.leave()
    editor.actions_by_id["next_problem"].trigger()
    assert editor.crumb.text() == "untitled / broken (Outer) / narrow (Inner)"


def test_a_group_is_kept_for_other_projects(editor: MainWindow) -> None:
    select(editor, "conv1", "relu1")
    editor.actions_by_id["group"].trigger()
    editor.actions_by_id["keep_group"].trigger()
    assert "group" in editor.notice.label.text()
    editor.document.replace(Project(), None)
    assert "kept:group" in editor.layers.shown()


def test_what_a_block_inside_of_a_group_computes_is_shown_while_it_trains(editor: MainWindow, qtbot: QtBot) -> None:
    conv = id_of(editor.document.project, "conv1")
    select(editor, "conv1", "relu1")
    editor.actions_by_id["group"].trigger()
    editor.actions_by_id["enter_group"].trigger()
    editor.canvas.select([conv])
    qtbot.waitUntil(lambda: editor.actions_by_id["train"].isEnabled(), timeout=60_000)
    editor.actions_by_id["train"].trigger()
    panel = editor.training.activations
    qtbot.waitUntil(lambda: panel.caption().startswith("conv1 · step"), timeout=60_000)
    assert "4 maps" in panel.caption()
    editor.session.stop()
    qtbot.waitUntil(lambda: editor.session.state == "idle", timeout=60_000)


def test_a_network_without_a_loss_is_not_trained_and_says_why(editor: MainWindow, qtbot: QtBot) -> None:
    train = editor.actions_by_id["train"]
    qtbot.waitUntil(train.isEnabled, timeout=60_000)
    editor.document.replace(load(find("lenet5").path), None)
    qtbot.waitUntil(lambda: "no loss" in train.toolTip(), timeout=60_000)
    assert not train.isEnabled()
    assert editor.actions_by_id["export_onnx"].isEnabled()


def test_a_double_click_on_a_ready_made_group_adds_it_after_the_selected_block(editor: MainWindow) -> None:
    select(editor, "pool1")
    editor.layers.search.setText("convnorm")
    rows = editor.layers.list
    place = rows.visualRect(editor.layers.index_of("kept:ConvNormAct")).center()
    QTest.mouseClick(rows.viewport(), Qt.MouseButton.LeftButton, pos=place)
    QTest.mouseDClick(rows.viewport(), Qt.MouseButton.LeftButton, pos=place)
    project = editor.document.project
    (edge,) = project.graph.edges_into(id_of(project, "convnormact"))
    assert edge.source.node == id_of(project, "pool1")
    assert [group.name for group in project.groups.values()] == ["ConvNormAct"]
    QTest.keyClick(editor.canvas, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert not project.groups
    assert project.graph.named("convnormact") is None
