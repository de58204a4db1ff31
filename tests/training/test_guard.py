"""Numbers that are not finite: the update is not made, the block is named, what is kept is finite."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from netbuilder.data import catalog
from netbuilder.graph.model import NodeId
from netbuilder.graph.project import Project
from netbuilder.training.evaluate import evaluate
from netbuilder.training.failure import explain
from netbuilder.training.guard import Guard, NonFinite
from netbuilder.training.network import Batch, Network
from netbuilder.training.optimizer import updater
from netbuilder.training.recorder import Recorder
from netbuilder.training.run import Run
from netbuilder.training.telemetry import Series
from tests.drawing import Drawing
from tests.training.projects import ended, epochs, equal, finish, mlp, noisy, prepared, step_to, weights, with_training

OPTIMIZERS = ("sgd", "adam", "adamw", "rmsprop")


def exploding(deeper: int = 1, **training: Any) -> Project:
    """Draw a regression whose weights grow past what float32 holds within some steps."""
    drawing = Drawing(catalog.default_config("diabetes").section())
    x = drawing.put("Input", "x", field="features")
    target = drawing.put("Input", "target", field="target")
    hidden = drawing.put("BatchNorm1d", "norm", drawing.put("Linear", "fc1", x, out_features=8))
    for number in range(2, 2 + deeper):
        hidden = drawing.put("Linear", f"fc{number}", hidden, out_features=8)
    out = drawing.put("Linear", f"fc{2 + deeper}", hidden, out_features=1)
    drawing.put("Output", "y", out)
    drawing.put("MSE", "mse", out, target)
    settings = {"optimizer": "sgd", "learning_rate": 100.0, "epochs": 50, "batch_size": 32, "device": "cpu"}
    return with_training(drawing.project, **{**settings, **training})


def finite(tensors: dict[str, torch.Tensor]) -> bool:
    return all(bool(torch.isfinite(tensor).all()) for tensor in tensors.values())


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_loss_that_is_not_finite_ends_the_run_before_the_update(optimizer: str, tmp_path: Path) -> None:
    project = exploding(deeper=6, optimizer=optimizer, learning_rate=1000.0 if optimizer != "sgd" else 0.01)
    run = Run.create(project, tmp_path / "run")
    end = ended(finish(run))
    assert end.reason == "failed"
    assert end.problem
    assert end.problem.code == "non-finite"
    named = {node.id: node.name for node in project.graph.nodes()}
    assert named[NodeId(end.problem.node or "")] in {"norm", "mse", *(f"fc{number}" for number in range(9))}
    assert f"“{named[NodeId(end.problem.node or '')]}”" in end.problem.message
    assert f"step {end.step + 1:,}, epoch {end.epoch + 1}" in end.problem.message
    seen = run.telemetry.step_losses.view()
    assert len(seen) == end.step > 0
    assert np.isfinite(seen).all()
    for which in ("best", "last"):
        assert finite(weights(run.folder, which))
    assert "NonFinite" in end.details


def test_the_weights_that_are_kept_are_those_before_the_bad_step(tmp_path: Path) -> None:
    project = exploding(learning_rate=0.1)
    run = Run.create(project, tmp_path / "run")
    step = ended(finish(run)).step
    assert step > 2
    again = Run.create(project, tmp_path / "again")
    step_to(again, step)
    kept, expected = weights(run.folder), weights(again.folder)
    assert all(torch.equal(kept[name], expected[name]) for name in kept if "running" not in name and "num_" not in name)


def network(project: Project) -> tuple[Network, torch.optim.Optimizer, list[Batch]]:
    """Return the parts of a run, and the batches of its first epoch."""
    parts = prepared(project)
    net = parts.state.network
    return net, parts.state.optimizer, net.epoch_batches(parts.data.split("train"), 16, 0, 0)


def poisoned(batch: Batch) -> Batch:
    return (batch[0] * float("nan"), *batch[1:])


@pytest.mark.parametrize("name", ["sgd", "adam", "adamw"])
def test_on_a_gpu_the_flag_gates_all_updates_from_the_bad_step_on(name: str) -> None:
    """What a CUDA device does, where the host hears of it later; a CPU's fused optimizers obey the flag as well."""
    net, rule, batches = network(noisy(optimizer=name, weight_decay=0.1))
    guard, update = Guard(net, rule, waits=False), updater(rule)
    series = Series()
    recorder = Recorder(series, torch.device("cpu"))
    net.module.train()
    before: dict[str, torch.Tensor] = {}
    for number, batch in enumerate(batches[:6]):
        if number == 3:
            guard.keep_buffers()
            before = {key: tensor.clone() for key, tensor in net.tensors.items()}
            batch = poisoned(batch)
        loss = net.total(net.step.forward(*batch))
        loss.backward()
        recorder.pending.append(guard.record(loss))
        update()
        rule.zero_grad()
    for key, parameter in net.parameters.items():
        assert torch.equal(parameter, before[key])
    guard.keep_buffers()  # after the bad step: what is remembered stays
    assert not finite(net.tensors)
    guard.restore_buffers()
    assert all(torch.equal(net.tensors[key], before[key]) for key in net.tensors)
    with pytest.raises(NonFinite) as caught:
        recorder.flush()
    assert caught.value.batch == 3
    assert len(series.view()) == 3


