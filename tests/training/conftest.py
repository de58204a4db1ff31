"""No test leaves a run behind: its thread would keep the process from ending."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from netbuilder.training.run import Run
from tests.training.projects import PATIENCE


@pytest.fixture(autouse=True)
def _runs_are_stopped(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    started: list[Run] = []
    start = Run.start

    def remember(run: Run) -> None:
        started.append(run)
        start(run)

    monkeypatch.setattr(Run, "start", remember)
    yield
    for run in started:
        run.stop()
        assert run.join(PATIENCE)
    assert not any(thread.name == "netbuilder-training" for thread in threading.enumerate())
