"""Recurrent layers: read a sequence step by step and remember."""

from __future__ import annotations

from typing import Literal

from netbuilder.blocks.ports import SEQUENCES
from netbuilder.blocks.spec import (
    BATCH,
    Arg,
    Block,
    Call,
    Count,
    Depth,
    Fraction,
    Key,
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

_OUTPUTS = (
    Port("sequence", help="Output after every step: N × T × D·hidden_size, with D = 2 if bidirectional."),
    Port(
        "last",
        help="Output at the last step: N × D·hidden_size; a backward half has read that one step by then: see hidden.",
    ),
    Port(
        "hidden", help="Final hidden state of the last layer: N × hidden_size; of its backward half if bidirectional."
    ),
)
_H_0 = Port(
    "h_0",
    help="Hidden state to begin with, for every layer; zeros if open.",
    rank=2,
    layout="N × hidden_size",
    optional=True,
)
_C_0 = Port(
    "c_0",
    help="Cell state to begin with, for every layer; zeros if open.",
    rank=2,
    layout="N × hidden_size",
    optional=True,
)
_LAST_STEP: tuple[Key, ...] = (0, ((None, None), -1))


class _Recurrent(Block):
    """What RNN, LSTM and GRU share."""

    category = "Recurrent"
    inputs = (SEQUENCES, _H_0)
    outputs = _OUTPUTS
    has_weights = True
    example_inputs = (TensorSpec((BATCH, 10, 12)), TensorSpec((BATCH, 64)))

    hidden_size: Count = param(64, help="Features of the memory, and of the output.")
    num_layers: Depth = param(1, help="Layers stacked on one another; each reads the output of the one below.")
    bias: bool = param(True, help="Add learned constants inside the gates.")
    dropout: Fraction = param(0.0, help="Probability of dropping an element between stacked layers, in training.")
    bidirectional: bool = param(False, help="Also read the sequence backwards, and put both outputs side by side.")

    def summary(self) -> str:
        parts = [str(self.hidden_size)]
        if self.num_layers > 1:
            parts.append(f"{self.num_layers} layers")
        if self.bidirectional:
            parts.append("both ways")
        return " · ".join(parts)

    def _call(self, x: TensorSpec, state: Value, results: dict[str, tuple[Key, ...]]) -> Call:
        if self.dropout and self.num_layers == 1:
            raise Mismatch(
                f"dropout {self.dropout:g} acts between stacked layers, and there is one layer: it would do nothing.",
                parameter="dropout",
                code="no-effect",
                suggestions=(SetOwn("dropout", 0.0), SetOwn("num_layers", 2)),
            )
        arguments = (Arg(0),) if state is None else (Arg(0), state)
        results = {"sequence": (0,), "last": _LAST_STEP, **results}
        settings = self.model_dump()
        target = f"torch.nn.{type(self).__name__}"
        return module(target, *arguments, input_size=x.size(2), **settings, batch_first=True, results=results)

    def _state(self, index: int, x: TensorSpec, state: TensorSpec | None) -> Call | None:
        """Return the state at an input port as torch takes it, for all layers and directions; None if it is open."""
        if state is None:
            return None
        if state.shape != (x.shape[0], self.hidden_size):
            raise Mismatch(
                f"The state has to be {x.shape[0]} × hidden_size, here {x.shape[0]} × {self.hidden_size}, "
                f"and is {state}.",
                port=self.inputs[index].name,
                parameter="hidden_size",
                code="state-mismatch",
                suggestions=(SetOwn("hidden_size", state.size(1)), Resize(self.hidden_size))
                if state.shape[:1] == x.shape[:1]
                else (),
            )
        return function("torch.tile", Arg(index), (self.num_layers * (2 if self.bidirectional else 1), 1, 1))


class RNN(_Recurrent):
    """Read a sequence step by step, with a memory that each step writes over.

    hₜ = tanh(W_ih·xₜ + b_ih + W_hh·hₜ₋₁ + b_hh), or ReLU in tanh's place. Input `N × T × F`; outputs `sequence` (all
    steps), `last` (the last step) and `hidden` (the final state). The plainest recurrent network; it forgets within
    some ten steps, since gradients fade or explode on their way back through W_hh: LSTM and GRU were made against that.
    Source: `torch.nn.RNN` with batch_first; Elman, Finding Structure in Time, 1990.
    """

    aliases = ("recurrent neural network", "elman", "vanilla rnn", "sequence", "time series")

    nonlinearity: Literal["tanh", "relu"] = param("tanh", help="What bends the new state.")

    def lower(self, x: TensorSpec, h_0: TensorSpec | None = None) -> Call:
        return self._call(x, self._state(1, x, h_0), {"hidden": (1, -1)})


class LSTM(_Recurrent):
    """Read a sequence step by step, with a memory that gates keep, fill and empty.

    i = σ(W_ii·xₜ + b_ii + W_hi·hₜ₋₁ + b_hi), f = σ(W_if·xₜ + b_if + W_hf·hₜ₋₁ + b_hf),
    g = tanh(W_ig·xₜ + b_ig + W_hg·hₜ₋₁ + b_hg), o = σ(W_io·xₜ + b_io + W_ho·hₜ₋₁ + b_ho); cₜ = f ⊙ cₜ₋₁ + i ⊙ g;
    hₜ = o ⊙ tanh(cₜ). Input `N × T × F`; outputs `sequence` (all steps, to stack more on), `last` (the last step, for a
    classifier), `hidden` and `cell` (the final state). For sequences whose order matters over long distances: sensors,
    text, rows of an image.
    Source: `torch.nn.LSTM` with batch_first; Hochreiter & Schmidhuber, Long Short-Term Memory, 1997.
    """

    aliases = ("long short-term memory", "rnn", "sequence", "time series")
    inputs = (SEQUENCES, _H_0, _C_0)
    example_inputs = (*_Recurrent.example_inputs, TensorSpec((BATCH, 64)))
    outputs = (*_OUTPUTS, Port("cell", help="Final cell state of the last layer: N × hidden_size."))

    def lower(self, x: TensorSpec, h_0: TensorSpec | None = None, c_0: TensorSpec | None = None) -> Call:
        hidden, cell = self._state(1, x, h_0), self._state(2, x, c_0)
        known = hidden or cell
        zeros = function("torch.zeros_like", known)
        return self._call(x, known and (hidden or zeros, cell or zeros), {"hidden": (1, 0, -1), "cell": (1, 1, -1)})


class GRU(_Recurrent):
    """Read a sequence step by step, with a memory that two gates update.

    r = σ(W_ir·xₜ + b_ir + W_hr·hₜ₋₁ + b_hr), z = σ(W_iz·xₜ + b_iz + W_hz·hₜ₋₁ + b_hz),
    n = tanh(W_in·xₜ + b_in + r ⊙ (W_hn·hₜ₋₁ + b_hn)); hₜ = (1 − z) ⊙ n + z ⊙ hₜ₋₁. Input `N × T × F`; outputs
    `sequence` (all steps), `last` (the last step) and `hidden` (the final state). Does what LSTM does with a quarter
    fewer weights.
    Source: `torch.nn.GRU` with batch_first; Cho et al., RNN Encoder-Decoder, 2014, where r stands inside the product:
    W_hn·(r ⊙ hₜ₋₁).
    """

    aliases = ("gated recurrent unit", "rnn", "sequence", "time series")

    def lower(self, x: TensorSpec, h_0: TensorSpec | None = None) -> Call:
        return self._call(x, self._state(1, x, h_0), {"hidden": (1, -1)})
