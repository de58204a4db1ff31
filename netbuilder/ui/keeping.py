"""What is asked of the library of one's own groups: keep one, give it another name, delete it, show its file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QDateTime, QLocale

from netbuilder.diagnostics import NetbuilderError
from netbuilder.graph.project import GroupId
from netbuilder.ui import group_library
from netbuilder.ui.dialogs import Choice, ask

if TYPE_CHECKING:
    from netbuilder.ui.main_window import MainWindow


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
    except (NetbuilderError, OSError) as error:
        window.notice.tell(f"The group can't be kept: {error}", "error")
        return
    window.layers.refresh_groups()
    replaced = f" The one before is {_whereabouts(before)}." if before else ""
    window.notice.tell(f"“{path.stem}” is kept in your library.{replaced}", "good", passing=True)


def _ask_which(window: MainWindow, name: str, another: str, old: Path) -> str:
    kept_on = QLocale().toString(QDateTime.fromSecsSinceEpoch(int(old.stat().st_mtime)).date())
    text = f"Your library has another group of this name, kept on {kept_on}. It would go to the trash."
    both = Choice("both", f"Keep both, this one as {another}", "primary")
    return ask(window, f"Replace “{name}”?", text, [Choice("cancel", "Cancel"), Choice("replace", "Replace"), both])


def _whereabouts(path: Path) -> str:
    return f"beside it, as {path.name}" if path.parent == group_library.folder() else "in the trash"
