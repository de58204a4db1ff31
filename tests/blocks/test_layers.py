"""Linear, embeddings and positional encodings against torch's own, and what they refuse."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn
from torch.nn import functional

from netbuilder.blocks.library.embedding import (
    ClassToken,
    Embedding,
    LearnedPositionalEncoding,
    PatchEmbedding,
    RotaryEmbedding,
    SinusoidalPositionalEncoding,
    TiedEmbedding,
    Unembedding,
)
from netbuilder.blocks.library.linear import Bilinear, Linear
from netbuilder.blocks.spec import Block, Insert, SetOwn
from netbuilder.compiler.calls import instantiate
from tests.blocks.calling import batch, output, refusal

IMAGES = torch.randn(3, 4, 9, 7, generator=torch.Generator().manual_seed(1))
SIGNALS = IMAGES.flatten(2)
FEATURES = IMAGES.flatten(1)


def test_linear_is_torchs() -> None:
    torch.manual_seed(0)
    expected = nn.Linear(7, 5, bias=False)(SIGNALS[..., :7])
    assert torch.equal(output(Linear(out_features=5, bias=False), SIGNALS[..., :7]), expected)


def test_bilinear_is_torchs() -> None:
    torch.manual_seed(0)
    expected = nn.Bilinear(7, 3, 5)(SIGNALS[..., :7], SIGNALS[..., 7:10])
    assert torch.equal(output(Bilinear(out_features=5), SIGNALS[..., :7], SIGNALS[..., 7:10]), expected)
    assert refusal(Bilinear(), batch(4, 7), batch(5, 7)).port == "x2"


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


def test_one_table_reads_tokens_and_scores_them() -> None:
    tokens = torch.randint(0, 20, (3, 6))
    vectors = output(TiedEmbedding(num_embeddings=20, embedding_dim=5), tokens)
    table = output(TiedEmbedding(num_embeddings=20, embedding_dim=5), torch.arange(20))
    assert torch.equal(vectors, table[tokens])
    assert torch.equal(output(Unembedding(num_embeddings=20), vectors), vectors @ table.T)


def test_what_reads_tokens_and_what_scores_them_are_one_module() -> None:
    reading = TiedEmbedding(num_embeddings=20, embedding_dim=5).lower(batch(6, dtype="int64"))
    scoring = Unembedding(num_embeddings=20).lower(batch(6, 5))
    assert (reading.target, reading.settings) == (scoring.target, scoring.settings)


def test_embedding_takes_integers_alone() -> None:
    assert [port.dtype for port in Embedding.inputs] == ["integer"]


def test_positions_are_added_to_every_sample_alike() -> None:
    sequences = torch.randn(3, 6, 5)
    added = output(LearnedPositionalEncoding(), sequences) - sequences
    assert torch.allclose(added[0], added[2], atol=1e-6)
    assert functional.mse_loss(added[0][0], added[0][1]) > 0


def test_waves_mark_the_places_as_in_the_paper() -> None:
    position = output(SinusoidalPositionalEncoding(), torch.zeros(1, 6, 5))[0]
    for t in range(6):
        for i in range(5):
            angle = t / 10_000 ** (2 * (i // 2) / 5)
            assert position[t, i] == pytest.approx(math.cos(angle) if i % 2 else math.sin(angle), abs=1e-6)


@pytest.mark.parametrize("interleaved", [False, True])
def test_turned_queries_and_keys_agree_by_their_distance_alone(interleaved: bool) -> None:
    query, key = (torch.randn(1, 1, 8).expand(1, 10, 8) for _ in range(2))
    block = RotaryEmbedding(interleaved=interleaved)
    scores = (output(block, query) @ output(block, key).transpose(1, 2))[0]
    for distance in range(-9, 10):
        diagonal = scores.diagonal(distance)
        assert torch.allclose(diagonal, diagonal[0].expand_as(diagonal), atol=1e-5)
    assert not torch.allclose(scores, scores[0, 0].expand_as(scores), atol=1e-2)


def test_rotation_pairs_neighbours_or_halves() -> None:
    x = torch.randn(2, 3, 6, 8, generator=torch.Generator().manual_seed(1))
    halves = torch.cat((x[..., 0::2], x[..., 1::2]), dim=-1)
    turned = output(RotaryEmbedding(interleaved=True), x)
    assert torch.equal(torch.cat((turned[..., 0::2], turned[..., 1::2]), dim=-1), output(RotaryEmbedding(), halves))
    assert torch.equal(turned[:, :, 0], x[:, :, 0])
    assert refusal(RotaryEmbedding(), batch(6, 7)).code == "odd-features"


@pytest.mark.parametrize(
    "block",
    [LearnedPositionalEncoding(), SinusoidalPositionalEncoding(), RotaryEmbedding()],
    ids=lambda block: type(block).__name__,
)
def test_the_first_places_of_a_longer_sequence_do_for_a_shorter_one(block: Block) -> None:
    module = instantiate(block.lower(batch(6, 8)))
    sequences = torch.randn(2, 6, 8)
    assert torch.equal(module(sequences[:, :4]), module(sequences)[:, :4])


def test_patches_are_projected_row_by_row() -> None:
    images = torch.randn(2, 3, 4, 6)
    torch.manual_seed(0)
    projection = nn.Conv2d(3, 5, 2, 2)
    patches = images.unfold(2, 2, 2).unfold(3, 2, 2).permute(0, 2, 3, 1, 4, 5).reshape(2, 6, 12)
    expected = functional.linear(patches, projection.weight.flatten(1), projection.bias)
    assert torch.allclose(output(PatchEmbedding(embed_dim=5), images), expected, atol=1e-6)
    assert refusal(PatchEmbedding(patch_size=4), batch(3, 4, 6)).suggestions == (SetOwn("patch_size", (4, 2)),)


def test_a_learned_step_stands_before_the_others() -> None:
    sequences = torch.randn(3, 6, 5)
    y = output(ClassToken(), sequences)
    assert torch.equal(y[:, 1:], sequences)
    assert torch.equal(y[0, 0], y[2, 0])
