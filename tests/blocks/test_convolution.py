"""Convolutions against torch's own, and what they refuse."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from netbuilder.blocks.library.convolution import (
    Conv1d,
    Conv2d,
    Conv3d,
    ConvTranspose1d,
    ConvTranspose2d,
    ConvTranspose3d,
    DepthwiseConv2d,
    SeparableConv2d,
)
from netbuilder.blocks.spec import Block, SetOwn, TensorSpec
from tests.blocks.calling import batch, output, refusal

IMAGES = torch.randn(3, 4, 9, 7, generator=torch.Generator().manual_seed(1))
SIGNALS = IMAGES.flatten(2)
VOLUMES = torch.randn(2, 4, 5, 6, 7, generator=torch.Generator().manual_seed(1))


def twin(module: type[nn.Module], inputs: torch.Tensor, *args: Any, **kwargs: Any) -> torch.Tensor:
    torch.manual_seed(0)
    return module(*args, **kwargs)(inputs)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"kernel_size": 5, "dilation": 2},
        {"kernel_size": 3, "stride": 2, "padding": 1},
        {"padding": "valid"},
        {"groups": 4, "bias": False},
    ],
)
def test_conv2d_is_torchs(settings: dict[str, Any]) -> None:
    wanted = {"kernel_size": 3, "padding": "same"} | settings
    expected = twin(nn.Conv2d, IMAGES, 4, 8, **wanted)
    assert torch.equal(output(Conv2d(out_channels=8, **settings), IMAGES), expected)


def test_conv1d_is_torchs() -> None:
    expected = twin(nn.Conv1d, SIGNALS, 4, 6, 5, stride=3, padding=2)
    assert torch.equal(output(Conv1d(out_channels=6, kernel_size=5, stride=3, padding=2), SIGNALS), expected)


def test_conv3d_is_torchs() -> None:
    expected = twin(nn.Conv3d, VOLUMES, 4, 6, (1, 3, 3), stride=2, padding=(0, 1, 1))
    block = Conv3d(out_channels=6, kernel_size=(1, 3, 3), stride=2, padding=(0, 1, 1))
    assert torch.equal(output(block, VOLUMES), expected)


@pytest.mark.parametrize(
    ("block", "inputs"), [(ConvTranspose1d, SIGNALS), (ConvTranspose2d, IMAGES), (ConvTranspose3d, VOLUMES)]
)
def test_transposed_convolutions_are_torchs(block: type[Block], inputs: torch.Tensor) -> None:
    settings = {"kernel_size": 3, "stride": 2, "padding": 1, "output_padding": 1}
    expected = twin(getattr(nn, block.__name__), inputs, 4, 6, **settings)
    assert torch.equal(output(block.model_validate({"out_channels": 6, **settings}), inputs), expected)


def test_a_depthwise_convolution_sees_each_channel_by_itself() -> None:
    expected = twin(nn.Conv2d, IMAGES, 4, 8, 5, padding="same", groups=4)
    assert torch.equal(output(DepthwiseConv2d(kernel_size=5, depth_multiplier=2), IMAGES), expected)


def test_a_separable_convolution_is_a_depthwise_and_a_pointwise_one() -> None:
    torch.manual_seed(0)
    depthwise, pointwise = nn.Conv2d(4, 4, 3, 2, 1, groups=4, bias=False), nn.Conv2d(4, 6, 1)
    block = SeparableConv2d(out_channels=6, stride=2, padding=1)
    assert torch.equal(output(block, IMAGES), pointwise(depthwise(IMAGES)))


def test_kernel_two_with_stride_two_doubles_an_image() -> None:
    assert output(ConvTranspose2d(kernel_size=2, stride=2), IMAGES).shape == (3, 32, 18, 14)


def test_one_number_stands_for_height_and_width() -> None:
    assert Conv2d(kernel_size=5).kernel_size == (5, 5)
    assert Conv2d(padding=2).padding == (2, 2)


def test_a_kernel_larger_than_the_padded_input_is_refused_with_one_that_fits() -> None:
    mismatch = refusal(Conv2d(kernel_size=(3, 9), padding=1), batch(4, 6, 6))
    assert (mismatch.code, mismatch.port, mismatch.parameter) == ("kernel-too-large", "x", "kernel_size")
    assert "3×9" in str(mismatch)
    assert "N × 4 × 6 × 6, padded to 8×8" in str(mismatch)
    assert mismatch.suggestions == (SetOwn("kernel_size", (3, 8)),)


def test_a_dilated_kernel_is_measured_by_what_it_spans() -> None:
    block = Conv1d(kernel_size=4, dilation=3, padding="valid")
    mismatch = refusal(block, batch(2, 9))
    assert "4 dilated to 10" in str(mismatch)
    assert mismatch.suggestions == (SetOwn("kernel_size", (3,)),)
    block.lower(batch(2, 10))


def test_same_padding_never_finds_a_kernel_too_large() -> None:
    assert output(Conv2d(kernel_size=9), IMAGES).shape == (3, 32, 9, 7)


@pytest.mark.parametrize(
    ("block", "inputs"),
    [(Conv1d(groups=3), batch(4, 9)), (Conv2d(groups=3), batch(4, 9, 9)), (ConvTranspose2d(groups=3), batch(4, 9, 9))],
)
def test_groups_have_to_divide_the_input_channels(block: Block, inputs: TensorSpec) -> None:
    mismatch = refusal(block, inputs)
    assert (mismatch.code, mismatch.parameter) == ("groups-mismatch", "groups")
    assert "the 4 channels of the input" in str(mismatch)


def test_groups_have_to_divide_the_output_channels() -> None:
    assert "the 6 out_channels" in str(refusal(Conv2d(out_channels=6, groups=4), batch(4, 9, 9)))


def test_a_stride_with_same_padding_is_refused_as_torch_does() -> None:
    with pytest.raises(ValueError, match="padding='same' is not supported for strided"):
        nn.Conv2d(4, 8, 3, stride=2, padding="same")
    mismatch = refusal(Conv2d(kernel_size=5, stride=2), batch(4, 9, 9))
    assert mismatch.code == "stride-with-same"
    assert mismatch.suggestions == (SetOwn("padding", (2, 2)), SetOwn("stride", (1, 1)))
    Conv2d(kernel_size=5, stride=2, padding=2).lower(batch(4, 9, 9))


def test_output_padding_has_to_be_smaller_than_the_stride() -> None:
    assert refusal(ConvTranspose2d(output_padding=1), batch(4, 9, 9)).parameter == "output_padding"


def test_padding_that_cuts_all_of_the_output_off_is_refused() -> None:
    mismatch = refusal(ConvTranspose2d(kernel_size=3, padding=2), batch(4, 2, 2))
    assert mismatch.code == "empty-output"
    ConvTranspose2d(kernel_size=3, padding=1).lower(batch(4, 2, 2))


def test_the_canvas_shows_what_matters() -> None:
    assert Conv2d(out_channels=16).summary() == "16 · 3×3 · same"
    assert Conv2d(stride=2, padding=1).summary() == "32 · 3×3 · stride 2 · pad 1"
    assert Conv2d(stride=(2, 1), padding=1).summary() == "32 · 3×3 · stride 2×1 · pad 1"
    assert Conv1d(kernel_size=7, padding=0).summary() == "32 · 7"
