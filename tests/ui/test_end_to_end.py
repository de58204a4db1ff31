"""The whole of what the program is for, by hand in its window: draw, train, watch, pause, stop, export, use."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton, QWidget
from pytestqt.qtbot import QtBot
from safetensors.numpy import load_file
from sklearn.datasets import load_digits

from netbuilder.data.catalog import default_config
from netbuilder.graph.edits import SetSection
from netbuilder.graph.files import dumps, load
from netbuilder.graph.model import NodeId, PortRef
from netbuilder.training.run import Run
from netbuilder.ui.canvas.parts import Side
from netbuilder.ui.fields import ChoiceField, TextField
from netbuilder.ui.main_window import MainWindow
from netbuilder.ui.theme import theme
from tests.drawing import Drawing
from tests.ui.hands import choose, click_block, drag_out, save_in_dialog, wire, write

_PATIENCE = 60_000
_COLUMN, _ROW = 212.0, 124.0


@pytest.fixture
def window(qtbot: QtBot) -> Iterator[MainWindow]:
    """Open the window as it opens for somebody new, on the start page, and close it in the end."""
    window = MainWindow(remembers=False)
    window.resize(1800, 1100)
    window.show()
    qtbot.waitUntil(lambda: window.is_ready, timeout=_PATIENCE)
    yield window
    if window.isVisible():
        window.document.mark_saved(Path("unused.netb"))
        window.close()
        qtbot.waitUntil(lambda: not window.isVisible(), timeout=_PATIENCE)


def press(window: QWidget, name: str) -> None:
    """Click the button of this name or text."""
    buttons = [each for each in window.findChildren(QPushButton) if name in (each.objectName(), each.text())]
    (button,) = [each for each in buttons if each.isVisible()]
    assert button.isEnabled(), button.toolTip()
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def place(column: int, row: int) -> tuple[float, float]:
    """Return a place of the canvas on a grid in which blocks don't touch."""
    return -2 * _COLUMN - 60 + column * _COLUMN, -_ROW + row * _ROW


def only_port(window: MainWindow, node: NodeId, side: Side, name: str = "") -> PortRef:
    """Return the port of this name, or the only one of a side."""
    sockets = window.canvas.canvas_scene.blocks[node].side(side)
    names = [socket.name for socket in sockets]
    assert name in names or len(names) == 1, names
    return PortRef(node, name or names[0])


def draw_classifier(window: MainWindow, qtbot: QtBot) -> dict[str, NodeId]:
    """Draw a classifier of digits, from the empty canvas to no problems; return its blocks by type."""
    canvas = window.canvas
    choose(window.inspector.project_page.source, "Handwritten digits")

    layers = ["Input", "Conv2d", "ReLU", "Flatten", "Linear"]
    nodes = {name: drag_out(window.layers, name, canvas, place(at, 0)) for at, name in enumerate(layers)}
    nodes["Label"] = drag_out(window.layers, "Input", canvas, place(2, 2))
    for at, name in enumerate(["CrossEntropy", "Accuracy", "Output"]):
        nodes[name] = drag_out(window.layers, name, canvas, place(4, 1 + at))
    assert len(window.document.project.graph) == 9

    for source, target, port in [
        *((source, target, "") for source, target in itertools.pairwise(layers)),
        ("Linear", "Output", ""),
        ("Linear", "CrossEntropy", "logits"),
        ("Label", "CrossEntropy", "target"),
        ("Linear", "Accuracy", "logits"),
        ("Label", "Accuracy", "target"),
    ]:
        start = only_port(window, nodes[source], Side.OUTPUT)
        wire(canvas, start, only_port(window, nodes[target], Side.INPUT, port))

    for name, field in (("Input", "image"), ("Label", "label")):
        click_block(canvas, nodes[name])
        form = window.inspector.block_page.form
        assert form is not None
        choice = form.field("field")
        assert isinstance(choice, ChoiceField)
        choose(choice, next(text for value, text in choice._choices if value == field))
    set_parameter(window, nodes["Linear"], "out_features", "10")
    set_parameter(window, nodes["Conv2d"], "out_channels", "8")
    qtbot.waitUntil(lambda: is_complete(window), timeout=_PATIENCE)
    return nodes


def set_parameter(window: MainWindow, node: NodeId, name: str, text: str) -> None:
    """Select a block and write a parameter into its field."""
    click_block(window.canvas, node)
    form = window.inspector.block_page.form
    assert form is not None
    field = form.field(name)
    assert isinstance(field, TextField)
    write(field, text)


def is_complete(window: MainWindow) -> bool:
    lowering = window.analysis.lowering
    return window.analysis.is_current and lowering is not None and lowering.program is not None


def picture(widget: QWidget) -> QImage:
    return widget.grab().toImage()


def reach_of_curve(window: MainWindow) -> int:
    """Return how far to the right the plot shows the colour of the loss curve, in pixels."""
    assert window.training is not None
    image = picture(window.training.loss.plot).convertToFormat(QImage.Format.Format_RGB32)
    pixels = np.frombuffer(image.constBits(), dtype=np.uint32).reshape(image.height(), -1)[:, : image.width()]
    columns = np.flatnonzero((pixels == theme().accent.rgb()).any(axis=0))
    return int(columns[-1]) if len(columns) else 0


def shown_code(window: MainWindow) -> str:
    window.show_tab(window.code)
    return window.code.text.toPlainText()


