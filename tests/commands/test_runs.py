"""`train`, `evaluate`, `export`: from a project file to a proven ONNX file, without a window."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import onnx
import onnxruntime
import pytest
from platformdirs import user_data_path

from netbuilder.graph.edits import RenameNode, SetSection
from netbuilder.graph.files import load, save
from netbuilder.graph.model import NodeId
from tests.commands.conftest import Command

TRAIN_KEYS = ["epochs", "steps", "history", "test_metrics", "run"]


def without_times(history: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{key: value for key, value in epoch.items() if key != "seconds"} for epoch in history]


def test_train_reports_as_json(command: Command, file: Path, tmp_path: Path) -> None:
    done = command("train", file, "--out", tmp_path / "run", "--json")
    assert done.status == 0
    assert done.out.count("\n") == 1
    report = done.json()
    assert list(report) == TRAIN_KEYS
    assert (report["epochs"], report["steps"], report["run"]) == (3, 6, str(tmp_path / "run"))
    assert [epoch["epoch"] for epoch in report["history"]] == [1, 2, 3]
    assert report["history"][0].keys() >= {"train_loss", "validation_loss", "validation_accuracy"}
    assert 0 <= report["test_metrics"]["accuracy"] <= 1


def test_train_reports_to_people(command: Command, file: Path, tmp_path: Path) -> None:
    done = command("train", file, "--out", tmp_path / "run", "--device", "cpu")
    assert done.status == 0
    first, *epochs, trained, kept = done.out.splitlines()
    assert first.startswith("cpu · ")
    assert first.endswith("67 parameters · 6 steps, 2 an epoch")
    assert [line.split(" · ")[0] for line in epochs] == ["epoch   1", "epoch   2", "epoch   3"]
    assert trained.startswith("Trained 3 epochs, 6 steps. Test: loss ")
    assert "accuracy" in trained
    assert kept == f"The run is kept in {tmp_path / 'run'}"


def test_a_long_training_does_not_flood_the_log(command: Command, file: Path, tmp_path: Path) -> None:
    done = command("train", file, "--out", tmp_path / "run", "--epochs", 100)
    assert 20 <= sum(line.startswith("epoch") for line in done.out.splitlines()) <= 23


def test_the_same_seed_gives_the_same_numbers_and_another_seed_others(
    command: Command, file: Path, tmp_path: Path
) -> None:
    def history(name: str, seed: int) -> list[dict[str, Any]]:
        report = command("train", file, "--out", tmp_path / name, "--seed", seed, "--json").json()
        return without_times(report["history"])

    assert history("a", 7) == history("b", 7) != history("c", 8)


def test_what_is_asked_for_goes_before_what_the_project_says(command: Command, file: Path, tmp_path: Path) -> None:
    asked = ("--epochs", 2, "--batch-size", 10, "--device", "cpu", "--seed", 5)
    report = command("train", file, "--out", tmp_path / "run", *asked, "--json").json()
    assert (report["epochs"], report["steps"]) == (2, 22)
    training = load(tmp_path / "run" / "project.netb").training
    assert training == {"epochs": 2, "batch_size": 10, "device": "cpu", "seed": 5}


def test_runs_are_kept_with_the_users_data(command: Command, file: Path) -> None:
    run = Path(command("train", file, "--json").json()["run"])
    assert run.parent == user_data_path("netbuilder", appauthor=False) / "runs"
    assert (run / "best.safetensors").is_file()


def test_a_folder_that_holds_something_is_not_trained_into(command: Command, file: Path, tmp_path: Path) -> None:
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter1.txt").write_text("all")
    assert "holds files already" in command("train", file, "--out", tmp_path / "thesis").refusal()
    assert [path.name for path in (tmp_path / "thesis").iterdir()] == ["chapter1.txt"]


def test_a_run_goes_on_where_it_ended(command: Command, file: Path, tmp_path: Path) -> None:
    whole = command("train", file, "--out", tmp_path / "whole", "--epochs", 5, "--json").json()
    command("train", file, "--out", tmp_path / "run", "--epochs", 2)
    more = command("train", file, "--resume", tmp_path / "run", "--epochs", 5, "--json").json()
    assert without_times(more["history"]) == without_times(whole["history"])
    assert more["test_metrics"] == whole["test_metrics"]
    assert "ask for more" in command("train", "--resume", tmp_path / "run").refusal()


def test_a_run_does_not_go_on_with_another_network(command: Command, file: Path, tmp_path: Path) -> None:
    command("train", file, "--out", tmp_path / "run")
    project = load(file)
    SetSection("training", {"epochs": 9}).apply(project)  # how long is no question of the network
    save(project, file)
    assert command("train", file, "--resume", tmp_path / "run", "--epochs", 4).status == 0
    RenameNode(NodeId("n3"), "another").apply(project)
    save(project, file)
    sentence = command("train", file, "--resume", tmp_path / "run", "--epochs", 5).refusal()
    assert "is no longer the network of" in sentence


@pytest.mark.parametrize(
    "arguments",
    [
        ("train",),
        ("train", "FILE", "--epochs", "many"),
        ("train", "--resume", "RUN", "--seed", "1"),
        ("train", "--resume", "RUN", "--batch-size", "1"),
        ("train", "--resume", "RUN", "--out", "RUN2"),
        ("evaluate", "RUN", "--split", "all"),
        ("export", "RUN"),
        ("screenshot", "FILE", "-o", "PNG", "--size", "big"),
        ("screenshot", "FILE", "-o", "PNG", "--size", "100000x100000"),
        ("screenshot", "FILE", "-o", "PNG", "--train", "nan"),
        ("new",),
        ("check", "FILE", "FILE"),
        ("trian", "FILE"),
        ("--frobnicate",),
    ],
    ids=" ".join,
)
def test_wrong_usage_ends_with_status_2(command: Command, arguments: tuple[str, ...]) -> None:
    done = command(*arguments)
    assert (done.status, done.out) == (2, "")
    assert done.err


@pytest.mark.parametrize(
    ("option", "sentence"),
    [
        (("--epochs", 0), "epochs has to be a whole number from 1 to"),
        (("--batch-size", -3), "batch_size has to be a whole number from 1 to"),
        (("--device", "abacus"), "device has to be one of auto, cpu,"),
        (("--seed", 2**40), "seed has to be a whole number from 0 to"),
    ],
)
def test_a_setting_out_of_range_is_refused_with_its_range(
    command: Command, file: Path, tmp_path: Path, option: tuple[str, object], sentence: str
) -> None:
    assert sentence in command("train", file, "--out", tmp_path / "run", *option).refusal()
    assert not (tmp_path / "run").exists()


def test_evaluate_finds_what_training_found(command: Command, file: Path, tmp_path: Path) -> None:
    report = command("train", file, "--out", tmp_path / "run", "--json").json()
    assert command("evaluate", tmp_path / "run", "--json").json() == {
        "split": "test",
        "metrics": pytest.approx(report["test_metrics"]),
    }
    assert command("evaluate", tmp_path / "run", "--split", "train").out.startswith("train: loss ")


def test_a_run_is_exported_with_its_proof(command: Command, file: Path, tmp_path: Path) -> None:
    command("train", file, "--out", tmp_path / "run")
    model = tmp_path / "flowers.onnx"
    done = command("export", tmp_path / "run", "-o", model, "--json")
    report = done.json()
    assert list(report) == ["path", "opset", "inputs", "outputs", "max_abs_diff"]
    assert report["path"] == str(model)
    assert report["inputs"] == {"features": {"shape": ["N", 4], "dtype": "float32"}}
    assert report["outputs"] == {"species": {"shape": ["N", 3], "dtype": "float32"}}
    assert list(report["max_abs_diff"]) == ["1", "3", "17"]
    assert all(0 <= difference < 1e-3 for difference in report["max_abs_diff"].values())
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    assert [value.name for value in (*session.get_inputs(), *session.get_outputs())] == ["features", "species"]
    assert onnx.load(model).opset_import[0].version == report["opset"]


def test_best_and_last_weights_are_exported_as_asked(command: Command, file: Path, tmp_path: Path) -> None:
    command("train", file, "--out", tmp_path / "run")
    (tmp_path / "run" / "best.safetensors").unlink()
    assert "best.safetensors" in command("export", tmp_path / "run", "-o", tmp_path / "m.onnx").refusal()
    assert command("export", tmp_path / "run", "-o", tmp_path / "m.onnx", "--weights", "last").status == 0


def test_an_untrained_network_is_exported_and_says_so(command: Command, file: Path, tmp_path: Path) -> None:
    done = command("export", file, "-o", tmp_path / "flowers.onnx")
    assert done.status == 0
    assert "batch 17: onnxruntime differs from torch by at most" in done.out
    assert "fresh random numbers" in done.out


# Interruptions


def start(*arguments: object, stdout: int, env: dict[str, str] | None = None) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", "netbuilder", *map(str, arguments)], stdout=stdout, env=env)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_run_is_kept_and_goes_on(
    command: Command, file: Path, tmp_path: Path, number: signal.Signals
) -> None:
    run = tmp_path / "run"
    with start("train", file, "--out", run, "--epochs", 1_000_000, stdout=subprocess.PIPE) as training:
        assert training.stdout
        while b"epoch   1" not in training.stdout.readline():
            assert training.poll() is None
        training.send_signal(number)
        rest = training.stdout.read().decode()
    assert training.returncode == 130
    assert "nothing is lost" in rest
    assert f"netbuilder train --resume {run}" in rest
    assert command("evaluate", run).status == 0
    done = int(rest.split("Stopped after ")[1].split(" epochs")[0])
    more = command("train", "--resume", run, "--epochs", done + 2, "--json").json()
    assert [epoch["epoch"] for epoch in more["history"]] == list(range(1, done + 3))


def test_a_run_whose_terminal_goes_away_stops_and_is_kept(command: Command, file: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    arguments = ["train", str(file), "--out", str(run), "--epochs", "1000000"]
    terminal, inside = pty.openpty()
    own_session = "import os, sys; os.login_tty(0); os.execv(sys.executable, [sys.executable, *sys.argv[1:]])"
    command_line = [sys.executable, "-c", own_session, "-m", "netbuilder", *arguments]
    with subprocess.Popen(command_line, stdin=inside, stdout=inside, stderr=inside) as training:
        os.close(inside)
        shown = b""
        while b"epoch   1" not in shown:
            shown += os.read(terminal, 65536)
        os.close(terminal)
    assert training.returncode == 130
    assert json.loads((run / "run.json").read_text())["state"] == "stopped"
    assert command("evaluate", run).status == 0


def test_a_run_under_nohup_outlives_its_terminal(file: Path, tmp_path: Path) -> None:
    ignoring = (
        "import signal, sys; from netbuilder.cli import main; signal.signal(signal.SIGHUP, signal.SIG_IGN); main()"
    )
    arguments = ["train", str(file), "--out", str(tmp_path / "run"), "--epochs", "300"]
    with subprocess.Popen([sys.executable, "-c", ignoring, *arguments], stdout=subprocess.PIPE) as training:
        assert training.stdout
        while b"epoch   1" not in training.stdout.readline():
            assert training.poll() is None
        training.send_signal(signal.SIGHUP)
        assert b"Trained 300 epochs" in training.stdout.read()
    assert training.returncode == 0


def test_a_terminal_gets_a_bar_with_loss_speed_and_time_left(file: Path, tmp_path: Path) -> None:
    terminal, inside = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "120"}
    arguments = ("train", file, "--out", tmp_path / "run", "--epochs", 150)
    with start(*arguments, stdout=inside, env=environment) as training:
        os.close(inside)
        shown = b""
        try:
            while chunk := os.read(terminal, 65536):
                shown += chunk
        except OSError:  # the terminal has been left
            pass
    os.close(terminal)
    text = shown.decode()
    assert training.returncode == 0
    for words in ("/150", "loss ", "steps/s", "ETA 0:", "100%", "Trained 150 epochs"):
        assert words in text
