"""Losses of classifiers: what training minimises, drawn like any other block."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from netbuilder.blocks.spec import (
    BATCH,
    LARGEST,
    Arg,
    Call,
    Fraction,
    Mismatch,
    Port,
    Resize,
    SetOwn,
    TensorSpec,
    function,
    module,
    param,
)
from netbuilder.blocks.targets import (
    LABELS,
    LABELS_OR_YES,
    ClassIndex,
    Loss,
    Margin,
    class_weights,
    numbers_like,
    require_equal,
    require_labels,
)

_LOGITS = Port("logits", help="Raw scores, one for each class: N × classes.", rank=(2, 8))
_LABELLED = (TensorSpec((BATCH, 10)), TensorSpec((BATCH,), "int64", 10))
_YES_OR_NO = Port("target", help="Numbers from 0 (no) to 1 (yes), of the same shape.", dtype=None, truth="numbers")
_SCORED_YES_OR_NO = (Port("logits", help="Raw scores; above 0 means yes."), _YES_OR_NO)
_IGNORE_HELP = "Label that does not count, as that of padding."


class CrossEntropy(Loss):
    """Punish a classifier for the probability it did not give to the right class.

    loss = −log softmax(logits)[target], averaged over the batch. Logits `N × C` are raw scores of C classes (no Softmax
    before), the target `N` holds integers from 0 to C − 1; per pixel or step `N × C × …` and `N × …`. With class
    weights it is the weighted average, so that rare classes count as much as frequent ones. The loss for one of several
    classes.
    Source: `torch.nn.CrossEntropyLoss`.
    """

    aliases = ("classification", "softmax loss", "log loss", "nll", "criterion")
    takes = "logits"
    inputs = (_LOGITS, LABELS)
    example_inputs = _LABELLED

    label_smoothing: Fraction = param(
        0.0, help="Share of the truth that is spread over all classes, against certainty."
    )
    class_weights: str = param("", help="How much each class counts, such as “1, 2.5, 1”; empty for all the same.")
    ignore_index: ClassIndex = param(-100, help=_IGNORE_HELP)

    def lower(self, logits: TensorSpec, target: TensorSpec) -> Call:
        require_labels("CrossEntropy", logits, target)
        weights = class_weights(self.class_weights, logits.size(1))
        if not weights:
            return function(
                "torch.nn.functional.cross_entropy",
                Arg(0),
                Arg(1),
                ignore_index=self.ignore_index,
                label_smoothing=self.label_smoothing,
            )
        return module(
            "netbuilder.nn.WeightedCrossEntropy",
            Arg(0),
            Arg(1),
            weight=weights,
            ignore_index=self.ignore_index,
            label_smoothing=self.label_smoothing,
        )


class NLL(Loss):
    """Punish a classifier that says logarithms of probabilities.

    loss = −log_probabilities[target], averaged over the batch: CrossEntropy without its softmax. log_probabilities
    `N × C` or `N × C × …` come from LogSoftmax along dimension 1, the target `N` (or `N × …`) holds integers. For
    networks whose output is LogSoftmax anyhow.
    Source: `torch.nn.NLLLoss`.
    """

    aliases = ("negative log likelihood", "classification", "criterion")
    takes = "log-probabilities"
    inputs = (Port("log_probabilities", help="Logarithms of probabilities: N × classes.", rank=(2, 8)), LABELS)
    example_inputs = _LABELLED

    ignore_index: ClassIndex = param(-100, help=_IGNORE_HELP)

    def lower(self, log_probabilities: TensorSpec, target: TensorSpec) -> Call:
        require_labels("NLL", log_probabilities, target, "log_probabilities")
        return function("torch.nn.functional.nll_loss", Arg(0), Arg(1), ignore_index=self.ignore_index)


class BCE(Loss):
    """Punish wrong yes-or-no answers that are given as probabilities.

    loss = −mean(target · log p + (1 − target) · log(1 − p)). Both of the same shape, from 0 to 1: p comes from a
    Sigmoid. Better is BCEWithLogits, without the Sigmoid, whose numbers stay exact; BCE is for networks that need the
    probabilities, such as autoencoders of images.
    Source: `torch.nn.BCELoss`.
    """

    aliases = ("binary cross entropy", "probability", "reconstruction", "criterion")
    takes = "probabilities"
    inputs = (
        Port("probabilities", help="Numbers from 0 to 1, as from a Sigmoid."),
        _YES_OR_NO,
    )

    def lower(self, probabilities: TensorSpec, target: TensorSpec) -> Call:
        truth = numbers_like("BCE", "probabilities", probabilities, target)
        return function("netbuilder.nn.binary_cross_entropy", Arg(0), truth)


class BCEWithLogits(Loss):
    """Punish wrong yes-or-no answers, each by itself.

    loss = −mean(pos_weight · target · log σ(logits) + (1 − target) · log(1 − σ(logits))). Both of the same shape, the
    target from 0 to 1; the logits are raw scores (no Sigmoid before). For two classes with one output, and for several
    labels that may be true at once.
    Source: `torch.nn.BCEWithLogitsLoss`.
    """

    aliases = ("binary cross entropy", "bce", "multi-label", "logistic", "criterion")
    takes = "logits"
    inputs = _SCORED_YES_OR_NO

    pos_weight: Annotated[float, Field(ge=0.0, le=1e6)] = param(
        1.0, help="How much a yes counts against a no: about noes per yes, where these are rare."
    )

    def lower(self, logits: TensorSpec, target: TensorSpec) -> Call:
        truth = numbers_like("BCEWithLogits", "logits", logits, target)
        if self.pos_weight == 1.0:
            return function("torch.nn.functional.binary_cross_entropy_with_logits", Arg(0), truth)
        return function("netbuilder.nn.weighted_bce_with_logits", Arg(0), truth, pos_weight=self.pos_weight)


class Hinge(Loss):
    """Ask for yes-or-no scores that are right by a margin.

    loss = mean(max(0, margin − s · logits)) with s = 1 for yes and −1 for no. Both of the same shape, the target 0 or
    1. The loss of support vector machines: what is right by the margin counts nothing. Also for the discriminator of a
    GAN.
    Source: Cortes & Vapnik, Support-Vector Networks, 1995.
    """

    aliases = ("svm", "margin", "support vector", "criterion")
    inputs = _SCORED_YES_OR_NO

    margin: Margin = param(1.0, help="By how much a score has to be right.")

    def lower(self, logits: TensorSpec, target: TensorSpec) -> Call:
        truth = numbers_like("Hinge", "logits", logits, target)
        side = function("operator.sub", function("operator.mul", 2, truth), 1)
        missing = function("operator.sub", self.margin, function("operator.mul", side, Arg(0)))
        return function("torch.mean", function("torch.relu", missing))


class MultiMargin(Loss):
    """Ask for the right class's score to lead all others by a margin.

    loss = Σⱼ max(0, margin − x[target] + x[j])^p / C over the wrong classes j, averaged over the batch. Scores `N × C`,
    the target `N` integers. The hinge loss of several classes.
    Source: `torch.nn.MultiMarginLoss`.
    """

    aliases = ("multi-class hinge", "svm", "classification", "criterion")
    inputs = (Port("logits", help="Scores, one for each class.", rank=2, layout="N × classes"), LABELS)
    example_inputs = _LABELLED

    margin: Margin = param(1.0, help="By how much the right class has to lead.")
    p: Annotated[int, Field(ge=1, le=2)] = param(1, help="Power of what is missing: 1 or 2.")

    def lower(self, logits: TensorSpec, target: TensorSpec) -> Call:
        require_labels("MultiMargin", logits, target)
        return function("torch.nn.functional.multi_margin_loss", Arg(0), Arg(1), p=self.p, margin=self.margin)


class Focal(Loss):
    """Let a classifier learn from what it finds hard.

    loss = −α · (1 − p)^gamma · log p, averaged, with p the probability given to the truth: what is right already hardly
    counts. Raw logits: `N × C` (or `N × C × …`) with integers, or any shape with yes (1) and no (0) as numbers of the
    same shape. For rare objects among much background; gamma 0 is cross entropy.
    Source: Lin et al., Focal Loss for Dense Object Detection, 2017.
    """

    aliases = ("imbalance", "detection", "retinanet", "criterion")
    takes = "logits"
    inputs = (Port("logits", help="Raw scores, for classes or for yes.", rank=(1, 8)), LABELS_OR_YES)
    example_inputs = _LABELLED

    gamma: Annotated[float, Field(ge=0.0, le=10.0)] = param(2.0, help="How fast what is right fades out.")
    alpha: Fraction = param(
        0.0, help="With yes and no: how much a yes counts, and a no 1 − alpha; 0 for both the same."
    )

    def lower(self, logits: TensorSpec, target: TensorSpec) -> Call:
        if target.dtype != "int64":
            require_equal("Focal", "logits", logits, target)
            return function("netbuilder.nn.binary_focal_loss", Arg(0), Arg(1), gamma=self.gamma, alpha=self.alpha)
        require_labels("Focal", logits, target)
        if self.alpha:
            raise Mismatch(
                "alpha weighs yes against no, and the target has classes: set it to 0.",
                parameter="alpha",
                code="bad-parameter",
                suggestions=(SetOwn("alpha", 0.0),),
            )
        return function("netbuilder.nn.focal_loss", Arg(0), Arg(1), gamma=self.gamma)


class Dice(Loss):
    """Measure how little two areas overlap, as training can minimise it.

    loss = 1 − (2 Σ p·t + smooth) / (Σ p + Σ t + smooth) for each sample and class, averaged; p is the softmax of the
    logits, t the truth. Logits `N × C × …` with a map `N × …` of integers; or of any shape, with yes (1) and no (0) of
    the same shape and a sigmoid. For segmentation whose objects are small, often beside CrossEntropy.
    Source: Milletari et al., V-Net, 2016, whose sums below the line are of squares.
    """

    aliases = ("segmentation", "overlap", "f1 loss", "medical", "criterion")
    takes = "logits"
    inputs = (Port("logits", help="Raw scores of each pixel: N × classes × …", rank=(2, 8)), LABELS_OR_YES)
    example_inputs = (TensorSpec((BATCH, 4, 6, 5)), TensorSpec((BATCH, 6, 5), "int64", 4))

    smooth: Annotated[float, Field(ge=1e-6, le=1e3)] = param(
        1.0, help="Added above and below, for areas that are empty."
    )

    def lower(self, logits: TensorSpec, target: TensorSpec) -> Call:
        if target.dtype != "int64":
            require_equal("Dice", "logits", logits, target)
            return function("netbuilder.nn.binary_dice_loss", Arg(0), Arg(1), smooth=self.smooth)
        require_labels("Dice", logits, target)
        return function("netbuilder.nn.dice_loss", Arg(0), Arg(1), smooth=self.smooth)


class CTC(Loss):
    """Read a text from a sequence without being told where its letters stand.

    loss = −log of the probability of all ways in which the steps can spell the target, blanks and repetitions left out,
    divided by its length and averaged. Logits `N × T × C` are raw scores of each step, the target `N × S` is integers,
    filled up with blanks at its end; no text is longer than T. For speech and handwriting.
    Source: `torch.nn.CTCLoss`; Graves et al., Connectionist Temporal Classification, 2006.
    """

    aliases = ("speech", "handwriting", "ocr", "alignment", "criterion")
    takes = "logits"
    inputs = (
        Port("logits", help="Raw scores of each step.", rank=3, layout="N × time × classes"),
        Port(
            "target",
            help="Texts as integers, filled up with blanks.",
            rank=2,
            layout="N × length",
            dtype="integer",
            truth="labels",
        ),
    )
    example_inputs = (TensorSpec((BATCH, 10, 12)), TensorSpec((BATCH, 4), "int64", 12))

    blank: Annotated[int, Field(ge=0, le=LARGEST)] = param(
        0, help="Class that stands for no letter, and fills up texts."
    )
    zero_infinity: bool = param(False, help="Let texts that are too long for their sequence count nothing.")

    def lower(self, logits: TensorSpec, target: TensorSpec) -> Call:
        classes = logits.size(2)
        if self.blank >= classes:
            raise Mismatch(
                f"blank is class {self.blank}, and the logits {logits} have {classes} classes, from 0 on.",
                parameter="blank",
                code="bad-parameter",
                suggestions=(SetOwn("blank", 0), SetOwn("blank", classes - 1)),
            )
        if target.num_classes is not None and classes != target.num_classes:
            raise Mismatch(
                f"The target has {target.num_classes} classes and the logits {logits} have scores for {classes}.",
                port="logits",
                code="label-mismatch",
                suggestions=(Resize(target.num_classes),),
            )
        return function("netbuilder.nn.ctc_loss", Arg(0), Arg(1), blank=self.blank, zero_infinity=self.zero_infinity)
