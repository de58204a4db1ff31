"""Lowers a block onto real tensors and computes it, as a network of this one block would."""

from __future__ import annotations

import pytest
import torch

from netbuilder.blocks.spec import BATCH, Block, Call, Mismatch, TensorSpec
from netbuilder.compiler.calls import instantiate
from netbuilder.compiler.calls import run as run_call


def spec_of(tensor: torch.Tensor, num_classes: int | None = None) -> TensorSpec:
    """Return the spec of a batch: its first dimension is free."""
    return TensorSpec((BATCH, *tensor.shape[1:]), str(tensor.dtype).removeprefix("torch."), num_classes)


def compute(block: Block, *inputs: torch.Tensor, seed: int = 0) -> dict[str, torch.Tensor]:
    """Return the block's outputs, its weights drawn with this seed."""
    call: Call = block.lower(*map(spec_of, inputs))
    torch.manual_seed(seed)
    module = instantiate(call) if call.is_module else None
    return run_call(call, module, inputs)


def output(block: Block, *inputs: torch.Tensor) -> torch.Tensor:
    """Return the output of a block that has one."""
    (value,) = compute(block, *inputs).values()
    return value


def refusal(block: Block, *inputs: TensorSpec) -> Mismatch:
    """Return the reason why the block does not take these inputs."""
    with pytest.raises(Mismatch) as caught:
        block.lower(*inputs)
    return caught.value


def batch(*shape: int, dtype: str = "float32", num_classes: int | None = None) -> TensorSpec:
    """Return the spec of a batch of samples of this shape."""
    return TensorSpec((BATCH, *shape), dtype, num_classes)
