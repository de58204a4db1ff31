"""Recurrent layers against torch's own, and what they refuse."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from netbuilder.blocks.library.recurrent import GRU, LSTM, RNN
from netbuilder.blocks.spec import Resize, SetOwn
from netbuilder.compiler.calls import instantiate, run
from tests.blocks.calling import batch, compute, refusal

SEQUENCES = torch.randn(3, 6, 8, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("settings", [{}, {"num_layers": 2, "bidirectional": True}, {"bias": False}])
def test_lstm_is_torchs(settings: dict[str, Any]) -> None:
    torch.manual_seed(0)
    sequence, (hidden, cell) = nn.LSTM(8, 5, batch_first=True, **settings)(SEQUENCES)
    outputs = compute(LSTM(hidden_size=5, **settings), SEQUENCES)
    assert list(outputs) == ["sequence", "last", "hidden", "cell"] == [port.name for port in LSTM.outputs]
    assert torch.equal(outputs["sequence"], sequence)
    assert torch.equal(outputs["last"], sequence[:, -1])
    assert torch.equal(outputs["hidden"], hidden[-1])
    assert torch.equal(outputs["cell"], cell[-1])


@pytest.mark.parametrize(
    ("block", "module"),
    [
        (GRU(hidden_size=5, num_layers=2), nn.GRU(8, 5, num_layers=2, batch_first=True)),
        (RNN(hidden_size=5), nn.RNN(8, 5, batch_first=True)),
        (
            RNN(hidden_size=5, nonlinearity="relu", bidirectional=True),
            nn.RNN(8, 5, nonlinearity="relu", bidirectional=True, batch_first=True),
        ),
    ],
    ids=["GRU", "RNN", "RNN relu both ways"],
)
def test_gru_and_rnn_are_torchs(block: GRU | RNN, module: nn.GRU | nn.RNN) -> None:
    torch.manual_seed(0)
    module.reset_parameters()
    sequence, hidden = module(SEQUENCES)
    outputs = compute(block, SEQUENCES)
    assert list(outputs) == ["sequence", "last", "hidden"] == [port.name for port in block.outputs]
    assert torch.equal(outputs["sequence"], sequence)
    assert torch.equal(outputs["last"], sequence[:, -1])
    assert torch.equal(outputs["hidden"], hidden[-1])


def test_a_gru_computes_what_its_reference_says() -> None:
    gru = nn.GRU(8, 5)
    x, h = torch.randn(8), torch.randn(5)
    of_x, of_h = gru.weight_ih_l0 @ x + gru.bias_ih_l0, gru.weight_hh_l0 @ h + gru.bias_hh_l0
    r, z = torch.sigmoid(of_x[:10] + of_h[:10]).split(5)
    new = torch.tanh(of_x[10:] + r * of_h[10:])
    assert torch.allclose((1 - z) * new + z * h, gru(x[None], h[None])[1][0])
    assert "n = tanh(W_in·xₜ + b_in + r ⊙ (W_hn·hₜ₋₁ + b_hn)); hₜ = (1 − z) ⊙ n + z ⊙ hₜ₋₁" in (GRU.__doc__ or "")


def test_an_lstm_computes_what_its_reference_says_with_weights_of_each_gates_own() -> None:
    lstm = nn.LSTM(8, 5)
    x, h, c = torch.randn(8), torch.randn(5), torch.randn(5)
    of_x, of_h = lstm.weight_ih_l0 @ x + lstm.bias_ih_l0, lstm.weight_hh_l0 @ h + lstm.bias_hh_l0
    i, f, g, o = (of_x + of_h).split(5)
    cell = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    _, (hidden, state) = lstm(x[None], (h[None], c[None]))
    assert torch.allclose(cell, state[0], atol=1e-6)
    assert torch.allclose(torch.sigmoid(o) * torch.tanh(cell), hidden[0], atol=1e-6)
    page = " ".join((LSTM.__doc__ or "").split())
    for gate in "ifo":
        assert f"{gate} = σ(W_i{gate}·xₜ + b_i{gate} + W_h{gate}·hₜ₋₁ + b_h{gate})" in page
    assert "g = tanh(W_ig·xₜ + b_ig + W_hg·hₜ₋₁ + b_hg)" in page
    assert "cₜ = f ⊙ cₜ₋₁ + i ⊙ g; hₜ = o ⊙ tanh(cₜ)" in page


@pytest.mark.parametrize("block", [RNN, GRU])
def test_every_layer_begins_with_the_state_that_is_wired(block: type[RNN | GRU]) -> None:
    state = torch.randn(3, 5)
    torch.manual_seed(0)
    module = getattr(nn, block.__name__)(8, 5, num_layers=2, bidirectional=True, batch_first=True)
    sequence, _ = module(SEQUENCES, torch.stack([state] * 4))
    assert torch.equal(
        compute(block(hidden_size=5, num_layers=2, bidirectional=True), SEQUENCES, state)["sequence"], sequence
    )


def test_an_lstm_begins_with_both_its_states_and_with_zeros_for_the_one_that_is_open() -> None:
    hidden, cell = torch.randn(2, 3, 5)
    torch.manual_seed(0)
    module = nn.LSTM(8, 5, batch_first=True)
    block = LSTM(hidden_size=5)
    sequence, _ = module(SEQUENCES, (hidden[None], cell[None]))
    assert torch.equal(compute(block, SEQUENCES, hidden, cell)["sequence"], sequence)
    sequence, _ = module(SEQUENCES, (hidden[None], torch.zeros(1, 3, 5)))
    assert torch.equal(compute(block, SEQUENCES, hidden)["sequence"], sequence)
    sequence, _ = module(SEQUENCES, (torch.zeros(1, 3, 5), cell[None]))
    call = block.lower(batch(6, 8), None, batch(5))
    torch.manual_seed(0)
    assert torch.equal(run(call, instantiate(call), (SEQUENCES, None, cell))["sequence"], sequence)


def test_a_state_has_as_many_features_as_the_memory() -> None:
    mismatch = refusal(GRU(hidden_size=5), batch(6, 8), batch(7))
    assert (mismatch.code, mismatch.port) == ("state-mismatch", "h_0")
    assert mismatch.suggestions == (SetOwn("hidden_size", 7), Resize(5))


@pytest.mark.parametrize("block", [RNN, LSTM, GRU])
def test_dropout_in_a_single_recurrent_layer_does_nothing_and_is_refused(block: type[RNN | LSTM | GRU]) -> None:
    mismatch = refusal(block(dropout=0.5), batch(6, 8))
    assert (mismatch.parameter, mismatch.code) == ("dropout", "no-effect")
    assert mismatch.suggestions == (SetOwn("dropout", 0.0), SetOwn("num_layers", 2))
    block(dropout=0.5, num_layers=2).lower(batch(6, 8))


def test_the_canvas_shows_what_matters() -> None:
    assert LSTM(num_layers=2, bidirectional=True).summary() == "64 · 2 layers · both ways"
