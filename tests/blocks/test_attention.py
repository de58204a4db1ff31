"""Attention and the layers of a transformer against torch's own, what masks hide, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional

from netbuilder.blocks.library.attention import (
    MultiheadAttention,
    MultiheadSelfAttention,
    PaddingMask,
    ScaledDotProductAttention,
)
from netbuilder.blocks.library.transformer import TransformerDecoderLayer, TransformerEncoderLayer
from netbuilder.blocks.spec import Block, Resize, SetOwn
from netbuilder.compiler.build import build
from netbuilder.exchange.onnx_export import export
from netbuilder.exchange.onnx_proof import BATCHES
from netbuilder.nn import MultiheadSelfAttention as AttentionModule
from tests.blocks.calling import batch, output, refusal
from tests.drawing import Drawing, program_of

SEQUENCES, OTHERS = torch.randn(2, 3, 6, 8, generator=torch.Generator().manual_seed(1))
LONGER = torch.randn(3, 9, 8, generator=torch.Generator().manual_seed(2))
PADDED = torch.arange(6).expand(3, 6) >= torch.tensor([[6], [4], [2]])
"""Padding masks of sequences of 6, 4 and 2 steps."""


def without_dropout(module: type[nn.Module], **settings: Any) -> nn.Module:
    torch.manual_seed(0)
    return module(**settings, dropout=0.0, batch_first=True)


def causal(steps: int) -> torch.Tensor:
    return nn.Transformer.generate_square_subsequent_mask(steps)


def test_attention_is_torchs_multihead_attention() -> None:
    torch.manual_seed(0)
    reference = nn.MultiheadAttention(8, 2, batch_first=True)
    twin = AttentionModule(8, 2)
    twin.in_proj.weight = reference.in_proj_weight
    twin.in_proj.bias = reference.in_proj_bias
    twin.out_proj = reference.out_proj
    expected, _ = reference(SEQUENCES, SEQUENCES, SEQUENCES)
    assert torch.allclose(twin(SEQUENCES), expected, atol=1e-6)


def test_causal_attention_sees_no_later_step() -> None:
    changed = SEQUENCES.clone()
    changed[:, 4:] += 1.0
    block = MultiheadSelfAttention(num_heads=2, is_causal=True)
    before, after = output(block, SEQUENCES), output(block, changed)
    assert torch.allclose(before[:, :4], after[:, :4], atol=1e-6)
    assert not torch.allclose(before[:, 4:], after[:, 4:], atol=1e-3)
    both = MultiheadSelfAttention(num_heads=2)
    assert not torch.allclose(output(both, SEQUENCES)[:, :4], output(both, changed)[:, :4], atol=1e-3)


def test_attention_drops_in_training_alone() -> None:
    module = AttentionModule(8, 2, dropout=0.9)
    assert not torch.equal(module(SEQUENCES), module(SEQUENCES))
    module.eval()
    assert torch.equal(module(SEQUENCES), module(SEQUENCES))


@pytest.mark.parametrize(
    ("block", "inputs", "parameter"),
    [
        (MultiheadSelfAttention(num_heads=5), 1, "num_heads"),
        (MultiheadAttention(num_heads=5), 2, "num_heads"),
        (TransformerEncoderLayer(nhead=5), 1, "nhead"),
        (TransformerDecoderLayer(nhead=5), 2, "nhead"),
    ],
    ids=str,
)
def test_heads_have_to_share_the_features_evenly(block: Block, inputs: int, parameter: str) -> None:
    mismatch = refusal(block, *[batch(6, 8)] * inputs)
    assert (mismatch.code, mismatch.parameter) == ("heads-mismatch", parameter)
    assert mismatch.suggestions == (SetOwn(parameter, 4),)


def test_cross_attention_is_torchs() -> None:
    module = without_dropout(nn.MultiheadAttention, embed_dim=8, num_heads=2)
    expected, _ = module(SEQUENCES, LONGER, LONGER, need_weights=False)
    assert torch.equal(output(MultiheadAttention(num_heads=2), SEQUENCES, LONGER), expected)
    module = without_dropout(nn.MultiheadAttention, embed_dim=8, num_heads=2, kdim=5, vdim=3)
    expected, _ = module(SEQUENCES, LONGER[..., :5], LONGER[..., 5:], need_weights=False)
    block = MultiheadAttention(num_heads=2)
    assert torch.allclose(output(block, SEQUENCES, LONGER[..., :5], LONGER[..., 5:]), expected, atol=1e-6)


@pytest.mark.parametrize("is_causal", [False, True])
def test_dot_product_attention_is_torchs(is_causal: bool) -> None:
    block = ScaledDotProductAttention(is_causal=is_causal)
    expected = functional.scaled_dot_product_attention(SEQUENCES, LONGER, LONGER, is_causal=is_causal)
    assert torch.allclose(output(block, SEQUENCES, LONGER, LONGER), expected, atol=1e-6)
    heads = SEQUENCES.unflatten(-1, (2, 4)).transpose(1, 2)
    expected = functional.scaled_dot_product_attention(heads, heads, heads, is_causal=is_causal)
    assert torch.equal(output(block, heads, heads, heads), expected)


@pytest.mark.parametrize("settings", [{}, {"norm_first": True, "activation": "gelu"}, {"bias": False}])
def test_an_encoder_layer_is_torchs(settings: dict[str, Any]) -> None:
    module = without_dropout(nn.TransformerEncoderLayer, d_model=8, nhead=2, dim_feedforward=16, **settings)
    block = TransformerEncoderLayer(nhead=2, dim_feedforward=16, dropout=0.0, **settings)
    assert torch.equal(output(block, SEQUENCES), module(SEQUENCES))
    look_back = block.model_copy(update={"is_causal": True})
    assert torch.allclose(output(look_back, SEQUENCES), module(SEQUENCES, causal(6), is_causal=True), atol=1e-6)
    masked = module(SEQUENCES, src_key_padding_mask=PADDED)
    assert torch.allclose(output(block, SEQUENCES, PADDED), masked, atol=1e-6)


def test_a_decoder_layer_is_torchs() -> None:
    module = without_dropout(nn.TransformerDecoderLayer, d_model=8, nhead=2, dim_feedforward=16)
    block = TransformerDecoderLayer(nhead=2, dim_feedforward=16, dropout=0.0)
    expected = module(SEQUENCES, LONGER, causal(6), tgt_is_causal=True)
    assert torch.allclose(output(block, SEQUENCES, LONGER), expected, atol=1e-6)
    ahead = block.model_copy(update={"is_causal": False})
    assert torch.equal(output(ahead, SEQUENCES, LONGER), module(SEQUENCES, LONGER))
    expected = module(SEQUENCES, OTHERS, tgt_key_padding_mask=PADDED, memory_key_padding_mask=PADDED)
    assert torch.allclose(output(ahead, SEQUENCES, OTHERS, PADDED, PADDED), expected, atol=1e-6)


@pytest.mark.parametrize("is_causal", [False, True])
@pytest.mark.parametrize(
    ("block", "inputs"),
    [
        (ScaledDotProductAttention, 3),
        (MultiheadSelfAttention, 1),
        (TransformerEncoderLayer, 1),
    ],
)
def test_what_is_padding_changes_nothing(block: type[Block], inputs: int, is_causal: bool) -> None:
    layer = block.model_validate({"is_causal": is_causal} | ({"dropout": 0.0} if inputs == 1 else {}))
    changed = torch.where(PADDED[..., None], SEQUENCES + 1.0, SEQUENCES)
    for mask in (PADDED, PADDED.long() * 7):
        before = output(layer, *[SEQUENCES] * inputs, mask)
        after = output(layer, *[changed] * inputs, mask)
        assert torch.allclose(before[~PADDED], after[~PADDED], atol=1e-5)
    alone = output(layer, *[SEQUENCES[2:, :2]] * inputs)
    assert torch.allclose(output(layer, *[SEQUENCES] * inputs, PADDED)[2:, :2], alone, atol=1e-5)


def test_cross_attention_does_not_look_at_padding() -> None:
    changed = torch.where(PADDED[..., None], OTHERS + 1.0, OTHERS)
    block = MultiheadAttention(num_heads=2)
    before, after = (output(block, SEQUENCES, memory, memory, PADDED) for memory in (OTHERS, changed))
    assert torch.allclose(before, after, atol=1e-6)


def test_tokens_that_fill_up_are_marked() -> None:
    tokens = torch.tensor([[5, 3, 2], [4, 2, 2]])
    marked = output(PaddingMask(padding_idx=2), tokens)
    assert marked.tolist() == [[False, False, True], [False, True, True]]


def test_a_mask_made_of_tokens_reaches_attention_and_the_exported_file(tmp_path: Path) -> None:
    drawing = Drawing()
    tokens = drawing.put("Input", "tokens", shape=[6], dtype="int64")
    embedded = drawing.put("Embedding", "embedded", tokens, embedding_dim=8)
    mask = drawing.put("PaddingMask", "padding", tokens)
    encoded = drawing.put("TransformerEncoderLayer", "encoder", embedded, mask, nhead=2, is_causal=True)
    drawing.put("Output", "y", drawing.put("MultiheadSelfAttention", "attention", encoded, mask))
    program = program_of(drawing.project)
    report = export(program, build(program), tmp_path / "masked.onnx")
    assert set(report.max_abs_diff) == set(BATCHES)


def test_a_mask_is_as_long_as_its_sequence() -> None:
    mask = batch(5, dtype="int64")
    for block, inputs in ((MultiheadSelfAttention(), 1), (TransformerEncoderLayer(), 1)):
        assert refusal(block, *[batch(6, 8)] * inputs, mask).port == "key_padding_mask"
    mismatch = refusal(TransformerDecoderLayer(), batch(6, 8), batch(5, 8), None, batch(6, dtype="int64"))
    assert mismatch.port == "memory_key_padding_mask"


def test_queries_and_keys_have_as_many_features() -> None:
    mismatch = refusal(ScaledDotProductAttention(), batch(6, 8), batch(6, 7), batch(6, 8))
    assert (mismatch.port, mismatch.suggestions) == ("key", (Resize(8),))
    mismatch = refusal(TransformerDecoderLayer(), batch(6, 8), batch(6, 12))
    assert (mismatch.port, mismatch.suggestions) == ("memory", (Resize(8),))
    assert refusal(ScaledDotProductAttention(), batch(6, 8), batch(6, 8), batch(5, 8)).port == "value"


def test_the_canvas_shows_what_matters() -> None:
    assert MultiheadSelfAttention(is_causal=True).summary() == "4 heads · causal"
    assert TransformerEncoderLayer(nhead=1, norm_first=True).summary() == "1 head · pre-norm"
