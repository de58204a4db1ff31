"""Recurrent layers: read a sequence step by step and remember."""

from __future__ import annotations

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

_INPUTS = (Port("x", help="Sequences: N × time × features.", rank=3),)
_OUTPUTS = (
    Port("sequence", help="Output after every step: N × T × D·hidden_size, with D = 2 if bidirectional."),
    Port("last", help="Output at the last step: N × D·hidden_size."),
    Port(
        "hidden", help="Final hidden state of the last layer: N × hidden_size; of its backward half if bidirectional."
    ),
)
_LAST_STEP: tuple[Key, ...] = (0, ((None, None), -1))

_HIDDEN_HELP = "Features of the memory, and of the output."
_LAYERS_HELP = "Layers stacked on one another; each reads the output of the one below."
_BIDIRECTIONAL_HELP = "Read the sequence also backwards, and output both side by side."
_DROPOUT_HELP = "Probability of dropping an element between stacked layers, in training."


class LSTM(Block):
    """Read a sequence step by step, with a memory that gates keep, fill and empty.

    i, f, o = σ(W·[xₜ, hₜ₋₁]), c̃ = tanh(W·[xₜ, hₜ₋₁]); cₜ = f ⊙ cₜ₋₁ + i ⊙ c̃; hₜ = o ⊙ tanh(cₜ). Input `N × T × F`; outputs
    `sequence` (all steps, to stack more on), `last` (the last step, for a classifier), `hidden` and `cell` (the final
    state). For sequences whose order matters over long distances: sensors, text, rows of an image.
    Source: `torch.nn.LSTM` with batch_first; Hochreiter & Schmidhuber, Long Short-Term Memory, 1997.
    """

    category = "Recurrent"
    aliases = ("long short-term memory", "rnn", "sequence", "time series")
    inputs = _INPUTS
    outputs = (*_OUTPUTS, Port("cell", help="Final cell state of the last layer: N × hidden_size."))

    hidden_size: Count = param(64, help=_HIDDEN_HELP)
    num_layers: Depth = param(1, help=_LAYERS_HELP)
    bias: bool = param(True, help="Add learned constants inside the gates.")
    dropout: Fraction = param(0.0, help=_DROPOUT_HELP)
    bidirectional: bool = param(False, help=_BIDIRECTIONAL_HELP)

    def lower(self, x: TensorSpec) -> Call:
        _require_layers_for(self.dropout, self.num_layers)
        results: dict[str, tuple[Key, ...]] = {
            "sequence": (0,),
            "last": _LAST_STEP,
            "hidden": (1, 0, -1),
            "cell": (1, 1, -1),
        }
        return module("torch.nn.LSTM", input_size=x.size(2), **self.model_dump(), batch_first=True, results=results)

    def summary(self) -> str:
        return _summary(self.hidden_size, self.num_layers, self.bidirectional)


class GRU(Block):
    """Read a sequence step by step, with a memory that two gates update.

    r, z = σ(W·[xₜ, hₜ₋₁]); h̃ = tanh(W·[xₜ, r ⊙ hₜ₋₁]); hₜ = (1 − z) ⊙ h̃ + z ⊙ hₜ₋₁. Input `N × T × F`; outputs `sequence` (all
    steps), `last` (the last step) and `hidden` (the final state). Does what LSTM does with a quarter fewer weights.
    Source: `torch.nn.GRU` with batch_first; Cho et al., RNN Encoder-Decoder, 2014.
    """

    category = "Recurrent"
    aliases = ("gated recurrent unit", "rnn", "sequence", "time series")
    inputs = _INPUTS
    outputs = _OUTPUTS

    hidden_size: Count = param(64, help=_HIDDEN_HELP)
    num_layers: Depth = param(1, help=_LAYERS_HELP)
    bias: bool = param(True, help="Add learned constants inside the gates.")
    dropout: Fraction = param(0.0, help=_DROPOUT_HELP)
    bidirectional: bool = param(False, help=_BIDIRECTIONAL_HELP)

    def lower(self, x: TensorSpec) -> Call:
        _require_layers_for(self.dropout, self.num_layers)
        results: dict[str, tuple[Key, ...]] = {"sequence": (0,), "last": _LAST_STEP, "hidden": (1, -1)}
        return module("torch.nn.GRU", input_size=x.size(2), **self.model_dump(), batch_first=True, results=results)

    def summary(self) -> str:
        return _summary(self.hidden_size, self.num_layers, self.bidirectional)


def _require_layers_for(dropout: float, num_layers: int) -> None:
    if dropout and num_layers == 1:
        raise Mismatch(
            f"dropout {dropout:g} acts between stacked layers, and there is one layer: it would do nothing.",
            parameter="dropout",
            code="no-effect",
            suggestions=(SetOwn("dropout", 0.0), SetOwn("num_layers", 2)),
        )


def _summary(hidden_size: int, num_layers: int, bidirectional: bool) -> str:
    parts = [str(hidden_size)]
    if num_layers > 1:
        parts.append(f"{num_layers} layers")
    if bidirectional:
        parts.append("both ways")
    return " · ".join(parts)
