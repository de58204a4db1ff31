from __future__ import annotations

import re
from html import unescape

import pytest
from PySide6.QtCore import QBuffer, QPoint, Qt
from PySide6.QtGui import QContextMenuEvent, QFont, QFontMetrics, QPainter
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from netbuilder.blocks import registry
from netbuilder.graph.edits import RenameGroup
from netbuilder.graph.files import dumps
from netbuilder.graph.project import group_type
from netbuilder.ui import group_intents, group_library, offers
from netbuilder.ui.document import Document
from netbuilder.ui.offers import BLOCK_MIME
from netbuilder.ui.panels.palette import Palette
from netbuilder.ui.panels.palette_list import ghost
from netbuilder.ui.panels.palette_rows import SECTION_ROLE
from netbuilder.ui.theme import set_theme, text_font, theme
from tests.drawing import Drawing
from tests.ui.asking import do


@pytest.fixture
def document() -> Document:
    return Document()


@pytest.fixture
def palette(document: Document, qtbot: QtBot) -> Palette:
    palette = Palette(document)
    qtbot.addWidget(palette)
    palette.resize(208, 700)
    palette.show()
    return palette


@pytest.fixture
def requested(palette: Palette) -> list[str]:
    blocks: list[str] = []
    palette.block_requested.connect(blocks.append)
    return blocks


def everything() -> list[str]:
    """Return what the palette offers where no group has been made: all blocks, then the ready-made groups."""
    return [*registry.blocks(), *map(group_library.entry, group_library.ready_made())]


def test_every_block_is_listed_under_its_category(palette: Palette) -> None:
    assert palette.shown() == everything()
    rows = [palette.list.model().index(row, 0).data() for row in range(palette.list.model().rowCount())]
    for category, blocks in registry.by_category().items():
        start = rows.index(category)
        assert rows[start + 1 : start + 1 + len(blocks)] == [block.__name__ for block in blocks]


def test_a_group_is_called_and_explained_as_in_the_search(palette: Palette, document: Document) -> None:
    drawing = Drawing()
    with drawing.group("stage") as stage:
        drawing.put("Input", "x")
    group_library.keep(drawing.project, stage)
    with drawing.group("other"):
        drawing.put("Input", "x")
    do(drawing.project, group_intents.rename_group(drawing.project, stage, "first"))
    document.replace(drawing.project, None)
    found = {offer.entry.value: offer.entry for offer in offers.offers(document.project, None)}
    listed = {*map(group_type, document.project.groups), *map(group_library.entry, group_library.files())}
    assert len(listed) == 3
    for each in (*listed, *map(group_library.entry, group_library.ready_made())):
        row = palette.index_of(each)
        assert row.data() == found[each].title
        assert found[each].subtitle in unescape(row.data(Qt.ItemDataRole.ToolTipRole))


@pytest.mark.parametrize(
    ("alias", "block"), [("fc", "Linear"), ("dense", "Linear"), ("cnn", "Conv1d"), ("norm", "LayerNorm")]
)
def test_an_alias_finds_its_block(palette: Palette, alias: str, block: str) -> None:
    QTest.keyClicks(palette.search, alias)
    assert block in palette.shown()
    assert len(palette.shown()) < len(registry.blocks())


def test_enter_in_the_search_adds_the_best_match(palette: Palette, requested: list[str]) -> None:
    QTest.keyClicks(palette.search, "dense")
    QTest.keyClick(palette.search, Qt.Key.Key_Return)
    assert requested == ["Linear"]


def test_arrows_go_through_the_blocks_past_the_headings(palette: Palette, requested: list[str]) -> None:
    for _ in range(3):
        QTest.keyClick(palette.search, Qt.Key.Key_Down)
    QTest.keyClick(palette.search, Qt.Key.Key_Return)
    assert requested == [list(registry.blocks())[2]]


def click_heading(palette: Palette, category: str) -> None:
    model = palette.list.model()
    row = next(row for row in range(model.rowCount()) if model.index(row, 0).data() == category)
    place = palette.list.visualRect(model.index(row, 0)).center()
    QTest.mouseClick(palette.list.viewport(), Qt.MouseButton.LeftButton, pos=place)


def test_a_click_on_a_heading_folds_its_category_and_another_unfolds_it(palette: Palette) -> None:
    blocks, folded = everything(), [block.__name__ for block in registry.by_category()["Convolution"]]
    click_heading(palette, "Convolution")
    assert palette.shown() == [block for block in blocks if block not in folded]
    click_heading(palette, "Convolution")
    assert palette.shown() == blocks


def test_a_folded_category_is_searched_and_stays_folded(palette: Palette) -> None:
    click_heading(palette, "Convolution")
    QTest.keyClicks(palette.search, "conv2d")
    assert palette.shown()[0] == "Conv2d"
    QTest.keyClick(palette.search, Qt.Key.Key_Escape)
    assert "Conv2d" not in palette.shown()


