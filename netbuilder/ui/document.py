"""The open project: the one place through which the window changes it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoCommand, QUndoStack

from netbuilder.graph.edits import Batch, Edit, MoveNodes, SetParameter, SetSection, describe
from netbuilder.graph.model import NodeId
from netbuilder.graph.project import Project


class Document(QObject):
    """A project with its undo stack and its file.

    Views read `project` and call `apply`; nothing else changes it. `edited` carries every edit once it is applied, be it
    new, undone or redone; `replaced` says that another project took the old one's place; `modified_changed` that the
    project came to differ from its file, or to equal it again.
    """

    edited = Signal(object)
    replaced = Signal()
    path_changed = Signal()
    modified_changed = Signal()

    def __init__(self, project: Project | None = None, path: Path | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.project = project or Project()
        self.path = path
        self._name = ""
        self.undo_stack = QUndoStack(self)
        self.undo_stack.cleanChanged.connect(self.modified_changed)
        self._highest_id = 0
        self._remember_ids()

    @property
    def name(self) -> str:
        """The project's name, as the title bar shows it: its file's, or the one it came with."""
        return self.path.stem if self.path else self._name or "untitled"

    @property
    def modified(self) -> bool:
        """Whether the project differs from its file."""
        return not self.undo_stack.isClean()

    def apply(self, edit: Edit, *, merge: str | None = None) -> None:
        """Apply the edit as one undo step. Raises `GraphError`, and changes nothing, where it can't be applied.

        Steps with the same `merge` key that follow one another and overwrite the same things become one: a drag, a
        spinning field, the same field of several blocks.
        """
        text = describe(edit, self.project)
        inverse = edit.apply(self.project)
        self._remember_ids()
        self.undo_stack.push(_Step(self, text, edit, inverse, merge))
        self.edited.emit(edit)

    def new_ids(self) -> Iterator[NodeId]:
        """Yield ids that no block of this session has had, so that undo never brings an id to another block."""
        return (NodeId(f"n{number}") for number in itertools.count(self._highest_id + 1))

    def replace(self, project: Project, path: Path | None, *, name: str = "", modified: bool = False) -> None:
        """Take another project in, with an empty undo history.

        `name` is what it is called while it has no file; it is `modified` if no file holds it as it is.
        """
        self.project = project
        self.undo_stack.clear()
        if modified:
            self.undo_stack.resetClean()
        self._highest_id = 0
        self._remember_ids()
        self.path = path
        self._name = name
        self.path_changed.emit()
        self.replaced.emit()

    def mark_saved(self, path: Path) -> None:
        """Take note that this file holds the project as it is now."""
        self.path = path
        self.undo_stack.setClean()
        self.path_changed.emit()

    def replay(self, edit: Edit) -> None:
        """Apply an edit of the undo stack, backwards or forwards."""
        edit.apply(self.project)
        self.edited.emit(edit)

    def _remember_ids(self) -> None:
        self._highest_id = max(self._highest_id, self.project.highest_number())


class _Step(QUndoCommand):
    """The one undo command: an edit and its inverse."""

    _ID = 1

    def __init__(self, document: Document, text: str, edit: Edit, inverse: Edit, merge: str | None) -> None:
        super().__init__(text)
        self._document = document
        self._edit = edit
        self._inverse = inverse
        self._merge = merge
        self._done = True

    def id(self) -> int:
        return self._ID if self._merge else -1

    def mergeWith(self, other: QUndoCommand) -> bool:
        if not isinstance(other, _Step) or other._merge != self._merge or not _overwrites(other._edit, self._edit):
            return False
        self._edit = other._edit
        return True

    def redo(self) -> None:
        if self._done:  # pushing calls redo; the edit has been applied already
            self._done = False
            return
        self._document.replay(self._edit)

    def undo(self) -> None:
        self._document.replay(self._inverse)


def _overwrites(later: Edit, earlier: Edit) -> bool:
    """Tell whether `later` leaves nothing of what `earlier` did, so that `earlier`'s inverse takes back both."""
    match later, earlier:
        case MoveNodes(positions=after), MoveNodes(positions=before):
            return {node for node, _ in after} == {node for node, _ in before}
        case SetParameter(), SetParameter():
            return (later.node, later.parameter) == (earlier.node, earlier.parameter)
        case SetSection(), SetSection():
            return later.section == earlier.section
        case Batch(edits=after), Batch(edits=before):
            return len(after) == len(before) and all(map(_overwrites, after, before))
        case _:
            return False
