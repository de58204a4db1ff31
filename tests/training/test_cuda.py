"""The same promises on a GPU."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from netbuilder.training.evaluate import evaluate
from netbuilder.training.folder import RunFolder
from netbuilder.training.run import Run
from tests.training.projects import ended, equal, finish, losses, noisy, step_to, weights, with_training
from tests.training.test_guard import exploding

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device on this machine")


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "adamw", "rmsprop"])
def test_a_run_stopped_in_an_epoch_goes_on_to_the_bit(optimizer: str, tmp_path: Path) -> None:
    project = noisy(device="cuda", optimizer=optimizer)
    whole = Run.create(project, tmp_path / "whole")
    finish(whole)
    run = Run.create(project, tmp_path / "run")
    step_to(run, 10)
    run.stop()
    assert run.join(60)
    again = Run.open(tmp_path / "run")
    finish(again)
    assert losses(again) == losses(whole)
    assert equal(weights(again.folder), weights(whole.folder))


def test_auto_takes_the_gpu_and_the_cpu_evaluates_the_same(tmp_path: Path) -> None:
    run = Run.create(noisy(device="auto"), tmp_path / "run")
    end = ended(finish(run))
    assert RunFolder.open(run.folder).info()["device"].startswith("cuda:0")
    assert evaluate(run.folder, device="cpu") == pytest.approx(dict(end.test_metrics), rel=1e-3)


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "adamw", "rmsprop"])
def test_a_loss_that_is_not_finite_is_gated_and_found(optimizer: str, tmp_path: Path) -> None:
    rate = 0.01 if optimizer == "sgd" else 1000.0
    project = exploding(deeper=6, device="cuda", optimizer=optimizer, learning_rate=rate)
    run = Run.create(project, tmp_path / "run")
    end = ended(finish(run))
    assert end.reason == "failed"
    assert end.problem
    assert end.problem.node
    assert len(run.telemetry.step_losses.view()) == end.step
    assert np.isfinite(run.telemetry.step_losses.view()).all()
    assert all(bool(torch.isfinite(tensor).all()) for tensor in weights(run.folder).values())


def test_a_seed_begins_with_the_same_weights_on_every_device(tmp_path: Path) -> None:
    here = Run.create(with_training(noisy(), device="cpu"), tmp_path / "cpu")
    there = Run.create(with_training(noisy(), device="cuda"), tmp_path / "cuda")
    assert equal(weights(here.folder), weights(there.folder))
