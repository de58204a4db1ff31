"""Add, Multiply and Concat: what they compute, what they broadcast, what they refuse and how that is mended."""

from __future__ import annotations

import pytest
import torch

from netbuilder.blocks.library.merge import Add, Concat, Multiply
from netbuilder.blocks.spec import Insert, Resize, SetOwn, Suggestion, TensorSpec
from netbuilder.compiler.infer import infer
from tests.blocks.calling import batch, output, refusal

A, B, C = torch.randn(3, 3, 4, 6, 5, generator=torch.Generator().manual_seed(1))


def test_two_and_more_branches_are_joined_in_order() -> None:
    assert torch.equal(output(Add(), A, B), A + B)
    assert torch.equal(output(Add(), A, B, C), A + B + C)
    assert torch.equal(output(Multiply(), A, B, C), A * B * C)
    assert torch.equal(output(Concat(), A, B, C), torch.cat([A, B, C], 1))
    assert torch.equal(output(Concat(dim=-1), A, B[..., :2]), torch.cat([A, B[..., :2]], -1))


@pytest.mark.parametrize("block", [Add(), Multiply()])
def test_a_size_of_one_fits_any(block: Add | Multiply) -> None:
    gate = B[:, :, :1, :1]
    assert torch.equal(output(block, A, gate), output(block, A, gate.expand_as(A)))
    assert output(block, gate, A, C).shape == A.shape


@pytest.mark.parametrize(
    ("first", "second", "suggestions"),
    [
        (batch(8), batch(5), (Resize(8), Insert("Linear", (("out_features", 8),)))),
        (batch(9, 8), batch(9, 5), (Resize(8), Insert("Linear", (("out_features", 8),)))),
        (
            batch(8, 6),
            batch(5, 6),
            (Resize(8), Insert("Conv1d", (("out_channels", 8), ("kernel_size", (1,))))),
        ),
        (
            batch(8, 6, 6),
            batch(5, 6, 6),
            (Resize(8), Insert("Conv2d", (("out_channels", 8), ("kernel_size", (1, 1))))),
        ),
        (batch(8, 3, 3), batch(8, 6, 6), (Insert("AdaptiveAvgPool2d", (("output_size", (3, 3)),)),)),
        (batch(8, 3, 3), batch(5, 6, 6), ()),
        (batch(8, 3, 3), batch(8), (Insert("Reshape", (("shape", (8, 1, 1)),)),)),
        (batch(8, 3, 3), batch(5), ()),
    ],
)
def test_unequal_branches_are_refused_with_a_way_out(
    first: TensorSpec, second: TensorSpec, suggestions: tuple[Suggestion, ...]
) -> None:
    mismatch = refusal(Add(), first, second)
    assert str(first) in str(mismatch)
    assert str(second) in str(mismatch)
    assert mismatch.port == "x2"
    assert mismatch.suggestions == suggestions


def test_the_branch_that_does_not_fit_is_the_one_marked() -> None:
    assert refusal(Add(), batch(8), batch(1), batch(5)).port == "x3"
    assert refusal(Multiply(), batch(8), batch(8, 3, 3)).port == "x1"


def test_what_is_the_same_for_all_samples_is_joined_to_each() -> None:
    assert infer(Add().lower(batch(8), TensorSpec((1, 8))), (batch(8), TensorSpec((1, 8)))).outputs == (
        ("y", batch(8)),
    )
    refusal(Add(), batch(8), TensorSpec((4, 8)))


POOL = Insert("AdaptiveAvgPool2d", (("output_size", (3, 3)),))


@pytest.mark.parametrize(
    ("dim", "first", "second", "port", "suggestions"),
    [
        (1, batch(8, 3, 3), batch(5, 6, 6), "x2", (POOL,)),
        (1, batch(8, 3, 3), batch(8, 3, 6), "x2", (POOL, SetOwn("dim", 3))),
        (1, batch(9, 8), batch(9, 5), "x2", (SetOwn("dim", 2),)),
        (2, batch(9, 8), batch(4, 8), "x2", (SetOwn("dim", 1),)),
        (2, batch(9, 8), batch(4, 5), "x2", ()),
        (1, batch(8), batch(5, 3, 3), "x2", (Insert("Flatten"),)),
        (1, batch(5, 3, 3), batch(8), "x1", (Insert("Flatten"),)),
        (1, batch(5, 3, 3), batch(8, 9), "x2", ()),
    ],
)
def test_branches_that_cannot_stand_side_by_side(
    dim: int, first: TensorSpec, second: TensorSpec, port: str, suggestions: tuple[Suggestion, ...]
) -> None:
    mismatch = refusal(Concat(dim=dim), first, second)
    assert (mismatch.port, mismatch.suggestions) == (port, suggestions)


def test_the_batch_is_no_dimension_to_join_along() -> None:
    for dim in (0, -2):
        assert refusal(Concat(dim=dim), batch(8), batch(8)).suggestions == (SetOwn("dim", 1),)
