"""Attention: every step of a sequence looks at the others, or at those of another sequence."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from netbuilder.blocks.ports import PADDING, SEQUENCES
from netbuilder.blocks.spec import (
    LARGEST,
    Arg,
    Block,
    Call,
    Count,
    Fraction,
    Mismatch,
    Port,
    Resize,
    SetOwn,
    TensorSpec,
    Value,
    function,
    module,
    param,
)

_WITH_HEADS = "N × time × features, or N × heads × time × features"


class PaddingMask(Block):
    """Mark the steps that only fill a sequence up.

    y = (x = padding_idx): token numbers `N × T` become true and false, `N × T`. Sentences of a batch differ in length,
    and the shorter ones end in a token that means nothing; wired to `key_padding_mask` this keeps attention from
    looking there.
    Source: `torch.eq`.
    """

    category = "Attention"
    aliases = ("mask", "pad", "key_padding_mask", "attention mask")
    inputs = (Port("x", help="Token numbers.", rank=2, layout="N × time", dtype="integer"),)

    padding_idx: Annotated[int, Field(ge=0, le=LARGEST)] = param(0, help="The token that fills up.")

    def lower(self, x: TensorSpec) -> Call:
        return function("torch.eq", Arg(0), self.padding_idx)

    def summary(self) -> str:
        return f"token {self.padding_idx}"


class ScaledDotProductAttention(Block):
    """Mix values by how well their keys match each query: attention with nothing learned.

    y = softmax(q kᵗ / √E) v. Queries `N × T × E`, keys `N × S × E` and values `N × S × V` give `N × T × V`; the same
    with heads in dimension 1, `N × heads × T × E`. What MultiheadAttention does between its projections: for attention
    of one's own, as with RotaryEmbedding, and to see how it works.
    Source: `torch.nn.functional.scaled_dot_product_attention`; Vaswani et al., Attention Is All You Need, 2017.
    """

    category = "Attention"
    aliases = ("sdpa", "dot product", "flash attention", "softmax", "causal")
    inputs = (
        Port("query", help="What each step looks for.", rank=(3, 4), layout=_WITH_HEADS),
        Port("key", help="What is offered for it, with as many features.", rank=(3, 4), layout=_WITH_HEADS),
        Port("value", help="What is gathered: one for each key.", rank=(3, 4), layout=_WITH_HEADS),
        PADDING,
    )
    features_from = "value"

    is_causal: bool = param(False, help="Let query t see keys 0 to t only, as a language model has to.")

    def lower(
        self, query: TensorSpec, key: TensorSpec, value: TensorSpec, key_padding_mask: TensorSpec | None = None
    ) -> Call:
        require(query.shape[:-2] == key.shape[:-2], "key", f"the query is {query} and the key {key}")
        if query.size(-1) != key.size(-1):
            raise Mismatch(
                "A query is compared with keys, so both need as many features: "
                f"the query is {query} and the key {key}.",
                port="key",
                suggestions=(Resize(query.size(-1)),),
            )
        require(key.shape[:-1] == value.shape[:-1], "value", f"the key is {key} and the value {value}")
        target = "torch.nn.functional.scaled_dot_product_attention"
        alone = (
            query.rank == 3
        )  # one head, without a dimension for it; the ONNX exporter knows attention with heads alone
        inputs = [function("torch.unsqueeze", Arg(i), 1) if alone else Arg(i) for i in range(3)]
        if key_padding_mask:
            causal = causal_bias(0, 1) if self.is_causal else None
            call = function(target, *inputs, attn_mask=_scores_bias(key, key_padding_mask, 3, causal))
        else:
            call = function(target, *inputs, is_causal=self.is_causal)
        return function("torch.squeeze", call, 1) if alone else call

    def summary(self) -> str:
        return "causal" if self.is_causal else ""


class MultiheadSelfAttention(Block):
    """Let every step of a sequence gather what it needs from all the others.

    q, k, v = x W; each head computes softmax(q kᵗ / √d) v with d = F / num_heads; the heads side by side are projected
    once more. `N × T × F`, unchanged. The heart of a transformer: `x + attention(norm(x))`, then a small perceptron the
    same way. Its cost grows with T². It does not know the order of the steps: see LearnedPositionalEncoding.
    Source: `torch.nn.functional.scaled_dot_product_attention`; Vaswani et al., Attention Is All You Need, 2017.
    """

    category = "Attention"
    aliases = ("self-attention", "mha", "transformer", "multihead attention", "causal")
    inputs = (SEQUENCES, PADDING)
    features_from = "x"
    has_weights = True

    num_heads: Count = param(4, help="Heads that look for different things; they share the features evenly.")
    dropout: Fraction = param(0.0, help="Probability of dropping an attention weight, in training.")
    bias: bool = param(True, help="Add learned constants to the projections.")
    is_causal: bool = param(False, help="Let a step see itself and earlier steps only, as a language model has to.")

    def lower(self, x: TensorSpec, key_padding_mask: TensorSpec | None = None) -> Call:
        require_heads(x, "num_heads", self.num_heads)
        arguments: tuple[Value, ...] = (Arg(0),)
        if key_padding_mask:
            causal = causal_bias(0, 0) if self.is_causal else None
            arguments = (Arg(0), _scores_bias(x, key_padding_mask, 1, causal))
        target = "netbuilder.nn.MultiheadSelfAttention"
        return module(target, *arguments, embed_dim=x.size(2), **self.model_dump())

    def summary(self) -> str:
        return f"{heads(self.num_heads)} · causal" if self.is_causal else heads(self.num_heads)


class MultiheadAttention(Block):
    """Let every step of one sequence gather what it needs from another: cross-attention.

    q = query Wq, k = key Wk, v = value Wv; each head computes softmax(q kᵗ / √d) v with d = F / num_heads; the heads
    side by side are projected once more. Queries `N × T × F`, keys `N × S × K` and values `N × S × V` give `N × T × F`.
    A translator looks at the sentence that it translates, a decoder at what the encoder made; see
    MultiheadSelfAttention for one sequence.
    Source: `torch.nn.MultiheadAttention` with batch_first; Bahdanau et al., 2014; Vaswani et al., 2017.
    """

    category = "Attention"
    aliases = ("cross-attention", "multihead cross attention", "mha", "encoder-decoder attention", "seq2seq")
    inputs = (
        Port("query", help="The sequence that looks.", rank=3, layout=SEQUENCES.layout),
        Port("key", help="The sequence that is looked at.", rank=3, layout=SEQUENCES.layout),
        Port(
            "value",
            help="What is gathered from it, one for each key; the keys themselves if open.",
            rank=3,
            layout=SEQUENCES.layout,
            optional=True,
        ),
        PADDING,
    )
    features_from = "query"
    has_weights = True

    num_heads: Count = param(4, help="Heads that look for different things; they share the features evenly.")
    dropout: Fraction = param(0.0, help="Probability of dropping an attention weight, in training.")
    bias: bool = param(True, help="Add learned constants to the projections.")

    def lower(
        self,
        query: TensorSpec,
        key: TensorSpec,
        value: TensorSpec | None = None,
        key_padding_mask: TensorSpec | None = None,
    ) -> Call:
        embed_dim, kdim, vdim = query.size(2), key.size(2), (value or key).size(2)
        require_heads(query, "num_heads", self.num_heads)
        require(query.shape[0] == key.shape[0], "key", f"the query is {query} and the key {key}")
        if value:
            require(key.shape[:2] == value.shape[:2], "value", f"the key is {key} and the value {value}")
        padding: dict[str, Value] = {}
        if key_padding_mask:
            padding = {"key_padding_mask": padding_bias(key, key_padding_mask, 3)}
        return module(
            "torch.nn.MultiheadAttention",
            Arg(0),
            Arg(1),
            Arg(2 if value else 1),
            embed_dim=embed_dim,
            **self.model_dump(),
            kdim=None if kdim == embed_dim else kdim,
            vdim=None if vdim == embed_dim else vdim,
            batch_first=True,
            call_with={**padding, "need_weights": False},
            results={"y": (0,)},
        )

    def summary(self) -> str:
        return heads(self.num_heads)


def heads(count: int) -> str:
    """Write how many heads look: `4 heads`."""
    return "1 head" if count == 1 else f"{count} heads"


def require_heads(x: TensorSpec, parameter: str, count: int) -> None:
    """Raise `Mismatch` where the features of `N × T × F` can't be shared evenly by the heads."""
    features = x.size(2)
    if features % count:
        fitting = next(fewer for fewer in range(min(count, features), 0, -1) if features % fewer == 0)
        raise Mismatch(
            f"The {features} features of the input {x} can't be shared evenly by {heads(count)}.",
            parameter=parameter,
            code="heads-mismatch",
            suggestions=(SetOwn(parameter, fitting),),
        )


def require(together: bool, port: str, problem: str) -> None:
    """Raise `Mismatch` at the port unless the tensors go together; `problem` names them and their shapes."""
    if not together:
        raise Mismatch(f"These don't go together: {problem}.", port=port)


def padding_bias(x: TensorSpec, mask: TensorSpec, index: int, port: str = "key_padding_mask") -> Call:
    """Return what keeps torch's attention from the padding of `x`: `N × S`, made of the mask at input `index`."""
    require(mask.shape == (x.shape[0], x.shape[-2]), port, f"the sequence is {x} and its mask {mask}")
    return function("netbuilder.nn.padding_bias", Arg(index))


def causal_bias(query: int, key: int) -> Call:
    """Return what keeps torch's attention from later steps: `T × S`, for the sequences at these inputs."""
    return function("netbuilder.nn.causal_bias", Arg(query), Arg(key))


def _scores_bias(x: TensorSpec, mask: TensorSpec, index: int, causal: Call | None) -> Call:
    """Return what is added to scores `N × heads × T × S`."""
    padding = function("torch.reshape", padding_bias(x, mask, index), (-1, 1, 1, x.size(-2)))
    return function("operator.add", causal, padding) if causal else padding
