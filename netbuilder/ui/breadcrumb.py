"""Where one is: the project, and the groups that were entered, each to be gone back to by a click."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QWidget

from netbuilder.graph.edits import Edit, RenameGroup, RenameNode, flatten
from netbuilder.graph.model import Node
from netbuilder.graph.project import Group, GroupId
from netbuilder.ui.document import Document
from netbuilder.ui.theme import icon, notifier, theme
from netbuilder.ui.typed import take_typed

_MARK = QSize(14, 14)


class Breadcrumb(QWidget):
    """A row of names over the canvas."""

    def __init__(self, document: Document, parent: QWidget) -> None:
        super().__init__(parent)
        self._document = document
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(2)
        self.parts: list[QToolButton] = []
        document.path_changed.connect(self._refresh)
        document.sheet_changed.connect(self._refresh)
        document.edited.connect(self._on_document_edited)
        notifier().changed.connect(self._refresh)
        self._refresh()

    def text(self) -> str:
        """Return the names, from the project inwards."""
        return " / ".join(part.text() for part in self.parts)

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
        self.parts = []
        self._add(document.name, None)
        for group, box in document.entered().items():
            mark = QLabel()
            mark.setPixmap(icon("mdi6.chevron-right", "muted").pixmap(_MARK))
            self._row.addWidget(mark)
            mark.show()
            self._add(_called(document.project.groups[group], box), group)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents, not document.trail)
        self.adjustSize()

    def _go(self, group: GroupId | None) -> None:
        take_typed(self.window())
        self._document.show(group)

    def _add(self, name: str, group: GroupId | None) -> None:
        is_here = group == self._document.group
        part = QToolButton()
        part.setText(name)
        part.setEnabled(not is_here)
        part.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        part.setToolTip("" if is_here else f"Go back to {name}")
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


def _called(group: Group, box: Node | None) -> str:
    """Return the name of a group after that of the instance by which it was entered, where this says more."""
    return f"{box.name} ({group.name})" if box and box.name.lower() != group.name.lower() else group.name
