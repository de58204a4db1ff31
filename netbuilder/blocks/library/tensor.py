"""Tensors that come from nowhere, and blocks that leave every number as it is."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Literal

from pydantic import Field

from netbuilder.blocks.spec import Arg, Block, Call, Mismatch, Port, Real, Shape, TensorSpec, function, module, param
from netbuilder.blocks.windows import times

_Deviation = Annotated[float, Field(ge=0.0, le=1e6)]
_SHAPE_HELP = "Sizes without the batch; the result has a 1 in the batch's place."


class Constant(Block):
    """Give the same number everywhere.

    Output `1 × shape`, which fits any batch in Add, Multiply and the like. For a fixed scale, zeros to begin with, or
    as the target of a loss, where the truth is the same for all samples: “real” in a GAN.
    Source: `torch.full`.
    """

    category = "Tensor"
    aliases = ("number", "zeros", "ones", "full", "fixed")
    inputs = ()

    shape: Shape = param((1,), help=_SHAPE_HELP)
    value: Real = param(1.0, help="The number.")

    def lower(self) -> Call:
        return Call("netbuilder.nn.Constant", (("shape", (1, *self.shape)), ("value", self.value)), ())

    def summary(self) -> str:
        return f"{self.value:g}"


class Parameter(Block):
    """Give a tensor that is learned.

    Output `1 × shape`, which fits any batch in Add, Multiply and the like. Every number is a weight of its own, with no
    input: a query that attends to a sequence, a scale for each channel, a start state.
    Source: `torch.nn.Parameter`.
    """

    category = "Tensor"
    aliases = ("learned", "weight", "variable", "query", "trainable")
    inputs = ()
    has_weights = True

    shape: Shape = param((1,), help=_SHAPE_HELP)
    init: Literal["normal", "zeros", "ones"] = param("normal", help="What it begins with.")
    std: _Deviation = param(0.02, help="Standard deviation of a normal beginning.")

    def lower(self) -> Call:
        settings = (("shape", (1, *self.shape)), ("init", self.init), ("std", self.std))
        return Call("netbuilder.nn.LearnedTensor", settings, ())

    def summary(self) -> str:
        return times(self.shape)


class Noise(Block):
    """Add Gaussian noise while training.

    y = x + std · ε with ε ∼ N(0, 1), drawn anew each time. With a log_variance wired, y = x + std · exp(log_variance /
    2) · ε: the sample that a variational autoencoder takes around its mean x, through which gradients reach both.
    Outside training the noise has evaluation_std in place of std, and is the same for each batch; at 0 it is x. For
    denoising, and against learning by heart.
    Source: Kingma & Welling, Auto-Encoding Variational Bayes, 2013; Vincent et al., Denoising Autoencoders, 2008.
    """

    category = "Regularization"
    aliases = ("gaussian", "sampling", "vae", "reparameterization", "denoising", "random")
    inputs = (
        Port("x", help="Any shape; the mean of what comes out."),
        Port("log_variance", help="Logarithm of the variance, of the same shape.", optional=True),
    )
    features_from = "x"

    std: _Deviation = param(1.0, help="Standard deviation while training, or the factor of the one that is wired.")
    evaluation_std: _Deviation = param(0.0, help="The same outside training; 0 for no noise.")

    def lower(self, x: TensorSpec, log_variance: TensorSpec | None = None) -> Call:
        if log_variance and log_variance.shape != x.shape:
            raise Mismatch(
                f"Each element has a variance of its own: x is {x} and log_variance {log_variance}.",
                port="log_variance",
            )
        args = (Arg(0), Arg(1)) if log_variance else (Arg(0),)
        call = module("netbuilder.nn.GaussianNoise", *args, std=self.std, evaluation_std=self.evaluation_std)
        random = "its noise outside training would be another one in each program. Set evaluation_std to 0."
        return replace(call, unexportable=random) if self.evaluation_std else call

    def summary(self) -> str:
        return f"σ {self.std:g}"


class Cast(Block):
    """Turn numbers into another type.

    float32 for arithmetic; int64 for class and token numbers, cut off towards zero; bool for yes (not 0) and no. The
    shape stays. To feed labels into a layer, or a mask into Where. Nothing can be learned through whole numbers.
    Source: `torch.Tensor.to`.
    """

    category = "Tensor"
    aliases = ("dtype", "convert", "float", "int", "type")
    inputs = (Port("x", help="Any shape and type.", dtype=None),)

    dtype: Literal["float32", "int64", "bool"] = param("float32", help="The type that comes out.")

    def lower(self, x: TensorSpec) -> Call:
        methods = {"float32": "float", "int64": "long", "bool": "bool"}
        return function(f"torch.Tensor.{methods[self.dtype]}")

    def summary(self) -> str:
        return self.dtype


class Identity(Block):
    """Pass everything on unchanged.

    y = x. A name for a place in the network: to look at, to compare with, or to join wires at.
    Source: `torch.nn.Identity`.
    """

    category = "Tensor"
    aliases = ("pass", "nothing", "noop", "placeholder", "name")
    gives = "same"
    inputs = (Port("x", help="Any shape and type.", dtype=None),)
    features_from = "x"

    def lower(self, x: TensorSpec) -> Call:
        return module("torch.nn.Identity")
