"""Networks that no one would draw: the compiler tells of them in a sentence, soon, and without their memory."""

from __future__ import annotations

import torch

from netbuilder.blocks.library.linear import Bilinear
from netbuilder.blocks.library.recurrent import GRU, LSTM, RNN
from netbuilder.blocks.spec import BATCH, TensorSpec
from netbuilder.compiler.build import build
from netbuilder.compiler.infer import infer
from netbuilder.compiler.lower import lower
from netbuilder.compiler.source import source
from netbuilder.graph.model import PortRef
from tests.drawing import Drawing, program_of


def adder(branches: int) -> Drawing:
    drawing = Drawing()
    x = drawing.put("Input", "x", shape=[3])
    drawing.put("Output", "y", drawing.put("Add", "sum", *[x] * branches))
    return drawing


def test_as_many_branches_as_are_allowed_can_be_joined() -> None:
    program = program_of(adder(128).project)
    (total,) = build(program)(torch.ones(2, 3))
    assert total.tolist() == [[128.0] * 3] * 2
    assert source(program).count(" + ") == 127


def test_more_branches_are_a_problem_at_the_first_that_is_too_many() -> None:
    (problem,) = lower(adder(5000).project).errors()
    assert problem.message == "Add joins at most 128 branches, and 5,000 are wired."
    assert (problem.code, problem.port) == ("too-many-branches", "x129")


def test_repairs_are_not_looked_for_where_everything_is_loose() -> None:
    drawing = Drawing()
    for number in range(1000):
        drawing.put("Linear", f"fc{number}")
    loose = lower(drawing.project).errors()
    assert len(loose) == 1000
    assert all(problem.fixes for problem in loose[:50])
    assert not any(problem.fixes for problem in loose[50:])


def test_a_long_circle_is_told_in_short() -> None:
    drawing = Drawing()
    first = last = drawing.put("ReLU", "relu1")
    for number in range(2, 1000):
        last = drawing.put("ReLU", f"relu{number}", last)
    drawing.wire(last, first, "x")
    (circle,) = [problem for problem in lower(drawing.project).errors() if problem.code == "cycle"]
    assert "relu1 → relu2 → relu3 → relu4 → … → relu998 → relu999 → relu1" in circle.message


def test_a_long_sequence_costs_no_more_to_look_at_than_a_short_one() -> None:
    for block, gates in ((LSTM(hidden_size=16), 4), (GRU(hidden_size=16), 3), (RNN(hidden_size=16), 1)):
        spec = TensorSpec((BATCH, 1_000_000, 5))
        found = infer(block.lower(spec), (spec,))
        assert dict(found.outputs)["sequence"].shape == (BATCH, 1_000_000, 16)
        assert found.flops == 2 * 1_000_000 * gates * 16 * (5 + 16)
    deep = LSTM(hidden_size=2048, num_layers=256, bidirectional=True)
    spec = TensorSpec((BATCH, 1000, 5))
    assert dict(infer(deep.lower(spec), (spec,)).outputs)["hidden"].shape == (BATCH, 2048)


def test_many_outputs_of_a_bilinear_layer_cost_no_more_to_look_at_than_one() -> None:
    x1, x2 = TensorSpec((BATCH, 7, 4)), TensorSpec((BATCH, 7, 6))
    for bias in (True, False):
        block = Bilinear(out_features=2**31 - 1, bias=bias)
        found = infer(block.lower(x1, x2), (x1, x2))
        assert dict(found.outputs)["y"].shape == (BATCH, 7, 2**31 - 1)
        assert found.parameters == (2**31 - 1) * (4 * 6 + bias)


def test_recurrent_shapes_are_those_of_torch() -> None:
    for block in (LSTM(hidden_size=6), GRU(hidden_size=6, num_layers=3, bidirectional=True)):
        drawing = Drawing()
        rows = drawing.put("Input", "rows", shape=[7, 5])
        name = type(block).__name__
        layer = drawing.put(name, "layer", rows, **block.model_dump())
        for port in ("sequence", "last", "hidden"):
            drawing.put("Output", port, PortRef(layer, port))
        program = program_of(drawing.project)
        results = build(program)(torch.zeros(2, 7, 5))
        assert [(2, *result.spec.shape[1:]) for result in program.results] == [tuple(each.shape) for each in results]


def test_weights_beyond_all_memory_are_told_in_words() -> None:
    drawing = Drawing()
    x = drawing.put("Input", "x", shape=[2**31 - 1])
    drawing.put("Output", "y", drawing.put("Linear", "fc", x, out_features=2**31 - 1))
    (problem,) = lower(drawing.project).errors()
    assert problem.message == "Linear can't take N × 2147483647: it would be larger than the memory of any computer."


def test_an_input_can_not_hide_what_the_generated_forward_calls() -> None:
    drawing = Drawing()
    drawing.put("Output", "y", drawing.put("Input", "slice", shape=[3]))
    (problem,) = lower(drawing.project).errors()
    assert problem.code == "reserved-name"
