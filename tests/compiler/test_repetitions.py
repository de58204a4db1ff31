"""How a group that runs more than once is printed: its modules made by a rule if there is one, and called in turn."""

from __future__ import annotations

import pytest
import torch

from netbuilder.compiler.source import source
from tests.compiler.test_constructor import of_instances
from tests.compiler.test_source import dense
from tests.drawing import Drawing, program_of
from tests.printing import assert_equal_to_its_print


def test_repetitions_that_grow_evenly_are_counted() -> None:
    text = of_instances({"out_features": "=width*(index+1)"}, {"width": 3, "repeat": 4}, features=3)
    assert "nn.Linear(in_features, width * (index + 1))" in text
    assert (
        """
        self.block1 = nn.Sequential(
            Block(in_features=3, index=0, width=3),
            Block(in_features=3, index=1, width=3),
            Block(in_features=6, index=2, width=3),
            Block(in_features=9, index=3, width=3),
        )
"""
        in text
    )
    drawing = Drawing()
    with drawing.group("DenseLayer") as layer:
        x = drawing.put("Input", "x")
        drawing.put("Output", "y", drawing.put("Concat", "cat", x, drawing.put("Linear", "fc", x, out_features=2)))
    x = drawing.put("Input", "x", shape=[5])
    drawing.put("Output", "out", drawing.put_group(layer, "layers", x, repeat=4))
    program = program_of(drawing.project)
    assert "nn.Sequential(*(DenseLayer(5 + 2 * index) for index in range(4)))" in source(program)
    assert_equal_to_its_print(program, torch.randn(2, 5))


@pytest.mark.parametrize(
    ("features", "widths"),
    [(1, "index + 1"), (2, "2 + index"), (3, "3 + index")],
)
def test_an_even_growth_is_said_as_shortly_as_it_can_be(features: int, widths: str) -> None:
    drawing = Drawing()
    with drawing.group("Dense") as dense:
        x = drawing.put("Input", "x")
        drawing.put("Output", "y", drawing.put("Concat", "cat", x, drawing.put("Linear", "fc", x, out_features=1)))
    x = drawing.put("Input", "x", shape=[features])
    drawing.put("Output", "out", drawing.put_group(dense, "dense", x, repeat=4))
    program = program_of(drawing.project)
    assert f"Dense({widths}) for index in range(4)" in source(program)
    assert_equal_to_its_print(program)


def test_what_shrinks_evenly_is_counted_down() -> None:
    drawing = Drawing()
    with drawing.group("Shorten") as shorten:
        conv = drawing.put("Conv1d", "conv", drawing.put("Input", "x"), out_channels=4, kernel_size=3, padding=0)
        drawing.put("Output", "y", drawing.put("LayerNorm", "norm", conv))
    x = drawing.put("Input", "x", shape=[4, 16])
    drawing.put("Output", "out", drawing.put_group(shorten, "shorter", x, repeat=4))
    program = program_of(drawing.project)
    assert "Shorten(14 - 2 * index) for index in range(4)" in source(program)
    assert_equal_to_its_print(program)


def test_an_argument_that_counts_repetitions_is_computed_in_the_loop() -> None:
    drawing = Drawing()
    with drawing.group("Layer", slope=0.5) as layer:
        fc = drawing.put("Linear", "fc", drawing.put("Input", "x"), out_features=8)
        drawing.put("Output", "y", drawing.put("LeakyReLU", "act", fc, negative_slope="=slope"))
    with drawing.group("Stage", depth=2, least=0.25) as stage:
        x = drawing.put("Input", "x")
        counted = drawing.put_group(layer, "layers", x, repeat="=depth", slope="=least*(index+1)")
        drawing.put("Output", "y", counted)
    x = drawing.put("Input", "x", shape=[8])
    drawing.put("Output", "out", drawing.put_group(stage, "b", drawing.put_group(stage, "a", x), depth=1, least=0.5))
    program = program_of(drawing.project)
    text = source(program)
    assert text.count("class Stage") == 1
    assert "Layer(in_features, slope=least * (index + 1)) for index in range(depth)" in text
    assert_equal_to_its_print(program, torch.randn(2, 8))


@pytest.mark.parametrize("step", ["-w", "-w-1", "-(w+1)", "-w//2", "-2"])
def test_a_step_down_that_is_computed_is_taken_down_whole(step: str) -> None:
    drawing = Drawing()
    with drawing.group("Layer", width=8, down=-2) as layer:
        fc = drawing.put("Linear", "fc", drawing.put("Input", "x"), out_features="=width")
        drawing.put("Output", "y", fc)
    with drawing.group("Stage", w=1, base=20) as stage:
        first = drawing.put("Linear", "first", drawing.put("Input", "x"), out_features="=base")
        widths = f"=base+({step})*(index+1)"
        layers = drawing.put_group(layer, "layers", first, repeat=3, width=widths, down=f"={step}")
        drawing.put("Output", "y", layers)
    x = drawing.put("Input", "x", shape=[4])
    for w in (1, 2):
        drawing.put("Output", f"out{w}", drawing.put_group(stage, f"stage{w}", x, w=w))
    assert_equal_to_its_print(program_of(drawing.project))


