from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from netbuilder.blocks import registry
from netbuilder.blocks.parameters import defaults
from netbuilder.graph.edits import AddNode, Disconnect, RenameNode, SetParameter, SetSection
from netbuilder.graph.files import dumps
from netbuilder.graph.model import Node, NodeId, PortRef
from netbuilder.ui.document import Document
from netbuilder.ui.fields import ChoiceField, TextField
from netbuilder.ui.panels.inspector import Inspector
from netbuilder.ui.panels.parts import Facts

Named = Callable[[str], NodeId]
Settle = Callable[[], None]


def field(inspector: Inspector, name: str) -> TextField:
    assert inspector.block_page.form is not None
    found = inspector.block_page.form.field(name)
    assert isinstance(found, TextField)
    return found


def write(target: TextField, text: str) -> None:
    target.setFocus()
    target.selectAll()
    QTest.keyClicks(target, text)
    QTest.keyClick(target, Qt.Key.Key_Return)


def test_a_value_that_is_typed_is_in_the_project_and_undone_in_one_step(
    inspector: Inspector, document: Document, node: Named
) -> None:
    before = dumps(document.project)
    inspector.set_selection([node("conv1")])
    write(field(inspector, "out_channels"), "12")
    assert document.project.graph.node(node("conv1")).params["out_channels"] == 12
    document.undo_stack.undo()
    assert dumps(document.project) == before
    assert field(inspector, "out_channels").text() == "4"


def test_spinning_is_one_undo_step(inspector: Inspector, document: Document, node: Named) -> None:
    before = dumps(document.project)
    inspector.set_selection([node("conv1")])
    target = field(inspector, "out_channels")
    target.setFocus()
    for _ in range(5):
        QTest.keyClick(target, Qt.Key.Key_Up)
    assert document.project.graph.node(node("conv1")).params["out_channels"] == 9
    assert document.undo_stack.count() == 1
    document.undo_stack.undo()
    assert dumps(document.project) == before


def test_blocks_of_one_type_are_edited_together(inspector: Inspector, document: Document, node: Named) -> None:
    before = dumps(document.project)
    inspector.set_selection([node("conv1"), node("conv2")])
    assert field(inspector, "out_channels").placeholderText() == "mixed"
    write(field(inspector, "out_channels"), "6")
    target = field(inspector, "out_channels")
    QTest.keyClick(target, Qt.Key.Key_Up)
    QTest.keyClick(target, Qt.Key.Key_Up)
    params = [document.project.graph.node(node(name)).params["out_channels"] for name in ("conv1", "conv2")]
    assert params == [8, 8]
    assert document.undo_stack.count() == 2
    document.undo_stack.undo()
    document.undo_stack.undo()
    assert dumps(document.project) == before


def test_undo_shows_the_old_value_without_taking_the_keyboard_away(
    inspector: Inspector, document: Document, node: Named
) -> None:
    inspector.set_selection([node("conv1")])
    target = field(inspector, "out_channels")
    write(target, "12")
    document.undo_stack.undo()
    assert target.text() == "4"
    assert target.hasFocus()
    assert field(inspector, "out_channels") is target


def test_shapes_and_cost_follow_the_network(
    inspector: Inspector, document: Document, node: Named, settle: Settle, qtbot: QtBot
) -> None:
    inspector.set_selection([node("conv2")])
    facts = inspector.block_page.facts()
    assert (facts["x"], facts["y"]) == ("N × 4 × 8 × 8", "N × 8 × 8 × 8")
    assert facts["parameters"] == "296"
    assert facts["activation"] == "2.0 KiB"
    document.apply(SetParameter(node("conv1"), "out_channels", 2))
    qtbot.waitUntil(lambda: inspector.block_page.facts()["x"] == "N × 2 × 8 × 8", timeout=10_000)
    assert inspector.block_page.facts()["parameters"] == "152"


def test_a_problem_is_shown_with_a_button_that_mends_it(
    inspector: Inspector, document: Document, node: Named, settle: Settle, qtbot: QtBot
) -> None:
    wire = document.project.graph.edge_into(PortRef(node("flatten"), "x"))
    assert wire is not None
    before = dumps(document.project)
    document.apply(Disconnect(wire))
    inspector.set_selection([node("flatten")])
    qtbot.waitUntil(lambda: bool(inspector.block_page.cards), timeout=10_000)
    card = inspector.block_page.cards[0]
    assert "not connected" in card.message()
    assert inspector.block_page.facts()["x"] == "not connected"
    QTest.mouseClick(card.fix_buttons()[0], Qt.MouseButton.LeftButton)
    assert dumps(document.project) == before
    qtbot.waitUntil(lambda: not inspector.block_page.cards, timeout=10_000)


