"""Activations: the bends between layers, without which a deep network were one Linear."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from netbuilder.blocks.spec import (
    Arg,
    Block,
    Call,
    Count,
    Fraction,
    Mismatch,
    Port,
    SetOwn,
    TensorSpec,
    function,
    module,
    param,
)

_Real = Annotated[float, Field(ge=-1e6, le=1e6)]
_Positive = Annotated[float, Field(ge=1e-6, le=1e6)]


class _Activation(Block):
    """A function of each element by itself, whose arguments are the block's parameters."""

    category = "Activation"
    inputs = (Port("x", help="Any shape; each element by itself."),)
    features_from = "x"
    target: ClassVar[str]

    def lower(self, x: TensorSpec) -> Call:
        return function(self.target, Arg(0), **self.model_dump())


class ReLU(_Activation):
    """Cut off everything below zero.

    y = max(0, x), element by element; the shape stays. The default between layers: cheap, and its slope does not fade.
    Units that are always below zero stop learning ("dead"): see LeakyReLU.
    Source: `torch.nn.ReLU`; Nair & Hinton, Rectified Linear Units, 2010.
    """

    aliases = ("rectifier", "nonlinearity", "activation")
    target = "torch.relu"


class LeakyReLU(_Activation):
    """Pass what is above zero, and a small share of what is below.

    y = x where x ≥ 0, else negative_slope · x; the shape stays. Like ReLU, but no unit ever goes dead; common in
    generators and discriminators.
    Source: `torch.nn.LeakyReLU`; Maas et al., Rectifier Nonlinearities, 2013.
    """

    aliases = ("leaky", "lrelu", "activation")
    target = "torch.nn.functional.leaky_relu"

    negative_slope: Fraction = param(0.01, help="Share of negative values that passes.")

    def summary(self) -> str:
        return f"slope {self.negative_slope:g}"


class PReLU(_Activation):
    """Pass what is above zero, and a learned share of what is below.

    y = x where x ≥ 0, else a · x with a learned; the shape stays. LeakyReLU that finds its own slope: one for all, or
    one for each channel. Keep weight decay off it, which would pull it to ReLU.
    Source: `torch.nn.PReLU`; He et al., Delving Deep into Rectifiers, 2015.
    """

    aliases = ("parametric relu", "learned slope", "activation")
    has_weights = True

    num_parameters: Count = param(1, help="Slopes learned: 1 for all, or as many as there are channels.")
    init: Fraction = param(0.25, help="Slope at the beginning.")

    def lower(self, x: TensorSpec) -> Call:
        if self.num_parameters > 1 and (x.rank < 2 or x.size(1) != self.num_parameters):
            raise Mismatch(
                f"num_parameters is {self.num_parameters}, and has to be 1 or the number of channels of the input {x}.",
                parameter="num_parameters",
                code="bad-parameter",
                suggestions=(SetOwn("num_parameters", x.size(1) if x.rank > 1 else 1),),
            )
        return module("torch.nn.PReLU", **self.model_dump())


class RReLU(_Activation):
    """Pass what is above zero, and a random share of what is below.

    y = x where x ≥ 0, else a · x; in training a is drawn anew for each element between lower and upper, outside
    training it is their mean. The shape stays. LeakyReLU that regularises a little.
    Source: `torch.nn.RReLU`; Xu et al., Empirical Evaluation of Rectified Activations, 2015.
    """

    aliases = ("randomized leaky relu", "random slope", "activation")

    lower_slope: Fraction = param(1 / 8, help="Smallest share of negative values that passes; torch's `lower`.")
    upper_slope: Fraction = param(1 / 3, help="Largest share of negative values that passes; torch's `upper`.")

    def lower(self, x: TensorSpec) -> Call:
        if self.lower_slope > self.upper_slope:
            raise Mismatch(
                f"lower_slope {self.lower_slope:g} is larger than upper_slope {self.upper_slope:g}.",
                parameter="lower_slope",
                code="bad-parameter",
                suggestions=(SetOwn("lower_slope", self.upper_slope),),
            )
        return module("netbuilder.nn.RReLU", lower=self.lower_slope, upper=self.upper_slope)

    def summary(self) -> str:
        return f"slope {self.lower_slope:.2g} to {self.upper_slope:.2g}"


class ReLU6(_Activation):
    """Cut off everything below zero and above six.

    y = min(max(0, x), 6); the shape stays. What is bounded can be kept in few bits: the activation of MobileNetV2.
    Source: `torch.nn.ReLU6`; Howard et al., MobileNets, 2017.
    """

    aliases = ("relu", "clip", "mobilenet", "quantization", "activation")
    target = "torch.nn.functional.relu6"


