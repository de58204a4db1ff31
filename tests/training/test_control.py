"""Pause, single step, stop, go on: in the same process, from the folder, and after the process was killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import torch

from netbuilder.diagnostics import NetbuilderError
from netbuilder.training.evaluate import evaluate
from netbuilder.training.folder import RunFolder
from netbuilder.training.run import Run
from netbuilder.training.telemetry import Ended, Paused, Resumed
from netbuilder.training.trained import load_trained
from tests.training.projects import (
    PATIENCE,
    ended,
    epochs,
    equal,
    finish,
    losses,
    mlp,
    noisy,
    step_to,
    wait_for,
    weights,
)

ROOT = Path(__file__).parents[2]


def test_single_steps_pause_and_going_on_give_the_same_run(tmp_path: Path) -> None:
    whole = Run.create(noisy(epochs=4), tmp_path / "whole")
    finish(whole)
    run = Run.create(noisy(epochs=4), tmp_path / "run")
    step_to(run, 3)
    assert len(run.telemetry.step_losses.view()) == 3
    torch.rand(1000)  # someone else draws while the run stands still
    run.resume()
    run.pause()
    wait_for(lambda: run.state == "paused" or run.state == "ended")
    run.resume()
    assert run.join(PATIENCE)
    assert losses(run) == losses(whole)
    for which in ("best", "last"):
        assert equal(weights(run.folder, which), weights(whole.folder, which))
    events = run.telemetry.take_events()
    assert [event.step for event in events if isinstance(event, Paused)][:3] == [1, 2, 3]
    assert next(event.step for event in events if isinstance(event, Resumed)) == 3


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "adamw", "rmsprop"])
@pytest.mark.parametrize("step", [0, 3, 7, 10])
def test_a_run_stopped_anywhere_and_opened_again_is_the_run_that_never_stopped(
    optimizer: str, step: int, tmp_path: Path
) -> None:
    project = noisy(epochs=3, optimizer=optimizer, weight_decay=0.01, gradient_clip=1.0)
    whole = Run.create(project, tmp_path / "whole")
    whole_events = finish(whole)
    run = Run.create(project, tmp_path / "run")
    if step:
        step_to(run, step)
    else:
        run.pause()
        run.start()
        wait_for(lambda: run.state == "paused")
    run.stop()
    assert run.join(PATIENCE)
    end = ended(run.telemetry.take_events())
    assert (end.reason, end.step, end.epoch) == ("stopped", step, step // 7)

    torch.manual_seed(123)
    again = Run.open(tmp_path / "run")
    assert (again.telemetry.progress.step, len(again.telemetry.step_losses.view())) == (step, step)
    again_events = finish(again)
    assert losses(again) == losses(whole)
    for which in ("best", "last", "resume"):
        assert equal(weights(again.folder, which), weights(whole.folder, which))
    assert ended(again_events).test_metrics == ended(whole_events).test_metrics

    def history(folder: Path) -> list[dict[str, float]]:
        entries = RunFolder.open(folder).history()
        return [{key: value for key, value in entry.items() if key != "seconds"} for entry in entries]

    assert history(run.folder) == history(whole.folder)
    assert len(RunFolder.open(run.folder).step_losses()) == 21


def test_a_finished_run_goes_on_when_it_is_given_more_epochs(tmp_path: Path) -> None:
    whole = Run.create(noisy(epochs=4), tmp_path / "whole")
    finish(whole)
    finish(Run.create(noisy(epochs=2), tmp_path / "run"))
    with pytest.raises(NetbuilderError, match="has done 2 epochs"):
        Run.open(tmp_path / "run")
    run = Run.open(tmp_path / "run", epochs=4)
    finish(run)
    assert losses(run) == losses(whole)
    assert equal(weights(run.folder), weights(whole.folder))
    assert Run.open(tmp_path / "run", epochs=5).config.epochs == 5


def test_stopping_keeps_everything_and_leaves_no_thread(tmp_path: Path) -> None:
    run = Run.create(mlp(epochs=1_000_000), tmp_path / "run")
    run.start()
    wait_for(lambda: len(run.telemetry.step_losses.view()) > 30)
    run.stop()
    assert run.join(PATIENCE)
    assert not any(thread.name == "netbuilder-training" for thread in threading.enumerate())
    end = ended(run.telemetry.take_events())
    assert end.reason == "stopped"
    assert len(run.telemetry.step_losses.view()) == end.step == len(RunFolder.open(run.folder).step_losses())
    assert RunFolder.open(run.folder).info()["state"] == "stopped"
    assert evaluate(run.folder)["accuracy"] >= 0.0


def test_a_pause_is_told_once_the_weights_are_on_disk(tmp_path: Path) -> None:
    run = Run.create(mlp(epochs=1_000_000), tmp_path / "run")
    began = weights(run.folder)
    run.start()
    wait_for(lambda: run.telemetry.progress.step > 0)
    run.pause()
    wait_for(lambda: run.state == "paused")
    events: list[object] = []
    wait_for(
        lambda: any(isinstance(event, Paused) for event in events) or bool(events.extend(run.telemetry.take_events()))
    )
    paused = next(event for event in events if isinstance(event, Paused))
    assert paused.step == len(run.telemetry.step_losses.view()) == run.telemetry.progress.step
    assert not equal(weights(run.folder), began)
    assert RunFolder.open(run.folder).info()["state"] == "paused"
    time.sleep(0.1)
    assert len(run.telemetry.step_losses.view()) == paused.step
    run.stop()
    assert run.join(PATIENCE)


def test_a_run_stopped_before_it_began_still_ends_in_order(tmp_path: Path) -> None:
    run = Run.create(mlp(), tmp_path / "run")
    assert not run.join(0)
    run.stop()
    run.start()
    assert run.join(PATIENCE)
    end = run.telemetry.take_events()[-1]
    assert isinstance(end, Ended)
    assert (end.reason, end.step) == ("stopped", 0)


def test_a_run_that_is_still_going_can_be_evaluated_but_not_opened(tmp_path: Path) -> None:
    run = Run.create(mlp(epochs=1_000_000), tmp_path / "run")
    run.start()
    wait_for(lambda: run.telemetry.progress.step > 0)
    with pytest.raises(NetbuilderError, match="still being trained"):
        Run.open(run.folder)
    assert load_trained(run.folder).module(torch.zeros(2, 4), torch.zeros(2, dtype=torch.int64))
    run.stop()
    assert run.join(PATIENCE)
    assert Run.open(run.folder).state == "ready"


KILLED = """
import sys, time
from pathlib import Path
from netbuilder.training import journal
from netbuilder.training.run import Run
from tests.training.projects import noisy
journal.CHECKPOINT_SECONDS = (0.05, 0.2)
run = Run.create(noisy(epochs=1_000_000), Path(sys.argv[1]))
run.start()
while run.telemetry.progress.step < 300:
    time.sleep(0.001)
