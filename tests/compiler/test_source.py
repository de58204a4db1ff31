"""What is printed of a network with groups: a class for each, under a name that is free, that computes the same."""

from __future__ import annotations

import re
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


def test_classes_of_groups_are_named_as_python_names_classes() -> None:
    drawing = Drawing()
    x = drawing.put("Input", "x", shape=[8])
    for name in ("group", "res_2", "conv_norm_act", "GPTBlock", "Res2", "none", "network"):
        x = drawing.put_group(dense(drawing, name, out_features=8), f"{name}_1", x)
    drawing.put("Output", "out", x)
    program = program_of(drawing.project)
    classes = re.findall(r"^class (\w+)", source(program), re.MULTILINE)
    assert classes == ["Group", "Res2", "ConvNormAct", "GPTBlock", "Res22", "None2", "Network2", "Network"]
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


FIELDS = st.sampled_from(
    ["=width", "=width*times", "=width+index", "=(index+1)*width", "=max(width, times)", "=width/1", 6]
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_any_nest_of_groups_computes_what_it_prints(data: st.DataObject) -> None:
    """Groups in groups, repeated and shared, formal parameters passed on: same keys, same weights, same numbers."""
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