def test_from_the_empty_canvas_to_a_proven_onnx_file(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    press(window, "New network")
    qtbot.waitUntil(window.canvas.isVisible)
    nodes = draw_classifier(window, qtbot)
    session, training, activations = window.session, window.training, window.activations
    assert training is not None
    assert activations is not None
    graph = window.document.project.graph
    assert graph.node(nodes["Linear"]).params["out_features"] == 10
    qtbot.waitUntil(lambda: "self.conv2d = nn.Conv2d(1, 8, 3" in shown_code(window), timeout=_PATIENCE)
    window.show_tab(window.training_tab)

    # Save under a name
    saved = tmp_path / "by_hand.netb"
    save_in_dialog(saved)
    window.actions_by_id["save"].trigger()
    assert dumps(load(saved)) == dumps(window.document.project)
    assert "*" not in window.windowTitle()

    # Train, and see the curve grow
    epochs = training.form.field("epochs")
    assert isinstance(epochs, TextField)
    write(epochs, "400")
    press(window, "button_train")
    qtbot.waitUntil(lambda: session.state == "running", timeout=_PATIENCE)
    qtbot.waitUntil(lambda: reach_of_curve(window) > 0, timeout=_PATIENCE)
    first = reach_of_curve(window)
    qtbot.waitUntil(lambda: reach_of_curve(window) > first + 5, timeout=_PATIENCE)
    assert "train" in training.loss.legend.text()

    # Watch the convolution learn
    click_block(window.canvas, nodes["Conv2d"])
    window.show_tab(window.activations_tab)
    qtbot.waitUntil(lambda: not activations.view.is_empty(), timeout=_PATIENCE)
    before = picture(activations.view)
    qtbot.waitUntil(lambda: picture(activations.view) != before, timeout=_PATIENCE)
    assert activations.view.grab().width() > 100

    # Pause: it stands still
    window.show_tab(window.training_tab)
    press(window, "button_pause")
    qtbot.waitUntil(lambda: session.state == "paused", timeout=_PATIENCE)
    assert session.telemetry is not None
    step = session.telemetry.progress.step
    assert step > 0
    held = reach_of_curve(window)
    qtbot.wait(300)
    assert session.telemetry.progress.step == step
    assert reach_of_curve(window) == held

    # Go on, then stop; what was learned is kept
    press(window, "button_pause")
    qtbot.waitUntil(lambda: session.state == "running", timeout=_PATIENCE)
    telemetry = session.telemetry
    qtbot.waitUntil(lambda: telemetry.progress.step > step + 40, timeout=_PATIENCE)
    press(window, "button_stop")
    qtbot.waitUntil(lambda: session.state == "idle", timeout=_PATIENCE)
    assert session.ended is not None
    assert session.ended.reason == "stopped"
    assert session.trained_folder() is not None

    # Export, and use the file as an application would
    model = tmp_path / "by_hand.onnx"
    save_in_dialog(model)
    press(window, "button_export_onnx")
    qtbot.waitUntil(lambda: not window.export.busy, timeout=_PATIENCE)
    qtbot.waitUntil(lambda: "equals the network here" in window.notice.label.text(), timeout=_PATIENCE)
    assert "batch 17" in window.notice.label.text()
    assert accuracy_of(model, graph.node(nodes["Input"]).name) > 0.8


def accuracy_of(model: Path, image: str) -> float:
    """Return the share of all digits that the file alone gets right, prepared as the file says."""
    facts = {fact.key: fact.value for fact in onnx.load(model).metadata_props}
    pixels, labels = load_digits(return_X_y=True)
    digits = pixels.reshape(-1, 1, 8, 8).astype(np.float32)
    scaling = json.loads(facts["netbuilder.preprocessing"]).get(image)
    if scaling:
        digits = (digits - np.float32(scaling["subtract"])) / np.float32(scaling["divide"])
    session = onnxruntime.InferenceSession(str(model), providers=["CPUExecutionProvider"])
    (scores,) = session.run(None, {image: digits})
    assert isinstance(scores, np.ndarray)
    return float((scores.argmax(axis=1) == labels).mean())


def test_the_same_seed_gives_the_same_losses_with_the_window_open_and_without_one(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    drawing = Drawing(default_config("digits").section())
    image = drawing.put("Input", "image", field="image")
    conv = drawing.put("BatchNorm2d", "norm", drawing.put("Conv2d", "conv", image, out_channels=4))
    drop = drawing.put("Dropout", "drop", drawing.put("Flatten", "flat", conv), p=0.5)
    logits = drawing.put("Linear", "fc", drop, out_features=10)
    drawing.put("CrossEntropy", "cross_entropy", logits, drawing.put("Input", "label", field="label"))
    SetSection("training", {"device": "cpu", "epochs": 6, "seed": 7}).apply(drawing.project)

    window.document.replace(drawing.project.copy(), None)
    window.show_editor()
    qtbot.waitUntil(lambda: is_complete(window), timeout=_PATIENCE)
    click_block(window.canvas, conv)
    press(window, "button_train")
    qtbot.waitUntil(lambda: window.session.ended is not None, timeout=_PATIENCE)
    assert window.session.run is not None
    assert window.training is not None
    assert not window.training.activations.view.is_empty()  # it was looked at, from the first step to the last

    absent = Run.create(drawing.project, tmp_path / "absent")
    absent.start()
    assert absent.join(60)
    seen = window.session.run.folder
    np.testing.assert_array_equal(np.load(seen / "steps.npy"), np.load(absent.folder / "steps.npy"))
    for file in ("last.safetensors", "best.safetensors"):
        ours, theirs = load_file(seen / file), load_file(absent.folder / file)
        assert ours.keys() == theirs.keys()
        for name in ours:
            np.testing.assert_array_equal(ours[name], theirs[name], err_msg=name)
