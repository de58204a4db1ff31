"""Activations: the bends between layers, without which a deep network were one Linear."""

from __future__ import annotations

from typing import Literal

from netbuilder.blocks.spec import Arg, Block, Call, Fraction, Index, Port, TensorSpec, function, param

_ANY = (Port("x", help="Any shape; each element by itself."),)


class ReLU(Block):
    """Cut off everything below zero.

    y = max(0, x), element by element; the shape stays. The default between layers: cheap, and its slope does not fade.
    Units that are always below zero stop learning ("dead"): see LeakyReLU.
    Source: `torch.nn.ReLU`; Nair & Hinton, Rectified Linear Units, 2010.
    """

    category = "Activation"
    aliases = ("rectifier", "activation", "nonlinearity")
    inputs = _ANY
    features_from = "x"

    def lower(self, x: TensorSpec) -> Call:
        return function("torch.relu")


class LeakyReLU(Block):
    """Pass what is above zero, and a small share of what is below.

    y = x where x ≥ 0, else negative_slope · x; the shape stays. Like ReLU, but no unit ever goes dead; common in
    generators and discriminators.
    Source: `torch.nn.LeakyReLU`; Maas et al., Rectifier Nonlinearities, 2013.
    """

    category = "Activation"
    aliases = ("leaky", "lrelu", "activation")
    inputs = _ANY
    features_from = "x"

    negative_slope: Fraction = param(0.01, help="Share of negative values that passes.")

    def lower(self, x: TensorSpec) -> Call:
        return function("torch.nn.functional.leaky_relu", Arg(0), negative_slope=self.negative_slope)

    def summary(self) -> str:
        return f"slope {self.negative_slope:g}"


class GELU(Block):
    """Bend smoothly: pass large values, fade out negative ones.

    y = x · Φ(x), with Φ the normal distribution's cumulative function; the shape stays. The activation of most transformers.
    Source: `torch.nn.GELU`; Hendrycks & Gimpel, Gaussian Error Linear Units, 2016.
    """

    category = "Activation"
    aliases = ("gaussian error linear unit", "transformer", "activation")
    inputs = _ANY
    features_from = "x"

    approximate: Literal["none", "tanh"] = param(
        "none", help="“tanh” is a close approximation that some published models use."
    )

    def lower(self, x: TensorSpec) -> Call:
        if self.approximate == "none":
            return function("torch.nn.functional.gelu")
        return function("torch.nn.functional.gelu", Arg(0), approximate=self.approximate)

    def summary(self) -> str:
        return "" if self.approximate == "none" else self.approximate


class SiLU(Block):
    """Bend smoothly: weigh each value with its own sigmoid.

    y = x · σ(x) = x / (1 + e⁻ˣ); the shape stays. Smooth as GELU and cheaper; in EfficientNet, YOLO and diffusion models.
    Also called Swish.
    Source: `torch.nn.SiLU`; Elfwing et al., Sigmoid-Weighted Linear Units, 2017.
    """

    category = "Activation"
    aliases = ("swish", "sigmoid linear unit", "activation")
    inputs = _ANY
    features_from = "x"

    def lower(self, x: TensorSpec) -> Call:
        return function("torch.nn.functional.silu")


class Sigmoid(Block):
    """Squash every value into 0 to 1.

    y = 1 / (1 + e⁻ˣ); the shape stays. For gates and for yes-or-no probabilities at the end. Between layers its slope
    fades; and before BCEWithLogits it is too much, since that loss has its own.
    Source: `torch.nn.Sigmoid`.
    """

    category = "Activation"
    aliases = ("logistic", "gate", "probability", "activation")
    inputs = _ANY
    features_from = "x"

    def lower(self, x: TensorSpec) -> Call:
        return function("torch.sigmoid")


class Tanh(Block):
    """Squash every value into −1 to 1.

    y = (eˣ − e⁻ˣ) / (eˣ + e⁻ˣ); the shape stays. Centred on zero; in recurrent networks and where outputs have two signs.
    Source: `torch.nn.Tanh`.
    """

    category = "Activation"
    aliases = ("hyperbolic tangent", "activation")
    inputs = _ANY
    features_from = "x"

    def lower(self, x: TensorSpec) -> Call:
        return function("torch.tanh")


class Softmax(Block):
    """Turn scores into probabilities that sum to 1.

    yᵢ = eˣⁱ / Σⱼ eˣʲ along dim; the shape stays. For the exported probabilities of a classifier, and for attention. Not
    before CrossEntropy, which takes the raw scores (logits) and has its own.
    Source: `torch.nn.Softmax`.
    """

    category = "Activation"
    aliases = ("probabilities", "normalize", "classes", "activation")
    inputs = (Port("x", help="Scores, one for each class along dim.", rank=(2, 8)),)
    features_from = "x"

    dim: Index = param(-1, help="Dimension along which the values sum to 1; −1 is the last, 1 the channels of images.")

    def lower(self, x: TensorSpec) -> Call:
        x.axis(self.dim)
        return function("torch.softmax", Arg(0), dim=self.dim)

    def summary(self) -> str:
        return "" if self.dim == -1 else f"dim {self.dim}"
