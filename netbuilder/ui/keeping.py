"""What is asked of the library of one's own groups: keep one, give it another name, delete it, show its folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QDateTime, QLocale
from PySide6.QtWidgets import QLineEdit, QVBoxLayout

from netbuilder.diagnostics import NetbuilderError
from netbuilder.graph.project import GroupId
from netbuilder.ui import group_library
from netbuilder.ui.dialogs import Choice, Message, ask
from netbuilder.ui.folders import show_folder
from netbuilder.ui.panels.parts import words

if TYPE_CHECKING:
    from netbuilder.ui.main_window import MainWindow


def serve(window: MainWindow) -> None:
    """Do what the palette and the canvas ask of the library."""
    window.layers.keep_requested.connect(lambda group: keep(window, group))
    window.layers.rename_requested.connect(lambda path: rename(window, path))
    window.layers.delete_requested.connect(lambda path: delete(window, path))
    window.layers.show_requested.connect(lambda path: show_folder(path.parent, window.notice))
    window.canvas.keep_requested.connect(lambda group: keep(window, group))


def keep(window: MainWindow, group: GroupId) -> None:
    """Keep a group of the project; where another one of its name is kept already, ask what to do with that."""
    project = window.document.project
    name = project.groups[group].name
    old = group_library.kept(name)
    if old and group_library.is_kept(project, group):
        window.notice.tell(f"“{name}” is in your library already, just as it is here.", "good", passing=True)
        return
    another = group_library.free_name(project, name)
    answer = _ask_which(window, name, another, old) if old else "replace"
    if answer not in ("replace", "both"):
        return
    try:
        path, before = group_library.keep(project, group, another if answer == "both" else "")
    except NetbuilderError as error:
        window.notice.tell(f"“{name}” can't be kept. {error}", "error")
        return
    window.layers.refresh_groups()
    replaced = f" The one before is {_whereabouts(before)}." if before else ""
    window.notice.tell(f"“{path.stem}” is kept in your library.{replaced}", "good", passing=True)


def rename(window: MainWindow, path: Path) -> None:
    """Ask for another name of a kept group, until there is one that it can have."""
    dialog = NameQuestion(window, path)
    dialog.exec()
    dialog.deleteLater()
    window.layers.refresh_groups()


def delete(window: MainWindow, path: Path) -> None:
    """Put the file of a kept group into the trash."""
    try:
        put = group_library.put_away(path)
    except NetbuilderError as error:
        window.notice.tell(str(error), "error")
        return
    window.layers.refresh_groups()
    window.notice.tell(f"“{path.stem}” is {_whereabouts(put)}.", "good", passing=True)


class NameQuestion(Message):
    """Asks for the new name of a kept group. What can't be is said, and asked again."""

    def __init__(self, window: MainWindow, path: Path) -> None:
        choices = [Choice("cancel", "Cancel"), Choice("rename", "Rename", "primary")]
        super().__init__(
            window, f"Rename “{path.stem}”", "Projects that use it keep the name that it has there.", choices
        )
        self._path = path
        self.field = QLineEdit(path.stem)
        self.field.setAccessibleName("New name")
        self.field.selectAll()
        self.problem = words(role="error", wrap=True)
        self.problem.hide()
        column = self.layout()
        assert isinstance(column, QVBoxLayout)
        column.insertWidget(1, self.field)
        column.insertWidget(2, self.problem)
        self.field.setFocus()

    def accept(self) -> None:
        name = self.field.text().strip()
        if self.chosen == "rename" and name != self._path.stem:
            try:
                group_library.rename(self._path, name)
            except NetbuilderError as error:
                self.problem.setText(str(error))
                self.problem.show()
                return
        super().accept()


def _ask_which(window: MainWindow, name: str, another: str, old: Path) -> str:
    kept_on = QLocale().toString(QDateTime.fromSecsSinceEpoch(int(old.stat().st_mtime)).date())
    text = f"Your library has another group of this name, kept on {kept_on}. It would go to the trash."
    both = Choice("both", f"Keep both, this one as {another}", "primary")
    return ask(window, f"Replace “{name}”?", text, [Choice("cancel", "Cancel"), Choice("replace", "Replace"), both])


def _whereabouts(path: Path) -> str:
    return f"beside it, as {path.name}" if path.parent == group_library.folder() else "in the trash"
