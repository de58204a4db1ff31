"""Groups: what an instance looks like from outside, and its parameters where they are given as expressions.

Inside of a group a field may hold an expression (`=channels*4`) of the group's formal parameters and of `index`, which
counts the repetitions from 0. An instance gives the formal parameters their values, in expressions of its surroundings.
Where it repeats, `index` in these is its own, so that each repetition has arguments of its own (`=0.1*index`); in its
`repeat` and `shared`, and in all that does not repeat, `index` is that of the surroundings.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from netbuilder.blocks.expressions import ExpressionError, Name, Tree, compute, is_expression, names_in, parse
from netbuilder.blocks.library.input_output import Input, Output
from netbuilder.blocks.spec import Port, Role
from netbuilder.compiler.weights import untagged
from netbuilder.diagnostics import Diagnostic
from netbuilder.graph.model import Json, Node
from netbuilder.graph.project import Group, GroupId, Project, group_of

MOST_REPEATS = 1_000
INDEX = "index"

Names = Mapping[str, Json]
"""What names in expressions stand for."""
Arguments = tuple[tuple[str, Json], ...]
"""The values of all formal parameters of a group, by name."""

_OWN = ("repeat", "shared")
"""What every instance can be set to, whatever its group."""


@dataclass(frozen=True, slots=True)
class Instance:
    """A node that stands for a group, as its surroundings see it: what a `Block` says of itself, a group's ports say.

    It runs once for each of its `arguments`, each time on what the time before gave, with weights of its own or with
    `shared` ones. It is `listed` if how often it runs is computed.
    """

    group: GroupId
    name: str
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    arguments: tuple[Arguments, ...]
    shared: bool
    listed: bool

    role: ClassVar[Role] = "layer"

    @property
    def repeat(self) -> int:
        """How often it runs."""
        return len(self.arguments)


def instance(project: Project, node: Node, names: Names) -> tuple[Instance | None, list[Diagnostic]]:
    """Return what a node of a group's type stands for, or every reason why that can't be told."""
    group = group_of(node.type)
    definition = project.groups.get(group) if group else None
    if group is None or definition is None:
        message = f"“{node.name}” stands for a group that is not in this project any more."
        return None, [Diagnostic("error", "unknown-group", message, node.id)]
    params = untagged(node.params)
    given = {name: params.pop(name) for name in _OWN if name in params}
    own, problems = resolved(given, names)
    repeat, shared = own.get("repeat", 1), own.get("shared", False)
    if type(repeat) is not int or not 1 <= repeat <= MOST_REPEATS:
        message = f"repeat has to be a whole number from 1 to {MOST_REPEATS:,}, not {repeat}."
        problems.append(_problem("repeat", message + way_to_whole(given.get("repeat"), repeat)))
        repeat = 1
    if type(shared) is not bool:
        problems.append(_problem("shared", f"shared has to be on or off, not {shared}."))
    counts = any(counts_itself(node, name) and mentions_index(value) for name, value in params.items())
    arguments: list[Arguments] = []
    for index in range(repeat if counts else 1):
        given, wrong = _arguments(definition, params, {**names, INDEX: index} if counts else names)
        if wrong:
            problems += wrong
            break
        arguments.append(tuple(sorted(given.items())))
    if problems:
        return None, problems
    inputs, outputs = ports(definition)
    each = tuple(arguments) if counts else tuple(arguments) * repeat
    listed = isinstance(node.params.get("repeat"), str)
    return Instance(group, definition.name, inputs, outputs, each, bool(shared), listed), []


def counts_itself(node: Node, parameter: str) -> bool:
    """Tell whether `index` in this parameter counts the node's own repetitions, and not those of its surroundings.

    So it does in the arguments of an instance with a `repeat` other than 1; an expression is one, whatever it comes to.
    """
    return group_of(node.type) is not None and node.params.get("repeat", 1) != 1 and parameter not in _OWN


def _arguments(definition: Group, params: Mapping[str, Json], names: Names) -> tuple[dict[str, Json], list[Diagnostic]]:
    """Return the values of the formal parameters of a group, or what is wrong with them."""
    given, problems = resolved(params, names)
    given = dict(definition.parameters) | given
    for name, value in given.items():
        if _holds_object(value):
            problems.append(_problem(name, f"{name} has to be a number, a text, a switch or a list."))
    for name in (name for name in given if name not in definition.parameters):
        problems.append(_problem(name, f"{definition.name} has no parameter “{name[:60]}”.", "unknown-parameter"))
    return given, problems


def _holds_object(value: Json) -> bool:
    return isinstance(value, Mapping) or (isinstance(value, tuple) and any(map(_holds_object, value)))


def ports(definition: Group) -> tuple[tuple[Port, ...], tuple[Port, ...]]:
    """Return the inputs and outputs of a group's instances: its `Input` and `Output` nodes, in creation order."""
    nodes = definition.graph.nodes()
    inputs = tuple(Port(node.name, dtype=None) for node in nodes if node.type == Input.__name__)
    outputs = tuple(Port(node.name, dtype=None) for node in nodes if node.type == Output.__name__)
    return inputs, outputs


