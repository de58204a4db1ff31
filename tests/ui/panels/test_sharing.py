"""The inspector on weights: the tag of a block, who else has it, and where the parameters are counted."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from netbuilder.graph.edits import SetParameter
from netbuilder.graph.files import dumps
from netbuilder.graph.model import NodeId
from netbuilder.ui.document import Document
from netbuilder.ui.panels.inspector import Inspector
from tests.drawing import Drawing
from tests.ui.panels.test_inspector import field, write

Named = Callable[[str], NodeId]
Settle = Callable[[], None]


@pytest.fixture
def document(qtbot: QtBot) -> Document:
    """Return three equal layers, a block without weights and two instances of a group, one after the other."""
    drawing = Drawing()
    with drawing.group("stage") as stage:
        x = drawing.put("Input", "x")
        drawing.put("Output", "y", drawing.put("Linear", "fc", x, out_features=4))
    x = drawing.put("Input", "row", shape=[4])
    for name in ("a", "b", "c"):
        x = drawing.put("Linear", name, x, out_features=4)
    x = drawing.put("ReLU", "relu", x)
    for name in ("first", "second"):
        x = drawing.put_group(stage, name, x)
    drawing.put("Output", "result", x)
    return Document(drawing.project)


def tag(document: Document, node: NodeId) -> object:
    return document.project.graph.node(node).params.get("weights")


def test_a_name_that_is_typed_is_the_tag_and_an_empty_one_takes_it_away(
    inspector: Inspector, document: Document, node: Named
) -> None:
    before = dumps(document.project)
    inspector.set_selection([node("a")])
    assert field(inspector, "weights").placeholderText() == "its own"
    write(field(inspector, "weights"), " tower ")
    assert tag(document, node("a")) == "tower"
    assert inspector.block_page.sharing() == "No other block has these weights yet."
    field(inspector, "weights").selectAll()
    for key in (Qt.Key.Key_Delete, Qt.Key.Key_Return):
        QTest.keyClick(field(inspector, "weights"), key)
    assert dumps(document.project) == before
    assert document.undo_stack.count() == 2
    assert inspector.block_page.sharing() == ""


def test_the_tags_of_other_blocks_are_offered(inspector: Inspector, document: Document, node: Named) -> None:
    document.apply(SetParameter(node("a"), "weights", "tower"))
    document.apply(SetParameter(node("first"), "weights", "stage"))
    inspector.set_selection([node("b")])
    target = field(inspector, "weights")
    QTest.mouseClick(target, Qt.MouseButton.LeftButton, pos=QPoint(target.width() - 8, target.height() // 2))
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    assert [action.text() for action in menu.actions()] == ["tower"]
    QTest.keyClick(menu, Qt.Key.Key_Down)
    QTest.keyClick(menu, Qt.Key.Key_Return)
    assert tag(document, node("b")) == "tower"
    assert target.text() == "tower"


def test_who_has_the_same_weights_is_said_and_can_be_gone_to(
    inspector: Inspector, document: Document, node: Named, settle: Settle, qtbot: QtBot
) -> None:
    for name in ("a", "b", "c"):
        document.apply(SetParameter(node(name), "weights", "tower"))
    settle()
    inspector.set_selection([node("b")])
    label = inspector.block_page.sharing_label
    assert inspector.block_page.facts()["parameters"] == "shared"
    assert label.text().count("<a ") == 3
    assert "counted at" in label.text()
    label.setFocus()
    with qtbot.waitSignal(inspector.block_requested) as asked:
        QTest.keyClick(label, Qt.Key.Key_Tab)
        QTest.keyClick(label, Qt.Key.Key_Return)
    assert asked.args == [node("a")]
    inspector.set_selection([node("a")])
    assert inspector.block_page.facts()["parameters"] == "20"


def test_several_blocks_are_given_one_tag_in_one_step(inspector: Inspector, document: Document, node: Named) -> None:
    before = dumps(document.project)
    inspector.set_selection([node("a"), node("c")])
    write(field(inspector, "weights"), "w")
    assert (tag(document, node("a")), tag(document, node("b")), tag(document, node("c"))) == ("w", None, "w")
    assert inspector.block_page.sharing().startswith("They share their weights; counted at")
    document.undo_stack.undo()
    assert dumps(document.project) == before
    document.apply(SetParameter(node("a"), "weights", "w"))
    assert field(inspector, "weights").placeholderText() == "mixed"


def test_instances_have_the_field_and_blocks_without_weights_have_not(inspector: Inspector, node: Named) -> None:
    inspector.set_selection([node("first"), node("second")])
    write(field(inspector, "weights"), "stages")
    assert inspector.block_page.sharing().startswith("They share")
    for name in ("relu", "row"):
        inspector.set_selection([node(name)])
        form = inspector.block_page.form
        assert form is None or "weights" not in form.names()


def test_a_tag_that_can_not_be_is_told_at_the_field_or_with_what_mends_it(
    inspector: Inspector, document: Document, node: Named, settle: Settle
) -> None:
    inspector.set_selection([node("a")])
    write(field(inspector, "weights"), "=index")
    settle()
    form = inspector.block_page.form
    assert form is not None
    assert "can't be computed" in form.problem("weights")
    write(field(inspector, "weights"), "w")
    document.apply(SetParameter(node("b"), "weights", "w"))
    document.apply(SetParameter(node("b"), "bias", False))
    inspector.set_selection([node("b")])
    settle()
    form = inspector.block_page.form
    assert form is not None
    (card,) = inspector.block_page.cards
    assert "bias is off here and on there" in card.message()
    assert form.problem("weights") == ""
    assert field(inspector, "weights").property("invalid")
    assert inspector.block_page.sharing() == ""
    inspector.set_selection([node("a"), node("b")])
    (card,) = inspector.block_page.cards
    assert "bias is off here and on there" in card.message()
    assert inspector.block_page.sharing() == ""
    card.fix_buttons()[0].click()
    settle()
    assert not inspector.block_page.cards
    assert "They share" in inspector.block_page.sharing()
    assert not field(inspector, "weights").property("invalid")


def test_a_good_tag_is_told_to_be_wrong_nowhere(
    inspector: Inspector, document: Document, node: Named, settle: Settle
) -> None:
    document.apply(SetParameter(node("a"), "weights", "w"))
    inspector.set_selection([node("a")])
    settle()
    form = inspector.block_page.form
    assert form is not None
    assert not any(form.problem(name) for name in form.names())
