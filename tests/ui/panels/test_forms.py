from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from netbuilder.blocks import registry
from netbuilder.blocks.parameters import defaults, parameters
from netbuilder.graph.edits import UNSET
from netbuilder.training.config import TrainingConfig
from netbuilder.ui.fields import ChoiceField, SwitchField, TextField
from netbuilder.ui.forms import Form

CONV = registry.blocks()["Conv2d"]


class Editing:
    """A form that is shown what it asks for, as the inspector would."""

    def __init__(self, qtbot: QtBot, *given: dict[str, Any]) -> None:
        self.given = [dict(each) for each in given] or [{}]
        self.form = Form(CONV)
        self.asked: list[tuple[str, Any, int]] = []
        self.form.edited.connect(self._on_form_edited)
        self.window = QWidget()
        qtbot.addWidget(self.window)
        self.form.setParent(self.window)
        self.window.resize(300, 500)
        self.form.resize(280, 480)
        self.form.show_values(self.given)
        self.window.show()

    def _on_form_edited(self, name: str, value: Any, series: int) -> None:
        self.asked.append((name, value, series))
        for each in self.given:
            if value is UNSET:
                each.pop(name, None)
            else:
                each[name] = value
        self.form.show_values(self.given)

    def text(self, name: str) -> TextField:
        field = self.form.field(name)
        assert isinstance(field, TextField)
        return field

    def write(self, name: str, text: str, key: Qt.Key = Qt.Key.Key_Return) -> None:
        field = self.text(name)
        field.setFocus()
        field.selectAll()
        QTest.keyClicks(field, text)
        QTest.keyClick(field, key)


@pytest.fixture
def editing(qtbot: QtBot) -> Editing:
    return Editing(qtbot)


@pytest.mark.parametrize("block", registry.blocks().values(), ids=lambda block: block.__name__)
def test_every_block_has_a_form_that_shows_its_defaults(block: Any, qtbot: QtBot) -> None:
    form = Form(block)
    qtbot.addWidget(form)
    form.show_values([defaults(block)])
    for parameter in parameters(block):
        assert form.problem(parameter.name) == ""
        assert form.reset_button(parameter.name).isHidden()
        assert parameter.help.split(".")[0] in form.field(parameter.name).toolTip().replace("&#x27;", "'")


def test_the_training_section_is_declared_alike(qtbot: QtBot) -> None:
    form = Form(TrainingConfig)
    qtbot.addWidget(form)
    form.show_values([{"epochs": 7}])
    epochs, optimizer = form.field("epochs"), form.field("optimizer")
    assert isinstance(epochs, TextField)
    assert isinstance(optimizer, ChoiceField)
    assert epochs.text() == "7"
    assert optimizer.currentText() == "adam"


def test_enter_takes_what_was_typed(editing: Editing) -> None:
    editing.write("out_channels", "48")
    assert editing.asked == [("out_channels", 48, 0)]


def test_leaving_the_field_takes_what_was_typed(editing: Editing) -> None:
    editing.write("out_channels", "48", Qt.Key.Key_Tab)
    assert editing.asked == [("out_channels", 48, 0)]


def test_escape_gives_back_what_was_there(editing: Editing) -> None:
    editing.write("out_channels", "48", Qt.Key.Key_Escape)
    assert editing.asked == []
    assert editing.text("out_channels").text() == "32"


def test_the_same_value_again_is_no_edit(editing: Editing) -> None:
    editing.write("kernel_size", "3")
    assert editing.asked == []
    assert editing.text("kernel_size").text() == "3 × 3"


def test_one_number_stands_for_all_sizes(editing: Editing) -> None:
    editing.write("kernel_size", "5")
    assert editing.asked == [("kernel_size", [5, 5], 0)]
    assert editing.text("kernel_size").text() == "5 × 5"


def test_a_word_may_stand_for_sizes(editing: Editing) -> None:
    editing.write("padding", "valid")
    editing.write("padding", "2 x 1")
    assert [value for _, value, _ in editing.asked] == ["valid", [2, 1]]


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("out_channels", "0", "out_channels has to be a whole number of at least 1, not 0."),
        ("out_channels", "many", "out_channels has to be a whole number of at least 1, not “many”."),
        ("kernel_size", "3 3 3", "kernel_size has to be 2 whole numbers from 1 to 65,536, not (3, 3, 3)."),
        ("padding", "sam", "padding has to be “same” or “valid” or 2 whole numbers from 0 to 65,536, not “sam”."),
    ],
)
def test_a_bad_value_stays_in_its_field_with_a_sentence(editing: Editing, name: str, text: str, sentence: str) -> None:
    editing.write(name, text)
    assert editing.form.problem(name) == sentence
    assert editing.text(name).property("invalid") is True
    assert editing.text(name).text().replace(" × ", " ") == text
    editing.write(name, "4")
    assert editing.form.problem(name) == ""
    assert editing.text(name).property("invalid") is False


def test_the_arrow_keys_step_in_one_series_until_something_else_is_done(editing: Editing) -> None:
    field = editing.text("out_channels")
    field.setFocus()
    for key in (Qt.Key.Key_Up, Qt.Key.Key_Up, Qt.Key.Key_Down):
        QTest.keyClick(field, key)
    editing.write("out_channels", "100")
    QTest.keyClick(field, Qt.Key.Key_PageUp)
    values, series = [value for _, value, _ in editing.asked], [number for *_, number in editing.asked]
    assert values == [33, 34, 33, 100, 110]
    assert series[0] == series[1] == series[2] > 0
    assert series[3] == 0
    assert series[4] not in (0, series[0])


