"""What no one caught: logged, told once in a dialog, and the program goes on.

1. `sys`, `threading` and unraisable hooks lead here.
2. The report is written to the log at once, and handed to the GUI thread.
3. One dialog at a time: what comes while it is open is counted in it, and a fault that was shown already goes to the
   log alone.
"""

from __future__ import annotations

import faulthandler
import sys
import threading
import traceback
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import IO

from platformdirs import user_log_path
from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QWidget

from netbuilder.ui.dialogs import Choice, Message, system_information

_LARGEST_LOG = 2**20


class ErrorReporter(QObject):
    """Takes every uncaught exception, of any thread. `save_copy` is offered in the dialog, so that no work is lost."""

    _caught = Signal(str, str, str)

    def __init__(self, window: Callable[[], QWidget | None], save_copy: Callable[[], object]) -> None:
        super().__init__()
        self._window = window
        self._save_copy = save_copy
        self._dialog: Message | None = None
        self._more = 0
        self._shown: set[str] = set()
        self._log: IO[str] | None = None
        self._caught.connect(self._show, Qt.ConnectionType.QueuedConnection)

    def install(self) -> None:
        """Begin to listen. A crash of the process itself leaves the stacks of all threads in the log."""
        self._log = open_log()
        faulthandler.enable(self._log)
        self._old = sys.excepthook, threading.excepthook, sys.unraisablehook
        sys.excepthook = self._on_exception
        threading.excepthook = self._on_thread_exception
        sys.unraisablehook = self._on_unraisable

    def uninstall(self) -> None:
        """Leave the hooks as they were found."""
        sys.excepthook, threading.excepthook, sys.unraisablehook = self._old
        faulthandler.disable()
        if self._log:
            self._log.close()

    def _on_exception(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None, where: str = "the window"
    ) -> None:
        if issubclass(kind, KeyboardInterrupt):
            window = self._window()
            if window:
                window.close()
            return
        text = "".join(traceback.format_exception(kind, error, trace))
        moment = datetime.now().astimezone().isoformat(timespec="seconds")
        if self._log and not self._log.closed:
            print(f"\n{moment}, in {where}\n{text}", file=self._log, flush=True)
        last = traceback.extract_tb(trace)[-1:] if trace else []
        place = f"{last[0].filename}:{last[0].lineno}" if last else ""
        self._caught.emit(f"{kind.__name__} {place}", f"{kind.__name__}: {error}", f"In {where}\n\n{text}")

    def _on_thread_exception(self, args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None and not issubclass(args.exc_type, SystemExit):
            name = args.thread.name if args.thread else "a thread"
            self._on_exception(args.exc_type, args.exc_value, args.exc_traceback, name)

    def _on_unraisable(self, args: sys.UnraisableHookArgs) -> None:
        if args.exc_value is not None:
            where = args.err_msg or "a clean-up"
            self._on_exception(args.exc_type, args.exc_value, args.exc_traceback, where)

    def _show(self, signature: str, headline: str, report: str) -> None:
        if self._dialog is not None:
            self._more += 1
            self._dialog.details += f"\n\n{report}"
            times = "one more fault" if self._more == 1 else f"{self._more} more faults"
            self._dialog.sentence.setText(f"{self._sentence(headline)}\n\nSince then: {times}.")
            return
        if signature in self._shown:
            return  # in the log; telling it again and again would keep people from saving their work
        self._shown.add(signature)
        self._more = 0
        choices = [Choice("save", "Save a copy…"), Choice("copy", "Copy report"), Choice("close", "Go on", "primary")]
        details = f"{headline}\n\n{report}\n{system_information()}"
        symbol = ("mdi6.alert-circle-outline", "error")
        dialog = Message(
            self._window(), "Something went wrong", self._sentence(headline), choices, symbol=symbol, details=details
        )
        dialog.finished.connect(self._on_dialog_finished)
        self._dialog = dialog
        dialog.open()

    @staticmethod
    def _sentence(headline: str) -> str:
        return (
            "A fault in NetBuilder kept it from doing that. Your network is as it was, and you can go on; "
            f"please send the report to those who maintain the program.\n\n{headline[:300]}"
        )

    def _on_dialog_finished(self) -> None:
        dialog, self._dialog = self._dialog, None
        assert dialog
        dialog.deleteLater()
        if dialog.chosen == "save":
            self._save_copy()


def open_log() -> IO[str]:
    """Return the log file of this user, opened for appending; it is begun anew when it has grown large."""
    path = log_path()
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and path.stat().st_size > _LARGEST_LOG:
        path.replace(path.with_suffix(".old.log"))
    return open(path, "a", encoding="utf-8")


def log_path() -> Path:
    """Return where the log is."""
    return user_log_path("netbuilder", appauthor=False) / "netbuilder.log"
