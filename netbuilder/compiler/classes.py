"""The classes of a program: one for each group, and what its instances differ in as the arguments of its constructor.

1. All parts of the program are collected by the group that they unfold, those of inner groups first.
2. Parts that do the same with settings of their own are the variants of one class; a group that unfolds in several ways
   (a skip connection that is there or not, say) has several, numbered.
3. Settings become expressions of the constructor's parameters (`constructor`): what layers are made with, and the
   constants that functions take.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from torch import nn

from netbuilder.blocks.expressions import Tree
from netbuilder.blocks.spec import Call, Dim, TensorSpec, Value
from netbuilder.compiler.calls import with_constants
from netbuilder.compiler.constructor import Constructor, Parameter, Slot, reading, same
from netbuilder.compiler.groups import INDEX, mentions_index
from netbuilder.compiler.program import GroupCall, Instruction, Program
from netbuilder.compiler.text import Code, class_name, unlike
from netbuilder.graph.model import Json, NodeId, PortRef

RESERVED = frozenset({"self", "super", "nn", "torch", "functional", "range", "tuple", "min", "max", "abs", "round"})
"""What printed code calls."""
_KEYWORDS = frozenset({"False", "None", "True"})
"""What a group's name may be as that of a class, but no class may be called."""


@dataclass(frozen=True, slots=True)
class GroupClass:
    """A class to be printed: `program` is its first variant, and the others do the same with other settings.

    `description` says what they do. `settings` are the expressions of those settings that the `parameters` decide on,
    constants of calls among them, which `attributes` hold until then; `shapes` are those of all values, with `_` for a
    dimension in which the variants differ; `instances` says how modules of inner groups are made, in loops that `index`
    counts.
    """

    name: str
    program: Program
    parameters: tuple[Parameter, ...]
    settings: Mapping[Slot, Code]
    shapes: Mapping[PortRef, str]
    instances: Mapping[NodeId, Making]
    attributes: Mapping[Slot, str]
    index: str
    description: str


@dataclass(frozen=True, slots=True)
class Making:
    """How the module of an instance is made, or the list of them where it runs more than once.

    `settings` holds the arguments of that `one`; or those of the first and of all others, which are `led` by it
    (`width.0`, `width.1`), and how many there are (`repeat.times`); or, where they are `counted`, those of the first,
    of which some grow by the same each time (`width.step`) and others are expressions of the count (`formulas`); or
    those of each `listed` one.
    """

    form: Literal["one", "led", "counted", "listed"]
    classes: tuple[str, ...]
    parameters: tuple[tuple[Parameter, ...], ...]
    stepped: tuple[str, ...] = ()
    formulas: tuple[tuple[str, Tree], ...] = ()
    settings: tuple[tuple[str, Any], ...] = field(default=(), compare=False)


def classes(program: Program, name: str, taken: Iterable[str]) -> list[GroupClass]:
    """Return the classes of all groups in a program, those that others use first, and last that of the program."""
    found = _Classes({name, *taken, *RESERVED, *_KEYWORDS})
    for group, parts in _parts(program).items():
        found.add(group, parts)
    whole = found.class_of(name, [_Part(program, {}, {}, "")])
    return [*found.classes, whole]


@dataclass(frozen=True, slots=True)
class _Part:
    """A group as it unfolds, what names in its expressions stand for and are by default, and what the group does."""

    program: Program
    names: Mapping[str, Json]
    defaults: Mapping[str, Json]
    description: str


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
                    names = dict(arguments) | {INDEX: index}
                    different = _Part(part, names, dict(instance.defaults), instance.description)
                    found.setdefault(instance.name, []).append(different)

    visit(program)
    return found


