"""What the inspector shows of groups: of an instance's group, and of the group whose inside is shown."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QGridLayout, QPushButton, QVBoxLayout, QWidget

from netbuilder.blocks.parameters import Parameter
from netbuilder.graph.edits import DescribeGroup
from netbuilder.graph.model import NodeId
from netbuilder.graph.project import GroupId, description_problem
from netbuilder.ui import group_intents
from netbuilder.ui.document import Document
from netbuilder.ui.fields import TextField
from netbuilder.ui.panels.parts import Square, dress_as_title, say, words
from netbuilder.ui.paragraphs import ParagraphField
from netbuilder.ui.theme import GROUP_CATEGORY, theme
from netbuilder.ui.wiring import Refusal

_NAME = Parameter("group", "text", "", "What the group is called: on its instances and, in the code, as a class.")


class GroupName(QWidget):
    """The name of a group, to be changed: a line among others, or the `title` of a page."""

    def __init__(self, document: Document, parent: QWidget | None = None, *, title: bool = False) -> None:
        super().__init__(parent)
        self._document = document
        self._group: GroupId | None = None
        self.field = TextField(_NAME)
        self.field.setToolTip(_NAME.help)
        self.field.setAccessibleName("Name of the group")
        self.field.committed.connect(lambda name, _series: self._on_committed(name))
        self.field.reverted.connect(lambda: self._say(""))
        self._problem = words(role="error", wrap=True)
        self._problem.hide()
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(4 if title else 8)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(0, 0 if title else 5)
        grid.setColumnStretch(1, 6)
        if title:
            dress_as_title(self.field)
        grid.addWidget(_square() if title else words("group", "muted"), 0, 0)
        grid.addWidget(self.field, 0, 1)
        grid.addWidget(self._problem, 1, 0, 1, 2)

    def show_group(self, group: GroupId) -> None:
        """Show the name of this group."""
        if group != self._group:
            self.field.revert()
        self._group = group
        self.field.set_value(self._document.project.groups[group].name)
        if not self.field.isModified():
            self._say("")

    def _on_committed(self, name: str) -> None:
        group = self._group
        if group is None or group not in self._document.project.groups:
            return
        wanted = group_intents.rename_group(self._document.project, group, name)
        if isinstance(wanted, Refusal):
            self.field.refuse(self._document.project.groups[group].name)
            self._say(wanted.message)
        elif wanted is not None:
            self._say("")
            self._document.apply(wanted)

    def _say(self, problem: str) -> None:
        self.field.set_problem(bool(problem))
        say(self._problem, problem)


def _square() -> Square:
    square = Square()
    square.colour = theme().category(GROUP_CATEGORY)
    return square


class GroupDescription(QWidget):
    """What a group does, to be changed: one undo step for all that is typed before the keyboard goes elsewhere."""

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._group: GroupId | None = None
        self.field = ParagraphField()
        self.field.setPlaceholderText("What it does, in a line; then the formula, the shapes, when to use it.")
        self.field.setToolTip("Shown wherever the group is: on its instances, in the palette, on F1 and in the code.")
        self.field.setAccessibleName("Description of the group")
        self.field.committed.connect(self._on_committed)
        self.field.reverted.connect(lambda: say(self._problem, ""))
        self._problem = words(role="error", wrap=True)
        self._problem.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(words("Description", "heading"))
        column.addWidget(self.field)
        column.addWidget(self._problem)

    def show_group(self, group: GroupId) -> None:
        """Show the description of this group. What is being typed stays."""
        if group != self._group or not self.field.is_modified():
            self._group = group
            self.field.show_text(self._document.project.groups[group].description)
            say(self._problem, "")

    def problem(self) -> str:
        """Return why what was typed can't be, empty if it can."""
        return self._problem.text()

    def _on_committed(self, text: str) -> None:
        group, groups = self._group, self._document.project.groups
        problem = description_problem(text)
        say(self._problem, problem or "")
        if problem or group is None or group not in groups:
            return
        self.field.show_text(text)
        if text != groups[group].description:
            self._document.apply(DescribeGroup(group, text))


class InstanceBar(QWidget):
    """What can be done with an instance: rename its group, go inside, give it a group of its own (`independent`)."""

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._group: GroupId | None = None
        self._boxes: Sequence[NodeId] = ()
        self._title = GroupName(document)
        self.name = self._title.field
        self.inside = QPushButton("Edit inside")
        self.inside.setToolTip("Go into the group (Enter)")
        self.inside.clicked.connect(lambda: self._document.show(self._group, self._boxes[0]))
        self.independent = QPushButton("Make independent")
        self.independent.setToolTip("Give this instance a copy of its group, so that it can be changed alone")
        self._buttons = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._buttons.setSpacing(8)
        self._buttons.addWidget(self.inside)
        self._buttons.addWidget(self.independent)
        self._buttons.addStretch(1)
        for button in (self.inside, self.independent):
            button.setStyleSheet("padding: 4px 8px;")
        self.setMinimumWidth(1)  # where the buttons have no room side by side, they stand one under the other
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(self._buttons)
        column.addWidget(self._title)

    def show_group(self, group: GroupId | None, boxes: Sequence[NodeId]) -> None:
        """Show the group of what is selected, be it a single instance or several."""
        self._group, self._boxes = group, boxes
        self.setVisible(group is not None)
        if group is None:
            return
        self._title.show_group(group)
        self.independent.setEnabled(len(boxes) == 1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        wanted = self.inside.sizeHint().width() + self._buttons.spacing() + self.independent.sizeHint().width()
        direction = QBoxLayout.Direction
        self._buttons.setDirection(direction.LeftToRight if wanted <= self.width() else direction.TopToBottom)
