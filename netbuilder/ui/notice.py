"""A strip above the canvas that says what just happened and what can be done about it, and asks for nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QToolButton, QWidget

from netbuilder.ui.theme import icon, mix, theme

Kind = Literal["accent", "good", "warning", "error"]

_SYMBOLS: dict[Kind, str] = {
    "accent": "mdi6.information-outline",
    "good": "mdi6.check-circle-outline",
    "warning": "mdi6.alert-outline",
    "error": "mdi6.alert-circle-outline",
}


class Notice(QFrame):
    """Shows one message at a time, with buttons; hidden while there is none."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._kind: Kind = "accent"
        self._symbol = QLabel()
        self.label = QLabel(wordWrap=True, textFormat=Qt.TextFormat.PlainText)
        self.label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.label.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._close = QToolButton()
        self._close.setIcon(icon("mdi6.close", "muted"))
        self._close.setIconSize(QSize(16, 16))
        self._close.setToolTip("Dismiss")
        self._close.setProperty("role", "quiet")
        self._close.clicked.connect(self.hide)
        self._buttons: list[QPushButton] = []
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(14, 6, 8, 6)
        self._row.setSpacing(8)
        self._row.addWidget(self._symbol, 0)
        self._row.addWidget(self.label, 1)
        self._row.addWidget(self._close, 0)
        self.hide()

    def tell(self, text: str, kind: Kind = "accent", actions: Sequence[tuple[str, Callable[[], object]]] = ()) -> None:
        """Show `text` in the place of what was there; a button of `actions` does its thing and closes the strip."""
        self._kind = kind
        self._symbol.setPixmap(icon(_SYMBOLS[kind], kind).pixmap(18, 18))
        self.label.setText(text)
        for button in self._buttons:
            self._row.removeWidget(button)
            button.deleteLater()
        self._buttons = [self._button(name, run) for name, run in actions]
        for button in self._buttons:
            self._row.insertWidget(self._row.count() - 1, button)
        self.show()
        self.update()

    def _button(self, name: str, run: Callable[[], object]) -> QPushButton:
        button = QPushButton(name, self)
        button.setObjectName(name)
        button.clicked.connect(self.hide)
        button.clicked.connect(lambda: run())
        return button

    def paintEvent(self, event: QPaintEvent) -> None:
        look = theme()
        painter = QPainter(self)
        painter.fillRect(self.rect(), mix(look.panel, getattr(look, self._kind), 0.14))
        painter.fillRect(0, self.height() - 1, self.width(), 1, look.line)
