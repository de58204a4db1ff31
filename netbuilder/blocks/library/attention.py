"""Attention: every step of a sequence looks at the others."""

from __future__ import annotations

from netbuilder.blocks.ports import SEQUENCES
from netbuilder.blocks.spec import Block, Call, Count, Fraction, Mismatch, SetOwn, TensorSpec, module, param


class MultiheadSelfAttention(Block):
    """Let every step of a sequence gather what it needs from all the others.

    q, k, v = x W; each head computes softmax(q kᵀ / √d) v with d = F / num_heads; the heads side by side are projected
    once more. `N × T × F`, unchanged. The heart of a transformer: `x + attention(norm(x))`, then a small perceptron the same
    way. Its cost grows with T². It does not know the order of the steps: see LearnedPositionalEncoding.
    Source: `torch.nn.functional.scaled_dot_product_attention`; Vaswani et al., Attention Is All You Need, 2017.
    """

    category = "Attention"
    aliases = ("self-attention", "mha", "transformer", "multihead attention", "causal")
    inputs = (SEQUENCES,)
    features_from = "x"

    num_heads: Count = param(4, help="Heads that look for different things; they share the features evenly.")
    dropout: Fraction = param(0.0, help="Probability of dropping an attention weight, in training.")
    bias: bool = param(True, help="Add learned constants to the projections.")
    is_causal: bool = param(False, help="Let a step see itself and earlier steps only, as a language model has to.")

    def lower(self, x: TensorSpec) -> Call:
        embed_dim = x.size(2)
        if embed_dim % self.num_heads:
            fitting = next(heads for heads in range(min(self.num_heads, embed_dim), 0, -1) if embed_dim % heads == 0)
            raise Mismatch(
                f"The {embed_dim} features of the input {x} can't be shared evenly by {self.num_heads} heads.",
                parameter="num_heads",
                code="heads-mismatch",
                suggestions=(SetOwn("num_heads", fitting),),
            )
        return module("netbuilder.nn.MultiheadSelfAttention", embed_dim=embed_dim, **self.model_dump())

    def summary(self) -> str:
        heads = f"{self.num_heads} head" + ("s" if self.num_heads > 1 else "")
        return f"{heads} · causal" if self.is_causal else heads
