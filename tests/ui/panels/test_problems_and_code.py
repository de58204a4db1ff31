from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from netbuilder.graph.edits import AddNode, Disconnect, RemoveNode, SetParameter
from netbuilder.graph.files import dumps
from netbuilder.graph.model import Node, NodeId, PortRef
from netbuilder.ui.analysis import Analysis
from netbuilder.ui.document import Document
from netbuilder.ui.panels.code import CodeView
from netbuilder.ui.panels.problems import Problems
from netbuilder.ui.theme import LIGHT, set_theme

Named = Callable[[str], NodeId]
Settle = Callable[[], None]


@pytest.fixture
def problems(document: Document, analysis: Analysis, settle: Settle, qtbot: QtBot) -> Problems:
    problems = Problems(document, analysis)
    qtbot.addWidget(problems)
    problems.resize(800, 250)
    problems.show()
    settle()
    return problems


@pytest.fixture
def code(analysis: Analysis, settle: Settle, qtbot: QtBot) -> CodeView:
    code = CodeView(analysis)
    qtbot.addWidget(code)
    code.resize(700, 200)
    code.show()
    settle()
    qtbot.waitUntil(lambda: bool(analysis.source), timeout=10_000)
    return code


def cut(document: Document, target: NodeId) -> None:
    wire = document.project.graph.edge_into(PortRef(target, "x"))
    assert wire is not None
    document.apply(Disconnect(wire))


def test_a_sound_network_has_no_problems(problems: Problems) -> None:
    assert problems.message() == "No problems"
    assert problems.cards == []


def test_errors_come_first_and_a_click_asks_for_the_block(
    problems: Problems, document: Document, node: Named, settle: Settle, qtbot: QtBot
) -> None:
    document.apply(AddNode(Node(NodeId("n50"), "Input", "spare", {})))
    cut(document, node("flatten"))
    qtbot.waitUntil(lambda: len(problems.cards) >= 2, timeout=10_000)
    severities = [each.severity for each in problems.diagnostics()]
    assert severities == sorted(severities, key=["error", "warning"].index)
    assert {"error", "warning"} == set(severities)
    asked: list[str] = []
    problems.node_requested.connect(asked.append)
    QTest.mouseClick(problems.cards[0], Qt.MouseButton.LeftButton)
    assert asked == [problems.diagnostics()[0].node]


def test_a_fix_button_mends_the_network(problems: Problems, document: Document, node: Named, qtbot: QtBot) -> None:
    before = dumps(document.project)
    cut(document, node("flatten"))
    qtbot.waitUntil(lambda: any(card.fix_buttons() for card in problems.cards), timeout=10_000)
    card = next(card for card in problems.cards if card.fix_buttons())
    QTest.mouseClick(card.fix_buttons()[0], Qt.MouseButton.LeftButton)
    assert dumps(document.project) == before
    qtbot.waitUntil(lambda: problems.message() == "No problems", timeout=10_000)


def test_a_double_click_on_a_fix_does_not_mend_what_moves_up_into_its_place(
    problems: Problems, document: Document, node: Named, settle: Settle, qtbot: QtBot
) -> None:
    for name in ("conv2", "flatten"):
        cut(document, node(name))
    settle()
    qtbot.waitUntil(lambda: len([card for card in problems.cards if card.fix_buttons()]) >= 2, timeout=10_000)
    card = next(card for card in problems.cards if card.fix_buttons())
    first = card.diagnostic
    QTest.mouseClick(card.fix_buttons()[0], Qt.MouseButton.LeftButton)
    settle()
    qtbot.waitUntil(lambda: card.diagnostic is not first and bool(card.fix_buttons()), timeout=10_000)
    (button, *_) = card.fix_buttons()
    assert button.isEnabled()
    mended = dumps(document.project)
    QTest.mouseDClick(button, Qt.MouseButton.LeftButton)
    assert dumps(document.project) == mended
    qtbot.wait(QApplication.doubleClickInterval() + 50)
    QTest.mouseClick(card.fix_buttons()[0], Qt.MouseButton.LeftButton)
    assert dumps(document.project) != mended


def test_next_goes_through_the_blocks_and_begins_anew(
    problems: Problems, document: Document, node: Named, qtbot: QtBot
) -> None:
    document.apply(SetParameter(node("conv1"), "out_channels", 0))
    document.apply(SetParameter(node("classes"), "out_features", 0))
    wrong = {node("conv1"), node("classes")}
    qtbot.waitUntil(lambda: wrong <= {each.node for each in problems.diagnostics()}, timeout=10_000)
    asked: list[str] = []
    problems.node_requested.connect(asked.append)
    count = len([each for each in problems.diagnostics() if each.node])
    for _ in range(count + 1):
        problems.next_problem()
    assert asked[0] == asked[-1]
    assert wrong <= set(asked)


