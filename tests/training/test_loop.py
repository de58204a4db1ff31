"""The loop computes what a loop written by hand computes, to the bit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from netbuilder.data import catalog, dataset
from netbuilder.data.dataset import DataSet
from netbuilder.graph.project import Project
from netbuilder.training.run import Run
from netbuilder.training.telemetry import Started
from tests.drawing import Drawing
from tests.training.projects import (
    classifier,
    ended,
    epochs,
    equal,
    finish,
    losses,
    mlp,
    noisy,
    prepared,
    weights,
    with_training,
)

CPU = torch.device("cpu")


def iris() -> DataSet:
    return dataset.load(catalog.default_config("iris"), CPU)


def order(seed: int, epoch: int, samples: int) -> torch.Tensor:
    mixed = int(np.random.SeedSequence((seed, epoch)).generate_state(1, np.uint64)[0])
    return torch.randperm(samples, generator=torch.Generator().manual_seed(mixed >> 1))


def by_hand(optimizer: type[torch.optim.Optimizer], clip: float, seed: int, **settings: Any) -> tuple[list[float], Any]:
    """Train the perceptron of `mlp()` for three epochs, plainly."""
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))
    update = optimizer(model.parameters(), **settings)
    train = iris().split("train").fields
    seen: list[float] = []
    for epoch in range(3):
        shuffled = order(seed, epoch, 105)
        for start in range(0, 105, 16):
            rows = shuffled[start : start + 16]
            update.zero_grad()
            loss = functional.cross_entropy(model(train["features"][rows]), train["label"][rows])
            loss.backward()
            if clip:
                nn.utils.clip_grad_norm_(model.parameters(), clip)
            update.step()
            seen.append(loss.item())
    return seen, model


@pytest.mark.parametrize("clip", [0.0, 0.5])
@pytest.mark.parametrize(
    ("name", "optimizer", "settings"),
    [
        ("sgd", torch.optim.SGD, {"momentum": 0.8, "fused": True}),
        ("adam", torch.optim.Adam, {"fused": True}),
        ("adamw", torch.optim.AdamW, {"fused": True}),
        ("rmsprop", torch.optim.RMSprop, {"foreach": True}),
    ],
)
def test_a_run_gives_the_losses_and_weights_of_a_loop_written_by_hand(
    name: str, optimizer: type[torch.optim.Optimizer], settings: dict[str, Any], clip: float, tmp_path: Path
) -> None:
    project = mlp(
        optimizer=name, learning_rate=0.02, weight_decay=0.01, momentum=0.8, gradient_clip=clip, seed=7, epochs=3
    )
    run = Run.create(project, tmp_path / "run")
    assert ended(finish(run)).reason == "finished"
    seen, model = by_hand(optimizer, clip, 7, lr=0.02, weight_decay=0.01, **settings)
    assert losses(run) == np.array(seen, dtype=np.float32).tobytes()
    last = weights(run.folder)
    for theirs, ours in {"0.weight": "fc1.weight", "2.weight": "fc2.weight", "2.bias": "fc2.bias"}.items():
        assert torch.equal(last[ours], model.state_dict()[theirs])


def test_the_epoch_means_weigh_every_sample_the_same(tmp_path: Path) -> None:
    run = Run.create(mlp(epochs=2), tmp_path / "run")
    first, _ = epochs(finish(run))
    sizes = np.array([16] * 6 + [9])
    expected = run.telemetry.step_losses.view()[:7].astype(float) @ sizes / 105
    assert first.values["train_loss"] == pytest.approx(expected, rel=1e-12)


def test_validation_and_test_are_measured_in_evaluation_mode_with_the_right_weights(tmp_path: Path) -> None:
    run = Run.create(noisy(epochs=3), tmp_path / "run")
    events = finish(run)

    def measured(which: str, part: str) -> dict[str, float]:
        kept = weights(run.folder, which)
        norm = nn.BatchNorm1d(8)
        norm.load_state_dict({key.removeprefix("norm."): value for key, value in kept.items() if "norm" in key})
        norm.eval()
        fields = iris().split(part).fields
        with torch.no_grad():
            hidden = norm(functional.linear(fields["features"], kept["fc1.weight"], kept["fc1.bias"])).relu()
            logits = functional.linear(hidden, kept["fc2.weight"], kept["fc2.bias"])
            loss = functional.cross_entropy(logits, fields["label"])
        return {"loss": loss.item(), "accuracy": (logits.argmax(1) == fields["label"]).float().mean().item()}

    last = epochs(events)[-1].values
    validation = {key.removeprefix("validation_"): value for key, value in last.items() if "validation" in key}
    assert validation == pytest.approx(measured("last", "validation"), rel=1e-6)
    assert ended(events).test_metrics == pytest.approx(measured("best", "test"), rel=1e-6)


def test_the_best_weights_are_those_of_the_lowest_validation_loss(tmp_path: Path) -> None:
    run = Run.create(mlp(epochs=12, learning_rate=0.5, optimizer="sgd", momentum=0.99), tmp_path / "run")
    seen = epochs(finish(run))
    values = [event.values["validation_loss"] for event in seen]
    assert values.index(min(values)) + 1 == [event.epoch for event in seen if event.is_best][-1] < 12
    again = Run.create(
        mlp(epochs=values.index(min(values)) + 1, learning_rate=0.5, optimizer="sgd", momentum=0.99), tmp_path / "again"
    )
    finish(again)
    assert equal(weights(run.folder, "best"), weights(again.folder, "last"))


def _created_after_drawing(seed: int, folder: Path) -> Run:
    torch.rand(7)
    return Run.create(noisy(seed=seed), folder)


def test_the_same_seed_gives_the_same_run_and_another_seed_another(tmp_path: Path) -> None:
    first, again, other = (
        _created_after_drawing(seed, tmp_path / name) for seed, name in ((3, "first"), (3, "again"), (4, "other"))
    )
    for number, run in enumerate((first, again, other)):
        torch.manual_seed(99 + number)  # what the process drew before is of no consequence
        finish(run)
    assert losses(first) == losses(again) != losses(other)
    assert equal(weights(first.folder), weights(again.folder))


def test_making_a_run_leaves_the_callers_random_numbers_alone(tmp_path: Path) -> None:
    torch.manual_seed(5)
    before = torch.get_rng_state()
    Run.create(mlp(), tmp_path / "run")
    assert torch.equal(torch.get_rng_state(), before)


def two_losses() -> Project:
    drawing = Drawing(catalog.default_config("digits").section())
    image = drawing.put("Input", "image", field="image")
    label = drawing.put("Input", "label", field="label")
    flat = drawing.put("Flatten", "flat", image)
    code = drawing.put("Linear", "bottleneck", flat, out_features=8)
    drawing.put("MSE", "rebuild", drawing.put("Linear", "decoder", code, out_features=64), flat, weight=0.25)
    logits = drawing.put("Linear", "logits", code, out_features=10)
    drawing.put("CrossEntropy", "classify", logits, label, weight=2.0)
    drawing.put("Accuracy", "accuracy", logits, label)
    return drawing.project


def test_several_losses_are_summed_by_weight_and_reported_each_by_name(tmp_path: Path) -> None:
    run = Run.create(with_training(two_losses(), epochs=2, device="cpu"), tmp_path / "run")
    for event in epochs(finish(run)):
        values = event.values
        assert {"validation_rebuild", "validation_classify", "validation_accuracy"} <= values.keys()
        total = 0.25 * values["validation_rebuild"] + 2.0 * values["validation_classify"]
        assert values["validation_loss"] == pytest.approx(total)


def test_what_no_loss_depends_on_is_kept_as_it_began(tmp_path: Path) -> None:
    def body(drawing: Drawing, x: Any) -> Any:
        drawing.put("Output", "side", drawing.put("Linear", "untrained", x, out_features=2))
        return drawing.put("Linear", "trained", x, out_features=3)

    run = Run.create(classifier(body, epochs=1), tmp_path / "run")
    began = weights(run.folder)
    finish(run)
    assert torch.equal(weights(run.folder)["untrained.weight"], began["untrained.weight"])
    assert not torch.equal(weights(run.folder)["trained.weight"], began["trained.weight"])


def test_the_last_batch_is_what_is_left_over_and_never_a_lone_sample_before_batch_norm(tmp_path: Path) -> None:
    for project, sizes in ((mlp(), [52, 52, 1]), (noisy(), [52, 53])):
        assert prepared(project).state.network.batch_sizes(105, 52) == sizes
    lone = Run.create(noisy(batch_size=52, epochs=1), tmp_path / "lone")
    assert ended(finish(lone)).reason == "finished"


def test_a_batch_larger_than_the_data_is_one_step_an_epoch(tmp_path: Path) -> None:
    run = Run.create(mlp(batch_size=100_000, epochs=2), tmp_path / "run")
    events = finish(run)
    assert isinstance(events[0], Started)
    assert (events[0].steps_per_epoch, events[0].total_steps, ended(events).step) == (1, 2, 2)


def test_the_events_tell_the_whole_story(tmp_path: Path) -> None:
    run = Run.create(mlp(epochs=2), tmp_path / "story")
    assert run.state == "ready"
    events = finish(run)
    assert run.state == "ended"
    assert [type(event).__name__ for event in events] == ["Started", "EpochEnded", "EpochEnded", "Ended"]
    assert {event.run for event in events} == {"story"}
    started = events[0]
    assert isinstance(started, Started)
    assert (started.device, started.steps_per_epoch, started.total_steps) == ("cpu · 1 thread", 7, 14)
    assert started.parameters == 4 * 8 + 8 + 8 * 3 + 3
    progress = run.telemetry.progress
    assert (progress.step, progress.total_steps, progress.epoch, progress.epochs) == (14, 14, 2, 2)
    assert len(run.telemetry.step_losses.view()) == 14
