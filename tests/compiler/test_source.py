"""What is printed of a network with groups: one class for a group, and what its instances differ in as arguments."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from netbuilder.compiler.source import source
from netbuilder.graph.model import NodeId
from netbuilder.graph.project import GroupId
from tests.drawing import Drawing, program_of
from tests.printing import assert_equal_to_its_print

RESNET = '''\
import torch
from torch import nn


class BasicBlock(nn.Module):
    """Takes x (N × _ × _ × _, float32).

    Returns y (N × _ × _ × _).
    """

    def __init__(self, in_channels: int, channels: int = 64, stride: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, channels, 3, stride=stride, padding=1)
        self.shortcut = nn.Conv2d(in_channels, channels, 1, stride=stride)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        conv = self.conv(x)
        relu = torch.relu(conv)
        shortcut = self.shortcut(x)
        add = relu + shortcut
        return add


class Stage(nn.Module):
    """Takes x (N × _ × 8 × 8, float32).

    Returns y (N × _ × _ × _).
    """

    def __init__(
        self, in_channels: int, channels: int = 64, stride: int = 2, depth: int = 2
    ) -> None:
        super().__init__()
        self.first = BasicBlock(in_channels, channels=channels, stride=stride)
        self.rest = nn.Sequential(
            *(BasicBlock(channels, channels=channels) for _ in range(depth))
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        first = self.first(x)
        rest = self.rest(first)
        return rest


class Network(nn.Module):
    """Takes image (N × 3 × 8 × 8, float32).

    Returns features (N × 8 × 4 × 4).
    """

    def __init__(self) -> None:
        super().__init__()
        self.stage1 = Stage(3, channels=4, stride=1)
        self.stage2 = Stage(4, channels=8, depth=3)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        stage1 = self.stage1(image)  # N × 4 × 8 × 8
        stage2 = self.stage2(stage1)  # N × 8 × 4 × 4
        return stage2
'''


def dense(drawing: Drawing, name: str = "Block", **fields: Any) -> GroupId:
    """Define a group of one linear layer with these fields, of the formal parameters `width` and `times`."""
    with drawing.group(name, width=8, times=2) as group:
        x = drawing.put("Input", "x")
        drawing.put("Output", "y", drawing.put("Linear", "fc", x, **fields))
    return group


def of_instances(fields: dict[str, Any], *instances: dict[str, Any], features: int = 8) -> str:
    """Return the source of a chain of instances of a group, and run it beside the network that is built."""
    drawing = Drawing()
    group = dense(drawing, **fields)
    x = drawing.put("Input", "x", shape=[features])
    for number, arguments in enumerate(instances, start=1):
        x = drawing.put_group(group, f"block{number}", x, **arguments)
    drawing.put("Output", "out", x)
    program = program_of(drawing.project)
    assert_equal_to_its_print(program, torch.randn(2, features))
    return source(program)


def test_a_residual_network_reads_as_one_would_have_written_it() -> None:
    drawing = Drawing()
    with drawing.group("BasicBlock", channels=64, stride=1) as block:
        x = drawing.put("Input", "x")
        own = {"out_channels": "=channels", "stride": "=stride"}
        conv = drawing.put("Conv2d", "conv", x, kernel_size=3, padding=1, **own)
        relu = drawing.put("ReLU", "relu", conv)
        shortcut = drawing.put("Conv2d", "shortcut", x, kernel_size=1, padding=0, **own)
        drawing.put("Output", "y", drawing.put("Add", "add", relu, shortcut))
    with drawing.group("Stage", channels=64, stride=2, depth=2) as stage:
        x = drawing.put("Input", "x")
        first = drawing.put_group(block, "first", x, channels="=channels", stride="=stride")
        drawing.put("Output", "y", drawing.put_group(block, "rest", first, channels="=channels", repeat="=depth"))
    image = drawing.put("Input", "image", shape=[3, 8, 8])
    stage1 = drawing.put_group(stage, "stage1", image, channels=4, stride=1)
    stage2 = drawing.put_group(stage, "stage2", stage1, channels=8, depth=3)
    drawing.put("Output", "features", stage2)
    program = program_of(drawing.project)
    assert source(program) == RESNET
    assert_equal_to_its_print(program, torch.randn(2, 3, 8, 8))


def test_an_argument_is_left_away_where_it_is_as_by_default() -> None:
    text = of_instances({"out_features": "=width"}, {}, {})
    assert text.count("class Block") == 1
    assert "def __init__(self, in_features: int, width: int = 8) -> None:\n        super().__init__()\n" in text
    assert "self.fc = nn.Linear(in_features, width)" in text, "what flows in is as wide as that by chance"
    assert "self.block2 = Block(8)" in text


def test_what_no_field_computes_from_a_parameter_is_no_argument() -> None:
    text = of_instances({"out_features": 8}, {}, {"width": 9})
    assert "def __init__(self) -> None:\n        super().__init__()\n        self.fc = nn.Linear(8, 8)" in text
    text = of_instances({"out_features": 8, "bias": "=times"}, {"times": True})
    assert "def __init__(self, times: int | bool = 2) -> None:" in text or "times: bool | int = 2" in text


def test_a_setting_is_the_expression_of_its_field() -> None:
    text = of_instances({"out_features": "=width*(times+1)"}, {}, {"width": 4, "times": 1})
    assert "def __init__(self, in_features: int, width: int = 8, times: int = 2) -> None:" in text
    assert "self.fc = nn.Linear(in_features, width * (times + 1))" in text
    assert "self.block2 = Block(24, width=4, times=1)" in text


def test_a_division_that_comes_out_even_is_a_whole_one_in_python() -> None:
    text = of_instances({"out_features": "=width/times"}, {}, {"width": 12})
    assert "nn.Linear(in_features, width // times)" in text


def test_a_function_that_python_has_no_short_word_for_is_computed_before() -> None:
    text = of_instances({"out_features": "=ceil(width/3)"}, {}, {"width": 12})
    assert "def __init__(self, in_features: int, out_features: int) -> None:" in text
    assert "self.block2 = Block(in_features=3, out_features=4)" in text


def test_a_multiple_of_a_parameter_is_said_to_be_one() -> None:
    drawing = Drawing()
    with drawing.group("Feedforward") as group:
        x = drawing.put("Input", "x")
        drawing.put("Output", "y", drawing.put("SwiGLU", "glu", drawing.put("LayerNorm", "norm", x)))
    with drawing.group("Wide", width=4) as wide:
        x = drawing.put("Input", "x")
        fc = drawing.put("Linear", "fc", x, out_features="=width")
        drawing.put("Output", "y", drawing.put_group(group, "inner", drawing.put("Concat", "twice", fc, fc)))
    x = drawing.put("Input", "x", shape=[4])
    drawing.put("Output", "out", drawing.put_group(wide, "b", drawing.put_group(wide, "a", x), width=6))
    program = program_of(drawing.project)
    assert "self.inner = Feedforward(width * 2)" in source(program)
    assert_equal_to_its_print(program, torch.randn(2, 4))


def test_what_follows_a_layer_is_given_the_expression_of_its_width() -> None:
    drawing = Drawing()
    with drawing.group("Feedforward", width=8, times=4) as group:
        x = drawing.put("Input", "x")
        up = drawing.put("Linear", "up", x, out_features="=width*times")
        drawing.put("Output", "y", drawing.put("Linear", "down", up, out_features="=width"))
    x = drawing.put("Input", "x", shape=[8])
    x = drawing.put_group(group, "a", x)
    drawing.put("Output", "out", drawing.put_group(group, "b", x, width=6))
    program = program_of(drawing.project)
    assert "self.down = nn.Linear(width * times, width)" in source(program)
    assert_equal_to_its_print(program, torch.randn(2, 8))


def test_parameters_of_two_blocks_with_one_name_have_the_names_of_their_blocks() -> None:
    drawing = Drawing()
    with drawing.group("Two") as two:
        a, b = drawing.put("Input", "a"), drawing.put("Input", "b")
        left = drawing.put("Linear", "left", a, out_features=3)
        drawing.put("Output", "y", drawing.put("Add", "add", left, drawing.put("Linear", "right", b, out_features=3)))
    x, y = drawing.put("Input", "x", shape=[4]), drawing.put("Input", "y", shape=[5])
    drawing.put("Output", "p", drawing.put_group(two, "one", x, y))
    drawing.put("Output", "q", drawing.put_group(two, "other", y, x))
    program = program_of(drawing.project)
    assert "def __init__(self, left_in_features: int, right_in_features: int) -> None:" in source(program)
    assert_equal_to_its_print(program, torch.randn(2, 4), torch.randn(2, 5))


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


def test_a_class_does_what_its_parameters_say() -> None:
    """A size that follows from a parameter does so in the class too, and one that does not is not said to."""
    drawing = Drawing()
    with drawing.group("Encoder", channels=8) as encoder:
        x = drawing.put("Input", "x")
        conv = drawing.put("Conv2d", "conv", x, out_channels="=channels", kernel_size=3, padding=0)
        norm = drawing.put("BatchNorm2d", "norm", drawing.put("ReLU", "relu", conv))
        flat = drawing.put("Flatten", "flatten", norm)
        drawing.put("Output", "y", drawing.put("Linear", "fc", flat, out_features=8))
    x = drawing.put("Input", "x", shape=[8, 4, 4])
    drawing.put("Output", "out", drawing.put_group(encoder, "encode", x))
    program = program_of(drawing.project)
    text = source(program)
    assert "self.conv = nn.Conv2d(in_channels, channels, 3)" in text
    assert "self.norm = nn.BatchNorm2d(channels)" in text
    assert "self.fc = nn.Linear(channels * 4, 8)" in text
    assert "self.encode = Encoder(8)" in text
    assert_equal_to_its_print(program, torch.randn(2, 8, 4, 4))
    namespace: dict[str, Any] = {}
    exec(text, namespace)
    assert namespace["Encoder"](3, channels=5).eval()(torch.randn(2, 3, 4, 4)).shape == (2, 8)


def test_items_of_a_list_are_expressions_too() -> None:
    drawing = Drawing()
    with drawing.group("Picture", channels=2) as picture:
        wide = drawing.put("Linear", "wide", drawing.put("Input", "x"), out_features="=channels*9")
        drawing.put("Output", "y", drawing.put("Reshape", "shape", wide, shape=["=channels", 3, 3]))
    x = drawing.put("Input", "x", shape=[6])
    drawing.put("Output", "out", drawing.put_group(picture, "picture", x))
    program = program_of(drawing.project)
    assert "self.shape_shape = (-1, channels, 3, 3)" in source(program)
    assert_equal_to_its_print(program, torch.randn(2, 6))


def test_a_list_is_a_parameter_as_it_is_drawn() -> None:
    drawing = Drawing()
    with drawing.group("Conv", kernel=(3, 3)) as conv:
        x = drawing.put("Input", "x")
        drawing.put("Output", "y", drawing.put("Conv2d", "conv", x, out_channels=2, kernel_size="=kernel", padding=0))
    x = drawing.put("Input", "x", shape=[2, 9, 9])
    a = drawing.put_group(conv, "a", x)
    drawing.put("Output", "out", drawing.put_group(conv, "b", a, kernel=(1, 5)))
    program = program_of(drawing.project)
    assert "kernel: tuple[int, int] = (3, 3)" in source(program)
    assert "self.b = Conv(2, kernel=(1, 5))" in source(program)
    assert_equal_to_its_print(program, torch.randn(2, 2, 9, 9))


def test_how_often_a_group_runs_is_not_said_to_be_a_parameter_of_the_same_value() -> None:
    drawing = Drawing()
    layer = dense(drawing, "Layer", out_features="=width")
    with drawing.group("Stack", heads=12) as stack:
        layers = drawing.put_group(layer, "layers", drawing.put("Input", "x"), width="=heads", repeat=12)
        drawing.put("Output", "y", layers)
    drawing.put("Output", "out", drawing.put_group(stack, "stack", drawing.put("Input", "x", shape=[12])))
    program = program_of(drawing.project)
    assert "range(12)" in source(program)
    assert "range(heads)" not in source(program)
    assert_equal_to_its_print(program, torch.randn(2, 12))


def test_how_often_a_group_runs_may_be_a_parameter_that_the_class_brings_along() -> None:
    drawing = Drawing()
    layer = dense(drawing, "Layer", out_features=8)
    with drawing.group("Stage", depth=2) as stage:
        layers = drawing.put_group(layer, "layers", drawing.put("Input", "x"), repeat="=ceil(depth/2)")
        drawing.put("Output", "y", layers)
    x = drawing.put("Input", "x", shape=[8])
    drawing.put("Output", "out", drawing.put_group(stage, "stage", x, repeat=3, depth="=4+2*index"))
    assert_equal_to_its_print(program_of(drawing.project), torch.randn(2, 8))


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


def test_a_group_says_in_its_class_what_it_does() -> None:
    drawing = Drawing()
    group = dense(drawing, out_features=8)
    drawing.project.groups[group].description = 'One "layer",\nas \\in a course.\n\nUsed for this test.'
    drawing.put("Output", "out", drawing.put_group(group, "block", drawing.put("Input", "x", shape=[8])))
    program = program_of(drawing.project)
    assert 'class Block(nn.Module):\n    """One \'layer\', as \\\\in a course.\n\n    Takes x' in source(program)
    assert_equal_to_its_print(program, torch.randn(2, 8))


