"""Inputs to prove an export with: drawn from a generator of our own, and valid for the network they are fed to."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from netbuilder.blocks.spec import Arg, Call, Dim, Free, TensorSpec
from netbuilder.compiler.calls import calls_in
from netbuilder.compiler.program import GroupCall, InputSlot, Program
from netbuilder.graph.model import NodeId, PortRef

_INTEGERS = 10
"""Integers that index nothing are drawn from 0 to 9."""
_TABLES = ("torch.nn.Embedding", "netbuilder.nn.TiedEmbedding")
"""What looks integers up."""


def draw(
    program: Program, sizes: Mapping[str, int], generator: np.random.Generator
) -> tuple[npt.NDArray[np.float32 | np.int64], ...]:
    """Draw a tensor for each input of the program, with these sizes of the free dimensions.

    Real numbers are normal, with mean 0 and deviation 1. Integers are class or token numbers: from 0 up to, and
    without, the number of classes that the input's spec knows of and the smallest `num_embeddings` that looks them up.
    A padding mask leaves the first step of each sequence to look at: attention to nothing at all is not a number.
    """
    uses = Uses(program)
    drawn = tuple(_draw(slot, sizes, uses.bound(slot.node), generator) for slot in program.inputs)
    for slot, values in zip(program.inputs, drawn, strict=True):
        if slot.node in uses.masks:
            values[:, 0] = 0
    return drawn


def example_sizes(program: Program) -> dict[str, int]:
    """Return a size of each free dimension to trace with: at least 2, and unlike each other and every fixed size.

    torch.export takes sizes of 0 and 1, and sizes that are equal, for facts about the network.
    """
    dimensions: set[Dim] = {dim for spec in program.specs().values() for dim in spec.shape}
    taken = {dim for dim in dimensions if isinstance(dim, int)}
    sizes: dict[str, int] = {}
    for symbol in sorted({dim.symbol for dim in dimensions if isinstance(dim, Free)}):
        sizes[symbol] = next(size for size in range(2, 2 + len(taken) + 1) if size not in taken)
        taken.add(sizes[symbol])
    return sizes


def _draw(
    slot: InputSlot, sizes: Mapping[str, int], bound: int, generator: np.random.Generator
) -> npt.NDArray[np.float32 | np.int64]:
    shape = slot.spec.shape_with(sizes)
    if slot.spec.dtype == "int64":
        return generator.integers(0, bound, shape, dtype=np.int64)
    return generator.standard_normal(shape, dtype=np.float32)


class Uses:
    """What a program does with the integers of its inputs, followed from the inputs on, into groups too.

    `masks` are the inputs that attention takes for padding masks.
    """

    def __init__(self, program: Program) -> None:
        self.masks: set[NodeId] = set()
        self._bounds = {slot.node: _known_classes(slot.spec) for slot in program.inputs}
        self._follow(program, {slot.value: {slot.node} for slot in program.inputs})

    def bound(self, node: NodeId) -> int:
        """Return how many different integers an input may hold: the size of the smallest embedding that it reaches."""
        return min(self._bounds[node], default=_INTEGERS)

    def _follow(self, program: Program, origins: dict[PortRef, set[NodeId]]) -> None:
        """Add to `origins` the inputs from which each integer of the program comes."""
        for instruction in program.instructions:
            sources = [origins.get(value, set()) if value else set[NodeId]() for value in instruction.args]
            if isinstance(instruction.call, GroupCall):
                given = self._follow_group(instruction.call, sources)
            else:
                self._note(instruction.call, sources)
                given = [set[NodeId]().union(*sources)] * len(instruction.outputs)
            for (port, spec), known in zip(instruction.outputs, given, strict=True):
                if spec.dtype == "int64":
                    origins[PortRef(instruction.node, port)] = known

    def _follow_group(self, call: GroupCall, sources: list[set[NodeId]]) -> list[set[NodeId]]:
        given: list[set[NodeId]] = []
        for part in call.parts:
            taken = [*given, *sources[len(given) :]]
            within = {slot.value: known for slot, known in zip(part.inputs, taken, strict=True)}
            self._follow(part, within)
            given = [within.get(result.value, set()) for result in part.results]
        return given

    def _note(self, whole: Call, sources: list[set[NodeId]]) -> None:
        if whole.target in _TABLES:
            size = dict(whole.settings or ())["num_embeddings"]
            assert isinstance(size, int), "a block's parameter is checked"
            for node in set[NodeId]().union(*sources):
                self._bounds[node].append(size)
        for call in calls_in(whole):
            if call.target == "netbuilder.nn.padding_bias":
                self.masks.update(*(sources[arg.index] for arg in call.args if isinstance(arg, Arg)))


def _known_classes(spec: TensorSpec) -> list[int]:
    return [spec.num_classes] if spec.num_classes else []
