"""Whole trainings whose losses and metrics are of other kinds than a classifier's: they run, learn, and are told."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from netbuilder.graph.model import NodeId, PortRef
from netbuilder.training.evaluate import evaluate
from netbuilder.training.run import Run
from netbuilder.training.telemetry import EpochEnded
from tests.drawing import DIGITS, Drawing
from tests.training.projects import ended, finish, with_training


def digits() -> tuple[Drawing, NodeId, NodeId, NodeId]:
    drawing = Drawing(DIGITS)
    image = drawing.put("Input", "image", field="image")
    label = drawing.put("Input", "label", field="label")
    return drawing, image, label, drawing.put("Flatten", "flat", image)


def variational() -> tuple[Drawing, set[str]]:
    drawing, _, _, flat = digits()
    code = drawing.put("Split", "halves", drawing.put("Linear", "encoder", flat, out_features=16))
    mean, log_variance = (drawing.put("Identity", name) for name in ("mean", "log_variance"))
    for node, port in ((mean, "y1"), (log_variance, "y2")):
        drawing.wire(PortRef(code, port), node, "x")
    sample = drawing.put("Noise", "sample", mean, log_variance)
    rebuilt = drawing.put("Linear", "decoder", sample, out_features=64)
    drawing.put("MSE", "reconstruction", rebuilt, flat)
    drawing.put("GaussianKL", "divergence", mean, log_variance, weight=0.001)
    drawing.put("RootMeanSquaredError", "rmse", rebuilt, flat)
    drawing.put("R2Score", "r2", rebuilt, flat)
    return drawing, {"rmse", "r2", "reconstruction", "divergence"}


def weighted() -> tuple[Drawing, set[str]]:
    drawing, _, label, flat = digits()
    scaled = drawing.put("Multiply", "scaled", flat, drawing.put("Parameter", "scale", shape=[64], init="ones"))
    logits = drawing.put("Linear", "logits", scaled, out_features=10)
    weights = ", ".join(["1", "2"] * 5)
    drawing.put("CrossEntropy", "loss_of_classes", logits, label, class_weights=weights)
    for block in ("F1Score", "AUROC", "Perplexity"):
        drawing.put(block, block.lower(), logits, label)
    drawing.put("Accuracy", "top3", logits, label, top_k=3)
    return drawing, {"f1score", "auroc", "perplexity", "top3"}


@pytest.mark.parametrize("draw", [variational, weighted])
def test_it_learns_and_is_measured(draw: object, tmp_path: Path) -> None:
    assert callable(draw)
    drawing, names = draw()
    run = Run.create(with_training(drawing.project, epochs=3, device="cpu"), tmp_path / "run")
    events = finish(run)
    end = ended(events)
    assert end.reason == "finished", end.problem
    losses = [event.values["validation_loss"] for event in events if isinstance(event, EpochEnded)]
    assert losses[-1] < losses[0]
    assert set(end.test_metrics) == {"loss", *names}
    assert all(math.isfinite(value) for value in end.test_metrics.values())
    assert evaluate(tmp_path / "run") == end.test_metrics
