"""The examples: each is well drawn, and what is a task is complete, learns what it promises, and exports."""

from __future__ import annotations

import itertools
import math
import re
from pathlib import Path

import pytest
import torch

from netbuilder.blocks.parameters import defaults
from netbuilder.blocks.registry import blocks
from netbuilder.compiler.build import build
from netbuilder.compiler.groups import ports
from netbuilder.compiler.lower import lower
from netbuilder.data.catalog import SOURCES
from netbuilder.data.config import read as read_data
from netbuilder.examples import Example, examples, find
from netbuilder.exchange.onnx_export import Labels, export
from netbuilder.exchange.onnx_proof import BATCHES
from netbuilder.graph.edits import SetSection
from netbuilder.graph.files import dumps, load
from netbuilder.graph.model import Node
from netbuilder.graph.project import Project, group_of
from netbuilder.training.config import read as read_training
from netbuilder.training.evaluate import evaluate
from netbuilder.training.run import Run
from netbuilder.training.telemetry import Ended, EpochEnded
from netbuilder.training.trained import load_trained
from netbuilder.ui.geometry import BLOCK_WIDTH, GRID, block_height
from tests.drawing import program_of

PROMISES = {
    "digits_cnn": ("accuracy", 0.97),
    "iris_mlp": ("accuracy", 0.90),
    "wine_mlp": ("accuracy", 0.95),
    "breast_cancer_mlp": ("accuracy", 0.93),
    "diabetes_regression": ("mean_error", 45.0),
    "digits_autoencoder": ("mean_error", 0.20),
    "digits_denoising": ("mean_error", 0.13),
    "digits_vae": ("mean_error", 0.25),
    "digits_resnet": ("accuracy", 0.97),
    "digits_inception": ("accuracy", 0.95),
    "digits_rnn": ("accuracy", 0.92),
    "digits_gru": ("accuracy", 0.95),
    "digits_bilstm": ("accuracy", 0.95),
    "digits_siamese": ("accuracy", 0.90),
    "digits_sum": ("accuracy", 0.92),
    "digits_two_tasks": ("sum_accuracy", 0.92),
    "shapes_unet": ("overlap", 0.80),
    "python_gpt": ("accuracy", 0.50),
    "dates_seq2seq": ("accuracy", 0.98),
    "digits_lstm": ("accuracy", 0.95),
    "digits_transformer": ("accuracy", 0.95),
}
"""What the README says of them, less what another machine's rounding may cost."""

README = (Path(__file__).parents[1] / "README.md").read_text("utf-8")

EVERY_EXAMPLE = pytest.mark.parametrize("example", examples(), ids=lambda example: example.name)
EVERY_TASK = pytest.mark.parametrize("example", examples("task"), ids=lambda example: example.name)


def test_the_gallery_and_the_folder_hold_the_same() -> None:
    (folder,) = {example.path.parent for example in examples()}
    assert {example.name for example in examples()} == {path.stem for path in folder.glob("*.netb")}
    assert {example.name for example in examples("task")} == set(PROMISES)
    assert find("digits_cnn") is examples()[0]


def told(example: Example) -> tuple[int, int, float]:
    """Return what the README's table says of a task: its parameters, its epochs and the first figure of its result."""
    (row,) = re.findall(rf"^\| `{example.name}` \|.*\| ([\d,]+) \| (\d+) \| (.*) \|$", README, re.MULTILINE)
    parameters, epochs, result = row
    figure = re.search(r"([\d.]+)( %)?", result)
    assert figure is not None, result
    return int(parameters.replace(",", "")), int(epochs), float(figure[1]) / (100 if figure[2] else 1)


@EVERY_TASK
def test_the_readme_says_what_it_has_and_no_less_than_it_has_to_reach(example: Example) -> None:
    project = load(example.path)
    parameters, epochs, figure = told(example)
    assert (parameters, epochs) == (lower(project).total().parameters, project.training["epochs"])
    metric, bound = PROMISES[example.name]
    assert figure <= bound if metric == "mean_error" else bound <= figure <= 1


@EVERY_EXAMPLE
def test_its_file_is_canonical(example: Example) -> None:
    assert dumps(load(example.path)) == example.path.read_text("utf-8")


