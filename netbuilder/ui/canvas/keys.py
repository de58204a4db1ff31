"""The canvas's keys.

The window's own shortcuts come first; these hold for a canvas by itself, and for what has no menu.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QKeySequence

from netbuilder.ui.geometry import GRID

if TYPE_CHECKING:
    from netbuilder.ui.canvas.view import CanvasView

_FAR = 10 * GRID
_ARROWS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}


def _commands(canvas: CanvasView) -> dict[str, Callable[[], object]]:
    return {
        "Del": canvas.delete_selection,
        "Backspace": canvas.delete_selection,
        "Ctrl+A": canvas.select_all,
        "Ctrl+C": canvas.copy,
        "Ctrl+X": canvas.cut,
        "Ctrl+V": canvas.paste,
        "Ctrl+Shift+V": lambda: canvas.paste(keep_incoming=True),
        "Ctrl+D": canvas.duplicate,
        "F2": canvas.rename_selected,
        "W": canvas.connect_selected,
        "L": canvas.arrange,
        "Home": canvas.fit,
        "F": canvas.fit_selection,
        ".": canvas.fit_selection,
        "Ctrl+0": lambda: canvas.zoom_to(1.0),
        "Ctrl++": canvas.zoom_in,
        "Ctrl+=": canvas.zoom_in,
        "Ctrl+-": canvas.zoom_out,
        "Alt+M": canvas.toggle_overview,
        "Tab": canvas.open_search,
        "Ctrl+G": canvas.group_selected,
        "Ctrl+Shift+G": canvas.ungroup_selected,
        "Ctrl+L": canvas.share_weights,
        "Ctrl+Shift+L": canvas.own_weights,
        "Return": canvas.enter_selected,
        "Enter": canvas.enter_selected,
    }


def press(canvas: CanvasView, event: QKeyEvent) -> bool:
    """Do what a key asks for; return whether it asked for anything."""
    arrow = _ARROWS.get(Qt.Key(event.key()))
    if arrow is not None:
        return _press_arrow(canvas, *arrow, event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier)
    pressed = QKeySequence(event.keyCombination()).toString(QKeySequence.SequenceFormat.PortableText)
    command = _commands(canvas).get(pressed)
    if command is None:
        return False
    command()
    return True


def _press_arrow(canvas: CanvasView, dx: int, dy: int, modifiers: Qt.KeyboardModifier) -> bool:
    shift, alt = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.AltModifier
    if modifiers & alt or not canvas.selected():
        canvas.walk(dx, dy, extend=bool(modifiers & shift))
    elif modifiers in (Qt.KeyboardModifier.NoModifier, shift):
        step = _FAR if modifiers == shift else GRID
        canvas.nudge(dx * step, dy * step)
    else:
        return False
    return True
