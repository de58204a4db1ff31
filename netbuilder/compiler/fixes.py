"""Repairs for common mistakes, as edits: what a person would do next, one click away."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from netbuilder.blocks import registry
from netbuilder.blocks.parameters import defaults, value_in_words
from netbuilder.blocks.spec import Block, Bypass, Insert, Mismatch, Port, Resize, SetOwn, Suggestion, TensorSpec
from netbuilder.compiler.groups import Instance
from netbuilder.compiler.weights import untagged
from netbuilder.diagnostics import Fix
from netbuilder.graph.edits import UNSET, AddNode, Batch, Connect, Disconnect, Edit, MoveNodes, RemoveNode, SetParameter
from netbuilder.graph.model import Edge, Node, NodeId, PortRef
from netbuilder.graph.placing import COLUMN, ROW, free_spot
from netbuilder.graph.project import Position, Project

Blocks = Mapping[NodeId, Block | Instance]
"""What nodes stand for, as far as that can be told."""

_LOSSES = {"labels": "CrossEntropy", "numbers": "MSE"}
"""The usual loss for each kind of truth."""

_READERS = ("output", "loss", "metric")
"""What looks at a value and leaves it to others too."""


def new_node(project: Project, type_id: str, name: str | None = None, **params: Any) -> Node:
    """Return a node of this type with a fresh id, a free name, and all parameters at their defaults but those given."""
    block = registry.get(type_id)
    assert block is not None, type_id
    free = project.graph.free_name(name or type_id.lower())
    return Node(next(project.new_ids()), type_id, free, defaults(block) | params)


def from_suggestions(project: Project, target: PortRef, suggestions: Iterable[Suggestion]) -> tuple[Fix, ...]:
    """Turn what a block suggests about the input port `target` into fixes."""
    fixes = (_from_suggestion(project, target, suggestion) for suggestion in suggestions)
    return tuple(fix for fix in fixes if fix)


def for_rank(project: Project, target: PortRef, spec: TensorSpec, wanted: tuple[int, int]) -> tuple[Fix, ...]:
    """Return fixes for an input whose number of dimensions is wrong."""
    suggestions: list[Suggestion] = []
    fixed = [dim for dim in spec.shape[1:] if isinstance(dim, int)]
    if len(fixed) == spec.rank - 1 and wanted[0] <= 4:
        lowest, highest = wanted
        if spec.rank > highest == 2:
            suggestions.append(Insert("Flatten"))
        elif spec.rank == 4 and highest == 3 and fixed[0] == 1:
            suggestions.append(Insert("Reshape", (("shape", fixed[1:]),)))
        elif (spec.rank, lowest) in ((3, 4), (2, 3)):
            suggestions.append(Insert("Reshape", (("shape", [1, *fixed]),)))
        elif spec.rank == 2 and lowest == 4:
            side = math.isqrt(fixed[0])
            shape = [1, side, side] if side * side == fixed[0] else [fixed[0], 1, 1]
            suggestions.append(Insert("Reshape", (("shape", shape),)))
    return from_suggestions(project, target, suggestions)


def for_unconnected(
    project: Project, target: PortRef, port: Port, blocks: Blocks, specs: Mapping[PortRef, TensorSpec]
) -> tuple[Fix, ...]:
    """Offer what belongs at this open port: what a loss compares with, the nearest loose end of a layer, or a wire.

    An end that the block refuses is not offered; one whose shape is not known yet may be, but not to what only reads
    where another fits.
    """
    if port.truth:
        return _for_open_truth(project, target, port.truth)
    graph = project.graph
    behind = {target.node, *graph.descendants([target.node])}
    asks = _meaning(graph.node(target.node), blocks)
    only_reads = asks is not None and asks.role in _READERS
    ends = [
        PortRef(node.id, block.outputs[0].name)
        for node in graph.nodes()
        if (block := _meaning(node, blocks)) and block.outputs and node.id not in behind
        if _is_said(project, PortRef(node.id, block.outputs[0].name), blocks)
        if all(only_reads and _is_read_only(project, edge, blocks) for edge in graph.edges_out_of(node.id))
    ]
    known = [end for end in ends if end in specs]
    taken = [end for end in known if _takes(project, target, port, end, blocks, specs)]
    unknown = [end for end in ends if end not in specs]
    ends = taken if taken and only_reads else taken + unknown
    return _connect_nearest(project, target, ends) or _put_between(project, target, port, blocks, specs)


def _is_read_only(project: Project, edge: Edge, blocks: Blocks) -> bool:
    """Tell whether a wire leads to what only looks at a value: an output, loss or metric."""
    reader = _meaning(project.graph.node(edge.target.node), blocks)
    return reader is not None and reader.role in _READERS


def _takes(
    project: Project, target: PortRef, port: Port, source: PortRef, blocks: Blocks, specs: Mapping[PortRef, TensorSpec]
) -> bool:
    """Tell whether a block would take a value at its open port, as far as that can be told: what is not wired yet but
    has its Input counts as wired.
    """
    spec, block = specs[source], blocks.get(target.node)
    if not (port.takes_rank(spec) and port.takes_dtype(spec)):
        return False
    if not isinstance(block, Block) or block.role == "output" or port.variadic:
        return True
    label = next((PortRef(node.id, "y") for node in project.graph.nodes() if _is_label(project, node)), None)

    def value(other: Port) -> TensorSpec | None:
        edge = project.graph.edge_into(PortRef(target.node, other.name))
        fed = source if other is port else edge.source if edge else label if other.truth else None
        return specs.get(fed) if fed else None

    inputs = [value(other) for other in block.inputs]
    if any(given is None and not other.optional for given, other in zip(inputs, block.inputs, strict=True)):
        return True
    try:
        block.lower(*inputs)
    except Mismatch:
        return False
    return True


def _put_between(
    project: Project, target: PortRef, port: Port, blocks: Blocks, specs: Mapping[PortRef, TensorSpec]
) -> tuple[Fix, ...]:
    """Offer a loose block that keeps the features a place behind the nearest that it fits, on its only wire."""
    graph = project.graph
    block = registry.get(graph.node(target.node).type)
    if block is None or block.features_from != port.name or len(block.outputs) != 1 or graph.edges_out_of(target.node):
        return ()
    fitting = (source for source in specs if _takes(project, target, port, source, blocks, specs))
    source = _nearest(project, target, (source for source in fitting if _is_said(project, source, blocks)))
    wires = graph.edges_out_of(source.node) if source else []
    if source is None or len(wires) != 1:
        return ()
    (wire,) = wires
    behind = _meaning(graph.node(wire.target.node), blocks)
    if behind is None or behind.role not in ("layer", "output"):
        return ()
    edits = (
        Disconnect(wire),
        Connect(Edge(wire.source, target)),
        Connect(Edge(PortRef(target.node, block.outputs[0].name), wire.target)),
    )
    name, before, after = (graph.node(node).name for node in (target.node, source.node, wire.target.node))
    title = f"Put “{name}” between “{before}” and “{after}”"
    return (Fix(title, Batch(edits, title)),)


def _is_said(project: Project, source: PortRef, blocks: Blocks) -> bool:
    """Tell whether a value is the network's: no label, and nothing that a loss or metric gives."""
    node = project.graph.node(source.node)
    block = _meaning(node, blocks)
    return block is not None and block.role in ("layer", "input") and not _is_label(project, node)


