"""Axes of the plots: few round ticks, words instead of powers, no line but the grid."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import pyqtgraph as pg
from PySide6.QtCore import QRectF

from netbuilder.ui.theme import text_font, theme
from netbuilder.ui.values import tidy

Scale = Literal["linear", "log", "percent"]

AXIS_ROOM = 0.015
"""An axis goes on by this share of itself behind its limits, so that what is drawn along them is whole."""

_ROUND = (1.0, 2.0, 2.5, 5.0, 10.0)


def round_step(span: float, most: int, *, least: float = 0.0) -> float:
    """Return the smallest of 1, 2, 2.5, 5, 10, ... that cuts `span` into at most `most` parts,
    and is at least `least`.
    """
    wanted = max(span / most, least, 1e-30)
    power = 10.0 ** math.floor(math.log10(wanted) + 1e-9)
    return next(step for factor in _ROUND if (step := factor * power) >= wanted * (1 - 1e-9))


def round_range(low: float, high: float, scale: Scale) -> tuple[float, float]:
    """Return round limits around the values; those of a log scale are exponents of ten."""
    if scale == "log":
        low, high = math.log10(low), math.log10(high)
        room = max(0.05, (high - low) * 0.05)
        return low - room, high + room
    if scale == "percent" and high <= 1:
        return max(0.0, math.floor(low * 10 - 0.5) / 10), 1.0
    if low >= 0 and low < high * 0.7:
        low = 0.0
    if high <= low:
        low, high = low - (abs(low) or 1.0) / 2, high + (abs(high) or 1.0) / 2
    step = round_step(high - low, 5)
    return math.floor(low / step + 1e-6) * step, math.ceil(high / step - 1e-6) * step


class Axis(pg.AxisItem):
    """An axis whose labels are muted, with grid lines where `grid` says so."""

    def __init__(self, side: Literal["left", "bottom"], *, grid: bool, least_step: float = 0.0) -> None:
        super().__init__(side)
        self.scale_kind: Scale = "linear"
        self._least_step = least_step
        self._with_grid = grid
        self.setStyle(tickLength=0, tickTextOffset=6, maxTickLevel=0, hideOverlappingLabels=False)
        if side == "left":
            self.setWidth(44)
        else:
            self.setHeight(22)
        self.dress()

    def dress(self) -> None:
        """Take colours and font from the theme of the moment."""
        look = theme()
        self.setStyle(tickFont=text_font(11))
        self.setPen(pg.mkPen(None))
        self.setTickPen(pg.mkPen(look.line))
        self.setTextPen(look.muted)
        self.setGrid(255 if self._with_grid else False)

    def boundingRect(self) -> QRectF:
        room = 10 if self.orientation == "left" else 0  # half a label's height beyond the ends, or theirs are dropped
        return super().boundingRect().adjusted(0, -room, 0, room)

    def tickValues(self, minVal: float, maxVal: float, size: float) -> list[tuple[float, list[float]]]:  # noqa: N803
        """Return the places of the ticks: few, and at round values."""
        if maxVal <= minVal:
            return []
        if self.scale_kind == "log":
            return [(1.0, _log_ticks(minVal, maxVal))]
        vertical = self.orientation == "left"
        most = max(2, min(5, int(size / (28 if vertical else 56))))
        least = self._least_step if maxVal - minVal > 2 else 0.0
        step = round_step((maxVal - minVal) / (1 + 2 * AXIS_ROOM), most, least=least)
        first, last = math.ceil(minVal / step - 1e-6), math.floor(maxVal / step + 1e-6)
        return [(step, [number * step for number in range(first, last + 1)])]

    def tickStrings(self, values: Sequence[float], scale: float, spacing: float) -> list[str]:
        """Return the words at the ticks."""
        if self.scale_kind == "log":
            return [tidy(float(f"{10**value:.2g}")) for value in values]
        if self.scale_kind == "percent":
            return [f"{100 * value:.{_decimals(100 * spacing)}f} %" for value in values]
        if max(map(abs, values), default=0) >= 1e5 or spacing < 1e-4:
            return [f"{value:.3g}" for value in values]
        return [f"{value:.{_decimals(spacing)}f}" for value in values]


def _decimals(step: float) -> int:
    return next((digits for digits in range(6) if math.isclose(round(step, digits), step, rel_tol=1e-6)), 6)


def _log_ticks(low: float, high: float) -> list[float]:
    """Return the exponents of whole powers of ten in range; of 2 and 5 times them too where those are few."""
    powers = range(math.floor(low), math.ceil(high) + 1)
    for digits in ((1,), (1, 3), (1, 2, 5), (1, 1.5, 2, 3, 5, 7)):
        ticks = [power + math.log10(digit) for power in powers for digit in digits]
        found = [tick for tick in ticks if low <= tick <= high]
        if len(found) >= 3:
            break
    return found[:: max(1, round(len(found) / 5))]