def resolved(
    params: Mapping[str, Json], names: Names, *, plain: tuple[str, ...] = ()
) -> tuple[dict[str, Json], list[Diagnostic]]:
    """Return the parameters with the value of every expression; those named in `plain` are texts as they are."""
    values: dict[str, Json] = {}
    problems: list[Diagnostic] = []
    for key, value in params.items():
        try:
            values[key] = value if key in plain else _resolved(value, names)
        except ExpressionError as error:
            problems.append(_problem(key, f"{key}: {error}", "bad-expression"))
    return values, problems


def way_to_whole(given: Json, value: Json) -> str:
    """Say how an expression gives whole numbers, where it was to and came to a fraction; else nothing."""
    texts, numbers = (each if isinstance(each, tuple) else (each,) for each in (given, value))
    if any(map(is_expression, texts)) and any(isinstance(number, float) for number in numbers):
        return " “//” divides to whole numbers, and round, floor and ceil make one of any number."
    return ""


def expressions(params: Mapping[str, Json]) -> tuple[tuple[str, str], ...]:
    """Return those parameters that are given as expressions, with their texts; a list has one of each of its items."""
    flat = (
        (key, item)
        for key, value in sorted(params.items())
        for item in (value if isinstance(value, tuple) else (value,))
    )
    return tuple((key, item) for key, item in flat if is_expression(item))


def counts_repetitions(definition: Group) -> bool:
    """Tell whether anything inside depends on which repetition it is."""
    return any(
        mentions_index(value)
        for node in definition.graph.nodes()
        for name, value in node.params.items()
        if not counts_itself(node, name)
    )


def mentions_index(value: Json) -> bool:
    """Tell whether a field is computed from which repetition it is."""
    if isinstance(value, tuple):
        return any(map(mentions_index, value))
    try:
        return is_expression(value) and INDEX in names_in(parse(value))
    except ExpressionError:  # told where it is resolved
        return False


def _resolved(value: Json, names: Names) -> Json:
    if isinstance(value, tuple):
        return tuple(_resolved(item, names) for item in value)
    return computed(parse(value), names) if is_expression(value) else value


def computed(tree: Tree, names: Names) -> Json:
    """Return the value of an expression, or raise `ExpressionError`; a name alone stands for anything, be it a list."""
    if isinstance(tree, Name) and tree.name in names:
        return names[tree.name]
    return compute(tree, {name: value for name, value in names.items() if isinstance(value, bool | int | float | str)})


def _problem(parameter: str, message: str, code: str = "bad-parameter") -> Diagnostic:
    return Diagnostic("error", code, message, parameter=parameter)
