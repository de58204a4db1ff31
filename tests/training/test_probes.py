"""Looking inside a run shows what is there and changes nothing."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from netbuilder.compiler.interpret import activations
from netbuilder.compiler.lower import lower
from netbuilder.data import config, dataset
from netbuilder.graph.edits import Disconnect
from netbuilder.graph.model import PortRef
from netbuilder.graph.project import Project
from netbuilder.training import probes
from netbuilder.training.evaluate import evaluate
from netbuilder.training.run import Run
from netbuilder.training.telemetry import ProbeFrame, Telemetry
from netbuilder.training.trained import load_trained
from tests.drawing import digits_cnn
from tests.training.projects import equal, finish, losses, noisy, prepared, step_to, wait_for, weights, with_training


def cnn(**training: object) -> Project:
    return with_training(digits_cnn().project, **{"epochs": 2, "device": "cpu", **training})


def frame_of(run: Run, name: str, sample: int = 0) -> ProbeFrame:
    node = run.project.graph.named(name)
    assert node
    run.telemetry.watch(node.id, sample)

    def shown() -> bool:
        frame = run.telemetry.frame
        return frame is not None and (frame.node, frame.sample, frame.step) == (
            node.id,
            sample,
            run.telemetry.progress.step,
        )

    wait_for(shown)
    assert run.telemetry.frame
    return run.telemetry.frame


def test_a_paused_run_shows_each_block_as_it_is_for_the_first_validation_samples(tmp_path: Path) -> None:
    run = Run.create(cnn(), tmp_path / "run")
    step_to(run, 3)
    trained = load_trained(run.folder, "last")
    fields = dataset.load(config.read(run.project.data), torch.device("cpu")).split("validation").fields
    batch = [fields[slot.field][: probes.SPECIMENS] for slot in trained.program.inputs]
    for name, shape in (("conv1", (4, 8, 8)), ("pool1", (4, 4, 4)), ("flatten", (64,)), ("classes", (10,))):
        node = run.project.graph.named(name)
        assert node
        expected = activations(trained.module, batch, {node.id})[node.id]
        for sample in (0, 5):
            frame = frame_of(run, name, sample)
            assert (frame.run, frame.step, frame.values.shape, frame.values.dtype) == ("run", 3, shape, np.float32)
            assert np.array_equal(frame.values, expected[sample].numpy())
            assert frame.counts.sum() == expected.numel()
            assert len(frame.edges) == len(frame.counts) + 1
            assert frame.edges[0] == expected.min()
            assert frame.edges[-1] == expected.max()


def test_inputs_losses_metrics_and_outputs_can_be_watched_too(tmp_path: Path) -> None:
    run = Run.create(cnn(), tmp_path / "run")
    step_to(run, 1)
    assert frame_of(run, "image").values.shape == (1, 8, 8)
    assert frame_of(run, "label").values.shape == (1,)
    assert frame_of(run, "loss").values.shape == (1,)
    assert frame_of(run, "accuracy").values.shape == (1,)
    assert np.array_equal(frame_of(run, "logits").values, frame_of(run, "classes").values)


def test_a_running_run_shows_new_frames_as_it_learns(tmp_path: Path) -> None:
    run = Run.create(cnn(epochs=1_000_000), tmp_path / "run")
    node = run.project.graph.named("conv1")
    assert node
    run.telemetry.watch(node.id)
    run.start()
    seen: dict[int, ProbeFrame] = {}

    def three_seen() -> bool:
        frame = run.telemetry.frame
        if frame:
            seen[frame.step] = frame
        return len(seen) >= 3

    wait_for(three_seen)
    first, *_, last = (seen[step] for step in sorted(seen))
    assert first.step == 1
    assert not np.array_equal(first.values, last.values)


@pytest.mark.parametrize("stopped", [False, True])
def test_what_stays_on_the_screen_after_a_run_is_of_its_last_step(stopped: bool, tmp_path: Path) -> None:
    run = Run.create(cnn(epochs=1_000_000 if stopped else 2), tmp_path / "run")
    node = run.project.graph.named("conv1")
    assert node
    run.telemetry.watch(node.id)
    run.start()
    if stopped:
        wait_for(lambda: run.telemetry.progress.step > 100)
        run.stop()
    assert run.join(60)
    assert run.telemetry.frame
    assert run.telemetry.frame.step == run.telemetry.progress.step


def test_nothing_is_computed_while_nothing_is_watched(tmp_path: Path) -> None:
    run = Run.create(cnn(), tmp_path / "run")
    finish(run)
    assert run.telemetry.frame is None


def probe_of(project: Project, name: str) -> tuple[probes.Probe, Telemetry]:
    parts, telemetry = prepared(project), Telemetry()
    node = project.graph.named(name)
    assert node
    telemetry.watch(node.id)
    return probes.Probe("run", parts.state.network, parts.data.split("validation"), telemetry), telemetry


def disturbances() -> dict[str, Callable[[Run], object]]:
    def watch(run: Run) -> object:
        for node in run.project.graph:
            run.telemetry.watch(node)
            time.sleep(0.002)
        return None

    return {
        "watching": watch,
        "lowering": lambda run: lower(noisy()),
        "evaluating": lambda run: evaluate(run.folder),
        "loading": lambda run: load_trained(run.folder, "last"),
    }


@pytest.mark.parametrize("disturbance", disturbances())
def test_a_run_gives_the_same_numbers_whatever_is_looked_at_meanwhile(
    disturbance: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probes, "SHARE", 1.0)  # look as often as can be
    project = noisy(epochs=20)
    alone = Run.create(project, tmp_path / "alone")
    finish(alone)
    run = Run.create(project, tmp_path / "run")
    over = threading.Event()
    times = 0

    def disturb() -> None:
        nonlocal times
        while not over.wait(0.001):  # a thread that never rests takes Python's lock for 5 ms at each of the run's steps
            disturbances()[disturbance](run)
            times += 1

    thread = threading.Thread(target=disturb)
    thread.start()
    try:
        finish(run)
    finally:
        over.set()
        thread.join()
    assert times > 0
    assert (run.telemetry.frame is not None) == (disturbance == "watching")
    assert losses(run) == losses(alone)
    assert equal(weights(run.folder), weights(alone.folder))


def test_looking_and_shape_inference_draw_no_random_number(tmp_path: Path) -> None:
    run = Run.create(noisy(), tmp_path / "run")
    finish(run)
    before = torch.get_rng_state()
    lower(noisy(epochs=77))
    load_trained(run.folder)
    evaluate(run.folder)
    assert torch.equal(torch.get_rng_state(), before)


def test_looking_takes_its_share_of_the_time_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    probe, _ = probe_of(noisy(), "fc1")
    clock = [100.0]
    monkeypatch.setattr(probes.time, "perf_counter", lambda: clock[0])
    frame = probe._frame

    def slow(*arguments: object) -> ProbeFrame | None:
        clock[0] += 0.02
        return frame(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(probe, "_frame", slow)
    looked = 0
    for step in range(1, 3001):
        clock[0] += 0.01
        before = clock[0]
        probe.look(step)
        looked += clock[0] > before
    assert 0.005 < 0.02 * looked / (clock[0] - 100.0) <= 0.0105


def test_large_activations_are_thinned() -> None:
    assert probes._thin(np.zeros((200, 600, 300))).shape == (50, 200, 150)
    assert probes._thin(np.zeros((64, 8, 8))).shape == (64, 8, 8)
    assert probes._thin(np.zeros(())).shape == (1,)
    assert probes._thin(np.zeros(1000)).shape == (250,)


def test_values_that_are_not_finite_are_left_out_of_the_histogram() -> None:
    counts, edges = probes._histogram(np.array([0.0, 1.0, np.nan, np.inf], dtype=np.float32))
    assert counts.sum() == 2
    assert np.isfinite(edges).all()
    counts, _ = probes._histogram(np.array([np.nan], dtype=np.float32))
    assert counts.sum() == 0


def test_an_old_frame_is_not_made_again() -> None:
    probe, telemetry = probe_of(cnn(), "conv1")
    probe.look(4)
    first = telemetry.frame
    probe.look(4)
    assert telemetry.frame is first is not None


def test_another_block_is_shown_at_once_and_an_idle_run_has_all_the_time() -> None:
    probe, telemetry = probe_of(cnn(), "conv1")
    probe.look(1)
    probe.look(2)
    assert telemetry.frame
    assert telemetry.frame.step == 1  # its share of the time is used up
    pool = cnn().graph.named("pool1")
    assert pool
    telemetry.watch(pool.id)
    probe.look(2, idle=True)
    assert (telemetry.frame.node, telemetry.frame.step) == (pool.id, 2)


def test_a_learned_tensor_is_shown_for_whichever_sample(tmp_path: Path) -> None:
    drawing = digits_cnn()
    flat, classes = drawing.project.graph.named("flatten"), drawing.project.graph.named("classes")
    assert flat
    assert classes
    scale = drawing.put("Parameter", "scale", shape=[64])
    scaled = drawing.put("Multiply", "scaled", flat.id, scale)
    wire = drawing.project.graph.edge_into(PortRef(classes.id, "x"))
    assert wire
    Disconnect(wire).apply(drawing.project)
    drawing.wire(scaled, classes.id, "x")
    run = Run.create(with_training(drawing.project, epochs=1, device="cpu"), tmp_path / "run")
    step_to(run, 1)
    first, other = (frame_of(run, "scale", sample).values for sample in (0, 5))
    assert first.shape == (64,)
    assert np.array_equal(first, other)
    run.stop()
    assert run.join(60)
