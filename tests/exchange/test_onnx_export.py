"""Exported networks as an application meets them: the file alone, read by onnxruntime."""

from __future__ import annotations

import json
import os
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from torch import fx, nn

from netbuilder import __version__
from netbuilder.compiler.build import build
from netbuilder.compiler.lower import lower
from netbuilder.compiler.program import Program
from netbuilder.diagnostics import NetbuilderError
from netbuilder.exchange import onnx_export
from netbuilder.exchange.errors import ExportError
from netbuilder.exchange.inputs import draw
from netbuilder.exchange.onnx_conversion import OPSET
from netbuilder.exchange.onnx_export import Labels, export
from netbuilder.exchange.onnx_proof import ABSOLUTE, BATCHES, RELATIVE
from tests.drawing import Drawing, digits_cnn
from tests.exchange.networks import NETWORKS, batchnorm_and_dropout, made


def in_onnxruntime(path: Path, inputs: dict[str, np.ndarray]) -> list[np.ndarray]:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return session.run(None, inputs)  # pyright: ignore[reportReturnType] - tensors alone come out of these networks


@pytest.mark.parametrize("name", NETWORKS)
def test_the_file_computes_what_torch_does_at_any_batch(name: str, tmp_path: Path) -> None:
    program, module = made(NETWORKS[name]())
    module.train()
    report = export(program, module, tmp_path / "model.onnx")

    assert list(report.max_abs_diff) == list(BATCHES) == [1, 3, 17]
    part = program.only("output")
    twin = build(part, module).eval()
    for batch in (1, 2, 40):  # sizes that export itself did not look at, but for the first
        inputs = draw(part, {"N": batch}, np.random.default_rng(batch))
        found = in_onnxruntime(report.path, dict(zip([slot.name for slot in part.inputs], inputs, strict=True)))
        wanted = twin(*map(torch.from_numpy, inputs))
        for result, mine, theirs in zip(part.results, found, wanted, strict=True):
            np.testing.assert_allclose(mine, theirs.detach().numpy(), RELATIVE, ABSOLUTE, err_msg=result.name)


@pytest.mark.parametrize("name", NETWORKS)
def test_names_shapes_and_weights_are_those_of_the_canvas(name: str, tmp_path: Path) -> None:
    program, module = made(NETWORKS[name]())
    report = export(program, module, tmp_path / "model.onnx")
    model = onnx.load(report.path)

    def ends(values: Any) -> dict[str, list[str | int]]:
        dims = {value.name: value.type.tensor_type.shape.dim for value in values}
        return {name: [dim.dim_param or dim.dim_value for dim in shape] for name, shape in dims.items()}

    part = program.only("output")
    wanted_in = {slot.name: ["N", *slot.spec.shape[1:]] for slot in part.inputs}
    wanted_out = {result.name: ["N", *result.spec.shape[1:]] for result in part.results}
    assert ends(model.graph.input) == wanted_in
    assert ends(model.graph.output) == wanted_out
    assert {key: value["shape"] for key, value in report.as_json()["inputs"].items()} == wanted_in
    assert {key: value["shape"] for key, value in report.as_json()["outputs"].items()} == wanted_out
    assert report.opset == OPSET == model.opset_import[0].version

    weights = {tensor.name for tensor in model.graph.initializer if "/" not in tensor.name}
    assert weights <= set(module.state_dict())
    blocks = {instruction.name for instruction in part.instructions if module_has_weights(module, instruction.name)}
    assert {weight.split(".")[0] for weight in weights} >= blocks - {
        "norm"
    }  # batch normalisation is folded into the layer before


def module_has_weights(module: fx.GraphModule, name: str) -> bool:
    found = dict(module.named_children()).get(name)
    return found is not None and any(True for _ in found.parameters())


def test_the_digits_classifier_keeps_its_weights_as_they_are(tmp_path: Path) -> None:
    program, module = made(digits_cnn())
    export(program, module, tmp_path / "model.onnx")
    stored = {
        tensor.name: onnx.numpy_helper.to_array(tensor)
        for tensor in onnx.load(tmp_path / "model.onnx").graph.initializer
    }
    for name, weight in module.state_dict().items():
        np.testing.assert_array_equal(stored[name], weight.numpy())


