"""The canvas as a surface: shows a document's network, looks elsewhere, and hands edits to the document."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QPoint, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPixmapCache, QResizeEvent
from PySide6.QtWidgets import QFrame, QGraphicsView, QWidget

from netbuilder.graph.edits import Edit
from netbuilder.graph.model import Edge, GraphError, NodeId
from netbuilder.ui import intents
from netbuilder.ui.analysis import Analysis
from netbuilder.ui.canvas import backdrop
from netbuilder.ui.canvas.camera import Camera
from netbuilder.ui.canvas.gestures import Gesture
from netbuilder.ui.canvas.overlays import HintLabel, RenameField, SelectionBar
from netbuilder.ui.canvas.overview import Overview
from netbuilder.ui.canvas.parts import PortPlace
from netbuilder.ui.canvas.scene import CanvasScene
from netbuilder.ui.document import Document
from netbuilder.ui.geometry import EDGE
from netbuilder.ui.theme import notifier
from netbuilder.ui.wiring import Refusal, Specs

_PICTURES_KIB = 64 * 1024
"""Room for the pictures of all blocks that a 4K screen can show, so that panning paints none of them anew."""


class CanvasSurface(QGraphicsView):
    """What of the canvas can be seen, and the one way in which it changes anything: `perform`."""

    selection_changed = Signal()
    zoom_changed = Signal(float)

    def __init__(self, document: Document, analysis: Analysis, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.document = document
        self.analysis = analysis
        self.canvas_scene = CanvasScene(document, self)
        self.camera = Camera(self)
        self.gesture: Gesture | None = None
        self.pointer_place = QPoint(-1, -1)
        """Where the pointer was seen last, in the viewport; outside of it once it left."""
        self.pending_wire: tuple[PortPlace, QPointF] | None = None
        """A wire whose loose end waits for a block to be chosen."""
        self._extent: QRectF | None = None
        """Of all blocks, until one comes, goes or moves."""
        self.shows_focus = False
        """Whether the keyboard came here by key, so that it has to be seen."""
        self._set_up_widget()
        self.hint_label = HintLabel(self)
        self.rename_field = RenameField(self)
        self.overview = Overview(self)
        self.selection_bar = SelectionBar(self)

        self.canvas_scene.selection_changed.connect(self._on_selection_changed)
        self.canvas_scene.content_changed.connect(self._on_content_changed)
        document.sheet_changed.connect(self._on_analysis_changed)
        analysis.changed.connect(self._on_analysis_changed)
        notifier().changed.connect(self.viewport().update)
        self.camera.changed.connect(self._on_camera_changed)
        self._on_analysis_changed()

    def _set_up_widget(self) -> None:
        self.setScene(self.canvas_scene)
        self.setObjectName("canvas")
        self.setAccessibleName("Network canvas")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setSceneRect(QRectF(-EDGE, -EDGE, 2 * EDGE, 2 * EDGE))
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTransformationAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setResizeAnchor(QGraphicsView.ViewportAnchor.AnchorViewCenter)
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.FullViewportUpdate)
        self.setRenderHint(QPainter.RenderHint.Antialiasing)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.viewport().setMouseTracking(True)
        self.setAcceptDrops(True)
        self.centerOn(0, 0)
        QPixmapCache.setCacheLimit(max(QPixmapCache.cacheLimit(), _PICTURES_KIB))

    # Seen from outside

    @property
    def specs(self) -> Specs:
        """The shapes that are known now."""
        return self.canvas_scene.findings.specs

    def zoom(self) -> float:
        """Return how many screen pixels a canvas pixel takes."""
        return self.camera.zoom

    def sees_all(self) -> bool:
        """Tell whether no block is out of sight."""
        if self._extent is None:
            self._extent = self.canvas_scene.extent()
        return self.mapToScene(self.viewport().rect()).boundingRect().contains(self._extent) or self._extent.isEmpty()

    def selected(self) -> list[NodeId]:
        """Return the selected blocks, in the order in which they were selected."""
        return list(self.canvas_scene.selected_nodes)

    def select(self, ids: Iterable[NodeId], center: bool = False) -> None:
        """Select these blocks, and with `center` move the canvas so that they are in its middle."""
        self.canvas_scene.select(ids)
        if center and self.selected():
            self.camera.go(self.canvas_scene.extent(self.selected()).center(), max(self.zoom(), 0.6))

    # Changing things

    def perform(
        self,
        intent: Edit | Refusal | None,
        *,
        merge: str | None = None,
        select_added: bool = False,
        says_where: bool = False,
    ) -> bool:
        """Apply what a gesture asked for, or show why it can't be; return whether something changed.

        It is an edit of the sheet that is shown, unless it `says_where` its parts are made.
        """
        if isinstance(intent, Refusal):
            self.show_hint(intent.message, passing=True)
        if intent is None or isinstance(intent, Refusal):
            return False
        try:
            apply = self.document.apply if says_where else self.document.apply_here
            apply(intent, merge=merge)
        except GraphError as error:
            self.show_hint(str(error), passing=True)
            return False
        self.show_hint("")
        if select_added:
            self.select(intents.added(intent))
        return True

    # What a gesture shows

    def show_hint(self, text: str, *, passing: bool = False) -> None:
        """Show a sentence at the pointer, for a while or until it is replaced; none for an empty one."""
        self.hint_label.say(text, self.pointer(), passing=passing)

    def pointer(self) -> QPoint:
        """Return the pointer's place in the viewport, or its middle where the pointer is elsewhere."""
        room = self.viewport().rect()
        return self.pointer_place if room.contains(self.pointer_place) else room.center()

    def offer_wire(self, edge: Edge | None) -> None:
        """Light up the wire into which a block would go, and no other."""
        for other, item in self.canvas_scene.wires.items():
            item.show_offered(other == edge)

    # In step with what is shown

    def _on_analysis_changed(self) -> None:
        self.canvas_scene.show_lowering(self.analysis.lowering)
        if not self.canvas_scene.blocks:
            self.viewport().update()  # the invitation depends on the data

    def _on_selection_changed(self) -> None:
        self.selection_bar.follow()
        self.setAccessibleDescription(self._spoken_selection())
        self.selection_changed.emit()

    def _spoken_selection(self) -> str:
        blocks = [self.canvas_scene.blocks[node] for node in self.selected()]
        said = [f"{item.node.name}, {item.node.type}, {item.spec or 'no shape yet'}" for item in blocks[:5]]
        return "; ".join(said) if said else f"{len(self.canvas_scene.blocks)} blocks, none selected"

    def _on_content_changed(self) -> None:
        self._extent = None
        self.overview.refresh()
        self.selection_bar.follow()
        self.rename_field.follow()
        self.viewport().update()

    def _on_camera_changed(self) -> None:
        self.canvas_scene.show_from(self.zoom())
        self.overview.follow()
        self.selection_bar.follow()
        self.rename_field.follow()
        self.zoom_changed.emit(self.camera.zoom)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.overview.place()
        self.camera.hold(self.canvas_scene.extent())
        self._on_camera_changed()

    # Painting

    def drawBackground(self, painter: QPainter, rect: QRectF) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        backdrop.paint_dots(painter, self.viewport().size(), self.viewportTransform())

    def drawForeground(self, painter: QPainter, rect: QRectF) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        if self.pending_wire is not None:
            backdrop.paint_pending_wire(painter, self.canvas_scene, *self.pending_wire)
        if self.gesture is not None:
            self.gesture.paint(painter)
        elif self.zoom() > 0.5:
            backdrop.paint_port_names(painter, self.canvas_scene)
            backdrop.paint_short_labels(painter, self.canvas_scene)
        if self.shows_focus:
            backdrop.paint_focus(painter, self.viewport().size())
        if not self.canvas_scene.blocks:
            has_data = bool(self.document.project.data)
            backdrop.paint_invitation(painter, self.viewport().size(), has_data=has_data)
