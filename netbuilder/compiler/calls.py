"""Making a `Call` real: its target found, its module made, its arguments filled in."""

from __future__ import annotations

import inspect
import operator
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
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


def with_constants(call: Call, change: Callable[[str, Value], Value]) -> Call:
    """Return a call with other constants among its arguments: `change` has each one, and the name of its parameter.

    A name that is taken already, by a setting or in an inner call, is numbered: `start.1`.
    """
    taken = Counter(name for name, _ in call.settings or ())

    def inside(part: Call) -> Call:
        args = tuple(other(_parameter_name(part, i), value) for i, value in enumerate(part.args))
        return replace(part, args=args, kwargs=tuple((name, other(name, value)) for name, value in part.kwargs))

    def other(name: str, value: Value) -> Value:
        if isinstance(value, Call):
            return inside(value)
        if value is None or _has_input(value):
            return value
        number, taken[name] = taken[name], taken[name] + 1
        return change(f"{name}.{number}" if number else name, value)

    return inside(call)


def _has_input(value: Value) -> bool:
    return isinstance(value, Arg | Call) or (isinstance(value, tuple) and any(map(_has_input, value)))


def _parameter_name(call: Call, position: int) -> str:
    names = list(parameters_of(call.target, forward=call.is_module))
    return names[position] if position < len(names) else "value"


@cache
def parameters_of(target: str, *, forward: bool = False) -> dict[str, Any]:
    """Return what a function or the constructor of a class takes, with defaults; `Parameter.empty` stands for none.

    With `forward`, what the modules of a class are called with.
    """
    callee = resolve(target)
    for place in (callee.forward,) if forward else getattr(callee, "__mro__", (callee,)):
        try:
            parameters = inspect.signature(place).parameters.values()
        except ValueError:
            break
        if any(each.kind is each.POSITIONAL_OR_KEYWORD for each in parameters):  # nn.LSTM takes *args, for its base
            return {each.name: each.default for each in parameters if each.name != "self"}
    return _schema(target)


def _schema(target: str) -> dict[str, Any]:
    """Return what a builtin of torch takes, in the longest of its forms: Python can't read its signature."""
    overloads = getattr(torch.ops.aten, target.rpartition(".")[2], None)
    names = [name for name in overloads.overloads() if "out" not in name] if overloads else []
    longest = max((getattr(overloads, name)._schema.arguments for name in names), key=len, default=())
    return {
        each.name: _one(each.default_value) if each.has_default_value() else inspect.Parameter.empty for each in longest
    }


def _one(default: Any) -> Any:
    """Return a default the short way: 0 for a padding of [0, 0]."""
    return default[0] if isinstance(default, list) and len(set(map(repr, default))) == 1 else default  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]


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
