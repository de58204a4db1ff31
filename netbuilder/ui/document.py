"""The open project: the one place through which the window changes it."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoCommand, QUndoStack

from netbuilder.graph.edits import (
    AddNode,
    Batch,
    Connect,
    DescribeGroup,
    Disconnect,
    Edit,
    MoveNodes,
    RemoveNode,
    RenameNode,
    SetFormal,
    SetParameter,
    SetSection,
    describe,
    flatten,
    inside,
)
from netbuilder.graph.model import Node, NodeId, creation_number
from netbuilder.graph.project import GroupId, Project, Sheet, group_of, group_type


class Document(QObject):
    """A project with its undo stack and its file, and which of its sheets is shown.

    Views read `project` and call `apply`; nothing else changes it. `edited` carries every edit once it is applied, be
    it new, undone or redone; `replayed` follows on one that was undone or redone, with its inverse, and `mended` on one
    that a problem offered; `replaced` says that another project took the old one's place; `modified_changed` that the
    project came to differ from its file, or to equal it again.

    One sheet is shown at a time: the network itself, or the inside of a group. `sheet` is that as a project, to be read
    only, and `apply_here` edits it; `sheet_changed` says that another one is shown.
    """

    edited = Signal(object)
    replayed = Signal(object, object)
    mended = Signal(object)
    replaced = Signal()
    path_changed = Signal()
    modified_changed = Signal()
    sheet_changed = Signal()

    def __init__(self, project: Project | None = None, path: Path | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.project = project or Project()
        self.sheet = self.project
        self.trail: tuple[GroupId, ...] = ()
        """The groups that were entered, from the network to the sheet that is shown."""
        self._entered_by: dict[GroupId, NodeId] = {}
        """The instance by which each group was entered last."""
        self.path = path
        self._name = ""
        self.undo_stack = QUndoStack(self)
        self.undo_stack.cleanChanged.connect(self.modified_changed)
        self._highest_id = self.project.highest_number()

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
        self._remember_ids(edit)
        self.undo_stack.push(_Step(self, text, edit, inverse, merge))
        self._leave_vanished()
        self.edited.emit(edit)

    def mend(self, edit: Edit) -> None:
        """Apply the edit of a problem's fix, as `apply` does."""
        self.apply(edit)
        self.mended.emit(edit)

    def apply_here(self, edit: Edit, *, merge: str | None = None) -> None:
        """Apply an edit of the sheet that is shown, as `apply` does."""
        self.apply(inside(edit, self.group) if self.group else edit, merge=merge)

    @property
    def group(self) -> GroupId | None:
        """The group whose inside is shown; None for the network itself."""
        return self.trail[-1] if self.trail else None

    def show(self, group: GroupId | None, by: NodeId | None = None) -> None:
        """Show the inside of a group, or, for None, the network itself. `by` is the instance by which one goes in."""
        if group and by:
            self._entered_by[group] = by
        trail = self._trail_to(group)
        if trail != self.trail:
            self._show(trail)

    def entered(self) -> dict[GroupId, Node | None]:
        """Return the groups of the trail, each with the instance by which it was entered.

        That is the first one where the group was come to in another way, and None where it has none there.
        """
        found: dict[GroupId, Node | None] = {}
        place = None
        for group in self.trail:
            boxes = {
                node.id: node for node in self.project.sheet(place).graph.nodes() if node.type == group_type(group)
            }
            found[group] = boxes.get(self._entered_by.get(group, NodeId(""))) or next(iter(boxes.values()), None)
            place = group
        return found

    def way(self) -> tuple[NodeId, ...]:
        """Return the instances by which one went in, each inside of the one before, as far as there are any."""
        return tuple(box.id for box in self.entered().values() if box)

    def leave(self) -> None:
        """Show the sheet from which the group that is shown was entered; the network itself has none."""
        self.show(self.trail[-2] if len(self.trail) > 1 else None)

    def show_home_of(self, node: NodeId, way: Sequence[NodeId] = ()) -> None:
        """Show the sheet on which a block stands, if there is such a block.

        `way` is the instances by which one goes in.
        """
        homes = self.project.homes
        if node not in homes:
            return
        boxes = [self.project.sheet(homes[each]).graph.node(each) for each in way if each in homes]
        trail = tuple(group for box in boxes if (group := group_of(box.type)))
        if tuple(homes.get(each) for each in (*way, node)) != (None, *trail):  # not, or no longer, a way there
            self.show(homes[node])
        elif (trail, tuple(way)) != (self.trail, self.way()):
            self._entered_by |= zip(trail, way, strict=True)
            self._show(trail)

    def sheet_of(self, node: NodeId) -> Sheet | None:
        """Return the sheet on which a block stands, if there is such a block."""
        homes = self.project.homes
        return self.project.sheet(homes[node]) if node in homes else None

    def _show(self, trail: tuple[GroupId, ...]) -> None:
        self.trail = trail
        self.sheet = self.project.inside(trail[-1]) if trail else self.project
        self.sheet_changed.emit()

    def _trail_to(self, group: GroupId | None) -> tuple[GroupId, ...]:
        """Return the way to a group: back, or on through an instance on this sheet,
        else the shortest from the network.
        """
        if group is None:
            return ()
        if group in self.trail:
            return self.trail[: self.trail.index(group) + 1]
        if group in self.sheet.groups_used():
            return (*self.trail, group)
        waiting, seen = deque[tuple[GroupId, ...]]([()]), set[GroupId]()
        while waiting:
            trail = waiting.popleft()
            for entered in self.project.sheet(trail[-1] if trail else None).groups_used() - seen:
                if entered == group:
                    return (*trail, group)
                seen.add(entered)
                if entered in self.project.groups:
                    waiting.append((*trail, entered))
        return (group,)

    def _leave_vanished(self) -> None:
        """Go out of groups that are no more, and take those up that came back."""
        groups = self.project.groups
        alive = tuple(itertools.takewhile(groups.__contains__, self.trail))
        if alive != self.trail or (alive and groups[alive[-1]].graph is not self.sheet.graph):
            self._show(alive)

    def new_ids(self) -> Iterator[NodeId]:
        """Yield ids that no block of this session has had, so that undo never brings an id to another block."""
        return (NodeId(f"n{number}") for number in itertools.count(self._highest_id + 1))

    def replace(self, project: Project, path: Path | None, *, name: str = "", modified: bool = False) -> None:
        """Take another project in, with an empty undo history.

        `name` is what it is called while it has no file; it is `modified` if no file holds it as it is.
        """
        self.project = self.sheet = project
        self.trail, self._entered_by = (), {}
        self.undo_stack.clear()
        if modified:
            self.undo_stack.resetClean()
        self._highest_id = self.project.highest_number()
        self.path = path
        self._name = name
        self.path_changed.emit()
        self.replaced.emit()

    def mark_saved(self, path: Path) -> None:
        """Take note that this file holds the project as it is now."""
        self.path = path
        self.undo_stack.setClean()
        self.path_changed.emit()

    def replay(self, edit: Edit, inverse: Edit) -> None:
        """Apply an edit of the undo stack, be it a step or its inverse, and show the sheet on which it was made."""
        touched = _touched(edit)
        if touched and self.group not in touched:
            present = [group for group in touched if group is None or group in self.project.groups]
            self.show(present[0] if present else self.group)
        edit.apply(self.project)
        self._leave_vanished()
        self.edited.emit(edit)
        self.replayed.emit(edit, inverse)

    def _remember_ids(self, edit: Edit) -> None:
        added = (creation_number(part.node.id) for part in flatten(edit) if isinstance(part, AddNode))
        self._highest_id = max([self._highest_id, *added])


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
        self._document.replay(self._edit, self._inverse)

    def undo(self) -> None:
        self._document.replay(self._inverse, self._edit)


