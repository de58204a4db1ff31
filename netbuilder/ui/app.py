"""The program with its window, from start to exit.

1. The application, its theme and the window are made and painted; torch is not imported yet.
2. After the first paint the rest follows (`MainWindow`); the network is analysed, and trained if that was asked for.
3. Python's cyclic garbage is collected by a timer, in this thread alone: a collection on another could destroy Qt
   objects there.
"""

from __future__ import annotations

import gc
import signal
import sys
import time
from pathlib import Path

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from netbuilder.ui.errors import ErrorReporter
from netbuilder.ui.main_window import MainWindow
from netbuilder.ui.settings import settings
from netbuilder.ui.theme import Choice, icon, set_theme

_COLLECT_MS = 100
_FULL_SHARE = 0.01
"""Of the time, at most, that full collections take: they hold up a training thread as well as the window."""


_SWITCH_SECONDS = 0.001
"""How long a thread keeps Python's lock while another waits. With the usual 5 ms the window and the analysis hold each
other up at every turn: beside other programs an edit of a thousand blocks took twice as long; a training's speed stays
the same.
"""


class GarbageCollector(QObject):
    """Collects cyclic garbage in the GUI thread, a generation at a time, as Python itself would."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        gc.disable()
        self._next_full = 0.0
        self._timer = QTimer(self, interval=_COLLECT_MS)
        self._timer.timeout.connect(self.collect)
        self._timer.start()

    def collect(self) -> None:
        """Collect the oldest generation that is due."""
        counts, limits = gc.get_count(), gc.get_threshold()
        started = time.monotonic()
        oldest = 2 if started >= self._next_full else 1
        due = max(
            (generation for generation in range(oldest + 1) if counts[generation] > limits[generation]), default=None
        )
        if due is not None:
            gc.collect(due)
        if due == 2:
            ended = time.monotonic()
            self._next_full = ended + (ended - started) / _FULL_SHARE


def set_aside_each_project(window: MainWindow) -> None:
    """Once a project has been analysed, let no collection look again at what exists by then, modules above all.

    It lives long and is slow to look through: a full collection over torch and a thousand blocks takes a third of a
    second.
    """
    is_new = True

    def on_document_replaced() -> None:
        nonlocal is_new
        is_new = True

    def on_analysis_changed() -> None:
        nonlocal is_new
        if is_new and window.analysis.lowering is not None:
            is_new = False
            gc.collect()
            gc.freeze()

    window.document.replaced.connect(on_document_replaced)
    window.analysis.changed.connect(on_analysis_changed)


def application() -> QApplication:
    """Return the application, made and named if there is none yet, with Python's garbage collected in its thread."""
    app = QApplication.instance()
    if isinstance(app, QApplication):
        return app
    QGuiApplication.setHighDpiScaleFactorRoundingPolicy(Qt.HighDpiScaleFactorRoundingPolicy.PassThrough)
    app = QApplication(sys.argv[:1])
    app.setApplicationName("netbuilder")
    app.setApplicationDisplayName("")
    app.setDesktopFileName("netbuilder")
    app.setWindowIcon(icon("mdi6.graph-outline", "accent"))
    GarbageCollector(app)
    sys.setswitchinterval(_SWITCH_SECONDS)
    return app


def main(file: Path | None, train: bool = False) -> int:
    """Open the window, with this project if one is given, training it at once if asked; return the exit code."""
    app = application()
    kept = settings().value("theme", "system")
    wanted: Choice = kept if kept in ("light", "dark", "system") else "system"  # pyright: ignore[reportAssignmentType]
    set_theme(wanted)
    window = MainWindow()
    reporter = ErrorReporter(lambda: window, window.files.save_copy)
    reporter.install()
    _obey_signals(window)

    if file is not None and window.files.open(file) and train:
        _train_when_ready(window)
    set_aside_each_project(window)
    window.show()
    code = app.exec()
    reporter.uninstall()
    return code


def _obey_signals(window: MainWindow) -> None:
    """Let Ctrl+C close the window as its button does; a request to end, or a terminal that goes, without a question.

    Python hears of a signal when the collector's timer wakes it.
    """
    for name, obey in (("SIGINT", window.close), ("SIGTERM", window.end), ("SIGHUP", window.end)):
        number = getattr(signal, name, None)  # Windows has no SIGHUP
        if number and signal.getsignal(number) != signal.SIG_IGN:  # nohup asks for that
            signal.signal(number, lambda *_, obey=obey: QTimer.singleShot(0, window, obey))


def _train_when_ready(window: MainWindow) -> None:
    """Press Train once the network is known to be sound; problems are left for the person to see."""

    def on_analysis_changed() -> None:
        lowering = window.analysis.lowering
        if lowering is None:
            return
        window.analysis.changed.disconnect(on_analysis_changed)
        if lowering.program:
            window.session.train()

    window.analysis.changed.connect(on_analysis_changed)