@pytest.mark.parametrize("name", ["tuple", "range", "nn"])
def test_a_group_or_a_network_may_have_the_name_of_what_the_code_calls(name: str) -> None:
    drawing = Drawing()
    layer = dense(drawing, name, out_features=8)
    x = drawing.put_group(layer, "a", drawing.put("Input", "x", shape=[8]), repeat=3, shared=True)
    drawing.put("Output", "one", x)
    drawing.put("Output", "other", drawing.put_group(layer, "b", x, repeat=2))
    program = program_of(drawing.project)
    assert_equal_to_its_print(program, torch.randn(2, 8))
    namespace: dict[str, Any] = {}
    exec(source(program, name), namespace)
    assert len(namespace[f"{name}Network"]()(torch.randn(2, 8))) == 2


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


def test_constants_of_functions_are_arguments_too() -> None:
    drawing = Drawing()
    with drawing.group("Shape", shape=(2, 3), pool=2) as group:
        pooled = drawing.put("MaxPool1d", "pool", drawing.put("Input", "x"), kernel_size="=pool", stride="=pool")
        drawing.put("Output", "y", drawing.put("Reshape", "reshape", pooled, shape="=shape"))
    x = drawing.put("Input", "x", shape=[1, 12])
    a = drawing.put_group(group, "a", x)
    drawing.put("Output", "out", drawing.put_group(group, "b", a, shape=(2, 1), pool=3))
    program = program_of(drawing.project)
    text = source(program)
    assert text.count("class Shape") == 1
    assert "(self, reshape_shape: tuple[int, int, int], pool: int = 2) -> None:" in text
    assert "self.pool_kernel_size = pool\n        self.reshape_shape = reshape_shape\n" in text
    assert (
        "functional.max_pool1d(\n            x, kernel_size=self.pool_kernel_size, stride=self.pool_kernel_size\n"
        in text
    )
    assert "torch.reshape(pool, self.reshape_shape)" in text
    assert "self.b = Shape((-1, 2, 1), pool=3)" in text
    assert_equal_to_its_print(program, torch.randn(2, 1, 12))


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


