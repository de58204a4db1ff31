from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from netbuilder.ui.search_popup import Entry, SearchPopup, find, matched_letters

LAYERS = (
    Entry("Linear", "Connect everything.", value="Linear", keywords=("dense", "fc", "fully connected")),
    Entry("Conv2d", "Slide kernels.", value="Conv2d", keywords=("conv", "convolution", "cnn")),
    Entry("ConvTranspose2d", "Upsample.", value="ConvTranspose2d", keywords=("deconvolution",)),
    Entry("LayerNorm", "Normalise features.", value="LayerNorm"),
    Entry("Export ONNX", "There is no Output block.", value="export", enabled=False),
)


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("fc", "Linear"),
        ("dense", "Linear"),
        ("fully con", "Linear"),
        ("conv", "Conv2d"),
        ("convt", "ConvTranspose2d"),
        ("norm", "LayerNorm"),
        ("ctd", "ConvTranspose2d"),
        ("onnx exp", "Export ONNX"),
    ],
)
def test_name_alias_words_and_scattered_letters_find_an_entry(query: str, first: str) -> None:
    assert find(query, LAYERS)[0].title == first


def test_what_an_entry_is_of_finds_it_too() -> None:
    loss = Entry("CrossEntropy", "Punish.", hint="Loss")
    assert find("loss", (*LAYERS, loss)) == [loss]
    assert find("cross", (*LAYERS, loss)) == [loss]


def test_nothing_is_found_for_letters_that_stand_nowhere() -> None:
    assert find("qqq", LAYERS) == []


def test_an_empty_query_shows_all_in_their_order() -> None:
    assert find("  ", LAYERS) == list(LAYERS)


def test_matched_letters_are_the_run_where_there_is_one() -> None:
    assert matched_letters("ar", "Linear") == [4, 5]
    assert matched_letters("lnr", "Linear") == [0, 2, 5]
    assert matched_letters("zz", "Linear") == []


class Stage:
    """A window with a field below the popup, and what was chosen."""

    def __init__(self, qtbot: QtBot) -> None:
        self.window = QWidget()
        self.window.resize(700, 500)
        self.below = QLineEdit(self.window)
        self.below.setGeometry(0, 460, 200, 30)
        self.popup = SearchPopup(self.below)
        self.chosen: list[object] = []
        qtbot.addWidget(self.window)
        self.window.show()
        self.below.setFocus()

    def open(self, x: int = 200, y: int = 100) -> None:
        place = self.window.mapToGlobal(QPoint(x, y))
        self.popup.open_at(place, LAYERS, lambda entry: self.chosen.append(entry.value))


@pytest.fixture
def stage(qtbot: QtBot) -> Stage:
    return Stage(qtbot)


def test_typing_an_alias_and_enter_chooses_the_layer(stage: Stage) -> None:
    stage.open()
    QTest.keyClicks(stage.popup.field, "dense")
    QTest.keyClick(stage.popup.field, Qt.Key.Key_Return)
    assert stage.chosen == ["Linear"]
    assert not stage.popup.isVisible()


def test_arrow_keys_move_through_the_results_past_disabled_ones(stage: Stage) -> None:
    stage.open()
    QTest.keyClick(stage.popup.field, Qt.Key.Key_Up)
    QTest.keyClick(stage.popup.field, Qt.Key.Key_Return)
    stage.open()
    QTest.keyClick(stage.popup.field, Qt.Key.Key_Down)
    QTest.keyClick(stage.popup.field, Qt.Key.Key_Down)
    QTest.keyClick(stage.popup.field, Qt.Key.Key_Return)
    assert stage.chosen == ["LayerNorm", "ConvTranspose2d"]


def test_escape_closes_without_a_choice_and_gives_the_keyboard_back(stage: Stage) -> None:
    stage.open()
    QTest.keyClick(stage.popup.field, Qt.Key.Key_Escape)
    assert stage.chosen == []
    assert not stage.popup.isVisible()
    assert stage.below.hasFocus()


def test_a_disabled_entry_is_shown_and_not_chosen(stage: Stage) -> None:
    stage.open()
    QTest.keyClicks(stage.popup.field, "export")
    assert stage.popup.shown_titles() == ["Export ONNX"]
    QTest.keyClick(stage.popup.field, Qt.Key.Key_Return)
    assert stage.chosen == []
    assert stage.popup.isVisible()


def test_a_click_on_a_result_chooses_it(stage: Stage) -> None:
    stage.open()
    results = stage.popup.list
    place = results.visualRect(results.model().index(1, 0)).center()
    QTest.mouseClick(results.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert stage.chosen == ["Conv2d"]


def test_a_click_elsewhere_closes(stage: Stage) -> None:
    stage.open()
    QTest.mouseClick(stage.below, Qt.MouseButton.LeftButton)
    assert not stage.popup.isVisible()


@pytest.mark.parametrize("corner", [(0, 0), (699, 499), (0, 499), (699, 0)])
def test_the_popup_stays_inside_the_window(stage: Stage, corner: tuple[int, int]) -> None:
    stage.open(*corner)
    assert stage.window.rect().contains(stage.popup.geometry())


def test_each_opening_starts_with_an_empty_field(stage: Stage) -> None:
    stage.open()
    QTest.keyClicks(stage.popup.field, "conv")
    QTest.keyClick(stage.popup.field, Qt.Key.Key_Escape)
    stage.open()
    assert stage.popup.field.text() == ""
    assert len(stage.popup.shown_titles()) == len(LAYERS)


def test_the_keyboard_goes_back_to_where_it_was_however_often_it_is_opened(stage: Stage) -> None:
    other = QLineEdit(stage.window)
    other.show()
    other.setFocus()
    stage.open()
    stage.open()
    QTest.keyClick(stage.popup.field, Qt.Key.Key_Escape)
    assert other.hasFocus()


def test_a_window_that_goes_takes_the_open_popup_with_it(stage: Stage, qtbot: QtBot) -> None:
    stage.open()
    stage.window.close()
    assert not stage.popup.isVisible()
    field = QLineEdit()
    qtbot.addWidget(field)
    field.show()
    QTest.mouseClick(field, Qt.MouseButton.LeftButton)
    QTest.keyClicks(field, "a")
    assert field.text() == "a"
