"""What was found out about the network, by the compiler or in a run, told to the items that it concerns."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping

from netbuilder.blocks.spec import TensorSpec
from netbuilder.compiler.program import Cost, Lowering
from netbuilder.diagnostics import Diagnostic
from netbuilder.graph.model import Edge, NodeId
from netbuilder.ui.canvas.items import BlockItem
from netbuilder.ui.canvas.parts import Hit, Side
from netbuilder.ui.canvas.wires import WireItem
from netbuilder.ui.wiring import UNKNOWN, Specs


class Findings:
    """The last `Lowering`, on the items."""

    def __init__(
        self,
        blocks: Mapping[NodeId, BlockItem],
        wires: Mapping[Edge, WireItem],
        wires_at: Callable[[NodeId], Collection[Edge]],
    ) -> None:
        self._blocks = blocks
        self._wires = wires
        self._wires_at = wires_at
        self._lowering: Lowering | None = None
        self._costs: dict[NodeId, Cost] = {}
        self._total = 1
        self._problems: dict[NodeId, tuple[Diagnostic, ...]] = {}

    @property
    def specs(self) -> Specs:
        """The shapes that are known."""
        return self._lowering.specs if self._lowering else UNKNOWN

    def forget(self) -> None:
        """Know nothing: what this was about is shown no more."""
        self._lowering, self._costs, self._problems = None, {}, {}

    def take(self, lowering: Lowering | None) -> None:
        """Show another lowering. Items that it says nothing new about are not drawn again."""
        self._lowering = lowering
        costs = ((node, lowering.cost(node)) for node in self._blocks) if lowering else ()
        self._costs = {node: cost for node, cost in costs if cost}
        self._total = sum(cost.parameters for cost in self._costs.values()) or 1
        found: dict[NodeId, list[Diagnostic]] = {}
        for diagnostic in lowering.diagnostics if lowering else ():
            if diagnostic.node is not None:
                found.setdefault(NodeId(diagnostic.node), []).append(diagnostic)
        self._problems = {node: tuple(problems) for node, problems in found.items()}
        self.show(self._blocks.values(), self._wires.values())

    def show(self, blocks: Iterable[BlockItem], wires: Iterable[WireItem]) -> None:
        """Tell these items what is known about them."""
        if self._lowering is None:
            return
        specs, total, problems = self._lowering.specs, self._total, self._problems
        for item in blocks:
            node = item.node.id
            cost = self._costs.get(node)
            spec = specs.get(item.main_output) if item.main_output else self._taken(node, specs)
            item.show_analysis(spec, cost.parameters / total if cost else 0.0, problems.get(node, ()))
        for wire in wires:
            source, target = wire.edge.source, wire.edge.target
            giver, taker = self._blocks[source.node], self._blocks[target.node]
            is_main = giver.main_output is not None and giver.main_output.port == source.port
            wire.names_shape = not is_main
            severity = taker.port_severity(Side.INPUT, target.port) if taker.problems else None
            wire.show_analysis(giver.spec if is_main else specs.get(source), severity)

    def _taken(self, node: NodeId, specs: Specs) -> TensorSpec | None:
        """Return what a block gets that gives nothing."""
        into = [edge for edge in self._wires_at(node) if edge.target.node == node]
        return specs.get(into[0].source) if into else None

    def problems_at(self, hit: Hit) -> list[Diagnostic]:
        """Return what is wrong with a block, at a port, or with a wire."""
        if hit.edge is not None:
            at_target = self._problems.get(hit.edge.target.node, ())
            return [problem for problem in at_target if problem.port == hit.edge.target.port]
        problems = list(self._problems.get(hit.node, ())) if hit.node else []
        if hit.port is not None:
            return [problem for problem in problems if problem.port == hit.port.ref.port]
        return problems
