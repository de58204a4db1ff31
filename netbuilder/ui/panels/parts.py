"""Small pieces that several panels are made of."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

from PySide6.QtCore import QPointF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QIcon, QMouseEvent, QPainter, QPaintEvent, QTextLayout, QTextOption
from PySide6.QtWidgets import (
    QApplication,
    QBoxLayout,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QStyle,
    QStyleOptionButton,
    QStylePainter,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from netbuilder.diagnostics import Diagnostic, Fix, Severity
from netbuilder.ui.theme import icon, mix, text_font, theme


def words(text: str = "", role: str = "", *, wrap: bool = False) -> QLabel:
    """Return a label of a role of the theme: title, heading, muted, mono, error.

    Its text is no HTML, whoever wrote it.
    """
    label = _Lines() if wrap else QLabel()
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setText(text)
    if role:
        label.setProperty("role", role)
    if wrap:
        label.setWordWrap(True)
        label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
    return label


def say(label: QLabel, text: str) -> None:
    """Show a text in a label, which takes no room without one."""
    label.setText(text)
    label.setVisible(bool(text))


def quiet_button(glyph: str, name: str, tip: str, size: int = 14) -> QToolButton:
    """Return a button that is an icon of this size alone; `name` is what it is called where it can't be seen."""
    button = QToolButton()
    button.setIcon(icon(glyph, "muted"))
    button.setIconSize(QSize(size, size))
    button.setProperty("role", "quiet")
    button.setToolTip(tip)
    button.setAccessibleName(name)
    return button


class _Lines(QLabel):
    """Words over several lines. A name that is too long for a line is broken, where a `QLabel` would cut it off."""

    def heightForWidth(self, width: int) -> int:
        if self.textFormat() == Qt.TextFormat.RichText:
            return super().heightForWidth(width)
        margins = self.contentsMargins()
        room = width - margins.left() - margins.right()
        return ceil(self._broken(room).boundingRect().height()) + margins.top() + margins.bottom()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self.textFormat() == Qt.TextFormat.RichText:
            super().paintEvent(event)
            return
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        room = self.contentsRect()
        lines = self._broken(room.width())
        size = lines.boundingRect().size().toSize()
        place = QStyle.alignedRect(self.layoutDirection(), self.alignment(), size, room)
        lines.draw(painter, QPointF(room.left(), place.top()))

    def _broken(self, width: int) -> QTextLayout:
        """Return the text in lines of this width."""
        layout = QTextLayout(self.text().replace("\n", "\u2028"), self.font())
        option = QTextOption(self.alignment())
        option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        layout.setTextOption(option)
        layout.beginLayout()
        y = 0.0
        while (line := layout.createLine()).isValid():
            line.setLineWidth(width)
            line.setPosition(QPointF(0, y))
            y += line.height()
        layout.endLayout()
        return layout


_PLACE_WIDTH = 168
"""Of the names of blocks in a wide list."""
_ICON_GAP = 4


class Elided(QLabel):
    """A line that ends in an ellipsis where there is no room for all of it; the whole of it is its tooltip.

    `token` is its colour in the theme.
    """

    def __init__(self, token: str = "muted", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._token = token
        self.setMinimumWidth(1)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def setText(self, text: str) -> None:
        super().setText(text)
        self.setToolTip(text)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(getattr(theme(), self._token))
        text = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, self.width())
        painter.drawText(self.rect(), self.alignment(), text)


class Square(QWidget):
    """The coloured square of a block's category."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.colour = QColor(Qt.GlobalColor.transparent)
        self.setFixedSize(9, 9)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.colour)
        painter.drawRoundedRect(self.rect(), 2.5, 2.5)


def dress_as_title(field: QLineEdit) -> None:
    """Let a field look like the title that it changes, until the pointer or the keyboard is on it."""
    field.setStyleSheet(_TITLE_STYLE)
    field.setFont(text_font(15, text_font().Weight.DemiBold))


_TITLE_STYLE = """
QLineEdit { background: transparent; border-color: transparent; padding: 2px 4px; font-size: 15px; font-weight: 600; }
QLineEdit:hover { border-color: palette(mid); }
QLineEdit:focus { border-color: palette(highlight); }
QLineEdit[invalid="true"] { border-color: palette(bright-text); }
"""


class Facts(QWidget):
    """Lines of a name at the left and a value in mono at the right, under a heading."""

    def __init__(self, heading: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 8, 0, 0)
        self._grid.setHorizontalSpacing(12)
        self._grid.setVerticalSpacing(5)
        self._grid.setColumnStretch(1, 1)
        title = words(heading, "heading")
        title.setContentsMargins(0, 0, 0, 3)
        self._grid.addWidget(title, 0, 0, 1, 2)
        self._lines: list[tuple[QLabel, QLabel]] = []

    def show_facts(self, facts: Sequence[tuple[str, str, str]]) -> None:
        """Show lines of name, value and tooltip; hide all of this where there are none."""
        while len(self._lines) < len(facts):
            name, value = Elided(), words(role="mono")
            name.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
            value.setWordWrap(True)
            value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop)
            value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            name.setAlignment(Qt.AlignmentFlag.AlignTop)
            self._grid.addWidget(name, len(self._lines) + 1, 0)
            self._grid.addWidget(value, len(self._lines) + 1, 1)
            self._lines.append((name, value))
        for at, (name, value) in enumerate(self._lines):
            is_used = at < len(facts)
            name.setVisible(is_used)
            value.setVisible(is_used)
            if is_used:
                name.setText(facts[at][0])
                value.setText(facts[at][1])
                name.setToolTip("\n".join(filter(None, (facts[at][0], facts[at][2]))))
                value.setToolTip(facts[at][2])
        self.setVisible(bool(facts))

    def facts(self) -> dict[str, str]:
        """Return what is shown, value by name."""
        return {name.text(): value.text() for name, value in self._lines if not name.isHidden()}


class _Sign(QWidget):
    """The sign of an error or a warning."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedSize(18, 18)
        self._icon = QIcon()

    def show_severity(self, severity: Severity) -> None:
        self._icon = icon("mdi6.alert-circle-outline" if severity == "error" else "mdi6.alert-outline", severity)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        self._icon.paint(QPainter(self), self.rect())


