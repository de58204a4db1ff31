"""A session whose run is made by hand, so that what a panel shows can be compared with what was told to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from PySide6.QtCore import QObject, Signal

from netbuilder.compiler.lower import lower
from netbuilder.graph.model import NodeId
from netbuilder.graph.project import Project
from netbuilder.training.telemetry import Ended, EpochEnded, Event, ProbeFrame, Started, Telemetry


class HandRun:
    """Stands in for `training.run.Run`: a project, its program and a telemetry that the test writes."""

    def __init__(self, project: Project, name: str) -> None:
        program = lower(project).program
        assert program is not None
        self.id = name
        self.project = project
        self.program = program
        self.telemetry = Telemetry()


class HandSession(QObject):
    """Stands in for `ui.session.Session`: says what the test tells it to say."""

    state_changed = Signal()
    happened = Signal(object)
    polled = Signal()

    def __init__(self, project: Project) -> None:
        super().__init__()
        self.project = project
        self.run: HandRun | None = None
        self.state = "idle"
        self.asked: list[str] = []

    @property
    def telemetry(self) -> Telemetry | None:
        return self.run.telemetry if self.run else None

    def pause(self) -> None:
        self.asked.append("pause")

    def resume(self) -> None:
        self.asked.append("resume")

    def set_state(self, state: str) -> None:
        self.state = state
        self.state_changed.emit()

    def begin(self, name: str, *, epochs: int = 20, steps_per_epoch: int = 10, losses: Any = ()) -> HandRun:
        """Begin a run as a session does: the state first, then the event."""
        self.run = run = HandRun(self.project.copy(), name)
        run.telemetry.step_losses.extend(np.asarray(losses, dtype=np.float32))
        self.set_state("running")
        self.tell(Started(name, "cpu", epochs * steps_per_epoch, steps_per_epoch, 100))
        return run

    def tell(self, event: Event) -> None:
        self.happened.emit(event)

    def poll(self) -> None:
        """Let a fifteenth of a second pass, of which curves are drawn once."""
        self.polled.emit()
        self.polled.emit()

    def train(self, losses: Any) -> None:
        """Add the losses of some steps."""
        assert self.run is not None
        self.run.telemetry.step_losses.extend(np.asarray(losses, dtype=np.float32))
        self.poll()

    def end_epoch(self, epoch: int, values: Mapping[str, float]) -> None:
        assert self.run is not None
        self.tell(EpochEnded(self.run.id, epoch, 10 * epoch, values, False))
        self.poll()

    def end(self) -> None:
        assert self.run is not None
        self.set_state("idle")
        self.tell(Ended(self.run.id, "finished", 100, 10))

    def look(self, node: NodeId, values: Any, *, step: int = 161, sample: int = 5) -> ProbeFrame:
        """Put a frame where the panel will find it."""
        assert self.run is not None
        array = np.asarray(values, dtype=np.float32)
        counts, edges = np.histogram(array, 16)
        frame = ProbeFrame(self.run.id, node, step, sample, array, counts.astype(np.int64), edges.astype(np.float32))
        self.run.telemetry.frame = frame
        self.poll()
        return frame
