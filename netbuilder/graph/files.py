"""`.netb` project files: strict JSON in, canonical JSON out.

The text of a project is canonical: the same project is always the same bytes, nodes and wires stand in creation order,
and every parameter has a line to itself, so that a change of one is a change of one line.

1. `load` looks at the size of a file before it reads it.
2. `_scan` goes over the text once and refuses what a JSON reader would let through or choke on: keys given twice, NaN,
   infinities, endless numbers, bottomless nesting.
3. `json.loads` reads it, and `_project` builds the project by the same methods as edits do, checking every type.
"""

from __future__ import annotations

import json
import math
import os
import re
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, cast

from netbuilder.atomic import atomic_write, reason
from netbuilder.diagnostics import NetbuilderError, one_line
from netbuilder.graph.edits import AddGroup, AddNode, Connect
from netbuilder.graph.model import Edge, GraphError, Json, Node, NodeId, PortRef, freeze, is_node_id
from netbuilder.graph.project import Group, GroupId, Position, Project, Sheet

FORMAT = "netbuilder"
VERSION = 1
SUFFIX = ".netb"

LARGEST_FILE = 16 * 2**20
DEEPEST = 64
LONGEST_NUMBER = 400
LONGEST_NAME = 200
FARTHEST = 1e8
MOST_GROUPS = 1_000

_SHEET = ("edges", "layout", "nodes")


class _Refused(Exception):
    """What is wrong, and where in the file, without the file's name."""


# In


def load(path: Path) -> Project:
    """Return the project in a file.

    Raises `NetbuilderError`, which names the file and the place, for anything amiss.
    """
    return loads(_read(path), str(path))


def loads(text: str, name: str = "The project") -> Project:
    """Return the project that `text` describes; `name` stands for it in the `NetbuilderError` where it is amiss."""
    try:
        _scan(text)
        return _project(_parse(text))
    except (_Refused, GraphError) as error:
        raise NetbuilderError(f"{name}: {one_line(str(error))}") from None


def _read(path: Path) -> str:
    try:
        with open(path, "rb", opener=_open_at_once) as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise NetbuilderError(f"{path} is not a file.")
            if status.st_size > LARGEST_FILE:
                raise NetbuilderError(
                    f"{path} has {status.st_size / 1e6:,.0f} MB: a project has at most {LARGEST_FILE / 1e6:,.0f} MB."
                )
            content = file.read(LARGEST_FILE)
    except FileNotFoundError:
        raise NetbuilderError(f"There is no file {path}.") from None
    except IsADirectoryError:
        raise NetbuilderError(f"{path} is a folder, not a project file.") from None
    except OSError as error:
        raise NetbuilderError(f"{path} can't be read: {reason(error)}.") from None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise NetbuilderError(f"{path}: line {line}: this is not UTF-8 text, so it is no project file.") from None


