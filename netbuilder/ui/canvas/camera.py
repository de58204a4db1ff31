"""What part of the canvas is looked at: zoom, pan, fit."""

from __future__ import annotations

import math

from PySide6.QtCore import QObject, QPoint, QPointF, QRectF, QVariantAnimation, Signal
from PySide6.QtGui import QTransform
from PySide6.QtWidgets import QGraphicsView

from netbuilder.ui.canvas.motion import GLIDE, animate, halt

FARTHEST = 0.05
NEAREST = 4.0
_FIT_MARGIN = 40
_FIT_NEAREST = 1.0


class Camera(QObject):
    """Moves the view. The canvas has no edges, so there is nothing to scroll to the end of."""

    changed = Signal()

    def __init__(self, view: QGraphicsView) -> None:
        super().__init__(view)
        self._view = view
        self._animation: QVariantAnimation | None = None
        self._holds_all = False

    @property
    def zoom(self) -> float:
        """Screen pixels per canvas pixel."""
        return self._view.transform().m11()

    @property
    def centre(self) -> QPointF:
        """The middle of what is looked at."""
        return self._view.mapToScene(self._view.viewport().rect()).boundingRect().center()

    def zoom_at(self, place: QPointF, factor: float) -> None:
        """Zoom so that what is at this place of the viewport stays there."""
        self.stop()
        zoom = max(FARTHEST, min(self.zoom * factor, NEAREST))
        anchor = self._to_canvas(place)
        middle = QPointF(self._view.viewport().rect().toRectF().center())
        self.look(anchor + (middle - place) / zoom, zoom)

    def pan(self, by: QPoint) -> None:
        """Move what is looked at by so many screen pixels."""
        self.stop()
        self._holds_all = False
        for bar, distance in (
            (self._view.horizontalScrollBar(), by.x()),
            (self._view.verticalScrollBar(), by.y()),
        ):
            bar.setValue(bar.value() - distance)
        self.changed.emit()

    def look(self, centre: QPointF, zoom: float) -> None:
        """Look there at once."""
        self._holds_all = False
        self._look(centre, zoom)

    def _look(self, centre: QPointF, zoom: float) -> None:
        if zoom != self.zoom:
            self._view.setTransform(QTransform.fromScale(zoom, zoom))
        self._view.centerOn(centre)
        self.changed.emit()

    def go(self, centre: QPointF, zoom: float) -> None:
        """Glide there."""
        self.stop()
        self._holds_all = False
        zoom = max(FARTHEST, min(zoom, NEAREST))
        from_centre, from_zoom = self.centre, self.zoom

        def step(progress: float) -> None:
            now = math.exp((1 - progress) * math.log(from_zoom) + progress * math.log(zoom))
            # On the way the middle moves as the zoom does, so that the target comes straight nearer.
            share = (
                progress if math.isclose(from_zoom, zoom) else (1 / now - 1 / from_zoom) / (1 / zoom - 1 / from_zoom)
            )
            self._look(from_centre + (centre - from_centre) * share, now)

        self._animation = animate(GLIDE, self, step, self._on_arrived)

    def fit(self, area: QRectF) -> None:
        """Glide to where all of an area is seen, no nearer than 100 %."""
        if area.isEmpty():
            self.go(QPointF(0, 0), 1.0)
            return
        room = self._view.viewport().size()
        width, height = max(room.width() - 2 * _FIT_MARGIN, 50), max(room.height() - 2 * _FIT_MARGIN, 50)
        self.go(area.center(), min(width / area.width(), height / area.height(), _FIT_NEAREST))

    def fit_all(self, area: QRectF) -> None:
        """Glide to where the whole network, which takes up this area, is seen, and hold it in view (`hold`)."""
        self.fit(area)
        self._holds_all = not area.isEmpty()

    def hold(self, area: QRectF) -> None:
        """Now that the room is another one: see the whole network again at once,
        if nothing else was looked at since.
        """
        if self._holds_all:
            self.fit_all(area)
            self.jump()

    def sees(self, area: QRectF) -> bool:
        """Tell whether an area is wholly in view, and not at its very edge."""
        return self._well_in_view.contains(area)

    def reveal(self, area: QRectF) -> None:
        """Glide just so far that an area is seen, farther away if need be; stay where it is seen already."""
        room = self._well_in_view
        if room.contains(area):
            return
        if room.width() < area.width() or room.height() < area.height():
            self.fit(area)
        else:
            self.go(area.center(), self.zoom)

    @property
    def _well_in_view(self) -> QRectF:
        margin = 24 / self.zoom
        seen = self._view.mapToScene(self._view.viewport().rect()).boundingRect()
        return seen.adjusted(margin, margin, -margin, -margin)

    def jump(self) -> None:
        """Be at once where a glide would end."""
        if self._animation is not None:
            self._animation.setCurrentTime(self._animation.duration())

    def stop(self) -> None:
        """Stay where it is."""
        if self._animation is not None:
            halt(self._animation)
            self._animation = None

    def _on_arrived(self) -> None:
        self._animation = None

    def _to_canvas(self, place: QPointF) -> QPointF:
        inverse, _ = self._view.viewportTransform().inverted()
        return inverse.map(place)
