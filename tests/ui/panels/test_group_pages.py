"""The inspector on groups: an instance and what it is set to, the inside and its expressions, the group itself."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from netbuilder.graph.edits import SetFormal, SetParameter
from netbuilder.graph.files import dumps
from netbuilder.graph.model import NodeId, PortRef
from netbuilder.graph.project import GroupId
from netbuilder.ui.document import Document
from netbuilder.ui.fields import SwitchField, TextField
from netbuilder.ui.panels.inspector import Inspector
from tests.drawing import Drawing
from tests.ui.panels.test_inspector import field, write

G1 = GroupId("g1")
Named = Callable[[str], NodeId]
Settle = Callable[[], None]


@pytest.fixture
def document(qtbot: QtBot) -> Document:
    """Return a network of two instances of a group with parameters."""
    drawing = Drawing()
    with drawing.group("stage", width=8, bias=True) as stage:
        x = drawing.put("Input", "x")
        linear = drawing.put("Linear", "linear", x, out_features="=width*2", bias="=bias")
        drawing.put("Output", "y", drawing.put("Linear", "back", linear, out_features=8))
    row = drawing.put("Input", "row", shape=[8])
    first = drawing.put_group(stage, "first", row, width=4)
    second = drawing.put_group(stage, "second", PortRef(first, "y"))
    drawing.put("Output", "result", PortRef(second, "y"))
    return Document(drawing.project)


def inner(document: Document, name: str) -> NodeId:
    found = document.project.groups[G1].graph.named(name)
    assert found is not None
    return found.id


def click(button: object) -> None:
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)  # pyright: ignore[reportArgumentType, reportCallIssue]


def test_an_instance_is_set_by_the_parameters_of_its_group(
    inspector: Inspector, document: Document, node: Named
) -> None:
    inspector.set_selection([node("first")])
    form = inspector.block_page.form
    assert form is not None
    assert form.names() == {"width", "bias", "repeat", "shared", "weights"}
    assert field(inspector, "width").text() == "4"
    assert inspector.block_page.instance.name.text() == "stage"
    assert inspector.block_page.payload.isHidden()
    write(field(inspector, "width"), "6")
    write(field(inspector, "repeat"), "12")
    params = document.project.graph.node(node("first")).params
    assert (params["width"], params["repeat"]) == (6, 12)
    click(form.reset_button("width"))
    assert "width" not in document.project.graph.node(node("first")).params
    assert field(inspector, "width").text() == "8"


def test_a_count_in_an_argument_is_shown_as_the_first_time_has_it(
    inspector: Inspector, document: Document, settle: Settle, node: Named
) -> None:
    for parameter, value in (("repeat", 3), ("width", "=index+5")):
        document.apply(SetParameter(node("first"), parameter, value))
    settle()
    inspector.set_selection([node("first")])
    form = inspector.block_page.form
    assert form is not None
    assert (form.value("width"), form.problem("width")) == ("now 5", "")
    document.show(G1)
    inspector.set_selection([inner(document, "linear")])
    form = inspector.block_page.form
    assert form is not None
    assert form.value("out_features") == "now 10"


def test_a_group_is_renamed_at_its_instance(inspector: Inspector, document: Document, node: Named) -> None:
    before = dumps(document.project)
    inspector.set_selection([node("first")])
    write(inspector.block_page.instance.name, "encoder")
    assert document.project.groups[G1].name == "encoder"
    document.undo_stack.undo()
    assert dumps(document.project) == before
    assert inspector.block_page.instance.name.text() == "stage"


def test_what_a_group_does_is_written_on_its_page_in_one_step_and_read_at_its_instances(
    inspector: Inspector, document: Document, qtbot: QtBot, node: Named
) -> None:
    before = dumps(document.project)
    document.show(G1)
    page = inspector.group_page.description.field
    page.setFocus()
    QTest.keyClicks(page, "Double and back.")
    qtbot.keyClick(page, Qt.Key.Key_Return)
    qtbot.keyClick(page, Qt.Key.Key_Return)
    QTest.keyClicks(page, "`N x 8` stays that. ")
    qtbot.keyClick(page, Qt.Key.Key_Tab)
    assert not page.hasFocus()
    assert document.project.groups[G1].description == "Double and back.\n\n`N x 8` stays that."
    assert document.undo_stack.count() == 1
    assert document.undo_stack.undoText() == "Describe stage"
    document.show(None)
    inspector.set_selection([node("first")])
    assert inspector.block_page.help().startswith("Double and back. Changes inside")
    click(inspector.block_page.more)
    assert "<code>N x 8</code> stays that." in inspector.block_page.help()
    document.undo_stack.undo()
    assert dumps(document.project) == before
    assert page.toPlainText() == ""


def test_a_description_that_is_typed_is_taken_back_with_esc_and_kept_for_mending_where_it_is_too_long(
    inspector: Inspector, document: Document, qtbot: QtBot
) -> None:
    document.show(G1)
    page = inspector.group_page.description
    page.field.setFocus()
    QTest.keyClicks(page.field, "Half a")
    qtbot.keyClick(page.field, Qt.Key.Key_Escape)
    assert page.field.toPlainText() == ""
    page.field.insertPlainText("x" * 4001)
    qtbot.keyClick(page.field, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert page.problem() == "A description has at most 4,000 characters, not 4,001."
    document.apply(SetParameter(inner(document, "linear"), "bias", False, G1))
    assert len(page.field.toPlainText()) == 4001
    assert document.project.groups[G1].description == ""
    qtbot.keyClick(page.field, Qt.Key.Key_Escape)
    assert (page.field.toPlainText(), page.problem()) == ("", "")


def test_a_description_that_was_refused_is_not_that_of_another_projects_group(
    inspector: Inspector, document: Document, qtbot: QtBot
) -> None:
    other = document.project.copy()
    document.show(G1)
    page = inspector.group_page.description
    page.field.setFocus()
    page.field.insertPlainText("x" * 4001)
    qtbot.keyClick(page.field, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    document.replace(other, None)
    document.show(G1)
    assert (page.field.toPlainText(), page.problem()) == ("", "")


def test_the_ports_of_a_group_are_no_blocks_inside(inspector: Inspector, node: Named) -> None:
    inspector.set_selection([node("first")])
    assert inspector.block_page.help().startswith("A group with 2 blocks inside.")


def test_a_button_goes_inside(inspector: Inspector, document: Document, node: Named) -> None:
    inspector.set_selection([node("first")])
    click(inspector.block_page.instance.inside)
    assert document.trail == (G1,)
    assert inspector.group_page.isVisible()


def test_a_field_inside_shows_its_expression_and_what_it_comes_to(
    inspector: Inspector, document: Document, settle: Settle
) -> None:
    document.show(G1)
    inspector.set_selection([inner(document, "linear")])
    form = inspector.block_page.form
    assert form is not None
    assert field(inspector, "out_features").text() == "=width*2"
    assert (form.value("out_features"), form.value("bias")) == ("now 8", "now on")
    assert form.problem("out_features") == ""
    write(field(inspector, "out_features"), "=width*3")
    assert document.project.groups[G1].graph.node(inner(document, "linear")).params["out_features"] == "=width*3"
    assert form.value("out_features") == "now 12"
    write(field(inspector, "out_features"), "=height")
    settle()
    assert "height" in form.problem("out_features")


def test_a_switch_becomes_an_expression_and_a_switch_again(inspector: Inspector, document: Document) -> None:
    document.show(G1)
    back = inner(document, "back")
    inspector.set_selection([back])
    form = inspector.block_page.form
    assert form is not None
    assert isinstance(form.field("bias"), SwitchField)
    click(form.write_button("bias"))
    written = inspector.block_page.form
    assert written is not None
    line = written.field("bias")
    assert isinstance(line, TextField)
    write(line, "=bias")
    assert document.project.groups[G1].graph.node(back).params["bias"] == "=bias"
    click(written.reset_button("bias"))
    assert inspector.block_page.form is not None
    assert isinstance(inspector.block_page.form.field("bias"), SwitchField)


def test_an_input_inside_is_a_port_and_has_no_fields(inspector: Inspector, document: Document) -> None:
    document.show(G1)
    inspector.set_selection([inner(document, "x")])
    assert inspector.block_page.form is None
    assert "port" in inspector.block_page.help()


def test_the_group_itself_has_parameters_and_ports(inspector: Inspector, document: Document, settle: Settle) -> None:
    document.show(G1)
    page = inspector.group_page
    assert page.isVisible()
    assert page.facts() == {"x": "N × 8", "y": "N × 8"}
    assert {name: row.default.text() for name, row in page.rows.items()} == {"width": "8", "bias": "on"}
    write(page.rows["width"].name, "channels")
    assert document.project.groups[G1].graph.node(inner(document, "linear")).params["out_features"] == "=channels*2"
    write(page.rows["channels"].default, "3 × 5")
    assert document.project.groups[G1].parameters["channels"] == (3, 5)
    click(page.add)
    assert set(document.project.groups[G1].parameters) == {"channels", "bias", "width"}
    click(page.rows["width"].remove)
    assert set(page.rows) == {"channels", "bias"}
    click(page.rows["channels"].remove)
    assert "linear" in page.problem()
    assert set(page.rows) == {"channels", "bias"}


def test_inside_it_looks_as_in_the_instance_by_which_one_went_in(
    inspector: Inspector, document: Document, settle: Settle
) -> None:
    def features() -> str:
        inspector.set_selection([inner(document, "linear")])
        return inspector.block_page.facts()["y"]

    second = document.project.graph.named("second")
    assert second
    document.show(G1, second.id)
    assert inspector.group_page.seen_as() == (
        "Shapes and values inside are those of “second”, one of 2 instances: width 8, bias on."
    )
    assert features() == "N × 16"
    document.apply(SetParameter(second.id, "width", 5))
    settle()
    assert features() == "N × 10"
    document.leave()
    first = document.project.graph.named("first")
    assert first
    inspector.set_selection([first.id])
    click(inspector.block_page.instance.inside)
    assert features() == "N × 8"
    inspector.set_selection([])
    assert "“first”" in inspector.group_page.seen_as()


def test_after_the_name_of_a_parameter_tab_goes_to_its_value(
    inspector: Inspector, document: Document, qtbot: QtBot
) -> None:
    document.show(G1)
    page = inspector.group_page
    click(page.add)
    added = QApplication.focusWidget()
    assert isinstance(added, TextField)
    qtbot.waitUntil(added.isVisible)
    QTest.keyClicks(added, "channels")
    QTest.keyClick(added, Qt.Key.Key_Tab)
    value = QApplication.focusWidget()
    assert value is page.rows["channels"].default
    QTest.keyClick(value, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClicks(value, "32")
    QTest.keyClick(value, Qt.Key.Key_Tab)
    assert document.project.groups[G1].parameters["channels"] == 32
    document.undo_stack.undo()
    document.undo_stack.undo()
    assert "channels" not in page.rows


def test_a_parameter_that_has_no_name_of_its_own_keeps_the_old_one(inspector: Inspector, document: Document) -> None:
    document.show(G1)
    page = inspector.group_page
    write(page.rows["width"].name, "repeat")
    assert "repeat" in page.problem()
    assert set(document.project.groups[G1].parameters) == {"width", "bias"}


def test_fields_inside_of_a_group_say_what_an_expression_can_hold(
    inspector: Inspector, document: Document, node: Named
) -> None:
    inspector.set_selection([node("first")])
    assert "index counts" not in field(inspector, "width").toolTip()
    document.show(G1)
    inspector.set_selection([inner(document, "linear")])
    assert "such as =width. In it, index counts the runs" in field(inspector, "out_features").toolTip()


@pytest.mark.parametrize("height", [900, 300], ids=["all of it", "scrolled"])
@pytest.mark.parametrize("name", ["first", "linear", ""])
def test_a_narrow_inspector_cuts_nothing_off(
    inspector: Inspector, document: Document, settle: Settle, qtbot: QtBot, name: str, height: int
) -> None:
    place = G1 if name != "first" else None
    document.show(place)
    selected = document.sheet.graph.named(name)
    inspector.set_selection([selected.id] if selected else [])
    settle()
    inspector.resize(inspector.minimumWidth(), height)
    qtbot.waitUntil(lambda: inspector.widget().width() == inspector.viewport().width())


def test_the_group_is_the_title_of_its_page_and_its_parameters_names_have_room(
    inspector: Inspector, document: Document, settle: Settle, qtbot: QtBot
) -> None:
    document.apply(SetFormal(G1, "in_channels", 16))
    document.show(G1)
    settle()
    inspector.resize(256, 400)
    qtbot.waitUntil(inspector.verticalScrollBar().isVisible)
    page = inspector.group_page
    assert page.name.field.font().pixelSize() == inspector.block_page.name.font().pixelSize()
    row = page.rows["in_channels"].name
    assert row.fontMetrics().horizontalAdvance("in_channels") < row.width() - 22
    assert any("=width*2" in label.text() for label in page.findChildren(QLabel))
