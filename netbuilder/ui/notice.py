"""A message over the canvas that says what just happened and what can be done about it, and asks for nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, Qt, QTimer
from PySide6.QtGui import QColor, QEnterEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QGraphicsDropShadowEffect, QHBoxLayout, QLabel, QPushButton, QWidget

from netbuilder.ui.panels.parts import quiet_button
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


Actions = Sequence[tuple[str, Callable[[], object]]]
"""What the buttons of a message say, and what they do."""


@dataclass(frozen=True, slots=True)
class _Message:
    text: str
    kind: Kind
    actions: Actions
    passing: bool
    lasting: bool


class Notice(QFrame):
    """Shows one message at a time, at the bottom middle of the one of the widgets `over` that is to be seen.

    It makes way for the widgets `beside`, if there is a place for it. A message takes the place of the one before; one
    that is lasting waits under it, and is shown again once what came after is gone.
    """

    def __init__(self, *over: QWidget, beside: Sequence[QWidget] = ()) -> None:
        super().__init__(over[0].window())
        self._over = over
        self._beside = beside
        self._kind: Kind = "accent"
        self._messages: list[_Message] = []
        """The one that is shown last, under it the lasting ones that wait."""
        self._symbol = QLabel()
        self.label = QLabel()
        self.label.setTextFormat(Qt.TextFormat.PlainText)
        self.label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._close = quiet_button("mdi6.close", "Dismiss", "Dismiss", 16)
        self._close.clicked.connect(self._dismiss)
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
        self._timer.timeout.connect(self._dismiss)
        for widget in (*over, *beside):
            widget.installEventFilter(self)
        self.hide()

    def tell(
        self,
        text: str,
        kind: Kind = "accent",
        actions: Actions = (),
        *,
        passing: bool = False,
        lasting: bool = False,
    ) -> None:
        """Show `text`; a button of `actions` does its thing and closes the message.

        What is `passing` goes away by itself; what is `lasting` stays, under what is told later, until it is answered.
        """
        self._messages = [each for each in self._messages if each.lasting and each.text != text]
        self._messages.append(_Message(text, kind, actions, passing, lasting))
        self._show_last()

    def retract(self, text: str) -> None:
        """Take the message with this text away, be it shown or waiting: what it said is over."""
        left = [each for each in self._messages if each.text != text]
        if len(left) < len(self._messages):
            self._messages = left
            self._show_last()

    def _dismiss(self) -> None:
        self._messages.pop()
        self._show_last()

    def _show_last(self) -> None:
        self._timer.stop()
        if not self._messages:
            self.hide()
            return
        message = self._messages[-1]
        self._kind = message.kind
        self._symbol.setPixmap(icon(_SYMBOLS[message.kind], message.kind).pixmap(18, 18))
        for button in self._buttons:
            self._row.removeWidget(button)
            button.hide()
            button.deleteLater()
        self._buttons = [self._button(name, run) for name, run in message.actions]
        for button in self._buttons:
            self._row.insertWidget(self._row.count() - 1, button)
        self.label.setText(message.text)
        self._place()
        self.show()
        self.raise_()
        if message.passing:
            self._timer.start()

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
        button.clicked.connect(self._dismiss)
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
