"""Shapes, parameters and FLOPs of one call, found by running it on the meta device, where tensors have no memory.

torch's symbolic shapes specialise in recurrent and attention layers, so free dimensions are found by experiment: the
call runs with two sizes of each free symbol, and a dimension that moved is an expression of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch
from torch import nn
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from netbuilder.blocks.spec import Call, Dim, Free, TensorSpec
from netbuilder.compiler.calls import instantiate, run

_BASE = {"N": 2, "T": 8}
_MOVED = {"N": 3, "T": 12}


@dataclass(frozen=True, slots=True)
class Inference:
    """What a call does: the spec of each output port, its learned numbers, its FLOPs for one sample."""

    outputs: tuple[tuple[str, TensorSpec], ...]
    parameters: int
    flops: int


class InferenceError(Exception):
    """The call can't run on inputs of these specs; the message is torch's own, shortened to its first sentence."""


@lru_cache(maxsize=16_384)
def infer(call: Call, inputs: tuple[TensorSpec | None, ...]) -> Inference:
    """Return what the call makes of inputs of these specs; `InferenceError` where torch refuses them."""
    if call.is_metric:
        return Inference((), 0, 0)  # its number comes after the last batch, and is not the network's
    try:
        with torch.device("meta"):
            module = instantiate(call).eval() if call.is_module else None
        base = _measure(call, module, inputs, _BASE)
        symbols = sorted({dim.symbol for spec in inputs if spec for dim in spec.shape if isinstance(dim, Free)})
        moved = {symbol: _measure(call, module, inputs, _BASE | {symbol: _MOVED[symbol]}) for symbol in symbols}
    except Exception as error:  # whatever torch raises is about these inputs
        raise InferenceError(_reason(error)) from error
    outputs = tuple(
        (port, _generalise(tensor, {symbol: twin.outputs[port] for symbol, twin in moved.items()}))
        for port, tensor in base.outputs.items()
    )
    parameters = sum(parameter.numel() for parameter in module.parameters()) if module else 0
    flops = moved["N"].flops - base.flops if "N" in moved else base.flops
    return Inference(outputs, parameters, flops)


def _reason(error: Exception) -> str:
    """Return what torch says, and for the one thing that it says in its own terms, what it means."""
    first = str(error).strip().split("\n")[0]
    if "overflow" in first:
        return "it would be larger than the memory of any computer"
    return first[:300] or type(error).__name__


@dataclass(frozen=True, slots=True)
class _Measurement:
    outputs: dict[str, torch.Tensor]
    flops: int


def _measure(
    call: Call, module: nn.Module | None, inputs: tuple[TensorSpec | None, ...], sizes: Mapping[str, int]
) -> _Measurement:
    tensors = [
        spec and torch.empty(spec.shape_with(sizes), dtype=getattr(torch, spec.dtype), device="meta") for spec in inputs
    ]
    with torch.no_grad(), _FlopCounter() as counter, _Shortcuts() as shortcuts:
        outputs = run(call, module, tensors)
    return _Measurement(outputs, counter.flops + shortcuts.flops)


def _generalise(base: torch.Tensor, moved: Mapping[str, torch.Tensor]) -> TensorSpec:
    """Compare a tensor with its twins from runs in which one symbol each had another size."""
    if any(twin.dim() != base.dim() for twin in moved.values()):
        raise InferenceError("The number of dimensions depends on the size of the batch.")
    shape = tuple(_dimension(axis, base, moved) for axis in range(base.dim()))
    return TensorSpec(shape, str(base.dtype).removeprefix("torch."))


def _dimension(axis: int, base: torch.Tensor, moved: Mapping[str, torch.Tensor]) -> Dim:
    size = base.shape[axis]
    moves = {symbol: twin.shape[axis] - size for symbol, twin in moved.items() if twin.shape[axis] != size}
    if not moves:
        return size
    (symbol, move), *others = moves.items()
    scale, rest = divmod(move, _MOVED[symbol] - _BASE[symbol])
    if others or rest:
        raise InferenceError(f"Dimension {axis} of the result mixes the batch with other sizes.")
    return Free(symbol, scale, size - scale * _BASE[symbol])


class _FlopCounter(TorchDispatchMode):
    """Counts with torch's own formulas. `FlopCounterMode` would hook every module call of the process, training too."""

    def __init__(self) -> None:
        super().__init__()  # pyright: ignore[reportUnknownMemberType]
        self.flops = 0

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        formula = flop_registry.get(func.overloadpacket)
        if formula is not None:
            self.flops += formula(*args, **(kwargs or {}), out_val=result)
        return result


class _Shortcuts(TorchFunctionMode):
    """Tells what some functions give and cost without running them.

    On the meta device torch would go through every step of every RNN, LSTM and GRU, which takes seconds for long
    sequences, to learn what their definition says: each weight meets each step once. A batch normalisation it takes
    apart in Python, for a millisecond, to give what has the shape of its input. A bilinear layer it goes through output
    by output, of which one shows the shape. Of the CTC loss, a number, that device has no form.
    """

    def __init__(self) -> None:
        super().__init__()
        self.flops = 0

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        if func is nn.functional.ctc_loss:
            return args[0].new_empty(())
        if func is nn.functional.batch_norm:
            return args[0]
        if func is nn.functional.bilinear:
            x1, x2, weight, bias = args
            one = func(x1, x2, weight[:1], None if bias is None else bias[:1])
            return one.new_empty(*one.shape[:-1], weight.shape[0])
        if func not in (torch.rnn_tanh, torch.rnn_relu, torch.lstm, torch.gru):
            return func(*args, **(kwargs or {}))
        x, state, weights, *_, bidirectional, _ = args  # the sequence stands batch first
        states: tuple[torch.Tensor, ...] = state if func is torch.lstm else (state,)
        batch, steps, _ = x.shape
        self.flops += 2 * batch * steps * sum(weight.numel() for weight in weights if weight.dim() == 2)
        return (x.new_empty(batch, steps, states[0].shape[-1] * (2 if bidirectional else 1)), *states)
