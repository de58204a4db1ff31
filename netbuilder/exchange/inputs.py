"""Inputs to prove an export with: drawn from a generator of our own, and valid for the network they are fed to."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from netbuilder.blocks.spec import Arg, Dim, Free, TensorSpec
from netbuilder.compiler.calls import calls_in
from netbuilder.compiler.program import InputSlot, Program
from netbuilder.graph.model import NodeId, PortRef

_INTEGERS = 10
"""Integers that index nothing are drawn from 0 to 9."""


def draw(
    program: Program, sizes: Mapping[str, int], generator: np.random.Generator
) -> tuple[npt.NDArray[np.float32 | np.int64], ...]:
    """Draw a tensor for each input of the program, with these sizes of the free dimensions.

    Real numbers are normal, with mean 0 and deviation 1. Integers are class or token numbers: from 0 up to, and without, the
    number of classes that the input's spec knows of and the smallest `num_embeddings` that looks them up. A padding mask
    leaves the first step of each sequence to look at: attention to nothing at all is not a number.
    """
    bounds = _index_bounds(program)
    drawn = tuple(_draw(slot, sizes, bounds[slot.node], generator) for slot in program.inputs)
    masks = padding_masks(program)
    for slot, values in zip(program.inputs, drawn, strict=True):
        if slot.value in masks:
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


def _index_bounds(program: Program) -> dict[NodeId, int]:
    """Return how many different integers each input may hold, followed from the inputs to the embeddings they reach."""
    bounds: dict[NodeId, list[int]] = {slot.node: _known_classes(slot.spec) for slot in program.inputs}
    origins: dict[PortRef, set[NodeId]] = {slot.value: {slot.node} for slot in program.inputs}
    for instruction in program.instructions:
        sources = {node for value in instruction.args if value for node in origins.get(value, ())}
        if instruction.call.target == "torch.nn.Embedding":
            size = dict(instruction.call.settings or ())["num_embeddings"]
            assert isinstance(size, int), "a block's parameter is checked"
            for node in sources:
                bounds[node].append(size)
        for port, spec in instruction.outputs:
            if spec.dtype == "int64":
                origins[PortRef(instruction.node, port)] = sources
    return {node: min(known, default=_INTEGERS) for node, known in bounds.items()}


def padding_masks(program: Program) -> set[PortRef | None]:
    """Return the values that attention takes for padding masks."""
    return {
        instruction.args[argument.index]
        for instruction in program.instructions
        for call in calls_in(instruction.call)
        if call.target == "netbuilder.nn.padding_bias"
        for argument in call.args
        if isinstance(argument, Arg)
    }


def _known_classes(spec: TensorSpec) -> list[int]:
    return [spec.num_classes] if spec.num_classes else []
