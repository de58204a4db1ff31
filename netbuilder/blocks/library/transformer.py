"""The layers of a transformer, each in one piece."""

from __future__ import annotations

from typing import Literal

from netbuilder.blocks.library.attention import causal_bias, heads, padding_bias, require, require_heads
from netbuilder.blocks.ports import PADDING, SEQUENCES
from netbuilder.blocks.spec import (
    Arg,
    Block,
    Call,
    Count,
    Epsilon,
    Fraction,
    Mismatch,
    Port,
    Resize,
    TensorSpec,
    Value,
    module,
    param,
)


class _TransformerLayer(Block):
    """What the layers of encoder and decoder share."""

    category = "Attention"
    has_weights = True

    nhead: Count = param(4, help="Heads that look for different things; they share the features evenly.")
    dim_feedforward: Count = param(2048, help="Features inside the perceptron; usually four times those outside.")
    dropout: Fraction = param(0.1, help="Probability of dropping an element, in training.")
    activation: Literal["relu", "gelu"] = param("relu", help="What bends inside the perceptron.")
    layer_norm_eps: Epsilon = param(1e-5, help="Added to the variance in each LayerNorm.")
    norm_first: bool = param(False, help="Normalise before attention and perceptron (pre-norm), not after the sums.")
    bias: bool = param(True, help="Add learned constants to projections, perceptron and norms.")

    def summary(self) -> str:
        return f"{heads(self.nhead)} · pre-norm" if self.norm_first else heads(self.nhead)

    def _module(self, x: TensorSpec, *inputs: Arg, call_with: dict[str, Value]) -> Call:
        require_heads(x, "nhead", self.nhead)
        settings = {name: value for name, value in self.model_dump().items() if name != "is_causal"}
        target = f"torch.nn.{type(self).__name__}"
        return module(target, *inputs, d_model=x.size(2), **settings, batch_first=True, call_with=call_with)


class TransformerEncoderLayer(_TransformerLayer):
    """Let the steps of a sequence look at each other, then work on each alone.

    x = norm(x + attention(x)); y = norm(x + W₂ f(W₁ x)), with dropout before each sum; with norm_first the norms stand
    inside the sums, which trains deep stacks more steadily. `N × T × F`, unchanged. The layer of BERT and ViT; causal,
    that of GPT. Padding belongs at the end: what a step makes of nothing but padding is not a number.
    Source: `torch.nn.TransformerEncoderLayer` with batch_first; Vaswani et al., Attention Is All You Need, 2017.
    """

    aliases = ("transformer block", "encoder", "bert", "vit", "gpt", "causal")
    inputs = (SEQUENCES, PADDING)
    features_from = "x"

    is_causal: bool = param(False, help="Let a step see itself and earlier steps only, as a language model has to.")

    def lower(self, x: TensorSpec, key_padding_mask: TensorSpec | None = None) -> Call:
        masks: dict[str, Value] = {}
        if self.is_causal:
            masks |= {"src_mask": causal_bias(0, 0), "is_causal": True}
        if key_padding_mask:
            masks["src_key_padding_mask"] = padding_bias(x, key_padding_mask, 1)
        return self._module(x, Arg(0), call_with=masks)


class TransformerDecoderLayer(_TransformerLayer):
    """Let the steps of a sequence look back at each other, then at another sequence.

    x = norm(x + self-attention(x)); x = norm(x + cross-attention(x, memory)); y = norm(x + W₂ f(W₁ x)), with dropout
    before each sum. `tgt` is what is being written, `N × T × F`, `memory` what the encoder made of what is read,
    `N × S × F`; the output is `N × T × F`. The layer of a translator.
    Source: `torch.nn.TransformerDecoderLayer` with batch_first; Vaswani et al., Attention Is All You Need, 2017.
    """

    aliases = ("transformer block", "decoder", "translation", "seq2seq", "cross-attention", "causal")
    inputs = (
        Port("tgt", help="The sequence that is being written.", rank=3, layout=SEQUENCES.layout),
        Port("memory", help="What the encoder made.", rank=3, layout=SEQUENCES.layout),
        Port(
            "tgt_key_padding_mask",
            help="True, or not 0, where tgt is padding.",
            rank=2,
            layout=PADDING.layout,
            dtype="integer",
            optional=True,
        ),
        Port(
            "memory_key_padding_mask",
            help="True, or not 0, where memory is padding.",
            rank=2,
            layout=PADDING.layout,
            dtype="integer",
            optional=True,
        ),
    )
    features_from = "tgt"

    is_causal: bool = param(True, help="Let a step of tgt see itself and earlier steps only.")

    def lower(
        self,
        tgt: TensorSpec,
        memory: TensorSpec,
        tgt_key_padding_mask: TensorSpec | None = None,
        memory_key_padding_mask: TensorSpec | None = None,
    ) -> Call:
        require(tgt.shape[0] == memory.shape[0], "memory", f"tgt is {tgt} and memory {memory}")
        if tgt.size(2) != memory.size(2):
            raise Mismatch(
                f"tgt and memory need as many features: tgt is {tgt} and memory {memory}.",
                port="memory",
                suggestions=(Resize(tgt.size(2)),),
            )
        masks: dict[str, Value] = {}
        if self.is_causal:
            masks |= {"tgt_mask": causal_bias(0, 0), "tgt_is_causal": True}
        if tgt_key_padding_mask:
            masks["tgt_key_padding_mask"] = padding_bias(tgt, tgt_key_padding_mask, 2, "tgt_key_padding_mask")
        if memory_key_padding_mask:
            masks["memory_key_padding_mask"] = padding_bias(
                memory, memory_key_padding_mask, 3, "memory_key_padding_mask"
            )
        return self._module(tgt, Arg(0), Arg(1), call_with=masks)
