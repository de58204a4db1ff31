"""What is wrong with a network, said where it is, at a port, a field, a block, or of the whole, and with repairs."""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Collection, Iterable
from dataclasses import replace
from functools import cache

from torch import fx, nn

import netbuilder.nn as modules
from netbuilder.blocks import registry
from netbuilder.blocks.spec import Block, Mismatch, Port, TensorSpec
from netbuilder.compiler import fixes
from netbuilder.compiler.groups import Instance
from netbuilder.diagnostics import Diagnostic, Fix, Severity, one_line
from netbuilder.graph.edits import Disconnect, RenameNode, inside
from netbuilder.graph.model import Edge, Node, NodeId, PortRef, creation_number
from netbuilder.graph.project import GroupId, Project

_MOST_BRANCHES = 128
"""Wires into one variadic port: a sum of so many is a call inside a call for each."""
_MOST_MENDED = 50
"""Problems for which repairs are looked for: each search goes over the whole network."""


class Review:
    """A network, or the inside of a group, under review: what is known of it, and what was said."""

    def __init__(self, project: Project, group: GroupId | None = None) -> None:
        self.project = project
        self.group = group
        self.graph = project.graph
        self.fields: dict[str, TensorSpec] = {}
        self.blocks: dict[NodeId, Block | Instance] = {}
        self.specs: dict[PortRef, TensorSpec] = {}
        self.diagnostics: list[Diagnostic] = []
        self.roles = {node.id: _role(node) for node in self.graph.nodes()}
        self.useful = self._feeding("loss", "metric", "output") or set(self.graph)
        self.trained = self._feeding("loss")
        self._open_ports: list[tuple[Node, Port, str]] = []

    def wires_of(self, node: Node, block: Block | Instance) -> tuple[PortRef | None, ...] | None:
        """Return the value wired to each input port in order, or None where a problem stands in the way."""
        edges = dict(self.graph.wires_into(node.id))
        wired: list[tuple[Port, str, Edge | None]] = []
        for port in block.inputs:
            if port.variadic:
                names = _variadic_names(edges, port)
                free = (name for i in itertools.count(1) if (name := f"{port.name}{i}") not in names)
                wired += [(port, name, edges.pop(name)) for name in names]
                if len(names) > _MOST_BRANCHES:
                    message = (
                        f"{self.kind(node)} joins at most {_MOST_BRANCHES} branches, and {len(names):,} are wired."
                    )
                    self.say("error", "too-many-branches", message, node, names[_MOST_BRANCHES])
                    return None
                wired += [(port, name, None) for name in itertools.islice(free, max(0, 2 - len(names)))]
            else:
                wired.append((port, port.name, edges.pop(port.name, None)))
        for name, edge in edges.items():
            remove = Fix("Remove the wire", Disconnect(edge))
            self.say("error", "unknown-port", f"{self.kind(node)} has no input “{name}”.", node, name, fixes=(remove,))
        checked = [self._check_wire(node, port, name, edge) for port, name, edge in wired]
        if edges or not all(checked):
            return None
        return tuple(edge and edge.source for _, _, edge in wired)

    def check_name(self, node: Node) -> None:
        """Say if a name would hide something of PyTorch's."""
        if node.name in _reserved_names():
            free = self.graph.free_name(f"{node.name}_1")
            fix = Fix(f"Rename to {free}", RenameNode(node.id, free))
            message = f"“{node.name}” means something to PyTorch's modules already."
            self.say("error", "reserved-name", message, node, fixes=(fix,))

    def _feeding(self, *roles: str) -> set[NodeId]:
        """Return the nodes that one of these roles depends on. A problem that no result depends on is no obstacle."""
        return self.graph.ancestors(node for node, role in self.roles.items() if role in roles)

    def _check_wire(self, node: Node, port: Port, name: str, edge: Edge | None) -> bool:
        """Say what is wrong with the wire at a port; return whether its value is there and fits."""
        if edge is None:
            if not port.optional:
                self._open_ports.append((node, port, name))
            return port.optional
        source = self.blocks.get(edge.source.node)
        if source is not None and edge.source.port not in {output.name for output in source.outputs}:
            remove = Fix("Remove the wire", Disconnect(edge))
            giver = self.kind(self.graph.node(edge.source.node))
            message = f"The wire comes from “{edge.source.port}”, an output that {giver} does not have."
            self.say("error", "unknown-port", message, node, name, fixes=(remove,))
            return False
        spec = self.specs.get(edge.source)
        return spec is not None and self._check_value(node, port, name, spec)

    def _check_value(self, node: Node, port: Port, name: str, spec: TensorSpec) -> bool:
        if not port.takes_dtype(spec):
            wanted = "whole numbers (int64)" if port.dtype == "integer" else "real numbers (float32)"
            self.say(
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
        message = f"{node.type} takes {port.sizes()} at “{name}”, and gets {spec}."
        target = PortRef(node.id, name)
        offers = fixes.for_rank(self.project, target, spec, (lowest, highest)) if self._mends() else ()
        code = "missing-flatten" if highest == 2 < spec.rank else "wrong-rank"
        self.say("error", code, message, node, name, fixes=offers)
        return False

    def refuse(self, node: Node, block: Block, mismatch: Mismatch, severity: Severity = "error") -> None:
        """Say why a block can't take its inputs, with what it suggests."""
        first = block.inputs[0]
        alone = first.name if len(block.inputs) == 1 and not first.variadic else None
        port = mismatch.port or (alone if mismatch.parameter is None else None)
        if port and first.variadic:  # a block counts its inputs; on the canvas ports between them may be free
            port = _variadic_names(self.graph.wires_into(node.id), first)[int(port.removeprefix(first.name)) - 1]
        target = PortRef(node.id, port or first.name)
        offers = fixes.from_suggestions(self.project, target, mismatch.suggestions) if self._mends() else ()
        self.say(severity, mismatch.code, str(mismatch), node, port, parameter=mismatch.parameter, fixes=offers)

    def report_open_ports(self) -> None:
        """Say which inputs are not connected: once all shapes are known, what belongs there can be told."""
        for node, port, name in self._open_ports:
            severity: Severity = "error" if node.id in self.useful else "warning"
            what = f"Input “{name}” of {self.kind(node)} is not connected."
            target = PortRef(node.id, name)
            offers = fixes.for_unconnected(self.project, target, port, self.blocks, self.specs) if self._mends() else ()
            self.say(severity, "unconnected-port", what, node, name, fixes=offers)

    def report_cycles(self) -> None:
        """Say which blocks feed each other in a circle, and which wire to cut."""
        for cycle in self.graph.cycles():
            shown = (*cycle, cycle[0]) if len(cycle) <= 8 else (*cycle[:4], None, *cycle[-2:], cycle[0])
            names = " → ".join(self.graph.node(node).name if node else "…" for node in shown)
            members = set(cycle)
            wires = [edge for node in cycle for edge in self.graph.edges_into(node) if edge.source.node in members]
            newest = max(wires, key=lambda edge: (creation_number(edge.source.node), creation_number(edge.target.node)))
            source, target = (self.graph.node(end.node).name for end in (newest.source, newest.target))
            cut = Fix(f"Remove the wire {source} → {target}", Disconnect(newest))
            message = (
                f"These blocks feed each other in a circle: {names}. A network runs one way, so one wire has to go."
            )
            self.say("error", "cycle", message, self.graph.node(cycle[0]), fixes=(cut,))

    def report_whole(self) -> None:
        """Say what the network as a whole lacks."""
        if not len(self.graph):
            self.say("error", "empty", "There is no network yet: drag an Input from the palette to begin.")
            return
        roles = set(self.roles.values())
        if self.group:
            if "output" not in roles:
                self.say("error", "missing-output", "This group gives nothing: it needs an Output inside.")
        else:
            self._report_missing(roles)
        if "loss" in roles or "output" in roles:
            useless = self.blocks.keys() - self.useful - {diagnostic.node for diagnostic in self.diagnostics}
            for node in sorted(useless, key=creation_number):
                if not self.graph.edges_out_of(node):  # what leads to it is as unused, and once is enough
                    message = "This leads nowhere: no loss, metric or output depends on it."
                    self.say("warning", "unused", message, self.graph.node(node))

    def _report_missing(self, roles: Collection[str | None]) -> None:
        if "loss" not in roles:
            severity: Severity = "error" if self.fields else "warning"
            message = "There is no loss, so there is nothing to train for."
            self.say(severity, "missing-loss", message, fixes=fixes.add_loss(self.project, self.blocks, self.specs))
        if "output" not in roles:
            message = "There is no Output, so there is nothing to export."
            self.say(
                "warning", "missing-output", message, fixes=fixes.add_output(self.project, self.blocks, self.specs)
            )

    def kind(self, node: Node) -> str:
        """Return what a node is called by its kind: a block's type, or the group's name."""
        block = self.blocks.get(node.id)
        return block.name if isinstance(block, Instance) else node.type

    def _mends(self) -> bool:
        """Whether repairs are looked for: with more problems than this the drawing is unfinished, and not mistaken."""
        return len(self.diagnostics) < _MOST_MENDED

    def say(
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
        """Note a diagnostic."""
        if self.group:
            fixes = tuple(replace(fix, edit=inside(fix.edit, self.group)) for fix in fixes)
        self.diagnostics.append(Diagnostic(severity, code, one_line(message), node and node.id, port, parameter, fixes))


def _role(node: Node) -> str | None:
    block = registry.get(node.type)
    return block.role if block else None


def _variadic_names(names: Iterable[str], port: Port) -> list[str]:
    """Return those names that a variadic port stands for, in order: x1, x2, x10."""
    return sorted((name for name in names if _is_variadic(name, port)), key=lambda name: int(name[len(port.name) :]))


def _is_variadic(name: str, port: Port) -> bool:
    number = name.removeprefix(port.name)
    return name.startswith(port.name) and number.isdecimal() and number[0] != "0"


@cache
def _reserved_names() -> frozenset[str]:
    """Names that can't be taken without hiding something of `nn.Module`, or what generated forward methods call."""
    empty = fx.GraphModule(nn.Module(), fx.Graph())
    ours = (name for name, value in vars(modules).items() if inspect.isfunction(value))
    return frozenset((*dir(empty), *vars(empty), *ours, "self", "torch", "nn", "functional", "slice", "range"))