@EVERY_TASK
def test_it_opens_without_a_problem_and_says_what_it_is(example: Example) -> None:
    assert lower(load(example.path)).diagnostics == ()
    assert example.title
    assert example.description.endswith(".")


def known_parameters(project: Project, node: Node) -> set[str]:
    """Return what may be set on a node, be it a block or an instance of a group."""
    if group := group_of(node.type):
        return {"repeat", "shared", "weights", *project.groups[group].parameters}
    return set(defaults(blocks()[node.type]))


@EVERY_TASK
def test_everything_in_it_is_known_and_what_it_leaves_out_is_a_default(example: Example) -> None:
    project = load(example.path)
    for _, sheet in project.sheets():
        for node in sheet.graph.nodes():
            assert set(node.params) <= known_parameters(project, node), node.name
    assert dict(project.training) == read_training(project.training).model_dump(mode="json")
    data = read_data(project.data)
    assert data.fields == SOURCES[data.source].fields


@EVERY_EXAMPLE
def test_its_blocks_stand_on_the_grid_and_apart_inside_of_groups_too(example: Example) -> None:
    project = load(example.path)
    for _, sheet in project.sheets():
        boxes = [(*sheet.layout[node.id], height_of(project, node)) for node in sheet.graph.nodes()]
        assert all(x % GRID == y % GRID == 0 for x, y, _ in boxes)
        for (x1, y1, height1), (x2, y2, height2) in itertools.combinations(boxes, 2):
            assert abs(x1 - x2) >= BLOCK_WIDTH + 40 or y1 + height1 + 40 <= y2 or y2 + height2 + 40 <= y1


def height_of(project: Project, node: Node) -> float:
    if group := group_of(node.type):
        inputs, outputs = ports(project.groups[group])
    else:
        block = blocks()[node.type]
        inputs, outputs = block.inputs, block.outputs
    return block_height(max(len(inputs), len(outputs)))


def test_what_reads_both_ways_has_read_the_whole_image_from_either_end() -> None:
    program = program_of(load(find("digits_bilstm").path)).only("output")
    network, told = build(program).eval(), list[torch.Tensor]()
    network.classes.register_forward_pre_hook(lambda _, inputs: told.append(inputs[0]))
    for row in (0, -1):
        image = torch.randn(1, 1, 8, 8, generator=torch.Generator().manual_seed(1))
        network(image)
        image[:, :, row] += 1.0
        network(image)
        before, after = told[-2:]
        assert all(not torch.equal(*half) for half in zip(before.chunk(2, 1), after.chunk(2, 1), strict=True))


@EVERY_TASK
def test_it_trains_a_few_steps_and_the_same_seed_gives_the_same_numbers(example: Example, tmp_path: Path) -> None:
    project = load(example.path)
    SetSection("training", {**project.training, "epochs": 1}).apply(project)
    losses = []
    for attempt in ("first", "second"):
        run = Run.create(project, tmp_path / attempt, device="cpu")
        run.start()
        assert run.join(timeout=60)
        losses.append(run.telemetry.step_losses.view().tolist())
    assert losses[0] == losses[1]
    assert len(losses[0]) > 1


@EVERY_TASK
def test_it_learns_what_it_promises_and_exports_what_it_learned(example: Example, tmp_path: Path) -> None:
    run = Run.create(load(example.path), tmp_path / "run", device="cpu")
    run.start()
    assert run.join(timeout=170)
    events = run.telemetry.take_events()
    ended = events[-1]
    assert isinstance(ended, Ended)
    assert ended.reason == "finished", ended.problem
    assert all(math.isfinite(loss) for loss in run.telemetry.step_losses.view())
    epochs = [event.values for event in events if isinstance(event, EpochEnded)]
    assert epochs[-1]["train_loss"] < 0.7 * epochs[0]["train_loss"]

    metric, bound = PROMISES[example.name]
    value = evaluate(run.folder, "test", device="cpu")[metric]
    assert value <= bound if metric == "mean_error" else value >= bound

    network = load_trained(run.folder)
    labels = Labels(example.name, network.classes, network.preprocessing)
    report = export(network.program, network.module, tmp_path / f"{example.name}.onnx", labels)
    part = network.program.only("output")
    assert set(report.max_abs_diff) == set(BATCHES)
    assert set(report.inputs) == {slot.name for slot in part.inputs}
    assert set(report.outputs) == {result.name for result in part.results}
