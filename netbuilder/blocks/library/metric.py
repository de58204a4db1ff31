"""Metrics: what people read off, and training does not touch.

Accuracy and MeanAbsoluteError are means over the samples, computed on the device. All others are no means of what
batches give: torchmetrics takes all batches in before it gives a number, so that it is the metric of the whole part of
the data.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from netbuilder.blocks.ports import PREDICTION, TRUE_NUMBERS
from netbuilder.blocks.spec import (
    BATCH,
    Arg,
    Call,
    Mismatch,
    Port,
    SetOwn,
    TensorSpec,
    Value,
    function,
    metric,
    module,
    param,
)
from netbuilder.blocks.targets import LABELS, LABELS_OR_YES, ClassIndex, Metric, require_equal, require_labels

_LOGITS = Port("logits", help="Scores, one for each class: N × classes.", rank=(1, 8))
_LABELLED = (TensorSpec((BATCH, 10)), TensorSpec((BATCH,), "int64", 10))


class _Thresholded(Metric):
    """What metrics share that look at the highest score, or at whether a score is above 0."""

    takes = "logits"

    def doubts(self, *inputs: TensorSpec | None) -> Sequence[Mismatch]:
        target = inputs[1]
        highest = target is not None and target.dtype == "int64"  # it is the same class on any scale
        return () if highest else super().doubts(*inputs)


class Accuracy(_Thresholded):
    """Measure how often the prediction is right.

    The share of samples whose highest score is at the target's class, or among the highest top_k: logits `N × C` (or
    `N × C × …`), target `N` (or `N × …`) of integers. With a target of numbers, both of the same shape, the share of
    answers on the right side: logits above 0 where the target is above 0.5. From 0 to 1. Misleading where one class is
    frequent: see F1Score.
    Source: `torchmetrics.Accuracy`, with average micro.
    """

    aliases = ("correct", "hit rate", "classification", "top-k", "top-5")
    inputs = (_LOGITS, LABELS_OR_YES)
    outputs = (Port("y", help="Share of right answers: one number from 0 to 1."),)
    example_inputs = _LABELLED

    top_k: Annotated[int, Field(ge=1, le=1000)] = param(
        1, help="How many of the highest scores may hold the right class."
    )

    def lower(self, logits: TensorSpec, target: TensorSpec) -> Call:
        if target.dtype == "float32":
            require_equal("Accuracy", "logits", logits, target)
            classes = 1
        else:
            require_labels("Accuracy", logits, target)
            classes = logits.size(1)
        if self.top_k > classes:
            raise Mismatch(
                f"There are no {self.top_k} classes to choose from, but {classes}.",
                parameter="top_k",
                code="bad-parameter",
                suggestions=(SetOwn("top_k", classes),),
            )
        return module("netbuilder.nn.Accuracy", Arg(0), Arg(1), top_k=self.top_k)

    def summary(self) -> str:
        return "" if self.top_k == 1 else f"top {self.top_k}"


class _Decisions(_Thresholded):
    """What the metrics of a classifier's decisions share: one class for each sample, or yes or no for each label."""

    inputs = (_LOGITS, LABELS_OR_YES)
    outputs = ()
    example_inputs = _LABELLED
    name: ClassVar[str]

    def _call(self, logits: TensorSpec, target: TensorSpec, **settings: Value) -> Call:
        block = type(self).__name__
        if target.dtype == "int64":
            require_labels(block, logits, target)
            decisions, classes = function("torch.argmax", Arg(0), dim=1), logits.size(1)
            return _classified(f"Multiclass{self.name}", decisions, Arg(1), num_classes=classes, **settings)
        require_equal(block, "logits", logits, target)
        yes, true = _whether(Arg(0), 0.0), _whether(Arg(1), 0.5)
        labels = logits.size(1) if logits.rank > 1 else 1
        if labels == 1:
            return _classified(f"Binary{self.name}", yes, true)
        return _classified(f"Multilabel{self.name}", yes, true, num_labels=labels, **settings)


