"""Embeddings: vectors for tokens, for patches of images and for positions."""

from __future__ import annotations

import math
from typing import Annotated, ClassVar

from pydantic import Field

from netbuilder.blocks.ports import IMAGES, SEQUENCES
from netbuilder.blocks.spec import (
    Block,
    Call,
    Count,
    Mismatch,
    Port,
    Resize,
    SetOwn,
    Size2d,
    TensorSpec,
    module,
    param,
)
from netbuilder.blocks.windows import times


class _Lookup(Block):
    """What looking vectors up in a learned table is."""

    category = "Embedding"
    inputs = (Port("x", help="Token numbers: integers from 0 to num_embeddings − 1.", rank=(1, 7), dtype="integer"),)
    features_from = "embedding_dim"
    has_weights = True
    table: ClassVar[str]

    num_embeddings: Count = param(256, help="Size of the vocabulary: how many different tokens there are.")
    embedding_dim: Count = param(64, help="Length of each vector.")

    def lower(self, x: TensorSpec) -> Call:
        if x.num_classes is not None and x.num_classes > self.num_embeddings:
            raise Mismatch(
                f"The input holds {x.num_classes} different tokens and num_embeddings is {self.num_embeddings}: "
                "the others would have no vector.",
                parameter="num_embeddings",
                code="vocabulary-mismatch",
                suggestions=(SetOwn("num_embeddings", x.num_classes),),
            )
        return module(self.table, num_embeddings=self.num_embeddings, embedding_dim=self.embedding_dim)

    def summary(self) -> str:
        return f"{self.num_embeddings} × {self.embedding_dim}"


class Embedding(_Lookup):
    """Look up a learned vector for each token.

    y = weight[x]. Integers `N × T` (or `N`, one token a sample) become `N × T × embedding_dim`. The first layer for
    words, characters and categories; tokens count from 0 to num_embeddings − 1.
    Source: `torch.nn.Embedding`; Mikolov et al., Efficient Estimation of Word Representations, 2013.
    """

    aliases = ("lookup", "token", "word vectors", "vocabulary", "categorical")
    table = "torch.nn.Embedding"


class TiedEmbedding(_Lookup):
    """Look up a vector for each token in a table that an Unembedding shares.

    y = weight[x]. Integers `N × T` become `N × T × embedding_dim`, as with Embedding. Give this and an Unembedding the
    same tag as `weights`, and the head of a language model has no weights of its own: tokens that mean alike are read
    and written alike, and GPT-2 small has a quarter fewer weights. Begins with a standard deviation of 0.02, as GPT-2
    does.
    Source: Press & Wolf, Using the Output Embedding to Improve Language Models, 2016.
    """

    aliases = ("weight tying", "shared embedding", "wte", "gpt", "language model")
    table = "netbuilder.nn.TiedEmbedding"


class Unembedding(Block):
    """Score every token of the vocabulary by how well its vector fits: an embedding's way back.

    y = x weightᵗ. `N × T × F` (or `N × F`) becomes `N × T × num_embeddings`, logits for CrossEntropy. The head of
    GPT-2: with the same tag as `weights` as a TiedEmbedding of as many tokens it uses that one's table.
    Source: Press & Wolf, Using the Output Embedding to Improve Language Models, 2016.
    """

    category = "Embedding"
    aliases = ("weight tying", "tied head", "lm head", "logits", "gpt", "language model")
    inputs = (Port("x", help="Vectors.", rank=(2, 8), layout="N × … × features"),)
    features_from = "num_embeddings"
    has_weights = True
    weights_like = "TiedEmbedding"

    num_embeddings: Count = param(256, help="Size of the vocabulary: how many tokens are scored.")

    def lower(self, x: TensorSpec) -> Call:
        return module("netbuilder.nn.TiedEmbedding", num_embeddings=self.num_embeddings, embedding_dim=x.size(-1))

    def summary(self) -> str:
        return str(self.num_embeddings)


class LearnedPositionalEncoding(Block):
    """Add a learned vector to each place of a sequence.

    y[n, t] = x[n, t] + position[t]. `N × T × F`, unchanged; T has to be fixed, and is the most that the printed code
    takes: a shorter sequence gets the first places. Attention alone does not know the order of what it sees: this tells
    it. Before the first attention block of a transformer.
    Source: Devlin et al., BERT, 2018.
    """

    category = "Embedding"
    aliases = ("position", "positional embedding", "transformer", "vit")
    inputs = (SEQUENCES,)
    features_from = "x"
    has_weights = True

    def lower(self, x: TensorSpec) -> Call:
        return module("netbuilder.nn.LearnedPositionalEncoding", length=x.size(1), features=x.size(2))


