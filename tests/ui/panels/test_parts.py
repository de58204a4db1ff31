"""The small pieces of the panels."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from netbuilder.ui.panels.parts import words

LONG = "a_name_that_goes_on_and_on_far_beyond_the_place_where_it_is_to_be_read"


def shown(label: QLabel, width: int, qtbot: QtBot) -> QImage:
    """Return the picture of a label in a column of this width."""
    column = QWidget()
    qtbot.addWidget(column)
    around = QVBoxLayout(column)
    around.setContentsMargins(0, 0, 0, 0)
    around.addWidget(label)
    around.addStretch(1)
    column.resize(width, 400)
    column.show()
    return label.grab().toImage()


def ink(image: QImage) -> int:
    """Count the pixels of another colour than the first one."""
    plain = image.pixel(0, 0)
    return sum(image.pixel(x, y) != plain for x in range(image.width()) for y in range(image.height()))


@pytest.mark.parametrize("text", [LONG, f"Inside of {LONG}: it can't be."])
def test_words_with_a_long_name_are_broken_and_not_cut_off(text: str, qtbot: QtBot) -> None:
    narrow, wide = shown(words(text, wrap=True), 190, qtbot), shown(words(text, wrap=True), 900, qtbot)
    assert narrow.width() == 190
    assert ink(narrow) == pytest.approx(ink(wide), rel=0.1)


def test_words_that_have_room_are_not_broken(qtbot: QtBot) -> None:
    text = "Select a block to see what it does."
    width = words("Select a block to see what").sizeHint().width() + 4
    lines = (
        shown(words(text, wrap=True), width, qtbot),
        shown(words("Select a block to see what\nit does.", wrap=True), width, qtbot),
    )
    assert lines[0] == lines[1]


@pytest.mark.parametrize("wrap", [False, True])
def test_what_someone_wrote_is_shown_as_it_is_and_never_taken_for_html(wrap: bool, qtbot: QtBot) -> None:
    assert shown(words("<b></b>", wrap=wrap), 190, qtbot) != shown(words("", wrap=wrap), 190, qtbot)
