"""What the canvas shows: zoom and place, the overview, blocks arranged to be seen."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtWidgets import QApplication, QProxyStyle, QStyle
from pytestqt.qtbot import QtBot

from netbuilder.graph.files import dumps
from tests.drawing import Drawing
from tests.ui.canvas.hand import ALT, CTRL, MIDDLE, Hand
from tests.ui.canvas.test_gestures import line

Open = Callable[..., Hand]
Key = Qt.Key


@pytest.fixture
def hand(open_canvas: Open) -> Hand:
    return open_canvas(line())


def test_home_shows_all_and_f_the_selection(hand: Hand) -> None:
    hand.canvas.camera.look(QPointF(5000, 5000), 2.0)
    hand.key(Key.Key_Home)
    seen = hand.canvas.mapToScene(hand.canvas.viewport().rect()).boundingRect()
    assert seen.contains(hand.scene.extent())
    hand.canvas.select([hand.node("add")])
    hand.key(Key.Key_F)
    assert (hand.canvas.camera.centre - QPointF(604, 192)).manhattanLength() < 3
    hand.key(Key.Key_Period)
    hand.canvas.camera.look(QPointF(0, 0), 0.5)
    hand.key(Key.Key_0, CTRL)
    assert hand.canvas.zoom() == 1.0
    assert hand.is_untouched()


def sees_all(hand: Hand) -> bool:
    return hand.canvas.mapToScene(hand.canvas.viewport().rect()).boundingRect().contains(hand.scene.extent())


def test_a_network_that_was_all_in_view_stays_so_when_the_canvas_is_resized(hand: Hand) -> None:
    hand.key(Key.Key_Home)
    large = hand.canvas.zoom()
    hand.canvas.resize(500, 300)
    assert sees_all(hand)
    assert hand.canvas.zoom() < large
    hand.canvas.resize(1200, 800)
    assert math.isclose(hand.canvas.zoom(), large)
    hand.drag(hand.body("a"), hand.body("a") + QPointF(0, 400))
    hand.canvas.resize(500, 300)
    assert sees_all(hand)


@pytest.mark.parametrize("way", ["zoom", "pan", "overview", "reveal"])
def test_where_somebody_looked_elsewhere_a_resized_canvas_looks_there_still(hand: Hand, way: str) -> None:
    hand.key(Key.Key_Home)
    match way:
        case "zoom":
            hand.wheel(hand.body("a"), 4)
        case "pan":
            hand.drag(QPointF(40, 400), QPointF(200, 500), MIDDLE)
        case "overview":
            hand.canvas.camera.look(QPointF(100, 100), hand.canvas.zoom())
        case _:
            hand.canvas.select([hand.node("add")], center=True)
    hand.settle()
    zoom, centre = hand.canvas.zoom(), hand.canvas.camera.centre
    hand.canvas.resize(700, 400)
    assert hand.canvas.zoom() == zoom
    assert (hand.canvas.camera.centre - centre).manhattanLength() < 4


def test_alt_m_hides_the_overview(hand: Hand) -> None:
    hand.canvas.camera.pan(QPoint(600, 0))
    assert hand.canvas.overview.isVisible()
    hand.key(Key.Key_M, ALT)
    assert not hand.canvas.overview.isVisible()
    hand.key(Key.Key_M, ALT)
    assert hand.canvas.overview.isVisible()


def test_l_arranges_all_blocks_in_one_undo_step(hand: Hand) -> None:
    hand.key(Key.Key_L)
    assert hand.place("image")[1] == hand.place("a")[1] == hand.place("b")[1]
    assert hand.place("image")[0] < hand.place("a")[0] < hand.place("b")[0]
    assert len({hand.place(name) for name in hand.names()}) == 5
    assert hand.undo_is_exact()


def test_a_large_network_is_arranged_off_the_gui_thread(open_canvas: Open, qtbot: QtBot) -> None:
    drawing = Drawing()
    last = drawing.put("Input", "image")
    for number in range(150):
        last = drawing.put("ReLU", f"r{number}", last)
        drawing.project.layout[last] = (0.0, 0.0)
    hand = open_canvas(drawing.project)
    with qtbot.waitSignal(hand.document.edited):
        hand.key(Key.Key_L)
        assert hand.is_untouched()
    hand.settle()
    assert len(set(hand.document.project.layout.values())) == 151
    assert hand.undo_is_exact()
    hand.key(Key.Key_L)
    hand.document.replace(line(), None)
    before = dumps(hand.document.project)
    qtbot.waitUntil(lambda: not hand.canvas.is_arranging)
    assert dumps(hand.document.project) == before


class _Still(QProxyStyle):
    """A style of a desktop that wants no motion."""

    def styleHint(self, hint: QStyle.StyleHint, *others: object) -> int:  # noqa: N802
        asked = hint == QStyle.StyleHint.SH_Widget_Animation_Duration
        return 0 if asked else super().styleHint(hint, *others)  # pyright: ignore[reportArgumentType, reportCallIssue]


def test_nothing_glides_where_the_system_wants_no_motion(hand: Hand) -> None:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    app.setStyle(_Still("Fusion"))
    hand.canvas.camera.look(QPointF(3000, 0), 1.0)
    hand.canvas.fit()
    hand.canvas.arrange()
    places = {node: (item.x(), item.y()) for node, item in hand.scene.blocks.items()}
    assert places == hand.document.project.layout
    assert (hand.canvas.camera.centre - hand.scene.extent().center()).manhattanLength() < 3


def test_the_camera_glides_between_zooms_that_all_but_agree(hand: Hand) -> None:
    camera = hand.canvas.camera
    zoom = next(z for z in (1 + n / 64 for n in range(64)) if 1 / z == 1 / math.nextafter(z, 0))
    camera.go(camera.centre, zoom)
    camera.jump()
    camera.go(camera.centre + QPointF(100, 0), math.nextafter(zoom, 0))
    camera.jump()
    assert camera.zoom == pytest.approx(zoom)