def test_losses_metrics_and_labels_are_left_out(tmp_path: Path) -> None:
    program, module = made(digits_cnn())
    report = export(program, module, tmp_path / "model.onnx")
    assert list(report.inputs) == ["image"]
    assert list(report.outputs) == ["logits"]


def test_names_that_the_exporter_uses_itself_are_free_to_use(tmp_path: Path) -> None:
    drawing = Drawing()
    view = drawing.put("Input", "view")
    relu = drawing.put("ReLU", "val_0", view)
    flat = drawing.put("Flatten", "node_x", relu)
    linear = drawing.put("Linear", "linear", flat, out_features=3)
    drawing.put("Output", "relu", linear)
    drawing.put("Output", "val_5", view)
    drawing.put("Output", "linear_1", flat)
    drawing.put("Output", "relu_again", linear)
    report = export(*made(drawing), tmp_path / "model.onnx")
    assert list(report.outputs) == ["relu", "val_5", "linear_1", "relu_again"]


def test_class_names_and_preprocessing_travel_in_the_file(tmp_path: Path) -> None:
    drawing = digits_cnn()
    classes = {"label": ["null", "één", "two"]}
    preprocessing = {"image": {"subtract": [0.5], "divide": [2.0]}, "label": {"unused": True}}
    path = tmp_path / "model.onnx"
    export(*made(drawing), path, Labels("my digits", classes, preprocessing))
    facts = {fact.key: fact.value for fact in onnx.load(path).metadata_props}
    assert json.loads(facts["netbuilder.classes"]) == classes
    assert json.loads(facts["netbuilder.preprocessing"]) == {"image": preprocessing["image"]}
    assert json.loads(facts["netbuilder.trained"]) is True
    assert facts["netbuilder.project"] == "my digits"
    assert facts["netbuilder.version"] == __version__


def test_a_project_whose_files_name_is_no_text_is_exported(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"\xff.onnx")
    export(*made(digits_cnn()), path, Labels(path.stem))
    model = onnx.load_from_string(path.read_bytes())
    facts = {fact.key: fact.value for fact in model.metadata_props}
    assert (model.graph.name, facts["netbuilder.project"]) == ("?", "?")


def test_preprocessing_goes_by_the_name_of_the_input_not_of_the_field(tmp_path: Path) -> None:
    drawing = Drawing({"fields": {"features": {"shape": [4], "dtype": "float32"}}})
    entry = drawing.put("Input", "flower", field="features")
    fc = drawing.put("Linear", "fc", entry, out_features=2)
    drawing.put("Output", "scores", fc)
    drawing.put("MSE", "loss", fc, fc)
    program, module = made(drawing)
    preprocessing = {"features": {"subtract": [1.0, 2.0, 3.0, 4.0]}}
    export(program, module, tmp_path / "model.onnx", Labels(preprocessing=preprocessing))
    facts = {fact.key: fact.value for fact in onnx.load(tmp_path / "model.onnx").metadata_props}
    assert json.loads(facts["netbuilder.preprocessing"]) == {"flower": {"subtract": [1.0, 2.0, 3.0, 4.0]}}


def test_the_file_says_nothing_of_the_machine_it_was_made_on(tmp_path: Path) -> None:
    export(*made(batchnorm_and_dropout()), tmp_path / "model.onnx")
    content = (tmp_path / "model.onnx").read_bytes()
    assert os.path.dirname(torch.__file__).encode() not in content
    assert b"site-packages" not in content
    assert b"stack_trace" not in content