class _FixButton(QPushButton):
    """A repair. In a narrow place its words end in an ellipsis, and the whole of them is the tooltip."""

    def __init__(self, title: str) -> None:
        super().__init__(title)
        self.setToolTip(title)
        self.setIcon(icon("mdi6.auto-fix", "accent"))
        self.setStyleSheet("padding: 3px 10px;")
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)

    def minimumSizeHint(self) -> QSize:
        return QSize(80, super().minimumSizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        option = QStyleOptionButton()
        self.initStyleOption(option)
        inside = self.style().subElementRect(QStyle.SubElement.SE_PushButtonContents, option, self)
        room = inside.width() - self.iconSize().width() - _ICON_GAP
        words = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideMiddle, room)
        option.text = words  # pyright: ignore[reportAttributeAccessIssue]
        QStylePainter(self).drawControl(QStyle.ControlElement.CE_PushButton, option)


class ProblemCard(QFrame):
    """One problem: what it is, where, and a button for each fix. A click on it asks for its block.

    Where a card comes to show another problem, it is deaf to its buttons for the time of a double click: the second
    click of one that was meant for the problem before must not mend this one.
    """

    fix_requested = Signal(object)
    clicked = Signal()

    def __init__(self, parent: QWidget | None = None, *, wide: bool = False) -> None:
        """Make a card that stands by itself, or a row of a `wide` list."""
        super().__init__(parent)
        self.diagnostic: Diagnostic | None = None
        self._wide = wide
        self._deaf = QTimer(self, singleShot=True)
        self._sign = _Sign()
        self._place = Elided("text")
        self._place.setStyleSheet("font-weight: 600;")
        self._message = words(wrap=True)
        self._buttons = QBoxLayout(QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom)
        self._buttons.setSpacing(8 if wide else 4)
        across = QHBoxLayout(self)
        across.setContentsMargins(10, 7, 10, 7)
        across.setSpacing(8)
        top = Qt.AlignmentFlag.AlignTop
        across.addWidget(self._sign, 0, top)
        if wide:
            self.setAttribute(Qt.WidgetAttribute.WA_Hover)
            self._place.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
            self._place.setFixedWidth(_PLACE_WIDTH)
            across.addWidget(self._place, 0, top)
            across.addWidget(self._message, 1, top)
            across.addLayout(self._buttons)
        else:
            text = QVBoxLayout()
            text.setSpacing(4)
            text.addWidget(self._place)
            text.addWidget(self._message)
            text.addLayout(self._buttons)
            across.addLayout(text, 1)

    def show_problem(self, diagnostic: Diagnostic, place: str = "") -> None:
        """Show this problem; `place` names the block where that isn't plain."""
        self.set_stale(False)
        if (diagnostic, place) == (self.diagnostic, self._place.text()):
            return
        self._sign.show_severity(diagnostic.severity)
        self._place.setText(place)
        self._place.setVisible(self._wide or bool(place))
        self._message.setText(diagnostic.message)
        if self.diagnostic is None or self.diagnostic.fixes != diagnostic.fixes:
            self._show_fixes(diagnostic.fixes)
        if self.diagnostic is not None:
            self._deaf.start(QApplication.doubleClickInterval())
        self.diagnostic = diagnostic
        self.update()

    def set_stale(self, stale: bool) -> None:
        """Hold the fixes back while the project differs from the one that they were made for."""
        for button in self.fix_buttons():
            button.setEnabled(not stale)

    def fix_buttons(self) -> list[QPushButton]:
        """Return the buttons of the fixes."""
        return self.findChildren(QPushButton)

    def place(self) -> str:
        """Return the place that is named."""
        return self._place.text()

    def message(self) -> str:
        """Return the sentence that is shown."""
        return self._message.text()

    def _show_fixes(self, fixes: Sequence[Fix]) -> None:
        for old in self.fix_buttons():
            self._buttons.removeWidget(old)
            old.setParent(None)
            old.deleteLater()
        for at, fix in enumerate(fixes):
            button = _FixButton(fix.title)
            button.clicked.connect(lambda _=False, fix=fix: self._on_fix_clicked(fix))
            self._buttons.insertWidget(at, button, 0, Qt.AlignmentFlag(0) if self._wide else Qt.AlignmentFlag.AlignLeft)

    def _on_fix_clicked(self, fix: Fix) -> None:
        if not self._deaf.isActive():
            heir = self.parentWidget() or self  # else it is whatever comes next once the button is gone
            heir.setFocus()
            self.fix_requested.emit(fix)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.clicked.emit()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self.diagnostic is None:
            return
        look = theme()
        tint = look.error if self.diagnostic.severity == "error" else look.warning
        colour = look.hover if self._wide else mix(look.panel, tint, 0.12)
        if self._wide and not self.underMouse():
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        painter.drawRoundedRect(self.rect(), 6, 6)
