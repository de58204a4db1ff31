"""The classes of a program: one for each group, and what its instances differ in as the arguments of its constructor.

1. All parts of the program are collected by the group that they unfold, those of inner groups first.
2. Parts that do the same with settings of their own are the variants of one class; a group that unfolds in several ways
   (an expression decides on what a function does, say) has several, numbered.
3. A setting in which the variants differ becomes an expression of the constructor's parameters: of the group's formal
   parameters where that holds in all variants, else of a parameter that it brings along.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Literal

from netbuilder.blocks.expressions import Apply, ExpressionError, Name, Number, Scalar, Tree, compute, parse
from netbuilder.blocks.spec import Dim, TensorSpec
from netbuilder.compiler.groups import INDEX
from netbuilder.compiler.program import GroupCall, Instruction, Program
from netbuilder.compiler.text import Code, call_of, constant, display, operation
from netbuilder.graph.model import Json, NodeId, PortRef

Slot = tuple[NodeId, str]
"""A setting's place: the block, and the name of the setting."""

_RESERVED = frozenset({"self", "super", "nn", "torch", "functional", "range", "min", "max", "abs", "round"})
"""What constructors call."""
_PER_DIMENSION = {"kernel_size", "stride", "padding", "output_padding", "dilation", "output_size"}


@dataclass(frozen=True, slots=True)
class GroupClass:
    """A class to be printed: `program` is its first variant, the others do the same with other settings.

    `parameters` are the constructor's, with the types they take; `settings` are the expressions of those settings in which
    the variants differ; `shapes` are those of all values, with `_` for a dimension in which the variants differ.
    """

    name: str
    program: Program
    parameters: tuple[tuple[str, str], ...]
    settings: Mapping[Slot, Code]
    shapes: Mapping[PortRef, str]
    instances: Mapping[NodeId, Making]


@dataclass(frozen=True, slots=True)
class Making:
    """How the module of an instance is made, or the list of them where it runs more than once.

    `settings` holds the arguments of that `one`; or those of the first and of all others, which are `led` by it (`width.0`,
    `width.1`), and how often it `repeat`s; or, where they are `counted`, those of the first and by how much some grow each time
    (`width_step`); or those of each that is `listed`.
    """

    form: Literal["one", "led", "counted", "listed"]
    classes: tuple[str, ...]
    parameters: tuple[tuple[str, ...], ...]
    stepped: tuple[str, ...] = ()
    settings: tuple[tuple[str, Any], ...] = field(default=(), compare=False)


def short(name: str, value: Any) -> Any:
    """Return a setting the short way: 3 for a kernel size of (3, 3)."""
    if name in _PER_DIMENSION and isinstance(value, tuple) and len(set(value)) == 1:  # pyright: ignore[reportUnknownArgumentType]
        return value[0]  # pyright: ignore[reportUnknownVariableType]
    return value  # pyright: ignore[reportUnknownVariableType]


def classes(program: Program, name: str, taken: Iterable[str]) -> list[GroupClass]:
    """Return the classes of all groups in a program, those that others use first, and last that of the program itself."""
    unfolded = _Unfolded({name, *taken, *_RESERVED})
    for group, parts in _parts(program).items():
        unfolded.add(group, parts)
    whole = unfolded.class_of(name, [_Part(program, {})])
    return [*unfolded.classes, whole]


@dataclass(frozen=True, slots=True)
class _Part:
    """A group as it unfolds, and what the names in its expressions stand for."""

    program: Program
    names: Mapping[str, Json]


def _parts(program: Program) -> dict[str, list[_Part]]:
    """Return the different parts of each group in a program, inner groups first."""
    found: dict[str, list[_Part]] = {}
    seen: set[int] = set()

    def visit(outer: Program) -> None:
        for instruction in outer.instructions:
            instance = instruction.call
            if not isinstance(instance, GroupCall):
                continue
            for index, (part, arguments) in enumerate(zip(instance.parts, instance.arguments, strict=True)):
                if id(part) not in seen:
                    seen.add(id(part))
                    visit(part)
                    found.setdefault(instance.name, []).append(_Part(part, dict(arguments) | {INDEX: index}))

    visit(program)
    return found