class _Classes:
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
            variants.setdefault(self._form(part), []).append(part)
        for alike in variants.values():
            wanted = class_name(group)
            numbered = (f"{wanted}{number}" for number in itertools.count(2))
            name = next(name for name in itertools.chain([wanted], numbered) if name not in self._taken)
            self._taken.add(name)
            self.classes.append(self.class_of(name, alike))

    def class_of(self, name: str, parts: Sequence[_Part]) -> GroupClass:
        """Return the class whose variants are these parts."""
        first, names = parts[0], [part.names for part in parts]
        is_fixed = len(parts) == 1 and not any(each.expressions for each in first.program.instructions)
        rows = [] if is_fixed else list(self._rows(parts))  # all settings are what they are
        instances = {
            each.node: self.making(each, first.names)
            for each in first.program.makers()
            if isinstance(each.call, GroupCall)
        }
        formulas = [(node, key, tree) for node, making in instances.items() for key, tree in making.formulas]

        def constructed(own: Mapping[Slot, str], index: str) -> tuple[Constructor, dict[Slot, Code]]:
            constructor = Constructor(first.program, names, first.defaults, own, self._taken)
            expressed = {(each.node, key): constructor.express(each, key, values) for each, key, values in rows}
            settings = {slot: code for slot, code in expressed.items() if code}
            return constructor, settings | {
                (node, key): constructor.counted(tree, index) for node, key, tree in formulas
            }

        draft, _ = constructed({}, INDEX)  # which tells what parameters there are, so that they can be named
        own = draft.own_names()
        taken = {*draft.columns, *own.values(), *self._taken}
        index = next(name for name in (INDEX, "i", "j", "k") if name not in taken)
        constructor, settings = constructed(own, index)
        parameters = constructor.parameters()
        result = GroupClass(
            name,
            first.program,
            tuple(parameters.values()),
            settings,
            _shapes([part.program for part in parts]),
            instances,
            _attributes(first.program, settings),
            index,
            first.description,
        )
        for number, part in enumerate(parts):
            self.made[id(part.program)] = result, tuple(constructor.columns[key][number] for key in parameters)
        return result

    def _rows(self, parts: Sequence[_Part]) -> Iterator[tuple[Instruction, str, list[Any]]]:
        """Yield each setting of each block, with its value in each variant."""
        makers = {instruction.node for instruction in parts[0].program.makers()}
        for variants in zip(*(part.program.instructions for part in parts), strict=True):
            first = variants[0]
            each = zip(variants, parts, strict=True)
            settings = [self._settings(variant, part.names, makers) for variant, part in each]
            for pairs in zip(*settings, strict=True):
                name = pairs[0][0]
                yield first, name, [value for _, value in pairs]

    def _settings(
        self, instruction: Instruction, names: Mapping[str, Json], makers: set[NodeId]
    ) -> list[tuple[str, Any]]:
        call, is_maker = instruction.call, instruction.node in makers
        if isinstance(call, GroupCall):
            return list(self.making(instruction, names).settings) if is_maker else []
        return [*((call.settings or ()) if is_maker else ()), *_constants(call)]

    def _form(self, part: _Part) -> object:
        """Return what all variants of a class have in common."""
        program = part.program
        lines = tuple(
            (each.node, each.name, each.module, each.args, self._call_form(each, part.names))
            for each in program.instructions
        )
        results = tuple((result.name, result.value) for result in program.results)
        inputs = tuple((slot.value, slot.spec.dtype) for slot in program.inputs)
        return inputs, lines, results

    def _call_form(self, instruction: Instruction, names: Mapping[str, Json]) -> object:
        call = instruction.call
        if isinstance(call, GroupCall):
            return self.making(instruction, names), len(call.parts) if call.shared else call.is_numbered
        keys = call.settings and tuple(name for name, _ in call.settings)
        form = with_constants(call, lambda _, value: type(value).__name__)
        return call.target, keys, repr((form.args, form.kwargs)), call.results

    def making(self, instruction: Instruction, names: Mapping[str, Json]) -> Making:
        """Return how the modules of an instance are made, where names in expressions stand for these."""
        call = instruction.call
        assert isinstance(call, GroupCall)
        made = [self.made[id(part)] for part in call.modules]
        of = tuple(one.name for one, _ in made)
        parameters = tuple(one.parameters for one, _ in made)
        arguments = [_arguments(parameters, values) for parameters, (_, values) in zip(parameters, made, strict=True)]
        if not call.is_numbered:
            return Making("one", of, parameters, settings=tuple(arguments[0].items()))
        if len(set(of)) == 1:
            alike = _alike(instruction, names, of[0], parameters[0], arguments)
            if alike:
                return alike
        settings = ((f"{key}.{number}", value) for number, each in enumerate(arguments) for key, value in each.items())
        return Making("listed", of, parameters, settings=tuple(settings))


