"""The library of one's own groups in the whole window: kept, asked about, renamed, deleted, told apart."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu

from netbuilder.graph.edits import SetParameter
from netbuilder.graph.project import GroupId
from netbuilder.ui import group_library, keeping
from netbuilder.ui.canvas.menu import menu_at
from netbuilder.ui.dialogs import Message
from netbuilder.ui.main_window import MainWindow
from tests.drawing import id_of

G1 = GroupId("g1")


def make_group(window: MainWindow) -> None:
    """Make a group of two blocks; its instance is selected then."""
    window.canvas.select([id_of(window.document.project, name) for name in ("conv1", "relu1")])
    window.actions_by_id["group"].trigger()


def keep(window: MainWindow, answer: str = "") -> str:
    """Keep the selected group, giving this answer to what is asked; return the question."""
    asked: list[str] = []

    def give() -> None:
        dialog = QApplication.activeModalWidget()
        assert isinstance(dialog, Message)
        asked.append(dialog.heading.text())
        dialog.button(answer).click()

    if answer:
        QTimer.singleShot(0, give)
    window.actions_by_id["keep_group"].trigger()
    return "".join(asked)


def choose(window: MainWindow, row: str, text: str) -> None:
    """Choose a line of the menu that a row of the palette opens."""
    rows = window.layers.list
    place = rows.visualRect(window.layers.index_of(row)).center()
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, place, rows.viewport().mapToGlobal(place))
    QApplication.sendEvent(rows.viewport(), event)
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    press(menu, text)


def press(menu: QMenu, text: str) -> None:
    """Choose the line of a menu that says this."""
    chosen = next(action for action in menu.actions() if action.text() == text)
    menu.close()
    chosen.trigger()


def test_what_is_kept_under_a_name_is_not_replaced_unasked(editor: MainWindow) -> None:
    make_group(editor)
    keep(editor)
    file = group_library.folder() / "group.netb"
    before = file.read_bytes()
    keep(editor)
    assert "just as it is here" in editor.notice.label.text()
    conv = editor.document.project.groups[G1].graph.named("conv1")
    assert conv
    editor.document.apply(SetParameter(conv.id, "out_channels", 7, G1))
    assert keep(editor, "cancel") == "Replace “group”?"
    assert (group_library.files(), file.read_bytes()) == ([file], before)
    keep(editor, "both")
    assert [path.name for path in group_library.files()] == ["group.netb", "group_2.netb"]
    assert file.read_bytes() == before
    keep(editor, "replace")
    assert file.read_bytes() != before
    assert "The one before is in the trash." in editor.notice.label.text()


def test_a_kept_group_is_renamed_and_deleted_in_the_palette(editor: MainWindow) -> None:
    make_group(editor)
    keep(editor)
    file = group_library.folder() / "group.netb"
    tried: list[str] = []

    def give() -> None:
        dialog = QApplication.activeModalWidget()
        assert isinstance(dialog, keeping.NameQuestion)
        for name in ("2 fast", "tower"):
            dialog.field.selectAll()
            QTest.keyClicks(dialog.field, name)
            QTest.mouseClick(dialog.button("rename"), Qt.MouseButton.LeftButton)
            tried.append(dialog.problem.text())

    QTimer.singleShot(0, give)
    choose(editor, "kept:group", "Rename…")
    assert "can't be a name" in tried[0]
    assert "kept:tower" in editor.layers.shown()
    assert not file.exists()
    choose(editor, "kept:tower", "Delete from my library")
    assert "kept:tower" not in editor.layers.shown()
    assert "“tower” is in the trash." in editor.notice.label.text()
    assert group_library.files() == []


def test_a_group_is_kept_from_its_line_and_from_its_block(editor: MainWindow) -> None:
    make_group(editor)
    choose(editor, "group:g1", "Keep in my library")
    (kept,) = group_library.files()
    kept.unlink()
    box = editor.canvas.canvas_scene.blocks[editor.canvas.selected()[0]].area
    menu = menu_at(editor.canvas, editor.canvas.mapFromScene(box.left + 20, box.top + 20))
    press(menu, "Keep in my library")
    assert group_library.files() == [kept]


def test_what_keeps_a_group_from_being_kept_is_said_in_a_sentence(editor: MainWindow) -> None:
    make_group(editor)
    folder = group_library.folder()
    folder.parent.mkdir(parents=True)
    folder.write_bytes(b"")
    keep(editor)
    assert editor.notice.label.text() == (
        f"“group” can't be kept. The folder {folder} can't be made: there is one already."
    )
