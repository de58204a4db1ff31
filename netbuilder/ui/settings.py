"""What the window remembers from one start to the next: geometry, folded layers, theme, recent files."""

from __future__ import annotations

from pathlib import Path

from platformdirs import user_config_path
from PySide6.QtCore import QSettings

_MOST_RECENT = 10


def settings() -> QSettings:
    """Return the settings file of this user."""
    return QSettings(str(user_config_path("netbuilder", appauthor=False) / "window.ini"), QSettings.Format.IniFormat)


def kept_texts(key: str) -> list[str]:
    """Return the list of texts that is kept under a key; empty where there is none."""
    kept = settings().value(key, [])  # of a single one, Qt makes a text
    return [kept] if isinstance(kept, str) else list(kept) if isinstance(kept, list) else []


def recent_files() -> list[Path]:
    """Return the project files that were open last, latest first, as far as they are still there."""
    return [path for path in map(Path, kept_texts("recent")) if path.is_file()]


def remember_file(path: Path) -> None:
    """Put this file at the head of the recent ones."""
    path = path.absolute()
    others = [other for other in recent_files() if other != path]
    settings().setValue("recent", [str(each) for each in (path, *others)][:_MOST_RECENT])


def forget_files() -> None:
    """Empty the list of recent files."""
    settings().remove("recent")