class _Averaged(_Decisions):
    """What precision, recall and F1 share."""

    average: Literal["macro", "micro", "weighted"] = param(
        "macro", help="Classes count the same (macro), by their samples (weighted), or all samples in one (micro)."
    )

    def lower(self, logits: TensorSpec, target: TensorSpec) -> Call:
        return self._call(logits, target, average=self.average)

    def summary(self) -> str:
        return "" if self.average == "macro" else self.average


class Precision(_Averaged):
    """Measure how many of the alarms are true.

    TP / (TP + FP): of the samples that are said to be of a class, the share that are; averaged over the classes. Logits
    `N × C` and integers `N`; or yes (above 0) and no against numbers of the same shape. From 0 to 1, over the whole
    part of the data.
    Source: `torchmetrics.Precision`.
    """

    aliases = ("positive predictive value", "false alarms", "classification")
    name = "Precision"


class Recall(_Averaged):
    """Measure how many of those that are there are found.

    TP / (TP + FN): of the samples of a class, the share that are said to be; averaged over the classes. Logits `N × C`
    and integers `N`; or yes (above 0) and no against numbers of the same shape. From 0 to 1, over the whole part of the
    data.
    Source: `torchmetrics.Recall`.
    """

    aliases = ("sensitivity", "hit rate", "true positive rate", "classification")
    name = "Recall"


class F1Score(_Averaged):
    """Measure precision and recall in one.

    2 · precision · recall / (precision + recall), averaged over the classes. Logits `N × C` and integers `N`; or yes
    (above 0) and no against numbers of the same shape. From 0 to 1, over the whole part of the data. The figure to read
    where classes are rare.
    Source: `torchmetrics.F1Score`.
    """

    aliases = ("f-score", "f measure", "imbalance", "classification")
    name = "F1Score"


class MeanIoU(_Decisions):
    """Measure how well areas overlap.

    TP / (TP + FP + FN), intersection over union, of each class over all pixels of the whole part of the data, averaged
    over the classes. Logits `N × C × H × W` and integers `N × H × W`; or yes (above 0) and no of the same shape, then
    of yes alone. From 0 to 1: the figure to read for segmentation.
    Source: `torchmetrics.JaccardIndex`.
    """

    aliases = ("jaccard index", "intersection over union", "segmentation", "miou")
    example_inputs = (TensorSpec((BATCH, 4, 6, 5)), TensorSpec((BATCH, 6, 5), "int64", 4))
    name = "JaccardIndex"

    def lower(self, logits: TensorSpec, target: TensorSpec) -> Call:
        return self._call(logits, target)


class AUROC(Metric):
    """Measure how well scores sort the samples, whatever threshold is chosen.

    The area under the receiver operating characteristic: the probability that one of a class has a higher score than
    one that is not; averaged over the classes. 0.5 is guessing, 1 is perfect. Logits `N × C` and integers `N`; or
    scores of yes against numbers of the same shape. The scores of the whole part of the data are kept until its end; a
    class that is absent from it counts as 0.
    Source: `torchmetrics.AUROC`; Fawcett, An Introduction to ROC Analysis, 2006.
    """

    aliases = ("roc auc", "area under curve", "ranking", "classification")
    takes = "logits"
    inputs = (_LOGITS, LABELS_OR_YES)
    outputs = ()
    example_inputs = _LABELLED

    average: Literal["macro", "weighted"] = param("macro", help="Classes count the same, or by their samples.")

    def lower(self, logits: TensorSpec, target: TensorSpec) -> Call:
        if target.dtype == "int64":
            require_labels("AUROC", logits, target)
            probabilities, classes = function("torch.softmax", Arg(0), dim=1), logits.size(1)
            return _classified("MulticlassAUROC", probabilities, Arg(1), num_classes=classes, average=self.average)
        require_equal("AUROC", "logits", logits, target)
        probabilities, true = function("torch.sigmoid", Arg(0)), _whether(Arg(1), 0.5)
        labels = logits.size(1) if logits.rank > 1 else 1
        if labels == 1:
            return _classified("BinaryAUROC", probabilities, true)
        return _classified("MultilabelAUROC", probabilities, true, num_labels=labels, average=self.average)

    def summary(self) -> str:
        return "" if self.average == "macro" else self.average


