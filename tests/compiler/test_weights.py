"""Blocks and groups that share their weights by a tag: one module, called several times."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import onnx
import pytest
import torch

from netbuilder.blocks.spec import BATCH, TensorSpec
from netbuilder.compiler.build import build
from netbuilder.compiler.interpret import activations, run
from netbuilder.compiler.lower import Memo, lower
from netbuilder.compiler.source import source
from netbuilder.diagnostics import Diagnostic
from netbuilder.exchange.onnx_export import export
from netbuilder.graph.edits import SetParameter
from netbuilder.graph.model import NodeId
from netbuilder.graph.project import GroupId
from tests.drawing import Drawing, id_of, program_of
from tests.printing import assert_equal_to_its_print


def siamese(left: dict[str, Any] | None = None, right: dict[str, Any] | None = None) -> Drawing:
    """Draw two inputs of 4 features, a linear layer for each with one tag, and the difference of what they give."""
    drawing = Drawing()
    towers: list[NodeId] = []
    for name, params in (("left", left or {}), ("right", right or {})):
        x = drawing.put("Input", f"{name}_in", shape=[4])
        towers.append(drawing.put("Linear", name, x, **({"out_features": 3, "weights": "tower"} | params)))
    drawing.put("Output", "distance", drawing.put("Subtract", "subtract", *towers))
    return drawing


def towers_of_groups(features: int = 4, **right: Any) -> Drawing:
    """Draw two instances of a group of two layers with one tag, on inputs of 4 and of so many features."""
    drawing = Drawing()
    with drawing.group("Tower", width=5) as tower:
        x = drawing.put("Input", "x")
        relu = drawing.put("ReLU", "relu", drawing.put("Linear", "fc1", x, out_features="=width"))
        drawing.put("Output", "y", drawing.put("Linear", "fc2", relu, out_features=4))
    a = drawing.put("Input", "a", shape=[4])
    b = drawing.put("Input", "b", shape=[features])
    left = drawing.put_group(tower, "left", a, weights="tower")
    drawing.put("Output", "p", left)
    drawing.put("Output", "q", drawing.put_group(tower, "right", b, **({"weights": "tower"} | right)))
    return drawing


def the_error(drawing: Drawing) -> Diagnostic:
    (error,) = lower(drawing.project).errors()
    return error


def test_two_blocks_with_one_tag_are_one_module() -> None:
    drawing = siamese()
    program = program_of(drawing.project)
    network = build(program)
    assert list(network.state_dict()) == ["left.weight", "left.bias"]
    a, b = torch.randn(3, 4), torch.randn(3, 4)
    assert torch.equal(network(a, b)[0], network.left(a) - network.left(b))
    assert [path for path, _ in program.modules()] == ["left"]
    assert_equal_to_its_print(program, a, b)
    assert "right = self.left(right_in)" in source(program)


def test_parameters_are_counted_once_and_work_each_time() -> None:
    lowering = lower(siamese().project)
    left, right = (lowering.costs[id_of(siamese().project, name)] for name in ("left", "right"))
    assert (left.parameters, right.parameters, lowering.total().parameters) == (15, 0, 15)
    assert left.flops == right.flops > 0


def test_a_training_step_moves_the_one_module_by_what_both_calls_ask_for() -> None:
    network = build(program_of(siamese().project))
    a, b = torch.randn(3, 4), torch.randn(3, 4)
    (network(a, b)[0] * torch.arange(3)).sum().backward()
    assert torch.allclose(network.left.weight.grad, torch.arange(3)[:, None] * (a - b).sum(0), atol=1e-6)
    before = network.left.weight.detach().clone()
    torch.optim.SGD(network.parameters(), 0.1).step()
    assert not torch.equal(network.left.weight, before)


def test_a_view_without_the_first_block_still_has_its_weights() -> None:
    drawing = Drawing()
    x = drawing.put("Input", "x", shape=[4])
    first, second = (drawing.put("Linear", name, x, out_features=3, weights="w") for name in ("first", "second"))
    drawing.put("Output", "a", first)
    drawing.put("Output", "b", second)
    program = program_of(drawing.project)
    network = build(program)
    part = program.computing([result for result in program.results if result.name == "b"])
    view = build(part, network)
    assert view.first is network.first
    assert list(build(part).state_dict()) == ["first.weight", "first.bias"]
    batch = torch.randn(2, 4)
    assert torch.equal(view(batch)[0], network(batch)[1])


def test_groups_with_one_tag_are_one_module() -> None:
    drawing = towers_of_groups()
    program = program_of(drawing.project)
    network = build(program)
    assert list(network.state_dict()) == [
        f"left.{name}.{kind}" for name in ("fc1", "fc2") for kind in ("weight", "bias")
    ]
    assert lower(drawing.project).total().parameters == 49
    a, b = torch.randn(2, 4), torch.randn(2, 4)
    assert torch.equal(network(a, b)[1], network(b, a)[0])
    assert all(torch.equal(*pair) for pair in zip(network(a, b), run(network, (a, b)), strict=True))
    assert_equal_to_its_print(program, a, b)


def test_repeated_groups_with_one_tag_share_each_time() -> None:
    drawing = towers_of_groups(repeat=3)
    SetParameter(id_of(drawing.project, "left"), "repeat", 3).apply(drawing.project)
    program = program_of(drawing.project)
    network = build(program)
    assert len(network.state_dict()) == 12
    a, b = torch.randn(2, 4), torch.randn(2, 4)
    assert torch.equal(network(a, b)[1], network(b, a)[0])
    assert_equal_to_its_print(program, a, b)


def test_one_group_reads_inputs_of_several_lengths_with_the_same_weights() -> None:
    drawing = Drawing()
    with drawing.group("Reader") as reader:
        drawing.put("Output", "y", drawing.put("Linear", "fc", drawing.put("Input", "x"), out_features=2))
    for name, length in (("question", 5), ("answer", 9)):
        x = drawing.put("Input", f"{name}_in", shape=[length, 3])
        drawing.put("Output", f"{name}_out", drawing.put_group(reader, name, x, weights="reader"))
    program = program_of(drawing.project)
    assert [result.spec for result in program.results] == [TensorSpec((BATCH, 5, 2)), TensorSpec((BATCH, 9, 2))]
    assert "Takes x (N × _ × 3, float32)." in source(program)
    assert_equal_to_its_print(program, torch.randn(2, 5, 3), torch.randn(2, 9, 3))


def test_tags_inside_a_group_hold_for_each_time_that_it_runs() -> None:
    drawing = Drawing()
    with drawing.group("Twice") as twice:
        x = drawing.put("Input", "x")
        for name in ("once", "again"):
            x = drawing.put("Linear", name, x, out_features=4, weights="w")
        drawing.put("Output", "y", x)
    x = drawing.put("Input", "x", shape=[4])
    drawing.put("Output", "out", drawing.put_group(twice, "twice", x, repeat=2))
    program = program_of(drawing.project)
    assert [path for path, _ in program.modules()] == ["twice.0.once", "twice.1.once"]
    assert lower(drawing.project).total().parameters == 40
    assert_equal_to_its_print(program, torch.randn(2, 4))


def test_both_calls_can_be_looked_at() -> None:
    project = siamese().project
    network = build(program_of(project))
    a, b = torch.randn(3, 4), torch.randn(3, 4)
    left, right = id_of(project, "left"), id_of(project, "right")
    seen = activations(network, (a, b), [left, right])
    assert torch.equal(seen[left], network.left(a))
    assert torch.equal(seen[right], network.left(b))


def test_the_head_of_a_language_model_scores_with_the_table_that_reads_its_tokens(tmp_path: Path) -> None:
    drawing = Drawing()
    ids = drawing.put("Input", "ids", shape=[6], dtype="int64")
    tokens = drawing.put("TiedEmbedding", "tokens", ids, num_embeddings=5, embedding_dim=4, weights="table")
    features = drawing.put("Linear", "fc", tokens, out_features=4)
    head = drawing.put("Unembedding", "head", features, num_embeddings=5, weights="table")
    drawing.put("Output", "logits", head)
    program = program_of(drawing.project)
    network = build(program)
    assert list(network.state_dict()) == ["tokens.weight", "fc.weight", "fc.bias"]
    assert lower(drawing.project).total().parameters == 40
    assert "head = self.tokens(fc)  # N × 6 × 5" in source(program)
    assert_equal_to_its_print(program, torch.randint(0, 5, (2, 6)))
    assert max(export(program, network, tmp_path / "tied.onnx").max_abs_diff.values()) < 1e-5


def test_the_exported_network_has_the_weights_once(tmp_path: Path) -> None:
    program = program_of(towers_of_groups().project)
    network = build(program)
    report = export(program, network, tmp_path / "towers.onnx")
    assert max(report.max_abs_diff.values()) < 1e-5
    stored = [tensor.name for tensor in onnx.load(report.path).graph.initializer]
    assert sorted(name for name in stored if "fc" in name) == sorted(network.state_dict())


# What can't be


@pytest.mark.parametrize(
    ("drawing", "words"),
    [
        (siamese(right={"out_features": 5}), "out_features is 5 here and 3 there"),
        (siamese(left={"bias": False}), "bias is on here and off there"),
        (towers_of_groups(width=6), "“fc1” inside: out_features is 6 here and 5 there"),
        (towers_of_groups(features=7), "“fc1” inside: in_features is 7 here and 4 there"),
        (towers_of_groups(repeat=2), "it has weights for 2 runs here and for one run there"),
        (towers_of_groups(repeat="=1"), "how often it runs is computed here and fixed there"),
    ],
)
def test_unequal_calls_under_one_tag_are_told_at_the_later_one(drawing: Drawing, words: str) -> None:
    error = next(each for each in lower(drawing.project).errors() if each.code == "weights-mismatch")
    assert error.node == id_of(drawing.project, "right")
    assert error.parameter == "weights"
    assert "“right” can't share its weights with “left”: " in error.message
    assert words in error.message
    error.fixes[0].edit.apply(drawing.project)
    assert not [each for each in lower(drawing.project).errors() if each.code == "weights-mismatch"]


def test_another_layer_can_not_have_the_weights() -> None:
    drawing = siamese()
    x = drawing.put("Input", "image", shape=[3])
    drawing.put("Output", "y", drawing.put("LayerNorm", "norm", x, weights="tower"))
    assert the_error(drawing).message.endswith("it is a LayerNorm here and a Linear there.")


@pytest.mark.parametrize(
    ("left", "features", "titles"),
    [
        ({"out_features": 5}, 4, ["Set out_features to 5"]),
        ({"bias": False}, 4, ["Set bias to off"]),
        ({"bias": False, "out_features": 5}, 4, ["Set it as “left” is"]),
        ({"out_features": 5}, 6, []),
    ],
)
def test_a_block_that_differs_is_set_as_the_first_where_that_is_enough(
    left: dict[str, Any], features: int, titles: list[str]
) -> None:
    drawing = siamese(left)
    SetParameter(id_of(drawing.project, "right_in"), "shape", (features,)).apply(drawing.project)
    error = next(each for each in lower(drawing.project).errors() if each.code == "weights-mismatch")
    assert [fix.title for fix in error.fixes] == [*titles, "Use its own weights"]
    if titles:
        error.fixes[0].edit.apply(drawing.project)
        assert not [each for each in lower(drawing.project).errors() if each.code == "weights-mismatch"]


def test_a_group_that_changes_with_each_time_can_not_share_its_weights() -> None:
    drawing = Drawing()
    with drawing.group("Narrow") as narrow:
        fc = drawing.put("Linear", "fc", drawing.put("Input", "x"), out_features="=4-index")
        drawing.put("Output", "y", fc)
    x = drawing.put("Input", "x", shape=[4])
    drawing.put("Output", "out", drawing.put_group(narrow, "narrow", x, repeat=3, shared=True))
    error = the_error(drawing)
    assert (error.code, error.parameter) == ("weights-mismatch", "shared")
    assert (
        "Narrow can't run 3 times with the same weights: “fc” inside: out_features is 3 here and 4 there"
        in error.message
    )
    error.fixes[0].edit.apply(drawing.project)
    assert_equal_to_its_print(program_of(drawing.project), torch.randn(2, 4))


def test_a_tag_on_what_has_no_weights_is_a_warning() -> None:
    drawing = Drawing()
    x = drawing.put("Input", "x", shape=[4], weights="w")
    drawing.put("Output", "y", drawing.put("ReLU", "relu", x, weights="w"), weights="w")
    lowering = lower(drawing.project)
    assert lowering.program is not None
    found = {each.node for each in lowering.diagnostics if each.code == "no-weights"}
    assert found == {id_of(drawing.project, name) for name in ("x", "relu", "y")}


@pytest.mark.parametrize("tag", [3, 0, True, False, ("a",), (), {"a": 1}, "=index", "long" * 1000])
def test_a_tag_is_a_short_text_that_is_no_expression(tag: Any) -> None:
    drawing = siamese(right={"weights": tag})
    error = the_error(drawing)
    assert (error.code, error.parameter) == ("bad-parameter", "weights")
    memo: Memo = {}
    assert lower(drawing.project, memo).errors() == lower(drawing.project, memo).errors() == [error]


def test_a_tag_that_is_set_later_is_seen_by_a_lowering_that_remembers() -> None:
    drawing = siamese(left={"weights": ""}, right={"weights": ""})
    memo: Memo = {}
    assert lower(drawing.project, memo).total().parameters == 30
    for name in ("left", "right"):
        SetParameter(id_of(drawing.project, name), "weights", "w").apply(drawing.project)
    assert lower(drawing.project, memo).total().parameters == 15
    SetParameter(id_of(drawing.project, "left"), "out_features", 2).apply(drawing.project)
    assert {each.code for each in lower(drawing.project, memo).errors()} >= {"weights-mismatch"}


def test_a_tag_inside_of_a_group_is_taken_away_there() -> None:
    drawing = Drawing()
    with drawing.group("Pair") as pair:
        x = drawing.put("Input", "x")
        first = drawing.put("Linear", "first", x, out_features=3, weights="w")
        drawing.put("Output", "y", drawing.put("Linear", "second", first, out_features=4, weights="w"))
    x = drawing.put("Input", "x", shape=[4])
    drawing.put("Output", "out", drawing.put_group(pair, "pair", x))
    fix = next(each for each in lower(drawing.project).errors() if each.code == "weights-mismatch").fixes[0]
    fix.edit.apply(drawing.project)
    second = drawing.project.groups[GroupId("g1")].graph.named("second")
    assert second is not None
    assert "weights" not in second.params
    assert program_of(drawing.project)