def _for_open_truth(project: Project, target: PortRef, truth: str) -> tuple[Fix, ...]:
    """Offer the Input with the data's label, a new one where there is none, or what an autoencoder compares with."""
    graph = project.graph
    inputs = [node for node in graph.nodes() if node.type == "Input"]
    field = _target_field(project)
    labels = [PortRef(node.id, "y") for node in inputs if _is_label(project, node)]
    if field is None or field[1] != truth:
        fed_on = [
            PortRef(node.id, "y") for node in inputs if graph.edges_out_of(node.id) and not _is_label(project, node)
        ]
        return _connect_nearest(project, target, fed_on) if truth == "numbers" else ()
    if labels:
        return _connect_nearest(project, target, labels)
    x, y = project.layout[target.node]
    node = new_node(project, "Input", field[0], field=field[0])
    spot = free_spot(project.layout.values(), (x - COLUMN, y + ROW))
    edits = (AddNode(node, spot), Connect(Edge(PortRef(node.id, "y"), target)))
    title = f"Add Input for “{field[0]}”"
    return (Fix(title, Batch(edits, title)),)


def _connect_nearest(project: Project, target: PortRef, sources: Iterable[PortRef]) -> tuple[Fix, ...]:
    """Offer a wire from the nearest of these."""
    nearest = _nearest(project, target, sources)
    if nearest is None:
        return ()
    return (Fix(f"Connect {project.graph.node(nearest.node).name}", Connect(Edge(nearest, target))),)


