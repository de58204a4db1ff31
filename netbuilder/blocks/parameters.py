"""A block's parameters, read from its declaration: what a form, a reference page and a validator need to know."""

from __future__ import annotations

import types
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Literal, TypeVar, Union, cast, get_args, get_origin

from annotated_types import Ge, Le, MaxLen, MinLen
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from netbuilder.blocks.spec import LARGEST, Sizes
from netbuilder.diagnostics import Diagnostic

_Model = TypeVar("_Model", bound=BaseModel)

Kind = Literal["int", "float", "bool", "choice", "sizes", "text"]


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter, as a form needs it.

    `sizes` is a list of whole numbers: `length` of them, or else from `fewest` to `most`. `choices` may stand beside
    `sizes`, as for padding: one of the words or a list.
    """

    name: str
    kind: Kind
    default: Any
    help: str
    unit: str = ""
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    length: int | None = None
    fewest: int = 0
    most: int | None = None


@cache
def parameters(model: type[BaseModel]) -> tuple[Parameter, ...]:
    """Return the parameters of a block, or of another declared model, in the order of declaration."""
    defaults = model().model_dump()
    return tuple(_parameter(name, info, defaults[name]) for name, info in model.model_fields.items())


def defaults(model: type[BaseModel]) -> dict[str, Any]:
    """Return every parameter with its default, as JSON values."""
    return model().model_dump(mode="json")


def parse(model: type[_Model], params: Mapping[str, Any]) -> tuple[_Model | None, list[Diagnostic]]:
    """Return the model with these parameters, or None and one error for each parameter that is wrong."""
    try:
        return model.model_validate(dict(params)), []
    except ValidationError as error:
        known = {parameter.name: parameter for parameter in parameters(model)}
        wrong = {str(details["loc"][0]): details["input"] for details in reversed(error.errors())}
        return None, [_diagnostic(model, known.get(name), name, value) for name, value in wrong.items()]


def _diagnostic(model: type[BaseModel], parameter: Parameter | None, name: str, value: Any) -> Diagnostic:
    if parameter is None:
        return Diagnostic(
            "error", "unknown-parameter", f"{model.__name__} has no parameter “{name[:60]}”.", parameter=name
        )
    text = f"“{value}”" if isinstance(value, str) else str(value)
    wanted = expectation(parameter)
    return Diagnostic("error", "bad-parameter", f"{name} has to be {wanted}, not {text[:60]}.", parameter=name)


def value_in_words(value: object) -> str:
    """Return a value as a person reads it: `on`, `3 × 3`, `0.1`, `same`."""
    match value:
        case bool():
            return "on" if value else "off"
        case tuple() | list():
            return " × ".join(map(value_in_words, cast("Sequence[object]", value)))
        case _:
            return str(value)


def expectation(parameter: Parameter) -> str:
    """Say in words what values a parameter takes: “a whole number of at least 1”."""
    bounds = _bounds(parameter)
    words = " or ".join(f"“{choice}”" for choice in parameter.choices)
    match parameter.kind:
        case "int":
            return f"a whole number{bounds}"
        case "float":
            return f"a number{bounds}"
        case "bool":
            return "on or off"
        case "choice":
            return f"one of {', '.join(parameter.choices)}"
        case "text":
            return "a text"
        case "sizes":
            count = "a whole number" if parameter.length == 1 else f"{_how_many(parameter)} whole numbers"
            return f"{words} or {count}{bounds}" if words else f"{count}{bounds}"


def _how_many(parameter: Parameter) -> str:
    if parameter.length is not None:
        return str(parameter.length)
    return f"{parameter.fewest} to {parameter.most}" if parameter.fewest else f"up to {parameter.most}"


def _bounds(parameter: Parameter) -> str:
    low, high = parameter.minimum, None if parameter.maximum == LARGEST else parameter.maximum
    if low is not None and high is not None:
        return f" from {low:,} to {high:,}"
    if low is not None:
        return f" of at least {low:,}"
    return f" of at most {high:,}" if high is not None else ""


def _parameter(name: str, info: FieldInfo, default: Any) -> Parameter:
    kind, facts = _shape_of(info.annotation, tuple(info.metadata))
    extra = cast("dict[str, str]", info.json_schema_extra or {})
    return Parameter(name, kind, default, info.description or "", unit=extra.get("unit", ""), **facts)


def _shape_of(annotation: Any, metadata: tuple[Any, ...]) -> tuple[Kind, dict[str, Any]]:
    """Read kind, bounds, choices and length from a type: `Literal["same"] | Annotated[tuple[int, int], Sizes]`."""
    if get_origin(annotation) is Annotated:
        inner, *more = get_args(annotation)
        return _shape_of(inner, (*metadata, *more))
    for mark in metadata:
        if isinstance(mark, Sizes):
            facts = {"minimum": mark.minimum, "maximum": mark.maximum, "length": mark.length}
            return "sizes", _limits(metadata) | facts
    if get_origin(annotation) is Literal:
        return "choice", {"choices": tuple(map(str, get_args(annotation)))}
    if get_origin(annotation) in (Union, types.UnionType):
        parts = [_shape_of(part, ()) for part in get_args(annotation)]
        facts = {key: value for _, part in parts for key, value in part.items()}
        return ("sizes" if "length" in facts else parts[0][0]), facts
    kinds: dict[Any, Kind] = {int: "int", float: "float", bool: "bool", str: "text"}
    return kinds[annotation], _limits(metadata)


def _limits(metadata: tuple[Any, ...]) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    for mark in metadata:
        marks = getattr(mark, "metadata", [mark])
        for each in marks:
            match each:
                case Ge(ge=low):
                    facts["minimum"] = low
                case Le(le=high):
                    facts["maximum"] = high
                case MinLen(min_length=fewest):
                    facts["fewest"] = fewest
                case MaxLen(max_length=most):
                    facts["most"] = most
                case _:
                    pass
    return facts
