"""What the constructor of a printed class takes, and how the settings inside are expressed in that.

A class has variants: the ways in which its group unfolds. A setting is, in this order:

1. what the drawing says: the expression that stands in its field, if it gives the right value in all variants;
2. itself, if it is the same in all variants;
3. an expression of another field of the block, a parameter of the same values, or a small multiple of one;
4. a parameter of its own that the class brings along.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from netbuilder.blocks import registry
from netbuilder.blocks.expressions import Apply, ExpressionError, Name, Number, Scalar, Tree, compute, names_in, parse
from netbuilder.compiler.groups import INDEX
from netbuilder.compiler.program import GroupCall, Instruction
from netbuilder.compiler.text import Code, call_of, constant, display, operation, unlike
from netbuilder.graph.model import Json, NodeId

Slot = tuple[NodeId, str]
"""A setting's place: the block, and the name of the setting."""

_LEAST_SIZE = 8
"""From here on, numbers of features that are equal are so for a reason."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a constructor: its name, its type, and what it is where nothing is given."""

    name: str
    type: str
    default: Code | None = None


class Constructor:
    """The parameters of a class, as its settings ask for them.

    `names` says of each variant what names in expressions stand for, `defaults` what formal parameters of the group are where
    nothing is given, `own` how parameters that are no formal ones are to be called, `taken` what no parameter may be called.
    """

    def __init__(
        self,
        names: Sequence[Mapping[str, Json]],
        defaults: Mapping[str, Json],
        own: Mapping[Slot, str],
        taken: set[str],
    ) -> None:
        self.columns: dict[str, Sequence[Any]] = {}
        """The value of each parameter in each variant."""
        self.own: dict[Slot, str] = {}
        """The parameters that are no formal ones of the group, by the setting that brought them along."""
        self._names = names
        self._defaults = defaults
        self._given = own
        self._taken = taken
        self._formals = {name: [each[name] for each in names] for name in names[0]}
        self._said: dict[str, Code] = {}
        """What settings of these values have been said to be."""

    def express(self, instruction: Instruction, setting: str, values: Sequence[Any]) -> Code | None:
        """Return what a setting is in terms of the parameters; None where it is itself."""
        field = setting.partition(".")[0]
        code = self._formula([text for name, text in instruction.expressions if name == field], values)
        if not code and not same(values):
            code = (
                self._formula([text for _, text in instruction.expressions], values)
                or self._equal(values)
                or self._said.get(repr(values))
                or self._multiple(values)
                or self._bring(instruction, setting, values)
            )
        elif not code and _is_size(values) and field not in _fields(instruction):
            code = self._said.get(repr(values)) or self._equal(values)
        if code:
            self._said.setdefault(repr(values), code)
        return code

    def counted(self, tree: Tree, index: str) -> Code:
        """Return an expression in which `index` counts repetitions."""
        return self._python(tree, index)

    def own_names(self) -> dict[Slot, str]:
        """Return a name for each parameter of its own: that of its setting, where no other parameter asks for it."""
        wanted = {slot: slot[1].partition(".")[0] for slot in self.own}
        asked = [*wanted.values(), *self._formals]
        return {slot: name for slot, name in wanted.items() if asked.count(name) == 1}

    def parameters(self) -> dict[str, Parameter]:
        """Return the parameters: first its own, then those of the group, which have defaults."""
        defaults = {self._free(name): value for name, value in self._defaults.items()}
        own = {name: Parameter(name, _annotation(self.columns[name])) for name in self.columns if name not in defaults}
        formal = {
            name: Parameter(name, _annotation([*values, defaults[name]]), constant(defaults[name]))
            for name, values in self.columns.items()
            if name in defaults
        }
        return own | formal

    def _formula(self, expressions: Sequence[str], values: Sequence[Any]) -> Code | None:
        """Return the first expression that holds in all variants, as Python has it."""
        for expression in expressions:
            tree = reading(expression, self._names, values)
            if tree:
                return self._python(tree)
        return None

    def _equal(self, values: Sequence[Any]) -> Code | None:
        """Return the parameter that has these values, or a tuple of such."""
        for name, column in self._formals.items():
            if name != INDEX and _holds(column, values):
                return self._formal(name)
        for name, column in self.columns.items():
            if _holds(column, values):
                return Code(name)
        if all(isinstance(value, tuple) for value in values) and len({len(value) for value in values}) == 1:
            items = [constant(row[0]) if same(row) else self._equal(row) for row in zip(*values, strict=True)]
            return display([item for item in items if item]) if all(items) else None
        return None

    def _multiple(self, values: Sequence[Any]) -> Code | None:
        """Return a parameter times a small whole number; of a larger one it is a multiple by chance."""
        for factor, (name, column) in itertools.product(range(2, 9), (self._formals | dict(self.columns)).items()):
            pairs = list(zip(column, values, strict=True))
            if name != INDEX and all(type(a) is int and type(b) is int and a * factor == b for a, b in pairs):
                return operation("operator.mul", (self._formal(name) if name in self._formals else Code(name), factor))
        return None

    def _bring(self, instruction: Instruction, setting: str, values: Sequence[Any]) -> Code:
        """Add a parameter for this setting."""
        slot = instruction.node, setting
        name, _, number = setting.partition(".")
        name = self._free(self._given.get(slot, f"{instruction.name}{number}_{name}"))
        name = unlike(name, {*self.columns, *self._formals})
        self.columns[name] = values
        self.own[slot] = name
        return Code(name)

    def _formal(self, name: str) -> Code:
        """Return a formal parameter, from now on one of the constructor's."""
        free = self._free(name)
        self.columns.setdefault(free, self._formals[name])
        return Code(free)

    def _free(self, name: str) -> str:
        return unlike(name, self._taken)

    def _python(self, tree: Tree, index: str = "") -> Code:
        match tree:
            case Number(value):
                return constant(value)
            case Name(name):
                return Code(index) if index and name == INDEX else self._formal(name)
            case Apply(sign, arguments):
                parts = [self._python(each, index) for each in arguments]
                return operation(_PYTHON[sign], parts) if _PYTHON[sign] else call_of(sign, parts)


