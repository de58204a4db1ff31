"""Folders shown in the desktop's file manager."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices

from netbuilder.ui.notice import Notice


def show_folder(folder: Path, notice: Notice) -> None:
    """Open a folder in the file manager; where nothing can, say which it is."""
    if not QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder))):
        notice.tell(f"No program opens folders here. It is {folder}.", "warning")
