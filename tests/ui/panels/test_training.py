from __future__ import annotations

import re
from typing import Any, cast

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QImage, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from netbuilder.graph.edits import SetSection
from netbuilder.graph.files import dumps
from netbuilder.ui.document import Document
from netbuilder.ui.fields import ChoiceField, TextField
from netbuilder.ui.panels.plots import LossPlot
from netbuilder.ui.panels.training import TrainingPanel
from netbuilder.ui.session import Session
from netbuilder.ui.theme import set_theme, theme
from tests.drawing import Drawing
from tests.ui.hands import choose
from tests.ui.panels.runs import HandSession


@pytest.fixture
def session(document: Document) -> HandSession:
    return HandSession(document.project)


@pytest.fixture
def panel(document: Document, session: HandSession, qtbot: QtBot) -> TrainingPanel:
    panel = TrainingPanel(document, cast(Session, session))
    qtbot.addWidget(panel)
    panel.resize(1100, 270)
    panel.show()
    return panel


def told(plot: Any) -> str:
    """Return the legend of a plot without its colours."""
    return re.sub(r"<[^>]+>", "", plot.legend.text()).replace("&nbsp;", " ")


def pixels(widget: QWidget, colour: QColor) -> int:
    """Count the pixels of a colour, or near to it."""
    picture = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    raw = np.frombuffer(picture.constBits(), np.uint8).reshape(picture.height(), picture.bytesPerLine() // 4, 4)
    distance = np.abs(raw[..., 2::-1].astype(int) - np.array(colour.getRgb()[:3])).max(axis=2)
    return int((distance < 24).sum())


def test_in_a_narrow_panel_the_heading_keeps_its_values_and_their_names_go_to_the_tooltip(
    panel: TrainingPanel, session: HandSession
) -> None:
    session.begin("one", losses=[2.0] * 20)
    session.end_epoch(1, {"validation_loss": 1.5, "validation_accuracy": 0.5})
    session.poll()
    assert "train" in told(panel.loss)
    panel.resize(430, 300)
    QApplication.processEvents()
    assert re.findall(r"[0-9.]+", told(panel.loss)) == ["2.000", "1.500"]
    assert not re.search("[a-z]", told(panel.loss))
    assert panel.loss.legend.toolTip().split() == ["train", "2.000", "validation", "1.500"]
    assert panel.loss.legend.sizeHint().width() <= panel.loss.legend.width()
    panel.resize(1400, 300)
    QApplication.processEvents()
    assert "validation" in told(panel.loss)
    assert panel.loss.legend.toolTip() == ""


def test_before_the_first_run_the_panel_says_what_to_do(panel: TrainingPanel) -> None:
    assert "Ctrl+Enter" in panel.message()
    assert panel.settings.isVisible()


def test_a_setting_is_one_undoable_edit(panel: TrainingPanel, document: Document) -> None:
    before = dumps(document.project)
    field = panel.form.field("epochs")
    assert isinstance(field, TextField)
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, "3")
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert dict(document.project.training) == {"epochs": 3}
    document.undo_stack.undo()
    assert dumps(document.project) == before
    assert field.text() == "20"


def test_momentum_is_for_sgd_alone_and_says_so(panel: TrainingPanel, document: Document) -> None:
    momentum, optimizer = panel.form.field("momentum"), panel.form.field("optimizer")
    assert isinstance(optimizer, ChoiceField)
    assert not momentum.isEnabled()
    assert "adam does not use it" in momentum.toolTip()
    choose(optimizer, "sgd")
    assert momentum.isEnabled()
    assert "does not use it" not in momentum.toolTip()
    document.undo_stack.undo()
    assert not momentum.isEnabled()
    document.apply(SetSection("training", {"momentum": 2.0}))
    assert momentum.isEnabled(), "what is wrong can be mended"


def test_spinning_a_setting_is_one_undo_step(panel: TrainingPanel, document: Document) -> None:
    field = panel.form.field("learning_rate")
    assert isinstance(field, TextField)
    field.setFocus()
    for _ in range(3):
        QTest.keyClick(field, Qt.Key.Key_Up)
    assert document.project.training["learning_rate"] == 0.01
    assert document.undo_stack.count() == 1
    document.undo_stack.undo()
    assert dict(document.project.training) == {}


def test_the_curve_grows_with_the_run(panel: TrainingPanel, session: HandSession) -> None:
    session.begin("one", losses=np.linspace(2, 1, 5))
    assert panel.message() == ""
    assert panel.loss.raw.getData()[0][-1] == pytest.approx(0.5)
    panel.hide()
    session.train(np.linspace(1, 0.5, 20))
    assert panel.loss.raw.getData()[0][-1] == pytest.approx(0.5), "nothing is drawn unseen"
    panel.show()
    assert panel.loss.raw.getData()[0][-1] == pytest.approx(2.5)
    assert told(panel.loss).startswith("train 0.")