class _Unfolded:
    """The classes found so far, and with which arguments each part is made."""

    def __init__(self, taken: set[str]) -> None:
        self.classes: list[GroupClass] = []
        self.made: dict[int, tuple[GroupClass, tuple[Any, ...]]] = {}
        """By the identity of a part: its class, and its arguments."""
        self._taken = taken

    def add(self, group: str, parts: Sequence[_Part]) -> None:
        """Take in all parts of a group."""
        variants: dict[object, list[_Part]] = {}
        for part in parts:
            variants.setdefault(self._form(part.program), []).append(part)
        for alike in variants.values():
            numbered = (f"{group}{number}" for number in itertools.count(2))
            name = next(name for name in itertools.chain([group], numbered) if name not in self._taken)
            self._taken.add(name)
            self.classes.append(self.class_of(name, alike))

    def class_of(self, name: str, parts: Sequence[_Part]) -> GroupClass:
        """Return the class whose variants are these parts."""
        program = parts[0].program
        rows = list(self._rows([part.program for part in parts]))
        names = [part.names for part in parts]
        draft = _Parameters(names, {}, self._taken)
        for row in rows:
            draft.express(*row)
        parameters = _Parameters(names, draft.own_names(), self._taken)
        settings = {
            (instruction.node, name): parameters.express(instruction, name, values)
            for instruction, name, values in rows
        }
        told = tuple((key, _annotation(values)) for key, values in parameters.columns.items())
        result = GroupClass(
            name,
            program,
            told,
            {slot: code for slot, code in settings.items() if code is not None},
            _shapes([part.program for part in parts]),
            {each.node: self.making(each.call) for each in program.makers() if isinstance(each.call, GroupCall)},
        )
        for number, part in enumerate(parts):
            self.made[id(part.program)] = result, tuple(values[number] for values in parameters.columns.values())
        return result

    def _rows(self, programs: Sequence[Program]) -> Iterator[tuple[Instruction, str, list[Any]]]:
        """Yield each setting of each block, with its value in each variant."""
        for variants in zip(*(program.makers() for program in programs), strict=True):
            first = variants[0]
            for pairs in zip(*(self._settings(each) for each in variants), strict=True):
                name = pairs[0][0]
                yield first, name, [short(name, value) for _, value in pairs]

    def _settings(self, instruction: Instruction) -> tuple[tuple[str, Any], ...]:
        call = instruction.call
        return self.making(call).settings if isinstance(call, GroupCall) else call.settings or ()

    def _form(self, program: Program) -> object:
        """Return what all variants of a class have in common."""
        lines = tuple(
            (each.node, each.name, each.module, each.args, self._call_form(each)) for each in program.instructions
        )
        results = tuple((result.name, result.value) for result in program.results)
        inputs = tuple((slot.value, slot.spec.dtype) for slot in program.inputs)
        return inputs, lines, results

    def _call_form(self, instruction: Instruction) -> object:
        call = instruction.call
        if isinstance(call, GroupCall):
            return self.making(call), len(call.parts) if call.shared else len(call.parts) > 1
        names = call.settings and tuple(name for name, _ in call.settings)
        return call.target, names, repr((call.args, call.kwargs)), call.results

    def making(self, call: GroupCall) -> Making:
        """Return how the modules of an instance are made."""
        made = [self.made[id(part)] for part in call.modules]
        names = tuple(one.name for one, _ in made)
        parameters = tuple(tuple(key for key, _ in one.parameters) for one, _ in made)
        first = dict(zip(parameters[0], made[0][1], strict=True))
        if len(made) == 1:
            return Making("one", names, parameters, (), tuple(first.items()))
        once, repeat = (names[:1], parameters[:1]), {"repeat": len(made)}
        rest = dict(zip(parameters[1], made[1][1], strict=True))
        if len(set(names)) == 1 and _same([arguments for _, arguments in made[1:]]):
            led = {f"{key}.0": value for key, value in first.items()} | {
                f"{key}.1": value for key, value in rest.items()
            }
            return Making("led", *once, (), tuple((led | repeat).items()))
        if len(set(names)) == 1:
            columns = list(zip(*(arguments for _, arguments in made), strict=True))
            steps = [_step(column) for column in columns]
            if None not in steps:
                grows = {key: step for key, step in zip(parameters[0], steps, strict=True) if step}
                settings = first | {f"{key}_step": step for key, step in grows.items()} | repeat
                return Making("counted", *once, tuple(grows), tuple(settings.items()))
        listed = tuple(
            (f"{key}.{number}", value)
            for number, (one, arguments) in enumerate(made)
            for (key, _), value in zip(one.parameters, arguments, strict=True)
        )
        return Making("listed", names, parameters, (), listed)


