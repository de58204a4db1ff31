"""From a training, or without one, to an ONNX file that an application can use by itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import get_args

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from sklearn.datasets import load_digits

from netbuilder.data.config import read
from netbuilder.data.dataset import load
from netbuilder.diagnostics import NetbuilderError
from netbuilder.graph.edits import SetSection
from netbuilder.graph.project import Project
from netbuilder.training.export import export_project, export_run
from netbuilder.training.folder import Weights
from netbuilder.training.run import Run
from netbuilder.training.trained import load_trained
from tests.drawing import DIGITS, Drawing, digits_cnn


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Train the digits classifier for two epochs."""
    folder = tmp_path_factory.mktemp("runs") / "run"
    run = Run.create(digits_project(), folder, device="cpu")
    run.start()
    assert run.join(60)
    return folder


def digits_project() -> Project:
    project = digits_cnn().project
    SetSection("data", DIGITS | {"normalize": {"image": "standard"}}).apply(project)
    SetSection("training", {"epochs": 2, "seed": 5}).apply(project)
    return project


def facts(path: Path) -> dict[str, str]:
    return {fact.key: fact.value for fact in onnx.load(path).metadata_props}


def test_an_application_needs_the_file_alone(run_folder: Path, tmp_path: Path) -> None:
    report = export_run(run_folder, tmp_path / "digits.onnx", name="digits")
    assert report.trained
    told = facts(report.path)
    (image,) = report.inputs
    scaling = json.loads(told["netbuilder.preprocessing"])[image]
    classes = json.loads(told["netbuilder.classes"])["label"]

    pixels, _ = load_digits(return_X_y=True)
    raw = pixels[:200].reshape(-1, 1, 8, 8).astype(np.float32)  # as a camera would give them: 0 to 16
    prepared = (raw - np.float32(scaling["subtract"])) / np.float32(scaling["divide"])
    session = onnxruntime.InferenceSession(str(report.path), providers=["CPUExecutionProvider"])
    (logits,) = session.run(None, {image: prepared})
    assert isinstance(logits, np.ndarray)
    answers = [classes[place] for place in logits.argmax(axis=1)]
    with torch.no_grad():
        theirs = load_trained(run_folder).module(torch.from_numpy(prepared), torch.zeros(200, dtype=torch.int64))[0]
    assert answers == [str(int(place)) for place in theirs.argmax(dim=1)]
    assert told["netbuilder.project"] == "digits"


@pytest.mark.parametrize("weights", get_args(Weights))
def test_the_weights_are_those_that_were_asked_for(weights: Weights, run_folder: Path, tmp_path: Path) -> None:
    report = export_run(run_folder, tmp_path / "digits.onnx", weights=weights)
    stored = {each.name: onnx.numpy_helper.to_array(each) for each in onnx.load(report.path).graph.initializer}
    wanted = load_trained(run_folder, weights).module.state_dict()
    for name, weight in wanted.items():
        np.testing.assert_array_equal(stored[name], weight.numpy())


def test_an_untrained_project_is_exported_and_called_untrained(tmp_path: Path) -> None:
    report = export_project(digits_project(), tmp_path / "digits.onnx", name="digits")
    assert not report.trained
    told = facts(report.path)
    assert json.loads(told["netbuilder.trained"]) is False
    data = load(read(digits_project().data), torch.device("cpu"))
    assert json.loads(told["netbuilder.preprocessing"])["image"] == data.preprocessing["image"]


def test_a_network_without_data_is_exported_too(tmp_path: Path) -> None:
    drawing = Drawing()
    flat = drawing.put("Flatten", "flat", drawing.put("Input", "image"))
    drawing.put("Output", "scores", drawing.put("Linear", "fc", flat))
    report = export_project(drawing.project, tmp_path / "model.onnx")
    assert json.loads(facts(report.path)["netbuilder.preprocessing"]) == {}


def test_a_network_with_errors_is_refused_with_the_first(tmp_path: Path) -> None:
    drawing = digits_cnn()
    drawing.put("Output", "loose")
    with pytest.raises(NetbuilderError, match="can't be exported yet: Input “x” of Output is not connected"):
        export_project(drawing.project, tmp_path / "model.onnx")


def test_a_folder_that_is_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NetbuilderError):
        export_run(tmp_path / "nowhere", tmp_path / "model.onnx")
    assert not (tmp_path / "model.onnx").exists()
