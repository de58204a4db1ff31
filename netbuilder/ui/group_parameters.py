"""What is asked of a group's formal parameters, and of the expressions that use them.

Pure, as `group_intents` is: from a project to the edit that does it, or to why not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from netbuilder.blocks import registry
from netbuilder.blocks.expressions import Apply, ExpressionError, Name, Tree, compute, is_expression, names_in, parse
from netbuilder.blocks.parameters import Parameter, parameters
from netbuilder.compiler.groups import INDEX, MOST_REPEATS, counts_itself, mentions_index, resolved
from netbuilder.graph.edits import UNSET, Batch, Edit, SetFormal, SetParameter
from netbuilder.graph.model import Json, Node, freeze, name_problem
from netbuilder.graph.project import RESERVED, Group, GroupId, Project, group_type
from netbuilder.ui.values import from_text
from netbuilder.ui.wiring import Refusal


def add_formal(project: Project, group: GroupId, name: str, default: Json) -> Edit | Refusal:
    """Give a group another formal parameter."""
    return _check_name(project, group, name) or SetFormal(group, name, default)


def set_formal(project: Project, group: GroupId, name: str, default: Json) -> Edit | None:
    """Give a formal parameter another default; None where it is the one it has."""
    before = project.groups[group].parameters.get(name)
    same = before == default and type(before) is type(default)  # 1 is no switch, and 1.0 no whole number
    return None if same else SetFormal(group, name, default)


def remove_formal(project: Project, group: GroupId, name: str) -> Edit | Refusal:
    """Take a formal parameter away, and what instances set it to; refused while a block inside uses it."""
    user = next((node for node in project.groups[group].graph.nodes() if name in names_used(node)), None)
    if user is not None:
        return Refusal("group", f"“{user.name}” uses {name}: change its fields first.")
    given = [
        SetParameter(node.id, name, UNSET, sheet) for sheet, node in instances(project, group) if name in node.params
    ]
    return Batch((SetFormal(group, name, UNSET), *given), f"Remove {name}")


def rename_formal(project: Project, group: GroupId, old: str, new: str) -> Edit | Refusal | None:
    """Give a formal parameter another name, in the expressions that use it and on the instances that set it as well."""
    new = new.strip()
    if new == old:
        return None
    refused = _check_name(project, group, new)
    if refused:
        return refused
    definition = project.groups[group]
    edits: list[Edit] = [SetFormal(group, old, UNSET), SetFormal(group, new, definition.parameters[old])]
    for node in definition.graph.nodes():
        changed = rewritten(node, lambda text, _: substituted(text, {old: new}))
        edits += [
            SetParameter(node.id, key, changed[key], group) for key in changed if changed[key] != node.params[key]
        ]
    for sheet, node in instances(project, group):
        if old in node.params:
            edits += [
                SetParameter(node.id, new, node.params[old], sheet),
                SetParameter(node.id, old, UNSET, sheet),
            ]
    return Batch(tuple(edits), f"Rename {old} to {new}")


def instances(project: Project, group: GroupId) -> Iterator[tuple[GroupId | None, Node]]:
    """Yield every instance of a group, each with the sheet on which it stands."""
    for place, sheet in project.sheets():
        for node in sheet.graph.nodes():
            if node.type == group_type(group):
                yield place, node


def names_inside(project: Project, entered: Mapping[GroupId, Node | None]) -> dict[str, Json]:
    """Return what names stand for inside of the groups that were entered, each by this instance, or by none."""
    names = dict[str, Json]()
    for group, box in entered.items():
        given = values_of(box, names) if box else {}
        formals = project.groups[group].parameters
        names = {**formals, **{name: value for name, value in given.items() if name in formals}, INDEX: 0}
    return names


def values_of(node: Node, names: Mapping[str, Json]) -> dict[str, Json]:
    """Return what the parameters of a node come to, of an instance that repeats for its first time;
    not those that can't be.
    """
    own = {name: value for name, value in node.params.items() if counts_itself(node, name)}
    others = {name: value for name, value in node.params.items() if name not in own}
    return resolved(others, names)[0] | resolved(own, {**names, INDEX: 0})[0]


def declared(group: Group) -> tuple[Parameter, ...]:
    """Return what an instance of a group can be set to, as a form shows it."""
    formals = (_declared(name, default) for name, default in group.parameters.items())
    times = (
        "How often it runs, each time on the output of the run before. "
        "In the other fields index counts the runs from 0."
    )
    repeat = Parameter("repeat", "int", 1, times, minimum=1)
    shared = Parameter("shared", "bool", False, "Whether all repetitions use the same weights.")
    return (*formals, replace(repeat, maximum=MOST_REPEATS), shared)


def _declared(name: str, default: Json) -> Parameter:
    shown = f"What “{name}” stands for in the expressions inside of this instance."
    match default:
        case bool():
            return Parameter(name, "bool", default, shown)
        case int():
            return Parameter(name, "int", default, shown)
        case float():
            return Parameter(name, "float", default, shown)
        case tuple() if all(type(item) is int for item in default):
            return Parameter(name, "sizes", default, shown)
        case _:
            return Parameter(name, "text", default, shown)


def value_of(text: str) -> Json:
    """Return what a person means who types the default of a parameter: a number, on or off, sizes, else a text."""
    text = text.strip()
    if text in ("on", "off", "true", "false"):
        return text in ("on", "true")
    for kind in ("int", "float", "sizes"):
        value = from_text(Parameter("", kind, 0, ""), text)
        if not isinstance(value, str):
            return freeze(value)
    return text


def _check_name(project: Project, group: GroupId, name: str) -> Refusal | None:
    problem = name_problem(name)
    if not problem and name in RESERVED:
        problem = f"“{name}” means something else in every group: choose another name."
    if not problem and name in project.groups[group].parameters:
        problem = f"There is a parameter named “{name}” already."
    return Refusal("name", problem) if problem else None


# Expressions


def rewritten(node: Node, change: Callable[[str, bool], Json], *, strict: bool = False) -> dict[str, Json]:
    """Return a node's parameters with every expression changed.

    `change` is also told whether `index` there is the node's own, and not that of its surroundings. What it can't read
    is kept as it is; `strict` lets its `ExpressionError` out.
    """

    def changed(value: Json, *, own: bool) -> Json:
        if isinstance(value, tuple):
            return tuple(changed(item, own=own) for item in value)
        if not is_expression(value):
            return value
        try:
            return change(value, own)
        except ExpressionError:
            if strict:
                raise
            return value  # the compiler says what is wrong with it

    block = registry.get(node.type)
    texts = {each.name for each in parameters(block) if each.kind == "text"} if block else set[str]()
    return {
        key: value if key in texts else changed(value, own=counts_itself(node, key))
        for key, value in node.params.items()
    }


def names_used(node: Node) -> set[str]:
    """Return the names of the surroundings that the expressions of a node use."""
    found: set[str] = set()

    def look(text: str, own: bool) -> Json:
        found.update({*names_in(parse(text))} - ({INDEX} if own else set()))
        return text

    rewritten(node, look)
    return found


def substituted(text: str, texts: Mapping[str, str]) -> str:
    """Return an expression with other texts in the place of names.

    Raises `ExpressionError` for one that can't be read.
    """
    for name, start in sorted(_places(parse(text)), key=lambda place: -place[1]):
        if name in texts:
            text = text[:start] + texts[name] + text[start + len(name) :]
    return text


def inlined(text: str, arguments: Mapping[str, Json], *, own_index: bool = False) -> Json:
    """Return what an expression becomes where its names stand for these values, which may be expressions themselves.

    That is a value, unless names are left. With an `own_index` it counts repetitions itself, and values that count
    others have no place in it. Raises `ExpressionError`.
    """
    tree = parse(text)
    if own_index:
        arguments = {name: value for name, value in arguments.items() if name != INDEX}
        if any(mentions_index(arguments.get(name)) for name in names_in(tree)):
            raise ExpressionError("index would count its own repetitions there, and no longer those around it.")
    if isinstance(tree, Name) and tree.name in arguments:
        return arguments[tree.name]
    texts = {name: _bracketed(value) for name, value in arguments.items() if isinstance(value, int | float | str)}
    changed = substituted(text, texts)
    return changed if names_in(parse(changed)) else compute(parse(changed), {})


def taken_out(node: Node, arguments: Mapping[str, Json]) -> dict[str, Json]:
    """Return the parameters of a block inside of a group, as they are outside of an instance with these arguments.

    An instance that comes to run just once counts no longer: its `index` was 0, and would be that of its surroundings.
    Raises `ExpressionError`.
    """
    repeat = node.params.get("repeat", 1)
    counts = (inlined(repeat, arguments) if is_expression(repeat) else repeat) != 1
    return rewritten(node, lambda text, own: inlined(text, arguments, own_index=own and counts), strict=True)


def _bracketed(value: float | str) -> str:
    text = value.removeprefix("=") if isinstance(value, str) else str(value)
    return text if text.isalnum() else f"({text})"


def _places(tree: Tree) -> Iterator[tuple[str, int]]:
    match tree:
        case Name(name, position):
            yield name, position
        case Apply(arguments=arguments):
            for argument in arguments:
                yield from _places(argument)
        case _:
            pass
