"""What is asked of groups: pure functions from a project to the edit that does it, or to why it can't be done.

`sheet` says where: None is the network itself, else inside of a group. The edits say on which sheets they are made.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from netbuilder.blocks import registry
from netbuilder.blocks.expressions import ExpressionError
from netbuilder.blocks.library.input_output import Input, Output
from netbuilder.blocks.parameters import defaults
from netbuilder.compiler.groups import INDEX
from netbuilder.compiler.weights import WEIGHTS, tag_of, untagged
from netbuilder.graph.edits import (
    AddGroup,
    AddNode,
    Batch,
    Connect,
    Disconnect,
    Edit,
    MoveNodes,
    RemoveGroup,
    RemoveNode,
    RenameGroup,
    RenameNode,
)
from netbuilder.graph.model import Edge, Graph, Json, Node, NodeId, PortRef, creation_number, free_name, name_problem
from netbuilder.graph.placing import COLUMN, ROW
from netbuilder.graph.project import GroupId, Position, Project, group_of, group_type
from netbuilder.ui import intents
from netbuilder.ui.geometry import block_height, block_rect, snap
from netbuilder.ui.group_copies import Draft, copy_group, free_group_name, holds, new_group_id
from netbuilder.ui.group_parameters import instances, names_used, rewritten, substituted, taken_out
from netbuilder.ui.ports import sockets
from netbuilder.ui.room import room_for
from netbuilder.ui.sharing import sharers
from netbuilder.ui.wiring import Refusal

_OUTER_INDEX = "outer_index"
"""What `index` is called in a group that is made inside of the one that counts it, unless that name is taken."""


# Making a group


def make_group(
    project: Project, sheet: GroupId | None, ids: Iterator[NodeId], nodes: Collection[NodeId]
) -> Edit | Refusal:
    """Put blocks into a new group, and one instance of it in their place. The blocks keep their ids.

    Every source outside that feeds them becomes one input, every port of theirs that feeds others one output; where
    nothing comes in or goes out, the open ends are the ports. Names of a surrounding group that their expressions use
    become formal parameters.
    """
    graph, layout = project.sheet(sheet).graph, project.sheet(sheet).layout
    chosen = [graph.node(node) for node in sorted((n for n in set(nodes) if n in graph), key=creation_number)]
    refused = _can_group(graph, chosen)
    if refused:
        return refused
    border = _border(project.inside(sheet) if sheet else project, {node.id for node in chosen})
    formals, arguments, renamed = _inherited(project, sheet, chosen)
    wires = [edge for edge in graph.edges() if {edge.source.node, edge.target.node} <= {node.id for node in chosen}]
    left, top = (min(layout[node.id][axis] for node in chosen) for axis in (0, 1))

    draft, group = Draft(project), new_group_id(project)
    for node in chosen:
        draft.do(RemoveNode(node.id, sheet))
    name = free_group_name(project, "group")
    draft.do(AddGroup(group, name, formals))
    for node in chosen:
        moved = replace(node, params=rewritten(node, lambda text, own: text if own else substituted(text, renamed)))
        x, y = layout[node.id]
        draft.do(AddNode(moved, (x - left + COLUMN, y - top), group))
    for edge in wires:
        draft.do(Connect(edge, group))
    inputs = [_add_input(draft, ids, group, crossing) for crossing in border.inputs]
    outputs = [_add_output(draft, ids, group, crossing, len(border.outputs)) for crossing in border.outputs]

    middle = snap(_middle([layout[node.id] for node in chosen]))
    box = Node(next(ids), group_type(group), draft.project.sheet(sheet).graph.free_name(name), arguments)
    draft.do(AddNode(box, middle, sheet))
    for port, crossing in zip(inputs, border.inputs, strict=True):
        if crossing.source:
            draft.do(Connect(Edge(crossing.source, PortRef(box.id, port)), sheet))
    for port, crossing in zip(outputs, border.outputs, strict=True):
        for target in crossing.targets:
            draft.do(Connect(Edge(PortRef(box.id, port), target), sheet))
    return draft.batch(f"Group {len(chosen)} block{'s' if len(chosen) > 1 else ''}")


@dataclass(frozen=True, slots=True)
class _Crossing:
    """Wires from one port across the border of what is grouped; `source` is None for an open input."""

    source: PortRef | None
    targets: tuple[PortRef, ...]
    name: str


@dataclass(frozen=True, slots=True)
class _Border:
    inputs: list[_Crossing]
    outputs: list[_Crossing]


def _can_group(graph: Graph, chosen: Collection[Node]) -> Refusal | None:
    if not chosen:
        return Refusal("group", "Select the blocks to group.")
    for node in chosen:
        block = registry.get(node.type)
        if block and block.role in ("input", "output"):
            return Refusal(
                "group", f"“{node.name}” is an end of this network: a group gets inputs and outputs of its own."
            )
        if block and block.role in ("loss", "metric"):
            return Refusal("group", f"“{node.name}” judges the network as a whole: it stands outside of groups.")
    inside = {node.id for node in chosen}
    for node in chosen:
        other = next((each for each in sharers(graph, tag_of(node)) if each.id not in inside), None)
        if other:
            message = (
                f"“{node.name}” shares its weights with “{other.name}”: "
                "select that block too, or give it weights of its own first."
            )
            return Refusal("group", message)
    between = (graph.descendants(inside) & graph.ancestors(inside)) - inside
    if between:
        name = graph.node(min(between, key=creation_number)).name
        return Refusal("group", f"A path leads out through “{name}” and back in: select that block too.")
    return None


def _border(home: Project, inside: set[NodeId]) -> _Border:
    graph = home.graph
    into: dict[PortRef, list[PortRef]] = {}
    out_of: dict[PortRef, list[PortRef]] = {}
    for node in sorted(inside, key=creation_number):
        for edge in graph.edges_into(node):
            if edge.source.node not in inside:
                into.setdefault(edge.source, []).append(edge.target)
        for edge in graph.edges_out_of(node):
            if edge.target.node not in inside:
                out_of.setdefault(edge.source, []).append(edge.target)
    inputs = [_Crossing(source, tuple(targets), graph.node(source.node).name) for source, targets in into.items()]
    outputs = [_Crossing(source, tuple(targets), graph.node(source.node).name) for source, targets in out_of.items()]
    if len(inputs) < 2:
        inputs = [replace(each, name="x") for each in inputs] or list(_open_inputs(home, inside))
    return _Border(inputs, outputs or list(_open_outputs(home, inside)))


def _open_inputs(home: Project, inside: Iterable[NodeId]) -> Iterator[_Crossing]:
    """Yield an input for every first port without a wire of blocks into which no wire leads."""
    for node in sorted(inside, key=creation_number):
        inputs = sockets(home, node).inputs
        if inputs and not home.graph.edges_into(node):
            yield _Crossing(None, (PortRef(node, inputs[0].name),), "x")


def _open_outputs(home: Project, inside: Iterable[NodeId]) -> Iterator[_Crossing]:
    for node in sorted(inside, key=creation_number):
        outputs = sockets(home, node).outputs
        if outputs and not home.graph.edges_out_of(node):
            yield _Crossing(PortRef(node, outputs[0].name), (), home.graph.node(node).name)


def _inherited(
    project: Project, sheet: GroupId | None, chosen: Iterable[Node]
) -> tuple[dict[str, Json], dict[str, Json], dict[str, str]]:
    """Return the formal parameters that a new group needs, what its instance sets them to, and which names change."""
    known = project.groups[sheet].parameters if sheet else {}
    used = set[str]().union(*(names_used(node) for node in chosen))
    formals = {name: value for name, value in known.items() if name in used}
    arguments: dict[str, Json] = {name: f"={name}" for name in formals}
    if INDEX not in used:
        return formals, arguments, {}
    outer = free_name(_OUTER_INDEX, known)
    return formals | {outer: 0}, arguments | {outer: f"={INDEX}"}, {INDEX: outer}


def _add_input(draft: Draft, ids: Iterator[NodeId], group: GroupId, crossing: _Crossing) -> str:
    sheet = draft.project.sheet(group)
    name = sheet.graph.free_name(crossing.name)
    node = Node(next(ids), Input.__name__, name, defaults(Input))
    draft.do(AddNode(node, _beside(sheet.layout, 0.0, sheet.layout[crossing.targets[0].node][1]), group))
    for target in crossing.targets:
        draft.do(Connect(Edge(PortRef(node.id, "y"), target), group))
    return name


def _add_output(draft: Draft, ids: Iterator[NodeId], group: GroupId, crossing: _Crossing, count: int) -> str:
    assert crossing.source, "an output has a source"
    sheet = draft.project.sheet(group)
    outputs = {node.id for node in sheet.graph.nodes() if node.type == Output.__name__}
    right = max(x for node, (x, _) in sheet.layout.items() if node not in outputs) + COLUMN
    name = sheet.graph.free_name("y" if count == 1 else f"{crossing.name}_out")
    node = Node(next(ids), Output.__name__, name, defaults(Output))
    draft.do(AddNode(node, _beside(sheet.layout, right, sheet.layout[crossing.source.node][1]), group))
    draft.do(Connect(Edge(crossing.source, PortRef(node.id, "x")), group))
    return name


def _beside(layout: dict[NodeId, Position], x: float, y: float) -> Position:
    """Return the first free place of a column, from `y` on downwards."""
    taken = [place[1] for place in layout.values() if place[0] == x]
    return x, next(at for at in itertools.count(y, ROW) if all(abs(at - other) >= ROW for other in taken))


def _middle(places: Collection[Position]) -> Position:
    xs, ys = ([place[axis] for place in places] for axis in (0, 1))
    return (min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2


# Taking a group apart


def ungroup(project: Project, sheet: GroupId | None, ids: Iterator[NodeId], node: NodeId) -> Edit | Refusal:
    """Put what is in an instance in its place, with the instance's arguments in the expressions.

    The last instance takes its group with it, and the blocks keep their ids; else they get new ones. Those that share
    weights inside share them outside, under a tag that no other block has. What stands around makes way.
    """
    graph, layout = project.sheet(sheet).graph, project.sheet(sheet).layout
    box = graph.node(node)
    group = group_of(box.type)
    refused = _can_ungroup(project, sheet, box)
    if refused:
        return refused
    assert group, "what is no group is refused"
    definition = project.groups[group]
    given = {key: value for key, value in untagged(box.params).items() if key != "shared"}
    arguments = dict(definition.parameters) | given
    arguments[INDEX] = 0
    is_last = sum(1 for _ in instances(project, group)) == 1

    draft = Draft(project)
    draft.do(RemoveNode(node, sheet))
    if is_last:
        draft.do(RemoveGroup(group))
    blocks = [each for each in definition.graph.nodes() if each.type not in (Input.__name__, Output.__name__)]
    twins = {each.id: each.id if is_last else next(ids) for each in blocks}
    left, top = _corner([definition.layout[each.id] for each in blocks])
    tags: dict[str, str] = {}
    for each in blocks:
        outside, tag = draft.project.sheet(sheet).graph, tag_of(each)
        name = outside.free_name(each.name)
        try:
            params = taken_out(each, arguments)
        except ExpressionError as error:
            return Refusal("group", f"“{each.name}” can't stand outside: {error}")
        if tag:
            params[WEIGHTS] = tags.setdefault(tag, free_name(tag, set(map(tag_of, outside.nodes()))))
        x, y = definition.layout[each.id]
        place = (layout[node][0] + x - left, layout[node][1] + y - top)
        draft.do(AddNode(Node(twins[each.id], each.type, name, params), place, sheet))
    for edge in _wires_outside(graph, node, definition.graph, twins):
        draft.do(Connect(edge, sheet))
    before = block_rect(layout[node], block_height(sockets(_sheet(project, sheet), node).most))
    room = room_for(_sheet(draft.project, sheet), twins.values(), before)
    if room:
        draft.do(MoveNodes(tuple(room.items()), sheet))
    return draft.batch(f"Ungroup {box.name}")


def _sheet(project: Project, sheet: GroupId | None) -> Project:
    return project.inside(sheet) if sheet else project


def _can_ungroup(project: Project, sheet: GroupId | None, box: Node) -> Refusal | None:
    graph, group = project.sheet(sheet).graph, group_of(box.type)
    if group is None or group not in project.groups:
        return Refusal("group", f"“{box.name}” is not a group.")
    if box.params.get("repeat", 1) != 1:
        return Refusal("group", f"“{box.name}” is repeated: set repeat to 1 first.")
    other = next((each for each in sharers(graph, tag_of(box)) if each.id != box.id), None)
    if other:
        message = f"“{box.name}” shares its weights with “{other.name}”: give it weights of its own first."
        return Refusal("group", message)
    if sheet and holds(project, group, sheet):
        return Refusal("group", f"“{box.name}” stands inside of its own group: delete it first.")
    if any(edge.target.node == box.id for edge in graph.edges_out_of(box.id)):
        return Refusal("group", f"“{box.name}” feeds itself: cut that wire first.")
    return None


def _wires_outside(graph: Graph, box: NodeId, inner: Graph, twins: Mapping[NodeId, NodeId]) -> Iterator[Edge]:
    """Yield the wires among the `twins` of what is in an instance, and between them and what feeds it and is fed."""
    into = {edge.target.port: edge.source for edge in graph.edges_into(box)}
    out_of = graph.edges_out_of(box)

    def source_of(port: PortRef) -> PortRef | None:
        """Return what feeds whatever this port inside feeds: outside, where it is an input's."""
        twin = twins.get(port.node)
        return PortRef(twin, port.port) if twin else into.get(inner.node(port.node).name)

    for edge in inner.edges():
        source, twin = source_of(edge.source), twins.get(edge.target.node)
        if source is None:
            continue
        if twin:
            yield Edge(source, PortRef(twin, edge.target.port))
        else:
            name = inner.node(edge.target.node).name
            yield from (Edge(source, wire.target) for wire in out_of if wire.source.port == name)