def test_instances_that_do_different_things_have_numbered_classes() -> None:
    drawing = Drawing()
    with drawing.group("Larger", mode="nearest") as group:
        drawing.put("Output", "y", drawing.put("Upsample", "up", drawing.put("Input", "x"), mode="=mode"))
    x = drawing.put("Input", "x", shape=[1, 2, 2])
    drawing.put("Output", "out", drawing.put_group(group, "b", drawing.put_group(group, "a", x), mode="bilinear"))
    program = program_of(drawing.project)
    assert "class Larger(nn.Module)" in source(program)
    assert "class Larger2(nn.Module)" in source(program), "only one of them has corners to align"
    assert_equal_to_its_print(program, torch.randn(2, 1, 2, 2))


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


@pytest.mark.parametrize("name", ["nn", "torch", "super", "range", "Block", "Inner"])
def test_a_formal_parameter_may_have_the_name_of_what_the_code_calls(name: str) -> None:
    drawing = Drawing()
    inner = dense(drawing, "Inner", out_features="=width")
    with drawing.group("Block", **{name: 3}) as block:
        x = drawing.put("Input", "x")
        drawing.put("Output", "y", drawing.put_group(inner, "inner", x, width=f"={name}", repeat=3))
    x = drawing.put("Input", "x", shape=[3])
    drawing.put("Output", "out", drawing.put_group(block, "b", drawing.put_group(block, "a", x), **{name: 5}))
    assert_equal_to_its_print(program_of(drawing.project), torch.randn(2, 3))