def test_fixes_wait_until_the_analysis_has_caught_up(
    inspector: Inspector, document: Document, node: Named, qtbot: QtBot
) -> None:
    wire = document.project.graph.edge_into(PortRef(node("flatten"), "x"))
    assert wire is not None
    document.apply(Disconnect(wire))
    inspector.set_selection([node("flatten")])
    qtbot.waitUntil(lambda: bool(inspector.block_page.cards), timeout=10_000)
    document.apply(SetParameter(node("conv1"), "out_channels", 2))
    assert not inspector.block_page.cards[0].fix_buttons()[0].isEnabled()
    qtbot.waitUntil(lambda: inspector.block_page.cards[0].fix_buttons()[0].isEnabled(), timeout=10_000)


def test_a_problem_that_only_the_network_tells_stands_at_its_field(
    inspector: Inspector, document: Document, node: Named, qtbot: QtBot
) -> None:
    document.apply(SetParameter(node("conv2"), "groups", 3))
    inspector.set_selection([node("conv2")])
    form = inspector.block_page.form
    assert form is not None

    def told() -> str:
        return form.problem("groups") + "".join(card.message() for card in inspector.block_page.cards)

    qtbot.waitUntil(lambda: "groups" in told(), timeout=10_000)


def test_the_name_field_renames(inspector: Inspector, document: Document, node: Named) -> None:
    first = node("conv1")
    inspector.set_selection([first])
    write(inspector.block_page.name, "stem")
    assert document.project.graph.node(first).name == "stem"
    document.undo_stack.undo()
    assert inspector.block_page.name.text() == "conv1"


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("conv2", "There is a block named “conv2” already."),
        ("2nd", "“2nd” can't be a name: use letters, digits and underscores, and start with a letter."),
        ("class", "“class” can't be a name: it is a word of the Python language."),
    ],
)
def test_a_name_that_cant_be_stays_in_the_field_with_the_reason(
    inspector: Inspector, document: Document, node: Named, name: str, sentence: str
) -> None:
    before = dumps(document.project)
    inspector.set_selection([node("conv1")])
    write(inspector.block_page.name, name)
    assert inspector.block_page.name_problem() == sentence
    assert inspector.block_page.name.text() == name
    assert dumps(document.project) == before
    QTest.keyClick(inspector.block_page.name, Qt.Key.Key_Escape)
    assert inspector.block_page.name.text() == "conv1"
    assert inspector.block_page.name_problem() == ""
    write(inspector.block_page.name, name)
    write(inspector.block_page.name, "conv1")
    assert inspector.block_page.name_problem() == ""


def test_another_selection_takes_what_was_typed_for_the_block_before(
    inspector: Inspector, document: Document, node: Named
) -> None:
    inspector.set_selection([node("conv1")])
    target = field(inspector, "out_channels")
    target.setFocus()
    target.selectAll()
    QTest.keyClicks(target, "16")
    inspector.set_selection([node("conv2")])
    assert document.project.graph.node(node("conv1")).params["out_channels"] == 16
    assert document.project.graph.node(node("conv2")).params["out_channels"] == 8
    assert field(inspector, "out_channels").text() == "8"


def test_an_input_chooses_among_the_fields_of_the_data(inspector: Inspector, document: Document, node: Named) -> None:
    inspector.set_selection([node("image")])
    form = inspector.block_page.form
    assert form is not None
    choice = form.field("field")
    assert isinstance(choice, ChoiceField)
    assert [choice.itemText(at) for at in range(choice.count())] == ["none", "image", "label"]
    choice.setFocus()
    QTest.keyClick(choice, Qt.Key.Key_Down)
    assert document.project.graph.node(node("image")).params["field"] == "label"


def test_an_unknown_block_shows_what_it_holds(inspector: Inspector, document: Document) -> None:
    stranger = Node(NodeId("n77"), "Conv9d", "odd", {"kernel": [3, 3], "deep": {"a": 1}})
    document.apply(AddNode(stranger))
    inspector.set_selection([stranger.id])
    page = inspector.block_page
    assert page.form is None
    assert page.payload.isReadOnly()
    assert '"kernel"' in page.payload.toPlainText()
    assert page.payload.isVisible()


def test_a_block_that_is_undone_away_leaves_the_project_page(inspector: Inspector, document: Document) -> None:
    document.apply(AddNode(Node(NodeId("n77"), "ReLU", "extra", {})))
    inspector.set_selection([NodeId("n77")])
    assert inspector.block_page.isVisible()
    document.undo_stack.undo()
    assert inspector.project_page.isVisible()
    assert not inspector.block_page.isVisible()


def test_blocks_of_several_types_are_counted(inspector: Inspector, node: Named) -> None:
    inspector.set_selection([node("conv1"), node("conv2"), node("classes")])
    assert inspector.mixed_page.facts() == {"Conv2d": "2", "Linear": "1"}


