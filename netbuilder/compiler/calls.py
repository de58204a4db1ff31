"""Making a `Call` real: its target found, its module made, its arguments filled in."""

from __future__ import annotations

import operator
import warnings
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from importlib import import_module
from typing import Any

import torch
from torch import nn

from netbuilder.blocks.spec import Arg, Call, Key, Value

# It costs a copy, which is not worth a line on the terminal of whoever chose an even kernel.
warnings.filterwarnings("ignore", message="Using padding='same' with even kernel", category=UserWarning)

_HOMES = (
    "torch",
    "torch.nn",
    "torch.nn.functional",
    "operator",
    "netbuilder.nn",
    "torchmetrics.classification",
    "torchmetrics.regression",
    "torchmetrics.text",
)
_METHODS = "torch.Tensor"


@cache
def resolve(target: str) -> Any:
    """Return the function or class that a call names. Targets come from block declarations, never from files."""
    home, _, name = target.rpartition(".")
    if home == _METHODS:
        return getattr(torch.Tensor, name)
    if home not in _HOMES:
        raise ValueError(f"{target} is not in one of {', '.join(_HOMES)}")
    return getattr(import_module(home), name)


def instantiate(call: Call) -> nn.Module:
    """Make the module of a call, with freshly initialised parameters from torch's global generator."""
    assert call.settings is not None, f"{call.target} is a function"
    return resolve(call.target)(**dict(call.settings))


def fill(value: Value, inputs: Sequence[Any], invoke: Callable[[Call, tuple[Any, ...], dict[str, Any]], Any]) -> Any:
    """Return an argument with every `Arg` replaced by its input and every inner call by what `invoke` makes of it."""
    match value:
        case Arg(index):
            return inputs[index]
        case Call():
            return perform(value, inputs, invoke)
        case tuple():
            return tuple(fill(item, inputs, invoke) for item in value)
        case _:
            return value


def perform(call: Call, inputs: Sequence[Any], invoke: Callable[[Call, tuple[Any, ...], dict[str, Any]], Any]) -> Any:
    """Fill in the arguments of a call and hand them to `invoke`; return what that returns."""
    args = tuple(fill(value, inputs, invoke) for value in call.args)
    kwargs = {name: fill(value, inputs, invoke) for name, value in call.kwargs}
    return invoke(call, args, kwargs)


def calls_in(value: Value) -> Iterator[Call]:
    """Yield a call and all calls among its arguments."""
    match value:
        case Call():
            yield value
            for argument in (*value.args, *(argument for _, argument in value.kwargs)):
                yield from calls_in(argument)
        case tuple():
            for item in value:
                yield from calls_in(item)
        case _:
            pass


def index(key: Key) -> Any:
    """Return a result key as Python takes it between brackets."""
    if isinstance(key, int):
        return key
    return tuple(slice(*part) if isinstance(part, tuple) else part for part in key)


def run(call: Call, module: nn.Module | None, inputs: Sequence[torch.Tensor | None]) -> dict[str, torch.Tensor]:
    """Compute a call on tensors; return the value of each output port."""

    def invoke(part: Call, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return (module if part is call and module else resolve(part.target))(*args, **kwargs)

    result = perform(call, inputs, invoke)
    outputs: dict[str, torch.Tensor] = {}
    for port, path in call.results:
        value: Any = result
        for key in path:
            value = operator.getitem(value, index(key))
        outputs[port] = value
    return outputs
