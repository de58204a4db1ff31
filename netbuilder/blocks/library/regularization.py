"""Regularization: make it harder to learn the training data by heart."""

from __future__ import annotations

from typing import ClassVar

from netbuilder.blocks.ports import IMAGES, SIGNALS, VOLUMES
from netbuilder.blocks.spec import Block, Call, Fraction, Port, TensorSpec, module, param

_ANY = (Port("x", help="Any shape."),)


class _Dropout(Block):
    """What all that drops at random shares."""

    category = "Regularization"
    features_from = "x"
    target: ClassVar[str]

    p: Fraction = param(0.5, help="Probability with which an element is dropped.")

    def lower(self, x: TensorSpec) -> Call:
        return module(self.target, p=self.p)

    def summary(self) -> str:
        return f"p {self.p:g}"


class Dropout(_Dropout):
    """Drop random activations while training, so that no unit is relied on.

    In training each element is set to 0 with probability p and the others are scaled by 1 / (1 − p); outside training
    nothing is changed. Any shape, unchanged. Between the last Linear layers, when validation falls behind training.
    Source: `torch.nn.Dropout`; Srivastava et al., Dropout, 2014.
    """

    aliases = ("regularize", "overfitting", "noise")
    inputs = _ANY
    target = "torch.nn.Dropout"


class Dropout1d(_Dropout):
    """Drop whole channels of a signal while training.

    As Dropout, with one decision for each channel of each sample: `N × C × L`, unchanged. Neighbouring steps tell much
    the same, so dropping them one by one would take hardly anything away.
    Source: `torch.nn.Dropout1d`; Tompson et al., Efficient Object Localization Using Convolutional Networks, 2015.
    """

    aliases = ("spatial dropout", "channel dropout", "regularize", "1d")
    inputs = (SIGNALS,)
    target = "torch.nn.Dropout1d"

    p: Fraction = param(0.5, help="Probability with which a channel is dropped.")


class Dropout2d(_Dropout):
    """Drop whole channels of an image while training.

    As Dropout, with one decision for each channel of each sample: `N × C × H × W`, unchanged. Neighbouring pixels tell
    much the same, so dropping them one by one would take hardly anything away. Between convolutions.
    Source: `torch.nn.Dropout2d`; Tompson et al., Efficient Object Localization Using Convolutional Networks, 2015.
    """

    aliases = ("spatial dropout", "channel dropout", "regularize")
    inputs = (IMAGES,)
    target = "torch.nn.Dropout2d"

    p: Fraction = param(0.5, help="Probability with which a channel is dropped.")


class Dropout3d(_Dropout):
    """Drop whole channels of a volume while training.

    As Dropout, with one decision for each channel of each sample: `N × C × D × H × W`, unchanged. For networks over
    scans and video.
    Source: `torch.nn.Dropout3d`; Tompson et al., Efficient Object Localization Using Convolutional Networks, 2015.
    """

    aliases = ("spatial dropout", "channel dropout", "regularize", "3d", "video", "volume")
    inputs = (VOLUMES,)
    target = "torch.nn.Dropout3d"

    p: Fraction = param(0.5, help="Probability with which a channel is dropped.")


class AlphaDropout(_Dropout):
    """Drop activations of a self-normalising network, and keep their mean and variance.

    In training an element becomes −1.758 (what SELU tends to) with probability p instead of 0, and all are scaled and
    shifted so that mean 0 and variance 1 stay as they were. Any shape, unchanged. Takes the place of Dropout after
    SELU.
    Source: `torch.nn.AlphaDropout`; Klambauer et al., Self-Normalizing Neural Networks, 2017.
    """

    aliases = ("selu", "self-normalizing", "regularize")
    inputs = _ANY
    target = "torch.nn.AlphaDropout"


class DropPath(_Dropout):
    """Drop a whole branch of a sample while training: stochastic depth.

    In training all of a sample is set to 0 with probability p, and scaled by 1 / (1 − p) otherwise; outside training
    nothing is changed. Any shape, unchanged. The last block of a residual branch, before Add: some samples then pass by
    the branch, so a deep network trains as a crowd of shallower ones. In EfficientNet, ConvNeXt and Swin.
    Source: Huang et al., Deep Networks with Stochastic Depth, 2016; as torchvision's `StochasticDepth`, mode “row”.
    """

    aliases = ("stochastic depth", "drop connect", "residual", "regularize")
    inputs = _ANY
    target = "netbuilder.nn.DropPath"

    p: Fraction = param(0.1, help="Probability with which the branch is dropped.")
