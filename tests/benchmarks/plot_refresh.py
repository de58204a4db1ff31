"""What the live loss curve costs the GUI thread, at a thousand steps and at ten million.

Run it: `python tests/benchmarks/plot_refresh.py`.

Each refresh takes in the steps of a fifteenth of a second and draws the whole run anew; the curve is painted at once,
so that what pyqtgraph puts off is counted. Printed are medians and what they are against that of a thousand steps.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np
from PySide6.QtWidgets import QApplication

from netbuilder.ui.panels.plots import LossPlot
from netbuilder.ui.theme import set_theme

FRESH, ROUNDS, EPOCHS = 60, 100, 20


def measure(steps: int) -> tuple[float, float]:
    """Return the milliseconds of a refresh and of the painting after it, at so many steps."""
    rng = np.random.default_rng(0)
    losses = (2 * np.exp(-np.linspace(0, 5, steps + FRESH * ROUNDS)) + 0.2 * rng.random(steps + FRESH * ROUNDS)).astype(
        np.float32
    )
    plot = LossPlot()
    plot.resize(600, 240)
    plot.show()
    plot.begin(max(1, len(losses) // EPOCHS), EPOCHS)
    plot.refresh(losses[:steps])
    QApplication.processEvents()
    refreshes, paints = [], []
    for turn in range(1, ROUNDS + 1):
        start = time.perf_counter()
        plot.refresh(losses[: steps + FRESH * turn])
        middle = time.perf_counter()
        plot.plot.viewport().repaint()
        refreshes.append(middle - start)
        paints.append(time.perf_counter() - middle)
    return 1e3 * statistics.median(refreshes), 1e3 * statistics.median(paints)


def main() -> None:
    """Measure and print."""
    app = QApplication([])
    set_theme("dark")
    first = 0.0
    for steps in (1_000, 100_000, 10_000_000):
        refresh, paint = measure(steps)
        first = first or refresh + paint
        ratio = (refresh + paint) / first
        print(
            f"{steps:>12,} steps: refresh {refresh:.2f} ms, paint {paint:.2f} ms, {ratio:.2f} times that of 1,000 steps"
        )
    app.quit()


if __name__ == "__main__":
    main()
