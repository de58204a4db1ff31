"""What losses have in common, and metrics: above all, whether predictions and targets go together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from netbuilder.blocks.spec import (
    LARGEST,
    Arg,
    Block,
    Bypass,
    Call,
    Insert,
    LossWeight,
    Mismatch,
    Port,
    Resize,
    Scale,
    Suggestion,
    TensorSpec,
    function,
    param,
)

ClassIndex = Annotated[int, Field(ge=-LARGEST, le=LARGEST)]
"""A class by its number, or a number that is no class."""

Margin = Annotated[float, Field(ge=0.0, le=1e6)]
"""How far apart two things have to be before nothing is to be gained by more."""

LABELS_OR_YES = Port(
    "target",
    help="Class labels; or yes (1) and no (0) as numbers, in the shape of the logits.",
    dtype=None,
    truth="labels",
)
LABELS = Port("target", help="Class labels: integers, one for each sample.", dtype=None, truth="labels")


class _Judge(Block):
    """What compares the network with the truth.

    Its first input is what the network says, on a scale of which `takes` speaks.
    """

    takes: ClassVar[Literal["logits"] | Scale] = ""

    def doubts(self, *inputs: TensorSpec | None) -> Sequence[Mismatch]:
        said, block, port = inputs[0], type(self).__name__, self.inputs[0].name
        if not self.takes or said is None:
            return ()
        if self.takes == "logits" and said.scale == "probabilities":
            message = (
                f"{block} takes raw scores (logits) and makes probabilities of them itself. Here come probabilities "
                "already: squashed twice they mislead it."
            )
            return (Mismatch(message, port=port, code="logits-expected", suggestions=(Bypass(),)),)
        if self.takes == "probabilities" != said.scale:
            message = f"{block} takes probabilities, from 0 to 1. Here may come any number: a Sigmoid makes them that."
            return (Mismatch(message, port=port, code="probabilities-expected", suggestions=(Insert("Sigmoid"),)),)
        if self.takes == "log-probabilities" != said.scale:
            message = (
                f"{block} takes logarithms of probabilities. Here may come any number: a LogSoftmax makes them that."
            )
            insert = Insert("LogSoftmax", (("dim", 1),))
            return (Mismatch(message, port=port, code="probabilities-expected", suggestions=(insert,)),)
        return ()


class Loss(_Judge):
    """What all losses share.

    Their output is the mean over the batch, without the weight, which the training applies.
    """

    category = "Loss"
    role = "loss"
    outputs = (Port("y", help="How bad the batch is: one number."),)

    weight: LossWeight = param(
        1.0,
        help="By how much this loss counts where there are several: "
        "training minimises the weighted sum, and shows each as it is.",
    )

    def summary(self) -> str:
        return "" if self.weight == 1.0 else f"weight {self.weight:g}"


class Metric(_Judge):
    """What all metrics share."""

    category = "Metric"
    role = "metric"


def require_labels(block: str, logits: TensorSpec, target: TensorSpec, port: str = "logits") -> None:
    """Raise `Mismatch` unless logits `N × C × …`, from `port`, score the C classes of integer labels `N × …`."""
    if target.dtype != "int64":
        raise Mismatch(
            f"{block} compares scores with class labels, which are integers; the target is {target.dtype}, {target}. "
            "Wire a label into it, or take MSE for numbers.",
            port="target",
            code="label-mismatch",
        )
    if logits.shape[:1] + logits.shape[2:] != target.shape:
        raise Mismatch(
            f"{block} needs one score per class, N × classes{' × …' if target.rank > 1 else ''}, for each label of the "
            f"target {target}; the logits are {logits}.",
            port=port,
            code="label-mismatch",
            suggestions=(Insert("Flatten"),) if logits.rank > 2 and target.rank == 1 else (),
        )
    classes = logits.size(1)
    if target.num_classes is not None and classes != target.num_classes:
        raise Mismatch(
            f"The target has {target.num_classes} classes and the logits {logits} have scores for {classes}: "
            f"the last layer needs {target.num_classes} outputs.",
            port=port,
            code="label-mismatch",
            suggestions=(Resize(target.num_classes),),
        )


def require_equal(block: str, port: str, prediction: TensorSpec, target: TensorSpec) -> None:
    """Raise `Mismatch` unless prediction and target are numbers of the same shape."""
    if target.dtype != "float32":
        raise Mismatch(
            f"{block} compares numbers, and the target is class labels ({target.dtype}, {target}): "
            "take CrossEntropy for labels.",
            port="target",
            code="label-mismatch",
        )
    if prediction.shape != target.shape:
        raise Mismatch(
            f"{block} compares element by element, so both have to have the same shape: the {port} is {prediction} and "
            f"the target {target}.",
            port=port,
            suggestions=_ways_to(prediction, target),
        )


def numbers_like(block: str, port: str, prediction: TensorSpec, target: TensorSpec) -> Arg | Call:
    """Return the second input, a target of numbers, as an argument, repeated where it is one for all samples.

    Such is a Constant, as in a GAN, whose discriminator is to say the same of every picture. Raises `Mismatch` unless
    target and prediction are alike otherwise.
    """
    if target.dtype == "float32" and target.shape == (1, *prediction.shape[1:]):
        return function("torch.Tensor.expand_as", Arg(1), Arg(0))
    require_equal(block, port, prediction, target)
    return Arg(1)


def _ways_to(prediction: TensorSpec, target: TensorSpec) -> list[Suggestion]:
    if prediction.shape[:1] != target.shape[:1]:
        return []
    if prediction.numel() == target.numel():
        return [Insert("Reshape", (("shape", target.shape[1:]),))]
    if prediction.rank > 2 and target.rank <= 2:
        return [Insert("Flatten")]
    axis = 1 if target.rank == 4 else target.rank - 1
    features = target.shape[axis]
    alike = prediction.rank == target.rank and all(
        a == b for i, (a, b) in enumerate(zip(prediction.shape, target.shape, strict=True)) if i != axis
    )
    return [Resize(features)] if alike and isinstance(features, int) else []


def require_pair(block: str, first: TensorSpec, second: TensorSpec, port: str) -> None:
    """Raise `Mismatch` unless two embeddings have the same shape; `port` is where the second one enters."""
    if first.shape != second.shape:
        raise Mismatch(f"{block} compares tensors of the same shape: {first} and {second} differ.", port=port)


def require_one_each(block: str, target: TensorSpec) -> None:
    """Raise `Mismatch` unless the target has one number for each sample: `N`."""
    if target.rank != 1:
        single = target.rank > 1 and target.numel() == 1
        raise Mismatch(
            f"{block} needs one answer for each sample, 1 for alike and 0 for not: a target of N, not {target}.",
            port="target",
            code="label-mismatch",
            suggestions=(Insert("Reshape", (("shape", ()),)),) if single else (),
        )


def class_weights(text: str, classes: int) -> tuple[float, ...]:
    """Read one weight for each class from “1, 2.5, 1”; none from an empty text. `Mismatch` where they are not that."""
    parts = text.replace(",", " ").split()
    try:
        weights = tuple(float(part) for part in parts)
    except ValueError:
        weights = (-1.0,)
    if weights and (len(weights) != classes or not all(0.0 <= weight <= 1e6 for weight in weights)):
        raise Mismatch(
            f"class_weights has to be empty or {classes} numbers from 0 on, one for each class, such as "
            f"“{', '.join(['1'] * min(classes, 4))}{', …' if classes > 4 else ''}”.",
            parameter="class_weights",
            code="bad-parameter",
        )
    return weights
