"""Upsampling and pixel shuffling against torch's own, and what they refuse."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from netbuilder.blocks.library.resampling import PixelShuffle, PixelUnshuffle, Upsample
from netbuilder.blocks.spec import Block, Resize, SetOwn
from tests.blocks.calling import batch, output, refusal

VOLUMES = torch.randn(3, 4, 9, 7, 6, generator=torch.Generator().manual_seed(1))
IMAGES = VOLUMES[..., 0]
SIGNALS = IMAGES[..., 0]


@pytest.mark.parametrize(
    ("settings", "x"),
    [
        ({}, SIGNALS),
        ({}, VOLUMES),
        ({"scale_factor": 1.7}, IMAGES),
        ({"scale_factor": 0.5, "mode": "bilinear"}, IMAGES),
        ({"mode": "linear", "align_corners": True}, SIGNALS),
        ({"mode": "bicubic"}, IMAGES),
        ({"mode": "trilinear"}, VOLUMES),
    ],
)
def test_upsampling_is_torchs(settings: dict[str, Any], x: torch.Tensor) -> None:
    assert torch.equal(output(Upsample(**settings), x), nn.Upsample(**({"scale_factor": 2.0} | settings))(x))


def test_a_size_may_be_given_in_place_of_a_factor() -> None:
    assert torch.equal(output(Upsample(size=(5, 12)), IMAGES), nn.Upsample((5, 12))(IMAGES))


def test_pixels_and_channels_change_places() -> None:
    assert torch.equal(output(PixelShuffle(), IMAGES), nn.PixelShuffle(2)(IMAGES))
    even = IMAGES[:, :, :8, :6]
    assert torch.equal(output(PixelUnshuffle(), even), nn.PixelUnshuffle(2)(even))


@pytest.mark.parametrize(("shape", "mode"), [((4, 9), "linear"), ((4, 9, 7), "bilinear"), ((4, 9, 7, 6), "trilinear")])
def test_each_number_of_dimensions_has_its_own_interpolation(shape: tuple[int, ...], mode: str) -> None:
    for other in {"linear", "bilinear", "trilinear"} - {mode}:
        assert refusal(Upsample(mode=other), batch(*shape)).suggestions == (SetOwn("mode", mode),)


@pytest.mark.parametrize(
    ("block", "sizes", "suggestion"),
    [
        (Upsample(scale_factor=0.1), (4, 9, 9), SetOwn("scale_factor", 1.0)),
        (Upsample(size=(5,)), (4, 9, 9), SetOwn("size", (5, 5))),
        (PixelShuffle(upscale_factor=3), (12, 5, 5), Resize(18)),
        (PixelUnshuffle(downscale_factor=4), (3, 6, 12), SetOwn("downscale_factor", 2)),
    ],
    ids=str,
)
def test_a_size_that_does_not_work_is_refused_with_one_that_does(
    block: Block, sizes: tuple[int, ...], suggestion: object
) -> None:
    assert refusal(block, batch(*sizes)).suggestions[0] == suggestion