def _corner(places: Collection[Position]) -> Position:
    return min((x for x, _ in places), default=0.0), min((y for _, y in places), default=0.0)


# A group of one's own


def make_independent(project: Project, sheet: GroupId | None, ids: Iterator[NodeId], node: NodeId) -> Edit | Refusal:
    """Give an instance a copy of its group, so that changing one leaves the other as it is;
    its weights are its own then.
    """
    home = project.sheet(sheet)
    box = home.graph.node(node)
    group = group_of(box.type)
    if group is None or group not in project.groups:
        return Refusal("group", f"“{box.name}” is not a group.")
    draft, twin = Draft(project), new_group_id(project)
    copy_group(draft, ids, project, group, twin)
    wires = [*home.graph.edges_into(node), *home.graph.edges_out_of(node)]
    draft.do(RemoveNode(node, sheet))
    draft.do(AddNode(replace(box, type=group_type(twin), params=untagged(box.params)), home.layout[node], sheet))
    for edge in wires:
        draft.do(Connect(edge, sheet))
    return draft.batch(f"Make {box.name} independent")


def rename_block(project: Project, sheet: GroupId | None, node: NodeId, name: str) -> Edit | Refusal | None:
    """Give a block another name; None where it is the one it has.

    The name of a group's input or output is that of a port: the wires there follow, wherever the group is used.
    """
    rename = intents.rename(project.sheet(sheet), node, name)
    if sheet is None or not isinstance(rename, RenameNode):
        return rename
    old = project.sheet(sheet).graph.node(node)
    rename = replace(rename, group=sheet)
    moved: list[Edit] = []
    for place, box in instances(project, sheet):
        graph, port = project.sheet(place).graph, PortRef(box.id, old.name)
        new = PortRef(port.node, rename.name)
        wires = []
        if old.type == Input.__name__:
            wires = [(edge, Edge(edge.source, new)) for edge in graph.edges_into(box.id) if edge.target == port]
        elif old.type == Output.__name__:
            wires = [(edge, Edge(new, edge.target)) for edge in graph.edges_out_of(box.id) if edge.source == port]
        for before, after in wires:
            moved += [Disconnect(before, place), Connect(after, place)]
    return Batch((rename, *moved), f"Rename {old.name} to {rename.name}") if moved else rename


