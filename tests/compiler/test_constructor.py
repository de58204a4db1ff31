"""What the printed class of a group takes, and how what is inside is expressed in that."""

from __future__ import annotations

from typing import Any

import torch

from netbuilder.compiler.source import source
from tests.compiler.test_source import dense
from tests.drawing import Drawing, program_of
from tests.printing import assert_equal_to_its_print


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


def test_an_argument_is_left_away_where_it_is_as_by_default() -> None:
    text = of_instances({"out_features": "=width"}, {}, {})
    assert text.count("class Block") == 1
    assert "def __init__(self, in_features: int, width: int = 8) -> None:\n        super().__init__()\n" in text
    assert "self.fc = nn.Linear(in_features, width)" in text, "what flows in is as wide as that by chance"
    assert "self.block2 = Block(8)" in text


def test_what_no_field_computes_from_a_parameter_is_no_argument() -> None:
    text = of_instances({"out_features": 8}, {}, {"width": 9})
    assert "def __init__(self) -> None:\n        super().__init__()\n        self.fc = nn.Linear(8, 8)" in text


def test_a_parameter_has_the_types_of_all_its_values() -> None:
    text = of_instances({"out_features": 8, "bias": "=times"}, {"times": True})
    assert "def __init__(self, in_features: int, times: bool | int = 2) -> None:" in text


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
