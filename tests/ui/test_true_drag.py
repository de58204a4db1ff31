"""Blocks dragged out of the palette and wired on a real X display, by a pointer that the system moves."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from netbuilder.ui.libraries import missing_packages

_NEEDED = [program for program in ("Xvfb", "xdotool") if not shutil.which(program)]

pytestmark = pytest.mark.skipif(
    bool(_NEEDED or not sys.platform.startswith("linux") or missing_packages(under_x=True)),
    reason=f"a real display needs {', '.join(_NEEDED) or 'the libraries of Qt for X'}",
)


class Seat:
    """A display with the window on it, and a pointer to work it with."""

    def __init__(self, display: str) -> None:
        self._environment = os.environ | {"DISPLAY": display, "QT_QPA_PLATFORM": "xcb"}
        self.program = subprocess.Popen(
            [sys.executable, "-m", "tests.ui.driven_window"],
            env=self._environment,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert self._hear() == "ready"

    def ask(self, question: str) -> Any:
        assert self.program.stdin
        self.program.stdin.write(f"{question}\n")
        self.program.stdin.flush()
        return self._hear()

    def _hear(self) -> Any:
        assert self.program.stdout
        line = self.program.stdout.readline()
        assert line, self.program.stderr and self.program.stderr.read()
        return json.loads(line)

    def pointer(self, *words: object) -> None:
        subprocess.run(["xdotool", *map(str, words)], env=self._environment, check=True, timeout=20)

    def drag(self, start: list[int], end: list[int]) -> None:
        """Press, move in eight steps, release."""
        self.pointer("mousemove", *start)
        self.pointer("mousedown", 1)
        for step in range(1, 9):
            self.pointer("mousemove", *(a + (b - a) * step // 8 for a, b in zip(start, end, strict=True)))
            time.sleep(0.03)
        self.pointer("mouseup", 1)

    def project_when(self, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Return what is drawn as soon as this holds, or what there is after some patience."""
        deadline = time.monotonic() + 20
        while True:
            drawn = self.ask("project")
            if holds(drawn) or time.monotonic() > deadline:
                return drawn
            time.sleep(0.05)

    def close(self) -> None:
        if self.program.poll() is None:
            assert self.program.stdin
            self.program.stdin.write("close\n")
        self.program.communicate(timeout=60)
        assert self.program.returncode == 0


@pytest.fixture
def seat(display: str) -> Iterator[Seat]:
    seat = Seat(display)
    yield seat
    seat.close()


def test_blocks_are_dragged_out_of_the_palette_and_wired(seat: Seat) -> None:
    x, y = seat.ask("place canvas")
    seat.drag(seat.ask("place layer Input"), [x - 250, y])
    drawn = seat.project_when(lambda drawn: len(drawn["blocks"]) == 1)
    assert drawn == {"blocks": ["Input"], "wires": 0}
    seat.drag(seat.ask("place layer Conv2d"), [x + 150, y])
    drawn = seat.project_when(lambda drawn: len(drawn["blocks"]) == 2)
    assert drawn == {"blocks": ["Input", "Conv2d"], "wires": 0}
    seat.drag(seat.ask("place output input"), seat.ask("place input conv2d"))
    drawn = seat.project_when(lambda drawn: drawn["wires"] == 1)
    assert drawn == {"blocks": ["Input", "Conv2d"], "wires": 1}