def test_the_buttons_at_the_right_step(editing: Editing) -> None:
    field = editing.text("out_channels")
    QTest.mouseClick(field, Qt.MouseButton.LeftButton, pos=QPoint(field.width() - 10, 6))
    QTest.mouseClick(field, Qt.MouseButton.LeftButton, pos=QPoint(field.width() - 10, field.height() - 6))
    assert [value for _, value, _ in editing.asked] == [33, 32]


def test_the_menu_at_the_right_offers_the_words(editing: Editing, qtbot: QtBot) -> None:
    field = editing.text("padding")
    QTest.mouseClick(field, Qt.MouseButton.LeftButton, pos=QPoint(field.width() - 10, 10))
    menu = QApplication.activePopupWidget()
    assert menu is not None
    assert [action.text() for action in menu.actions()] == ["same", "valid", "0 × 0", "1 × 1"]
    QTest.keyClick(menu, Qt.Key.Key_Down)
    QTest.keyClick(menu, Qt.Key.Key_Down)
    QTest.keyClick(menu, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: QApplication.activePopupWidget() is None)
    assert editing.asked == [("padding", "valid", 0)]


def test_the_wheel_steps_only_where_the_keyboard_is(editing: Editing) -> None:
    def roll(field: TextField) -> None:
        place = QPointF(5, 5)
        turn = QWheelEvent(place, field.mapToGlobal(place), QPoint(), QPoint(0, 120), *_NOTHING_HELD, False)
        QApplication.sendEvent(field, turn)

    editing.text("groups").setFocus()
    roll(editing.text("out_channels"))
    assert editing.asked == []
    editing.text("out_channels").setFocus()
    roll(editing.text("out_channels"))
    assert [value for _, value, _ in editing.asked] == [33]


_NOTHING_HELD = (Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase)


def test_the_reset_button_gives_the_default_back(editing: Editing) -> None:
    assert editing.form.reset_button("out_channels").isHidden()
    editing.write("out_channels", "48")
    assert editing.form.reset_button("out_channels").isVisible()
    QTest.mouseClick(editing.form.reset_button("out_channels"), Qt.MouseButton.LeftButton)
    assert editing.asked[-1] == ("out_channels", UNSET, 0)
    assert editing.text("out_channels").text() == "32"
    assert editing.form.reset_button("out_channels").isHidden()


def test_a_switch_is_thrown_by_space_and_by_click(editing: Editing) -> None:
    field = editing.form.field("bias")
    assert isinstance(field, SwitchField)
    field.setFocus()
    QTest.keyClick(field, Qt.Key.Key_Space)
    QTest.mouseClick(field, Qt.MouseButton.LeftButton)
    assert [value for _, value, _ in editing.asked] == [False, True]


def test_several_that_differ_are_mixed_until_one_value_is_given(qtbot: QtBot) -> None:
    editing = Editing(qtbot, {"out_channels": 8}, {"out_channels": 16})
    field = editing.text("out_channels")
    assert (field.text(), field.placeholderText()) == ("", "mixed")
    field.setFocus()
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert editing.asked == []
    editing.write("out_channels", "24")
    assert editing.given == [{"out_channels": 24}, {"out_channels": 24}]
    assert field.text() == "24"


def test_a_change_from_elsewhere_is_shown_and_leaves_the_keyboard_where_it_is(editing: Editing) -> None:
    field = editing.text("out_channels")
    field.setFocus()
    editing.form.show_values([{"out_channels": 64}])
    assert field.text() == "64"
    assert field.hasFocus()
    assert editing.asked == []


def test_what_is_being_typed_outlives_a_change_of_something_else(editing: Editing) -> None:
    field = editing.text("out_channels")
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, "12")
    editing.form.show_values([{"bias": False}])
    assert field.text() == "12"
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert ("out_channels", 12, 0) in editing.asked


def test_choices_given_from_outside_make_a_choice_of_a_text(qtbot: QtBot) -> None:
    form = Form(registry.blocks()["Input"], {"field": [("", "none"), ("image", "image"), ("label", "label")]})
    qtbot.addWidget(form)
    asked: list[Any] = []
    form.edited.connect(lambda name, value, series: asked.append((name, value, series)))
    form.show_values([{"field": "image"}])
    form.show()
    field = form.field("field")
    assert isinstance(field, ChoiceField)
    assert field.currentText() == "image"
    field.setFocus()
    QTest.keyClick(field, Qt.Key.Key_Down)
    assert asked == [("field", "label", 0)]


def test_a_value_that_is_no_choice_is_shown_as_it_is(qtbot: QtBot) -> None:
    form = Form(registry.blocks()["Input"], {"field": [("", "none"), ("image", "image")]})
    qtbot.addWidget(form)
    form.show_values([{"field": "pixels"}])
    field = form.field("field")
    assert isinstance(field, ChoiceField)
    assert field.currentText() == "pixels"
    form.show_values([{"field": "image"}])
    assert [field.itemText(at) for at in range(field.count())] == ["none", "image"]
