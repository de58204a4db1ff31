"""Where one is: the project, and the groups that were entered, each to be gone back to by a click."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
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


class Breadcrumb(QWidget):
    """A row of names over the canvas, the longest cut short where there is no room for all;
    tooltips tell them whole.
    """

    def __init__(self, document: Document, parent: QWidget) -> None:
        super().__init__(parent)
        self._document = document
        self._names: list[str] = []
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(2)
        self.parts: list[QToolButton] = []
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
        self.parts, self._names = [], []
        self._add(document.name, None)
        for group, box in document.entered().items():
            mark = QLabel()
            mark.setPixmap(icon("mdi6.chevron-right", "muted").pixmap(_MARK))
            self._row.addWidget(mark)
            mark.show()
            self._add(_called(document.project.groups[group], box), group)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents, not document.trail)
        self._fit()

    def _fit(self) -> None:
        """Cut the longest names until all are in the room that there is."""
        for part, name in zip(self.parts, self._names, strict=True):
            part.setText(name)
            part.ensurePolished()
        metrics, place = self.parts[0].fontMetrics(), self.parentWidget()
        assert place
        wanted = [metrics.horizontalAdvance(name) for name in self._names]
        room = sum(wanted) - max(0, self._row.sizeHint().width() - (place.width() - 2 * self.x()))
        most = max(wanted)
        while sum(min(width, most) for width in wanted) > room and most > _LEAST:
            most -= 1
        for part, name, width in zip(self.parts, self._names, wanted, strict=True):
            if width > most:
                part.setText(metrics.elidedText(name, Qt.TextElideMode.ElideRight, most))
        self.adjustSize()

    def _go(self, group: GroupId | None) -> None:
        take_typed(self.window())
        self._document.show(group)

    def _add(self, name: str, group: GroupId | None) -> None:
        is_here = group == self._document.group
        part = QToolButton()
        part.setEnabled(not is_here)
        part.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        part.setToolTip(name if is_here else f"Go back to {name}")
        look = theme()
        colour = (look.text if is_here and self._document.trail else look.muted).name()
        part.setStyleSheet(
            f"QToolButton {{ background: transparent; border: none; padding: 2px 4px; margin: 0; color: {colour}; }}"
            f"QToolButton:hover {{ color: {look.accent.name()}; }}"
        )
        part.clicked.connect(lambda: self._go(group))
        self._row.addWidget(part)
        part.show()
        self.parts.append(part)
        self._names.append(name)


def _called(group: Group, box: Node | None) -> str:
    """Return the name of a group after that of the instance by which it was entered, where this says more."""
    return f"{box.name} ({group.name})" if box and box.name.lower() != group.name.lower() else group.name
