"""How quick the window stays. Run it: `python tests/benchmarks/ui_latency.py [training] [edits] [start]`.

training  Rounds of the same training, in turn: with the window open (live plots, activations of a convolution), with
          the window closed, and in a tuned loop written by hand. Printed are the medians of the rounds' ratios, and how
          late a 5 ms timer of the GUI thread fires while the open ones train.
edits     Changes to a network of 1,000 blocks, one after the other: from the edit to the moment when its shapes are
          painted, and the longest time that the GUI thread spent on one event without looking up.
start     From the start of the process to the end of the first paint of the window.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np
from PySide6.QtCore import QEvent, QEventLoop, QObject, Qt, QTimer
from PySide6.QtWidgets import QApplication

from netbuilder.assets import examples
from netbuilder.graph.edits import Disconnect, Edit, SetParameter
from netbuilder.graph.model import NodeId
from netbuilder.ui.app import GarbageCollector, application, set_aside_each_project
from netbuilder.ui.main_window import MainWindow
from netbuilder.ui.theme import set_theme
from tests.drawing import Drawing

_TICK = 5.0  # milliseconds
_WORST = 3


def main() -> None:
    """Measure what is asked for, each part in a process of its own."""
    parts: dict[str, Callable[[], None]] = {
        "training": measure_training,
        "edits": measure_edits,
        "start": measure_start,
    }
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", choices=[*parts, []], metavar="part", help=", ".join(parts))
    wanted = parser.parse_args().parts or list(parts)
    if len(wanted) == 1:
        parts[wanted[0]]()
        return
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {os.environ['QT_QPA_PLATFORM']}")
    for part in wanted:
        subprocess.run([sys.executable, __file__, part], check=True)


def shown_window() -> MainWindow:
    """Show the window as the program does."""
    application()
    set_theme("dark")
    window = MainWindow(remembers=False)
    set_aside_each_project(window)
    window.show()
    until(lambda: window.is_ready)
    return window


def until(done: Callable[[], object], seconds: float = 300.0) -> None:
    """Let the window live until this holds, in an event loop that sleeps as the program's does."""
    loop, deadline = QEventLoop(), time.monotonic() + seconds
    watch = QTimer(interval=20)
    watch.timeout.connect(lambda: loop.quit() if done() or time.monotonic() > deadline else None)
    watch.start()
    loop.exec()
    assert done(), "this takes too long"


def rest(seconds: float) -> None:
    """Let the window live for a while."""
    end = time.monotonic() + seconds
    until(lambda: time.monotonic() > end)


def percentiles(values: list[float]) -> str:
    """Return the middle and the tail of milliseconds."""
    p50, p95, p99 = np.percentile(values, (50, 95, 99))
    return f"p50 {p50:.1f}, p95 {p95:.1f}, p99 {p99:.1f}, longest {max(values):.1f} ms of {len(values):,}"


# Training


