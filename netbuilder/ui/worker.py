"""Work off the GUI thread: one named thread that does one thing after another,
and hands results back in the GUI thread.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from PySide6.QtCore import QObject, Qt, Signal

_T = TypeVar("_T")
_Job = tuple[Callable[[], Any], Callable[[Any], None], Callable[[Exception], None]]


class _Mailbox(QObject):
    """Lives in the GUI thread; the worker posts to it, and it outlives the worker's owner if that goes first."""

    posted = Signal(object)


class Worker(QObject):
    """A thread that runs what is submitted, in order. It touches no Qt object but its mailbox."""

    def __init__(self, name: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs = queue.SimpleQueue[_Job | None]()
        self._mailbox = _Mailbox()
        self._mailbox.posted.connect(self._on_mailbox_posted, Qt.ConnectionType.QueuedConnection)
        self._name = name
        self._thread: threading.Thread | None = None
        self._waiting = 0
        self._is_closed = False
        self.destroyed.connect(lambda: jobs.put(None))

    @property
    def busy(self) -> bool:
        """Whether something submitted has not been answered yet."""
        return self._waiting > 0

    def submit(
        self,
        call: Callable[[], _T],
        done: Callable[[_T], None],
        failed: Callable[[Exception], None] | None = None,
    ) -> None:
        """Run `call` on the thread, then `done` with its result, or `failed` with its error, in the GUI thread.

        Without `failed` the error is raised in the GUI thread, where it is shown like any other: none is lost.
        """
        if self._thread is None:
            args = (self._jobs, self._mailbox)
            self._thread = threading.Thread(target=_work, args=args, name=f"netbuilder-{self._name}", daemon=True)
            self._thread.start()
        self._waiting += 1
        self._jobs.put((call, done, failed or _raise))

    def close(self, timeout: float | None = None) -> bool:
        """Finish what is under way, drop its result, and end the thread; False if it did not end in time."""
        self._is_closed = True
        if self._thread is None:
            return True
        self._jobs.put(None)
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _on_mailbox_posted(self, deliver: Callable[[], None]) -> None:
        self._waiting -= 1
        if not self._is_closed:
            deliver()


def _raise(error: Exception) -> None:
    raise error


def _work(jobs: queue.SimpleQueue[_Job | None], mailbox: _Mailbox) -> None:
    while job := jobs.get():
        call, done, failed = job
        try:
            result = call()
        except Exception as error:
            mailbox.posted.emit(lambda failed=failed, error=error: failed(error))
        else:
            mailbox.posted.emit(lambda done=done, result=result: done(result))