class ELU(_Activation):
    """Pass what is above zero, and bend the rest smoothly towards −alpha.

    y = x where x > 0, else alpha · (eˣ − 1); the shape stays. Its mean is nearer to zero than ReLU's, and no unit goes
    dead.
    Source: `torch.nn.ELU`; Clevert et al., Exponential Linear Units, 2015.
    """

    aliases = ("exponential linear unit", "activation")
    target = "torch.nn.functional.elu"

    alpha: _Positive = param(1.0, help="What very negative values tend to, with its sign turned.")


class CELU(_Activation):
    """Pass what is above zero, and bend the rest towards −alpha without a kink.

    y = max(0, x) + min(0, alpha · (e^(x/alpha) − 1)); the shape stays. ELU whose slope is continuous at zero for any
    alpha.
    Source: `torch.nn.CELU`; Barron, Continuously Differentiable Exponential Linear Units, 2017.
    """

    aliases = ("continuously differentiable exponential linear unit", "activation")
    target = "torch.nn.functional.celu"

    alpha: _Positive = param(1.0, help="What very negative values tend to, with its sign turned.")


class SELU(_Activation):
    """Bend as ELU does, scaled so that a deep network normalises itself.

    y = 1.0507 · (x where x > 0, else 1.6733 · (eˣ − 1)); the shape stays. With weights of variance 1 / fan-in, mean 0
    and variance 1 hold from layer to layer without any norm; drop with AlphaDropout.
    Source: `torch.nn.SELU`; Klambauer et al., Self-Normalizing Neural Networks, 2017.
    """

    aliases = ("scaled exponential linear unit", "self-normalizing", "activation")
    target = "torch.nn.functional.selu"


class GELU(_Activation):
    """Bend smoothly: pass large values, fade out negative ones.

    y = x · Φ(x), with Φ the normal distribution's cumulative function; the shape stays. The activation of most
    transformers.
    Source: `torch.nn.GELU`; Hendrycks & Gimpel, Gaussian Error Linear Units, 2016.
    """

    aliases = ("gaussian error linear unit", "transformer", "activation")
    target = "torch.nn.functional.gelu"

    approximate: Literal["none", "tanh"] = param(
        "none", help="“tanh” is a close approximation that some published models use."
    )

    def summary(self) -> str:
        return "" if self.approximate == "none" else self.approximate


class SiLU(_Activation):
    """Bend smoothly: weigh each value with its own sigmoid.

    y = x · σ(x) = x / (1 + e⁻ˣ); the shape stays. Smooth as GELU and cheaper; in EfficientNet, YOLO and diffusion
    models. Also called Swish.
    Source: `torch.nn.SiLU`; Elfwing et al., Sigmoid-Weighted Linear Units, 2017.
    """

    aliases = ("swish", "sigmoid linear unit", "activation")
    target = "torch.nn.functional.silu"


class Mish(_Activation):
    """Bend smoothly, with a small dip below zero.

    y = x · tanh(ln(1 + eˣ)); the shape stays. Much like SiLU; in YOLOv4.
    Source: `torch.nn.Mish`; Misra, Mish, 2019.
    """

    aliases = ("yolo", "smooth", "activation")
    target = "torch.nn.functional.mish"


class Softplus(_Activation):
    """Bend smoothly from zero to a straight line: a rounded ReLU.

    y = ln(1 + e^(beta·x)) / beta; the shape stays. Always above zero: for what has to be positive, as a variance or a
    rate. Where beta · x exceeds threshold it is x itself, before e^(beta·x) grows out of float32.
    Source: `torch.nn.Softplus`; Dugas et al., Incorporating Second-Order Functional Knowledge, 2000.
    """

    aliases = ("smooth relu", "positive", "variance", "activation")
    target = "torch.nn.functional.softplus"

    beta: _Positive = param(1.0, help="Sharpness of the bend; the larger, the nearer to ReLU.")
    threshold: Annotated[float, Field(ge=1e-6, le=88.0)] = param(
        20.0, help="From beta · x here on it is a straight line."
    )


class Sigmoid(_Activation):
    """Squash every value into 0 to 1.

    y = 1 / (1 + e⁻ˣ); the shape stays. For gates and for yes-or-no probabilities at the end. Between layers its slope
    fades; and before BCEWithLogits it is too much, since that loss has its own.
    Source: `torch.nn.Sigmoid`.
    """

    aliases = ("logistic", "gate", "probability", "activation")
    gives = "probabilities"
    target = "torch.sigmoid"


class LogSigmoid(_Activation):
    """Take the logarithm of the sigmoid, without losing small numbers.

    y = ln(1 / (1 + e⁻ˣ)); the shape stays. For log-probabilities of yes or no, in losses that one writes oneself.
    Source: `torch.nn.LogSigmoid`.
    """

    aliases = ("log probability", "logistic", "activation")
    target = "torch.nn.functional.logsigmoid"


