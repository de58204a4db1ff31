"""The menu of the canvas: what can be done with what the pointer is on, repairs first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtWidgets import QMenu

from netbuilder.ui.canvas.parts import Hit
from netbuilder.ui.theme import icon
from netbuilder.ui.wiring import Refusal

if TYPE_CHECKING:
    from netbuilder.ui.canvas.view import CanvasView


def open_menu(canvas: CanvasView, event: QContextMenuEvent) -> None:
    """Open the menu where it was asked for; by key, for the selected block."""
    place = event.pos()
    if event.reason() == QContextMenuEvent.Reason.Keyboard:
        place = canvas.pointer()
        if canvas.selected():
            area = canvas.canvas_scene.blocks[canvas.selected()[-1]].area
            place = canvas.mapFromScene(area.left + 24, area.top + 24)
    menu = menu_at(canvas, place)
    menu.popup(canvas.viewport().mapToGlobal(place))


def menu_at(canvas: CanvasView, place: QPoint) -> QMenu:
    """Return the menu for a place of the viewport, after selecting what is there."""
    scene = canvas.canvas_scene
    hit = scene.hit(canvas.mapToScene(place), canvas.zoom())
    if hit.node is not None and hit.node not in scene.selected_nodes:
        scene.select([hit.node])
    if hit.edge is not None and hit.edge not in scene.selected_edges:
        scene.select([], [hit.edge])
    menu = QMenu(canvas)
    menu.aboutToHide.connect(menu.deleteLater)
    _add_fixes(menu, canvas, hit)
    if hit.node is not None or hit.edge is not None:
        _add_selection(menu, canvas)
    else:
        _add_canvas(menu, canvas, place)
    return menu


def _add_fixes(menu: QMenu, canvas: CanvasView, hit: Hit) -> None:
    fixes = [fix for problem in canvas.canvas_scene.findings.problems_at(hit) for fix in problem.fixes]
    for fix in fixes:
        menu.addAction(icon("mdi6.auto-fix", "accent"), fix.title).triggered.connect(
            lambda _, edit=fix.edit: canvas.mend(edit)
        )
    if fixes:
        menu.addSeparator()


def _add_selection(menu: QMenu, canvas: CanvasView) -> None:
    blocks = len(canvas.selected())
    if blocks:
        menu.addAction("Rename", "F2", canvas.rename_selected)
        menu.addAction("Duplicate", "Ctrl+D", canvas.duplicate)
        menu.addAction("Cut", "Ctrl+X", canvas.cut)
        menu.addAction("Copy", "Ctrl+C", canvas.copy)
        menu.addSeparator()
        menu.addAction("Add block after", "Tab", canvas.search_after_selection)
        wire = menu.addAction("Wire in order of selection", "W", canvas.connect_selected)
        wire.setEnabled(blocks > 1)
        menu.addSeparator()
        if canvas.selected_group():
            menu.addAction("Edit inside", "Enter", canvas.enter_selected)
            menu.addAction("Ungroup", "Ctrl+Shift+G", canvas.ungroup_selected)
            menu.addAction("Make independent", canvas.make_selected_independent)
            menu.addAction("Keep in my library", canvas.keep_selected)
        menu.addAction("Group", "Ctrl+G", canvas.group_selected)
        menu.addSeparator()
        _add_weights(menu, canvas)
    menu.addAction("Cut wires", canvas.disconnect_selection)
    menu.addSeparator()
    menu.addAction("Delete", "Del", canvas.delete_selection)


def _add_weights(menu: QMenu, canvas: CanvasView) -> None:
    """Offer to share weights, and to share them no more, where one of them can be done."""
    offers = (
        ("Share weights", "Ctrl+L", canvas.sharing_intent),
        ("Own weights", "Ctrl+Shift+L", canvas.parting_intent),
    )
    intents = [(text, keys, ask()) for text, keys, ask in offers]
    if all(isinstance(intent, Refusal) for _, _, intent in intents):
        return
    menu.setToolTipsVisible(True)
    for text, keys, intent in intents:
        action = menu.addAction(text, keys, lambda intent=intent: canvas.perform(intent))
        if isinstance(intent, Refusal):
            action.setEnabled(False)
            action.setToolTip(intent.message)
    menu.addSeparator()


def _add_canvas(menu: QMenu, canvas: CanvasView, place: QPoint) -> None:
    menu.addAction("Add block", "Space", lambda: canvas.search(place))
    menu.addAction("Paste", "Ctrl+V", canvas.paste)
    menu.addAction("Select all", "Ctrl+A", canvas.select_all)
    if canvas.document.group:
        menu.addAction("Leave the group", "Esc", canvas.leave)
    menu.addSeparator()
    menu.addAction("Arrange", "L", canvas.arrange)
    menu.addAction("Show all", "Home", canvas.fit)
    menu.addAction("100 %", "Ctrl+0", lambda: canvas.zoom_to(1.0))
