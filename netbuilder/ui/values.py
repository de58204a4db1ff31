"""A parameter's value as text and back, and one step up or down: what a form knows of values, without Qt."""

from __future__ import annotations

import json
import math
import re
from typing import Any

from netbuilder.blocks.parameters import Parameter
from netbuilder.graph.model import thaw

_NUMBER = r"[+-]?[0-9][0-9_]*"
_SIZES = re.compile(rf"[(\[]?\s*({_NUMBER}(?:[\s,;x×*]+{_NUMBER})*)?[\s,;]*[)\]]?", re.IGNORECASE)
_LONGEST_NUMBER = 400  # digits; int() refuses text of some thousands

NO_SIZES = "scalar"
"""How an empty list of sizes is shown: a shape without dimensions."""


def to_text(parameter: Parameter, value: Any) -> str:
    """Return the value as a person reads it: `3 × 3`, `0.001`, `same`.

    What doesn't fit the parameter is shown as JSON.
    """
    match value:
        case str():
            return value
        case bool() | None:
            return json.dumps(value)
        case int() if parameter.kind == "sizes" and parameter.length:
            return " × ".join([str(value)] * parameter.length)
        case float():
            return tidy(value)
        case tuple() | list() if parameter.kind == "sizes" and all(isinstance(item, int) for item in value):
            return " × ".join(map(str, value)) or NO_SIZES
        case _:
            return json.dumps(thaw(value))


def from_text(parameter: Parameter, text: str) -> Any:
    """Return the JSON value that the text stands for; the text itself where it stands for none,
    so that nothing is lost.
    """
    text = text.strip()
    if len(text) > _LONGEST_NUMBER or parameter.kind in ("text", "choice") or text in parameter.choices:
        return text
    match parameter.kind:
        case "int":
            return _whole(text)
        case "float":
            return _number(text)
        case "sizes":
            return _sizes(parameter, text)
        case _:
            return text


def stepped(parameter: Parameter, value: Any, by: int) -> Any:
    """Return the value `by` steps up or down, inside the parameter's range; None where there is no such thing.

    Whole numbers step by one, numbers whose range is narrow by 0.05, all others through 1, 2, 5, 10.
    """
    if parameter.kind in ("int", "float") and (isinstance(value, bool) or not isinstance(value, int | float)):
        return None
    match parameter.kind:
        case "int":
            return _clamped(parameter, int(value) + by)
        case "float":
            return _clamped(parameter, _stepped_float(parameter, float(value), by))
        case "sizes" if value in parameter.choices:
            return parameter.choices[(parameter.choices.index(value) - by) % len(parameter.choices)]
        case "sizes" if parameter.length and isinstance(value, int) and not isinstance(value, bool):
            return [_clamped(parameter, value + by)] * parameter.length
        case "sizes" if parameter.length and isinstance(value, tuple | list) and all(isinstance(v, int) for v in value):
            return [_clamped(parameter, size + by) for size in value]
        case _:
            return None


def tidy(value: float) -> str:
    """Return the shortest text that reads back as the same number: `1`, `0.001`, `1e-5`."""
    text = repr(float(value))
    return re.sub(r"e([+-])0+", r"e\1", text).replace("e+", "e").removesuffix(".0")


def _whole(text: str) -> int | str:
    compact = re.sub(r"(?<=[0-9])[,\s](?=[0-9]{3}\b)", "", text)
    return int(compact) if re.fullmatch(_NUMBER, compact) else text


def _number(text: str) -> float | str:
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        return text
    return value if math.isfinite(value) else text


def _sizes(parameter: Parameter, text: str) -> list[int] | str:
    if text == NO_SIZES and parameter.length is None:
        return []
    if not (match := _SIZES.fullmatch(text)):
        return text
    sizes = [int(number) for number in re.findall(_NUMBER, match[1] or "")]
    if parameter.length and not sizes:
        return text
    return sizes * (parameter.length or 1) if len(sizes) == 1 else sizes


def _stepped_float(parameter: Parameter, value: float, by: int) -> float:
    low, high = parameter.minimum, parameter.maximum
    if low is not None and high is not None and high - low <= 1:
        return round(value + by * 0.05, 10)
    for _ in range(abs(by)):
        value = (
            -_next_round(-value, up=by < 0) if value < 0 or (value == 0 and by < 0) else _next_round(value, up=by > 0)
        )
    return value


_SMALLEST_STEP = 1e-8


def _next_round(value: float, *, up: bool) -> float:
    """Return the next number of 1, 2, 5, 10, ... from a number of at least 0; from 0 up it is 0.0001."""
    if value == 0:
        return 1e-4
    exponent = math.floor(math.log10(value))
    rounds = [float(f"{digit}e{exponent + shift}") for shift in (-1, 0, 1) for digit in (1, 2, 5)]
    if up:
        return next(number for number in rounds if number > value * (1 + 1e-9))
    below = next(number for number in reversed(rounds) if number < value * (1 - 1e-9))
    return below if below > _SMALLEST_STEP else 0.0


def _clamped(parameter: Parameter, value: Any) -> Any:
    if parameter.minimum is not None:
        value = max(value, type(value)(parameter.minimum))
    if parameter.maximum is not None:
        value = min(value, type(value)(parameter.maximum))
    return value
