"""Regularization: make it harder to learn the training data by heart."""

from __future__ import annotations

from netbuilder.blocks.spec import Block, Call, Fraction, Port, TensorSpec, module, param


class Dropout(Block):
    """Drop random activations while training, so that no unit is relied on.

    In training each element is set to 0 with probability p and the others are scaled by 1 / (1 − p); outside training
    nothing is changed. Any shape, unchanged. Between the last Linear layers, when validation falls behind training.
    Source: `torch.nn.Dropout`; Srivastava et al., Dropout, 2014.
    """

    category = "Regularization"
    aliases = ("regularize", "overfitting", "noise")
    inputs = (Port("x", help="Any shape."),)
    features_from = "x"

    p: Fraction = param(0.5, help="Probability with which an element is dropped.")

    def lower(self, x: TensorSpec) -> Call:
        return module("torch.nn.Dropout", p=self.p)

    def summary(self) -> str:
        return f"p {self.p:g}"
