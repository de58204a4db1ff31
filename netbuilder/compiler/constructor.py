"""What the constructor of a printed class takes, and how the settings inside are expressed in that.

A class has variants: the ways in which its group unfolds. A setting is what the drawing says, the expression that
stands in its field, if that gives the right value in all variants. Else, if it is the same in all of them:

1. a size that follows from what flows in is what a block before it was made with, or a multiple of that, or, where it
   is a size of what the group takes in, a parameter of its own, so that the class does what its parameters say;
2. all others, and all sizes in a class that takes no parameters, stay as they are.

And if it differs: an expression of another field of the block, a parameter of the same values, a small multiple of one,
or a parameter of its own that the class brings along.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from netbuilder.blocks import registry
from netbuilder.blocks.expressions import Apply, ExpressionError, Name, Number, Tree, names_in, parse
from netbuilder.compiler.groups import INDEX, computed
from netbuilder.compiler.program import GroupCall, Instruction, Program
from netbuilder.compiler.text import Code, call_of, constant, display, operation, unlike
from netbuilder.graph.model import Json, NodeId

Slot = tuple[NodeId, str]
"""A setting's place: the block, and the name of the setting."""

_PER_DIMENSION = {"kernel_size", "stride", "padding", "output_padding", "dilation", "output_size"}
_SIZES = {
    **dict.fromkeys(
        ("in_features", "normalized_shape", "input_size", "embed_dim", "d_model", "embedding_dim", "features"),
        "in_features",
    ),
    **dict.fromkeys(("in_channels", "num_features", "num_channels", "out_channels", "groups"), "in_channels"),
    **{name: name for name in ("in1_features", "in2_features", "length")},
}
"""Settings that are sizes of what flows in where no field sets them, and what a parameter that gives them is called."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a constructor: its name, its type, and what it is where nothing is given."""

    name: str
    type: str
    default: Code | None = None


class Constructor:
    """The parameters of a class, as its settings ask for them.

    `program` is that of the first variant. `names` says of each variant what names in expressions stand for, `defaults`
    what formal parameters of the group are where nothing is given, `own` how parameters that are no formal ones are to
    be called, `taken` what no parameter may be called.
    """

    def __init__(
        self,
        program: Program,
        names: Sequence[Mapping[str, Json]],
        defaults: Mapping[str, Json],
        own: Mapping[Slot, str],
        taken: set[str],
    ) -> None:
        self.columns: dict[str, Sequence[Any]] = {}
        """The value of each parameter in each variant."""
        self.own: dict[Slot, str] = {}
        """The parameters that are no formal ones of the group, by the setting that brought them along."""
        self._inputs = program.inputs
        self._follows = _sources(program) if defaults and any(each.expressions for each in program.instructions) else {}
        """The blocks before each block, of a class that takes parameters."""
        self._made: dict[NodeId, list[tuple[Sequence[Any], Code]]] = {}
        """What each block is made with: the values in all variants, and what has been said of them."""
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
        stated = [text for name, text in instruction.expressions if name == field]
        whole, values = values, [short(field, value) for value in values]
        code = self._formula(stated, whole) or self._formula(stated, values) or self._list(instruction, stated, values)
        if not code and not same(values):
            code = (
                self._formula([text for _, text in instruction.expressions], values)
                or self._equal(values)
                or self._said.get(repr(values))
                or self._multiple(values)
                or self._bring(instruction, setting, values)
            )
        elif not code and field not in _fields(instruction) and _size(field):
            code = self._following(instruction, setting, values)
        if code:
            self._said.setdefault(repr(values), code)
            self._made.setdefault(instruction.node, []).append((values, code))
        return code

    def counted(self, tree: Tree, index: str) -> Code:
        """Return an expression in which `index` counts repetitions."""
        return self._python(tree, index)

    def own_names(self) -> dict[Slot, str]:
        """Return a name for each parameter of its own: that of its setting, where no other parameter asks for it."""
        wanted = {slot: _size(field) or field for slot in self.own for field in [slot[1].partition(".")[0]]}
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

    def _list(self, instruction: Instruction, expressions: Sequence[str], values: Sequence[Any]) -> Code | None:
        """Return a list in which some items are given as expressions."""
        items = [(column, self._formula(expressions, column)) for column in _items(values)]
        made = [(column, code) for column, code in items if code]
        if not made or not all(code or same(column) for column, code in items):
            return None
        self._made.setdefault(instruction.node, []).extend(made)
        return display([code or constant(column[0]) for column, code in items])

    def _following(self, instruction: Instruction, setting: str, values: Sequence[Any]) -> Code | None:
        """Return a size that follows from what flows in: as blocks before it were made, or as the group is fed."""
        before = [*self._follows.get(instruction.node, ()), *([instruction.node] if setting.endswith(".step") else [])]
        made = [each for node in before for each in self._made.get(node, ())]
        for column, code in reversed(made):
            if _holds(column, values):
                return code
        name = _size(setting.partition(".")[0])
        if name in self._formals and _holds(self._formals[name], values):
            return self._formal(name)
        fed = next((slot for slot in self._inputs if slot.node in before and values[0] in slot.spec.shape[1:]), None)
        if fed:
            code = self._bring(instruction, setting, values)
            self._made.setdefault(fed.node, []).append((values, code))
            return code
        for column, code in made:
            if code in self.columns and code not in self.own.values() and (factor := _factor(column, values)):
                return operation("operator.mul", (code, factor))
        return None

    def _equal(self, values: Sequence[Any]) -> Code | None:
        """Return the parameter that has these values, or a tuple of such."""
        for name, column in self._formals.items():
            if name != INDEX and _holds(column, values):
                return self._formal(name)
        for name, column in self.columns.items():
            if _holds(column, values):
                return Code(name)
        items = [constant(column[0]) if same(column) else self._equal(column) for column in _items(values)]
        return display([item for item in items if item]) if items and all(items) else None

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
        name = self._given.get(slot, f"{instruction.name}_{setting.replace('.', '_')}")
        name = unlike(self._free(name), {*self.columns, *self._formals, *map(self._free, self._formals)})
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