def _open_at_once(path: str, flags: int) -> int:
    """Open without waiting for the other end of a pipe."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


# Numbers are tokens only where they could be too large: with an exponent, or with hundreds of digits.
_TOKEN = re.compile(
    r"""
    (?P<text> " (?: [^"\\]++ | \\. )*+ "?+ ) (?P<colon> \s*+ : )?+
    | (?P<open> [\[{] )
    | (?P<close> [\]}] )
    | (?P<number> (?<! [0-9.] ) [0-9.]++ (?: [eE] [0-9.eE+-]*+ | (?<= [0-9.]{300} ) ) )
    | (?P<constant> NaN | -?+ Infinity )
    """,
    re.VERBOSE | re.DOTALL,
)


def _scan(text: str) -> None:
    """Refuse what is JSON in form alone. Needs no more memory than the nesting is deep, and time in proportion."""
    seen: list[set[str]] = [set()]
    for token in _TOKEN.finditer(text):
        problem = None
        match token.lastgroup:
            case "colon":
                key = _unescaped(token["text"])
                if key in seen[-1]:
                    problem = f"the key “{_short(key)}” is given twice."
                seen[-1].add(key)
            case "open":
                seen.append(set())
                if len(seen) - 1 > DEEPEST:
                    problem = f"this is nested more than {DEEPEST} deep."
            case "close":
                if len(seen) > 1:
                    seen.pop()
            case "number":
                if len(token[0]) > LONGEST_NUMBER or _is_infinite(token[0]):
                    problem = f"the number {_short(token[0])} is too large or too long."
            case "constant":
                problem = f"{token[0]} is not a number."
            case _:
                pass
        if problem:
            raise _Refused(f"line {_line(text, token.start())}: {problem}")


def _parse(text: str) -> object:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        if not text.strip():
            raise _Refused("the file is empty.") from None
        if error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated string"):
            raise _Refused(f"line {error.lineno}: the file ends in the middle; it was cut off.") from None
        raise _Refused(f"line {error.lineno}: this is not valid JSON ({error.msg.lower()}).") from None


def _project(document: object) -> Project:
    if not isinstance(document, dict) or cast("dict[str, object]", document).get("format") != FORMAT:
        raise _Refused(f"this is not a NetBuilder project: it does not say “format”: “{FORMAT}”.")
    content = cast("dict[str, object]", document)
    _check_version(content.get("version"))
    _check_keys(content, ("format", "version", "data", *_SHEET, "training"), "the file", optional=("groups",))

    project = Project()
    _fill(project, None, content, "")
    groups = _object(content.get("groups", {}), "“groups”")
    if len(groups) > MOST_GROUPS:
        raise _Refused(f"a project has at most {MOST_GROUPS:,} groups, not {len(groups):,}.")
    for group, described in groups.items():
        where = f"group {_short(group)}: "
        definition = _object(described, where.rstrip(": "))
        _check_keys(definition, (*_SHEET, "name", "parameters"), where.rstrip(": "), optional=("description",))
        name = _text(definition["name"], f"{where}“name”")
        parameters = _object(definition["parameters"], f"{where}“parameters”")
        description = _text(definition.get("description", ""), f"{where}“description”")
        AddGroup(GroupId(group), name, cast("Mapping[str, Json]", parameters), description).apply(project)
        _fill(project, GroupId(group), definition, where)
    project.data = cast("Mapping[str, Json]", freeze(_object(content["data"], "“data”")))
    project.training = cast("Mapping[str, Json]", freeze(_object(content["training"], "“training”")))
    return project


def _fill(project: Project, group: GroupId | None, content: Mapping[str, object], where: str) -> None:
    """Put nodes and wires on a sheet of the project."""
    nodes = [_node(node, described) for node, described in _object(content["nodes"], f"{where}“nodes”").items()]
    layout = _object(content["layout"], f"{where}“layout”")
    for node in nodes:
        if node.id not in layout:
            raise _Refused(f"{where}“layout” has no place for node {node.id}.")
        AddNode(node, _position(node.id, layout[node.id]), group).apply(project)
    for node in layout:
        if node not in project.sheet(group).graph:
            raise _Refused(f"{where}“layout” places {_short(node)}, and there is no such node.")
    for number, wire in enumerate(_list(content["edges"], f"{where}“edges”"), 1):
        try:
            Connect(_edge(wire), group).apply(project)
        except (GraphError, _Refused) as error:
            raise _Refused(f"{where}edge {number}: {error}") from None


def _check_version(version: object) -> None:
    """Refuse versions but this one. When there is a second, a file of the first is brought up to date here."""
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise _Refused(f"“version” has to be a whole number of at least 1, not {_show(version)}.")
    if version > VERSION:
        raise _Refused(
            f"it was written by a newer NetBuilder (file version {_show(version)}; this one reads {VERSION}):"
            " update NetBuilder to open it."
        )


def _node(node: str, described: object) -> Node:
    where = f"node {_short(node)}"
    if not is_node_id(node):
        raise _Refused(f"“{_short(node)}” is not a node id: one is “n” and a number, such as n12.")
    content = _object(described, where)
    _check_keys(content, ("name", "params", "type"), where)
    name, kind = (_text(content[key], f"{where}: “{key}”") for key in ("name", "type"))
    if not 1 <= len(kind) <= LONGEST_NAME:
        raise _Refused(f"{where}: “type” has to be 1 to {LONGEST_NAME} characters long.")
    params = cast("Mapping[str, Json]", _object(content["params"], f"{where}: “params”"))
    return Node(NodeId(node), kind, name, params)


def _edge(wire: object) -> Edge:
    ends = _list(wire, "a wire")
    if len(ends) != 2:
        raise _Refused(f'a wire has two ends, such as ["n1.y", "n2.x"], not {len(ends)}.')
    return Edge(_port(ends[0]), _port(ends[1]))


def _port(end: object) -> PortRef:
    node, dot, port = end.partition(".") if isinstance(end, str) else ("", "", "")
    if not is_node_id(node) or not dot or not 1 <= len(port) <= LONGEST_NAME:
        raise _Refused(f"the end of a wire is a node id and a port, such as “n1.y”, not {_show(end)}.")
    return PortRef(NodeId(node), port)


def _position(node: str, place: object) -> Position:
    numbers = _list(place, f"the position of {node}")
    if len(numbers) != 2:
        raise _Refused(f"the position of {node} has to be two numbers, not {len(numbers)}.")
    x, y = (_coordinate(node, number) for number in numbers)
    return x, y


def _coordinate(node: str, number: object) -> float:
    if not isinstance(number, int | float) or isinstance(number, bool) or abs(number) > FARTHEST:
        raise _Refused(f"the position of {node} has to be two numbers up to {FARTHEST:,.0f}, not {_show(number)}.")
    return float(number)


def _check_keys(
    content: Mapping[str, object], known: tuple[str, ...], where: str, optional: tuple[str, ...] = ()
) -> None:
    for key in known:
        if key not in content:
            raise _Refused(f"“{key}” is missing in {where}.")
    for key in content:
        if key not in known and key not in optional:
            raise _Refused(f"“{_short(key)}” is not known in {where}.")


def _object(value: object, where: str) -> dict[str, object]:
    if not isinstance(value, dict):
        raise _Refused(f"{where} has to be an object in braces, not {_show(value)}.")
    return cast("dict[str, object]", value)


def _text(value: object, where: str) -> str:
    if not isinstance(value, str):
        raise _Refused(f"{where} has to be text, not {_show(value)}.")
    return value


def _list(value: object, where: str) -> list[object]:
    if not isinstance(value, list):
        raise _Refused(f"{where} has to be a list, not {_show(value)}.")
    return cast("list[object]", value)


def _show(value: object) -> str:
    return _short(json.dumps(value, ensure_ascii=False))


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:37] + "..."


def _line(text: str, place: int) -> int:
    return text.count("\n", 0, place) + 1


def _unescaped(token: str) -> str:
    try:
        return cast("str", json.loads(token)) if "\\" in token else token[1:-1]
    except json.JSONDecodeError:  # the parser says what is wrong with it
        return token


def _is_infinite(number: str) -> bool:
    try:
        return math.isinf(float(number))
    except ValueError:  # the parser says what is wrong with it
        return False


# Out


def save(project: Project, path: Path) -> None:
    """Write the project to a file, whole or not at all. Raises `NetbuilderError`, and leaves the old file as it was."""
    atomic_write(path, dumps(project).encode())


def dumps(project: Project) -> str:
    """Return the canonical text of a project."""
    groups = sorted(project.groups.items(), key=lambda item: int(item[0][1:]))
    parts = {
        **_sheet_text(project, 1),
        "data": _spread(project.data, 1),
        "training": _spread(project.training, 1),
    }
    if groups:
        parts["groups"] = _braces({group: _group_text(definition) for group, definition in groups}, 1)
    first = {"format": _inline(FORMAT), "version": _inline(VERSION)}
    text = _braces(first | dict(sorted(parts.items())), 0)
    # A lone half of a surrogate pair, legal in JSON as an escape, has no UTF-8: it stays an escape.
    return text.encode("utf-8", "backslashreplace").decode("utf-8") + "\n"


def _group_text(group: Group) -> str:
    parameters = {key: _inline(value) for key, value in sorted(group.parameters.items())}
    parts = {"name": _inline(group.name), "parameters": _braces(parameters, 3), **_sheet_text(group, 3)}
    if group.description:
        parts["description"] = _inline(group.description)
    return _braces(dict(sorted(parts.items())), 2)


def _sheet_text(sheet: Sheet, depth: int) -> dict[str, str]:
    graph = sheet.graph
    wires = [_inline([_end(edge.source), _end(edge.target)]) for edge in graph.edges()]
    return {
        "edges": _brackets(wires, depth),
        "layout": _braces({node: _inline([_tidy(at) for at in sheet.layout[node]]) for node in graph}, depth),
        "nodes": _braces({node.id: _node_text(node, depth + 1) for node in graph.nodes()}, depth),
    }


def _node_text(node: Node, depth: int) -> str:
    params = {key: _inline(value) for key, value in sorted(node.params.items())}
    parts = {"name": _inline(node.name), "params": _braces(params, depth + 1), "type": _inline(node.type)}
    return _braces(parts, depth)


def _end(port: PortRef) -> str:
    return f"{port.node}.{port.port}"


def _tidy(coordinate: float) -> float:
    """Return whole numbers as such: 240 reads better than 240.0, and is the same place."""
    return int(coordinate) if coordinate == int(coordinate) else coordinate


def _spread(value: Json, depth: int) -> str:
    """Return an object with a line for each key, all the way down to what is no object."""
    if not isinstance(value, Mapping):
        return _inline(value)
    return _braces({key: _spread(item, depth + 1) for key, item in sorted(value.items())}, depth)


def _inline(value: Any) -> str:
    """Return any value on one line."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, sort_keys=True, default=dict)


def _braces(members: Mapping[Any, str], depth: int) -> str:
    return _block("{", (f"{_inline(key)}: {text}" for key, text in members.items()), "}", depth)


def _brackets(items: Iterable[str], depth: int) -> str:
    return _block("[", items, "]", depth)


def _block(before: str, lines: Iterable[str], after: str, depth: int) -> str:
    inside = ",\n".join("  " * (depth + 1) + line for line in lines)
    return f"{before}\n{inside}\n{'  ' * depth}{after}" if inside else before + after
