"""What is typed in a field and not yet taken: a click that leaves the keyboard where it is does not ask for it."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from netbuilder.ui.canvas.overlays import RenameField
from netbuilder.ui.fields import TextField
from netbuilder.ui.paragraphs import ParagraphField


def take_typed(window: QWidget) -> None:
    """Let the field of a window in which something is typed take it, as Enter would: what comes next counts on it."""
    field = window.focusWidget()
    if isinstance(field, TextField | ParagraphField | RenameField):
        field.commit()
