"""The fields of a form: a line of text with steps, a choice, a switch.

All speak alike: `set_value` shows a value and says nothing; `committed(value, series)` says what the person wants, with
one number above 0 for all steps of one spin and 0 for a value on its own; `set_problem` marks the field. Enter commits,
leaving commits, Esc takes back what was typed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final, TypeAlias

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QEnterEvent,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractButton, QComboBox, QLineEdit, QMenu, QWidget

from netbuilder.blocks.parameters import Parameter
from netbuilder.ui.canvas.motion import Fade
from netbuilder.ui.theme import theme
from netbuilder.ui.undo_keys import is_undo_or_redo
from netbuilder.ui.values import from_text, stepped, to_text

_BUTTON = 20  # width of the step buttons at a field's right edge
_FIRST_REPEAT, _REPEAT = 400, 60  # milliseconds, while a step button is held


class _Mixed:
    """The value of a field that stands for several blocks which differ."""

    def __repr__(self) -> str:
        return "MIXED"


MIXED: Final = _Mixed()


class TextField(QLineEdit):
    """A value typed as text: number, sizes or text, with steps by arrow keys, wheel and the buttons at its right.

    Where the parameter also takes words (`same`), a menu at the right offers them.
    """

    committed = Signal(object, int)
    reverted = Signal()
    """What was typed is given up, or is the value that it began from after all."""

    def __init__(self, parameter: Parameter, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.parameter = parameter
        self._value: Any = MIXED
        self._steps = parameter.kind in ("int", "float") or (parameter.kind == "sizes" and parameter.length is not None)
        self._has_button = False
        self.when_empty = ""
        """What an empty text means."""
        self._series = 1
        self._held = 0
        self._repeat = QTimer(self)
        self._repeat.timeout.connect(self._on_repeat)
        self.setMaxLength(1000)
        self.setMouseTracking(True)
        self.offer(parameter.choices)

    def offer(self, words: tuple[str, ...]) -> None:
        """Offer these words in the menu at the right."""
        self.parameter = replace(self.parameter, choices=words)
        self._has_button = self._steps or bool(words)
        self.setTextMargins(0, 0, _BUTTON - 6 if self._has_button else 0, 0)
        self.update()

    # What is shown

    def set_value(self, value: Any) -> None:
        """Show a value. What is being typed stays where the value is the one that it began from."""
        if value is MIXED:
            self._show(value, "", "mixed")
        elif (
            not self.isModified()
            or self._value is MIXED
            or value != self._value
            or type(value) is not type(self._value)
        ):
            self._show(value, to_text(self.parameter, value), "")

    def set_problem(self, problem: bool) -> None:
        """Mark the field as holding a value that can't be used."""
        _mark_invalid(self, problem)

    def _show(self, value: Any, text: str, placeholder: str) -> None:
        self._value = value
        self.setPlaceholderText(placeholder or self.when_empty)
        if text != self.text() or self.isUndoAvailable():  # setting a text lets go of the steps that led to it
            everything, caret = self.hasSelectedText() and self.selectedText() == self.text(), self.cursorPosition()
            self.setText(text)
            if everything and self.hasFocus():
                self.selectAll()
            else:
                self.setCursorPosition(min(caret, len(text)) if self.hasFocus() else 0)
        self.setModified(False)

    # What is wanted

    def commit(self) -> None:
        """Ask for what was typed, where that is another value."""
        if not self.isModified() or (self._value is MIXED and not self.text().strip()):
            self.setModified(False)
            return
        value = from_text(self.parameter, self.text())
        if self._value is not MIXED and to_text(self.parameter, value) == to_text(self.parameter, self._value):
            self.revert()
            return
        self._show(value, to_text(self.parameter, value), "")
        self._series += 1
        self.committed.emit(value, 0)

    def revert(self) -> None:
        """Show the value again that what was typed began from."""
        self.setModified(False)
        self._show(
            self._value, "" if self._value is MIXED else to_text(self.parameter, self._value), self.placeholderText()
        )
        self.reverted.emit()

    def refuse(self, value: Any) -> None:
        """Keep what was typed for mending, though the value is still this one."""
        self._value = value
        self.setModified(True)

    def step(self, by: int) -> None:
        """Ask for the value `by` steps up or down."""
        value = from_text(self.parameter, self.text()) if self.isModified() else self._value
        wanted = stepped(self.parameter, value, by)
        if wanted is None or to_text(self.parameter, wanted) == to_text(self.parameter, value):
            return
        self._show(wanted, to_text(self.parameter, wanted), "")
        self.committed.emit(wanted, self._series)

    def _offer_words(self) -> None:
        menu = QMenu(self)
        for word in self.parameter.choices:
            menu.addAction(word, lambda word=word: self._take(word))
        if self.parameter.kind == "sizes":
            zeros = [0] * (self.parameter.length or 1)
            for sizes in (zeros, [size + 1 for size in zeros]):
                menu.addAction(to_text(self.parameter, sizes), lambda sizes=sizes: self._take(sizes))
        menu.setMinimumWidth(self.width())
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(self.mapToGlobal(self.rect().bottomLeft()))

    def _take(self, value: Any) -> None:
        self.setText(to_text(self.parameter, value))
        self.setModified(True)
        self.commit()

    # Events

    def event(self, event: QEvent) -> bool:
        # Enter and Esc are the field's while something is typed, whatever shortcuts the window has; Ctrl+Enter is not.
        keys = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Escape) if self.isModified() else ()
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            if event.key() in keys:
                event.setAccepted(not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier)
                return True
            if is_undo_or_redo(event):
                event.setAccepted(self.isModified())
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Up: 1, Qt.Key.Key_Down: -1, Qt.Key.Key_PageUp: 10, Qt.Key.Key_PageDown: -10}
        key = event.key()
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.commit()
            self.selectAll()
        elif key == Qt.Key.Key_Escape and self.isModified():
            self.revert()
            self.selectAll()
        elif key == Qt.Key.Key_Down and event.modifiers() & Qt.KeyboardModifier.AltModifier and self.parameter.choices:
            self._offer_words()
        elif key in steps and self._steps:
            self.step(steps[Qt.Key(key)])
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._series += 1
        if event.reason() != Qt.FocusReason.PopupFocusReason:
            self.commit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        # Only where the keyboard is: else scrolling the form past a field would change it.
        if self.hasFocus() and self._steps and event.angleDelta().y():
            self.step(1 if event.angleDelta().y() > 0 else -1)
            event.accept()
        else:
            event.ignore()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton or not self._button_rect().contains(event.position()):
            super().mousePressEvent(event)
        elif self.parameter.choices:
            self._offer_words()
        else:
            self._held = 1 if event.position().y() < self.height() / 2 else -1
            self.step(self._held)
            self._repeat.start(_FIRST_REPEAT)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._repeat.stop()
        super().mouseReleaseEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        over = self._button_rect().contains(event.position())
        self.setCursor(Qt.CursorShape.ArrowCursor if over else Qt.CursorShape.IBeamCursor)
        if not self._repeat.isActive():
            super().mouseMoveEvent(event)

    def _on_repeat(self) -> None:
        self._repeat.setInterval(_REPEAT)
        self.step(self._held)

    # Painting

    def _button_rect(self) -> QRectF:
        width = _BUTTON if self._has_button else 0
        return QRectF(self.width() - width, 0, width, self.height())

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._has_button and self.isEnabled():
            middle = self._button_rect().center() - QPointF(2, 0)
            if self.parameter.choices:
                draw_chevron(painter, middle, 3.0)
            else:
                draw_chevron(painter, middle - QPointF(0, 4.5), -2.2)
                draw_chevron(painter, middle + QPointF(0, 4.5), 2.2)


