"""Metrics over a whole part of the data, measured in batches, against scikit-learn and torchmetrics in one go."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
import torchmetrics
from sklearn import metrics as sk
from torchmetrics.functional import accuracy
from torchmetrics.functional.text import perplexity

from netbuilder.data.dataset import Split
from netbuilder.training.network import Network
from tests.drawing import Drawing, program_of

GENERATOR = torch.Generator().manual_seed(1)
N, C = 101, 4
LABELS = torch.randint(0, C, (N,), generator=GENERATOR)
LOGITS = torch.randn(N, C, generator=GENERATOR) + torch.nn.functional.one_hot(LABELS, C)
ANSWERS = torch.randint(0, 2, (N, 3), generator=GENERATOR).float()
SCORES = torch.randn(N, 3, generator=GENERATOR) + ANSWERS
MAPS = torch.randn(N, C, 3, 2, generator=GENERATOR)
MAP_LABELS = torch.randint(0, C, (N, 3, 2), generator=GENERATOR)
PREDICTED = LABELS.numpy(), LOGITS.argmax(1).numpy()


def network_of(block: str, scores: torch.Tensor, target: torch.Tensor, **params: Any) -> Network:
    """Draw a metric of two fields, beside a loss."""
    fields = {
        "scores": {"shape": list(scores.shape[1:]), "dtype": "float32"},
        "target": {"shape": list(target.shape[1:]), "dtype": str(target.dtype).removeprefix("torch.")},
    }
    drawing = Drawing({"source": "digits", "fields": fields})
    x = drawing.put("Input", "scores", field="scores")
    y = drawing.put("Input", "target", field="target")
    drawing.put("CrossEntropy" if target.dtype == torch.int64 else "MSE", "cost", x, y)
    drawing.put(block, "measured", x, y, **params)
    return Network(program_of(drawing.project), torch.device("cpu"))


def measured(block: str, scores: torch.Tensor, target: torch.Tensor, *, size: int = 7, **params: Any) -> float:
    """Return what is measured in batches of this size; the second time, so that nothing may be left of the first."""
    network = network_of(block, scores, target, **params)
    fields = {"scores": scores, "target": target}
    batches = list(zip(*(fields[field].split(size) for field in network.check_fields), strict=True))
    first, second = network.measure(batches), network.measure(batches)
    assert first == second or math.isnan(first["measured"])
    return second["measured"]


@pytest.mark.parametrize("average", ["macro", "micro", "weighted"])
@pytest.mark.parametrize(
    ("block", "reference"),
    [("Precision", sk.precision_score), ("Recall", sk.recall_score), ("F1Score", sk.f1_score)],
)
def test_decisions_among_classes_are_scikit_learns(block: str, reference: Any, average: str) -> None:
    found = measured(block, LOGITS, LABELS, average=average)
    assert found == pytest.approx(reference(*PREDICTED, average=average), rel=1e-9)
    answers = ANSWERS.numpy(), (SCORES > 0).numpy()
    assert measured(block, SCORES, ANSWERS, average=average) == pytest.approx(reference(*answers, average=average))
    single = measured(block, SCORES[:, :1], ANSWERS[:, :1], average=average)
    assert single == pytest.approx(reference(answers[0][:, 0], answers[1][:, 0]))


def test_a_metric_of_all_is_no_mean_of_batches() -> None:
    whole = measured("F1Score", LOGITS, LABELS, size=N)
    parts = [measured("F1Score", LOGITS[at : at + 7], LABELS[at : at + 7]) for at in range(0, N, 7)]
    assert measured("F1Score", LOGITS, LABELS, size=7) == whole
    assert np.mean(parts) != pytest.approx(whole, abs=0.01)


@pytest.mark.parametrize("average", ["macro", "weighted"])
def test_the_area_under_the_curve_is_scikit_learns(average: str) -> None:
    probabilities = LOGITS.double().softmax(1).numpy()
    wanted = sk.roc_auc_score(LABELS, probabilities, average=average, multi_class="ovr")
    assert measured("AUROC", LOGITS, LABELS, average=average) == pytest.approx(wanted, rel=1e-6)
    wanted = sk.roc_auc_score(ANSWERS, SCORES, average=average)
    assert measured("AUROC", SCORES, ANSWERS, average=average) == pytest.approx(wanted, rel=1e-6)
    wanted = sk.roc_auc_score(ANSWERS[:, 0], SCORES[:, 0])
    assert measured("AUROC", SCORES[:, :1], ANSWERS[:, :1], average=average) == pytest.approx(wanted, rel=1e-6)


def test_scores_that_happen_to_be_between_0_and_1_are_still_scores() -> None:
    scores = SCORES[:, 0].sigmoid()
    wanted = sk.roc_auc_score(ANSWERS[:, 0], scores)
    assert measured("AUROC", scores, ANSWERS[:, 0]) == pytest.approx(wanted, rel=1e-6)
    assert measured("Recall", scores, ANSWERS[:, 0]) == 1.0, "every score is above 0"


@pytest.mark.filterwarnings("ignore:No (positive|negative) samples in targets:UserWarning")
def test_a_class_that_is_not_there_ends_nothing() -> None:
    assert 0.0 <= measured("AUROC", LOGITS, LABELS.clamp(max=2)) <= 1.0
    assert measured("AUROC", SCORES[:, 0], torch.ones(N)) == 0.0


def test_overlap_is_scikit_learns_over_all_pixels() -> None:
    wanted = sk.jaccard_score(MAP_LABELS.flatten(), MAPS.argmax(1).flatten(), average="macro")
    assert measured("MeanIoU", MAPS, MAP_LABELS) == pytest.approx(wanted)
    masks, truth = MAPS[:, :1], (MAP_LABELS[:, None] > 1).float()
    wanted = sk.jaccard_score(truth.flatten(), (masks > 0).flatten())
    assert measured("MeanIoU", masks, truth) == pytest.approx(wanted)


def test_perplexity_is_the_exponential_of_the_cross_entropy() -> None:
    wanted = math.exp(torch.nn.functional.cross_entropy(MAPS.double(), MAP_LABELS).item())
    assert measured("Perplexity", MAPS, MAP_LABELS) == pytest.approx(wanted)
    words, text = MAPS.flatten(2), MAP_LABELS.flatten(1)
    wanted = perplexity(words.movedim(1, -1).double(), text, ignore_index=2).item()
    assert measured("Perplexity", words, text, ignore_index=2) == pytest.approx(wanted)
    assert measured("Perplexity", LOGITS, LABELS) > 1.0


def test_errors_of_numbers_are_scikit_learns() -> None:
    truth, guess = 1e4 + SCORES, 1e4 + SCORES + 0.1 * ANSWERS
    exact = truth.double().numpy(), guess.double().numpy()
    assert measured("RootMeanSquaredError", guess, truth) == pytest.approx(sk.root_mean_squared_error(
        exact[0].ravel(), exact[1].ravel()), rel=1e-9)  # fmt: skip
    assert measured("R2Score", guess, truth) == pytest.approx(sk.r2_score(*exact), rel=1e-6)
    assert measured("R2Score", guess[:, 0], truth[:, 0]) == pytest.approx(
        sk.r2_score(exact[0][:, 0], exact[1][:, 0]), rel=1e-6
    )
    pictures = measured("R2Score", guess.unflatten(1, (1, 3)), truth.unflatten(1, (1, 3)))
    assert pictures == pytest.approx(sk.r2_score(*exact), rel=1e-6)


def test_one_sample_has_no_variation_to_explain() -> None:
    assert math.isnan(measured("R2Score", SCORES[:1], SCORES[1:2]))


@pytest.mark.parametrize("top_k", [1, 2, 4])
def test_the_right_class_may_be_among_the_highest(top_k: int) -> None:
    wanted = accuracy(LOGITS, LABELS, "multiclass", num_classes=C, top_k=top_k, average="micro").item()
    assert measured("Accuracy", LOGITS, LABELS, top_k=top_k) == pytest.approx(wanted)
    wanted = accuracy(MAPS, MAP_LABELS, "multiclass", num_classes=C, top_k=top_k, average="micro").item()
    assert measured("Accuracy", MAPS, MAP_LABELS, top_k=top_k) == pytest.approx(wanted)


def test_means_over_samples_are_torchmetrics_too() -> None:
    wanted = torchmetrics.MeanAbsoluteError()(SCORES, ANSWERS).item()
    assert measured("MeanAbsoluteError", SCORES, ANSWERS) == pytest.approx(wanted)


def test_results_stand_in_the_order_of_the_canvas_and_losses_without_their_weight() -> None:
    drawing = Drawing({"source": "digits", "fields": {"x": {"shape": [3], "dtype": "float32"}}})
    x = drawing.put("Input", "x", field="x")
    scaled = drawing.put("Linear", "scaled", x, out_features=3)
    drawing.put("R2Score", "r2", scaled, x)
    drawing.put("MSE", "squared", scaled, x, weight=3.0)
    drawing.put("MeanAbsoluteError", "mae", scaled, x)
    drawing.put("L1", "distance", scaled, x, weight=0.5)
    drawing.put("RootMeanSquaredError", "rmse", scaled, x)
    network = Network(program_of(drawing.project), torch.device("cpu"))
    values = network.measure(network.check_batches(Split({"x": SCORES}), 10))
    assert list(values) == ["loss", "r2", "squared", "mae", "distance", "rmse"]
    assert values["loss"] == pytest.approx(3.0 * values["squared"] + 0.5 * values["distance"])
    assert values["rmse"] == pytest.approx(math.sqrt(values["squared"]), rel=1e-5)
    assert values["mae"] == pytest.approx(values["distance"])


def test_metrics_are_no_part_of_the_weights() -> None:
    network = network_of("AUROC", LOGITS, LABELS)
    assert network.tensors == {}
    assert "auroc" not in str(network.module).lower()