print("well under way", flush=True)
time.sleep(600)
"""


def test_a_killed_run_can_be_opened_evaluated_and_goes_on_to_the_bit(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", KILLED, str(tmp_path / "run")]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "well under way\n"
        with pytest.raises(NetbuilderError, match="still being trained, by process"):
            Run.open(tmp_path / "run")
        resume_file = tmp_path / "run" / "resume.safetensors"
        first = resume_file.stat().st_mtime_ns
        wait_for(lambda: resume_file.stat().st_mtime_ns > first)
        process.send_signal(signal.SIGKILL)
        process.wait()

    folder = RunFolder.open(tmp_path / "run")
    assert folder.info()["state"] == "running"
    assert 0.0 <= evaluate(tmp_path / "run")["accuracy"] <= 1.0
    run = Run.open(tmp_path / "run")
    done = run.telemetry.progress.step
    assert done > 0
    more = done // 7 + 2
    assert all(entry["epoch"] <= done // 7 for entry in folder.history())
    run = Run.open(tmp_path / "run", epochs=more)
    finish(run)
    whole = Run.create(noisy(epochs=more), tmp_path / "whole")
    finish(whole)
    assert losses(run) == losses(whole)
    assert equal(weights(run.folder), weights(whole.folder))
    assert equal(weights(run.folder, "best"), weights(whole.folder, "best"))
    assert [entry["epoch"] for entry in folder.history()] == list(range(1, more + 1))


def test_the_folder_tells_the_story_in_json(tmp_path: Path) -> None:
    run = Run.create(mlp(epochs=2), tmp_path / "run")
    events = finish(run)
    info = RunFolder.open(run.folder).info()
    assert (info["state"], info["config"]["epochs"], info["device"]) == ("finished", 2, "cpu · 1 thread")
    assert info["test_metrics"] == dict(ended(events).test_metrics)
    history = RunFolder.open(run.folder).history()
    assert [entry["epoch"] for entry in history] == [1, 2]
    for entry, event in zip(history, epochs(events), strict=True):
        assert {key: entry[key] for key in event.values} == dict(event.values)
    lines = (run.folder / "events.jsonl").read_text().splitlines()
    assert [json.loads(line)["event"] for line in lines] == ["Started", "Ended"]
