"""Linear and embeddings against torch's own, and what they refuse."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from netbuilder.blocks.library.embedding import Embedding, LearnedPositionalEncoding
from netbuilder.blocks.library.linear import Linear
from netbuilder.blocks.spec import Insert, SetOwn
from tests.blocks.calling import batch, output, refusal

IMAGES = torch.randn(3, 4, 9, 7, generator=torch.Generator().manual_seed(1))
SIGNALS = IMAGES.flatten(2)
FEATURES = IMAGES.flatten(1)


def test_linear_is_torchs() -> None:
    torch.manual_seed(0)
    expected = nn.Linear(7, 5, bias=False)(SIGNALS[..., :7])
    assert torch.equal(output(Linear(out_features=5, bias=False), SIGNALS[..., :7]), expected)


def test_linear_after_an_image_asks_for_flatten() -> None:
    mismatch = refusal(Linear(), batch(32, 4, 4))
    assert (mismatch.code, mismatch.suggestions) == ("missing-flatten", (Insert("Flatten"),))


def test_embedding_is_torchs() -> None:
    tokens = torch.randint(0, 20, (3, 6))
    torch.manual_seed(0)
    expected = nn.Embedding(20, 5)(tokens)
    assert torch.equal(output(Embedding(num_embeddings=20, embedding_dim=5), tokens), expected)


def test_embedding_needs_a_vector_for_every_token() -> None:
    mismatch = refusal(Embedding(num_embeddings=5), batch(7, dtype="int64", num_classes=12))
    assert (mismatch.code, mismatch.suggestions) == ("vocabulary-mismatch", (SetOwn("num_embeddings", 12),))
    Embedding(num_embeddings=12).lower(batch(7, dtype="int64", num_classes=12))


def test_embedding_takes_integers_alone() -> None:
    assert [port.dtype for port in Embedding.inputs] == ["integer"]


def test_positions_are_added_to_every_sample_alike() -> None:
    sequences = torch.randn(3, 6, 5)
    added = output(LearnedPositionalEncoding(), sequences) - sequences
    assert torch.allclose(added[0], added[2], atol=1e-6)
    assert functional.mse_loss(added[0][0], added[0][1]) > 0
