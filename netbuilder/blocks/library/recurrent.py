"""Recurrent layers: read a sequence step by step and remember."""

from __future__ import annotations

from netbuilder.blocks.ports import SEQUENCES
from netbuilder.blocks.spec import (
    Block,
    Call,
    Count,
    Depth,
    Fraction,
    Key,
    Mismatch,
    Port,
    SetOwn,
    TensorSpec,
    module,
    param,
)

_OUTPUTS = (
    Port("sequence", help="Output after every step: N × T × D·hidden_size, with D = 2 if bidirectional."),
    Port("last", help="Output at the last step: N × D·hidden_size."),
    Port(
        "hidden", help="Final hidden state of the last layer: N × hidden_size; of its backward half if bidirectional."
    ),
)
_LAST_STEP: tuple[Key, ...] = (0, ((None, None), -1))


class _Recurrent(Block):
    """What LSTM and GRU share."""

    category = "Recurrent"
    inputs = (SEQUENCES,)

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

    def _call(self, target: str, x: TensorSpec, results: dict[str, tuple[Key, ...]]) -> Call:
        if self.dropout and self.num_layers == 1:
            raise Mismatch(
                f"dropout {self.dropout:g} acts between stacked layers, and there is one layer: it would do nothing.",
                parameter="dropout",
                code="no-effect",
                suggestions=(SetOwn("dropout", 0.0), SetOwn("num_layers", 2)),
            )
        return module(target, input_size=x.size(2), **self.model_dump(), batch_first=True, results=results)


class LSTM(_Recurrent):
    """Read a sequence step by step, with a memory that gates keep, fill and empty.

    i, f, o = σ(W·[xₜ, hₜ₋₁]), c̃ = tanh(W·[xₜ, hₜ₋₁]); cₜ = f ⊙ cₜ₋₁ + i ⊙ c̃; hₜ = o ⊙ tanh(cₜ). Input `N × T × F`; outputs
    `sequence` (all steps, to stack more on), `last` (the last step, for a classifier), `hidden` and `cell` (the final
    state). For sequences whose order matters over long distances: sensors, text, rows of an image.
    Source: `torch.nn.LSTM` with batch_first; Hochreiter & Schmidhuber, Long Short-Term Memory, 1997.
    """

    aliases = ("long short-term memory", "rnn", "sequence", "time series")
    outputs = (*_OUTPUTS, Port("cell", help="Final cell state of the last layer: N × hidden_size."))

    def lower(self, x: TensorSpec) -> Call:
        state = {"hidden": (1, 0, -1), "cell": (1, 1, -1)}
        return self._call("torch.nn.LSTM", x, {"sequence": (0,), "last": _LAST_STEP, **state})


class GRU(_Recurrent):
    """Read a sequence step by step, with a memory that two gates update.

    r, z = σ(W·[xₜ, hₜ₋₁]); h̃ = tanh(W·[xₜ, r ⊙ hₜ₋₁]); hₜ = (1 − z) ⊙ h̃ + z ⊙ hₜ₋₁. Input `N × T × F`; outputs `sequence` (all
    steps), `last` (the last step) and `hidden` (the final state). Does what LSTM does with a quarter fewer weights.
    Source: `torch.nn.GRU` with batch_first; Cho et al., RNN Encoder-Decoder, 2014.
    """

    aliases = ("gated recurrent unit", "rnn", "sequence", "time series")
    outputs = _OUTPUTS

    def lower(self, x: TensorSpec) -> Call:
        return self._call("torch.nn.GRU", x, {"sequence": (0,), "last": _LAST_STEP, "hidden": (1, -1)})
