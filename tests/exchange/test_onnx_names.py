"""What is inside an exported file has the names of the canvas, inside of groups too."""

from __future__ import annotations

from pathlib import Path

import onnx

from netbuilder.compiler.build import build
from netbuilder.exchange.onnx_export import export
from tests.drawing import Drawing, program_of


def encoder() -> Drawing:
    """Draw two levels of groups: a stem, and an encoder of three residual blocks."""
    drawing = Drawing()
    with drawing.group("Block", channels=4) as block:
        x = drawing.put("Input", "x")
        conv = drawing.put("Conv2d", "conv", x, out_channels="=channels")
        drawing.put("Output", "y", drawing.put("Add", "skip", x, drawing.put("ReLU", "relu", conv)))
    with drawing.group("Encoder") as group:
        inside = drawing.put_group(block, "block", drawing.put("Input", "x"), repeat=3)
        drawing.put("Output", "y", drawing.put("MaxPool2d", "pool", inside))
    image = drawing.put("Input", "image", shape=[4, 8, 8])
    features = drawing.put_group(group, "encoder", image)
    drawing.put("Output", "scores", drawing.put("Sigmoid", "squash", features))
    return drawing


def test_groups_are_scopes_of_layers_and_of_functions(tmp_path: Path) -> None:
    program = program_of(encoder().project)
    network = build(program)
    graph = onnx.load(export(program, network, tmp_path / "encoder.onnx").path).graph
    blocks = [f"encoder.block.{index}.{part}" for index in range(3) for part in ("conv", "relu", "skip")]
    assert [node.name.split("/")[0] for node in graph.node] == [*blocks, "encoder.pool", "squash"]
    assert {tensor.name for tensor in graph.initializer} == set(network.state_dict())
    assert "encoder.block.2.conv.weight" in network.state_dict()


def test_a_group_that_is_called_twice_is_named_after_the_first_call(tmp_path: Path) -> None:
    drawing = Drawing()
    with drawing.group("Tower") as tower:
        fc = drawing.put("Linear", "fc", drawing.put("Input", "x"), out_features=3)
        drawing.put("Output", "y", drawing.put("Tanh", "tanh", fc))
    for side in ("left", "right"):
        entry = drawing.put("Input", f"{side}_in", shape=[5])
        drawing.put("Output", f"{side}_out", drawing.put_group(tower, side, entry, weights="tower"))
    report = export(program_of(drawing.project), None, tmp_path / "towers.onnx")
    graph = onnx.load(report.path).graph
    assert {node.name.split("/")[0] for node in graph.node} == {"left.fc", "left.tanh"}
    assert sorted(tensor.name for tensor in graph.initializer) == ["left.fc.bias", "left.fc.weight"]


def test_a_large_table_that_reads_tokens_and_scores_them_is_in_the_file_once(tmp_path: Path) -> None:
    drawing = Drawing()
    ids = drawing.put("Input", "ids", shape=[6], dtype="int64")
    table = {"num_embeddings": 2_000, "weights": "table"}
    tokens = drawing.put("TiedEmbedding", "tokens", ids, embedding_dim=8, **table)
    drawing.put("Output", "logits", drawing.put("Unembedding", "head", tokens, **table))
    report = export(program_of(drawing.project), None, tmp_path / "tied.onnx")
    stored = {tensor.name: list(tensor.dims) for tensor in onnx.load(report.path).graph.initializer}
    assert stored == {"tokens.weight": [2_000, 8]}
    assert report.path.stat().st_size < 1.1 * 4 * 2_000 * 8


def test_a_group_whose_repetitions_are_computed_has_a_number_in_its_names_even_if_it_runs_once(tmp_path: Path) -> None:
    drawing = Drawing()
    with drawing.group("Layer") as layer:
        drawing.put("Output", "y", drawing.put("Linear", "fc", drawing.put("Input", "x"), out_features=3))
    with drawing.group("Stage", depth=2) as stage:
        inside = drawing.put_group(layer, "layers", drawing.put("Input", "x"), repeat="=depth - 1")
        drawing.put("Output", "y", drawing.put("ReLU", "relu", inside))
    drawing.put("Output", "y", drawing.put_group(stage, "stage", drawing.put("Input", "x", shape=[3])))
    program = program_of(drawing.project)
    network = build(program)
    graph = onnx.load(export(program, network, tmp_path / "stage.onnx").path).graph
    assert [node.name.split("/")[0] for node in graph.node] == ["stage.layers.0.fc", "stage.relu"]
    assert {tensor.name for tensor in graph.initializer} == set(network.state_dict())
