"""Normalization: keep activations at a scale on which training goes well."""

from __future__ import annotations

import math
from typing import Annotated

from pydantic import Field

from netbuilder.blocks.ports import IMAGES, SIGNALS, VOLUMES
from netbuilder.blocks.spec import (
    BATCH,
    Block,
    Call,
    Count,
    Dim,
    Epsilon,
    Fraction,
    Mismatch,
    Port,
    SetOwn,
    TensorSpec,
    module,
    param,
)

_EPS_HELP = "Added to the variance, so that a constant input does not divide by zero."


class _BatchNorm(Block):
    """What batch normalisation of features, images and volumes share."""

    category = "Normalization"
    features_from = "x"
    has_weights = True
    compares_samples = True

    eps: Epsilon = param(1e-5, help=_EPS_HELP)
    momentum: Fraction = param(0.1, help="Share of each new batch in the running mean and variance.")
    affine: bool = param(True, help="Learn a scale and a shift for each channel.")
    track_running_stats: bool = param(True, help="Keep running statistics and use them outside training.")

    def lower(self, x: TensorSpec) -> Call:
        return module(f"torch.nn.{type(self).__name__}", num_features=x.size(1), **self.model_dump())


class BatchNorm1d(_BatchNorm):
    """Bring each feature to mean 0 and variance 1 over the batch.

    y = (x − mean) / √(variance + eps) · γ + β, with mean and variance over the batch (and the length); γ and β are
    learned. Input and output `N × C` or `N × C × L`. Outside training running averages take the place of the batch's
    own, so one sample is never judged by its neighbours. Speeds up training of multi-layer perceptrons and 1-d
    convolutions; needs batches of more than one sample.
    Source: `torch.nn.BatchNorm1d`; Ioffe & Szegedy, Batch Normalization, 2015.
    """

    aliases = ("bn", "batch normalization", "batchnorm")
    inputs = (Port("x", help="Features, or signals.", rank=(2, 3), layout="N × features, or N × channels × length"),)


class BatchNorm2d(_BatchNorm):
    """Bring each channel to mean 0 and variance 1 over the batch.

    y = (x − mean) / √(variance + eps) · γ + β, with mean and variance over batch, height and width; γ and β are
    learned. Input and output `N × C × H × W`. Outside training running averages take the place of the batch's own.
    Between a convolution and its activation: training goes faster and bears larger learning rates.
    Source: `torch.nn.BatchNorm2d`; Ioffe & Szegedy, Batch Normalization, 2015.
    """

    aliases = ("bn", "batch normalization", "batchnorm", "norm")
    inputs = (IMAGES,)


class BatchNorm3d(_BatchNorm):
    """Bring each channel to mean 0 and variance 1 over the batch.

    As BatchNorm2d, with mean and variance over batch, depth, height and width. Input and output `N × C × D × H × W`.
    After the convolutions of networks for scans and video.
    Source: `torch.nn.BatchNorm3d`; Ioffe & Szegedy, Batch Normalization, 2015.
    """

    aliases = ("bn", "batch normalization", "batchnorm", "norm", "3d", "video", "volume")
    inputs = (VOLUMES,)


class _FeatureNorm(Block):
    """What normalising the last dimensions of each sample is."""

    category = "Normalization"
    inputs = (Port("x", help="Features in the last dimension.", rank=(2, 8), layout="N × … × features"),)
    features_from = "x"
    has_weights = True

    normalized_dims: Annotated[int, Field(ge=1, le=7)] = param(
        1, help="How many dimensions, counted from the last, are normalised together."
    )
    eps: Epsilon = param(1e-5, help=_EPS_HELP)
    elementwise_affine: bool = param(True, help="Learn a scale for each feature.")

    def _shape(self, x: TensorSpec) -> int | tuple[int, ...]:
        """Return `normalized_shape` as torch takes it."""
        count = self.normalized_dims
        if count >= x.rank:
            raise Mismatch(
                f"normalized_dims is {count}, and the input {x} has {x.rank - 1} besides the batch.",
                parameter="normalized_dims",
                code="no-such-dimension",
                suggestions=(SetOwn("normalized_dims", x.rank - 1),),
            )
        sizes = tuple(x.size(dimension) for dimension in range(-count, 0))
        return sizes if count > 1 else sizes[0]


