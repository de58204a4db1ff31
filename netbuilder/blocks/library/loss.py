"""Losses: what training minimises, drawn like any other block."""

from __future__ import annotations

from netbuilder.blocks.ports import PREDICTION, TRUE_NUMBERS
from netbuilder.blocks.spec import BATCH, Arg, Block, Call, Fraction, LossWeight, Port, TensorSpec, function, param
from netbuilder.blocks.targets import require_equal, require_labels


class _Loss(Block):
    """What all losses share."""

    category = "Loss"
    role = "loss"
    outputs = (Port("y", help="The mean over all elements: one number."),)

    weight: LossWeight = param(
        1.0, help="By how much this loss counts where there are several: training minimises the weighted sum."
    )

    def summary(self) -> str:
        return "" if self.weight == 1.0 else f"weight {self.weight:g}"


class CrossEntropy(_Loss):
    """Punish a classifier for the probability it did not give to the right class.

    loss = −log softmax(logits)[target], averaged over the batch. Logits `N × C` are raw scores of C classes (no Softmax
    before), the target `N` holds integers from 0 to C − 1; per pixel or step `N × C × …` and `N × …`. The loss for one of
    several classes.
    Source: `torch.nn.CrossEntropyLoss`.
    """

    aliases = ("classification", "softmax loss", "log loss", "nll", "criterion")
    inputs = (
        Port("logits", help="Raw scores, one for each class: N × classes.", rank=(2, 8)),
        Port("target", help="Class labels: integers, one for each sample.", dtype=None, truth="labels"),
    )
    example_inputs = (TensorSpec((BATCH, 10)), TensorSpec((BATCH,), "int64", 10))

    label_smoothing: Fraction = param(
        0.0, help="Share of the truth that is spread over all classes, against certainty."
    )

    def lower(self, logits: TensorSpec, target: TensorSpec) -> Call:
        require_labels("CrossEntropy", logits, target)
        return function("torch.nn.functional.cross_entropy", Arg(0), Arg(1), label_smoothing=self.label_smoothing)


class MSE(_Loss):
    """Punish the squared distance between prediction and target.

    loss = mean((prediction − target)²). Both of the same shape. The loss for numbers (regression) and for images that are
    rebuilt (autoencoders); large errors count most, so single outliers pull.
    Source: `torch.nn.MSELoss`.
    """

    aliases = ("mean squared error", "l2", "regression", "reconstruction", "criterion")
    inputs = (PREDICTION, TRUE_NUMBERS)

    def lower(self, prediction: TensorSpec, target: TensorSpec) -> Call:
        require_equal("MSE", "prediction", prediction, target)
        return function("torch.nn.functional.mse_loss", Arg(0), Arg(1))


class L1(_Loss):
    """Punish the distance between prediction and target.

    loss = mean(|prediction − target|). Both of the same shape. Like MSE, but every unit of error counts the same: robust
    against outliers, and images come out sharper.
    Source: `torch.nn.L1Loss`.
    """

    aliases = ("mean absolute error", "mae", "regression", "criterion")
    inputs = (PREDICTION, TRUE_NUMBERS)

    def lower(self, prediction: TensorSpec, target: TensorSpec) -> Call:
        require_equal("L1", "prediction", prediction, target)
        return function("torch.nn.functional.l1_loss", Arg(0), Arg(1))


class BCEWithLogits(_Loss):
    """Punish wrong yes-or-no answers, each by itself.

    loss = −mean(target · log σ(logits) + (1 − target) · log(1 − σ(logits))). Both of the same shape, the target from 0 to 1;
    the logits are raw scores (no Sigmoid before). For two classes with one output, and for several labels that may be true
    at once.
    Source: `torch.nn.BCEWithLogitsLoss`.
    """

    aliases = ("binary cross entropy", "bce", "multi-label", "logistic", "criterion")
    inputs = (
        Port("logits", help="Raw scores; above 0 means yes."),
        Port("target", help="Numbers from 0 (no) to 1 (yes), of the same shape.", dtype=None, truth="numbers"),
    )

    def lower(self, logits: TensorSpec, target: TensorSpec) -> Call:
        require_equal("BCEWithLogits", "logits", logits, target)
        return function("torch.nn.functional.binary_cross_entropy_with_logits", Arg(0), Arg(1))
