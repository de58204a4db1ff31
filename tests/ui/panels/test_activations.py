from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from netbuilder.graph.edits import AddNode, RemoveNode, SetSection
from netbuilder.graph.model import Node, NodeId
from netbuilder.ui.document import Document
from netbuilder.ui.panels import colormaps
from netbuilder.ui.panels.activations import Activations
from netbuilder.ui.panels.pictures import ActivationView, HistogramView
from netbuilder.ui.session import Session
from netbuilder.ui.theme import set_theme, theme
from tests.ui.panels.runs import HandSession

Named = Callable[[str], NodeId]


@pytest.fixture
def session(document: Document) -> HandSession:
    return HandSession(document.project)


@pytest.fixture
def panel(document: Document, session: HandSession, qtbot: QtBot) -> Activations:
    panel = Activations(document, cast(Session, session))
    qtbot.addWidget(panel)
    panel.resize(900, 260)
    panel.show()
    return panel


def watched(session: HandSession) -> tuple[NodeId, int] | None:
    assert session.telemetry is not None
    return session.telemetry.watched()


def test_before_a_run_it_says_what_will_be_here(panel: Activations) -> None:
    assert "while the network trains" in panel.message()


def test_the_selected_block_is_watched(panel: Activations, session: HandSession, node: Named) -> None:
    session.begin("one")
    panel.set_selection([node("conv1")])
    assert watched(session) == (node("conv1"), 0)
    panel.set_selection([node("classes"), node("conv1")])
    assert watched(session) == (node("classes"), 0)


def test_without_a_selection_the_last_convolution_is_watched(
    panel: Activations, session: HandSession, node: Named
) -> None:
    session.begin("one")
    session.poll()
    assert watched(session) == (node("conv2"), 0)


def test_nothing_is_watched_unseen(panel: Activations, session: HandSession, node: Named) -> None:
    session.begin("one")
    panel.set_selection([node("conv1")])
    panel.hide()
    assert watched(session) is None
    session.poll()
    assert watched(session) is None
    panel.show()
    assert watched(session) == (node("conv1"), 0)


def test_the_panel_in_sight_has_its_way_over_one_that_is_hidden_after_it(
    panel: Activations, document: Document, session: HandSession, node: Named, qtbot: QtBot
) -> None:
    other = Activations(document, cast(Session, session), compact=True)
    qtbot.addWidget(other)
    session.begin("one")
    panel.set_selection([node("conv1")])
    other.set_selection([node("conv1")])
    other.show()
    panel.hide()
    session.poll()
    assert watched(session) == (node("conv1"), 0)


def test_a_frame_is_shown_with_its_caption(panel: Activations, session: HandSession, node: Named) -> None:
    session.begin("one")
    panel.set_selection([node("conv2")])
    session.look(node("conv2"), np.random.default_rng(0).random((8, 8, 8)))
    assert panel.message() == ""
    assert panel.caption() == "conv2 · step 161 · 8 maps of sample 5"
    session.look(node("conv2"), np.zeros((12, 16)))
    assert panel.caption() == "conv2 · step 161 · 12 × 16 values of sample 5"
    session.look(node("conv2"), np.zeros(10))
    assert panel.caption() == "conv2 · step 161 · 10 values of sample 5"


@pytest.mark.parametrize("name", ["loss", "accuracy"])
def test_a_loss_is_of_all_samples_and_of_none_alone(
    panel: Activations, session: HandSession, node: Named, name: str
) -> None:
    session.begin("one")
    panel.set_selection([node(name)])
    session.look(node(name), np.zeros(1))
    assert panel.caption() == f"{name} · step 161 · 1 value of all samples together"


def test_where_there_is_little_room_the_caption_is_short(
    document: Document, session: HandSession, node: Named, qtbot: QtBot
) -> None:
    panel = Activations(document, cast(Session, session), compact=True)
    qtbot.addWidget(panel)
    panel.show()
    session.begin("one")
    panel.set_selection([node("conv2")])
    session.look(node("conv2"), np.zeros((8, 8, 8)))
    assert panel.caption() == "conv2 · step 161 · 8 maps"


