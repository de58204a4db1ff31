"""Normalization: keep activations at a scale on which training goes well."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from netbuilder.blocks.ports import IMAGES
from netbuilder.blocks.spec import Block, Call, Epsilon, Fraction, Mismatch, Port, SetOwn, TensorSpec, module, param

_EPS_HELP = "Added to the variance, so that a constant input does not divide by zero."


class _BatchNorm(Block):
    """What batch normalisation of features and of images share."""

    category = "Normalization"
    features_from = "x"
    compares_samples = True

    eps: Epsilon = param(1e-5, help=_EPS_HELP)
    momentum: Fraction = param(0.1, help="Share of each new batch in the running mean and variance.")
    affine: bool = param(True, help="Learn a scale and a shift for each channel.")
    track_running_stats: bool = param(True, help="Keep running statistics and use them outside training.")


class BatchNorm1d(_BatchNorm):
    """Bring each feature to mean 0 and variance 1 over the batch.

    y = (x − mean) / √(variance + eps) · γ + β, with mean and variance over the batch (and the length); γ and β are learned.
    Input and output `N × C` or `N × C × L`. Outside training running averages take the place of the batch's own, so one
    sample is never judged by its neighbours. Speeds up training of multi-layer perceptrons and 1-d convolutions; needs
    batches of more than one sample.
    Source: `torch.nn.BatchNorm1d`; Ioffe & Szegedy, Batch Normalization, 2015.
    """

    aliases = ("bn", "batch normalization", "batchnorm")
    inputs = (Port("x", help="Features N × C, or signals N × C × L.", rank=(2, 3)),)

    def lower(self, x: TensorSpec) -> Call:
        return module("torch.nn.BatchNorm1d", num_features=x.size(1), **self.model_dump())


class BatchNorm2d(_BatchNorm):
    """Bring each channel to mean 0 and variance 1 over the batch.

    y = (x − mean) / √(variance + eps) · γ + β, with mean and variance over batch, height and width; γ and β are learned.
    Input and output `N × C × H × W`. Outside training running averages take the place of the batch's own. Between a
    convolution and its activation: training goes faster and bears larger learning rates.
    Source: `torch.nn.BatchNorm2d`; Ioffe & Szegedy, Batch Normalization, 2015.
    """

    aliases = ("bn", "batch normalization", "batchnorm", "norm")
    inputs = (IMAGES,)

    def lower(self, x: TensorSpec) -> Call:
        return module("torch.nn.BatchNorm2d", num_features=x.size(1), **self.model_dump())


class LayerNorm(Block):
    """Bring the features of each sample to mean 0 and variance 1.

    y = (x − mean) / √(variance + eps) · γ + β, with mean and variance over the last `normalized_dims` dimensions of one
    sample; γ and β are learned. Any shape, unchanged. The same in training and after, whatever the batch: the choice for
    transformers and recurrent networks.
    Source: `torch.nn.LayerNorm`; Ba et al., Layer Normalization, 2016.
    """

    category = "Normalization"
    aliases = ("ln", "layer normalization", "layernorm", "norm", "transformer")
    inputs = (Port("x", help="Features in the last dimension.", rank=(2, 8)),)
    features_from = "x"

    normalized_dims: Annotated[int, Field(ge=1, le=7)] = param(
        1, help="How many dimensions, counted from the last, are normalised together."
    )
    eps: Epsilon = param(1e-5, help=_EPS_HELP)
    elementwise_affine: bool = param(True, help="Learn a scale for each feature, and a shift if bias is on.")
    bias: bool = param(True, help="Learn a shift for each feature.")

    def lower(self, x: TensorSpec) -> Call:
        count = self.normalized_dims
        if count >= x.rank:
            raise Mismatch(
                f"normalized_dims is {count}, and the input {x} has {x.rank - 1} besides the batch.",
                parameter="normalized_dims",
                code="no-such-dimension",
                suggestions=(SetOwn("normalized_dims", x.rank - 1),),
            )
        sizes = tuple(x.size(dimension) for dimension in range(-count, 0))
        return module(
            "torch.nn.LayerNorm",
            normalized_shape=sizes if count > 1 else sizes[0],
            eps=self.eps,
            elementwise_affine=self.elementwise_affine,
            bias=self.bias,
        )
