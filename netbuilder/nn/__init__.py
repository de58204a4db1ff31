"""Modules and functions that torch lacks. Generated code prints their source.

Each needs nothing but torch, `nn` and `functional`, and is laid out as ruff lays out
what it is told nothing of, as all generated code is.
"""

from netbuilder.nn.layers import (
    Constant,
    DropPath,
    GaussianNoise,
    LearnedTensor,
    RReLU,
    SeparableConv2d,
    SwiGLU,
)
from netbuilder.nn.losses import (
    Accuracy,
    WeightedCrossEntropy,
    binary_cross_entropy,
    binary_dice_loss,
    binary_focal_loss,
    contrastive_loss,
    ctc_loss,
    dice_loss,
    focal_loss,
    gaussian_kl,
    weighted_bce_with_logits,
)
from netbuilder.nn.sequences import (
    ClassToken,
    LearnedPositionalEncoding,
    MultiheadSelfAttention,
    PatchEmbedding,
    RotaryEmbedding,
    SinusoidalPositionalEncoding,
    TiedEmbedding,
    causal_bias,
    padding_bias,
)

__all__ = [
    "Accuracy",
    "ClassToken",
    "Constant",
    "DropPath",
    "GaussianNoise",
    "LearnedPositionalEncoding",
    "LearnedTensor",
    "MultiheadSelfAttention",
    "PatchEmbedding",
    "RReLU",
    "RotaryEmbedding",
    "SeparableConv2d",
    "SinusoidalPositionalEncoding",
    "SwiGLU",
    "TiedEmbedding",
    "WeightedCrossEntropy",
    "binary_cross_entropy",
    "binary_dice_loss",
    "binary_focal_loss",
    "causal_bias",
    "contrastive_loss",
    "ctc_loss",
    "dice_loss",
    "focal_loss",
    "gaussian_kl",
    "padding_bias",
    "weighted_bce_with_logits",
]
