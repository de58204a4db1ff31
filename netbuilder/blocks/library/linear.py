"""Fully connected layers."""

from __future__ import annotations

from netbuilder.blocks.spec import Arg, Block, Call, Count, Insert, Mismatch, Port, TensorSpec, module, param


class Linear(Block):
    """Connect every input feature to every output feature through a learned weight.

    y = x Wᵗ + b, over the last dimension. Input `N × in_features` or `N × T × in_features`; the last dimension becomes
    `out_features`. The classifier at the end of most networks, and the whole of a multi-layer perceptron.
    Source: `torch.nn.Linear`.
    """

    category = "Linear"
    aliases = ("dense", "fc", "fully connected", "mlp", "projection")
    inputs = (Port("x", help="Features in the last dimension.", rank=(2, 8), layout="N × … × features"),)
    features_from = "out_features"
    has_weights = True

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


class Bilinear(Block):
    """Let every pair of features, one of each input, speak for every output feature.

    yₒ = x₁ᵗ Wₒ x₂ + bₒ, over the last dimension. Inputs `N × … × F₁` and `N × … × F₂`, output `N × … × out_features`;
    it has F₁ · F₂ weights for each output. Scores how two things go together: question and answer, head and dependent,
    user and item.
    Source: `torch.nn.Bilinear`.
    """

    category = "Linear"
    aliases = ("interaction", "pair", "biaffine", "outer product")
    inputs = (
        Port("x1", help="Features in the last dimension.", rank=(2, 8), layout="N × … × features"),
        Port(
            "x2",
            help="Features in the last dimension; all other sizes as those of x1.",
            rank=(2, 8),
            layout="N × … × features",
        ),
    )
    features_from = "out_features"
    has_weights = True

    out_features: Count = param(64, help="Features produced.")
    bias: bool = param(True, help="Add a learned constant to each output.")

    def lower(self, x1: TensorSpec, x2: TensorSpec) -> Call:
        if x1.shape[:-1] != x2.shape[:-1]:
            raise Mismatch(
                "Bilinear pairs the features of x1 and x2, which need the same sizes before these: "
                f"x1 is {x1} and x2 {x2}.",
                port="x2",
            )
        return module(
            "torch.nn.Bilinear",
            Arg(0),
            Arg(1),
            in1_features=x1.size(-1),
            in2_features=x2.size(-1),
            out_features=self.out_features,
            bias=self.bias,
        )

    def summary(self) -> str:
        return f"{self.out_features}"
