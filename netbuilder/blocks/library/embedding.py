"""Embeddings: vectors for tokens and for positions."""

from __future__ import annotations

from netbuilder.blocks.ports import SEQUENCES
from netbuilder.blocks.spec import Block, Call, Count, Mismatch, Port, SetOwn, TensorSpec, module, param


class Embedding(Block):
    """Look up a learned vector for each token.

    y = weight[x]. Integers `N × T` (or `N`, one token a sample) become `N × T × embedding_dim`. The first layer for words,
    characters and categories; tokens count from 0 to num_embeddings − 1.
    Source: `torch.nn.Embedding`; Mikolov et al., Efficient Estimation of Word Representations, 2013.
    """

    category = "Embedding"
    aliases = ("lookup", "token", "word vectors", "vocabulary", "categorical")
    inputs = (Port("x", help="Token numbers: integers from 0 to num_embeddings − 1.", rank=(1, 7), dtype="integer"),)
    features_from = "embedding_dim"

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
        return module("torch.nn.Embedding", num_embeddings=self.num_embeddings, embedding_dim=self.embedding_dim)

    def summary(self) -> str:
        return f"{self.num_embeddings} × {self.embedding_dim}"


class LearnedPositionalEncoding(Block):
    """Add a learned vector to each place of a sequence.

    y[n, t] = x[n, t] + position[t]. `N × T × F`, unchanged; T has to be fixed. Attention alone does not know the order of
    what it sees: this tells it. Before the first attention block of a transformer.
    Source: Devlin et al., BERT, 2018.
    """

    category = "Embedding"
    aliases = ("position", "positional embedding", "transformer", "vit")
    inputs = (SEQUENCES,)
    features_from = "x"

    def lower(self, x: TensorSpec) -> Call:
        return module("netbuilder.nn.LearnedPositionalEncoding", length=x.size(1), features=x.size(2))