def test_blocks_that_lead_nowhere_are_printed_inside_of_groups_too() -> None:
    drawing = Drawing()
    with drawing.group("Block") as block:
        x = drawing.put("Input", "x")
        drawing.put("Linear", "astray", x, out_features=3)
        drawing.put("Output", "y", x)
    x = drawing.put("Input", "x", shape=[4])
    drawing.put("Split", "split", x)
    drawing.put("Output", "out", drawing.put_group(block, "block", x))
    assert_equal_to_its_print(program_of(drawing.project), torch.randn(2, 4))


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


def test_a_line_that_is_too_long_is_broken_as_ruff_breaks_it() -> None:
    drawing = Drawing()
    a, b = (drawing.put("Input", "a_rather_long_name_of_an_input_" + letter, shape=[4]) for letter in "ab")
    long = drawing.put("Add", "sum_of_all", a, b, a, b)
    drawing.put("Output", "out", drawing.put("Concat", "joined_with_a_long_name", long, a, b))
    text = source(program_of(drawing.project))
    assert max(map(len, text.splitlines())) <= 88
    assert (
        """
        # N × 4
        sum_of_all = (
            a_rather_long_name_of_an_input_a
            + a_rather_long_name_of_an_input_b
            + a_rather_long_name_of_an_input_a
            + a_rather_long_name_of_an_input_b
        )
"""
        in text
    )
    assert (
        """
        joined_with_a_long_name = torch.cat(
            (
                sum_of_all,
                a_rather_long_name_of_an_input_a,
                a_rather_long_name_of_an_input_b,
            ),
            dim=1,
        )
"""
        in text
    )