def test_the_model_stays_as_it_was(tmp_path: Path) -> None:
    program, module = made(batchnorm_and_dropout())
    module.train()
    module.get_submodule("norm").eval()  # a frozen layer, in a mode of its own
    weight = module.get_parameter("fc.weight")
    weight.grad = torch.ones_like(weight)
    weights = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    modes = {name: part.training for name, part in module.named_modules()}
    tensors = {name: (id(tensor), tensor.requires_grad) for name, tensor in module.named_parameters()}
    state = torch.get_rng_state()
    numpy_state = np.random.get_state(legacy=False)

    export(program, module, tmp_path / "model.onnx")

    assert {name: part.training for name, part in module.named_modules()} == modes
    assert {name: (id(tensor), tensor.requires_grad) for name, tensor in module.named_parameters()} == tensors
    assert all(torch.equal(weights[name], tensor) for name, tensor in module.state_dict().items())
    assert torch.equal(weight.grad, torch.ones_like(weight))
    assert torch.equal(torch.get_rng_state(), state)
    np.testing.assert_equal(np.random.get_state(legacy=False), numpy_state)


def test_nothing_is_printed_or_warned_of(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    program, module = made(digits_cnn())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        export(program, module, tmp_path / "model.onnx")
    assert capfd.readouterr() == ("", "")


def test_fresh_weights_come_from_the_seed_and_are_called_untrained(tmp_path: Path) -> None:
    program, _ = made(digits_cnn())
    state = torch.get_rng_state()
    reports = {name: export(program, None, tmp_path / f"{name}.onnx", seed=seed) for name, seed in SEEDS.items()}
    assert torch.equal(torch.get_rng_state(), state)
    assert not any(report.trained for report in reports.values())
    content = {name: report.path.read_bytes() for name, report in reports.items()}
    assert content["one"] == content["again"] != content["other"]
    facts = {fact.key: fact.value for fact in onnx.load(reports["one"].path).metadata_props}
    assert json.loads(facts["netbuilder.trained"]) is False


SEEDS = {"one": 1, "again": 1, "other": 2}


# Refusals


class Noisy(nn.Module):
    """Computes other numbers once it is exported: what a faulty converter would do."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * 2 if torch.compiler.is_exporting() else x * 2.001


def test_an_export_that_differs_from_torch_is_no_success(tmp_path: Path) -> None:
    program, module = made(batchnorm_and_dropout())
    module.relu = Noisy()
    path = tmp_path / "model.onnx"
    path.write_bytes(b"the last good one")
    with pytest.raises(ExportError, match=r"away from torch at output “scores” and batch 1, where") as caught:
        export(with_submodule(program), module, path)
    assert "\n" not in str(caught.value)
    assert path.read_bytes() == b"the last good one"
    assert os.listdir(tmp_path) == ["model.onnx"]


def with_submodule(program: Program) -> Program:
    """Return the program with its ReLU, a function, called as a submodule."""
    from dataclasses import replace

    from netbuilder.blocks.spec import module

    parts = [
        replace(part, call=module("torch.nn.ReLU")) if part.type == "ReLU" else part for part in program.instructions
    ]
    return replace(program, instructions=tuple(parts))


def test_a_network_that_can_not_run_on_one_sample_is_refused(tmp_path: Path) -> None:
    drawing = Drawing()
    features = drawing.put("Input", "features", shape=[4])
    drawing.put("Output", "y", drawing.put("BatchNorm1d", "norm", features, track_running_stats=False))
    program, module = made(drawing)
    with pytest.raises(
        ExportError, match="can't run at batch 1, so the export can't be proven: Expected more than 1 value"
    ):
        export(program, module, tmp_path / "model.onnx")
    assert not list(tmp_path.iterdir())


def test_a_network_gone_to_nan_is_no_success(tmp_path: Path) -> None:
    program, module = made(digits_cnn())
    with torch.no_grad():
        module.get_parameter("conv1.weight")[0] = float("nan")
    with pytest.raises(ExportError, match="own result is not finite at output “logits” and batch 1"):
        export(program, module, tmp_path / "model.onnx")
    assert not os.listdir(tmp_path)


class Stubborn(nn.Module):
    """Does what no exporter can follow: decides by a number that is known only when it runs."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x if float(x.sum()) > 0 else -x


def test_what_the_exporter_refuses_is_one_sentence_with_details(tmp_path: Path) -> None:
    program, module = made(batchnorm_and_dropout())
    module.relu = Stubborn()
    with pytest.raises(ExportError, match=r"^This network can't be written as ONNX: .*\.$") as caught:
        export(with_submodule(program), module, tmp_path / "model.onnx")
    assert "\n" not in str(caught.value)
    assert "Traceback" in caught.value.details
    assert not os.listdir(tmp_path)


def test_a_batch_of_one_fixed_size_is_no_success(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program, module = made(digits_cnn())
    convert = torch.onnx.export
    monkeypatch.setattr(
        torch.onnx, "export", lambda *args, **kwargs: convert(*args, **kwargs | {"dynamic_shapes": None})
    )
    with pytest.raises(ExportError, match="as the only size of dimension 0 of “image”, which is N in the network"):
        export(program, module, tmp_path / "model.onnx")


def test_a_network_without_an_output_says_what_to_add(tmp_path: Path) -> None:
    drawing = Drawing()
    drawing.put("Flatten", "flat", drawing.put("Input", "image"))
    program = Program(*[()] * 3)
    with pytest.raises(NetbuilderError, match="no Output block, so there is nothing to export: add one"):
        export(program, build(program), tmp_path / "model.onnx")


def test_noise_outside_training_is_refused_by_name(tmp_path: Path) -> None:
    drawing = Drawing()
    noise = drawing.put("Noise", "blur", drawing.put("Input", "x", shape=[3]), evaluation_std=0.5)
    drawing.put("Output", "y", drawing.put("Linear", "scores", noise))
    program, module = made(drawing)
    with pytest.raises(NetbuilderError, match=r"“blur” can't be exported: .* Set evaluation_std to 0"):
        export(program, module, tmp_path / "model.onnx")


def test_an_output_that_is_the_same_for_every_input_is_refused(tmp_path: Path) -> None:
    drawing = Drawing()
    drawing.put("Output", "scale", drawing.put("Parameter", "learned", shape=[3]))
    program, module = made(drawing)
    with pytest.raises(NetbuilderError, match="No Input leads to the output “scale”"):
        export(program, module, tmp_path / "model.onnx")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("folder.onnx", "is a folder: give the ONNX file a name in it"),
        ("model.pt", r"name ends in \.onnx, and model\.pt doesn't"),
        ("model", r"name ends in \.onnx, and model doesn't"),
        ("missing/model.onnx", "There is no folder"),
        ("x" * 300 + ".onnx", "name is too long"),
    ],
)
def test_a_bad_destination_is_refused_in_one_sentence(name: str, sentence: str, tmp_path: Path) -> None:
    (tmp_path / "folder.onnx").mkdir()
    with pytest.raises(NetbuilderError, match=sentence):
        export(*made(digits_cnn()), tmp_path / name)
    assert os.listdir(tmp_path) == ["folder.onnx"]


def test_a_full_disk_is_said_in_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.symlink_to("/dev/full")
    with pytest.raises(NetbuilderError, match="can't be written: the disk is full"):
        export(*made(digits_cnn()), path)


def test_weights_that_no_onnx_file_can_hold_are_refused_before_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(onnx_export, "_LARGEST_FILE", 10_000)
    with pytest.raises(NetbuilderError, match="GB of weights, and one ONNX file holds at most"):
        export(*made(batchnorm_and_dropout()), tmp_path / "model.onnx")


def test_activations_that_do_not_fit_are_refused_before_they_are_made(tmp_path: Path) -> None:
    drawing = Drawing()
    image = drawing.put("Input", "image", shape=[200_000, 200_000])
    drawing.put("Output", "same", drawing.put("Dropout", "drop", image))
    program = lower(drawing.project).program
    assert program is not None
    with pytest.raises(NetbuilderError, match=r"Exporting the network takes .* GB of memory"):
        export(program, None, tmp_path / "huge.onnx")
    assert list(tmp_path.iterdir()) == []
