"""The intermediate representation between the canvas and everything made from it.

A `Program` is a list of calls in the order in which they run. It is frozen and holds no tensors: modules (`build`),
source text (`source`), ONNX and counts are all made from it.

Invariants: an instruction's arguments are produced by an input or by an earlier instruction; names are unique and are
those of the canvas; results come in creation order.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar, Literal

from netbuilder.blocks.spec import Call, TensorSpec
from netbuilder.diagnostics import Diagnostic
from netbuilder.graph.model import Json, NodeId, PortRef


@dataclass(frozen=True, slots=True)
class InputSlot:
    """A tensor that is fed in. `field` is the data set's field it comes from, empty if none."""

    node: NodeId
    name: str
    field: str
    spec: TensorSpec

    @property
    def value(self) -> PortRef:
        """The value that this slot provides."""
        return PortRef(self.node, "y")


@dataclass(frozen=True, slots=True)
class GroupCall:
    """An instance of a group: a program for each time that it runs, one after the other.

    A part takes what the part before gave for its first inputs, and the instance's own inputs for the rest. Parts with
    `shared` weights are one module that is called over and over. A group is `listed` if how often it runs is computed:
    its modules are numbered even where it comes to one. `arguments` are the values of the group's formal parameters for
    each part, `defaults` those that they have where nothing is given. `description` says what the group does: calls
    that differ in it alone are equal.
    """

    name: str
    parts: tuple[Program, ...]
    shared: bool = False
    listed: bool = False
    arguments: tuple[tuple[tuple[str, Json], ...], ...] = ()
    defaults: tuple[tuple[str, Json], ...] = ()
    description: str = field(default="", compare=False)

    is_module: ClassVar[bool] = True
    is_metric: ClassVar[bool] = False

    @property
    def modules(self) -> tuple[Program, ...]:
        """The parts that have weights of their own."""
        return self.parts[:1] if self.shared else self.parts

    @property
    def is_numbered(self) -> bool:
        """Whether its modules have numbers in the paths of their weights: `block.0.fc.weight`."""
        return len(self.modules) > 1 or (self.listed and not self.shared)


@dataclass(frozen=True, slots=True)
class Instruction:
    """One call.

    `args[i]` is the value of the call's `Arg(i)`, None for an optional input left open; `outputs` are port and spec of
    what it produces. `expressions` are those fields that were computed, and how (`=channels*4`). `weights_of` is the
    name of the block whose module it calls, where that is not its own.
    """

    node: NodeId
    name: str
    type: str
    call: Call | GroupCall
    args: tuple[PortRef | None, ...]
    outputs: tuple[tuple[str, TensorSpec], ...]
    expressions: tuple[tuple[str, str], ...] = ()
    weights_of: str = ""

    @property
    def module(self) -> str:
        """The name of the module that it calls, if it calls one."""
        return self.weights_of or self.name


ResultRole = Literal["output", "loss", "metric"]


@dataclass(frozen=True, slots=True)
class Result:
    """A value that is handed out: exported (`output`), minimised (`loss`, times `weight`) or reported (`metric`).

    The value of a metric that takes in all batches first has an empty port: it is what the metric takes in of one.
    """

    node: NodeId
    name: str
    role: ResultRole
    value: PortRef
    spec: TensorSpec
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Program:
    """A network that is complete and fits together."""

    inputs: tuple[InputSlot, ...]
    instructions: tuple[Instruction, ...]
    results: tuple[Result, ...]

    def only(self, *roles: ResultRole) -> Program:
        """Return the part that computes the results of these roles, and nothing else.

        `only("output")` is what is exported; `only("loss")` what a training step runs.
        """
        return self.computing(result for result in self.results if result.role in roles)

    def computing(self, results: Iterable[Result]) -> Program:
        """Return the part that computes just these results."""
        results = tuple(results)
        needed = {result.value.node for result in results}
        kept: list[Instruction] = []
        for instruction in reversed(self.instructions):
            if instruction.node in needed:
                kept.append(instruction)
                needed.update(value.node for value in instruction.args if value)
        inputs = tuple(slot for slot in self.inputs if slot.node in needed)
        return replace(self, inputs=inputs, instructions=tuple(reversed(kept)), results=results)

    def leaves(self) -> Iterator[tuple[Instruction, Call]]:
        """Yield every block that is no group, inside of groups too, in running order; equal repetitions once."""
        for instruction in self.instructions:
            if isinstance(instruction.call, GroupCall):
                for part in {id(part): part for part in instruction.call.parts}.values():
                    yield from part.leaves()
            else:
                yield instruction, instruction.call

    def makers(self) -> Iterator[Instruction]:
        """Yield the first instruction that calls each module, a group's too: others with its weights call the same."""
        first: dict[str, Instruction] = {}
        for instruction in self.instructions:
            if instruction.call.is_module and first.setdefault(instruction.module, instruction) is instruction:
                yield instruction

    def modules(self, prefix: str = "") -> Iterator[tuple[str, Call]]:
        """Yield the call of every module that is no group, with its path in the network: `encoder.3.conv`."""
        for instruction in self.makers():
            place, call = prefix + instruction.module, instruction.call
            if isinstance(call, GroupCall):
                for number, part in enumerate(call.modules):
                    yield from part.modules(f"{place}.{number}." if call.is_numbered else f"{place}.")
            else:
                yield place, call

    def volume(self) -> int:
        """Return how many numbers one sample becomes on its way: all inputs and results, inside of groups too."""
        inputs = sum(slot.spec.numel() for slot in self.inputs)
        return inputs + sum(
            sum(part.volume() for part in each.call.parts)
            if isinstance(each.call, GroupCall)
            else sum(spec.numel() for _, spec in each.outputs)
            for each in self.instructions
        )

    def specs(self) -> dict[PortRef, TensorSpec]:
        """Return the spec of every value in the program."""
        specs = {slot.value: slot.spec for slot in self.inputs}
        for instruction in self.instructions:
            specs |= {PortRef(instruction.node, port): spec for port, spec in instruction.outputs}
        return specs

    def names(self) -> dict[NodeId, str]:
        """Return the name of every input, instruction and result by node."""
        parts = (*self.inputs, *self.instructions, *self.results)
        return {part.node: part.name for part in parts}