FIELDS = st.sampled_from(
    ["=width", "=width*times", "=width+index", "=(index+1)*width", "=max(width, times)", "=width/1", 6]
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_any_nest_of_groups_computes_what_it_prints(data: st.DataObject) -> None:
    """Groups in groups, repeated and shared, with formal parameters passed on: same keys, same weights, same numbers."""
    drawing = Drawing()
    groups: list[GroupId] = []

    def chain(x: NodeId, arguments: list[Any], depth: int) -> NodeId:
        for number in range(data.draw(st.integers(1, 3))):
            if not depth or not data.draw(st.booleans()):
                x = drawing.put(
                    "Linear", f"fc{number}", x, out_features=data.draw(FIELDS) if groups or depth < 2 else 5
                )
                continue
            given = {name: data.draw(st.sampled_from(arguments)) for name in ("width", "times")}
            repeat = data.draw(st.sampled_from([1, 1, 2, 3]))
            x = drawing.put_group(
                data.draw(st.sampled_from(groups[:depth])), f"part{number}", x, repeat=repeat, **given
            )
        return x

    for depth in range(2):
        with drawing.group(f"G{depth}", width=4, times=2) as group:
            x = drawing.put("Input", "x")
            drawing.put("Output", "y", chain(x, [3, "=width", "=times+1"], depth))
        groups.append(group)
    x = drawing.put("Input", "x", shape=[4])
    for number in range(3):
        given = {"width": data.draw(st.integers(2, 5)), "times": data.draw(st.integers(1, 3))}
        x = drawing.put_group(
            data.draw(st.sampled_from(groups)), f"top{number}", x, repeat=data.draw(st.integers(1, 3)), **given
        )
    same = drawing.put("Linear", "same", x, out_features=7)
    with drawing.group("Loop", width=7) as loop:
        inside = drawing.put("Input", "x")
        inner = drawing.put_group(groups[0], "inner", inside, width="=width", times=1)
        drawing.put("Output", "y", drawing.put("Linear", "back", inner, out_features="=width"))
    drawing.put("Output", "out", same)
    times, shared = data.draw(st.integers(1, 4)), data.draw(st.booleans())
    looped = drawing.put_group(loop, "loop", same, repeat=times, shared=shared, weights="loop")
    again = drawing.put_group(loop, "again", looped, repeat=times, shared=shared, weights="loop")
    drawing.put("Output", "looped", again)
    assert_equal_to_its_print(program_of(drawing.project), torch.randn(2, 4))
