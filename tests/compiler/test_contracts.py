"""Losses and metrics say when what the network says is not on their scale, and how that is mended."""

from __future__ import annotations

import pytest

from netbuilder.compiler.lower import lower
from netbuilder.diagnostics import Diagnostic
from netbuilder.graph.files import dumps
from netbuilder.graph.model import NodeId
from netbuilder.graph.project import Project
from tests.drawing import Drawing

DATA = {
    "source": "digits",
    "fields": {
        "x": {"shape": [4], "dtype": "float32"},
        "label": {"shape": [], "dtype": "int64", "classes": ["a", "b", "c", "d"]},
        "truth": {"shape": [4], "dtype": "float32"},
    },
}


def drawn(squash: str | None, judge: str, field: str, *between: str) -> tuple[Drawing, NodeId | None, NodeId]:
    """Draw a layer, what squashes its numbers, and what judges them."""
    drawing = Drawing(DATA)
    scores = drawing.put("Linear", "scores", drawing.put("Input", "x", field="x"), out_features=4)
    target = drawing.put("Input", "y", field=field)
    squashed = drawing.put(squash, "squashed", scores) if squash else None
    said = squashed or scores
    for number, block in enumerate(between):
        said = drawing.put(block, f"between{number}", said)
    judged = drawing.put(judge, "judge", said, target)
    drawing.put("MSE", "another", scores, drawing.put("Input", "z", field="truth"))
    drawing.put("Output", "output", scores)
    return drawing, squashed, judged


def doubts(project: Project) -> list[Diagnostic]:
    lowering = lower(project)
    assert lowering.program is not None, lowering.diagnostics
    return list(lowering.diagnostics)


@pytest.mark.parametrize(
    ("squash", "judge", "field"),
    [
        ("Softmax", "CrossEntropy", "label"),
        ("Softmax", "Focal", "label"),
        ("Sigmoid", "BCEWithLogits", "truth"),
        ("Hardsigmoid", "Dice", "truth"),
        ("Softmax", "AUROC", "label"),
        ("Softmax", "Perplexity", "label"),
        ("Sigmoid", "Accuracy", "truth"),
        ("Sigmoid", "F1Score", "truth"),
    ],
)
def test_probabilities_where_scores_belong_are_told_and_taken_away(squash: str, judge: str, field: str) -> None:
    drawing, squashed, judged = drawn(squash, judge, field)
    project = drawing.project
    (doubt,) = doubts(project)
    assert (doubt.severity, doubt.code, doubt.node) == ("warning", "logits-expected", judged)
    assert doubt.port == "logits"
    (fix,) = doubt.fixes
    assert fix.title == "Remove squashed"
    before = dumps(project)
    undo = fix.edit.apply(project)
    assert doubts(project) == []
    assert squashed not in project.graph
    undo.apply(project)
    assert dumps(project) == before


def test_a_softmax_that_is_exported_too_is_only_gone_round() -> None:
    drawing, squashed, _ = drawn("Softmax", "CrossEntropy", "label")
    assert squashed
    drawing.put("Output", "probabilities", squashed)
    (fix,) = doubts(drawing.project)[0].fixes
    assert fix.title == "Take what goes into squashed"
    fix.edit.apply(drawing.project)
    assert doubts(drawing.project) == []
    assert squashed in drawing.project.graph


def test_a_change_of_shape_does_not_hide_a_softmax() -> None:
    drawing, _, judged = drawn("Softmax", "CrossEntropy", "label", "Identity", "Flatten")
    (doubt,) = doubts(drawing.project)
    assert (doubt.code, doubt.node, doubt.fixes) == ("logits-expected", judged, ())


def test_the_highest_probability_is_the_highest_score() -> None:
    for judge in ("Accuracy", "F1Score", "MeanIoU"):
        drawing, _, _ = drawn("Softmax", judge, "label")
        assert doubts(drawing.project) == []


@pytest.mark.parametrize(
    ("judge", "field", "insert", "right"),
    [("BCE", "truth", "Sigmoid", "Sigmoid"), ("NLL", "label", "LogSoftmax", "LogSoftmax")],
)
def test_scores_where_probabilities_belong_are_told_and_squashed(
    judge: str, field: str, insert: str, right: str
) -> None:
    drawing, _, judged = drawn(None, judge, field)
    (doubt,) = doubts(drawing.project)
    assert (doubt.severity, doubt.code, doubt.node) == ("warning", "probabilities-expected", judged)
    (fix,) = doubt.fixes
    assert fix.title == f"Insert {insert}"
    fix.edit.apply(drawing.project)
    assert doubts(drawing.project) == []
    assert doubts(drawn(right, judge, field)[0].project) == []


def test_labels_stay_labels_when_they_are_arranged_anew() -> None:
    drawing = Drawing(DATA)
    scores = drawing.put("Linear", "scores", drawing.put("Input", "x", field="x"), out_features=7)
    label = drawing.put("Input", "label", field="label")
    same = drawing.put("Reshape", "same", drawing.put("Unsqueeze", "one", label), shape=[])
    drawing.put("CrossEntropy", "loss", scores, same)
    (error,) = lower(drawing.project).errors()
    assert error.code == "label-mismatch"
    assert error.fixes[0].title == "Set scores.out_features to 4"


def test_a_tensor_from_nowhere_that_is_too_large_is_told() -> None:
    drawing = Drawing()
    drawing.put("Output", "output", drawing.put("Parameter", "huge", shape=[2**31 - 1] * 7))
    (error,) = lower(drawing.project).errors()
    assert "larger than the memory of any computer" in error.message