def _constants(call: Call) -> list[tuple[str, Value]]:
    """Return the constants among the arguments of a call, each with a name of its own."""
    found: list[tuple[str, Value]] = []

    def visit(name: str, value: Value) -> Value:
        found.append((name, value))
        return value

    with_constants(call, visit)
    return found


def _arguments(parameters: tuple[Parameter, ...], values: tuple[Any, ...]) -> dict[str, Any]:
    return {parameter.name: value for parameter, value in zip(parameters, values, strict=True)}


def _alike(
    instruction: Instruction,
    names: Mapping[str, Json],
    name: str,
    parameters: tuple[Parameter, ...],
    arguments: Sequence[Mapping[str, Any]],
) -> Making | None:
    """Return how modules of one class are made in a loop; None if there is no rule."""
    first, *others = arguments
    repeat = {"repeat.times": len(arguments)}
    columns = {key: [each[key] for each in arguments] for key in first}
    formulas = {key: tree for key, values in columns.items() if (tree := _counted(instruction, names, key, values))}
    if not formulas and same(others or [first]):
        led = {f"{key}.0": value for key, value in first.items()}
        led |= {f"{key}.1": value for key, value in (others[0] if others else first).items()}
        return Making("led", (name,), (parameters,), settings=tuple((led | repeat).items()))
    steps = {key: _step(values) for key, values in columns.items() if key not in formulas}
    if None in steps.values():
        return None
    grows = {f"{key}.step": step for key, step in steps.items() if step}
    settings = {key: first[key] for key in steps} | grows | repeat
    stepped = tuple(key for key, step in steps.items() if step)
    return Making("counted", (name,), (parameters,), stepped, tuple(formulas.items()), tuple(settings.items()))


def _counted(instruction: Instruction, names: Mapping[str, Json], key: str, values: Sequence[Any]) -> Tree | None:
    """Return the expression in an argument of a repeated instance that counts its repetitions."""
    each = [dict(names) | {INDEX: index} for index in range(len(values))]
    formulas = (text for name, text in instruction.expressions if name == key and mentions_index(text))
    return next((tree for text in formulas if (tree := reading(text, each, values))), None)


def _attributes(program: Program, settings: Mapping[Slot, Code]) -> dict[Slot, str]:
    """Return the name of the attribute that holds each constant of a call that parameters decide on."""
    attributes: dict[Slot, str] = {}
    if not settings:
        return attributes
    taken = {*dir(nn.Module), *(instruction.module for instruction in program.makers())}
    for instruction in program.instructions:
        of: dict[Code, str] = {}
        for name, _ in _constants(instruction.call) if isinstance(instruction.call, Call) else ():
            code = settings.get((instruction.node, name))
            if code is None:
                continue
            attribute = of.setdefault(code, unlike(f"{instruction.name}_{name.partition('.')[0]}", taken))
            attributes[instruction.node, name] = attribute
            taken.add(attribute)
    return attributes


def _step(column: Sequence[Any]) -> int | None:
    """Return by how much an argument grows each time; None where it doesn't grow evenly."""
    if same(column):
        return 0
    if any(type(value) is not int for value in column):
        return None
    step = column[1] - column[0]
    return step if all(b - a == step for a, b in itertools.pairwise(column)) else None


def _shapes(programs: Sequence[Program]) -> dict[PortRef, str]:
    """Return the shape of each value, as far as it is the same in all programs."""
    specs = [program.specs() for program in programs]
    return {value: _shape([each[value] for each in specs]) for value in specs[0]}


def _shape(specs: Sequence[TensorSpec]) -> str:
    if len({spec.rank for spec in specs}) > 1:
        return "…"
    columns: Iterable[tuple[Dim, ...]] = zip(*(spec.shape for spec in specs), strict=True)
    return " × ".join(str(dims[0]) if len(set(dims)) == 1 else "_" for dims in columns) or "scalar"