class ChoiceField(QComboBox):
    """One of some words."""

    committed = Signal(object, int)

    def __init__(self, choices: Sequence[tuple[str, str]], parent: QWidget | None = None) -> None:
        """Offer `choices`: pairs of value and what is shown for it."""
        super().__init__(parent)
        self._choices = list(choices)
        for value, text in self._choices:
            self.addItem(text, value)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.activated.connect(lambda index: self.committed.emit(self.itemData(index), 0))

    def set_value(self, value: Any) -> None:
        """Show a value; one that is no choice is shown as it is."""
        if self.count() > len(self._choices):
            self.removeItem(len(self._choices))
        if value is MIXED:
            self.setPlaceholderText("mixed")
            self.setCurrentIndex(-1)
            return
        known = [choice for choice, _ in self._choices]
        if value not in known:
            self.addItem(str(value), value)
        self.setCurrentIndex(known.index(value) if value in known else len(known))

    def set_problem(self, problem: bool) -> None:
        """Mark the field as holding a value that can't be used."""
        _mark_invalid(self, problem)

    def commit(self) -> None:
        """Nothing waits: a choice commits when it is made."""

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


class SwitchField(QAbstractButton):
    """On or off."""

    committed = Signal(object, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._place = Fade(self.update, lambda: self)
        self._mixed = False
        self._problem = False
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.clicked.connect(self._on_clicked)

    def set_value(self, value: Any) -> None:
        """Show a value."""
        self._mixed = value is MIXED
        self.setChecked(value is True)
        self._place.stop()
        self._place.value = 0.5 if self._mixed else float(value is True)
        self.update()

    def set_problem(self, problem: bool) -> None:
        """Mark the field as holding a value that can't be used."""
        self._problem = problem
        self.update()

    def commit(self) -> None:
        """Nothing waits: a switch commits when it is thrown."""

    def sizeHint(self) -> QSize:
        return QSize(80, 28)

    def _on_clicked(self, checked: bool) -> None:
        self._mixed = False
        self._place.go(float(checked))
        self.committed.emit(checked, 0)

    def enterEvent(self, event: QEnterEvent) -> None:
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        colours = theme()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        groove = QRectF(1, self.height() / 2 - 8, 30, 16)
        painter.setPen(QPen(colours.accent, 1.5) if self.hasFocus() else Qt.PenStyle.NoPen)
        off = QColor(colours.muted)
        off.setAlphaF(0.7 if self.underMouse() else 0.45)
        painter.setBrush(colours.accent if self._place.value > 0.75 else off)
        painter.drawRoundedRect(groove, 8, 8)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor("white"))
        painter.drawEllipse(QPointF(groove.left() + 8 + 14 * self._place.value, groove.center().y()), 6, 6)
        painter.setPen(colours.error if self._problem else colours.muted if self._mixed else colours.text)
        words = "mixed" if self._mixed else "on" if self.isChecked() else "off"
        painter.drawText(
            self.rect().adjusted(40, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, words
        )

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.update()


def draw_chevron(painter: QPainter, middle: QPointF, size: float, *, to_right: bool = False) -> None:
    """Draw a small chevron that points down, or up where `size` is negative; or `to_right`.

    Painted, and no icon: that would load its font before the first picture.
    """
    painter.setPen(QPen(theme().muted, 1.4, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    wide = abs(size)
    points = [QPointF(-wide, -size / 2), QPointF(0, size / 2), QPointF(wide, -size / 2)]
    points = [point.transposed() for point in points] if to_right else points
    painter.drawPolyline(QPolygonF([middle + point for point in points]))


def _mark_invalid(field: QWidget, invalid: bool) -> None:
    """Outline a field in red, as the stylesheet says."""
    if bool(field.property("invalid")) != invalid:
        field.setProperty("invalid", invalid)
        field.style().unpolish(field)
        field.style().polish(field)


Field: TypeAlias = TextField | ChoiceField | SwitchField
