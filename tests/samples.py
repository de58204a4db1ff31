"""Inputs that a block takes with its defaults, made from what the block declares."""

from __future__ import annotations

from typing import Any

import torch

from netbuilder.blocks.parameters import defaults, parse
from netbuilder.blocks.spec import BATCH, Block, Mismatch, Port, TensorSpec

_SHAPES = {1: (), 2: (12,), 3: (10, 12), 4: (4, 10, 12), 5: (4, 6, 10, 12)}
_INTEGERS = {**_SHAPES, 2: (10,)}
"""One for each step of a sequence of 10."""


def specs_for(block: type[Block], **params: Any) -> tuple[TensorSpec, ...]:
    """Return one spec for each input, two for a variadic one, of as few dimensions as these parameters take."""
    if block.example_inputs:
        return block.example_inputs
    ports = [port for port in block.inputs for _ in range(2 if port.variadic else 1)]
    layer, _ = parse(block, defaults(block) | params)
    for extra in range(3):
        specs = tuple(_spec(port, extra) for port in ports)
        if layer is None or block.role in ("input", "output") or takes(layer, specs):
            return specs
    return tuple(_spec(port, 0) for port in ports)


def takes(layer: Block, specs: tuple[TensorSpec, ...]) -> bool:
    """Whether a block has nothing to say against inputs of these specs."""
    try:
        layer.lower(*specs)
    except Mismatch:
        return False
    return True


def _spec(port: Port, extra: int) -> TensorSpec:
    lowest, highest = (port.rank, port.rank) if isinstance(port.rank, int) else port.rank or (3, 3)
    rank = min(lowest + extra, highest)
    if port.dtype == "integer":
        return TensorSpec((BATCH, *_INTEGERS[rank]), "int64", num_classes=2 if port.optional else 9)
    return TensorSpec((BATCH, *_SHAPES[rank]))


def tensors_for(specs: tuple[TensorSpec, ...], batch_size: int, seed: int = 0) -> tuple[torch.Tensor, ...]:
    """Return random tensors of these specs."""
    generator = torch.Generator().manual_seed(seed)

    def draw(spec: TensorSpec) -> torch.Tensor:
        shape = spec.shape_with({"N": batch_size})
        if spec.dtype == "int64":
            return torch.randint(0, spec.num_classes or 4, shape, generator=generator)
        return torch.randn(shape, generator=generator)

    return tuple(map(draw, specs))
