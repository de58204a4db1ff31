"""Small projects to train, and what the tests do with runs."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from netbuilder.data import catalog
from netbuilder.graph.edits import SetSection
from netbuilder.graph.model import NodeId
from netbuilder.graph.project import Project
from netbuilder.training.config import read
from netbuilder.training.prepare import Prepared, prepare
from netbuilder.training.run import Run
from netbuilder.training.telemetry import Ended, EpochEnded, Event
from tests.drawing import Drawing

PATIENCE = 60.0
"""Seconds after which a test gives up waiting for a run."""


def classifier(body: Callable[[Drawing, NodeId], NodeId], source: str = "iris", **training: Any) -> Project:
    """Draw a classifier whose logits `body` makes of the features (or the image), with loss, metric and output."""
    drawing = Drawing(catalog.default_config(source).section())
    field = next(iter(catalog.SOURCES[source].fields))
    x = drawing.put("Input", "x", field=field)
    label = drawing.put("Input", "label", field="label")
    logits = body(drawing, x)
    drawing.put("Output", "logits", logits)
    drawing.put("CrossEntropy", "cross_entropy", logits, label)
    drawing.put("Accuracy", "accuracy", logits, label)
    return with_training(drawing.project, **{"device": "cpu", **training})


def with_training(project: Project, **training: Any) -> Project:
    """Return the project with some training settings changed."""
    twin = project.copy()
    SetSection("training", {**project.training, **training}).apply(twin)
    return twin


def mlp(**training: Any) -> Project:
    """Draw a small perceptron on iris: 105 training samples, so 7 steps an epoch with batches of 16."""

    def body(drawing: Drawing, x: NodeId) -> NodeId:
        hidden = drawing.put("ReLU", "relu", drawing.put("Linear", "fc1", x, out_features=8))
        return drawing.put("Linear", "fc2", hidden, out_features=3)

    return classifier(body, **{"epochs": 3, "batch_size": 16, **training})


def noisy(**training: Any) -> Project:
    """Draw a network that draws random numbers at each step and keeps running means."""

    def body(drawing: Drawing, x: NodeId) -> NodeId:
        hidden = drawing.put("BatchNorm1d", "norm", drawing.put("Linear", "fc1", x, out_features=8))
        hidden = drawing.put("Dropout", "dropout", drawing.put("ReLU", "relu", hidden), p=0.3)
        return drawing.put("Linear", "fc2", hidden, out_features=3)

    return classifier(body, **{"epochs": 3, "batch_size": 16, **training})


def prepared(project: Project) -> Prepared:
    """Return what a run is made of, without the run."""
    return prepare(project, read(project.training))


def finish(run: Run) -> list[Event]:
    """Train to the end and return all events."""
    run.start()
    assert run.join(PATIENCE)
    return run.telemetry.take_events()


def ended(events: list[Event]) -> Ended:
    """Return the last event, which has to be the end."""
    assert isinstance(events[-1], Ended)
    return events[-1]


def epochs(events: list[Event]) -> list[EpochEnded]:
    """Return the ends of epochs."""
    return [event for event in events if isinstance(event, EpochEnded)]


def losses(run: Run) -> bytes:
    """Return the losses of all steps to the bit."""
    return run.telemetry.step_losses.view().tobytes()


def weights(folder: Path, which: str = "last") -> dict[str, torch.Tensor]:
    """Return the weights that a run left."""
    from netbuilder.training.checkpoint import load_tensors

    return load_tensors(folder / f"{which}.safetensors")[0]


def equal(first: dict[str, torch.Tensor], second: dict[str, torch.Tensor]) -> bool:
    """Tell whether two sets of weights are the same to the bit."""
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "gave up waiting"
        time.sleep(0.002)


def step_to(run: Run, step: int) -> None:
    """Single-step a run until it stands after so many steps."""
    while run.telemetry.progress.step < step or run.state != "paused":
        before = run.telemetry.progress.step
        run.step()
        wait_for(lambda before=before: run.state == "paused" and run.telemetry.progress.step == before + 1)
