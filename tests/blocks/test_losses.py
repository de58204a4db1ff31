"""The losses against torch's own, or against their formula where torch has none."""

from __future__ import annotations

import math

import pytest
import torch
from torch.nn import functional

from netbuilder.blocks.library.loss import (
    BCE,
    CTC,
    NLL,
    BCEWithLogits,
    CrossEntropy,
    Dice,
    Focal,
    Hinge,
    MultiMargin,
)
from netbuilder.blocks.library.loss_of_numbers import (
    L1,
    MSE,
    Contrastive,
    Cosine,
    GaussianKL,
    Huber,
    KLDiv,
    PoissonNLL,
    SmoothL1,
    TripletMargin,
)
from netbuilder.blocks.registry import by_category
from netbuilder.blocks.spec import Block, Insert, SetOwn, TensorSpec
from netbuilder.compiler.calls import run
from tests.blocks.calling import batch, output, refusal

GENERATOR = torch.Generator().manual_seed(1)
LOGITS = torch.randn(7, 4, generator=GENERATOR)
OTHER = torch.randn(7, 4, generator=GENERATOR)
THIRD = torch.randn(7, 4, generator=GENERATOR)
LABELS = torch.randint(0, 4, (7,), generator=GENERATOR)
ANSWERS = torch.randint(0, 2, (7, 4), generator=GENERATOR).float()
MAPS = torch.randn(7, 4, 3, 2, generator=GENERATOR)
MAP_LABELS = torch.randint(0, 4, (7, 3, 2), generator=GENERATOR)
ALIKE = torch.tensor([1, 0, 0, 1, 1, 0, 1])
LOG_PROBABILITIES = LOGITS.log_softmax(1)


def close(found: torch.Tensor, wanted: torch.Tensor) -> bool:
    return found.shape == () and torch.allclose(found, wanted, rtol=1e-6, atol=1e-6)


def test_classes_can_count_unequally_or_not_at_all() -> None:
    weights = torch.tensor([1.0, 2.5, 0.0, 3.0])
    found = output(CrossEntropy(class_weights="1, 2.5, 0 3", label_smoothing=0.1), LOGITS, LABELS)
    assert torch.equal(found, functional.cross_entropy(LOGITS, LABELS, weights, label_smoothing=0.1))
    ignoring = output(CrossEntropy(ignore_index=2), MAPS, MAP_LABELS)
    assert torch.equal(ignoring, functional.cross_entropy(MAPS, MAP_LABELS, ignore_index=2))


@pytest.mark.parametrize("text", ["1, 2", "1, 2, 3, x", "1, 2, 3, -1", "1 2 3 inf", "1 2 3 nan"])
def test_there_is_one_weight_for_each_class(text: str) -> None:
    mismatch = refusal(CrossEntropy(class_weights=text), batch(4), batch(dtype="int64", num_classes=4))
    assert (mismatch.code, mismatch.parameter) == ("bad-parameter", "class_weights")
    assert "4 numbers" in str(mismatch)


def test_losses_of_classes_are_torchs() -> None:
    found = output(NLL(ignore_index=1), LOG_PROBABILITIES, LABELS)
    assert torch.equal(found, functional.nll_loss(LOG_PROBABILITIES, LABELS, ignore_index=1))
    found = output(MultiMargin(margin=0.5, p=2), LOGITS, LABELS)
    assert torch.equal(found, functional.multi_margin_loss(LOGITS, LABELS, margin=0.5, p=2))


def test_losses_of_yes_and_no_are_torchs() -> None:
    p = LOGITS.sigmoid()
    assert close(output(BCE(), p, ANSWERS), functional.binary_cross_entropy(p, ANSWERS))
    weighted = functional.binary_cross_entropy_with_logits(LOGITS, ANSWERS, pos_weight=torch.tensor(3.0))
    assert close(output(BCEWithLogits(pos_weight=3.0), LOGITS, ANSWERS), weighted)
    signs = 2 * ANSWERS - 1
    assert close(output(Hinge(), LOGITS, ANSWERS), (1 - signs * LOGITS).clamp(min=0).mean())