def test_a_rename_from_elsewhere_is_shown(inspector: Inspector, document: Document, node: Named) -> None:
    inspector.set_selection([node("conv1")])
    document.apply(RenameNode(node("conv1"), "stem"))
    assert inspector.block_page.name.text() == "stem"


def test_a_name_that_is_cut_short_is_told_by_its_tooltip(inspector: Inspector, document: Document, node: Named) -> None:
    inspector.set_selection([node("conv1")])
    name = inspector.block_page.name
    assert "conv1" not in name.toolTip()
    document.apply(RenameNode(node("conv1"), "a_name_that_goes_on_far_beyond_its_place"))
    assert name.toolTip().startswith("a_name_that_goes_on_far_beyond_its_place\n")
    assert name.geometry().right() < inspector.block_page.width()


def test_the_project_page_names_data_and_size(inspector: Inspector) -> None:
    facts = inspector.project_page.facts()
    assert facts["image"] == "1 × 8 × 8"
    assert facts["label"] == "class, 10"
    assert (facts["train"], facts["stratified by"]) == ("70 %", "label")
    assert facts["blocks"] == "9"
    assert facts["parameters"] == f"{40 + 296 + 5130:,}"


def test_facts_that_there_are_none_of_leave_no_gap(inspector: Inspector, document: Document) -> None:
    page = inspector.project_page

    def gap() -> int:
        """Return how far the first facts are below what is above them."""
        QApplication.processEvents()
        first = min(facts.y() for facts in page.findChildren(Facts) if facts.isVisible())
        above = [
            part.geometry().bottom()
            for part in page.findChildren(QWidget)
            if part.parent() is page and part.isVisible()
        ]
        return first - max(bottom for bottom in above if bottom < first)

    with_data = gap()
    document.apply(SetSection("data", {}))
    assert gap() == with_data


def test_choosing_a_data_set_is_one_edit(inspector: Inspector, document: Document) -> None:
    before = dumps(document.project)
    source = inspector.project_page.source
    source.setFocus()
    QTest.keyClick(source, Qt.Key.Key_Down)
    assert document.project.data["source"] == "iris"
    assert "features" in inspector.project_page.facts()
    assert document.undo_stack.count() == 1
    document.undo_stack.undo()
    assert dumps(document.project) == before
    assert source.currentText() == "Handwritten digits"


def test_more_shows_the_whole_help(inspector: Inspector, node: Named) -> None:
    inspector.set_selection([node("classes")])
    assert "y = x Wᵗ + b" not in inspector.block_page.help()
    QTest.mouseClick(inspector.block_page.more, Qt.MouseButton.LeftButton)
    assert "y = x Wᵗ + b" in inspector.block_page.help()


def test_a_long_fix_does_not_widen_the_inspector(
    inspector: Inspector, document: Document, node: Named, settle: Settle, qtbot: QtBot
) -> None:
    inspector.resize(256, 800)
    document.apply(RenameNode(node("classes"), "classes_of_handwritten_digits"))
    document.apply(SetParameter(node("classes_of_handwritten_digits"), "out_features", 7))
    settle()
    inspector.set_selection([node("loss")])
    (button,) = inspector.block_page.cards[0].fix_buttons()
    assert "classes_of_handwritten_digits" in button.text()
    assert button.toolTip() == button.text()
    content = inspector.widget()
    assert content
    assert content.minimumSizeHint().width() <= inspector.viewport().width()
    qtbot.waitUntil(lambda: button.width() < button.sizeHint().width(), timeout=5_000)
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert document.project.graph.node(node("classes_of_handwritten_digits")).params["out_features"] == 10


def test_a_long_name_of_the_project_does_not_widen_the_inspector(inspector: Inspector, document: Document) -> None:
    document.mark_saved(Path("a_network_that_tells_handwritten_digits_apart_and_more.netb"))
    inspector.resize(256, 800)
    content = inspector.widget()
    assert content
    assert content.minimumSizeHint().width() <= inspector.viewport().width()


@pytest.mark.parametrize("width", [220, 256])
def test_every_block_fits_into_a_narrow_inspector(
    inspector: Inspector, document: Document, qtbot: QtBot, width: int
) -> None:
    inspector.resize(width, 800)
    wide: dict[str, int] = {}
    for number, (type_id, block) in enumerate(registry.blocks().items()):
        node = Node(NodeId(f"n{100 + number}"), type_id, f"{type_id.lower()}_of_the_encoder", defaults(block))
        document.apply(AddNode(node))
        inspector.set_selection([node.id])
        content = inspector.widget()
        assert content
        if content.minimumSizeHint().width() > inspector.viewport().width():
            wide[type_id] = content.minimumSizeHint().width()
        document.undo_stack.undo()
    assert not wide
