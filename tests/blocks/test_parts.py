"""Cutting, padding, reducing and making tensors, against torch's own."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from netbuilder.blocks.library.reduction import ArgMax, Max, Mean, Sum
from netbuilder.blocks.library.selection import Crop, Pad, Select, Slice, Split
from netbuilder.blocks.library.shape import Squeeze, Unflatten, Unsqueeze
from netbuilder.blocks.library.softmax import LogSoftmax, Softmax, Softmin
from netbuilder.blocks.library.tensor import Cast, Constant, Identity, Noise, Parameter
from netbuilder.blocks.spec import Block, SetOwn, TensorSpec
from netbuilder.compiler.calls import instantiate
from netbuilder.nn import GaussianNoise
from tests.blocks.calling import batch, compute, output, refusal

X = torch.randn(3, 4, 6, 5, generator=torch.Generator().manual_seed(1))


def test_a_split_is_undone_by_concat() -> None:
    for block, sizes in [(Split(), (2, 2)), (Split(size=1), (1, 3)), (Split(size=4, dim=2), (4, 2))]:
        parts = compute(block, X)
        for part, wanted in zip(parts.values(), X.split(sizes, block.dim), strict=True):
            assert torch.equal(part, wanted)


def test_a_split_leaves_something_for_both() -> None:
    assert refusal(Split(size=4), batch(4, 6)).suggestions == (SetOwn("size", 2),)
    assert "in halves" in str(refusal(Split(), batch(5)))
    assert refusal(Split(), batch(1)).suggestions == ()


def test_a_stretch_of_a_dimension_is_kept() -> None:
    assert torch.equal(output(Slice(dim=2, start=1, length=3), X), X[:, :, 1:4])
    assert torch.equal(output(Slice(start=-2, length=2), X), X[:, -2:])
    assert refusal(Slice(start=4), batch(4)).parameter == "start"
    assert refusal(Slice(start=2, length=3), batch(4)).suggestions == (SetOwn("length", 2),)


def test_one_entry_of_a_dimension_is_taken() -> None:
    assert torch.equal(output(Select(index=-1), X), X[:, -1])
    assert torch.equal(output(Select(dim=-1, index=2), X), X[..., 2])
    assert refusal(Select(index=4), batch(4)).parameter == "index"


@pytest.mark.parametrize("kind", [Split, Slice, Select, Squeeze, ArgMax, Softmax, LogSoftmax, Softmin])
def test_the_batch_is_left_whole(kind: type[Block]) -> None:
    for dim in (0, -2):
        mismatch = refusal(kind.model_validate({"dim": dim}), batch(4))
        assert (mismatch.parameter, mismatch.suggestions) == ("dim", (SetOwn("dim", 1),))
    assert refusal(Unsqueeze(dim=0), batch(4)).parameter == "dim"


@pytest.mark.parametrize(
    ("padding", "mode"),
    [((1, 2), "constant"), ((1, 0, 2, 3, 0, 1), "constant"), ((1, 2, 0, 3), "reflect"), ((5, 2, 1, 1), "circular")],
)
def test_a_border_is_torchs(padding: tuple[int, ...], mode: str) -> None:
    found = output(Pad.model_validate({"padding": padding, "mode": mode}), X)
    assert torch.equal(found, functional.pad(X, padding, mode))


def test_a_border_can_be_of_any_number() -> None:
    assert torch.equal(output(Pad(padding=(1, 1), value=-1.0), X), functional.pad(X, (1, 1), value=-1.0))


@pytest.mark.parametrize(
    "block",
    [
        Pad(padding=(1,)),
        Pad(padding=()),
        Pad(padding=(1, 1, 1, 1, 1, 1)),
        Pad(mode="reflect", padding=(6, 0)),
        Pad(mode="circular", padding=(7, 0)),
        Pad(mode="replicate", padding=(1, 1, 1, 1)),
    ],
)
def test_a_border_that_can_not_be_made_is_refused(block: Pad) -> None:
    assert refusal(block, batch(4, 6)).parameter == "padding"


def test_the_middle_is_cut_out() -> None:
    assert torch.equal(output(Crop(size=(4, 2)), X), X[:, :, 1:5, 1:3])
    assert torch.equal(output(Crop(size="like"), X, torch.zeros(3, 9, 2, 5)), X[:, :, 2:4, :])
    assert refusal(Crop(size=(7, 2)), batch(4, 6, 5)).suggestions == (SetOwn("size", (6, 2)),)
    assert refusal(Crop(size="like"), batch(4, 6, 5), batch(4, 8, 8)).port == "x"


def test_one_thing_alone_says_how_much_is_cut_out() -> None:
    assert Crop(size="like").summary() == "like"
    assert refusal(Crop(size="like"), batch(4, 6, 5)).port == "like"
    assert Crop(size=(4, 2)).summary() == "4×2"
    both = refusal(Crop(size=(4, 2)), batch(4, 6, 5), batch(4, 3, 3))
    assert (both.parameter, both.suggestions) == ("size", (SetOwn("size", "like"),))


def test_shapes_are_laid_out_and_taken_back() -> None:
    assert torch.equal(output(Unflatten(sizes=(2, -1)), X), X.unflatten(1, (2, 2)))
    assert torch.equal(output(Squeeze(dim=2), X[:, :, :1]), X[:, :, 0])
    assert torch.equal(output(Unsqueeze(dim=-1), X), X[..., None])
    assert refusal(Squeeze(), batch(4, 1)).suggestions == (SetOwn("dim", 2),)
    assert refusal(Unflatten(sizes=(3, 2)), batch(4)).code == "reshape-mismatch"
    assert refusal(Unflatten(sizes=(-1, -1)), batch(4)).code == "reshape-mismatch"


def test_dimensions_are_summarised() -> None:
    assert torch.equal(output(Mean(dims=(2, 3)), X), X.mean((2, 3)))
    assert torch.equal(output(Sum(dims=(1,), keepdim=True), X), X.sum(1, keepdim=True))
    assert torch.equal(output(Max(), X), X.amax(-1))
    assert torch.equal(output(ArgMax(), X), X.argmax(1))
    assert refusal(Mean(dims=(0,)), batch(4)).parameter == "dims"
    assert refusal(Sum(dims=(1, -1)), batch(4)).parameter == "dims"
    assert refusal(ArgMax(dim=-2), batch(4)).parameter == "dim"


def test_a_constant_and_a_learned_tensor_stand_for_every_sample() -> None:
    assert torch.equal(output(Constant(shape=(2, 3), value=0.5)), torch.full((1, 2, 3), 0.5))
    assert output(Parameter(shape=(4,), init="ones")).requires_grad
    assert torch.equal(output(Parameter(shape=(4,), init="zeros")), torch.zeros(1, 4))
    drawn = output(Parameter(shape=(10_000,), std=0.5))
    assert drawn.std().item() == pytest.approx(0.5, rel=0.05)
    assert list(instantiate(Constant().lower()).state_dict()) == []


def test_types_are_turned_into_each_other() -> None:
    labels = torch.tensor([0, 2])
    assert torch.equal(output(Cast(), labels), torch.tensor([0.0, 2.0]))
    assert torch.equal(output(Cast(dtype="int64"), torch.tensor([1.7, -1.7])), torch.tensor([1, -1]))
    assert torch.equal(output(Cast(dtype="bool"), labels), torch.tensor([False, True]))
    assert torch.equal(output(Identity(), labels), labels)


def test_noise_is_for_training() -> None:
    noise = GaussianNoise(std=0.5)
    x = torch.zeros(20_000)
    torch.manual_seed(0)
    assert noise(x).std().item() == pytest.approx(0.5, rel=0.05)
    assert not torch.equal(noise(x), noise(x))
    assert torch.equal(noise.eval()(x), x)


def test_a_sample_has_the_variance_that_is_wired() -> None:
    noise = GaussianNoise()
    mean = torch.full((20_000,), 3.0, requires_grad=True)
    log_variance = torch.full((20_000,), 1.0, requires_grad=True)
    torch.manual_seed(0)
    sample = noise(mean, log_variance)
    assert sample.mean().item() == pytest.approx(3.0, rel=0.02)
    assert sample.var().item() == pytest.approx(torch.e, rel=0.05)
    sample.square().sum().backward()
    assert mean.grad is not None
    assert log_variance.grad is not None
    assert refusal(Noise(), batch(4), batch(5)).port == "log_variance"


def test_noise_outside_training_is_always_the_same_and_draws_no_number_of_the_training() -> None:
    noise = GaussianNoise(evaluation_std=2.0).eval()
    x = torch.zeros(20_000)
    before = torch.get_rng_state()
    first = noise(x)
    assert torch.equal(first, noise(x))
    assert first.std().item() == pytest.approx(2.0, rel=0.05)
    assert torch.equal(torch.get_rng_state(), before)


def test_a_constant_tells_its_shape_without_inputs() -> None:
    assert Constant(shape=(2,)).lower().settings == (("shape", (1, 2)), ("value", 1.0))
    assert TensorSpec((1, 2)).numel() == 2
