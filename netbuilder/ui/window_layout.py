"""How the window is laid out, kept from one start to the next: its geometry, its splitters,
which panels and layers show.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray

from netbuilder.ui import commands
from netbuilder.ui.settings import kept_texts, settings

if TYPE_CHECKING:
    from netbuilder.ui.main_window import MainWindow


def restore(window: MainWindow) -> None:
    """Lay the window out as it was kept, as far as it was."""
    kept = settings()
    for name, take in (
        ("geometry", window.restoreGeometry),
        ("across", window.across.restoreState),
        ("middle", window.middle.restoreState),
    ):
        state = kept.value(name)
        if isinstance(state, QByteArray):
            take(state)
    window.layers.fold(kept_texts("folded"))
    for name, panel in commands.hideable(window).items():
        panel.setVisible(bool(kept.value(name, True, type=bool)))


def keep(window: MainWindow) -> None:
    """Keep how the window is laid out now."""
    kept = settings()
    kept.setValue("geometry", window.saveGeometry())
    kept.setValue("across", window.across.saveState())
    kept.setValue("middle", window.middle.saveState())
    kept.setValue("folded", window.layers.folded())
    for name, panel in commands.hideable(window).items():
        kept.setValue(name, not panel.isHidden())
