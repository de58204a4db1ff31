"""What can't be done, in the window: one clear sentence, at the block where it began, and the project as it was."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from netbuilder.data.catalog import default_config
from netbuilder.examples import find
from netbuilder.graph.edits import RenameNode, SetSection
from netbuilder.graph.files import dumps, save
from netbuilder.graph.model import NodeId
from netbuilder.ui.dialogs import Message
from netbuilder.ui.main_window import MainWindow
from tests.drawing import Drawing, id_of
from tests.ui.hands import click

_PATIENCE = 60_000


def show(window: MainWindow, drawing: Drawing, file: Path, qtbot: QtBot) -> None:
    """Open a drawing in the window."""
    save(drawing.project, file)
    assert window.files.open(file)
    qtbot.waitUntil(lambda: window.analysis.is_current, timeout=_PATIENCE)


def test_a_layer_that_no_memory_holds_is_refused_in_a_sentence(
    window: MainWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    drawing = Drawing(default_config("iris").section())
    wide = drawing.put("Linear", "wide", drawing.put("Input", "features", field="features"), out_features=200_000)
    wider = drawing.put("Linear", "wider", wide, out_features=200_000)
    classes = drawing.put("Linear", "classes", wider, out_features=3)
    drawing.put("CrossEntropy", "loss", classes, drawing.put("Input", "label", field="label"))
    show(window, drawing, tmp_path / "huge.netb", qtbot)
    before = dumps(window.document.project)
    click(qtbot, window.top_bar.buttons["train"])
    qtbot.waitUntil(window.notice.isVisible, timeout=_PATIENCE)
    assert "160.0 GB of memory" in window.notice.label.text()
    assert window.session.state == "idle"
    assert window.problems.diagnostics()[0].message == window.notice.label.text()
    assert dumps(window.document.project) == before
    assert window.files.new()
    assert not window.notice.isVisible(), "what failed in one project is told of another"


def test_a_network_that_learns_in_phases_is_not_trained_some_other_way(window: MainWindow, qtbot: QtBot) -> None:
    assert window.files.open(find("digits_gan").path)
    qtbot.waitUntil(lambda: window.analysis.is_current, timeout=_PATIENCE)
    assert window.problems.diagnostics() == []
    train = window.top_bar.buttons["train"]
    assert not train.isEnabled()
    assert train.toolTip().startswith("This network learns in phases")
    assert window.training
    assert train.toolTip() in window.training.message()


def test_a_loss_that_is_no_number_marks_the_block_where_it_began(
    window: MainWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    drawing = Drawing(default_config("diabetes").section())
    prediction = drawing.put("Linear", "prediction", drawing.put("Input", "features", field="features"), out_features=1)
    drawing.put("MSE", "loss", prediction, drawing.put("Input", "target", field="target"))
    training = {"device": "cpu", "epochs": 100, "optimizer": "sgd", "learning_rate": 1000.0}
    SetSection("training", training).apply(drawing.project)
    show(window, drawing, tmp_path / "wild.netb", qtbot)
    click(qtbot, window.top_bar.buttons["train"])
    qtbot.waitUntil(lambda: window.session.ended is not None, timeout=_PATIENCE)
    assert window.session.ended
    problem = window.session.ended.problem
    assert problem
    assert problem.node
    block = window.canvas.canvas_scene.blocks[NodeId(problem.node)]
    assert block.severity == "error"
    assert block.node.name in window.notice.label.text()
    where = window.notice.findChild(QPushButton, "Show the block")
    assert isinstance(where, QPushButton)
    click(qtbot, where)
    assert window.canvas.selected() == [problem.node]
    assert [card.message() for card in window.inspector.block_page.cards] == [problem.message]
    assert not window.top_bar.buttons["continue"].isVisible()


def test_where_a_project_cannot_be_written_it_stays_open_and_unsaved(
    editor: MainWindow, digits: Path, qtbot: QtBot
) -> None:
    saved = digits.read_bytes()
    moved = digits.parent / "elsewhere"
    editor.document.apply(RenameNode(id_of(editor.document.project, "image"), "picture"))
    kept = digits.rename(moved)
    digits.mkdir()  # where a folder has its name, nobody can write the file, whoever one is
    qtbot.keyClick(editor.canvas, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    (said,) = [each for each in editor.findChildren(Message) if each.isVisible()]
    assert said.sentence.text().endswith("Nothing is lost: it stays open here.")
    qtbot.mouseClick(said.button("close"), Qt.MouseButton.LeftButton)
    assert editor.document.modified
    assert editor.document.project.graph.named("picture")
    assert kept.read_bytes() == saved
    assert list(digits.iterdir()) == []