def short(name: str, value: Any) -> Any:
    """Return a setting the short way: 3 for a kernel size of (3, 3)."""
    if name in _PER_DIMENSION and isinstance(value, tuple) and len(set(value)) == 1:  # pyright: ignore[reportUnknownArgumentType]
        return value[0]  # pyright: ignore[reportUnknownVariableType]
    return value  # pyright: ignore[reportUnknownVariableType]


def reading(expression: str, names: Sequence[Mapping[str, Json]], values: Sequence[Any]) -> Tree | None:
    """Return what an expression means in Python if it gives these values, each with the names that are known there."""
    for tree in _readings(expression, values):
        with suppress(ExpressionError):  # it is of other names, or of a text
            if names_in(tree) and _holds([computed(tree, each) for each in names], values):
                return tree
    return None


def same(values: Sequence[Any]) -> bool:
    """Tell whether all values are one, down to their types: 1 is neither 1.0 nor True."""
    return len(set(map(repr, values))) == 1


def _items(values: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Return the values of each item, where all values are lists of one length; nothing where they are not."""
    if not all(isinstance(value, tuple) for value in values) or len({len(value) for value in values}) > 1:
        return []
    return list(zip(*values, strict=True))


def _readings(expression: str, values: Sequence[Any]) -> Iterator[Tree]:
    """Yield what an expression that gives these values may mean in Python.

    There a division of whole numbers that comes out even has another sign.
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


def _fields(instruction: Instruction) -> set[str]:
    """Return what is set by hand; all else follows from what flows in."""
    if isinstance(instruction.call, GroupCall):
        return {"repeat", *(name for name, _ in instruction.call.defaults)}
    block = registry.get(instruction.type)
    return set(block.model_fields) if block else set()


def _size(field: str) -> str:
    """Return what a size of what flows in is called as a parameter; empty for any other setting."""
    ends = (size for size in _SIZES.values() if field.endswith(f"_{size}"))  # an inner class has named it by its block
    return _SIZES.get(field) or next(ends, "")


def _factor(column: Sequence[Any], values: Sequence[Any]) -> int:
    """Return by how much whole numbers are multiples of others, all of them alike; 0 if they are not."""
    if not all(type(a) is int and type(b) is int and a > 1 for a, b in zip(column, values, strict=True)):
        return 0
    factors = {b / a for a, b in zip(column, values, strict=True)}
    (factor, *others) = factors
    return int(factor) if not others and factor == int(factor) else 0


def _sources(program: Program) -> dict[NodeId, list[NodeId]]:
    """Return all blocks whose results flow into each block, in running order."""
    before: dict[NodeId, dict[NodeId, None]] = {slot.node: {} for slot in program.inputs}
    for instruction in program.instructions:
        before[instruction.node] = {}
        for source in (value.node for value in instruction.args if value):
            before[instruction.node] |= before[source] | {source: None}
    number = {node: place for place, node in enumerate(before)}
    return {node: sorted(sources, key=number.__getitem__) for node, sources in before.items()}


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
