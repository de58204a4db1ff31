"""What can't be trained or kept is refused with one sentence, before anything is lost."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn.modules.module import register_module_forward_pre_hook

from netbuilder.data import catalog
from netbuilder.diagnostics import NetbuilderError
from netbuilder.graph.edits import SetParameter, SetSection
from netbuilder.graph.model import NodeId
from netbuilder.graph.project import Project
from netbuilder.training.evaluate import evaluate
from netbuilder.training.failure import explain
from netbuilder.training.folder import RunFolder, free_folder
from netbuilder.training.run import Run
from netbuilder.training.telemetry import Ended
from netbuilder.training.trained import load_trained
from tests.drawing import Drawing
from tests.training.projects import (
    classifier,
    ended,
    finish,
    mlp,
    noisy,
    prepared,
    step_to,
    wait_for,
    weights,
    with_training,
)


def refused(make: Callable[[], object]) -> str:
    with pytest.raises(NetbuilderError) as caught:
        make()
    message = str(caught.value)
    assert "\n" not in message
    assert message
    return message


# Before a run


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ({"epochs": 0}, "epochs has to be a whole number from 1 to 1,000,000, not 0."),
        ({"batch_size": 2.5}, "batch_size has to be a whole number"),
        ({"optimizer": "lion"}, "optimizer has to be one of sgd, adam, adamw, rmsprop, not “lion”"),
        ({"learning_rate": -1.0}, "learning_rate has to be a number"),
        ({"seed": -1}, "seed"),
        ({"device": "tpu"}, "device has to be one of auto, cpu, cuda"),
        ({"warmup": 3}, "no parameter “warmup”"),
    ],
)
def test_a_wrong_training_setting_is_named(setting: dict[str, Any], words: str, tmp_path: Path) -> None:
    assert words in refused(lambda: Run.create(with_training(mlp(), **setting), tmp_path / "run"))
    assert not (tmp_path / "run").exists()


def test_an_unfinished_network_says_what_is_missing(tmp_path: Path) -> None:
    drawing = Drawing(catalog.default_config("iris").section())
    x = drawing.put("Input", "x", field="features")
    drawing.put("Output", "y", drawing.put("Linear", "fc", x))
    assert "no loss" in refused(lambda: Run.create(drawing.project, tmp_path / "run"))
    label = drawing.put("Input", "label", field="label")
    drawing.put("CrossEntropy", "ce", x)
    message = refused(lambda: Run.create(drawing.project, tmp_path / "run"))
    assert "can't be trained yet" in message
    assert label


def test_a_network_without_weights_has_nothing_to_train(tmp_path: Path) -> None:
    project = classifier(lambda drawing, x: drawing.put("ReLU", "relu", x), "iris")
    drawing = Drawing(catalog.default_config("diabetes").section())
    x = drawing.put("Input", "x", field="target")
    drawing.put("MSE", "mse", drawing.put("ReLU", "relu", x), x)
    assert "nothing to train" in refused(lambda: Run.create(drawing.project, tmp_path / "run"))
    assert "class" in refused(lambda: Run.create(project, tmp_path / "run"))  # four scores for three classes


def test_an_input_without_a_field_and_a_project_without_data(tmp_path: Path) -> None:
    drawing = Drawing()
    x = drawing.put("Input", "x", shape=(4,))
    drawing.put("MSE", "mse", drawing.put("Linear", "fc", x, out_features=4), x)
    assert "“x” is bound to no field" in refused(lambda: Run.create(drawing.project, tmp_path / "run"))
    bare = mlp().copy()
    SetSection("data", {"fields": bare.data["fields"]}).apply(bare)
    assert "source" in refused(lambda: Run.create(bare, tmp_path / "run"))


def test_more_classes_in_the_data_than_the_project_says(tmp_path: Path) -> None:
    project = classifier(lambda drawing, x: drawing.put("Linear", "fc", x, out_features=2))
    section = catalog.default_config("iris").section()
    section["fields"]["label"]["classes"] = ["setosa", "versicolor"]
    SetSection("data", section).apply(project)
    assert "3 classes, and the project says 2" in refused(lambda: Run.create(project, tmp_path / "run"))


def test_a_layer_of_forty_billion_weights_is_refused_at_once(tmp_path: Path) -> None:
    def body(drawing: Drawing, x: Any) -> Any:
        for name in ("huge1", "huge2"):
            x = drawing.put("Linear", name, x, out_features=200_000)
        return drawing.put("Linear", "fc", x, out_features=3)

    message = refused(lambda: Run.create(classifier(body), tmp_path / "run"))
    assert "takes 160." in message
    assert "GB" in message
    assert not (tmp_path / "run").exists()


def test_a_batch_whose_activations_do_not_fit_is_refused_at_once(tmp_path: Path) -> None:
    def body(drawing: Drawing, x: Any) -> Any:
        vast = drawing.put("AdaptiveAvgPool2d", "vast", x, output_size=20_000)
        small = drawing.put("AdaptiveAvgPool2d", "small", vast, output_size=2)
        return drawing.put("Linear", "fc", drawing.put("Flatten", "flatten", small), out_features=10)

    message = refused(lambda: Run.create(classifier(body, "digits", batch_size=64), tmp_path / "run"))
    assert "Training this network takes 204." in message


def test_results_that_could_be_mixed_up_are_refused(tmp_path: Path) -> None:
    drawing = Drawing(catalog.default_config("iris").section())
    x, label = drawing.put("Input", "x", field="features"), drawing.put("Input", "label", field="label")
    logits = drawing.put("Linear", "fc", x, out_features=3)
    drawing.put("CrossEntropy", "ce", logits, label)
    drawing.put("Accuracy", "loss", logits, label)
    assert "another name" in refused(lambda: Run.create(drawing.project, tmp_path / "run"))


@pytest.mark.parametrize("settings", [{"batch_size": 1}, {"batch_size": 2, "train": 0.006}])
def test_a_sample_is_not_normalised_by_itself(settings: dict[str, Any], tmp_path: Path) -> None:
    project = with_training(noisy(), batch_size=settings["batch_size"])
    if "train" in settings:  # of 150 samples, one in the whole training part
        split = {"train": 0.006, "validation": 0.5, "test": 0.494}
        SetSection("data", {**project.data, "split": split}).apply(project)
    message = refused(lambda: Run.create(project, tmp_path / "run"))
    assert message.startswith("“norm” compares the samples of a batch with each other, and here a batch has one")
    assert not (tmp_path / "run").exists()


def test_an_image_can_be_normalised_by_itself(tmp_path: Path) -> None:
    def body(drawing: Drawing, x: NodeId) -> NodeId:
        flat = drawing.put("Flatten", "flat", drawing.put("BatchNorm2d", "norm", x))
        return drawing.put("Linear", "fc", flat, out_features=10)

    Run.create(classifier(body, "digits", batch_size=1, epochs=1), tmp_path / "run")


def test_losses_that_all_weigh_nothing_are_nothing_to_train_for(tmp_path: Path) -> None:
    project = mlp()
    loss = project.graph.named("cross_entropy")
    assert loss is not None
    SetParameter(loss.id, "weight", 0.0).apply(project)
    assert "weight 0" in refused(lambda: Run.create(project, tmp_path / "run"))


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a CUDA device")
@pytest.mark.parametrize("device", ["cuda", "cuda:3"])
def test_a_device_that_is_not_there(device: str, tmp_path: Path) -> None:
    assert "finds no CUDA GPU" in refused(lambda: Run.create(mlp(), tmp_path / "run", device=device))


def test_the_device_can_be_chosen_for_one_run(tmp_path: Path) -> None:
    run = Run.create(with_training(mlp(), device="auto"), tmp_path / "run", device="cpu")
    assert run.config.device == "cpu"


# Folders


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    assert "holds files already" in refused(lambda: Run.create(mlp(), tmp_path))
    assert [file.name for file in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    message = refused(lambda: Run.create(mlp(), tmp_path / "file" / "run"))
    assert "can't be made: a part of its path is a file" in message


def test_a_folder_whose_name_is_no_text_is_refused_and_not_made(tmp_path: Path, finished: Path) -> None:
    odd = tmp_path / os.fsdecode(b"run \xff")
    assert "is not UTF-8: give it another" in refused(lambda: Run.create(mlp(), odd))
    assert not odd.exists()
    shutil.copytree(finished, odd)
    assert "is not UTF-8: give it another" in refused(lambda: Run.open(odd, epochs=3))


def test_free_folders_do_not_collide(tmp_path: Path) -> None:
    seen = set()
    for _ in range(3):
        path = free_folder(tmp_path)
        path.mkdir()
        seen.add(path)
    assert len(seen) == 3


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = Run.create(mlp(epochs=2), tmp_path_factory.mktemp("finished") / "run")
    run.start()
    assert run.join(60)
    return run.folder


def damage(name: str, how: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    return lambda folder: (folder / name).write_bytes(how((folder / name).read_bytes())) and None


def other_weights(folder: Path) -> None:
    for name in ("best", "resume"):
        (folder / f"{name}.safetensors").unlink()
    save_file({"fc1.weight": torch.zeros(8, 5)}, folder / "best.safetensors")
    save_file({"weights:fc1.weight": torch.zeros(8, 5)}, folder / "resume.safetensors")


DAMAGE: dict[str, tuple[Callable[[Path], object], str]] = {
    "no run.json": (lambda folder: (folder / "run.json").unlink(), "not the folder of a run"),
    "run.json cut off": (damage("run.json", lambda content: content[:50]), "no JSON"),
    "run.json of something else": (damage("run.json", lambda _: b'{"name": "left-pad"}'), "does not describe a run"),
    "run.json of the future": (
        damage("run.json", lambda c: c.replace(b'"version": 1', b'"version": 9')),
        "newer version",
    ),
    "run.json without its parts": (
        damage("run.json", lambda _: b'{"format": "netbuilder-run", "version": 1}'),
        "“config” is missing",
    ),
    "run.json very deep": (damage("run.json", lambda _: b"[" * 100_000), "no JSON"),
    "run.json in bytes": (damage("run.json", lambda _: b"\xff\xfe\x00"), "no text"),
    "project gone": (lambda folder: (folder / "project.netb").unlink(), "project.netb"),
    "weights cut off": (damage("best.safetensors", lambda content: content[:-20]), "damaged"),
    "weights of something else": (damage("best.safetensors", lambda _: b"PK\x03\x04 a pickle, perhaps"), "damaged"),
    "weights of another network": (other_weights, "another network: “fc1.weight” is 8 × 5 of float32 there, and 8 × 4"),
    "weights gone": (lambda folder: (folder / "best.safetensors").unlink(), "isn't there"),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_a_damaged_run_is_one_sentence(name: str, finished: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(finished, tmp_path / "run")
    break_it, words = DAMAGE[name]
    break_it(folder)
    assert words in refused(lambda: load_trained(folder))
    assert refused(lambda: evaluate(folder))


RESUME_DAMAGE: dict[str, tuple[Callable[[Path], object], str]] = {
    "cut off": (damage("resume.safetensors", lambda content: content[:-20]), "damaged"),
    "gone": (lambda folder: (folder / "resume.safetensors").unlink(), "isn't there"),
    "another network's": (other_weights, "another network"),
    "only weights": (
        lambda folder: shutil.copy(folder / "best.safetensors", folder / "resume.safetensors"),
        "is no checkpoint",
    ),
    "steps cut off": (damage("steps.npy", lambda content: content[:-8]), "steps.npy is damaged"),
    "steps pickled": (lambda folder: np.save(folder / "steps.npy", np.array([{}])), "steps.npy is damaged"),
    "steps of another type": (lambda folder: np.save(folder / "steps.npy", np.zeros(14)), "losses of a run"),
    "too few steps": (lambda folder: np.save(folder / "steps.npy", np.zeros(3, dtype=np.float32)), "ends before"),
    "history of something else": (damage("metrics.jsonl", lambda _: b'{"a": 1}\n'), "no epoch"),
}


@pytest.mark.parametrize("name", RESUME_DAMAGE)
def test_a_run_that_cannot_go_on_is_one_sentence(name: str, finished: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(finished, tmp_path / "run")
    break_it, words = RESUME_DAMAGE[name]
    break_it(folder)
    assert words in refused(lambda: Run.open(folder, epochs=5))


def test_a_line_that_a_crash_cut_off_does_not_count(finished: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(finished, tmp_path / "run")
    with open(folder / "metrics.jsonl", "a") as lines:
        lines.write('{"epoch": 3, "train_l')
    assert [entry["epoch"] for entry in RunFolder.open(folder).history()] == [1, 2]
    run = Run.open(folder, epochs=3)
    finish(run)
    assert [entry["epoch"] for entry in RunFolder.open(folder).history()] == [1, 2, 3]


def test_numbers_that_are_not_finite_are_null_in_the_folder(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path / "run", mlp(), {"config": {}, "preprocessing": {}, "classes": {}})
    folder.append_epoch({"epoch": 1, "validation_loss": float("inf")})
    folder.update_info(test_metrics={"loss": float("nan"), "parts": [1.0, float("-inf")]})
    assert folder.history() == [{"epoch": 1, "validation_loss": None}]
    assert folder.info()["test_metrics"] == {"loss": None, "parts": [1.0, None]}


def test_another_batch_size_in_the_configuration_does_not_fit_the_checkpoint(finished: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(finished, tmp_path / "run")
    info = json.loads((folder / "run.json").read_text())
    info["config"]["batch_size"] = 50
    (folder / "run.json").write_text(json.dumps(info))
    assert "7 steps in an epoch, and this run has 3" in refused(lambda: Run.open(folder, epochs=5))


# While it runs


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is always full is a thing of Linux")
@pytest.mark.parametrize("name", ["resume.safetensors", "metrics.jsonl", "last.safetensors"])
def test_a_full_disk_ends_the_run_with_one_sentence(name: str, tmp_path: Path) -> None:
    run = Run.create(mlp(), tmp_path / "run")
    (run.folder / name).unlink(missing_ok=True)
    os.symlink("/dev/full", run.folder / name)
    end = ended(finish(run))
    assert end.reason == "failed"
    assert end.problem
    assert end.problem.message == f"{run.folder / name} can't be written: the disk is full."
    assert "Traceback" in end.details


def test_a_folder_that_vanishes_ends_the_run_with_one_sentence(tmp_path: Path) -> None:
    run = Run.create(mlp(epochs=1_000_000), tmp_path / "run")
    run.start()
    wait_for(lambda: run.telemetry.progress.step > 0)
    shutil.rmtree(run.folder, ignore_errors=True)
    run.stop()
    assert run.join(60)
    end = run.telemetry.take_events()[-1]
    assert isinstance(end, Ended)
    assert end.problem
    assert "there is no such file or folder" in end.problem.message or "isn't there" in end.problem.message


def test_a_block_that_fails_is_named(tmp_path: Path) -> None:
    def fail(module: nn.Module, _: object) -> None:
        if isinstance(module, nn.BatchNorm1d):
            raise RuntimeError("the device has been unplugged\nand much more")

    run = Run.create(noisy(), tmp_path / "run")
    hook = register_module_forward_pre_hook(fail)
    try:
        end = ended(finish(run))
    finally:
        hook.remove()
    assert (end.reason, end.step) == ("failed", 0)
    assert end.problem
    node = run.project.graph.named("norm")
    assert node
    assert end.problem.node == node.id
    assert end.problem.message == "Training failed at “norm” at step 1, epoch 1: the device has been unplugged."
    assert "Traceback" in end.details
    assert set(weights(run.folder)) == set(weights(run.folder, "best"))


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB."),
        RuntimeError("[enforce fail at alloc_cpu.cpp:127] DefaultCPUAllocator: can't allocate memory: you tried ..."),
        MemoryError(),
    ],
)
def test_running_out_of_memory_is_advice(error: Exception) -> None:
    network = prepared(mlp()).state.network
    batch = (torch.zeros(64, 4), torch.zeros(64, dtype=torch.int64))
    problem = explain(error, network, batch, "step 5, epoch 1")
    assert problem.code == "out-of-memory"
    assert problem.message == "The memory of cpu ran out with a batch of 64 samples: try a batch size of 32."


def test_a_project_that_changes_after_the_start_does_not_change_the_run(tmp_path: Path) -> None:
    project: Project = mlp()
    run = Run.create(project, tmp_path / "run")
    step_to(run, 1)
    SetSection("training", {}).apply(project)
    assert run.project.training["epochs"] == 3
