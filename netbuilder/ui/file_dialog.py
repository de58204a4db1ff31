"""Asking for a file, with Qt's own dialog in the program's dress where the desktop has none of its own."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QFileInfo, QSize
from PySide6.QtGui import QAbstractFileIconProvider, QIcon
from PySide6.QtWidgets import QFileDialog, QToolButton, QWidget

from netbuilder.ui.settings import settings
from netbuilder.ui.theme import icon

_SIZE = QSize(780, 480)

_BUTTONS = {
    "backButton": "mdi6.arrow-left",
    "forwardButton": "mdi6.arrow-right",
    "toParentButton": "mdi6.arrow-up",
    "newFolderButton": "mdi6.folder-plus-outline",
    "listModeButton": "mdi6.view-list-outline",
    "detailModeButton": "mdi6.view-headline",
}
"""The tool buttons of Qt's dialog, by the names that it gives them."""

_PLACES = {
    QAbstractFileIconProvider.IconType.Computer: "mdi6.laptop",
    QAbstractFileIconProvider.IconType.Desktop: "mdi6.monitor",
    QAbstractFileIconProvider.IconType.Drive: "mdi6.harddisk",
    QAbstractFileIconProvider.IconType.Folder: "mdi6.folder-outline",
}


class _Icons(QAbstractFileIconProvider):
    """Folders and files from the program's icon font."""

    def icon(self, place: QAbstractFileIconProvider.IconType | QFileInfo) -> QIcon:  # pyright: ignore[reportIncompatibleMethodOverride]
        if isinstance(place, QFileInfo):
            return icon("mdi6.folder-outline" if place.isDir() else "mdi6.file-outline", "muted")
        return icon(_PLACES.get(place, "mdi6.file-outline"), "muted")


def ask_file(
    window: QWidget, title: str, mode: QFileDialog.AcceptMode, name_filter: str, suggestion: Path
) -> Path | None:
    """Ask for a file to write, or for one to read, and return it; None if the person went away.

    `suggestion` is a file to write, or the folder in which to look.
    """
    writes = mode == QFileDialog.AcceptMode.AcceptSave
    dialog = QFileDialog(window, title, str(suggestion.parent if writes else suggestion), name_filter)
    dialog.setAcceptMode(mode)
    dialog.setFileMode(QFileDialog.FileMode.AnyFile if writes else QFileDialog.FileMode.ExistingFile)
    if writes:
        dialog.setDefaultSuffix(suggestion.suffix.removeprefix("."))
        dialog.selectFile(suggestion.name)
    dialog.resize(_SIZE)
    icons = _Icons()
    dialog.setIconProvider(icons)
    for name, glyph in _BUTTONS.items():
        button = dialog.findChild(QToolButton, name)  # none of them in a desktop's own dialog
        if isinstance(button, QToolButton):
            button.setIcon(icon(glyph, "muted"))
            button.setIconSize(QSize(18, 18))
            button.setProperty("role", "quiet")
    accepted = dialog.exec()
    chosen = dialog.selectedFiles()
    dialog.deleteLater()
    if not accepted or not chosen:
        return None
    path = Path(chosen[0])
    settings().setValue("folder", str(path.parent))
    return path


def last_folder() -> Path:
    """Return the folder in which a file was chosen last, or the person's own if it is gone."""
    folder = Path(str(settings().value("folder", "")))
    return folder if folder.is_absolute() and folder.is_dir() else Path.home()