@dataclass(frozen=True, slots=True)
class Cost:
    """What a block costs: its learned numbers, and for one sample its FLOPs, forward, and the bytes of what it gives.

    FLOPs are counted as `torch.utils.flop_counter` does: two, a multiplication and an addition, for each step of a
    matrix product, a convolution, a recurrence or of attention. What is done to each element by itself counts nothing.
    """

    parameters: int = 0
    flops: int = 0
    activation: int = 0

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.parameters + other.parameters, self.flops + other.flops, self.activation + other.activation)


@dataclass(frozen=True, slots=True)
class Lowering:
    """What the compiler knows of a project.

    `specs` has every output port whose shape is known, inside of groups too, as their first instance has it. `costs`
    has every block of the network itself that could be made, complete or not; `inner_costs` those inside of groups.
    `inside` is what is known of the inside of each instance, the first time that it runs. `program` is None while
    `diagnostics` holds an error.
    """

    program: Program | None
    specs: Mapping[PortRef, TensorSpec]
    costs: Mapping[NodeId, Cost]
    diagnostics: tuple[Diagnostic, ...]
    inner_costs: Mapping[NodeId, Cost] = field(default_factory=dict[NodeId, Cost])
    inside: Mapping[NodeId, Lowering] = field(default_factory=dict[NodeId, "Lowering"])

    def within(self, instances: Iterable[NodeId]) -> Lowering:
        """Return the same, with shapes and costs inside of groups as these instances, outermost first, have them."""
        specs, costs = dict(self.specs), dict(self.inner_costs)
        for seen in self._along(instances):
            specs |= seen.specs
            costs |= seen.costs
        return replace(self, specs=specs, inner_costs=costs)

    def way_to_problem(self, node: NodeId, here: Sequence[NodeId] = ()) -> tuple[NodeId, ...]:
        """Return the instances through which one comes to where something is wrong with a block, outermost first.

        That is `here` if it is so there, else the shortest way; none where nothing is wrong with the block in any
        instance.
        """
        inside = list(self._along(here))
        if inside and len(inside) == len(here) and inside[-1].tells_of(node):
            return tuple(here)
        ways, found = deque[tuple[Lowering, tuple[NodeId, ...]]]([(self, ())]), {id(self)}
        while ways:
            seen, way = ways.popleft()
            if way and seen.tells_of(node):
                return way
            for instance, entered in seen.inside.items():
                if id(entered) not in found:  # one that unfolds as another does
                    found.add(id(entered))
                    ways.append((entered, (*way, instance)))
        return ()

    def tells_of(self, node: NodeId) -> bool:
        """Tell whether something is wrong with a block."""
        return any(diagnostic.node == node for diagnostic in self.diagnostics)

    def _along(self, instances: Iterable[NodeId]) -> Iterator[Lowering]:
        """Yield what is known of the inside of each of these instances, as far as they stand inside of one another."""
        seen = self
        for instance in instances:
            if instance not in seen.inside:
                return
            seen = seen.inside[instance]
            yield seen

    def errors(self) -> list[Diagnostic]:
        """Return the diagnostics that keep the network from being trained and exported."""
        return [diagnostic for diagnostic in self.diagnostics if diagnostic.severity == "error"]

    def problems(self) -> list[Diagnostic]:
        """Return the diagnostics as they are counted and listed.

        What is wrong inside of a group is one problem, at the block there, however many instances show it.
        """
        return [diagnostic for diagnostic in self.diagnostics if diagnostic.code != "problem-inside"]

    def total(self) -> Cost:
        """Return the cost of the whole network."""
        costs = self.costs.values()
        return Cost(
            sum(cost.parameters for cost in costs),
            sum(cost.flops for cost in costs),
            sum(cost.activation for cost in costs),
        )

    def cost(self, node: NodeId) -> Cost | None:
        """Return the cost of a block, inside of a group as its first instance has it; None where it isn't known."""
        return self.costs.get(node) or self.inner_costs.get(node)
