"""Folders are shown in the desktop's file manager, or named where there is none, as on the platform of the tests."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, QUrl, Slot
from PySide6.QtGui import QDesktopServices

from netbuilder.ui.main_window import MainWindow
from netbuilder.ui.session import runs_folder


class FileManager(QObject):
    """A desktop's program for folders, which takes note of what it is to open."""

    def __init__(self) -> None:
        super().__init__()
        self.opened: list[Path] = []

    @Slot(QUrl)
    def show(self, url: QUrl) -> None:
        self.opened.append(Path(url.toLocalFile()))


def test_the_folder_of_the_runs_is_shown_in_the_file_manager(window: MainWindow) -> None:
    manager = FileManager()
    QDesktopServices.setUrlHandler("file", manager, "show")
    window.actions_by_id["show_runs"].trigger()
    QDesktopServices.unsetUrlHandler("file")
    assert manager.opened == [runs_folder()]
    assert not window.notice.isVisible()


def test_a_folder_that_nothing_can_show_is_named(window: MainWindow) -> None:
    window.actions_by_id["show_runs"].trigger()
    assert window.notice.label.text() == f"No program opens folders here. It is {runs_folder()}."