def test_the_code_follows_the_network_and_keeps_its_place(
    code: CodeView, document: Document, node: Named, analysis: Analysis, qtbot: QtBot
) -> None:
    assert "class Network(nn.Module)" in code.text.toPlainText()
    assert code.text.isReadOnly()
    bar = code.text.verticalScrollBar()
    bar.setValue(bar.maximum())
    place = bar.value()
    assert place > 0
    document.apply(SetParameter(node("conv1"), "out_channels", 6))
    qtbot.waitUntil(lambda: "Conv2d(1, 6" in code.text.toPlainText(), timeout=10_000)
    assert bar.value() == place


def test_a_network_with_data_and_no_loss_says_what_its_code_waits_for(
    code: CodeView, document: Document, node: Named, qtbot: QtBot
) -> None:
    document.apply(RemoveNode(node("loss")))
    qtbot.waitUntil(lambda: "once there is a loss" in code.message(), timeout=10_000)
    assert "fits together" not in code.message()


def test_a_change_touches_no_other_line(
    code: CodeView, document: Document, node: Named, analysis: Analysis, qtbot: QtBot
) -> None:
    touched: list[tuple[int, int, int]] = []
    code.text.document().contentsChange.connect(lambda *change: touched.append(change))
    document.apply(SetParameter(node("conv1"), "out_channels", 5))
    qtbot.waitUntil(lambda: "Conv2d(1, 5" in code.text.toPlainText(), timeout=10_000)
    assert code.text.toPlainText() == analysis.source
    assert sum(added for *_, added in touched) < len(analysis.source) / 3
    document.undo_stack.undo()
    qtbot.waitUntil(lambda: "Conv2d(1, 4" in code.text.toPlainText(), timeout=10_000)
    assert code.text.toPlainText() == analysis.source


def test_copy_puts_the_code_on_the_clipboard(code: CodeView, analysis: Analysis) -> None:
    QTest.mouseClick(code.copy_button, Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == analysis.source


def test_without_code_the_first_error_is_the_reason(
    code: CodeView, document: Document, node: Named, qtbot: QtBot
) -> None:
    document.apply(SetParameter(node("conv1"), "out_channels", 0))
    sentence = "out_channels has to be a whole number of at least 1, not 0."
    qtbot.waitUntil(lambda: sentence in code.message(), timeout=10_000)
    assert not code.copy_button.isEnabled()


def test_the_reason_stands_below_its_heading_and_not_at_the_edge(
    code: CodeView, document: Document, node: Named, qtbot: QtBot
) -> None:
    document.apply(RemoveNode(node("loss")))
    qtbot.waitUntil(lambda: code.message() != "", timeout=10_000)
    heading, reason = (
        next(label for label in code.findChildren(QLabel) if label.text() == text)
        for text in ("No code yet", code.message())
    )
    picture = reason.grab().toImage()
    ground = picture.pixel(0, 0)
    inked = (x for x in range(picture.width()) for y in range(picture.height()) if picture.pixel(x, y) != ground)
    assert abs(next(inked) - heading.x()) <= 2


def test_an_empty_network_says_what_to_do(qtbot: QtBot) -> None:
    analysis = Analysis(Document())
    view = CodeView(analysis)
    qtbot.addWidget(view)
    view.show()
    qtbot.waitUntil(lambda: analysis.is_current, timeout=60_000)
    assert view.message()
    assert view.text.toPlainText() == ""
    analysis.close()


def test_words_of_the_language_are_coloured_in_both_themes(code: CodeView) -> None:
    def colour_of(word: str) -> str:
        block = code.text.document().begin()
        while block.isValid():
            at = block.text().find(word)
            for span in block.layout().formats():
                if at >= 0 and span.start <= at < span.start + span.length:
                    return span.format.foreground().color().name()
            block = block.next()
        return ""

    dark = [colour_of(word) for word in ("import", '"""', "Network", "self")]
    assert "" not in dark
    assert len(set(dark)) == 4
    set_theme("light")
    light = [colour_of(word) for word in ("import", '"""', "Network", "self")]
    assert light[2] == LIGHT.accent.name()
    assert set(light).isdisjoint(dark)