def test_validation_and_metric_are_points_at_their_epochs(panel: TrainingPanel, session: HandSession) -> None:
    session.begin("one", losses=np.linspace(2, 1, 20))
    for epoch in (1, 2):
        session.end_epoch(epoch, {"train_loss": 1.0, "validation_loss": 1.5 / epoch, "validation_accuracy": 0.9})
    assert panel.loss.checks.getData()[0].tolist() == [1, 2]
    assert panel.loss.checks.getData()[1].tolist() == [1.5, 0.75]
    assert list(panel.metrics) == ["accuracy"]
    assert told(panel.metrics["accuracy"]) == "validation 90.0 %"
    assert told(panel.loss).endswith("validation 0.750")


def test_what_is_on_the_screen_has_the_colours_of_the_theme(panel: TrainingPanel, session: HandSession) -> None:
    session.begin("one", losses=np.linspace(2, 1, 100))
    for look in ("dark", "light"):
        set_theme("dark" if look == "dark" else "light")
        before = pixels(panel.loss.plot, theme().warning)
        assert pixels(panel.loss.plot, theme().accent) > 100
        assert pixels(panel.loss.plot, theme().panel) > 10_000
        session.end_epoch(1 if look == "dark" else 2, {"validation_loss": 1.4})
        assert pixels(panel.loss.plot, theme().warning) > before


def test_another_run_leaves_the_last_one_as_a_faint_line(panel: TrainingPanel, session: HandSession) -> None:
    session.begin("one", losses=np.linspace(2, 1, 50))
    assert panel.loss.earlier.getData()[0] is None or not len(panel.loss.earlier.getData()[0])
    session.end()
    session.begin("two")
    x, y = panel.loss.earlier.getData()
    assert (x[-1], y[0]) == (pytest.approx(5.0), pytest.approx(2.0))
    assert told(panel.loss) == ""


def test_the_faint_line_is_named_as_the_run_before(panel: TrainingPanel, session: HandSession) -> None:
    session.begin("one", losses=np.full(50, 2.0))
    session.end()
    session.begin("two", losses=np.full(50, 1.0))
    assert told(panel.loss) == "train 1.000   run before 2.000"


def test_no_line_of_another_project_stays(panel: TrainingPanel, session: HandSession, document: Document) -> None:
    session.begin("one", losses=np.linspace(2, 1, 50))
    session.end()
    document.replace(document.project.copy(), None)
    session.begin("two", losses=np.linspace(2, 1, 50))
    assert not len(panel.loss.earlier.getData()[0])


def test_a_run_that_goes_on_keeps_its_points(panel: TrainingPanel, session: HandSession) -> None:
    session.begin("one", epochs=2, losses=np.linspace(2, 1, 20))
    session.end_epoch(1, {"validation_loss": 1.5, "validation_accuracy": 0.5})
    session.end_epoch(2, {"validation_loss": 1.2, "validation_accuracy": 0.6})
    session.end()
    session.begin("one", epochs=4, losses=np.linspace(2, 1, 20))
    assert panel.loss.checks.getData()[0].tolist() == [1, 2]
    assert told(panel.metrics["accuracy"]) == "validation 60.0 %"
    assert panel.loss.earlier.getData()[0] is None or not len(panel.loss.earlier.getData()[0])


def test_the_log_scale_draws_exponents(panel: TrainingPanel, session: HandSession) -> None:
    session.begin("one", losses=[10.0, 1.0, 0.1])
    QTest.mouseClick(panel.loss.log_button, Qt.MouseButton.LeftButton)
    assert panel.loss.raw.getData()[1].tolist() == pytest.approx([1, 0, -1])
    low, high = panel.loss.box.viewRange()[1]
    assert low < -1
    assert high > 1
    QTest.mouseClick(panel.loss.log_button, Qt.MouseButton.LeftButton)
    assert panel.loss.raw.getData()[1].tolist() == pytest.approx([10, 1, 0.1])


def test_a_loss_of_nought_or_less_is_left_out_of_the_log_scale(panel: TrainingPanel, session: HandSession) -> None:
    session.begin("one", losses=[1.0, 0.0, -1.0, 0.5])
    QTest.mouseClick(panel.loss.log_button, Qt.MouseButton.LeftButton)
    assert len(panel.loss.raw.getData()[0]) == 2


