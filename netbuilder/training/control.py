"""What is asked of a running loop from outside: go on, pause, one step, stop."""

from __future__ import annotations

import threading
from collections.abc import Callable

_IDLE_SECONDS = 0.04


class Control:
    """Requests to the loop, from any thread.

    The loop reads `pending`, a plain attribute, before each batch, and looks further only where it is set. `holding`
    and `over` are the thread's answers: it stands still, it has ended; everything is on disk.
    """

    def __init__(self) -> None:
        self.pending = False
        self.stopping = False
        self.holding = False
        self.over = False
        self._paused = False
        self._steps = 0
        self._changed = threading.Condition()

    def go(self) -> None:
        """Go on."""
        self._ask(paused=False)

    def pause(self) -> None:
        """Stand still before the next batch."""
        self._ask(paused=True)

    def step(self) -> None:
        """Do one batch more and stand still again."""
        self._ask(paused=True, steps=1)

    def stop(self) -> None:
        """End before the next batch."""
        with self._changed:
            self.stopping = self.pending = True
            self._changed.notify_all()

    def may_go(self) -> bool:
        """Tell whether nothing is asked for any more."""
        with self._changed:
            return not self.stopping and not self._paused

    def take_single_step(self) -> bool:
        """Tell whether a single step is asked for, and count it as answered."""
        with self._changed:
            if self.stopping or not self._steps:
                return False
            self._steps -= 1
            return True

    def wait(self, idle: Callable[[], None]) -> None:
        """Wait, and call `idle` now and then, until the loop may go on or has to stop."""
        while True:
            with self._changed:
                if self.stopping or not self._paused or self._steps:
                    return
                self._changed.wait(_IDLE_SECONDS)
            idle()

    def _ask(self, *, paused: bool, steps: int = 0) -> None:
        with self._changed:
            self._paused = paused
            self._steps = self._steps + steps if paused and steps else 0
            self.pending = paused or self.stopping
            self._changed.notify_all()
