"""Softmax and its kin: scores that become probabilities."""

from __future__ import annotations

from typing import ClassVar

from netbuilder.blocks.axes import require_not_batch
from netbuilder.blocks.ports import IMAGES
from netbuilder.blocks.spec import Arg, Block, Call, Index, Port, TensorSpec, function, param


class _Softmax(Block):
    """What turns scores along a dimension into probabilities."""

    category = "Activation"
    inputs = (Port("x", help="Scores, one for each class along dim.", rank=(2, 8)),)
    features_from = "x"
    target: ClassVar[str]

    dim: Index = param(-1, help="Dimension along which the values sum to 1; −1 is the last, 1 the channels of images.")

    def lower(self, x: TensorSpec) -> Call:
        require_not_batch(x, self.dim, "samples are not compared with each other")
        return function(self.target, Arg(0), dim=self.dim)

    def summary(self) -> str:
        return "" if self.dim == -1 else f"dim {self.dim}"


class Softmax(_Softmax):
    """Turn scores into probabilities that sum to 1.

    yᵢ = eˣⁱ / Σⱼ eˣʲ along dim; the shape stays. For the exported probabilities of a classifier, and for attention. Not
    before CrossEntropy, which takes the raw scores (logits) and has its own.
    Source: `torch.nn.Softmax`.
    """

    aliases = ("probabilities", "normalize", "classes", "activation")
    gives = "probabilities"
    target = "torch.softmax"


class Softmax2d(Block):
    """Turn the channels of each pixel into probabilities that sum to 1.

    Softmax over dimension 1 of images: `N × C × H × W`, unchanged. For the exported probabilities of a segmentation.
    Source: `torch.nn.Softmax2d`.
    """

    aliases = ("probabilities", "segmentation", "classes", "activation")
    gives = "probabilities"
    category = "Activation"
    inputs = (IMAGES,)
    features_from = "x"

    def lower(self, x: TensorSpec) -> Call:
        return function("torch.softmax", Arg(0), dim=1)


class LogSoftmax(_Softmax):
    """Turn scores into logarithms of probabilities.

    yᵢ = xᵢ − ln Σⱼ eˣʲ along dim; the shape stays. More exact than the logarithm of Softmax; before NLL. CrossEntropy
    is both in one.
    Source: `torch.nn.LogSoftmax`.
    """

    aliases = ("log probabilities", "nll", "classes", "activation")
    gives = "log-probabilities"
    target = "torch.log_softmax"


class Softmin(_Softmax):
    """Turn distances into probabilities: the smaller, the likelier.

    yᵢ = e⁻ˣⁱ / Σⱼ e⁻ˣʲ along dim; the shape stays. Softmax of −x.
    Source: `torch.nn.Softmin`.
    """

    aliases = ("probabilities", "distances", "softmax", "activation")
    gives = "probabilities"
    target = "torch.nn.functional.softmin"
