"""The library of one's own groups in the whole window: kept, asked about, renamed, deleted, told apart."""

from __future__ import annotations

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from netbuilder.graph.edits import SetParameter
from netbuilder.graph.project import GroupId
from netbuilder.ui import group_library
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
