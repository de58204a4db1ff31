"""Flatten, Reshape and Permute against torch's own, and what they refuse."""

from __future__ import annotations

import pytest
import torch

from netbuilder.blocks.library.shape import Flatten, Permute, Reshape
from netbuilder.blocks.spec import BATCH, SetOwn, TensorSpec
from tests.blocks.calling import batch, output, refusal

IMAGES = torch.randn(3, 4, 6, 5)


def test_flatten_is_torchs() -> None:
    assert torch.equal(output(Flatten(), IMAGES), IMAGES.flatten(1))
    assert torch.equal(output(Flatten(start_dim=2, end_dim=3), IMAGES), IMAGES.flatten(2, 3))
    assert torch.equal(output(Flatten(start_dim=-2), IMAGES), IMAGES.flatten(2))


def test_flatten_runs_forwards() -> None:
    assert refusal(Flatten(start_dim=-1, end_dim=1), batch(4, 6, 5)).parameter == "start_dim"
    assert refusal(Flatten(end_dim=4), batch(4, 6, 5)).code == "no-such-dimension"


@pytest.mark.parametrize(("start_dim", "end_dim"), [(-1, 1), (1, -4), (3, 2)])
def test_what_is_offered_lets_flatten_run(start_dim: int, end_dim: int) -> None:
    block = Flatten(start_dim=start_dim, end_dim=end_dim)
    offered = refusal(block, batch(4, 6, 5)).suggestions
    assert offered
    for each in offered:
        assert isinstance(each, SetOwn)
        output(block.model_copy(update={each.parameter: each.value}), IMAGES)


@pytest.mark.parametrize("shape", [(120,), (-1,), (20, 6), (2, -1, 3), (2, 2, 6, 5)])
def test_reshape_is_torchs(shape: tuple[int, ...]) -> None:
    assert torch.equal(output(Reshape(shape=shape), IMAGES), IMAGES.reshape(3, *shape))


def test_reshape_can_take_a_dimension_of_one_away() -> None:
    assert output(Reshape(shape=()), torch.randn(3, 1)).shape == (3,)


@pytest.mark.parametrize(("shape", "takes"), [((4, 31), "takes 124"), ((7, -1), "takes a multiple of 7")])
def test_reshape_needs_as_many_elements(shape: tuple[int, ...], takes: str) -> None:
    mismatch = refusal(Reshape(shape=shape), batch(4, 6, 5))
    assert (mismatch.code, mismatch.parameter) == ("reshape-mismatch", "shape")
    assert "120 elements" in str(mismatch)
    assert takes in str(mismatch)


@pytest.mark.parametrize("shape", [(-1, -1), (0, 120), (-1, 0)])
def test_reshape_leaves_one_size_open_at_most(shape: tuple[int, ...]) -> None:
    assert refusal(Reshape(shape=shape), batch(4, 6, 5)).parameter == "shape"


def test_reshape_needs_fixed_sizes() -> None:
    refusal(Reshape(), TensorSpec((BATCH, 4, BATCH)))


def test_permute_is_torchs() -> None:
    assert torch.equal(output(Permute(dims=(0, 3, 1, 2)), IMAGES), IMAGES.permute(0, 3, 1, 2))
    assert torch.equal(output(Permute(dims=(0, -1, 1, 2)), IMAGES), IMAGES.permute(0, -1, 1, 2))


@pytest.mark.parametrize("dims", [(0, 1, 2), (0, 1, 2, 2), (0, 1, 2, 4), (0, 1, 2, -5), (0, 1, 3, -1), (1, 2, 3, 0, 4)])
def test_permute_names_every_dimension_once(dims: tuple[int, ...]) -> None:
    mismatch = refusal(Permute(dims=dims), batch(4, 6, 5))
    assert (mismatch.code, mismatch.parameter) == ("bad-permutation", "dims")
    assert mismatch.suggestions == (SetOwn("dims", (0, 1, 3, 2)),)
