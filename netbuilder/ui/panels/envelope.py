"""Long curves made short for the screen, without losing a spike: least and greatest value of blocks of steps.

A pyramid of blocks of 8, 64, 512, ... values is kept up to date as values are added, each value looked at once a level.
A view of any stretch then costs in proportion to the pixels that it fills, and where there are pixels enough it is the
values themselves. Pure numpy.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from netbuilder.training.telemetry import Floats, Series

Doubles = npt.NDArray[np.float64]

_FACTOR = 8
_RAW_PER_COLUMN = 2
"""Up to so many values a column are drawn as they are."""


@dataclass(slots=True)
class _Level:
    """The extremes of blocks of `size` values; the last, unfinished block is not in it."""

    size: int
    low: Series = field(default_factory=Series)
    high: Series = field(default_factory=Series)

    @property
    def covered(self) -> int:
        return len(self.low.view()) * self.size


class Envelope:
    """A curve of one value a step that grows at its end."""

    def __init__(self) -> None:
        self._values: Floats = np.empty(0, dtype=np.float32)
        self._levels: list[_Level] = []
        self._sums: Doubles = np.zeros(1024, dtype=np.float64)
        self._summed = 0
        self._shift = 0.0

    def __len__(self) -> int:
        return len(self._values)

    def update(self, values: Floats) -> None:
        """Take in what was added: `values` are those known before, unchanged, and more behind them."""
        self._values = values
        if len(values) and not self._summed:
            self._shift = float(values[0]) if np.isfinite(values[0]) else 0.0
        self._extend_sums()
        low = high = values
        size = 1
        for depth in range(64):
            size *= _FACTOR
            if len(values) < size:
                break
            if depth == len(self._levels):
                self._levels.append(_Level(size))
            level = self._levels[depth]
            done, complete = len(level.low.view()), len(low) // _FACTOR
            if complete > done:
                fresh = slice(done * _FACTOR, complete * _FACTOR)
                level.low.extend(np.fmin.reduce(low[fresh].reshape(-1, _FACTOR), axis=1))
                level.high.extend(np.fmax.reduce(high[fresh].reshape(-1, _FACTOR), axis=1))
            low, high = level.low.view(), level.high.view()

    def view(self, first: int, last: int, columns: int) -> tuple[Doubles, Floats]:
        """Return places and values of a line that shows steps `first` up to `last` (not with it)
        in about `columns` columns.

        Each column that stands for many steps goes from their least to their greatest value. Blocks lie at multiples of
        their size, so that a growing curve does not shimmer.
        """
        first, last = max(0, first), min(last, len(self._values))
        span = last - first
        if span <= _RAW_PER_COLUMN * columns:
            places = np.arange(first, max(first, last), dtype=np.float64)
            return places, self._values[first : max(first, last)]
        width = 1 << (-(-span // columns) - 1).bit_length()
        low, high, start = self._blocks(first // width * width, last, width)
        places = np.repeat(start + width / 2.0, 2)
        values = np.empty(len(places), dtype=np.float32)
        values[0::2], values[1::2] = low, high
        return places, values

    def smooth(self, first: int, last: int, columns: int, window: int) -> tuple[Doubles, Doubles]:
        """Return places and values of the mean over `window` steps around each of about `columns` places."""
        first, last = max(0, first), min(last, len(self._values))
        if last <= first:
            return np.empty(0), np.empty(0)
        places = np.unique(np.linspace(first, last - 1, min(columns, last - first)).round().astype(np.int64))
        # Evenly narrower towards the start, where a loss falls fast; one-sided at the end,
        # so that it stands still there.
        half = np.minimum(window // 2, places)
        ends = np.minimum(places + half + 1, len(self._values))
        means = (self._sums[ends] - self._sums[places - half]) / (ends - places + half) + self._shift
        return places.astype(np.float64), means

    def extremes(self, first: int, last: int) -> tuple[float, float] | None:
        """Return the least and the greatest finite value of a stretch, or None where it has none."""
        _, values = self.view(first, last, 512)
        finite = values[np.isfinite(values)]
        return (float(finite.min()), float(finite.max())) if len(finite) else None

    def value(self, step: int) -> float | None:
        """Return the value at a place, or None beyond the ends."""
        return float(self._values[step]) if 0 <= step < len(self._values) else None

    def _extend_sums(self) -> None:
        """Keep running sums of all values less the first one, which keeps them small and so exact."""
        end = len(self._values)
        if end + 1 > len(self._sums):
            grown = np.zeros(max(end + 1, 2 * len(self._sums)), dtype=np.float64)
            grown[: self._summed + 1] = self._sums[: self._summed + 1]
            self._sums = grown
        fresh = self._values[self._summed : end].astype(np.float64) - self._shift
        np.nan_to_num(fresh, copy=False, nan=0.0, posinf=0.0, neginf=0.0)
        self._sums[self._summed + 1 : end + 1] = self._sums[self._summed] + np.cumsum(fresh)
        self._summed = end

    def _blocks(self, first: int, last: int, width: int) -> tuple[Floats, Floats, Doubles]:
        """Return least, greatest and start of each block of `width` steps from `first`,
        the last one perhaps unfinished.
        """
        level = next((each for each in reversed(self._levels) if each.size <= width), None)
        size = level.size if level else 1
        known_low, known_high = (level.low.view(), level.high.view()) if level else (self._values, self._values)
        count = -(-(last - first) // width)
        whole = min((last - first) // width, (len(known_low) * size - first) // width)
        part = slice(first // size, (first + whole * width) // size)
        low, high = np.empty(count, dtype=np.float32), np.empty(count, dtype=np.float32)
        low[:whole] = np.fmin.reduce(known_low[part].reshape(-1, width // size), axis=1)
        high[:whole] = np.fmax.reduce(known_high[part].reshape(-1, width // size), axis=1)
        for at in range(whole, count):  # one block, or two: what no level has yet
            rest = self._values[first + at * width : min(last, first + (at + 1) * width)]
            low[at], high[at] = np.fmin.reduce(rest), np.fmax.reduce(rest)
        return low, high, first + width * np.arange(count, dtype=np.float64)
