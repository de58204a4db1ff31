"""Normalization and dropout against torch's own, and what they refuse."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from netbuilder.blocks.library.normalization import (
    BatchNorm1d,
    BatchNorm2d,
    BatchNorm3d,
    GroupNorm,
    InstanceNorm1d,
    InstanceNorm2d,
    InstanceNorm3d,
    LayerNorm,
    LocalResponseNorm,
    RMSNorm,
)
from netbuilder.blocks.library.regularization import AlphaDropout, Dropout, Dropout1d, Dropout2d, Dropout3d, DropPath
from netbuilder.blocks.spec import Block, SetOwn
from tests.blocks.calling import batch, output, refusal

VOLUMES = torch.randn(3, 4, 9, 7, 2, generator=torch.Generator().manual_seed(1))
IMAGES = VOLUMES[..., 0]
SIGNALS = IMAGES.flatten(2)
FEATURES = IMAGES.flatten(1)


@pytest.mark.parametrize(
    ("block", "module", "inputs"),
    [
        (BatchNorm1d(), nn.BatchNorm1d(252), FEATURES),
        (BatchNorm1d(momentum=0.3, affine=False), nn.BatchNorm1d(4, momentum=0.3, affine=False), SIGNALS),
        (BatchNorm2d(eps=1e-3), nn.BatchNorm2d(4, eps=1e-3), IMAGES),
        (BatchNorm2d(track_running_stats=False), nn.BatchNorm2d(4, track_running_stats=False), IMAGES),
        (BatchNorm3d(), nn.BatchNorm3d(4), VOLUMES),
        (LayerNorm(), nn.LayerNorm(7), IMAGES),
        (LayerNorm(normalized_dims=3, eps=0.1), nn.LayerNorm((4, 9, 7), eps=0.1), IMAGES),
        (LayerNorm(elementwise_affine=False), nn.LayerNorm(7, elementwise_affine=False), IMAGES),
        (RMSNorm(), nn.RMSNorm(7, eps=1e-6), IMAGES),
        (RMSNorm(normalized_dims=2, elementwise_affine=False), nn.RMSNorm((9, 7), 1e-6, False), IMAGES),
        (GroupNorm(num_groups=2), nn.GroupNorm(2, 4), IMAGES),
        (GroupNorm(num_groups=1, affine=False), nn.GroupNorm(1, 252, affine=False), FEATURES),
        (InstanceNorm1d(), nn.InstanceNorm1d(4), SIGNALS),
        (InstanceNorm2d(affine=True), nn.InstanceNorm2d(4, affine=True), IMAGES),
        (InstanceNorm3d(track_running_stats=True), nn.InstanceNorm3d(4, track_running_stats=True), VOLUMES),
        (LocalResponseNorm(size=3, alpha=0.5, k=2.0), nn.LocalResponseNorm(3, 0.5, k=2.0), IMAGES),
    ],
    ids=str,
)
def test_normalization_is_torchs(block: Block, module: nn.Module, inputs: torch.Tensor) -> None:
    assert torch.equal(output(block, inputs), module(inputs))


@pytest.mark.parametrize("block", [LayerNorm(normalized_dims=3), RMSNorm(normalized_dims=3)], ids=str)
def test_feature_norms_leave_the_batch_alone(block: Block) -> None:
    mismatch = refusal(block, batch(9, 7))
    assert (mismatch.parameter, mismatch.suggestions) == ("normalized_dims", (SetOwn("normalized_dims", 2),))


def test_groups_have_to_share_the_channels_evenly() -> None:
    mismatch = refusal(GroupNorm(num_groups=4), batch(6, 9, 9))
    assert (mismatch.code, mismatch.suggestions) == ("groups-mismatch", (SetOwn("num_groups", 2),))


@pytest.mark.parametrize(
    ("block", "sizes"), [(InstanceNorm2d(), (4, 1, 1)), (GroupNorm(num_groups=4), (4,)), (InstanceNorm1d(), (4, 1))]
)
def test_an_element_is_not_normalised_by_itself(block: Block, sizes: tuple[int, ...]) -> None:
    assert refusal(block, batch(*sizes)).code == "nothing-to-normalize"


def test_dropout_drops_elements_and_scales_the_others() -> None:
    assert set(output(Dropout(p=0.5), torch.ones(100, 100)).unique().tolist()) == {0.0, 2.0}


@pytest.mark.parametrize(("block", "shape"), [(Dropout1d(), (7,)), (Dropout2d(), (7, 3)), (Dropout3d(), (2, 3, 3))])
def test_spatial_dropout_drops_whole_channels(block: Block, shape: tuple[int, ...]) -> None:
    y = output(block, torch.ones(10, 20, *shape)).flatten(2)
    assert torch.equal(y, y[..., :1].expand_as(y))
    assert set(y.unique().tolist()) == {0.0, 2.0}


def test_alpha_dropout_keeps_mean_and_variance() -> None:
    x = torch.randn(1000, 100, generator=torch.Generator().manual_seed(1))
    y = output(AlphaDropout(p=0.3), x)
    assert not torch.equal(y, x)
    assert y.mean().item() == pytest.approx(0.0, abs=0.02)
    assert y.var().item() == pytest.approx(1.0, abs=0.03)


def test_drop_path_drops_whole_samples() -> None:
    y = output(DropPath(p=0.5), torch.ones(100, 4, 3)).flatten(1)
    assert torch.equal(y, y[:, :1].expand_as(y))
    assert set(y.unique().tolist()) == {0.0, 2.0}
    assert not output(DropPath(p=1.0), torch.ones(8, 4)).any()