def rename_group(project: Project, group: GroupId, name: str) -> Edit | Refusal | None:
    """Give a group another name; None where it is the one it has. Instances that were called after it are again."""
    name, old = name.strip(), project.groups[group].name
    if name == old:
        return None
    problem = name_problem(name)
    if not problem and any(each.name == name for each in project.groups.values()):
        problem = f"There is a group named “{name}” already."
    if problem:
        return Refusal("name", problem)
    draft = Draft(project)
    draft.do(RenameGroup(group, name))
    called_after = re.compile(rf"{re.escape(old)}(_[0-9]+)?", re.IGNORECASE)
    for place, box in instances(project, group):
        if called_after.fullmatch(box.name):
            graph = draft.project.sheet(place).graph
            draft.do(RenameNode(box.id, graph.free_name(intents.name_of_instance(name)), place))
    return draft.batch(f"Rename {old} to {name}") if len(draft.edits) > 1 else draft.edits[0]


def delete_group(project: Project, group: GroupId) -> Edit | Refusal:
    """Forget a group that has no instances."""
    used = next(instances(project, group), None)
    if used is not None:
        return Refusal("group", f"“{used[1].name}” is an instance of it: a group that is used can't be deleted.")
    return Batch((RemoveGroup(group),), f"Delete {project.groups[group].name}")