class LayerNorm(_FeatureNorm):
    """Bring the features of each sample to mean 0 and variance 1.

    y = (x − mean) / √(variance + eps) · γ + β, with mean and variance over the last `normalized_dims` dimensions of one
    sample; γ and β are learned. Any shape, unchanged. The same in training and after, whatever the batch: the choice
    for transformers and recurrent networks.
    Source: `torch.nn.LayerNorm`; Ba et al., Layer Normalization, 2016.
    """

    aliases = ("ln", "layer normalization", "layernorm", "norm", "transformer")

    elementwise_affine: bool = param(True, help="Learn a scale for each feature, and a shift if bias is on.")
    bias: bool = param(True, help="Learn a shift for each feature.")

    def lower(self, x: TensorSpec) -> Call:
        return module(
            "torch.nn.LayerNorm",
            normalized_shape=self._shape(x),
            eps=self.eps,
            elementwise_affine=self.elementwise_affine,
            bias=self.bias,
        )


class RMSNorm(_FeatureNorm):
    """Bring the features of each sample to a root mean square of 1.

    y = x / √(mean(x²) + eps) · γ, with the mean over the last `normalized_dims` dimensions of one sample; γ is learned.
    Any shape, unchanged. LayerNorm that takes no mean away: as good in practice, and cheaper; in LLaMA, Mistral, Gemma
    and T5.
    Source: `torch.nn.RMSNorm`; Zhang & Sennrich, Root Mean Square Layer Normalization, 2019.
    """

    aliases = ("root mean square", "llama", "norm", "transformer", "t5")

    eps: Epsilon = param(1e-6, help="Added to the mean square, so that an input of zeros does not divide by zero.")

    def lower(self, x: TensorSpec) -> Call:
        return module(
            "torch.nn.RMSNorm",
            normalized_shape=self._shape(x),
            eps=self.eps,
            elementwise_affine=self.elementwise_affine,
        )