class Lateness(QObject):
    """Notes by how many milliseconds a timer of the GUI thread fires too late."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.values: list[float] = []
        self._timer = QTimer(self, interval=int(_TICK), timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._on_timeout)
        self._last = 0.0

    def start(self) -> None:
        self._last = time.perf_counter()
        self._timer.start()

    def stop(self) -> None:
        self._timer.stop()

    def _on_timeout(self) -> None:
        now = time.perf_counter()
        self.values.append(max(0.0, 1e3 * (now - self._last) - _TICK))
        self._last = now


def measure_training(rounds: int = 5) -> None:
    """Train in three ways, in turn."""
    import torch

    from netbuilder.data import dataset
    from netbuilder.training.telemetry import Ended, Started
    from tests.benchmarks import training_speed

    torch.set_num_threads(1)
    case, device = replace(training_speed.CASES[1], epochs=100), torch.device("cpu")
    project = training_speed.project(case, device)
    assert dataset
    window = shown_window()
    lateness, idle = Lateness(window), Lateness(window)
    window.document.replace(project.copy(), None)
    window.show_editor()
    until(lambda: window.analysis.is_current)
    conv = project.graph.named("conv2")
    assert conv is not None
    window.canvas.select([conv.id])
    window.show_tab(window.training_tab)
    idle.start()
    rest(2.0)
    idle.stop()
    marks: dict[type, float] = {}
    window.session.happened.connect(lambda event: marks.setdefault(type(event), time.perf_counter()))

    def open_() -> float:
        marks.clear()
        window.session.train()
        until(lambda: Started in marks)
        lateness.start()
        until(lambda: Ended in marks)
        lateness.stop()
        return marks[Ended] - marks[Started]

    seconds: dict[str, list[float]] = {"open": [], "closed": [], "by hand": []}
    open_()  # warms everything up
    lateness.values.clear()
    for _ in range(rounds):
        seconds["open"].append(open_())
        window.hide()
        seconds["closed"].append(training_speed.canvas(case, device)[0])
        seconds["by hand"].append(training_speed.tuned(case, device)[0])
        window.show()
        rest(0.2)

    def ratio(of: str, to: str) -> str:
        return f"{statistics.median(b / a for a, b in zip(seconds[of], seconds[to], strict=True)):.3f}"

    print(f"training, {case.name}, one thread, {rounds} rounds of {case.epochs} epochs:")
    for name, values in seconds.items():
        print(f"  {name:<8} {statistics.median(values):.2f} s")
    print(
        f"  speed with the window open:   {ratio('open', 'by hand')} of the loop by hand (aim 0.95), "
        f"{ratio('open', 'closed')} of closed"
    )
    print(f"  speed with the window closed: {ratio('closed', 'by hand')} of the loop by hand (aim 0.98)")
    print(f"  a {_TICK:.0f} ms timer while training is late by {percentiles(lateness.values)} (aim: p99 at most 16 ms)")
    print(f"  and while nothing happens by {percentiles(idle.values)}")
    close(window)


# Edits


class Stretch(NamedTuple):
    """An event that the GUI thread dealt with: milliseconds by the clock, and of the thread's own work."""

    wall: float = 0.0
    cpu: float = 0.0
    what: str = ""


class Watched(QApplication):
    """Notes the longest event that the event loop hands out."""

    def __init__(self) -> None:
        self.longest = Stretch()
        self._depth = 0
        super().__init__(sys.argv[:1])
        GarbageCollector(self)

    def notify(self, receiver: QObject, event: QEvent) -> bool:
        if self._depth:
            return super().notify(receiver, event)
        self._depth = 1
        kind, wall, cpu = event.type(), time.perf_counter(), time.thread_time()
        try:
            return super().notify(receiver, event)
        finally:
            self._depth = 0
            spent = 1e3 * (time.perf_counter() - wall)
            if spent > self.longest.wall:
                self.longest = Stretch(
                    spent, 1e3 * (time.thread_time() - cpu), f"{kind.name} of {type(receiver).__name__}"
                )


