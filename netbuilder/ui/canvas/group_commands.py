"""What can be done with groups on the canvas: make one, take it apart, go in and come out."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Signal
from PySide6.QtWidgets import QWidget

from netbuilder.graph.edits import Edit, RemoveGroup, flatten
from netbuilder.graph.model import NodeId
from netbuilder.graph.project import GroupId, group_of
from netbuilder.ui import group_intents
from netbuilder.ui.analysis import Analysis
from netbuilder.ui.canvas.commands import CanvasCommands
from netbuilder.ui.document import Document


class GroupCommands(CanvasCommands):
    """The canvas with its commands for groups, and where on each sheet one looked.

    `keep_requested(group)` asks to keep a group in the library.
    """

    keep_requested = Signal(str)

    def __init__(self, document: Document, analysis: Analysis, parent: QWidget | None = None) -> None:
        super().__init__(document, analysis, parent)
        self._places: dict[GroupId | None, tuple[QPointF, float]] = {}
        self._looked_at: GroupId | None = document.group

    def selected_group(self) -> NodeId | None:
        """Return the instance that is selected last, if what is selected last is one."""
        chosen = self.selected()
        return chosen[-1] if chosen and self.group_at(chosen[-1]) else None

    def group_at(self, node: NodeId) -> GroupId | None:
        """Return the group of which a block on this sheet is an instance; None where that is not in the project."""
        group = group_of(self.canvas_scene.blocks[node].node.type)
        return group if group in self.document.project.groups else None

    def keep_selected(self) -> None:
        """Ask to keep the selected group in the library."""
        node = self.selected_group()
        if node is not None:
            self.keep_requested.emit(self.group_at(node))

    # In and out

    def open_block(self, node: NodeId) -> None:
        """Go into a group; edit the name of any other block."""
        group = self.group_at(node)
        if group is None:
            self.rename(node)
        else:
            self.document.show(group, node)

    def enter_selected(self) -> None:
        """Go into the selected group."""
        node = self.selected_group()
        if node is not None:
            self.document.show(self.group_at(node), node)

    def leave(self) -> None:
        """Come out of the group that is shown, and select it where it stands."""
        left = self.document.group
        if left is not None:
            box = self.document.entered()[left]
            self.document.leave()
            self.select([box.id] if box else [])

    def leave_or_deselect(self) -> None:
        """Select nothing; where nothing is selected, come out."""
        if self.canvas_scene.selected_nodes or self.canvas_scene.selected_edges:
            self.canvas_scene.select([])
        else:
            self.leave()

    def look_where_it_was(self) -> None:
        """Look at a sheet as it was left, and at all of one that is seen for the first time."""
        group = self.document.group
        self._places[self._looked_at] = self.camera.centre, self.zoom()
        self._looked_at = group
        if group in self._places:
            self.camera.stop()
            self.camera.look(*self._places[group])
        else:
            self._fit_at_once()

    def forget_places_in(self, edit: Edit) -> None:
        """Forget where one looked inside of groups that an edit takes away: another group may get their ids."""
        for part in flatten(edit):
            if isinstance(part, RemoveGroup):
                self._places.pop(part.group, None)

    def forget_places(self) -> None:
        """Forget where one looked: another project is shown."""
        self._places, self._looked_at = {}, None

    # Changing

    def group_selected(self) -> None:
        """Put the selected blocks into a group."""
        document = self.document
        edit = group_intents.make_group(document.project, document.group, document.new_ids(), self.selected())
        self.perform(edit, select_added=True, says_where=True)

    def ungroup_selected(self) -> None:
        """Put what is in the selected group in its place."""
        node, document = self.selected_group(), self.document
        if node is not None:
            edit = group_intents.ungroup(document.project, document.group, document.new_ids(), node)
            self.perform(edit, select_added=True, says_where=True)

    def make_selected_independent(self) -> None:
        """Give the selected instance a group of its own."""
        node, document = self.selected_group(), self.document
        if node is not None:
            edit = group_intents.make_independent(document.project, document.group, document.new_ids(), node)
            if self.perform(edit, says_where=True):
                self.select([node])
