"""Pooling against torch's own, and what it refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from netbuilder.blocks.library import pooling
from netbuilder.blocks.library.pooling import AdaptiveAvgPool2d, AvgPool1d, AvgPool2d, MaxPool2d
from netbuilder.blocks.spec import SetOwn
from netbuilder.compiler.build import build
from netbuilder.diagnostics import NetbuilderError
from netbuilder.exchange.onnx_export import export
from tests.blocks.calling import batch, output, refusal
from tests.drawing import Drawing, program_of

VOLUMES = torch.randn(3, 4, 9, 7, 6, generator=torch.Generator().manual_seed(1))
INPUTS = {1: VOLUMES[..., 0, 0], 2: VOLUMES[..., 0], 3: VOLUMES}
DIMENSIONS = pytest.mark.parametrize("dimensions", [1, 2, 3])


@DIMENSIONS
@pytest.mark.parametrize(
    "settings",
    [
        {"kernel_size": 2},
        {"kernel_size": 3, "stride": 1, "padding": 1},
        {"kernel_size": 3, "dilation": 2, "stride": 2},
        {"kernel_size": 2, "ceil_mode": True},
    ],
)
def test_max_pooling_is_torchs(settings: dict[str, Any], dimensions: int) -> None:
    name, x = f"MaxPool{dimensions}d", INPUTS[dimensions]
    assert torch.equal(output(getattr(pooling, name)(**settings), x), getattr(nn, name)(**settings)(x))


@DIMENSIONS
@pytest.mark.parametrize(
    "settings",
    [
        {"kernel_size": 2},
        {"kernel_size": 3, "stride": 2, "padding": 1},
        {"kernel_size": 3, "padding": 1, "count_include_pad": False},
        {"kernel_size": 2, "ceil_mode": True},
    ],
)
def test_average_pooling_is_torchs(settings: dict[str, Any], dimensions: int) -> None:
    name, x = f"AvgPool{dimensions}d", INPUTS[dimensions]
    assert torch.equal(output(getattr(pooling, name)(**settings), x), getattr(nn, name)(**settings)(x))


@DIMENSIONS
@pytest.mark.parametrize("size", [1, 2, 5, 12])
@pytest.mark.parametrize("kind", ["Avg", "Max"])
def test_adaptive_pooling_is_torchs(kind: str, size: int, dimensions: int) -> None:
    name, x = f"Adaptive{kind}Pool{dimensions}d", INPUTS[dimensions]
    assert torch.equal(output(getattr(pooling, name)(output_size=size), x), getattr(nn, name)(size)(x))


def test_each_dimension_may_be_pooled_by_itself() -> None:
    x = INPUTS[2]
    assert torch.equal(output(MaxPool2d(kernel_size=(3, 2)), x), nn.MaxPool2d((3, 2))(x))
    assert torch.equal(output(AdaptiveAvgPool2d(output_size=(2, 3)), x), nn.AdaptiveAvgPool2d((2, 3))(x))


@DIMENSIONS
def test_global_pooling_leaves_one_number_for_each_channel(dimensions: int) -> None:
    x = INPUTS[dimensions]
    assert torch.allclose(output(pooling.GlobalAvgPool(), x), x.flatten(2).mean(-1), atol=1e-6)
    assert torch.equal(output(pooling.GlobalMaxPool(), x), x.flatten(2).amax(-1))


@pytest.mark.parametrize("block", [MaxPool2d(), AvgPool2d()])
def test_nothing_is_left_to_pool_in_a_single_pixel(block: MaxPool2d | AvgPool2d) -> None:
    mismatch = refusal(block, batch(8, 1, 1))
    assert mismatch.code == "kernel-too-large"
    assert mismatch.suggestions == (SetOwn("kernel_size", (1, 1)),)


@DIMENSIONS
@pytest.mark.parametrize("settings", [{}, {"kernel_size": 4, "padding": 1}, {"kernel_size": 3, "stride": 1}])
@pytest.mark.parametrize("kind", ["Avg", "Max"])
def test_with_ceil_mode_a_window_may_reach_out_of_a_small_input(
    kind: str, settings: dict[str, Any], dimensions: int
) -> None:
    name, x = f"{kind}Pool{dimensions}d", INPUTS[dimensions]
    settings = {"kernel_size": 2, "ceil_mode": True, **settings}
    for size in (1, 2, 3):
        block, small = getattr(pooling, name), x[(..., *[slice(size)] * dimensions)]
        try:
            wanted = getattr(nn, name)(**settings)(small)
        except RuntimeError:
            assert refusal(block(**settings), batch(*small.shape[1:])).code == "kernel-too-large"
        else:
            assert torch.equal(output(block(**settings), small), wanted)


@pytest.mark.parametrize(
    ("block", "size", "whole"),
    [
        (AvgPool1d(kernel_size=(4,), stride=(4,), padding=(1,), ceil_mode=True), (7,), False),
        (AvgPool1d(kernel_size=(4,), stride=(4,), padding=(1,), ceil_mode=True), (8,), True),
        (MaxPool2d(kernel_size=(3, 3), stride=(3, 3), padding=(1, 1), ceil_mode=True), (6, 5), False),
        (MaxPool2d(kernel_size=(3, 3), stride=(3, 3), padding=(1, 1), ceil_mode=True), (6, 6), True),
        (MaxPool2d(kernel_size=(3, 3), stride=(3, 3), padding=(1, 1)), (6, 5), True),
    ],
)
def test_a_window_that_torch_leaves_out_is_no_onnx(
    block: AvgPool1d | MaxPool2d, size: tuple[int, ...], whole: bool, tmp_path: Path
) -> None:
    drawing = Drawing()
    x = drawing.put("Input", "x", shape=[2, *size])
    drawing.put("Output", "y", drawing.put(type(block).__name__, "pool", x, **block.model_dump()))
    program = program_of(drawing.project)
    if whole:
        export(program, build(program), tmp_path / "pool.onnx")
    else:
        with pytest.raises(NetbuilderError, match="Turn ceil_mode off"):
            export(program, build(program), tmp_path / "pool.onnx")


@pytest.mark.parametrize("block", [MaxPool2d(padding=(1, 2)), AvgPool2d(padding=(1, 2))])
def test_padding_is_at_most_half_of_the_window(block: MaxPool2d | AvgPool2d) -> None:
    mismatch = refusal(block, batch(8, 9, 9))
    assert mismatch.parameter == "padding"
    assert mismatch.suggestions == (SetOwn("padding", (1, 1)),)


@DIMENSIONS
def test_no_window_may_see_nothing_but_padding(dimensions: int) -> None:
    name, x = f"MaxPool{dimensions}d", INPUTS[dimensions][(..., *[slice(2)] * dimensions)]
    mismatch = refusal(getattr(pooling, name)(dilation=3, padding=1), batch(*x.shape[1:]))
    assert mismatch.parameter == "dilation"
    assert mismatch.suggestions == (SetOwn("dilation", (1,) * dimensions),)
    settings: dict[str, Any] = {"kernel_size": 2, "dilation": 2, "padding": 1}
    assert torch.equal(output(getattr(pooling, name)(**settings), x), getattr(nn, name)(**settings)(x))


def test_the_canvas_shows_a_stride_that_is_not_the_window() -> None:
    assert MaxPool2d().summary() == "2×2"
    assert MaxPool2d(kernel_size=3, stride=2).summary() == "3×3 · stride 2"
    assert MaxPool2d(kernel_size=3, stride=3).summary() == "3×3"
    assert AdaptiveAvgPool2d().summary() == "to 1×1"
