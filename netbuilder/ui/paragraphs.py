"""A field for text of several paragraphs."""

from __future__ import annotations

from math import ceil

from PySide6.QtCore import QEvent, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QPlainTextEdit, QSizePolicy, QWidget

from netbuilder.ui.undo_keys import is_undo_or_redo

_LEAST, _MOST = 3, 12
"""Lines that are shown without scrolling."""


class ParagraphField(QPlainTextEdit):
    """Text of several lines, as high as what is in it. `committed(text)` says what the person wants.

    Leaving commits, Ctrl+Enter does too, Esc takes back what was typed; Tab goes on to the next field.
    """

    committed = Signal(str)
    reverted = Signal()
    """What was typed is given up."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown = ""
        self.setProperty("role", "field")
        self.setTabChangesFocus(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.textChanged.connect(self.updateGeometry)

    def is_modified(self) -> bool:
        """Tell whether something was typed that is not committed yet."""
        return self.document().isModified()

    def show_text(self, text: str) -> None:
        """Show a text and say nothing."""
        self._shown = text
        if text != self.toPlainText():
            self.setPlainText(text)
        self.document().clearUndoRedoStacks()
        self.document().setModified(False)

    def commit(self) -> None:
        """Ask for what was typed, without blank ends and tabulators.

        It stays modified until it is shown as it was taken.
        """
        if self.is_modified():
            lines = self.toPlainText().splitlines()
            self.committed.emit("\n".join(line.expandtabs(4).rstrip() for line in lines).strip())

    def revert(self) -> None:
        """Show the text again that what was typed began from."""
        self.show_text(self._shown)
        self.reverted.emit()

    def event(self, event: QEvent) -> bool:
        if event.type() != QEvent.Type.ShortcutOverride or not isinstance(event, QKeyEvent):
            return super().event(event)
        if event.key() == Qt.Key.Key_Escape or _is_commit(event) or is_undo_or_redo(event):
            event.setAccepted(self.is_modified())
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.is_modified():
            self.revert()
        elif _is_commit(event) and self.is_modified():
            self.commit()
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() != Qt.FocusReason.PopupFocusReason:
            self.commit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            # The lines break elsewhere. Later, for a page that is being laid out hears of no new sizes.
            QTimer.singleShot(0, self, self.updateGeometry)

    def sizeHint(self) -> QSize:
        lines = min(max(round(self.document().size().height()), _LEAST), _MOST)
        frame = self.height() - self.viewport().height()
        around = 3 * self.document().documentMargin() + 1 + frame  # a margin and a pixel less, and Qt scrolls
        return QSize(super().sizeHint().width(), ceil(lines * self.fontMetrics().lineSpacing() + around))


def _is_commit(event: QKeyEvent) -> bool:
    is_enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
    return is_enter and bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
