"""The look of questions and reports."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from netbuilder.ui.dialogs import Choice, Message


@pytest.mark.parametrize("symbol", [None, ("mdi6.alert-circle-outline", "error")])
def test_a_message_is_no_higher_than_its_words(symbol: tuple[str, str] | None, qtbot: QtBot) -> None:
    title = "This project can't be opened"
    dialog = Message(
        None, title, "broken.netb: line 1: the file ends in the middle.", [Choice("close", "Close")], symbol=symbol
    )
    qtbot.addWidget(dialog)
    dialog.show()
    assert dialog.heading.height() < 1.5 * dialog.heading.fontMetrics().height()
    assert dialog.sentence.height() == dialog.sentence.heightForWidth(dialog.sentence.width())