class Perplexity(Metric):
    """Measure how many words a language model still hesitates between.

    exp of the mean of −log softmax(logits)[target] over all words of the whole part of the data. Logits `N × C × T` of
    C words and integers `N × T`; or `N × C` and `N`. 1 is perfect, C is guessing.
    Source: `torchmetrics.text.Perplexity`.
    """

    aliases = ("language model", "gpt", "text", "branching factor")
    takes = "logits"
    inputs = (Port("logits", help="Scores, one for each word: N × words × time.", rank=(2, 8)), LABELS)
    outputs = ()
    example_inputs = (TensorSpec((BATCH, 10, 6)), TensorSpec((BATCH, 6), "int64", 10))

    ignore_index: ClassIndex = param(-100, help="Label that does not count, as that of padding.")

    def lower(self, logits: TensorSpec, target: TensorSpec) -> Call:
        require_labels("Perplexity", logits, target)
        words = function("torch.movedim", Arg(0), 1, -1)
        rows = function("torch.reshape", words, (1, -1, logits.size(1)))
        return metric(
            "text.Perplexity", rows, function("torch.reshape", Arg(1), (1, -1)), ignore_index=self.ignore_index
        )


class MeanAbsoluteError(Metric):
    """Measure how far the prediction is from the target, on average.

    mean(|prediction − target|), in the units of the target. Both of the same shape. The figure to read for regression.
    Source: `torch.nn.functional.l1_loss`.
    """

    aliases = ("mae", "l1", "regression", "error")
    inputs = (PREDICTION, TRUE_NUMBERS)
    outputs = (Port("y", help="Mean distance: one number."),)

    def lower(self, prediction: TensorSpec, target: TensorSpec) -> Call:
        require_equal("MeanAbsoluteError", "prediction", prediction, target)
        return function("torch.nn.functional.l1_loss", Arg(0), Arg(1))


class RootMeanSquaredError(Metric):
    """Measure how far the prediction is from the target, where large errors count more.

    √mean((prediction − target)²) over the whole part of the data, in the units of the target. Both of the same shape.
    Source: `torchmetrics.MeanSquaredError`, with squared off.
    """

    aliases = ("rmse", "l2", "regression", "error", "standard deviation")
    inputs = (PREDICTION, TRUE_NUMBERS)
    outputs = ()

    def lower(self, prediction: TensorSpec, target: TensorSpec) -> Call:
        require_equal("RootMeanSquaredError", "prediction", prediction, target)
        return metric("regression.MeanSquaredError", Arg(0), Arg(1), squared=False)


class R2Score(Metric):
    """Measure how much of the target's variation is explained.

    1 − Σ (target − prediction)² / Σ (target − mean)², for each output over the whole part of the data, averaged over
    the outputs. Both `N` or `N × …`. 1 is perfect, 0 is as good as always saying the mean, below it worse.
    Source: `torchmetrics.R2Score`.
    """

    aliases = ("coefficient of determination", "explained variance", "regression", "r squared")
    inputs = (PREDICTION, TRUE_NUMBERS)
    outputs = ()

    def lower(self, prediction: TensorSpec, target: TensorSpec) -> Call:
        require_equal("R2Score", "prediction", prediction, target)
        both: list[Value] = [Arg(0), Arg(1)]
        if prediction.rank > 2:
            both = [function("torch.flatten", value, start_dim=1) for value in both]
        return metric("regression.R2Score", *both)


def _classified(name: str, *args: Value, **settings: Value) -> Call:
    """Call a metric of classification, without its own look at every value, for which it would wait for the device."""
    return metric(f"classification.{name}", *args, validate_args=False, **settings)


def _whether(scores: Value, threshold: float) -> Call:
    """Return 1 where a score is above the threshold, else 0."""
    return function("torch.Tensor.long", function("torch.gt", scores, threshold))
