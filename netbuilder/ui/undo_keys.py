"""Whose undo it is: a field's while something is typed in it, else the project's."""

from __future__ import annotations

from PySide6.QtGui import QKeyEvent, QKeySequence


def is_undo_or_redo(event: QKeyEvent) -> bool:
    """Tell whether a key undoes or redoes. A field takes it only while something is typed that is not committed yet,
    and forgets its own steps with each commit: what was committed is a step of the project.
    """
    return event.matches(QKeySequence.StandardKey.Undo) or event.matches(QKeySequence.StandardKey.Redo)