def _nearest(project: Project, target: PortRef, sources: Iterable[PortRef]) -> PortRef | None:
    """Return the nearest of these outputs, those to the left first."""
    x, y = project.layout[target.node]

    def distance(source: PortRef) -> float:
        left, top = project.layout[source.node]
        return math.hypot(x - left, y - top) + (0 if left < x else 10 * COLUMN)

    return min(sources, key=distance, default=None)


def add_loss(project: Project, blocks: Blocks, specs: Mapping[PortRef, TensorSpec]) -> tuple[Fix, ...]:
    """Offer a loss between what the network puts out and the data's target, where both can be told."""
    prediction = _prediction(project, blocks, specs)
    target = _target_field(project)
    if prediction is None or target is None:
        return ()
    field, truth = target
    type_id = _LOSSES[truth]
    x, y = project.layout[prediction.node]
    scratch = project.copy()
    edits: list[Edit] = []

    def put(node: Node, near: Position) -> Node:
        edit = AddNode(node, free_spot(scratch.layout.values(), near))
        edit.apply(scratch)
        edits.append(edit)
        return node

    bound = next((n for n in project.graph.nodes() if n.type == "Input" and n.params.get("field") == field), None)
    label = bound or put(new_node(scratch, "Input", field, field=field), (x, y + ROW))
    loss = put(new_node(scratch, type_id, "loss"), (x + COLUMN, y + ROW))
    for port in registry.blocks()[type_id].inputs:
        source = PortRef(label.id, "y") if port.truth else prediction
        edits.append(Connect(Edge(source, PortRef(loss.id, port.name))))
    return (Fix(f"Add {type_id}", Batch(tuple(edits), f"Add {type_id}")),)


def add_output(project: Project, blocks: Blocks, specs: Mapping[PortRef, TensorSpec]) -> tuple[Fix, ...]:
    """Offer an Output behind what the losses look at, or behind the last block."""
    prediction = _prediction(project, blocks, specs)
    if prediction is None:
        return ()
    x, y = project.layout[prediction.node]
    node = new_node(project, "Output", "output")
    spot = free_spot(project.layout.values(), (x + COLUMN, y))
    wire = Connect(Edge(prediction, PortRef(node.id, "x")))
    return (Fix("Add Output", Batch((AddNode(node, spot), wire), "Add Output")),)


def bind_input(project: Project, node: NodeId, fields: Mapping[str, TensorSpec]) -> tuple[Fix, ...]:
    """Offer an input the fields that fit all that it feeds, or, where none does, each; the likeliest first."""
    ports = [port for edge in project.graph.edges_out_of(node) if (port := _port(project, edge.target))]
    name, truth = _target_field(project) or ("", "")

    def fits(field: str, spec: TensorSpec, port: Port) -> bool:
        is_missed = port.truth == "labels" == truth and field != name
        return port.takes_rank(spec) and port.takes_dtype(spec) and not is_missed

    fitting = [field for field, spec in fields.items() if all(fits(field, spec, port) for port in ports)]
    is_truth = any(port.truth for port in ports)
    likely = sorted(fitting or fields, key=lambda field: (field == name) != is_truth)
    return tuple(Fix(f"Use “{field}”", SetParameter(node, "field", field)) for field in likely)


def set_like(node: Node, other: Node) -> tuple[Fix, ...]:
    """Offer to set a block as another one of its type is set, in all but its tag."""
    mine, theirs = untagged(node.params), untagged(other.params)
    names = [name for name in {**theirs, **mine} if repr(mine.get(name)) != repr(theirs.get(name))]
    if not names:
        return ()
    edits = tuple(SetParameter(node.id, name, theirs.get(name, UNSET)) for name in names)
    first, *more = names
    known = first in theirs and not more
    title = f"Set {first} to {value_in_words(theirs[first])}" if known else f"Set it as “{other.name}” is"
    return (Fix(title, edits[0] if known else Batch(edits, title)),)


def _port(project: Project, target: PortRef) -> Port | None:
    block = registry.get(project.graph.node(target.node).type)
    return next((port for port in block.inputs if port.name == target.port), None) if block else None


def _from_suggestion(project: Project, target: PortRef, suggestion: Suggestion) -> Fix | None:
    match suggestion:
        case SetOwn(parameter=parameter, value=value):
            return Fix(f"Set {parameter} to {value_in_words(value)}", SetParameter(target.node, parameter, value))
        case Insert(type=type_id, params=params):
            return _insert(project, target, type_id, dict(params))
        case Resize(features=features):
            return _resize(project, target, features)
        case Bypass():
            return _bypass(project, target)


