from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from netbuilder.ui import theme
from netbuilder.ui.paragraphs import ParagraphField

SIX_LINES = "First changes size.\n\nThen channels,\n\nthe others add.\nHe et al., 2015"


@pytest.fixture
def page(qtbot: QtBot) -> QWidget:
    """Return a page as wide as the inspector."""
    theme.set_theme("dark")
    page = QWidget()
    qtbot.addWidget(page)
    page.resize(240, 600)
    return page


@pytest.fixture
def field(page: QWidget, qtbot: QtBot) -> ParagraphField:
    """Return the field, shown between other lines of the page."""
    field = ParagraphField()
    column = QVBoxLayout(page)
    column.addWidget(QLabel("Description"))
    column.addWidget(field)
    column.addWidget(QLabel("Parameters"))
    column.addStretch(1)
    with qtbot.waitExposed(page):
        page.show()
    return field


def assert_whole(field: ParagraphField) -> None:
    """Assert that the last line stands in the field, and the field in its page, under nothing."""
    assert field.verticalScrollBar().maximum() == 0
    field.moveCursor(field.textCursor().MoveOperation.End)
    assert field.cursorRect().bottom() < field.viewport().height()
    page = field.parentWidget()
    below = page.findChildren(QLabel)[-1]
    assert field.mapTo(page, QPoint(0, field.height())).y() <= below.y()


def test_what_is_typed_in_several_lines_is_seen_whole(field: ParagraphField, qtbot: QtBot) -> None:
    at_first = field.height()
    field.show_text(SIX_LINES)
    qtbot.waitUntil(lambda: field.height() > at_first)
    assert_whole(field)
    field.show_text("One line")
    qtbot.waitUntil(lambda: field.height() == at_first)


def test_lines_that_break_on_a_narrower_page_are_seen_whole(field: ParagraphField, qtbot: QtBot) -> None:
    field.show_text(SIX_LINES)
    qtbot.wait(50)
    wide = field.height()
    field.parentWidget().resize(130, 600)
    qtbot.waitUntil(lambda: field.height() > wide)
    assert_whole(field)
    field.parentWidget().resize(240, 600)
    qtbot.waitUntil(lambda: field.height() == wide)


def test_a_long_text_is_scrolled_and_leaves_room_for_what_follows(field: ParagraphField, qtbot: QtBot) -> None:
    field.show_text("line\n" * 100)
    qtbot.waitUntil(lambda: field.verticalScrollBar().maximum() > 0)
    assert field.height() < 300