class GroupNorm(Block):
    """Bring groups of channels to mean 0 and variance 1, sample by sample.

    y = (x − mean) / √(variance + eps) · γ + β, with mean and variance over C / num_groups channels and all their
    places; γ and β are learned for each channel. `N × C × …`, unchanged. Takes the place of BatchNorm2d where batches
    are small (detection, segmentation, diffusion). One group is LayerNorm over all, as many groups as channels
    InstanceNorm.
    Source: `torch.nn.GroupNorm`; Wu & He, Group Normalization, 2018.
    """

    category = "Normalization"
    aliases = ("gn", "group normalization", "norm", "diffusion")
    inputs = (Port("x", help="Features, signals, images or volumes.", rank=(2, 8), layout="N × channels × sizes"),)
    features_from = "x"
    has_weights = True
    example_inputs = (TensorSpec((BATCH, 4, 6, 5)),)

    num_groups: Count = param(4, help="Groups into which the channels are split evenly.")
    eps: Epsilon = param(1e-5, help=_EPS_HELP)
    affine: bool = param(True, help="Learn a scale and a shift for each channel.")

    def lower(self, x: TensorSpec) -> Call:
        channels = x.size(1)
        if channels % self.num_groups:
            fitting = math.gcd(channels, self.num_groups)
            raise Mismatch(
                f"num_groups is {self.num_groups}, and the {channels} channels of the input {x} can't be split into "
                "as many equal groups.",
                parameter="num_groups",
                code="groups-mismatch",
                suggestions=(SetOwn("num_groups", fitting),),
            )
        _require_several((channels // self.num_groups, *x.shape[2:]), x)
        return module(
            "torch.nn.GroupNorm",
            num_groups=self.num_groups,
            num_channels=channels,
            eps=self.eps,
            affine=self.affine,
        )

    def summary(self) -> str:
        return f"{self.num_groups} groups"


class _InstanceNorm(Block):
    """What instance normalisation of signals, images and volumes share."""

    category = "Normalization"
    features_from = "x"
    has_weights = True

    eps: Epsilon = param(1e-5, help=_EPS_HELP)
    momentum: Fraction = param(0.1, help="Share of each new batch in the running mean and variance, if these are kept.")
    affine: bool = param(False, help="Learn a scale and a shift for each channel.")
    track_running_stats: bool = param(False, help="Keep running statistics and use them outside training.")

    def lower(self, x: TensorSpec) -> Call:
        _require_several(x.shape[2:], x)
        return module(f"torch.nn.{type(self).__name__}", num_features=x.size(1), **self.model_dump())


class InstanceNorm1d(_InstanceNorm):
    """Bring each channel of each signal to mean 0 and variance 1.

    y = (x − mean) / √(variance + eps), with mean and variance over the length of one channel of one sample. Input and
    output `N × C × L`. Takes away how loud each channel is; the batch has no say in it.
    Source: `torch.nn.InstanceNorm1d`; Ulyanov et al., Instance Normalization, 2016.
    """

    aliases = ("instance normalization", "norm", "1d")
    inputs = (SIGNALS,)


class InstanceNorm2d(_InstanceNorm):
    """Bring each channel of each image to mean 0 and variance 1.

    y = (x − mean) / √(variance + eps), with mean and variance over height and width of one channel of one sample. Input
    and output `N × C × H × W`. Takes an image's contrast away: for style transfer and image-to-image generators
    (CycleGAN).
    Source: `torch.nn.InstanceNorm2d`; Ulyanov et al., Instance Normalization, 2016.
    """

    aliases = ("instance normalization", "style transfer", "contrast", "norm")
    inputs = (IMAGES,)


class InstanceNorm3d(_InstanceNorm):
    """Bring each channel of each volume to mean 0 and variance 1.

    y = (x − mean) / √(variance + eps), with mean and variance over depth, height and width of one channel of one
    sample. Input and output `N × C × D × H × W`. The norm of nnU-Net, whose batches of scans are small.
    Source: `torch.nn.InstanceNorm3d`; Ulyanov et al., Instance Normalization, 2016.
    """

    aliases = ("instance normalization", "norm", "3d", "volume", "nnunet")
    inputs = (VOLUMES,)


class LocalResponseNorm(Block):
    """Damp each response by those of the neighbouring channels at the same place.

    y = x / (k + alpha / size · Σ x²)^beta, summed over `size` channels around its own. `N × C × …`, unchanged; nothing
    is learned. In AlexNet and GoogLeNet of old; BatchNorm2d has taken its place.
    Source: `torch.nn.LocalResponseNorm`; Krizhevsky et al., ImageNet Classification with Deep CNNs, 2012.
    """

    category = "Normalization"
    aliases = ("lrn", "alexnet", "lateral inhibition", "norm")
    inputs = (Port("x", help="Signals, images or volumes.", rank=(3, 5), layout="N × channels × sizes"),)
    features_from = "x"

    size: Annotated[int, Field(ge=1, le=4096)] = param(5, help="Neighbouring channels that are summed over.")
    alpha: Annotated[float, Field(ge=0.0, le=1e6)] = param(1e-4, help="How strongly the neighbours damp.")
    beta: Annotated[float, Field(ge=0.0, le=16.0)] = param(0.75, help="Exponent of the divisor.")
    k: Annotated[float, Field(ge=1e-6, le=1e6)] = param(1.0, help="Added to the sum; AlexNet has 2.")

    def lower(self, x: TensorSpec) -> Call:
        return module("torch.nn.LocalResponseNorm", **self.model_dump())

    def summary(self) -> str:
        return f"{self.size} channels"


def _require_several(sizes: tuple[Dim, ...], x: TensorSpec) -> None:
    """Raise `Mismatch` where mean and variance would be taken of one element: nothing but 0 is left of it."""
    if all(size == 1 for size in sizes):
        raise Mismatch(
            f"Of the input {x} each element would be normalised by itself alone, and nothing but zeros would be left.",
            port="x",
            code="nothing-to-normalize",
        )