class SinusoidalPositionalEncoding(Block):
    """Add fixed waves of many lengths, so that each place of a sequence looks different.

    y[n, t] = x[n, t] + p[t] with p[t, 2i] = sin(t / 10000^(2i/F)) and p[t, 2i + 1] = cos(t / 10000^(2i/F)).
    `N × T × F`, unchanged; nothing is learned. The encoding of the first transformer, where LearnedPositionalEncoding
    has learned vectors.
    Source: Vaswani et al., Attention Is All You Need, 2017.
    """

    category = "Embedding"
    aliases = ("position", "sine", "fixed positional embedding", "transformer")
    inputs = (SEQUENCES,)
    features_from = "x"

    def lower(self, x: TensorSpec) -> Call:
        return module("netbuilder.nn.SinusoidalPositionalEncoding", length=x.size(1), features=x.size(2))


class RotaryEmbedding(Block):
    """Turn queries or keys by an angle that grows with their place.

    Features are taken in pairs; pair i at step t is turned by t / base^(2i/F). `N × T × F` or `N × heads × T × F`,
    unchanged; nothing is learned. For queries and keys, not values, before ScaledDotProductAttention: their products
    then depend on the distance of two steps alone. In LLaMA, GPT-NeoX and most language models since.
    Source: Su et al., RoFormer: Enhanced Transformer with Rotary Position Embedding, 2021.
    """

    category = "Embedding"
    aliases = ("rope", "rotary", "relative position", "llama")
    inputs = (
        Port("x", help="Queries or keys.", rank=(3, 4), layout="N × time × features, or N × heads × time × features"),
    )
    features_from = "x"

    base: Annotated[float, Field(ge=1.0, le=1e9)] = param(10_000.0, help="The larger, the slower the angles grow.")
    interleaved: bool = param(
        False, help="Pair neighbours, as RoFormer and Meta's LLaMA do; else each half with the other, as GPT-NeoX does."
    )

    def lower(self, x: TensorSpec) -> Call:
        features = x.size(-1)
        if features % 2:
            raise Mismatch(
                f"The {features} features of the input {x} can't be taken in pairs.",
                port="x",
                code="odd-features",
                suggestions=(Resize(features + 1),),
            )
        return module("netbuilder.nn.RotaryEmbedding", length=x.size(-2), features=features, **self.model_dump())


class PatchEmbedding(Block):
    """Cut an image into patches and make a vector of each: an image becomes a sequence.

    Each patch of patch_size is flattened and goes through one Linear, the same for all, which is a Conv2d whose stride
    is its kernel. `N × C × H × W` becomes `N × T × embed_dim` with T = H·W / patch area, row by row. The first layer of
    a vision transformer; then ClassToken and LearnedPositionalEncoding.
    Source: Dosovitskiy et al., An Image is Worth 16x16 Words, 2020.
    """

    category = "Embedding"
    aliases = ("vit", "vision transformer", "patchify", "image tokens")
    inputs = (IMAGES,)
    features_from = "embed_dim"
    has_weights = True

    embed_dim: Count = param(64, help="Length of each patch's vector.")
    patch_size: Size2d = param(2, help="Height and width of a patch; they have to divide those of the image.")
    bias: bool = param(True, help="Add learned constants to the vectors.")

    def lower(self, x: TensorSpec) -> Call:
        sizes = (x.size(2), x.size(3))
        if any(size % patch for size, patch in zip(sizes, self.patch_size, strict=True)):
            raise Mismatch(
                f"The input {x} can't be cut into patches of {times(self.patch_size)} with nothing left over.",
                parameter="patch_size",
                code="size-mismatch",
                suggestions=(SetOwn("patch_size", tuple(map(math.gcd, sizes, self.patch_size))),),
            )
        return module("netbuilder.nn.PatchEmbedding", in_channels=x.size(1), **self.model_dump())

    def summary(self) -> str:
        return f"{self.embed_dim} · {times(self.patch_size)}"


class ClassToken(Block):
    """Put a learned step before a sequence, to gather what the whole of it means.

    y = [token, x₁, …, x_T]: `N × T × F` becomes `N × (T + 1) × F`. Attention lets it look at all others; a classifier
    then reads step 0 alone. Before the positional encoding of vision transformers; in BERT, [CLS] is a token of the
    vocabulary.
    Source: Dosovitskiy et al., An Image is Worth 16x16 Words, 2020.
    """

    category = "Embedding"
    aliases = ("cls", "class embedding", "bert", "vit", "prepend")
    inputs = (SEQUENCES,)
    features_from = "x"
    has_weights = True

    def lower(self, x: TensorSpec) -> Call:
        return module("netbuilder.nn.ClassToken", features=x.size(2))
