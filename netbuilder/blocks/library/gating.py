"""Gated linear units: one half of the features decides how much of the other passes."""

from __future__ import annotations

from netbuilder.blocks.spec import Arg, Block, Call, Index, Mismatch, Port, Resize, TensorSpec, function, module, param


class _Gated(Block):
    """What halves a dimension, one half gating the other."""

    category = "Activation"
    inputs = (Port("x", help="Values and their gates, side by side along dim.", rank=(2, 8)),)

    dim: Index = param(-1, help="Dimension that is halved; −1 is the last, 1 the channels of images.")

    def summary(self) -> str:
        return "" if self.dim == -1 else f"dim {self.dim}"

    def _require_even(self, x: TensorSpec) -> None:
        size = x.size(self.dim)
        if size % 2:
            raise Mismatch(
                f"Dimension {self.dim} of the input {x} has {size} features, "
                "which can't be halved into values and gates.",
                port="x",
                parameter="dim",
                code="odd-features",
                suggestions=(Resize(size + 1),),
            )


class GLU(_Gated):
    """Let one half of the features decide how much of the other passes.

    y = a · σ(b), with a and b the two halves along dim: `N × … × 2F` becomes `N × … × F`. A gate that is learned by the
    layer before it, which has to give twice the features; in gated convolutions and language models.
    Source: `torch.nn.GLU`; Dauphin et al., Language Modeling with Gated Convolutional Networks, 2016.
    """

    aliases = ("gated linear unit", "gate", "activation")

    def lower(self, x: TensorSpec) -> Call:
        self._require_even(x)
        return function("torch.nn.functional.glu", Arg(0), dim=self.dim)


class SwiGLU(_Gated):
    """Let one half of the features, through SiLU, scale the other.

    y = silu(a) · b, with a and b the two halves along dim: `N × … × 2F` becomes `N × … × F`. Between the two Linear
    layers of a transformer's perceptron, the first of which gives twice the features; in LLaMA, PaLM and most language
    models since.
    Source: Shazeer, GLU Variants Improve Transformer, 2020.
    """

    aliases = ("swish gated linear unit", "gate", "llama", "ffn", "activation")

    def lower(self, x: TensorSpec) -> Call:
        self._require_even(x)
        return module("netbuilder.nn.SwiGLU", dim=self.dim)