def test_gradients_of_probabilities_are_torchs_and_finite_at_the_ends() -> None:
    p = LOGITS.sigmoid().requires_grad_()
    (mine,) = torch.autograd.grad(output(BCE(), p, ANSWERS), p)
    (theirs,) = torch.autograd.grad(functional.binary_cross_entropy(p, ANSWERS), p)
    assert torch.allclose(mine, theirs)
    ends = torch.tensor([[0.0], [1.0], [0.0], [1.0]], requires_grad=True)
    loss = output(BCE(), ends, torch.tensor([[0.0], [1.0], [1.0], [0.0]]))
    loss.backward()
    assert ends.grad is not None
    assert torch.isfinite(ends.grad).all()
    assert loss.item() == pytest.approx(-math.log(1e-38) / 2, rel=1e-3)


def test_what_is_not_a_number_is_not_hidden() -> None:
    assert output(BCE(), torch.tensor([[math.nan]]), torch.tensor([[1.0]])).isnan()


def test_losses_of_numbers_are_torchs() -> None:
    assert torch.equal(output(SmoothL1(beta=0.5), LOGITS, OTHER), functional.smooth_l1_loss(LOGITS, OTHER, beta=0.5))
    assert torch.equal(output(Huber(delta=0.5), LOGITS, OTHER), functional.huber_loss(LOGITS, OTHER, delta=0.5))
    counts = torch.arange(28.0).reshape(7, 4)
    assert torch.equal(output(PoissonNLL(), LOGITS, counts), functional.poisson_nll_loss(LOGITS, counts))
    rates = functional.poisson_nll_loss(LOGITS.exp(), counts, log_input=False, full=True)
    assert torch.equal(output(PoissonNLL(log_input=False, full=True), LOGITS.exp(), counts), rates)
    assert output(PoissonNLL(log_input=False), LOGITS, counts).isfinite()


def test_losses_of_distributions() -> None:
    target = OTHER.softmax(1)
    divergence = functional.kl_div(LOG_PROBABILITIES, target, reduction="batchmean")
    assert torch.equal(output(KLDiv(), LOG_PROBABILITIES, target), divergence)
    normal = torch.distributions.Normal(torch.zeros(7, 4), torch.ones(7, 4))
    code = torch.distributions.Normal(LOGITS, (0.5 * OTHER).exp())
    wanted = torch.distributions.kl_divergence(code, normal).sum(1).mean()
    assert close(output(GaussianKL(), LOGITS, OTHER), wanted)


def test_losses_of_embeddings() -> None:
    signs = 2 * ALIKE - 1
    wanted = functional.cosine_embedding_loss(LOGITS, OTHER, signs, margin=0.2)
    assert close(output(Cosine(margin=0.2), LOGITS, OTHER, ALIKE), wanted)
    alike = functional.cosine_embedding_loss(LOGITS, OTHER, torch.ones(7))
    assert close(output(Cosine(), LOGITS, OTHER), alike)
    wanted = functional.triplet_margin_loss(LOGITS, OTHER, THIRD, margin=0.3, p=1.5, swap=True)
    assert torch.equal(output(TripletMargin(margin=0.3, p=1.5, swap=True), LOGITS, OTHER, THIRD), wanted)


def test_pairs_of_a_kind_are_near_and_others_a_margin_apart() -> None:
    a, b = torch.tensor([[0.0, 0.0]] * 3), torch.tensor([[3.0, 4.0], [3.0, 4.0], [0.3, 0.4]])
    found = output(Contrastive(), a, b, torch.tensor([1, 0, 0]))
    assert found.item() == pytest.approx(0.5 * (25 + 0 + 0.25) / 3, rel=1e-4)
    assert output(Contrastive(margin=6.0), a[1:2], b[1:2], torch.tensor([0.0])).item() == pytest.approx(0.5, rel=1e-4)


def test_focal_loss_fades_what_is_right_out() -> None:
    assert close(output(Focal(gamma=0.0), LOGITS, LABELS), functional.cross_entropy(LOGITS, LABELS))
    p = LOGITS.softmax(1)[torch.arange(7), LABELS]
    assert close(output(Focal(), LOGITS, LABELS), (-((1 - p) ** 2) * p.log()).mean())
    binary = functional.binary_cross_entropy_with_logits(LOGITS, ANSWERS, reduction="none")
    assert close(output(Focal(gamma=0.0), LOGITS, ANSWERS), binary.mean())
    right = torch.where(ANSWERS > 0, LOGITS.sigmoid(), 1 - LOGITS.sigmoid())
    share = torch.where(ANSWERS > 0, 0.25, 0.75)
    assert close(output(Focal(alpha=0.25), LOGITS, ANSWERS), (share * (1 - right) ** 2 * binary).mean())
    mismatch = refusal(Focal(alpha=0.25), batch(4), batch(dtype="int64"))
    assert mismatch.suggestions == (SetOwn("alpha", 0.0),)