def _bypass(project: Project, target: PortRef) -> Fix | None:
    """Rewire the port to what goes into the block before it, and remove that block where nothing else needs it."""
    edge = project.graph.edge_into(target)
    wires = project.graph.edges_into(edge.source.node) if edge else ()
    block = registry.get(project.graph.node(edge.source.node).type) if edge else None
    if edge is None or len(wires) != 1 or block is None or block.gives in ("", "same"):
        return None
    name = project.graph.node(edge.source.node).name
    connect = Connect(Edge(wires[0].source, target))
    if len(project.graph.edges_out_of(edge.source.node)) > 1:
        title = f"Take what goes into {name}"
        return Fix(title, Batch((Disconnect(edge), connect), title))
    return Fix(f"Remove {name}", Batch((RemoveNode(edge.source.node), connect), f"Remove {name}"))


def _insert(project: Project, target: PortRef, type_id: str, params: dict[str, Any]) -> Fix | None:
    edge = project.graph.edge_into(target)
    block = registry.get(type_id)
    if edge is None or block is None:
        return None
    node = new_node(project, type_id, **params)
    room, spot = _room_between(project, edge)
    edits = (
        Disconnect(edge),
        *room,
        AddNode(node, spot),
        Connect(Edge(edge.source, PortRef(node.id, block.inputs[0].name))),
        Connect(Edge(PortRef(node.id, block.outputs[0].name), target)),
    )
    detail = f" to {value_in_words(params['shape'])}" if "shape" in params else ""
    return Fix(f"Insert {type_id}{detail}", Batch(edits, f"Insert {type_id}"))


def _room_between(project: Project, edge: Edge) -> tuple[tuple[Edit, ...], Position]:
    """Return a place for a block on a wire, and what makes room: the rest of a row that both ends stand in moves on."""
    layout = project.layout
    (x0, y0), (x1, y1) = layout[edge.source.node], layout[edge.target.node]
    if y0 != y1 or not 0 < x1 - x0 < 2 * COLUMN:
        return (), free_spot(layout.values(), ((x0 + x1) / 2, (y0 + y1) / 2))
    rest = tuple((node, (x + COLUMN, y)) for node, (x, y) in layout.items() if y == y1 and x >= x1)
    return (MoveNodes(rest),), (x1, y1)


def _resize(project: Project, target: PortRef, features: int) -> Fix | None:
    """Walk upstream to the layer that decides how many features arrive, past those that keep the number."""
    edge = project.graph.edge_into(target)
    while edge is not None:
        node = project.graph.node(edge.source.node)
        block = registry.get(node.type)
        if block is None or block.features_from is None:
            return None
        decider = block.features_from
        if decider in block.model_fields:
            return Fix(f"Set {node.name}.{decider} to {features}", SetParameter(node.id, decider, features))
        edge = project.graph.edge_into(PortRef(node.id, decider))
    return None


def _prediction(project: Project, blocks: Blocks, specs: Mapping[PortRef, TensorSpec]) -> PortRef | None:
    """Return the value that the network is for: what an Output, loss or metric looks at, else the newest loose end."""
    graph = project.graph
    for role in ("output", "loss", "metric"):
        for node in graph.nodes():
            block = registry.get(node.type)
            if block and block.role == role:
                edge = graph.edge_into(PortRef(node.id, block.inputs[0].name))
                if edge:
                    return edge.source
    ends = [value for value in specs if not graph.edges_out_of(value.node)]
    layers = [value for value in ends if (block := _meaning(graph.node(value.node), blocks)) and block.role == "layer"]
    return layers[-1] if layers else None


def _meaning(node: Node, blocks: Blocks) -> Block | type[Block] | Instance | None:
    """Return what a node stands for; of a block whose parameters are wrong only its type is known."""
    return blocks.get(node.id) or registry.get(node.type)


def _target_field(project: Project) -> tuple[str, str] | None:
    """Return the field to learn and what it holds, “labels” or “numbers”.

    It is one with a class for each sample, else with a class for each place (the last field: texts are learned from
    before they are learned), else the one that is called “target”.
    """
    fields = project.data.get("fields")
    if not isinstance(fields, Mapping):
        return None
    labels = {name: field for name, field in fields.items() if isinstance(field, Mapping) and field.get("classes")}
    if labels:
        return next((name for name, field in labels.items() if not field.get("shape")), [*labels][-1]), "labels"
    return ("target", "numbers") if "target" in fields else None


def _is_label(project: Project, node: Node) -> bool:
    target = _target_field(project)
    return target is not None and node.params.get("field") == target[0]
