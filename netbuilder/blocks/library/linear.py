"""Fully connected layers."""

from __future__ import annotations

from netbuilder.blocks.spec import Block, Call, Count, Insert, Mismatch, Port, TensorSpec, module, param


class Linear(Block):
    """Connect every input feature to every output feature through a learned weight.

    y = x Wᵀ + b, over the last dimension. Input `N × in_features` or `N × T × in_features`; the last dimension becomes
    `out_features`. The classifier at the end of most networks, and the whole of a multi-layer perceptron.
    Source: `torch.nn.Linear`.
    """

    category = "Linear"
    aliases = ("dense", "fc", "fully connected", "mlp", "projection")
    inputs = (Port("x", help="Features in the last dimension.", rank=(2, 8)),)
    features_from = "out_features"

    out_features: Count = param(64, help="Features produced.")
    bias: bool = param(True, help="Add a learned constant to each output.")

    def lower(self, x: TensorSpec) -> Call:
        if x.rank > 3:
            raise Mismatch(
                f"Linear mixes the last dimension alone, and the input is {x}: flatten it to N × features first.",
                port="x",
                code="missing-flatten",
                suggestions=(Insert("Flatten"),),
            )
        return module("torch.nn.Linear", in_features=x.size(-1), out_features=self.out_features, bias=self.bias)

    def summary(self) -> str:
        return f"{self.out_features}"
