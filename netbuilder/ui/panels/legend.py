"""What stands in a plot's heading: the values of its curves, in their colours."""

from __future__ import annotations

from typing import NamedTuple

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QResizeEvent
from PySide6.QtWidgets import QLabel

from netbuilder.ui.theme import theme


class Told(NamedTuple):
    """A value in a legend, under its name, in the colour of its curve."""

    name: str
    value: str
    colour: QColor


class Legend(QLabel):
    """Names and values; where there is no room for them, values alone, which their colours name."""

    def __init__(self) -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.RichText)
        self.setMinimumWidth(1)
        self._told: list[Told] = []

    def tell(self, told: list[Told]) -> None:
        """Show these in the place of what was told before."""
        self._told = told
        whole = "   ".join(f"{each.name} {each.value}" for each in told)
        has_room = self.fontMetrics().horizontalAdvance(whole) <= self.width()
        look = theme()
        parts = [
            f'<span style="color:{each.colour.name()}">{each.name}</span> '
            f'<span style="color:{look.muted.name()}">{each.value}</span>'
            if has_room
            else f'<span style="color:{each.colour.name()}">{each.value}</span>'
            for each in told
        ]
        self.setText("&nbsp;&nbsp;&nbsp;".join(parts))
        self.setToolTip("" if has_room else whole)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.tell(self._told)
