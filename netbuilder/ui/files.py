"""New, open, save: what stands between the document and its file, with the questions that this takes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QWidget

from netbuilder.assets import examples
from netbuilder.diagnostics import NetbuilderError
from netbuilder.graph.files import LARGEST_FILE, SUFFIX, dumps, load, save
from netbuilder.graph.project import Project
from netbuilder.ui.dialogs import Choice, ask, show_problem
from netbuilder.ui.document import Document
from netbuilder.ui.file_dialog import ask_file, last_folder
from netbuilder.ui.recovery import Snapshot
from netbuilder.ui.settings import remember_file
from netbuilder.ui.typed import take_typed

_FILTER = f"NetBuilder projects (*{SUFFIX})"


class Files(QObject):
    """Brings projects into the document and onto the disk. A refused file leaves both as they were.

    What is typed in a field belongs to the open project, and is taken before it is saved or left.

    `opened` follows a project that was opened or begun.
    """

    opened = Signal()

    def __init__(self, document: Document, window: QWidget, may_replace: Callable[[], bool] = lambda: True) -> None:
        """`may_replace` is asked before another project takes the place of the open one."""
        super().__init__(window)
        self._may_replace = may_replace
        self._document = document
        self._window = window
        self._known: bytes | None = None
        """What the project's file held when it was last read or written here, as far as a project can reach.

        It is looked at before it is read: what is written meanwhile is another's.
        """

    def new(self) -> bool:
        """Begin an empty project; False if the person would rather keep the open one."""
        if not self.may_leave() or not self._may_replace():
            return False
        self._document.replace(Project(), None)
        self.opened.emit()
        return True

    def open(self, path: Path) -> bool:
        """Open a project file; False if it was refused, which the person has been told, or if they would rather stay.

        A file of the examples' folder opens as a project without a file, so that no one saves over an example.
        """
        if not self.may_leave():
            return False
        QGuiApplication.setOverrideCursor(Qt.CursorShape.WaitCursor)
        known = _content(path)
        try:
            project = load(path)
        except NetbuilderError as error:
            QGuiApplication.restoreOverrideCursor()
            show_problem(self._window, "This project can't be opened", str(error))
            return False
        QGuiApplication.restoreOverrideCursor()
        if not self._may_replace():
            return False
        is_example = path.resolve().is_relative_to(examples().resolve())
        self._document.replace(project, None if is_example else path.absolute(), name=path.stem)
        self._known = known
        if not is_example:
            remember_file(path)
        self.opened.emit()
        return True

    def choose_and_open(self) -> bool:
        """Ask for a file and open it."""
        folder = self._document.path.parent if self._document.path else last_folder()
        path = ask_file(self._window, "Open a project", QFileDialog.AcceptMode.AcceptOpen, _FILTER, folder)
        return path is not None and self.open(path)

    def restore(self, snapshot: Snapshot) -> bool:
        """Take in what a crash left unsaved; it stays unsaved until the person saves it."""
        try:
            project = snapshot.project()
        except NetbuilderError as error:
            show_problem(self._window, "The unsaved changes can't be restored", str(error))
            return False
        if not self.may_leave() or not self._may_replace():
            return False
        self._document.replace(project, snapshot.path, name=snapshot.name, modified=True)
        self._known = _content(snapshot.path) if snapshot.path else None
        self.opened.emit()
        return True

    def save(self) -> bool:
        """Save the project in its file, asking for one if it has none; False if it isn't saved.

        A file that was written from elsewhere since it was read here is not overwritten unasked.
        """
        take_typed(self._window)
        path = self._document.path
        if path is None:
            return self.save_as()
        if _content(path) in (None, self._known):
            return self._save(path)
        title = f"“{path.name}” has changed on disk"
        text = "Another window or program has written it since it was opened or saved here. Overwriting it loses that."
        choices = (Choice("stay", "Cancel"), Choice("overwrite", "Overwrite"), Choice("as", "Save as…", "primary"))
        answer = ask(self._window, title, text, choices)
        return self._save(path) if answer == "overwrite" else answer == "as" and self.save_as()

    def save_as(self) -> bool:
        """Ask for a file and save the project there, which is its file from then on."""
        take_typed(self._window)
        path = self._ask_where("Save the project")
        return path is not None and self._save(path)

    def save_copy(self) -> bool:
        """Ask for a file and save the project there; its own file and what is unsaved stay as they are.

        A copy in the project's own file is the project, saved.
        """
        take_typed(self._window)
        path = self._ask_where("Save a copy")
        if path is None:
            return False
        return self._save(path) if path == self._document.path else self._write(path)

    def may_leave(self) -> bool:
        """Ask what to do with unsaved changes, if there are any; False if the person wants to stay."""
        take_typed(self._window)
        if not self._document.modified:
            return True
        choices = (Choice("discard", "Don't save"), Choice("stay", "Cancel"), Choice("save", "Save", "primary"))
        title = f"Save the changes to “{self._document.name}”?"
        answer = ask(self._window, title, "They are lost if you don't save them.", choices)
        return self.save() if answer == "save" else answer == "discard"

    def _save(self, path: Path) -> bool:
        if not self._write(path):
            return False
        self._known = dumps(self._document.project).encode()
        self._document.mark_saved(path)
        remember_file(path)
        return True

    def _write(self, path: Path) -> bool:
        try:
            save(self._document.project, path)
        except NetbuilderError as error:
            show_problem(self._window, "The project can't be saved", f"{error} Nothing is lost: it stays open here.")
            return False
        return True

    def _ask_where(self, title: str) -> Path | None:
        suggestion = self._document.path or last_folder() / f"{self._document.name}{SUFFIX}"
        return ask_file(self._window, title, QFileDialog.AcceptMode.AcceptSave, _FILTER, suggestion)


def _content(path: Path) -> bytes | None:
    """Return what a file holds; None where there is none that can be read, which saving will tell."""
    if not path.is_file():
        return None  # a pipe would be waited for
    try:
        with open(path, "rb") as file:
            return file.read(LARGEST_FILE + 1)
    except OSError:
        return None
