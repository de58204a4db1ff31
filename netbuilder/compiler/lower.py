"""From a project to a program, or to every reason why there is none yet.

1. The data section's fields become specs.
2. Each node, in topological order: its type and parameters are checked, its inputs gathered and checked against its ports,
   its `Call` asked for and its output shapes inferred. A node behind a problem is passed over in silence: one cause, one
   diagnostic.
3. What the network as a whole lacks is said: wires, a loss, an output, a way out of a cycle or a dead end.
4. Without errors, instructions and results become the program.

`lower` is pure and never raises for a user's mistake; half-drawn networks are normal.
"""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache

from torch import fx, nn

from netbuilder import nn as modules
from netbuilder.blocks import registry
from netbuilder.blocks.library.input_output import Input
from netbuilder.blocks.parameters import parse
from netbuilder.blocks.spec import BATCH, Block, Mismatch, Port, TensorSpec
from netbuilder.blocks.targets import Loss
from netbuilder.compiler import fixes
from netbuilder.compiler.infer import InferenceError, infer
from netbuilder.compiler.program import Cost, InputSlot, Instruction, Lowering, Program, Result
from netbuilder.diagnostics import Diagnostic, Fix, Severity, one_line
from netbuilder.graph.edits import Disconnect, RenameNode
from netbuilder.graph.model import Edge, Json, Node, NodeId, PortRef, creation_number
from netbuilder.graph.project import Project

_RANKS = {
    0: "a single number",
    1: "N",
    2: "N × features",
    3: "N × channels × length",
    4: "N × channels × height × width",
    5: "N × channels × depth × height × width",
}
_BYTES = {"float32": 4, "int64": 8, "bool": 1}

_MOST_BRANCHES = 128
"""Wires into one variadic port: a sum of so many is a call inside a call for each."""
_MOST_MENDED = 50
"""Problems for which repairs are looked for: each search goes over the whole network."""


def lower(project: Project) -> Lowering:
    """Return what the compiler knows of the project: a program or errors, and in any case all shapes that can be told."""
    return _Lowerer(project).lower()


