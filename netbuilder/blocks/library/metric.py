"""Metrics: what people read off, and training does not touch. Each is a mean over the batch, so that means of batches,
weighted by their samples, are exact.
"""

from __future__ import annotations

from netbuilder.blocks.ports import PREDICTION, TRUE_NUMBERS
from netbuilder.blocks.spec import BATCH, Arg, Block, Call, Port, TensorSpec, function, module
from netbuilder.blocks.targets import require_equal, require_labels


class Accuracy(Block):
    """Measure how often the prediction is right.

    The share of samples whose highest score is at the target's class: logits `N × C` (or `N × C × …`), target `N` (or
    `N × …`) of integers. With a target of numbers, both of the same shape, the share of answers on the right side: logits
    above 0 where the target is above 0.5. From 0 to 1.
    """

    category = "Metric"
    aliases = ("correct", "hit rate", "classification")
    role = "metric"
    inputs = (
        Port("logits", help="Scores, one for each class: N × classes.", rank=(1, 8)),
        Port("target", help="Class labels, or yes (1) and no (0) as numbers.", dtype=None, truth="labels"),
    )
    outputs = (Port("y", help="Share of right answers: one number from 0 to 1."),)
    example_inputs = (TensorSpec((BATCH, 10)), TensorSpec((BATCH,), "int64", 10))

    def lower(self, logits: TensorSpec, target: TensorSpec) -> Call:
        if target.dtype == "float32":
            require_equal("Accuracy", "logits", logits, target)
        else:
            require_labels("Accuracy", logits, target)
        return module("netbuilder.nn.Accuracy", Arg(0), Arg(1))


class MeanAbsoluteError(Block):
    """Measure how far the prediction is from the target, on average.

    mean(|prediction − target|), in the units of the target. Both of the same shape. The figure to read for regression.
    Source: `torch.nn.functional.l1_loss`.
    """

    category = "Metric"
    aliases = ("mae", "l1", "regression", "error")
    role = "metric"
    inputs = (PREDICTION, TRUE_NUMBERS)
    outputs = (Port("y", help="Mean distance: one number."),)

    def lower(self, prediction: TensorSpec, target: TensorSpec) -> Call:
        require_equal("MeanAbsoluteError", "prediction", prediction, target)
        return function("torch.nn.functional.l1_loss", Arg(0), Arg(1))