class Tanh(_Activation):
    """Squash every value into −1 to 1.

    y = (eˣ − e⁻ˣ) / (eˣ + e⁻ˣ); the shape stays. Centred on zero; in recurrent networks and where outputs have two
    signs.
    Source: `torch.nn.Tanh`.
    """

    aliases = ("hyperbolic tangent", "activation")
    target = "torch.tanh"


class Softsign(_Activation):
    """Squash every value into −1 to 1, slowly.

    y = x / (1 + |x|); the shape stays. As Tanh, but its slope fades as 1 / x² and not exponentially.
    Source: `torch.nn.Softsign`; Turian et al., Quadratic Features and Deep Architectures, 2009.
    """

    aliases = ("squash", "tanh", "activation")
    target = "torch.nn.functional.softsign"


class Tanhshrink(_Activation):
    """Subtract from each value its tanh.

    y = x − tanh(x); the shape stays. Small values nearly vanish, large ones lose 1: for sparse codes.
    Source: `torch.nn.Tanhshrink`.
    """

    aliases = ("shrinkage", "sparse", "activation")
    target = "torch.nn.functional.tanhshrink"


class Hardsigmoid(_Activation):
    """Squash every value into 0 to 1 with three straight lines.

    y = min(max(0, x + 3), 6) / 6; the shape stays. Sigmoid without an exponential: the gates of MobileNetV3.
    Source: `torch.nn.Hardsigmoid`; Howard et al., Searching for MobileNetV3, 2019.
    """

    aliases = ("sigmoid", "mobilenet", "gate", "quantization", "activation")
    gives = "probabilities"
    target = "torch.nn.functional.hardsigmoid"


class Hardswish(_Activation):
    """Weigh each value with its own hard sigmoid.

    y = x · min(max(0, x + 3), 6) / 6; the shape stays. SiLU without an exponential: the activation of MobileNetV3.
    Source: `torch.nn.Hardswish`; Howard et al., Searching for MobileNetV3, 2019.
    """

    aliases = ("silu", "mobilenet", "quantization", "activation")
    target = "torch.nn.functional.hardswish"


class Hardtanh(_Activation):
    """Cut off everything below one bound and above another.

    y = min(max(min_val, x), max_val); the shape stays. Tanh with straight lines, and a clip to any range.
    Source: `torch.nn.Hardtanh`.
    """

    aliases = ("clip", "clamp", "tanh", "activation")
    target = "torch.nn.functional.hardtanh"

    min_val: _Real = param(-1.0, help="Smallest value that comes out.")
    max_val: _Real = param(1.0, help="Largest value that comes out.")

    def lower(self, x: TensorSpec) -> Call:
        if self.min_val >= self.max_val:
            raise Mismatch(
                f"min_val {self.min_val:g} has to be smaller than max_val {self.max_val:g}.",
                parameter="min_val",
                code="bad-parameter",
                suggestions=(SetOwn("min_val", self.max_val - 1.0),),
            )
        return super().lower(x)

    def summary(self) -> str:
        return f"{self.min_val:g} to {self.max_val:g}"


class Hardshrink(_Activation):
    """Set small values to zero and leave the others.

    y = x where |x| > lambd, else 0; the shape stays. Hard thresholding, for sparse codes and denoising.
    Source: `torch.nn.Hardshrink`.
    """

    aliases = ("shrinkage", "hard threshold", "sparse", "activation")
    target = "torch.nn.functional.hardshrink"

    lambd: Annotated[float, Field(ge=0.0, le=1e6)] = param(0.5, help="Values up to this size become zero.")


class Softshrink(_Activation):
    """Pull every value towards zero by a fixed amount.

    y = x − lambd where x > lambd, x + lambd where x < −lambd, else 0; the shape stays. Soft thresholding: the step of
    ISTA that makes codes sparse.
    Source: `torch.nn.Softshrink`; Gregor & LeCun, Learning Fast Approximations of Sparse Coding, 2010.
    """

    aliases = ("shrinkage", "soft threshold", "sparse", "ista", "activation")
    target = "torch.nn.functional.softshrink"

    lambd: Annotated[float, Field(ge=0.0, le=1e6)] = param(0.5, help="By how much values are pulled to zero.")


class Threshold(_Activation):
    """Replace what does not exceed a threshold.

    y = x where x > threshold, else value; the shape stays. With both at 0 it is ReLU.
    Source: `torch.nn.Threshold`.
    """

    aliases = ("cut off", "step", "activation")
    target = "torch.nn.functional.threshold"

    threshold: _Real = param(0.0, help="Values above this pass.")
    value: _Real = param(0.0, help="What the others become.")