def test_a_spike_of_one_step_is_drawn_and_in_range(panel: TrainingPanel, session: HandSession) -> None:
    losses = np.full(200_000, 0.1, dtype=np.float32)
    losses[123_456] = 50.0
    session.begin("one", steps_per_epoch=10_000, losses=losses)
    assert panel.loss.raw.getData()[1].max() == 50.0
    assert panel.loss.box.viewRange()[1][1] >= 50.0
    assert len(panel.loss.raw.getData()[0]) < 5_000


def test_the_wheel_zooms_in_to_single_steps_and_a_double_click_comes_back(
    panel: TrainingPanel, session: HandSession, qtbot: QtBot
) -> None:
    losses = np.random.default_rng(0).random(100_000).astype(np.float32)
    session.begin("one", steps_per_epoch=5_000, losses=losses)
    viewport = panel.loss.plot.viewport()
    middle = QPointF(panel.loss.box.mapToScene(panel.loss.box.boundingRect().center()))
    for _ in range(40):
        turn = QWheelEvent(middle, viewport.mapToGlobal(middle), QPoint(), QPoint(0, 240), *_NOTHING_HELD, False)
        QApplication.sendEvent(viewport, turn)
    x, y = panel.loss.raw.getData()
    assert panel.loss.is_zoomed
    assert len(x) < 2_000
    steps = np.round(np.asarray(x) * 5_000).astype(int) - 1
    assert np.array_equal(np.asarray(y, dtype=np.float32), losses[steps])
    assert np.array_equal(np.diff(steps), np.ones(len(steps) - 1))
    QTest.mouseDClick(viewport, Qt.MouseButton.LeftButton, pos=middle.toPoint())
    assert not panel.loss.is_zoomed


_NOTHING_HELD = (Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase)


def test_the_pointer_reads_the_value_of_a_step(panel: TrainingPanel, session: HandSession) -> None:
    losses = np.linspace(2, 1, 200)
    session.begin("one", losses=losses)
    session.end_epoch(10, {"validation_loss": 0.25})
    latest = told(panel.loss)
    place = panel.loss.box.mapViewToScene(QPointF(10.0, 1.0)).toPoint()
    QTest.mouseMove(panel.loss.plot.viewport(), place)
    match = re.match(r"step (\d+)   train ([\d.]+)   validation 0.250", told(panel.loss))
    assert match
    assert float(match[2]) == pytest.approx(losses[int(match[1]) - 1], abs=1e-3)
    assert abs(int(match[1]) - 100) < 5
    QTest.mouseMove(panel, QPoint(5, 5))
    QApplication.sendEvent(panel.loss.plot, QEvent(QEvent.Type.Leave))
    assert told(panel.loss) == latest


def test_space_pauses_and_goes_on(panel: TrainingPanel, session: HandSession) -> None:
    session.begin("one", losses=[1.0])
    panel.setFocus()
    QTest.keyClick(panel, Qt.Key.Key_Space)
    session.set_state("paused")
    QTest.keyClick(panel, Qt.Key.Key_Space)
    session.end()
    QTest.keyClick(panel, Qt.Key.Key_Space)
    assert session.asked == ["pause", "resume"]


def test_space_in_a_field_does_not_pause(panel: TrainingPanel, session: HandSession) -> None:
    session.begin("one", losses=[1.0])
    panel.settings_button.setChecked(True)
    QTest.keyClick(panel.form.field("epochs"), Qt.Key.Key_Space)
    assert session.asked == []


def test_settings_make_room_for_the_curves_once(panel: TrainingPanel, session: HandSession) -> None:
    session.begin("one", losses=[1.0])
    assert not panel.settings.isVisible()
    QTest.mouseClick(panel.settings_button, Qt.MouseButton.LeftButton)
    session.end()
    session.begin("two", losses=[1.0])
    assert panel.settings.isVisible()


def test_a_network_without_a_metric_has_the_loss_alone(qtbot: QtBot) -> None:
    drawing = Drawing({"source": "made", "fields": {"x": {"shape": [4], "dtype": "float32"}}})
    x = drawing.put("Input", "x", field="x")
    drawing.put("MSE", "loss", drawing.put("Linear", "same", x, out_features=4), x)
    document = Document(drawing.project)
    session = HandSession(document.project)
    panel = TrainingPanel(document, cast(Session, session))
    qtbot.addWidget(panel)
    panel.resize(1100, 270)
    panel.show()
    session.begin("one", losses=[1.0, 0.5])
    session.end_epoch(1, {"validation_loss": 0.7})
    assert panel.metrics == {}
    assert "validation 0.700" in told(panel.loss)


def test_an_empty_plot_can_be_pointed_at(qtbot: QtBot) -> None:
    plot = LossPlot()
    qtbot.addWidget(plot)
    plot.resize(300, 200)
    plot.show()
    QTest.mouseMove(plot.plot.viewport(), QPoint(150, 100))
    assert told(plot) == ""