@pytest.mark.parametrize(("name", "has_names"), [("classes", True), ("logits", True), ("flatten", False)])
def test_bars_of_a_classifier_bear_the_names_of_the_classes(
    panel: Activations, document: Document, session: HandSession, node: Named, name: str, has_names: bool
) -> None:
    data = document.project.data
    document.apply(SetSection("data", _renamed(data, [f"digit {number}" for number in range(10)])))
    session.project = document.project
    session.begin("one")
    panel.set_selection([node(name)])
    values = np.linspace(-2, 3, 10)
    session.look(node(name), values)
    named = panel.view.grab().toImage()
    document.apply(SetSection("data", _renamed(data, [f"figure {number}" for number in range(10)])))
    session.begin("two")
    session.look(node(name), values)
    assert (panel.view.grab().toImage() != named) is has_names


def _renamed(data: Any, classes: list[str]) -> dict[str, Any]:
    fields = {**data["fields"], "label": {**data["fields"]["label"], "classes": classes}}
    return {**data, "fields": fields}


def test_a_new_frame_is_another_picture(panel: Activations, session: HandSession, node: Named) -> None:
    session.begin("one")
    panel.set_selection([node("conv2")])
    pictures: list[QImage] = []
    for seed in range(2):
        session.look(node("conv2"), np.random.default_rng(seed).random((8, 8, 8)), step=seed)
        pictures.append(panel.view.grab().toImage())
    assert pictures[0] != pictures[1]


def test_a_frame_of_another_block_is_not_shown(panel: Activations, session: HandSession, node: Named) -> None:
    session.begin("one")
    panel.set_selection([node("conv1")])
    session.look(node("conv2"), np.zeros((8, 8, 8)))
    assert panel.message() == "Looking …"


def test_the_specimen_is_picked_by_its_number(panel: Activations, session: HandSession, node: Named) -> None:
    session.begin("one")
    panel.set_selection([node("conv1")])
    panel.sample.setFocus()
    QTest.keyClick(panel.sample, Qt.Key.Key_Up)
    assert watched(session) == (node("conv1"), 1)
    panel.sample.selectAll()
    QTest.keyClicks(panel.sample, "99")
    QTest.keyClick(panel.sample, Qt.Key.Key_Return)
    assert watched(session) == (node("conv1"), 1)
    assert panel.sample.property("invalid") is True


def test_a_block_that_is_not_trained_says_so(
    panel: Activations, document: Document, session: HandSession, node: Named
) -> None:
    session.begin("one")
    document.apply(AddNode(Node(NodeId("n77"), "ReLU", "late", {})))
    panel.set_selection([NodeId("n77")])
    assert "train anew" in panel.message()
    document.apply(RemoveNode(NodeId("n77")))
    session.poll()
    assert watched(session) == (node("conv2"), 0)


# Pictures


def view(values: np.ndarray, width: int, height: int, qtbot: QtBot) -> tuple[ActivationView, QImage]:
    widget = ActivationView()
    qtbot.addWidget(widget)
    widget.resize(width, height)
    widget.show_values(values.astype(np.float32))
    return widget, widget.grab().toImage()


def test_every_value_of_a_map_is_a_square_of_its_colour(qtbot: QtBot) -> None:
    values = np.arange(16).reshape(1, 4, 4)
    _, picture = view(values, 80, 80, qtbot)
    ratio = picture.devicePixelRatio()
    side = int(20 * ratio)
    places = colormaps.indices(values.reshape(4, 4).astype(np.float32), *np.percentile(values, (1, 99)))
    for row in range(4):
        for column in range(4):
            wanted = colormaps.ramp("dark")[places[row, column]].tolist()
            for inset in (1, side - 2):
                colour = picture.pixelColor(column * side + inset, row * side + inset)
                assert [colour.red(), colour.green(), colour.blue()] == wanted


def test_maps_lie_in_full_rows(qtbot: QtBot) -> None:
    values = np.full((32, 4, 4), 1.0)
    values[:, 0, 0] = 0.0
    _, picture = view(values, 260, 130, qtbot)
    background = picture.pixelColor(picture.width() - 1, picture.height() - 1)
    gaps = [all(picture.pixelColor(x, y) == background for y in range(0, 100)) for x in range(picture.width())]
    starts = [x for x in range(1, len(gaps)) if gaps[x - 1] and not gaps[x]]
    assert len(starts) + 1 == 8