def test_left_folds_and_right_unfolds(palette: Palette, requested: list[str]) -> None:
    before = palette.shown()
    QTest.keyClick(palette.list, Qt.Key.Key_Down)
    QTest.keyClick(palette.list, Qt.Key.Key_Left)
    assert palette.shown() == before[len(registry.by_category()["Input and output"]) :]
    QTest.keyClick(palette.list, Qt.Key.Key_Down)
    QTest.keyClick(palette.list, Qt.Key.Key_Up)
    QTest.keyClick(palette.list, Qt.Key.Key_Right)
    assert palette.shown() == before
    assert requested == []


def test_escape_shows_all_blocks_again(palette: Palette) -> None:
    QTest.keyClicks(palette.search, "conv")
    QTest.keyClick(palette.search, Qt.Key.Key_Escape)
    assert palette.search.text() == ""
    assert palette.shown() == everything()


def test_typing_in_the_list_searches(palette: Palette) -> None:
    QTest.keyClick(palette.list, Qt.Key.Key_F)
    QTest.keyClicks(palette.search, "c")
    assert palette.search.text() == "fc"
    assert palette.shown()[0] == "Linear"


def test_nothing_found_is_said(palette: Palette, requested: list[str]) -> None:
    QTest.keyClicks(palette.search, "qqqq")
    assert palette.shown() == []
    assert "qqqq" in palette.list.model().index(0, 0).data()
    QTest.keyClick(palette.search, Qt.Key.Key_Return)
    assert requested == []


def test_a_double_click_asks_for_the_block(palette: Palette, requested: list[str]) -> None:
    viewport = palette.list.viewport()
    place = palette.list.visualRect(palette.index_of("Conv2d")).center()
    QTest.mouseClick(viewport, Qt.MouseButton.LeftButton, pos=place)
    QTest.mouseDClick(viewport, Qt.MouseButton.LeftButton, pos=place)
    assert requested == ["Conv2d"]


def test_what_is_dragged_is_the_id_of_the_block(palette: Palette) -> None:
    data = palette.list.model().mimeData([palette.index_of("Conv2d")])
    assert bytes(data.data(BLOCK_MIME).data()) == b"Conv2d"
    assert palette.list.model().flags(palette.index_of("Conv2d")) & Qt.ItemFlag.ItemIsDragEnabled


@pytest.mark.parametrize("ratio", [1.0, 2.0])
def test_the_picture_under_the_pointer_is_a_block_in_its_colour(palette: Palette, ratio: float) -> None:
    picture = ghost(registry.blocks()["Conv2d"], ratio)
    assert (picture.width(), picture.height()) == (168 * ratio, 64 * ratio)
    stripe = picture.toImage().pixelColor(int(3 * ratio), int(32 * ratio))
    wanted = theme().category("Convolution")
    assert abs(stripe.hue() - wanted.hue()) < 4


@pytest.mark.parametrize("look", ["light", "dark"])
def test_each_block_has_the_square_of_its_category(palette: Palette, look: str, qtbot: QtBot) -> None:
    set_theme("light" if look == "light" else "dark")
    picture = palette.list.viewport().grab().toImage()
    rect = palette.list.visualRect(palette.index_of("Conv2d"))
    ratio = picture.devicePixelRatio()
    colour = picture.pixelColor(int(22 * ratio), int(rect.center().y() * ratio))
    assert colour == theme().category("Convolution")


def test_tooltips_teach(palette: Palette) -> None:
    tip = palette.index_of("Linear").data(Qt.ItemDataRole.ToolTipRole)
    assert "<b>Linear</b>" in tip
    assert "y = x Wᵗ + b" in tip
    assert "dense" in tip


def written(palette: Palette) -> list[tuple[str, float]]:
    """Return the texts that are painted in the list, as they are written there, each with where it begins."""
    picture = QBuffer()
    drawing = QSvgGenerator()
    drawing.setOutputDevice(picture)
    drawing.setSize(palette.list.viewport().size())
    painter = QPainter(drawing)
    palette.list.viewport().render(painter, QPoint())
    painter.end()
    found = re.findall('<text[^>]* x="([0-9.]+)"[^>]*>([^<]*)', bytes(picture.data().data()).decode())
    return [(unescape(text).strip(), float(left)) for left, text in found]


def test_a_heading_makes_room_for_its_count_and_is_whole_in_its_tooltip(palette: Palette, document: Document) -> None:
    drawing = Drawing()
    with drawing.group("stage"):
        drawing.put("Input", "x")
    document.replace(drawing.project, None)
    assert [text for text, _ in written(palette)[:2]] == ["1", offers.IN_PROJECT]
    palette.resize(140, 700)
    (count, end), (heading, left), *_ = written(palette)
    assert count == "1"
    assert heading.endswith("…")
    assert left + QFontMetrics(text_font(12, QFont.Weight.DemiBold)).horizontalAdvance(heading) < end
    assert offers.IN_PROJECT.startswith(heading.removesuffix("…"))
    tip = palette.list.model().index(0, 0).data(Qt.ItemDataRole.ToolTipRole)
    assert tip == offers.IN_PROJECT


