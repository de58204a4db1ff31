"""Inputs that a block takes with its defaults, made from what the block declares."""

from __future__ import annotations

import torch

from netbuilder.blocks.spec import BATCH, Block, Port, TensorSpec

_SHAPES = {1: (), 2: (12,), 3: (10, 12), 4: (4, 10, 12), 5: (4, 6, 10, 12)}


def specs_for(block: type[Block]) -> tuple[TensorSpec, ...]:
    """Return one spec for each input, two for a variadic one."""
    if block.example_inputs:
        return block.example_inputs
    ports = [port for port in block.inputs for _ in range(2 if port.variadic else 1)]
    return tuple(map(_spec, ports))


def _spec(port: Port) -> TensorSpec:
    lowest = port.rank if isinstance(port.rank, int) else port.rank[0] if port.rank else 3
    if port.dtype == "integer":
        return TensorSpec((BATCH, *_SHAPES[lowest]), "int64", num_classes=9)
    return TensorSpec((BATCH, *_SHAPES[lowest]))


def tensors_for(specs: tuple[TensorSpec, ...], batch_size: int, seed: int = 0) -> tuple[torch.Tensor, ...]:
    """Return random tensors of these specs."""
    generator = torch.Generator().manual_seed(seed)

    def draw(spec: TensorSpec) -> torch.Tensor:
        shape = spec.shape_with({"N": batch_size})
        if spec.dtype == "int64":
            return torch.randint(0, spec.num_classes or 4, shape, generator=generator)
        return torch.randn(shape, generator=generator)

    return tuple(map(draw, specs))