def test_rmsprop_waits_for_the_flag_on_any_device() -> None:
    net, rule, _ = network(noisy(optimizer="rmsprop"))
    assert Guard(net, rule).waits
    assert not hasattr(rule, "found_inf")


def test_looking_at_the_numbers_does_not_change_them() -> None:
    net, rule, batches = network(noisy())
    loss = net.total(net.step.forward(*batches[0]))
    loss.backward()
    gradients = [parameter.grad.clone() for parameter in net.parameters.values() if parameter.grad is not None]
    recorded = Guard(net, rule).record(loss)
    assert torch.equal(recorded, loss.detach())
    for parameter, gradient in zip(net.parameters.values(), gradients, strict=True):
        assert parameter.grad is not None
        assert torch.equal(parameter.grad, gradient)


def test_a_gradient_that_overflows_under_a_finite_loss_stops_the_run_too() -> None:
    """Inputs of 1e20 and weights of 1e-2: activations, loss (1e36) are finite, the gradient of fc3 is not."""
    net, rule, batches = network(exploding())
    features, target = batches[0]
    bad = (features, target * 1e15)
    with torch.no_grad():
        net.tensors["norm.weight"].fill_(1e17)
        net.tensors["fc2.weight"].mul_(1e5)
        net.tensors["fc3.weight"].mul_(1e-7)
    loss = net.total(net.step.forward(*bad))
    loss.backward()
    assert bool(torch.isfinite(loss))
    with pytest.raises(NonFinite):
        Guard(net, rule).record(loss)
    problem = explain(NonFinite(), net, bad, "step 1, epoch 1")
    assert "gradient" in problem.message
    assert net.program.names()[NodeId(problem.node or "")] == "fc3"


def test_a_failure_of_another_kind_leaves_running_means_as_they_are(tmp_path: Path) -> None:
    run = Run.create(noisy(epochs=4), tmp_path / "run")
    (run.folder / "metrics.jsonl").symlink_to("/dev/full")
    assert ended(finish(run)).problem
    again = Run.create(noisy(epochs=4), tmp_path / "again")
    step_to(again, 7)
    assert equal(weights(run.folder), weights(again.folder))


def test_data_that_is_not_finite_is_blamed_on_the_data() -> None:
    net, _, batches = network(mlp())
    problem = explain(NonFinite(), net, poisoned(batches[0]), "step 1, epoch 1")
    assert "The data at “x” holds a value that is not a finite number" in problem.message


def test_the_first_block_with_a_bad_value_is_named() -> None:
    net, _, batches = network(exploding())
    with torch.no_grad():
        net.tensors["fc2.weight"][0, 0] = float("inf")
    problem = explain(NonFinite(), net, batches[0], "step 1, epoch 1")
    assert net.program.names()[NodeId(problem.node or "")] == "fc2"
    assert "it began at “fc2”" in problem.message


def test_a_failed_run_can_be_evaluated_and_opened_from_its_last_checkpoint(tmp_path: Path) -> None:
    run = Run.create(exploding(), tmp_path / "run")
    end = ended(finish(run))
    assert np.isfinite(list(evaluate(run.folder).values())).all()
    again = Run.open(run.folder)
    assert again.telemetry.progress.step <= end.step
    second = ended(finish(again))
    assert (second.reason, second.step) == ("failed", end.step)
    assert epochs(finish(Run.create(mlp(), tmp_path / "fine")))


def test_a_validation_that_overflows_ends_the_run_and_names_the_block(tmp_path: Path) -> None:
    run = Run.create(exploding(deeper=6, learning_rate=1000.0, batch_size=1000), tmp_path / "run")
    end = ended(finish(run))
    assert (end.reason, end.epoch) == ("failed", 0)
    assert end.problem
    assert end.problem.message.startswith("The validation loss is not a finite number after epoch 1: it began at “")
    assert end.problem.node
    assert end.step == len(run.telemetry.step_losses.view()) == 1
    assert finite(weights(run.folder))
