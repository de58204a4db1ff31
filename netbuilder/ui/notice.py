"""A message over the canvas that says what just happened and what can be done about it, and asks for nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QSize, Qt, QTimer
from PySide6.QtGui import QColor, QEnterEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QGraphicsDropShadowEffect, QHBoxLayout, QLabel, QPushButton, QToolButton, QWidget

from netbuilder.ui.theme import icon, mix, theme

Kind = Literal["accent", "good", "warning", "error"]

_SYMBOLS: dict[Kind, str] = {
    "accent": "mdi6.information-outline",
    "good": "mdi6.check-circle-outline",
    "warning": "mdi6.alert-outline",
    "error": "mdi6.alert-circle-outline",
}
_MOVES = (QEvent.Type.Resize, QEvent.Type.Move, QEvent.Type.Show, QEvent.Type.Hide)
_WIDEST = 640
_MARGIN = 16
_PASSING_MS = 10_000
"""How long good news without anything to decide stays."""


class Notice(QFrame):
    """Shows one message at a time, at the bottom middle of the one of the widgets `over` that is to be seen.

    It makes way for the widgets `beside`, if there is a place for it.
    """

    def __init__(self, *over: QWidget, beside: Sequence[QWidget] = ()) -> None:
        super().__init__(over[0].window())
        self._over = over
        self._beside = beside
        self._kind: Kind = "accent"
        self._symbol = QLabel()
        self.label = QLabel()
        self.label.setTextFormat(Qt.TextFormat.PlainText)
        self.label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._close = QToolButton()
        self._close.setIcon(icon("mdi6.close", "muted"))
        self._close.setIconSize(QSize(16, 16))
        self._close.setToolTip("Dismiss")
        self._close.setProperty("role", "quiet")
        self._close.clicked.connect(self.hide)
        self._buttons: list[QPushButton] = []
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(14, 8, 8, 8)
        self._row.setSpacing(10)
        self._row.addWidget(self._symbol)
        self._row.addWidget(self.label, 1)
        self._row.addWidget(self._close)
        shadow = QGraphicsDropShadowEffect(self)
        shadow.setBlurRadius(24)
        shadow.setOffset(0, 6)
        shadow.setColor(QColor(0, 0, 0, 80))
        self.setGraphicsEffect(shadow)
        self._timer = QTimer(self, singleShot=True, interval=_PASSING_MS)
        self._timer.timeout.connect(self.hide)
        for widget in (*over, *beside):
            widget.installEventFilter(self)
        self.hide()

    def tell(
        self,
        text: str,
        kind: Kind = "accent",
        actions: Sequence[tuple[str, Callable[[], object]]] = (),
        *,
        passing: bool = False,
    ) -> None:
        """Show `text` in the place of what was there; a button of `actions` does its thing and closes the message.

        What is `passing` goes away by itself.
        """
        self._kind = kind
        self._symbol.setPixmap(icon(_SYMBOLS[kind], kind).pixmap(18, 18))
        for button in self._buttons:
            self._row.removeWidget(button)
            button.deleteLater()
        self._buttons = [self._button(name, run) for name, run in actions]
        for button in self._buttons:
            self._row.insertWidget(self._row.count() - 1, button)
        self.label.setText(text)
        self._place()
        self.show()
        self.raise_()
        self._timer.stop()
        if passing:
            self._timer.start()

    def retract(self, kind: Kind) -> None:
        """Take a message of this kind away: what it said is over."""
        if self._kind == kind:
            self.hide()

    def enterEvent(self, event: QEnterEvent) -> None:
        self._timer.stop()  # it is being read

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in _MOVES and not self.isHidden():
            self._place()
        return False

    def _place(self) -> None:
        over = next((widget for widget in self._over if widget.isVisible()), self._over[-1])
        room = over.rect().adjusted(_MARGIN, _MARGIN, -_MARGIN, -_MARGIN)
        self.label.setWordWrap(False)
        width = min(self._row.sizeHint().width(), _WIDEST, room.width())
        self.label.setWordWrap(self._row.sizeHint().width() > width)
        height = self._row.heightForWidth(width) if self.label.wordWrap() else self._row.sizeHint().height()
        self.resize(width, max(height, 44))
        self.move(over.mapTo(self.window(), self._free_place(over, room)))

    def _free_place(self, over: QWidget, room: QRect) -> QPoint:
        """Return the first place that covers none of what it is to stand beside, the lowest first; else the lowest."""
        taken = [
            QRect(each.mapTo(self.window(), QPoint()) - over.mapTo(self.window(), QPoint()), each.size())
            for each in self._beside
            if each.isVisible()
        ]
        middle, lowest = room.center().x() - self.width() // 2, room.bottom() - self.height()
        places = [QPoint(x, y) for y in range(lowest, room.top(), -_MARGIN) for x in (middle, room.left())]
        free = (place for place in places if not any(QRect(place, self.size()).intersects(each) for each in taken))
        return next(free, QPoint(middle, lowest))

    def _button(self, name: str, run: Callable[[], object]) -> QPushButton:
        button = QPushButton(name, self)
        button.setObjectName(name)
        button.clicked.connect(self.hide)
        button.clicked.connect(lambda: run())
        button.ensurePolished()
        button.show()  # what is not shown yet takes no room in the layout, and the words would get too much
        return button

    def paintEvent(self, event: QPaintEvent) -> None:
        look = theme()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colour: QColor = getattr(look, self._kind)
        painter.setPen(mix(look.line, colour, 0.4))
        painter.setBrush(mix(look.raised, colour, 0.08))
        painter.drawRoundedRect(self.rect().toRectF().adjusted(0.5, 0.5, -0.5, -0.5), 8, 8)