def test_a_formal_parameter_may_have_the_name_of_a_step() -> None:
    drawing = Drawing()
    with drawing.group("Dense", in_features_step=0.25) as layer:
        x = drawing.put("Input", "x")
        wider = drawing.put("Concat", "cat", x, drawing.put("Linear", "fc", x, out_features=4))
        drawing.put("Output", "y", drawing.put("Dropout", "drop", wider, p="=in_features_step"))
    x = drawing.put("Input", "x", shape=[8])
    drawing.put("Output", "out", drawing.put_group(layer, "dense", x, repeat=4))
    text = source(program_of(drawing.project))
    assert "nn.Sequential(*(Dense(8 + 4 * index) for index in range(4)))" in text


def test_a_loop_counts_with_a_name_that_no_class_has() -> None:
    drawing = Drawing()
    with drawing.group("index", slope=0.5) as layer:
        fc = drawing.put("Linear", "fc", drawing.put("Input", "x"), out_features=8)
        drawing.put("Output", "y", drawing.put("LeakyReLU", "act", fc, negative_slope="=slope"))
    x = drawing.put_group(layer, "layers", drawing.put("Input", "x", shape=[8]), repeat=3, slope="=0.1*(index+1)")
    drawing.put("Output", "out", x)
    assert_equal_to_its_print(program_of(drawing.project), torch.randn(2, 8))


def test_a_first_repetition_that_differs_leads_the_others() -> None:
    drawing = Drawing()
    group = dense(drawing, "Layer", out_features="=width")
    with drawing.group("Stack", width=8, depth=2) as stack:
        x = drawing.put("Input", "x")
        drawing.put("Output", "y", drawing.put_group(group, "layers", x, width="=width", repeat="=depth"))
    x = drawing.put("Input", "x", shape=[3])
    x = drawing.put_group(stack, "narrow", x, width=5)
    x = drawing.put_group(stack, "wide", x, depth=4)
    x = drawing.put_group(group, "fives", x, width=5, repeat=5)
    drawing.put("Output", "out", drawing.put_group(group, "pair", x, width=6, repeat=2))
    program = program_of(drawing.project)
    text = source(program)
    assert (
        """
        self.layers = nn.Sequential(
            Layer(in_features, width=width),
            *(Layer(width, width=width) for _ in range(depth - 1)),
        )
"""
        in text
    )
    assert "self.wide = Stack(5, depth=4)" in text
    assert "Layer(8, width=5), *(Layer(5, width=5) for _ in range(4))" in text
    assert "self.pair = nn.Sequential(Layer(5, width=6), Layer(6, width=6))" in text
    assert_equal_to_its_print(program, torch.randn(2, 3))


def test_a_repeat_that_is_computed_makes_a_list_even_of_one() -> None:
    drawing = Drawing()
    layer = dense(drawing, "Layer", out_features=8)
    with drawing.group("Stage", blocks=2) as stage:
        x = drawing.put("Input", "x")
        drawing.put("Output", "y", drawing.put_group(layer, "layer", x, repeat="=blocks-1"))
    x = drawing.put("Input", "x", shape=[8])
    drawing.put("Output", "out", drawing.put_group(stage, "b", drawing.put_group(stage, "a", x), blocks=3))
    program = program_of(drawing.project)
    text = source(program)
    assert text.count("class Stage") == 1
    assert "self.layer = nn.Sequential(*(Layer() for _ in range(blocks - 1)))" in text
    assert [path for path, _ in program.modules()] == ["a.layer.0.fc", "b.layer.0.fc", "b.layer.1.fc"]
    assert_equal_to_its_print(program, torch.randn(2, 8))


def test_what_a_loop_hands_on_has_a_name_of_its_own() -> None:
    drawing = Drawing()
    with drawing.group("Both") as both:
        x, memory = drawing.put("Input", "x"), drawing.put("Input", "memory")
        drawing.put("Output", "y", drawing.put("Linear", "fc", x, out_features=4))
        drawing.put("Output", "z", drawing.put("Add", "add", x, memory))
    x = drawing.put("Input", "x", shape=[4])
    loop_z = drawing.put("ReLU", "loop_z", x)
    loop = drawing.put_group(both, "loop", x, loop_z, repeat=3)
    drawing.put("Output", "out", drawing.put("Add", "sum", drawing.put("Identity", "same", loop), loop_z))
    assert_equal_to_its_print(program_of(drawing.project), torch.randn(3, 4))


def test_a_block_may_be_called_as_the_loop_calls_its_layer() -> None:
    drawing = Drawing()
    with drawing.group("Mix") as mix:
        x, memory = drawing.put("Input", "x"), drawing.put("Input", "memory")
        drawing.put("Output", "y", drawing.put("Add", "add", drawing.put("Linear", "fc", x, out_features=4), memory))
    x = drawing.put("Input", "x", shape=[4])
    layer = drawing.put("ReLU", "layer", x)
    mixed = drawing.put_group(mix, "mix", x, layer, repeat=2)
    drawing.put("Output", "out", drawing.put("Add", "add", mixed, layer))
    assert_equal_to_its_print(program_of(drawing.project), torch.randn(3, 4))