def test_bars_rise_and_fall_from_nought(qtbot: QtBot) -> None:
    _, picture = view(np.array([1.0, -1.0]), 80, 120, qtbot)
    accent = theme().accent
    assert picture.pixelColor(10, 20) == accent
    assert picture.pixelColor(10, 90) != accent
    assert picture.pixelColor(50, 90).blue() > picture.pixelColor(50, 20).blue() + 40


@pytest.mark.parametrize("shape", [(), (1,), (300,), (5000,), (3, 7), (2, 3, 4), (2, 2, 3, 4), (64, 1, 1), (1, 256, 3)])
def test_any_shape_of_any_values_is_painted(shape: tuple[int, ...], qtbot: QtBot) -> None:
    values = np.atleast_1d(np.random.default_rng(0).normal(size=shape))
    values.flat[0] = np.nan
    values.flat[-1] = np.inf if values.size > 1 else np.nan
    for size in ((300, 160), (80, 60), (20, 200)):
        widget, picture = view(values, *size, qtbot)
        assert not widget.is_empty()
        assert len({picture.pixelColor(x, y).name() for x in range(0, 80, 3) for y in range(0, 60, 3)}) > 1


def test_values_of_classes_are_rows_with_the_largest_in_the_accent(qtbot: QtBot) -> None:
    widget = ActivationView()
    qtbot.addWidget(widget)
    widget.resize(300, 120)
    widget.show_values(np.array([0.5, 3.0, -1.0, 0.1], dtype=np.float32), ["cat", "dog", "horse", "cow"])
    picture = widget.grab().toImage()
    height, accent = picture.height(), theme().accent
    rows = [min(26, 120 // 4) * row + 13 for row in range(4)]
    assert height >= 120
    found = [any(picture.pixelColor(x, y) == accent for x in range(60, 240)) for y in rows]
    assert found == [False, True, False, False]


def test_bars_have_an_axis_where_there_is_room(qtbot: QtBot) -> None:
    _, narrow = view(np.array([1.0, -1.0]), 80, 120, qtbot)
    _, wide = view(np.array([1.0, -1.0]), 400, 120, qtbot)
    assert narrow.pixelColor(10, 20) == theme().accent
    assert wide.pixelColor(10, 20) != theme().accent
    assert any(wide.pixelColor(x, 20) == theme().accent for x in range(40, 100))


def test_the_picture_changes_with_the_theme(qtbot: QtBot) -> None:
    widget, dark = view(np.arange(16).reshape(1, 4, 4), 80, 80, qtbot)
    set_theme("light")
    light = widget.grab().toImage()
    assert dark.pixelColor(QPoint(2, 2)) != light.pixelColor(QPoint(2, 2))


def test_a_histogram_has_a_bar_for_each_count(qtbot: QtBot) -> None:
    widget = HistogramView()
    qtbot.addWidget(widget)
    widget.resize(160, 100)
    widget.show_counts(np.array([0, 4, 2, 0]), np.array([-1, -0.5, 0, 0.5, 1], dtype=np.float32))
    picture = widget.grab().toImage()
    ratio = picture.devicePixelRatio()
    background = picture.pixelColor(int(20 * ratio), int(40 * ratio))
    filled = [picture.pixelColor(int(x * ratio), int(60 * ratio)) != background for x in (20, 60, 100, 140)]
    assert filled == [False, True, True, False]
    assert picture.pixelColor(int(100 * ratio), int(10 * ratio)) == background


@pytest.mark.parametrize("look", ["dark", "light"])
def test_ramps_are_even_to_the_eye(look: str) -> None:
    red, green, blue = (colormaps.ramp(look)[:, channel] / 255.0 for channel in range(3))
    linear = [np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4) for c in (red, green, blue)]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    lightness = np.where(luminance > 0.008856, 116 * np.cbrt(luminance) - 16, 903.3 * luminance)
    steps = np.diff(lightness)
    assert np.all(steps > 0) if look == "dark" else np.all(steps < 0)
    assert abs(lightness[-1] - lightness[0]) > 60
    assert np.abs(steps).max() < 3 * np.abs(steps).mean()