@pytest.mark.parametrize("truth", [LABELS, functional.one_hot(LABELS, 4).float()], ids=["classes", "yes and no"])
@pytest.mark.parametrize("gamma", [0.0, 0.5, 1.0, 2.0])
def test_focal_loss_has_gradients_where_all_is_certain(gamma: float, truth: torch.Tensor) -> None:
    logits = (80.0 * functional.one_hot(LABELS, 4) - 40.0).requires_grad_()
    output(Focal(gamma=gamma), logits, truth).backward()
    assert logits.grad is not None
    assert logits.grad.isfinite().all()


def test_dice_is_one_minus_the_overlap() -> None:
    perfect = 40.0 * functional.one_hot(MAP_LABELS, 4).movedim(-1, 1) - 20.0
    assert output(Dice(), perfect, MAP_LABELS).item() == pytest.approx(0.0, abs=1e-5)
    p, t = MAPS.softmax(1), functional.one_hot(MAP_LABELS, 4).movedim(-1, 1)
    overlap = (2 * (p * t).sum((2, 3)) + 1) / (p.sum((2, 3)) + t.sum((2, 3)) + 1)
    assert close(output(Dice(), MAPS, MAP_LABELS), 1 - overlap.mean())
    yes = (MAPS[:, :1] > 0).float()
    p = OTHER.sigmoid()[:, :1, None, None].expand_as(yes)
    overlap = (2 * (p * yes).sum((2, 3)) + 1) / (p.sum((2, 3)) + yes.sum((2, 3)) + 1)
    assert close(output(Dice(), OTHER[:, :1, None, None].expand_as(yes), yes), 1 - overlap.mean())
    assert output(Dice(), LOGITS, LABELS).shape == output(Dice(), LOGITS, ANSWERS).shape == ()


def test_a_text_is_read_without_its_places() -> None:
    logits = torch.randn(3, 9, 5, generator=GENERATOR)
    target = torch.tensor([[1, 2, 2], [4, 0, 0], [3, 1, 0]])
    lengths = torch.tensor([3, 1, 2])
    steps = logits.log_softmax(-1).transpose(0, 1)
    wanted = functional.ctc_loss(steps, target, torch.full((3,), 9), lengths)
    assert torch.equal(output(CTC(), logits, target), wanted)
    short = output(CTC(zero_infinity=True), logits[:, :2], target)
    assert short.isfinite()
    assert not output(CTC(), logits[:, :2], target).isfinite()
    assert refusal(CTC(blank=5), batch(9, 5), batch(3, dtype="int64")).parameter == "blank"
    assert refusal(CTC(), batch(9, 5), batch(3, dtype="int64", num_classes=7)).port == "logits"


@pytest.mark.parametrize("block", [Cosine(), Contrastive()])
def test_pairs_have_one_answer_each(block: Block) -> None:
    assert refusal(block, batch(4), batch(5), batch(dtype="int64")).port == "b"
    assert refusal(block, batch(4), batch(4), batch(1)).suggestions == (Insert("Reshape", (("shape", ()),)),)
    assert refusal(block, batch(4), batch(4), batch(4)).suggestions == ()


def test_every_loss_has_a_weight_that_is_not_in_its_call() -> None:
    for block in by_category()["Loss"]:
        assert block.model_validate({"weight": 2.0}).summary() == "weight 2"


@pytest.mark.parametrize("kind", [MSE, L1, SmoothL1, Huber, BCE, BCEWithLogits, Hinge])
def test_a_target_may_be_one_for_all_samples(kind: type[Block]) -> None:
    said, truth = torch.sigmoid(LOGITS), ANSWERS[:1]
    found = run(kind().lower(batch(4), TensorSpec((1, 4))), None, (said, truth))["y"]
    assert torch.equal(found, output(kind(), said, truth.expand(7, 4)))
    assert "both have to have the same shape" in str(refusal(kind(), batch(4), batch(1)))
    assert "both have to have the same shape" in str(refusal(kind(), batch(4), TensorSpec((1, 3))))