def test_groups_of_the_project_and_kept_ones_come_first(
    palette: Palette, document: Document, requested: list[str]
) -> None:
    drawing = Drawing()
    with drawing.group("stage") as stage:
        drawing.put("Input", "x")
    group_library.keep(drawing.project, stage)
    palette.refresh_groups()
    assert palette.shown()[0] == "kept:stage"
    document.replace(drawing.project, None)
    assert palette.shown()[:2] == ["group:g1", "kept:stage"]
    headings = [palette.list.model().index(row, 0).data() for row in (0, 2)]
    assert headings == ["Groups of this project", "My library"]
    palette.search.setText("stage")
    listed = [palette.index_of(each).data(SECTION_ROLE) for each in palette.shown()]
    assert listed == ["project", "library"], "two of one name are told apart"
    document.apply(RenameGroup(stage, "encoder"))
    palette.search.setText("enc")
    QTest.keyClick(palette.search, Qt.Key.Key_Return)
    assert requested == ["group:g1"]


def test_ready_made_groups_come_last_and_give_way_to_ones_own(palette: Palette, requested: list[str]) -> None:
    assert palette.shown()[-1] == "kept:UNetUp"
    palette.search.setText("incep")
    assert palette.shown()[-1] == "kept:Inception"
    drawing = Drawing()
    with drawing.group("Inception") as inception:
        drawing.put("Input", "x")
    path, _ = group_library.keep(drawing.project, inception)
    assert group_library.path_of("kept:Inception") == path
    assert "Inception" not in {ready.stem for ready in group_library.ready_made()}
    palette.search.setText("unetup")
    QTest.keyClick(palette.search, Qt.Key.Key_Return)
    assert requested == ["kept:UNetUp"]


def own_groups(document: Document) -> tuple[str, str]:
    """Take in a project with a group that is used and one that is not; return their types."""
    drawing = Drawing()
    with drawing.group("used") as used:
        drawing.put("Input", "x")
    with drawing.group("unused") as unused:
        drawing.put("Input", "x")
    drawing.put_group(used, "box")
    document.replace(drawing.project, None)
    return group_type(used), group_type(unused)


def menu_of(palette: Palette, row: str) -> QMenu | None:
    """Press the right button on a row, and return the menu that opens."""
    viewport = palette.list.viewport()
    place = palette.list.visualRect(palette.index_of(row)).center()
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, place, viewport.mapToGlobal(place))
    QApplication.sendEvent(viewport, event)
    menu = QApplication.activePopupWidget()
    assert menu is None or isinstance(menu, QMenu)
    return menu


def test_a_group_that_nothing_uses_is_deleted_from_its_menu(palette: Palette, document: Document) -> None:
    used, unused = own_groups(document)
    before = dumps(document.project)
    menu = menu_of(palette, unused)
    assert menu
    _, delete = menu.actions()
    QTest.mouseClick(menu, Qt.MouseButton.LeftButton, pos=menu.actionGeometry(delete).center())
    assert palette.shown()[0] == used
    assert unused not in palette.shown()
    assert document.undo_stack.undoText() == "Delete unused"
    document.undo_stack.undo()
    assert dumps(document.project) == before
    assert palette.shown()[:2] == [used, unused]


def test_a_group_that_is_used_says_so_in_its_menu(palette: Palette, document: Document) -> None:
    used, _ = own_groups(document)
    menu = menu_of(palette, used)
    assert menu
    _, delete = menu.actions()
    assert not delete.isEnabled()
    assert "“box” is an instance of it" in delete.toolTip()
    menu.close()


def test_the_delete_key_deletes_a_group_or_says_why_not(palette: Palette, document: Document) -> None:
    used, unused = own_groups(document)
    told: list[str] = []
    palette.refused.connect(told.append)
    QTest.keyClick(palette.list, Qt.Key.Key_Down)
    QTest.keyClick(palette.list, Qt.Key.Key_Delete)
    assert "“box” is an instance of it" in told[0]
    QTest.keyClick(palette.list, Qt.Key.Key_Down)
    QTest.keyClick(palette.list, Qt.Key.Key_Delete)
    assert unused not in palette.shown()
    assert palette.list.currentIndex() == palette.index_of(palette.shown()[1])
    QTest.keyClick(palette.list, Qt.Key.Key_Delete)
    assert len(told) == 1, "a block of the library is not deleted, and nothing is said"
    assert used in palette.shown()


def test_a_block_of_the_library_has_no_menu(palette: Palette) -> None:
    assert menu_of(palette, "Input") is None