class Painted(QObject):
    """Notes when the canvas was last painted."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self.at = 0.0
        window.canvas.viewport().installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        if event.type() == QEvent.Type.Paint:
            QTimer.singleShot(0, self, self._on_painted)
        return False

    def _on_painted(self) -> None:
        self.at = time.perf_counter()


def thousand_blocks() -> Drawing:
    """Draw an input, 998 layers and an output, in lines of forty."""
    drawing = Drawing()
    last = drawing.put("Input", "image", shape=[64])
    kinds = ("Linear", "ReLU", "LayerNorm", "Dropout", "GELU")
    for number in range(998):
        kind = kinds[number % len(kinds)]
        params = {"out_features": 32 + number % 64} if kind == "Linear" else {}
        last = drawing.put(kind, f"{kind.lower()}_{number}", last, **params)
    drawing.put("Output", "result", last)
    for number, node in enumerate(drawing.project.graph):
        drawing.project.layout[node] = (212.0 * (number % 40), 124.0 * (number // 40))
    return drawing


def edits_of(drawing: Drawing, number: int) -> list[tuple[NodeId, Edit]]:
    """Return changes all over the network: other sizes, and wires cut."""
    random = np.random.default_rng(0)
    linears = [node.id for node in drawing.project.graph.nodes() if node.type == "Linear"]
    chosen = random.choice(np.array(linears), number)
    changes: list[tuple[NodeId, Edit]] = []
    for turn, node in enumerate(map(NodeId, map(str, chosen))):
        edge = drawing.project.graph.edges_into(node)[0]
        cut = Disconnect(edge)
        size = SetParameter(node, "out_features", 100 + turn)
        changes.append((node, cut if turn % 5 == 4 else size))
    return changes


def measure_edits(number: int = 200) -> None:
    """Change a large network over and over, near by and far out."""
    app = Watched()
    drawing = thousand_blocks()
    window = shown_window()
    window.document.replace(drawing.project, None)
    window.show_editor()
    until(lambda: window.analysis.is_current)
    rest(1.0)
    painted = Painted(window)
    shown = {"analysed": 0.0}
    window.analysis.changed.connect(lambda: shown.update(analysed=time.perf_counter()))
    print(f"edits, a network of {len(drawing.project.graph):,} blocks, {number} edits each:")
    for view in ("at 100 %", "the whole network in view"):
        seconds: list[float] = []
        stretches: list[Stretch] = []
        for node, edit in edits_of(drawing, number):
            if view == "at 100 %":
                window.canvas.select([node], center=True)
                window.canvas.camera.jump()
                window.canvas.zoom_to(1.0)
            else:
                window.canvas.fit()
            window.canvas.camera.jump()
            rest(0.05)
            app.longest = Stretch()
            begun = time.perf_counter()
            QTimer.singleShot(0, window, lambda edit=edit: window.document.apply(edit))
            until(lambda begun=begun: painted.at > shown["analysed"] > begun and window.analysis.is_current)
            seconds.append(1e3 * (painted.at - begun))
            stretches.append(app.longest)
            if isinstance(edit, Disconnect):
                window.document.undo_stack.undo()
                until(lambda: window.analysis.is_current)
        print(f"  {view}: shapes shown after {percentiles(seconds)} (aim: p95 at most 50 ms)")
        print(f"    longest event of the GUI thread: {percentiles([each.wall for each in stretches])} (aim: 8 ms)")
        print(f"    its own work in that event: {percentiles([each.cpu for each in stretches])}")
        for each in sorted(stretches, reverse=True)[:_WORST]:
            print(f"      {each.wall:.1f} ms, {each.cpu:.1f} ms of it its own: {each.what}")
    close(window)


# Start

_START = """
import sys, time
from pathlib import Path
from netbuilder.ui import app as program
class Window(program.MainWindow):
    def _on_first_paint(self):
        print(time.time(), "torch" in sys.modules, flush=True)
        program.QApplication.instance().quit()
program.MainWindow = Window
program.main(Path(sys.argv[1]) if sys.argv[1:] else None)
"""


def measure_start(rounds: int = 11) -> None:
    """Start the program over and over."""
    print(f"start, {rounds} times each, to the end of the first paint:")
    with tempfile.TemporaryDirectory() as home:
        variables = {f"XDG_{name}_HOME": home for name in ("CONFIG", "DATA", "STATE", "CACHE")}
        for what, arguments in (("the start page", []), ("the digits project", [str(examples() / "digits_cnn.netb")])):
            seconds: list[float] = []
            for _ in range(rounds + 1):
                begun = time.time()
                command = [sys.executable, "-c", _START, *arguments]
                out = subprocess.run(
                    command, env=os.environ | variables, capture_output=True, text=True, check=True
                ).stdout
                shown, has_torch = out.split()
                assert has_torch == "False", "torch was imported before the first paint"
                seconds.append(float(shown) - begun)
            print(f"  {what}: {statistics.median(seconds[1:]):.2f} s, at most {max(seconds[1:]):.2f} s warm (aim: 1 s)")


def close(window: MainWindow) -> None:
    """Close the window without questions."""
    window.document.undo_stack.setClean()
    window.close()
    until(lambda: not window.isVisible())


if __name__ == "__main__":
    main()