class _Lowerer:
    """One lowering in progress."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.graph = project.graph
        self.fields: dict[str, TensorSpec] = {}
        self.blocks: dict[NodeId, Block] = {}
        self.specs: dict[PortRef, TensorSpec] = {}
        self.costs: dict[NodeId, Cost] = {}
        self.diagnostics: list[Diagnostic] = []
        self.inputs: list[InputSlot] = []
        self.instructions: list[Instruction] = []
        self.results: list[Result] = []
        self.open_ports: list[tuple[Node, Port, str]] = []
        self.roles = {node.id: _role(node) for node in self.graph.nodes()}
        self.useful = self._feeding("loss", "metric", "output") or set(self.graph)
        self.trained = self._feeding("loss")

    def lower(self) -> Lowering:
        self._read_fields()
        order, rest = self.graph.topological_order()
        for node in (*order, *rest):
            self._parse(self.graph.node(node))
        if rest:
            self._report_cycles()
        for node in order:
            self._lower_node(self.graph.node(node))
        self._report_open_ports()
        self._report_whole()
        number = {node: place for place, node in enumerate(order)}
        self.diagnostics.sort(key=lambda d: (d.severity != "error", number.get(NodeId(d.node or ""), -1)))
        complete = not any(diagnostic.severity == "error" for diagnostic in self.diagnostics)
        program = Program(tuple(self.inputs), tuple(self.instructions), tuple(self.results)) if complete else None
        return Lowering(program, self.specs, self.costs, tuple(self.diagnostics))

    # Step 1

    def _read_fields(self) -> None:
        fields = self.project.data.get("fields", {})
        if not isinstance(fields, Mapping):
            self._say("error", "bad-data", "The data section's fields have to be an object.")
            return
        for name, field in fields.items():
            spec = _field_spec(field)
            if spec is None:
                self._say(
                    "error", "bad-data", f"The data field “{name}” needs a shape, a dtype and, for labels, classes."
                )
            else:
                self.fields[name] = spec

    # Step 2

    def _parse(self, node: Node) -> None:
        block_type = registry.get(node.type)
        if block_type is None:
            message = f"This version has no block “{node.type}”; it is kept as it is, and nothing can run through it."
            self._say("error", "unknown-block", message, node)
            return
        if node.name in _reserved_names():
            free = self.graph.free_name(f"{node.name}_1")
            fix = Fix(f"Rename to {free}", RenameNode(node.id, free))
            self._say(
                "error",
                "reserved-name",
                f"“{node.name}” means something to PyTorch's modules already.",
                node,
                fixes=(fix,),
            )
        block, problems = parse(block_type, node.params)
        self.diagnostics += [replace(problem, node=node.id) for problem in problems]
        if block is not None:
            self.blocks[node.id] = block

    def _feeding(self, *roles: str) -> set[NodeId]:
        """Return the nodes that one of these roles depends on. A problem that no result depends on is no obstacle."""
        return self.graph.ancestors(node for node, role in self.roles.items() if role in roles)

    def _lower_node(self, node: Node) -> None:
        block = self.blocks.get(node.id)
        if block is None:
            return
        if isinstance(block, Input):
            self._lower_input(node, block)
            return
        wires = self._gather(node, block)
        if wires is None:
            return
        inputs = [wire and self.specs[wire] for wire in wires]
        if block.role == "output":
            (wire,), (spec,) = wires, inputs
            assert wire is not None, "the port of an Output is not optional"
            assert spec is not None, "what is wired has been inferred"
            self.results.append(Result(node.id, node.name, "output", wire, spec))
            return
        try:
            call = block.lower(*inputs)
            inference = infer(call, tuple(inputs))
        except Mismatch as mismatch:
            self._refuse(node, block, mismatch)
            return
        except InferenceError as error:
            shapes = ", ".join(str(spec) for spec in inputs if spec)
            self._say(
                "error",
                "shape-mismatch",
                f"{node.type} can't take {shapes}: {str(error).rstrip('.')}.",
                node,
                block.inputs[0].name if block.inputs else None,
            )
            return
        for doubt in block.doubts(*inputs):
            self._refuse(node, block, doubt, "warning")
        for port, spec in inference.outputs:
            self.specs[PortRef(node.id, port)] = _told(block, inputs, spec)
        size = sum(spec.numel() * _BYTES.get(spec.dtype, 4) for _, spec in inference.outputs)
        self.costs[node.id] = Cost(inference.parameters, inference.flops, size)
        self.instructions.append(Instruction(node.id, node.name, node.type, call, wires, inference.outputs))
        if block.role in ("loss", "metric"):
            port, spec = inference.outputs[0] if inference.outputs else ("", TensorSpec(()))
            weight = block.weight if isinstance(block, Loss) else 1.0
            self.results.append(Result(node.id, node.name, block.role, PortRef(node.id, port), spec, weight))

    def _lower_input(self, node: Node, block: Input) -> None:
        try:
            spec = block.spec(self.fields)
        except Mismatch as mismatch:
            offers = fixes.bind_input(self.project, node.id, self.fields)
            self._say("error", mismatch.code, str(mismatch), node, parameter="field", fixes=offers)
            return
        if self.fields and not block.field and node.id in self.trained:
            offers = fixes.bind_input(self.project, node.id, self.fields)
            message = "Training needs data here: choose the field of the data set that this input stands for."
            self._say("error", "unbound-input", message, node, parameter="field", fixes=offers)
        slot = InputSlot(node.id, node.name, block.field, spec)
        self.inputs.append(slot)
        self.specs[slot.value] = spec
        self.costs[node.id] = Cost(0, 0, spec.numel() * _BYTES.get(spec.dtype, 4))

    def _gather(self, node: Node, block: Block) -> tuple[PortRef | None, ...] | None:
        """Return the value wired to each input port in order, or None where a problem here or upstream stands in the way."""
        edges = dict(self.graph.wires_into(node.id))
        wired: list[tuple[Port, str, Edge | None]] = []
        for port in block.inputs:
            if port.variadic:
                names = _variadic_names(edges, port)
                free = (name for i in itertools.count(1) if (name := f"{port.name}{i}") not in names)
                wired += [(port, name, edges.pop(name)) for name in names]
                if len(names) > _MOST_BRANCHES:
                    message = f"{node.type} joins at most {_MOST_BRANCHES} branches, and {len(names):,} are wired."
                    self._say("error", "too-many-branches", message, node, names[_MOST_BRANCHES])
                    return None
                wired += [(port, name, None) for name in itertools.islice(free, max(0, 2 - len(names)))]
            else:
                wired.append((port, port.name, edges.pop(port.name, None)))
        for name, edge in edges.items():
            remove = Fix("Remove the wire", Disconnect(edge))
            self._say("error", "unknown-port", f"{node.type} has no input “{name}”.", node, name, fixes=(remove,))
        checked = [self._check(node, port, name, edge) for port, name, edge in wired]
        if edges or not all(checked):
            return None
        return tuple(edge and edge.source for _, _, edge in wired)

    def _check(self, node: Node, port: Port, name: str, edge: Edge | None) -> bool:
        """Say what is wrong with the wire at a port; return whether its value is there and fits."""
        if edge is None:
            if not port.optional:
                self.open_ports.append((node, port, name))
            return port.optional
        source = self.blocks.get(edge.source.node)
        if source is not None and edge.source.port not in {output.name for output in source.outputs}:
            remove = Fix("Remove the wire", Disconnect(edge))
            message = f"The wire comes from “{edge.source.port}”, an output that {type(source).__name__} does not have."
            self._say("error", "unknown-port", message, node, name, fixes=(remove,))
            return False
        spec = self.specs.get(edge.source)
        return spec is not None and self._fits(node, port, name, spec)

    def _fits(self, node: Node, port: Port, name: str, spec: TensorSpec) -> bool:
        if not port.takes_dtype(spec):
            wanted = "whole numbers (int64)" if port.dtype == "integer" else "real numbers (float32)"
            self._say(
                "error",
                "wrong-dtype",
                f"{node.type} takes {wanted} at “{name}”, and gets {spec} of {spec.dtype}.",
                node,
                name,
            )
            return False
        if port.takes_rank(spec):
            return True
        lowest, highest = port.ranks
        shapes = " or ".join(_RANKS[rank] for rank in range(lowest, min(highest, 5) + 1))
        message = f"{node.type} takes {shapes} at “{name}”, and gets {spec}."
        target = PortRef(node.id, name)
        offers = fixes.for_rank(self.project, target, spec, (lowest, highest)) if self._mends() else ()
        code = "missing-flatten" if highest == 2 < spec.rank else "wrong-rank"
        self._say("error", code, message, node, name, fixes=offers)
        return False

    def _refuse(self, node: Node, block: Block, mismatch: Mismatch, severity: Severity = "error") -> None:
        first = block.inputs[0]
        alone = first.name if len(block.inputs) == 1 and not first.variadic else None
        port = mismatch.port or (alone if mismatch.parameter is None else None)
        if port and first.variadic:  # a block counts its inputs; on the canvas ports between them may be free
            port = _variadic_names(self.graph.wires_into(node.id), first)[int(port.removeprefix(first.name)) - 1]
        target = PortRef(node.id, port or first.name)
        offers = fixes.from_suggestions(self.project, target, mismatch.suggestions) if self._mends() else ()
        self._say(severity, mismatch.code, str(mismatch), node, port, parameter=mismatch.parameter, fixes=offers)

    # Step 3

    def _report_open_ports(self) -> None:
        for node, port, name in self.open_ports:
            severity: Severity = "error" if node.id in self.useful else "warning"
            what = f"Input “{name}” of {node.type} is not connected."
            target = PortRef(node.id, name)
            offers = fixes.for_unconnected(self.project, target, port, self.specs) if self._mends() else ()
            self._say(severity, "unconnected-port", what, node, name, fixes=offers)

    def _report_cycles(self) -> None:
        for cycle in self.graph.cycles():
            shown = (*cycle, cycle[0]) if len(cycle) <= 8 else (*cycle[:4], None, *cycle[-2:], cycle[0])
            names = " → ".join(self.graph.node(node).name if node else "…" for node in shown)
            members = set(cycle)
            inside = [edge for node in cycle for edge in self.graph.edges_into(node) if edge.source.node in members]
            newest = max(
                inside, key=lambda edge: (creation_number(edge.source.node), creation_number(edge.target.node))
            )
            source, target = (self.graph.node(end.node).name for end in (newest.source, newest.target))
            cut = Fix(f"Remove the wire {source} → {target}", Disconnect(newest))
            message = (
                f"These blocks feed each other in a circle: {names}. A network runs one way, so one wire has to go."
            )
            self._say("error", "cycle", message, self.graph.node(cycle[0]), fixes=(cut,))

    def _report_whole(self) -> None:
        if not len(self.graph):
            self._say("error", "empty", "There is no network yet: drag an Input from the palette to begin.")
            return
        roles = set(self.roles.values())
        if "loss" not in roles:
            severity: Severity = "error" if self.fields else "warning"
            message = "There is no loss, so there is nothing to train for."
            self._say(severity, "missing-loss", message, fixes=fixes.add_loss(self.project, self.specs))
        if "output" not in roles:
            message = "There is no Output, so there is nothing to export."
            self._say("warning", "missing-output", message, fixes=fixes.add_output(self.project, self.specs))
        if "loss" in roles or "output" in roles:
            useless = self.blocks.keys() - self.useful - {diagnostic.node for diagnostic in self.diagnostics}
            for node in sorted(useless, key=creation_number):
                if not self.graph.edges_out_of(node):  # what leads to it is as unused, and once is enough
                    message = "This leads nowhere: no loss, metric or output depends on it."
                    self._say("warning", "unused", message, self.graph.node(node))

    def _mends(self) -> bool:
        """Whether repairs are looked for: with more problems than this the drawing is unfinished, and not mistaken."""
        return len(self.diagnostics) < _MOST_MENDED

    def _say(
        self,
        severity: Severity,
        code: str,
        message: str,
        node: Node | None = None,
        port: str | None = None,
        *,
        parameter: str | None = None,
        fixes: tuple[Fix, ...] = (),
    ) -> None:
        self.diagnostics.append(Diagnostic(severity, code, one_line(message), node and node.id, port, parameter, fixes))


def _role(node: Node) -> str | None:
    block = registry.get(node.type)
    return block.role if block else None


def _told(block: Block, inputs: Sequence[TensorSpec | None], output: TensorSpec) -> TensorSpec:
    """Add to the spec of an output what the block says of its numbers."""
    if block.gives != "same":
        return replace(output, scale=block.gives) if block.gives else output
    first = inputs[0]
    assert first is not None, "the first input is not optional"
    return replace(output, scale=first.scale, num_classes=first.num_classes)


def _variadic_names(names: Iterable[str], port: Port) -> list[str]:
    """Return those names that a variadic port stands for, in order: x1, x2, x10."""
    return sorted((name for name in names if _is_variadic(name, port)), key=lambda name: int(name[len(port.name) :]))


def _is_variadic(name: str, port: Port) -> bool:
    number = name.removeprefix(port.name)
    return name.startswith(port.name) and number.isdecimal() and number[0] != "0"


def _field_spec(field: Json) -> TensorSpec | None:
    if not isinstance(field, Mapping):
        return None
    shape, dtype, classes = field.get("shape"), field.get("dtype"), field.get("classes", ())
    if not isinstance(shape, tuple) or not isinstance(dtype, str) or not isinstance(classes, tuple):
        return None
    sizes = [size for size in shape if type(size) is int and size > 0]
    if len(sizes) < len(shape) or dtype not in _BYTES:
        return None
    return TensorSpec((BATCH, *sizes), dtype, len(classes) or None)


@cache
def _reserved_names() -> frozenset[str]:
    """Names that can't be taken without hiding something of `nn.Module`, or what generated forward methods call."""
    empty = fx.GraphModule(nn.Module(), fx.Graph())
    ours = (name for name, value in vars(modules).items() if inspect.isfunction(value))
    return frozenset((*dir(empty), *vars(empty), *ours, "self", "torch", "nn", "functional", "slice"))