def _step(column: Sequence[Any]) -> int | None:
    """Return by how much an argument grows each time; None where it doesn't grow evenly."""
    if _same(column):
        return 0
    if any(type(value) is not int for value in column):
        return None
    step = column[1] - column[0]
    return step if all(b - a == step for a, b in itertools.pairwise(column)) else None


class _Parameters:
    """The parameters of a constructor, as the settings of the class ask for them."""

    def __init__(self, names: Sequence[Mapping[str, Json]], own: Mapping[Slot, str], taken: set[str]) -> None:
        self.columns: dict[str, Sequence[Any]] = {}
        """The value of each parameter in each variant."""
        self.own: dict[Slot, str] = {}
        """The parameters that are no formal ones of the group, by the setting that brought them along."""
        self._formals = {name: [each[name] for each in names] for name in names[0]}
        self._said: dict[str, Code] = {}
        """What settings of these values have been said to be."""
        self._names = names
        self._given = own
        self._taken = taken

    def express(self, instruction: Instruction, setting: str, values: Sequence[Any]) -> Code | None:
        """Return what a setting is in terms of the parameters; None where it is the same in all variants."""
        if _same(values):
            return None
        code = (
            self._formula(instruction.expressions, values)
            or self._equal(values)
            or self._said.get(repr(values))
            or self._multiple(values)
            or self._bring(instruction, setting, values)
        )
        self._said.setdefault(repr(values), code)
        return code

    def own_names(self) -> dict[Slot, str]:
        """Return a name for each parameter of its own: that of its setting, where no other parameter asks for it."""
        wanted = {slot: slot[1].partition(".")[0] for slot in self.own}
        formal = self.columns.keys() - self.own.values()
        asked = [*wanted.values(), *formal]
        return {slot: name for slot, name in wanted.items() if asked.count(name) == 1}

    def _formula(self, expressions: Sequence[str], values: Sequence[Any]) -> Code | None:
        """Return the first expression that holds in all variants, as Python has it."""
        for expression in expressions:
            for tree in _readings(expression, values):
                with suppress(ExpressionError):  # it is of other names, or of a text
                    if _holds([compute(tree, _scalars(names)) for names in self._names], values):
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
            items = [constant(row[0]) if _same(row) else self._equal(row) for row in zip(*values, strict=True)]
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
        while name in self.columns or name in self._formals:
            name += "_"
        self.columns[name] = values
        self.own[slot] = name
        return Code(name)

    def _formal(self, name: str) -> Code:
        """Return a formal parameter, from now on one of the constructor's."""
        free = self._free(name)
        self.columns.setdefault(free, self._formals[name])
        return Code(free)

    def _free(self, name: str) -> str:
        while name in self._taken:
            name += "_"
        return name

    def _python(self, tree: Tree) -> Code:
        match tree:
            case Number(value):
                return constant(value)
            case Name(name):
                return self._formal(name)
            case Apply(sign, arguments):
                parts = [self._python(each) for each in arguments]
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


def _same(values: Sequence[Any]) -> bool:
    """Tell whether all values are one, down to their types: 1 is neither 1.0 nor True."""
    return len(set(map(repr, values))) == 1


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


def _shapes(programs: Sequence[Program]) -> dict[PortRef, str]:
    """Return the shape of each value, as far as it is the same in all programs."""
    specs = [program.specs() for program in programs]
    return {value: _shape([each[value] for each in specs]) for value in specs[0]}


def _shape(specs: Sequence[TensorSpec]) -> str:
    if len({spec.rank for spec in specs}) > 1:
        return "…"
    columns: Iterable[tuple[Dim, ...]] = zip(*(spec.shape for spec in specs), strict=True)
    return " × ".join(str(dims[0]) if len(set(dims)) == 1 else "_" for dims in columns) or "scalar"
