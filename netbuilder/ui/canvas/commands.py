"""What can be done on the canvas without pointing: by key, from a menu, or by another part of the window."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping

from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, QRectF, QTimer
from PySide6.QtGui import QGuiApplication, QShowEvent
from PySide6.QtWidgets import QWidget

from netbuilder.graph.edits import Edit
from netbuilder.graph.model import NodeId
from netbuilder.graph.project import Position, Project
from netbuilder.ui import clip, group_library, intents, offers, sharing
from netbuilder.ui.analysis import Analysis
from netbuilder.ui.canvas.layout import arrange
from netbuilder.ui.canvas.parts import PortPlace, Side
from netbuilder.ui.canvas.surface import CanvasSurface
from netbuilder.ui.document import Document
from netbuilder.ui.geometry import BLOCK_HEIGHT, BLOCK_WIDTH
from netbuilder.ui.offers import Offer
from netbuilder.ui.search_popup import SearchPopup
from netbuilder.ui.wiring import Refusal
from netbuilder.ui.worker import Worker

ZOOM_STEP = 1.25
_PASTE_SHIFT = 24.0
_SMALL = 100
"""Up to so many blocks are arranged at once; more, on a thread of their own."""
_NUDGE_PAUSE = 1.0
"""Nudges that follow one another within so many seconds are one undo step."""


class CanvasCommands(CanvasSurface):
    """The canvas with its commands."""

    def __init__(self, document: Document, analysis: Analysis, parent: QWidget | None = None) -> None:
        super().__init__(document, analysis, parent)
        self._fits_when_shown = True
        self._search: SearchPopup | None = None
        self._layout_worker = Worker("layout", self)
        self._nudges = 0
        self._last_nudge = 0.0
        self._pastes = 0
        self._last_paste = ""
        self.selection_bar.add("Rename", "Rename (F2)", self.rename_selected)
        self.selection_bar.add("Duplicate", "Duplicate (Ctrl+D)", self.duplicate)
        self.selection_bar.add("Delete", "Delete, and join its wires (Del)", self.delete_selection)

    # Looking

    def fit(self) -> None:
        """Show the whole network; where the canvas is not to be seen yet, as soon as it is."""
        self._fits_when_shown = not self.isVisible()
        self.camera.fit_all(self.canvas_scene.extent())

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._fits_when_shown:
            QTimer.singleShot(0, self, self._fit_at_once)

    def _fit_at_once(self) -> None:
        self.fit()
        self.camera.jump()

    def fit_selection(self) -> None:
        """Show the selected blocks, or the whole network."""
        if self.selected():
            self.camera.fit(self.canvas_scene.extent(self.selected()))
        else:
            self.fit()

    def zoom_to(self, zoom: float) -> None:
        """Zoom to this many screen pixels per canvas pixel, about the middle."""
        self.camera.go(self.camera.centre, zoom)

    def zoom_in(self) -> None:
        """Zoom in a step."""
        self.zoom_to(self.zoom() * ZOOM_STEP)

    def zoom_out(self) -> None:
        """Zoom out a step."""
        self.zoom_to(self.zoom() / ZOOM_STEP)

    def toggle_overview(self) -> None:
        """Show or hide the overview."""
        self.overview.toggle()

    # Selecting

    def select_all(self) -> None:
        """Select every block."""
        self.select(self.canvas_scene.blocks)

    def walk(self, dx: int, dy: int, *, extend: bool = False) -> None:
        """Select the next block: along a wire to the right or left, else the nearest one in that direction."""
        found = self._next_block(dx, dy)
        if found is not None:
            self.select([*self.selected(), found] if extend else [found])
            self.camera.reveal(self.canvas_scene.extent([found]))

    def _next_block(self, dx: int, dy: int) -> NodeId | None:
        blocks, graph = self.canvas_scene.blocks, self.document.sheet.graph
        if not self.selected():
            centre = self.camera.centre
            return min(blocks, key=lambda node: _distance(blocks[node].area.middle, centre), default=None)
        here = self.selected()[-1]
        if dx > 0 and graph.edges_out_of(here):
            return min((edge.target.node for edge in graph.edges_out_of(here)), key=lambda node: blocks[node].y())
        if dx < 0 and graph.edges_into(here):
            ports = [socket.name for socket in blocks[here].sockets.inputs]
            return min(graph.edges_into(here), key=lambda edge: ports.index(edge.target.port)).source.node
        place = QPointF(*blocks[here].area.middle)
        ahead = {
            node: _ahead(QPointF(*item.area.middle) - place, dx, dy) for node, item in blocks.items() if node != here
        }
        return min((node for node, way in ahead.items() if way is not None), key=lambda n: ahead[n] or 0, default=None)

    # Changing

    def add_block(self, type_id: str, position: Position | None = None) -> None:
        """Add a block: at a place, or after the selected one and wired to it. Then it is selected."""
        chosen = self.selected()
        after = chosen[-1] if chosen and position is None else None
        done = self.put(
            type_id,
            lambda sheet, ids, type_id: intents.add_block(sheet, ids, type_id, position, after, self.specs),
        )
        if done and position is None:
            self.camera.reveal(self.canvas_scene.extent(self.selected()))

    def mend(self, edit: Edit) -> None:
        """Do what a problem's fix says."""
        if self.perform(edit):
            self.reveal_added(edit)

    def reveal_added(self, edit: Edit) -> None:
        """Bring the blocks that an edit put on the sheet into view, if they are not."""
        if here := [node for node in intents.added(edit) if node in self.canvas_scene.blocks]:
            self.camera.reveal(self.canvas_scene.extent(here))

    def put(self, wanted: str, intend: Callable[[Project, Iterator[NodeId], str], Edit | Refusal]) -> bool:
        """Do what is intended with a type of block, or a group in a file, and select the block; else say why not."""
        document, ids = self.document, self.document.new_ids()
        supply = group_library.supply(document.project, document.group, ids, wanted)
        if isinstance(supply, Refusal):
            return self.perform(supply)
        intent = intend(supply.sheet, ids, supply.type_id)
        return self.perform(supply.edit(intent), select_added=True, says_where=True)

    def delete_selection(self) -> None:
        """Delete what is selected; the wires of a deleted block are joined where that can be done."""
        scene = self.canvas_scene
        self.perform(intents.delete(self.document.sheet, scene.selected_nodes, scene.selected_edges, self.specs))

    def disconnect_selection(self) -> None:
        """Cut the selected wires, and every wire of the selected blocks."""
        scene = self.canvas_scene
        edges = {*scene.selected_edges, *(edge for node in scene.selected_nodes for edge in scene.ways.at(node))}
        self.perform(intents.disconnect(self.document.sheet, sorted(edges)))

    def connect_selected(self) -> None:
        """Wire each selected block to the one selected after it."""
        chosen = self.selected()
        if len(chosen) < 2:
            self.show_hint("Select two blocks to wire the first to the second.", passing=True)
            return
        self.perform(intents.connect_in_line(self.document.sheet, chosen, self.specs))

    def sharing_intent(self) -> Edit | Refusal:
        """Return what lets the selected blocks share their weights, or why they can't."""
        return sharing.share(self.document.sheet, self.selected())

    def parting_intent(self) -> Edit | Refusal:
        """Return what gives the selected blocks weights of their own, or why there is nothing to do."""
        return sharing.part(self.document.sheet, self.selected())

    def share_weights(self) -> None:
        """Let the selected blocks share their weights."""
        self.perform(self.sharing_intent())

    def own_weights(self) -> None:
        """Give the selected blocks weights of their own."""
        self.perform(self.parting_intent())

    def rename_selected(self) -> None:
        """Edit the name of the selected block, in its place."""
        if self.selected():
            self.rename(self.selected()[-1])

    def rename(self, node: NodeId) -> None:
        """Edit the name of a block, in its place."""
        self.select([node])
        self.camera.reveal(self.canvas_scene.extent([node]))
        self.rename_field.open_for(node)

    def nudge(self, dx: float, dy: float) -> None:
        """Push the selected blocks; pushes that follow one another are one undo step."""
        now = time.monotonic()
        self._nudges += now - self._last_nudge > _NUDGE_PAUSE
        self._last_nudge = now
        nodes = ",".join(sorted(self.selected()))
        edit = intents.nudge(self.document.sheet, self.selected(), dx, dy)
        self.perform(edit, merge=f"nudge {self._nudges} {nodes}")

    def arrange(self) -> None:
        """Lay the whole network out: layers from left to right, as large as the window can show it."""
        scene, project = self.canvas_scene, self.document.sheet
        heights = {node: item.height for node, item in scene.blocks.items()}
        room = self.viewport().size()
        corner = scene.extent().topLeft()
        wanted = (room.width() - 96.0, room.height() - 96.0), (corner.x(), corner.y())
        if len(heights) <= _SMALL:
            self._take_arranged(heights, arrange(project.graph, heights, *wanted))
            return
        graph = project.graph.copy()
        self.show_hint("Arranging…")
        self._layout_worker.submit(
            lambda: arrange(graph, heights, *wanted),
            lambda places: self._take_arranged(heights, places) if project is self.document.sheet else None,
        )

    @property
    def is_arranging(self) -> bool:
        """Whether a layout is being worked out."""
        return self._layout_worker.busy

    def end_work(self) -> None:
        """Drop the layout that is worked out, if one is, and end its thread."""
        self._layout_worker.close()

    def _take_arranged(self, heights: Mapping[NodeId, float], places: Mapping[NodeId, Position]) -> None:
        self.show_hint("")
        if self.perform(intents.move(self.document.sheet, places, "Arrange")):
            self.camera.fit_all(_extent(places, heights))

    # The clipboard

    def copy(self) -> None:
        """Copy the selected blocks as text."""
        copied = clip.clip(self.document.sheet, self.selected())
        if copied is not None:
            QGuiApplication.clipboard().setText(copied.text())
            self._pastes, self._last_paste = 0, ""

    def cut(self) -> None:
        """Copy the selected blocks as text and delete them."""
        self.copy()
        if self.selected():
            self.delete_selection()
            self._pastes = -1  # what was cut goes back where it was

    def paste(self, *, keep_incoming: bool = False) -> None:
        """Paste blocks beside where they were copied from, or in sight; with `keep_incoming` wired as they were."""
        text = QGuiApplication.clipboard().text()
        copied = clip.parse(text)
        if isinstance(copied, Refusal):
            self.perform(copied)
            return
        self._pastes = self._pastes + 1 if text == self._last_paste or not self._last_paste else 1
        self._last_paste = text
        self._paste(copied, self._pastes * _PASTE_SHIFT, keep_incoming)

    def duplicate(self) -> None:
        """Copy the selected blocks beside themselves, without the clipboard.

        A copy keeps its tag, as a pasted one does: the twin of a block that shares its weights shares them too.
        """
        copied = clip.clip(self.document.sheet, self.selected())
        if copied is not None:
            self._paste(copied, _PASTE_SHIFT, keep_incoming=False)

    def _paste(self, copied: clip.Clip, shift: float, keep_incoming: bool) -> None:
        left, top = copied.corner
        seen = self.mapToScene(self.viewport().rect()).boundingRect()
        if not seen.contains(QPointF(left, top)):
            left, top = seen.center().x() - BLOCK_WIDTH / 2, seen.center().y() - BLOCK_HEIGHT / 2
        document = self.document
        edit = clip.paste(
            document.project,
            document.new_ids(),
            copied,
            (left + shift, top + shift),
            sheet=document.group,
            keep_incoming=keep_incoming,
        )
        self.perform(edit, select_added=True, says_where=True)

    # Searching

    def open_search(self) -> None:
        """Search for a block: the menu's way, and Tab's."""
        self.search_after_selection()

    def search_at_pointer(self) -> None:
        """Search for a block to put at the pointer."""
        self.search(self.pointer())

    def search_after_selection(self) -> None:
        """Search for a block to put after the selected one, wired to it; at the pointer where none is selected."""
        chosen = self.selected()
        if not chosen:
            self.search_at_pointer()
            return
        area = self.canvas_scene.blocks[chosen[-1]].area
        place = self.mapFromScene(QPointF(area.right + 20, area.top + 20))
        self._open_search(place, self._offers(), self.add_block)

    def search(self, place: QPoint) -> None:
        """Search for a block to put at this place of the viewport."""
        at = self.mapToScene(place)
        corner = (at.x() - BLOCK_WIDTH / 2, at.y() - BLOCK_HEIGHT / 2)
        self._open_search(place, self._offers(), lambda type_id: self.add_block(type_id, corner))

    def search_for_wire(self, port: PortPlace, at: QPointF) -> None:
        """Search for a block to put at the loose end of a wire from this port."""
        offered = self._offers()
        leaves = port.side is Side.OUTPUT
        fitting = offers.fed_by(offered, self.specs.get(port.ref)) if leaves else offers.feeding(offered)
        self.pending_wire = port, at
        self._open_search(self.mapFromScene(at), fitting, lambda type_id: self._add_wired(type_id, port, at))

    def _add_wired(self, type_id: str, port: PortPlace, at: QPointF) -> None:
        def intend(sheet: Project, ids: Iterator[NodeId], type_id: str) -> Edit | Refusal:
            top = at.y() - BLOCK_HEIGHT / 2
            if port.side is Side.OUTPUT:
                return intents.add_fed_block(sheet, ids, type_id, (at.x(), top), port.ref, self.specs)
            return intents.add_feeding_block(sheet, ids, type_id, (at.x() - BLOCK_WIDTH, top), port.ref)

        self.put(type_id, intend)

    def _offers(self) -> list[Offer]:
        return offers.offers(self.document.project, self.document.group)

    def _open_search(self, place: QPoint, offered: Iterable[Offer], on_chosen: Callable[[str], None]) -> None:
        if self._search is None:
            self._search = SearchPopup(self)
            self._search.installEventFilter(self)
        entries = [offer.entry for offer in offered]
        self._search.open_at(self.viewport().mapToGlobal(place), entries, lambda entry: on_chosen(str(entry.value)))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._search and event.type() == QEvent.Type.Hide:
            self.pending_wire = None
            self.viewport().update()
        return super().eventFilter(watched, event)


def _extent(places: Mapping[NodeId, Position], heights: Mapping[NodeId, float]) -> QRectF:
    """Return the area of blocks that are still on their way to these places."""
    whole = QRectF()
    for node, (x, y) in places.items():
        whole |= QRectF(x, y, BLOCK_WIDTH, heights[node])
    return whole


def _distance(place: tuple[float, float], other: QPointF) -> float:
    return (QPointF(*place) - other).manhattanLength()


def _ahead(way: QPointF, dx: int, dy: int) -> float | None:
    """Return how far a block is in a direction, the more the farther it is off to the side; None if it is not there."""
    along, aside = way.x() * dx + way.y() * dy, abs(way.x() * dy) + abs(way.y() * dx)
    return along + 2 * aside if along > 1 else None