_PYTHON = {
    "+": "operator.add",
    "-": "operator.sub",
    "*": "operator.mul",
    "/": "operator.truediv",
    "//": "operator.floordiv",
    "%": "operator.mod",
    "**": "operator.pow",
    "neg": "operator.neg",
    "min": "",
    "max": "",
    "abs": "",
    "round": "",
}
"""What means the same in an expression and in Python: operators, and functions that need no import."""


def reading(expression: str, names: Sequence[Mapping[str, Json]], values: Sequence[Any]) -> Tree | None:
    """Return what an expression means in Python if it gives these values, each with the names that are known there."""
    for tree in _readings(expression, values):
        with suppress(ExpressionError):  # it is of other names, or of a text
            if names_in(tree) and _holds([compute(tree, _scalars(each)) for each in names], values):
                return tree
    return None


def same(values: Sequence[Any]) -> bool:
    """Tell whether all values are one, down to their types: 1 is neither 1.0 nor True."""
    return len(set(map(repr, values))) == 1


def _readings(expression: str, values: Sequence[Any]) -> Iterator[Tree]:
    """Yield what an expression that gives these values may mean in Python, where a division of whole numbers that comes out
    even is one of another sign.
    """
    with suppress(ExpressionError):  # a text that only looks like one
        tree = parse(expression)
        if _signs(tree) <= _PYTHON.keys():
            yield _evenly(tree)
            if "/" not in _signs(tree) or all(type(value) is float for value in values):
                yield tree


def _evenly(tree: Tree) -> Tree:
    if not isinstance(tree, Apply):
        return tree
    sign = "//" if tree.operation == "/" else tree.operation
    return Apply(sign, tuple(map(_evenly, tree.arguments)), tree.position, tree.depth)


def _signs(tree: Tree) -> set[str]:
    return {tree.operation}.union(*map(_signs, tree.arguments)) if isinstance(tree, Apply) else set()


def _scalars(names: Mapping[str, Json]) -> dict[str, Scalar]:
    return {name: value for name, value in names.items() if isinstance(value, bool | int | float | str)}


def _fields(instruction: Instruction) -> set[str]:
    """Return what is set by hand; all else follows from what flows in."""
    if isinstance(instruction.call, GroupCall):
        return {name for name, _ in instruction.call.defaults}
    block = registry.get(instruction.type)
    return set(block.model_fields) if block else set()


def _is_size(values: Sequence[Any]) -> bool:
    return all(type(value) is int and value >= _LEAST_SIZE for value in values)


def _holds(found: Sequence[Any], wanted: Sequence[Any]) -> bool:
    """Tell whether these values do as those; a whole number does as a real one."""
    return all(
        repr(a) == repr(b) or (type(a) is int and type(b) is float and a == b)
        for a, b in zip(found, wanted, strict=True)
    )


def _annotation(values: Iterable[Any]) -> str:
    """Return the type of a parameter that takes these values."""
    types = list(dict.fromkeys(map(_type, values)))
    if "float" in types and "int" in types:
        types.remove("int")
    return " | ".join(sorted(types, key=lambda name: name == "None"))


def _type(value: Any) -> str:
    if value is None:
        return "None"
    if isinstance(value, tuple):
        return f"tuple[{', '.join(map(_type, value)) or '()'}]"  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
    return type(value).__name__