def only_moves(edit: Edit) -> bool:
    """Tell whether an edit puts blocks elsewhere and changes nothing else, so that the network stays what it was."""
    return all(isinstance(part, MoveNodes) for part in flatten(edit))


def _touched(edit: Edit) -> list[GroupId | None]:
    """Return the sheets that an edit changes, in order."""
    sheets = (AddNode, RemoveNode, Connect, Disconnect, SetParameter, RenameNode, MoveNodes, SetFormal, DescribeGroup)
    return [part.group for part in flatten(edit) if isinstance(part, sheets)]


def _overwrites(later: Edit, earlier: Edit) -> bool:
    """Tell whether `later` leaves nothing of what `earlier` did, so that `earlier`'s inverse takes back both."""
    match later, earlier:
        case MoveNodes(positions=after), MoveNodes(positions=before):
            return {node for node, _ in after} == {node for node, _ in before}
        case SetParameter(), SetParameter():
            return (later.node, later.parameter) == (earlier.node, earlier.parameter)
        case SetFormal(), SetFormal():
            return (later.group, later.parameter) == (earlier.group, earlier.parameter)
        case SetSection(), SetSection():
            return later.section == earlier.section
        case Batch(edits=after), Batch(edits=before):
            return len(after) == len(before) and all(map(_overwrites, after, before))
        case _:
            return False
