"""Code and ONNX models on their way out of the window."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from netbuilder.graph.edits import Disconnect, SetParameter, SetSection
from netbuilder.training.telemetry import EpochEnded
from netbuilder.ui.main_window import MainWindow
from tests.drawing import id_of
from tests.ui.hands import answer, click, message, on_question, save_in_dialog


def test_the_code_goes_to_the_clipboard(editor: MainWindow, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: editor.analysis.source != "", timeout=60_000)
    editor.actions_by_id["copy_code"].trigger()
    assert "class Network(nn.Module)" in QGuiApplication.clipboard().text()


def test_export_says_how_equal_it_is(editor: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    import onnxruntime

    path = tmp_path / "digits.onnx"
    editor.export.export(path)
    assert not editor.actions_by_id["export_onnx"].isEnabled()
    qtbot.waitUntil(lambda: not editor.export.busy, timeout=120_000)
    text = editor.notice.label.text()
    assert all(f"at batch {batch}" in text for batch in (1, 3, 17))
    assert "holds untrained, random weights" in text
    assert onnxruntime.InferenceSession(path).get_outputs()[0].name == "logits"
    assert editor.actions_by_id["export_onnx"].isEnabled()


def test_export_after_training_takes_the_best_weights(editor: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    editor.document.apply(SetSection("training", {"device": "cpu", "epochs": 3, "learning_rate": 0.05}))
    best: list[int] = []
    editor.session.happened.connect(
        lambda event: best.append(event.epoch) if isinstance(event, EpochEnded) and event.is_best else None
    )
    click(qtbot, editor.top_bar.buttons["train"])
    qtbot.waitUntil(lambda: editor.session.ended is not None, timeout=60_000)
    assert "test accuracy" in editor.notice.label.text()
    editor.export.export(tmp_path / "digits.onnx")
    qtbot.waitUntil(lambda: not editor.export.busy, timeout=120_000)
    assert "at batch 17" in editor.notice.label.text()
    assert f"the weights of epoch {best[-1]}, the run's best" in editor.notice.label.text()


def test_a_network_that_is_no_longer_the_trained_one_is_exported_untrained_only_where_one_agrees(
    editor: MainWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    editor.document.apply(SetSection("training", {"device": "cpu", "epochs": 1}))
    click(qtbot, editor.top_bar.buttons["train"])
    qtbot.waitUntil(lambda: editor.session.ended is not None, timeout=60_000)
    editor.document.apply(SetParameter(id_of(editor.document.project, "conv1"), "out_channels", 8))
    qtbot.waitUntil(lambda: editor.analysis.is_current, timeout=10_000)
    path, said = tmp_path / "digits.onnx", list[str]()
    on_question(lambda dialog: (said.append(dialog.heading.text()), click(qtbot, dialog.button("back"))))
    editor.actions_by_id["export_onnx"].trigger()
    assert said == ["This is not the trained network"]
    assert not editor.export.busy
    answer("untrained")
    save_in_dialog(path)
    editor.actions_by_id["export_onnx"].trigger()
    qtbot.waitUntil(lambda: not editor.export.busy, timeout=120_000)
    assert path.exists()
    assert "holds untrained, random weights" in editor.notice.label.text()


def test_the_offer_to_export_stands_only_while_the_network_can_be_exported(editor: MainWindow, qtbot: QtBot) -> None:
    editor.document.apply(SetSection("training", {"device": "cpu", "epochs": 1}))
    click(qtbot, editor.top_bar.buttons["train"])
    qtbot.waitUntil(lambda: editor.session.ended is not None, timeout=60_000)
    editor.document.apply(Disconnect(next(iter(editor.document.project.graph.edges()))))
    qtbot.waitUntil(lambda: editor.analysis.is_current, timeout=10_000)
    offer = editor.notice.findChild(QPushButton, "Export ONNX…")
    assert isinstance(offer, QPushButton)
    asked: list[object] = []

    def look() -> None:
        dialog = QApplication.activeModalWidget()
        if dialog:
            asked.append(dialog)
            dialog.close()

    QTimer.singleShot(500, look)
    click(qtbot, offer)
    assert not asked


def test_a_cancelled_export_leaves_no_file(editor: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    path = tmp_path / "digits.onnx"
    editor.export.export(path)
    cancel = editor.notice.findChild(QPushButton, "Cancel")
    assert isinstance(cancel, QPushButton)
    qtbot.wait(300)
    click(qtbot, cancel)
    qtbot.waitUntil(lambda: not editor.export.busy, timeout=60_000)
    assert not path.exists()
    assert message(editor) is None
    assert "cancelled" in editor.notice.label.text()
