"""Where one is: the project, and the groups that were entered, each to be gone back to by a click."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QWidget

from netbuilder.graph.edits import Edit, RenameGroup, RenameNode, flatten
from netbuilder.graph.model import Node
from netbuilder.graph.project import Group, GroupId
from netbuilder.ui.canvas.painting import with_alpha
from netbuilder.ui.document import Document
from netbuilder.ui.theme import icon, notifier, theme
from netbuilder.ui.typed import take_typed

_MARK = QSize(14, 14)
_LEAST = 32
"""What is left of the longest name where there is room for none."""
_READABLE = 120
"""What is left of each, at most, where some are left out: the fewer, the longer."""


class Breadcrumb(QWidget):
    """A row of names over the canvas, the longest cut short where there is no room for all; tooltips tell them whole.

    Where there is no room even so, those in the middle are left out: `more` stands for them and leads to the last.
    """

    def __init__(self, document: Document, parent: QWidget) -> None:
        super().__init__(parent)
        self._document = document
        self._names: list[str] = []
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(2)
        self.parts: list[QToolButton] = []
        self.more = QToolButton()
        self._marks: list[QLabel] = []
        """Before each part but the first, and before `more`."""
        document.path_changed.connect(self._refresh)
        document.sheet_changed.connect(self._refresh)
        document.edited.connect(self._on_document_edited)
        notifier().changed.connect(self._refresh)
        parent.installEventFilter(self)
        self._refresh()

    def text(self) -> str:
        """Return the names, from the project inwards."""
        return " / ".join(self._names)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self._fit()
        return False

    def paintEvent(self, event: QPaintEvent) -> None:
        """Keep what lies under the names from being read with them."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(with_alpha(theme().background, 0.88))
        painter.drawRoundedRect(self.rect(), 6, 6)

    def _on_document_edited(self, edit: Edit) -> None:
        if any(isinstance(part, RenameGroup | RenameNode) for part in flatten(edit)):
            self._refresh()

    def _refresh(self) -> None:
        while (item := self._row.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        document = self._document
        self.parts, self._names, self._marks = [], [], []
        self._add(document.name, None)
        self._add_mark()
        self.more = self._button("…", theme().muted)
        self.more.clicked.connect(self._go_to_left_out)
        for group, box in document.entered().items():
            self._add_mark()
            self._add(_called(document.project.groups[group], box), group)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents, not document.trail)
        self._fit()

    def _fit(self) -> None:
        """Cut the longest names until all are in the room that there is, and leave out those that are too many."""
        for part, name in zip(self.parts, self._names, strict=True):
            part.setText(name)
            part.ensurePolished()
        metrics, last = self.parts[0].fontMetrics(), len(self.parts) - 1
        wanted = [metrics.horizontalAdvance(name) for name in self._names]
        left_out, least = 0, _LEAST
        room = self._room(wanted, left_out)
        while sum(min(width, least) for width in wanted[:1] + wanted[1 + left_out :]) > room and left_out < last - 1:
            left_out, least = left_out + 1, _READABLE
            room = self._room(wanted, left_out)
        shown = [0, *range(1 + left_out, last + 1)]
        most = max(wanted[at] for at in shown)
        while sum(min(wanted[at], most) for at in shown) > room and most > _LEAST:
            most -= 1
        for at in shown:
            if wanted[at] > most:
                self.parts[at].setText(metrics.elidedText(self._names[at], Qt.TextElideMode.ElideRight, most))
        self.more.setToolTip(" / ".join(self._names[1 : 1 + left_out]))
        self.adjustSize()

    def _room(self, wanted: list[int], left_out: int) -> int:
        """Return the room for the names themselves, in pixels, where so many behind the first are left out."""
        for at, (mark, part) in enumerate(zip(self._marks[1:], self.parts[1:], strict=True)):
            mark.setVisible(at >= left_out)
            part.setVisible(at >= left_out)
        self._marks[0].setVisible(left_out > 0)
        self.more.setVisible(left_out > 0)
        self._row.invalidate()
        place = self.parentWidget()
        assert place
        names = wanted[0] + sum(wanted[1 + left_out :])
        return names - max(0, self._row.sizeHint().width() - (place.width() - 2 * self.x()))

    def _go_to_left_out(self) -> None:
        """Go to the last of those that are left out."""
        next(part for part in reversed(self.parts[1:]) if part.isHidden()).click()

    def _go(self, group: GroupId | None) -> None:
        take_typed(self.window())
        self._document.show(group)

    def _add(self, name: str, group: GroupId | None) -> None:
        is_here = group == self._document.group
        part = self._button(name, theme().text if is_here and self._document.trail else theme().muted)
        part.setEnabled(not is_here)
        part.setToolTip(name if is_here else f"Go back to {name}")
        part.clicked.connect(lambda: self._go(group))
        self.parts.append(part)
        self._names.append(name)

    def _add_mark(self) -> None:
        mark = QLabel()
        mark.setPixmap(icon("mdi6.chevron-right", "muted").pixmap(_MARK))
        self._row.addWidget(mark)
        mark.show()
        self._marks.append(mark)

    def _button(self, text: str, colour: QColor) -> QToolButton:
        button = QToolButton()
        button.setText(text)
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        button.setStyleSheet(
            "QToolButton { background: transparent; border: none; padding: 2px 4px; margin: 0;"
            f" color: {colour.name()}; }}"
            f"QToolButton:hover {{ color: {theme().accent.name()}; }}"
        )
        self._row.addWidget(button)
        button.show()
        return button


def _called(group: Group, box: Node | None) -> str:
    """Return the name of a group after that of the instance by which it was entered, where this says more."""
    return f"{box.name} ({group.name})" if box and box.name.lower() != group.name.lower() else group.name
