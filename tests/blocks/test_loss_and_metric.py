"""Losses and metrics against torch's own, and what they refuse."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from netbuilder.blocks.library.loss import BCEWithLogits, CrossEntropy
from netbuilder.blocks.library.loss_of_numbers import L1, MSE
from netbuilder.blocks.library.metric import Accuracy, MeanAbsoluteError
from netbuilder.blocks.spec import Block, Insert, Resize, TensorSpec
from tests.blocks.calling import batch, output, refusal

GENERATOR = torch.Generator().manual_seed(1)
LOGITS = torch.randn(7, 4, generator=GENERATOR)
LABELS = torch.randint(0, 4, (7,), generator=GENERATOR)
VALUES = torch.rand(7, 4, generator=GENERATOR)
MAPS = torch.randn(7, 4, 3, 2, generator=GENERATOR)
MAP_LABELS = torch.randint(0, 4, (7, 3, 2), generator=GENERATOR)
NUMBER_BLOCKS = [MSE(), L1(), BCEWithLogits(), MeanAbsoluteError()]


def labels(*shape: int, classes: int | None = 4) -> TensorSpec:
    return batch(*shape, dtype="int64", num_classes=classes)


def test_losses_are_torchs() -> None:
    assert torch.equal(output(CrossEntropy(), LOGITS, LABELS), functional.cross_entropy(LOGITS, LABELS))
    assert torch.equal(output(CrossEntropy(), MAPS, MAP_LABELS), functional.cross_entropy(MAPS, MAP_LABELS))
    smooth = functional.cross_entropy(LOGITS, LABELS, label_smoothing=0.1)
    assert torch.equal(output(CrossEntropy(label_smoothing=0.1), LOGITS, LABELS), smooth)
    assert torch.equal(output(MSE(), LOGITS, VALUES), functional.mse_loss(LOGITS, VALUES))
    assert torch.equal(output(L1(), LOGITS, VALUES), functional.l1_loss(LOGITS, VALUES))
    binary = functional.binary_cross_entropy_with_logits(LOGITS, VALUES)
    assert torch.equal(output(BCEWithLogits(), LOGITS, VALUES), binary)


@pytest.mark.parametrize("block", [CrossEntropy, MSE, L1, BCEWithLogits])
def test_the_weight_is_not_in_the_call(block: type[Block]) -> None:
    target = LABELS if block is CrossEntropy else VALUES
    assert torch.equal(output(block(weight=3.0), LOGITS, target), output(block(), LOGITS, target))
    assert block(weight=3.0).summary() == "weight 3"


def test_accuracy_of_classes_counts_the_highest_scores() -> None:
    right = LOGITS.argmax(1) == LABELS
    assert output(Accuracy(), LOGITS, LABELS).item() == pytest.approx(right.sum().item() / 7)
    assert output(Accuracy(), functional.one_hot(LABELS).float(), LABELS).item() == 1.0


def test_accuracy_of_pixels_counts_every_pixel() -> None:
    right = MAPS.argmax(1) == MAP_LABELS
    assert output(Accuracy(), MAPS, MAP_LABELS).item() == pytest.approx(right.sum().item() / right.numel())


def test_accuracy_of_yes_and_no_counts_the_right_sides() -> None:
    logits = torch.tensor([[2.0], [-1.0], [0.5], [-3.0]])
    target = torch.tensor([[1.0], [0.0], [0.0], [1.0]])
    assert output(Accuracy(), logits, target).item() == 0.5


@pytest.mark.parametrize("block", [Accuracy(), MeanAbsoluteError()])
def test_means_of_batches_weighted_by_their_samples_are_exact(block: Block) -> None:
    target = LABELS if isinstance(block, Accuracy) else VALUES
    parts = [slice(0, 4), slice(4, 7)]
    weighted = sum(output(block, LOGITS[part], target[part]) * len(LOGITS[part]) for part in parts) / len(LOGITS)
    assert torch.isclose(torch.as_tensor(weighted), output(block, LOGITS, target))


@pytest.mark.parametrize("block", [CrossEntropy(), Accuracy()])
def test_scores_have_to_be_one_for_each_class(block: Block) -> None:
    mismatch = refusal(block, batch(12), labels())
    assert (mismatch.code, mismatch.port) == ("label-mismatch", "logits")
    assert "4 classes" in str(mismatch)
    assert "scores for 12" in str(mismatch)
    assert mismatch.suggestions == (Resize(4),)
    block.lower(batch(12), labels(classes=None))


@pytest.mark.parametrize("block", [CrossEntropy(), Accuracy()])
def test_an_image_of_scores_for_one_label_is_refused(block: Block) -> None:
    mismatch = refusal(block, batch(32, 4, 4), labels())
    assert (mismatch.code, mismatch.suggestions) == ("label-mismatch", (Insert("Flatten"),))
    assert "N × 32 × 4 × 4" in str(mismatch)


@pytest.mark.parametrize("block", [CrossEntropy(), Accuracy()])
def test_maps_of_labels_and_scores_have_to_cover_the_same_pixels(block: Block) -> None:
    assert refusal(block, batch(4, 8, 8), labels(4, 4)).code == "label-mismatch"
    assert refusal(block, batch(4), labels(1)).code == "label-mismatch"


def test_cross_entropy_wants_class_labels() -> None:
    mismatch = refusal(CrossEntropy(), batch(4), batch(4))
    assert (mismatch.code, mismatch.port) == ("label-mismatch", "target")
    assert "float32" in str(mismatch)


@pytest.mark.parametrize("block", NUMBER_BLOCKS)
def test_class_labels_do_not_go_into_a_loss_of_numbers(block: Block) -> None:
    mismatch = refusal(block, batch(4), labels())
    assert (mismatch.code, mismatch.port) == ("label-mismatch", "target")
    assert "CrossEntropy" in str(mismatch)


@pytest.mark.parametrize("block", [*NUMBER_BLOCKS, Accuracy()])
def test_prediction_and_target_have_the_same_shape(block: Block) -> None:
    first = block.inputs[0].name
    mismatch = refusal(block, batch(3), batch(1))
    assert (mismatch.port, mismatch.suggestions) == (first, (Resize(1),))
    assert "N × 3" in str(mismatch)
    assert "N × 1" in str(mismatch)
    assert refusal(block, batch(3, 8, 8), batch(1, 8, 8)).suggestions == (Resize(1),)
    assert refusal(block, batch(64), batch(1, 8, 8)).suggestions == (Insert("Reshape", (("shape", (1, 8, 8)),)),)
    assert refusal(block, batch(1), batch()).suggestions == (Insert("Reshape", (("shape", ()),)),)
    assert refusal(block, batch(3, 8, 8), batch(10)).suggestions == (Insert("Flatten"),)
    assert refusal(block, batch(3, 8, 8), batch(3, 4, 4)).suggestions == ()
