"""Looking at a network takes no memory for its weights, however many they are."""

from __future__ import annotations

from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from netbuilder.compiler.build import build
from netbuilder.compiler.infer import infer
from netbuilder.compiler.lower import lower
from netbuilder.compiler.source import source
from netbuilder.examples import find
from netbuilder.graph.files import load
from tests.drawing import Drawing, program_of

MOST_BYTES = 1_000_000


class _Allocations(TorchDispatchMode):
    """Counts the bytes of all tensors that are made where tensors have memory."""

    def __init__(self) -> None:
        super().__init__()
        self.bytes = 0

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        tensors = [leaf for leaf in tree_leaves(result) if isinstance(leaf, torch.Tensor)]
        self.bytes += sum(tensor.numel() * tensor.element_size() for tensor in tensors if tensor.device.type != "meta")
        return result


def gpt_of_seven_billion() -> Drawing:
    """Draw a decoder as LLaMA 7B is built: 32 layers of 4,096 features."""
    drawing = Drawing()
    with drawing.group("Block", width=4096) as block:
        x = drawing.put("Input", "x")
        seen = drawing.put("RMSNorm", "norm1", x)
        seen = drawing.put("MultiheadSelfAttention", "attention", seen, num_heads=32, bias=False, is_causal=True)
        x = drawing.put("Add", "add1", x, seen)
        z = drawing.put("Linear", "up", drawing.put("RMSNorm", "norm2", x), out_features="=2*11008", bias=False)
        z = drawing.put("Linear", "down", drawing.put("SwiGLU", "gate", z), out_features="=width", bias=False)
        drawing.put("Output", "y", drawing.put("Add", "add2", x, z))
    tokens = drawing.put("Input", "tokens", shape=[2048], dtype="int64")
    x = drawing.put("Embedding", "embedding", tokens, num_embeddings=32_000, embedding_dim=4096)
    x = drawing.put("RMSNorm", "norm", drawing.put_group(block, "block", x, repeat=32))
    drawing.put("Output", "logits", drawing.put("Linear", "head", x, out_features=32_000, bias=False))
    return drawing


def test_seven_billion_parameters_are_counted_and_printed_without_one_of_them() -> None:
    drawing = gpt_of_seven_billion()
    infer.cache_clear()
    with _Allocations() as allocations:
        lowering = lower(drawing.project)
        assert lowering.program is not None
        source(lowering.program)
    assert lowering.total().parameters == 6_738_415_616
    assert allocations.bytes < MOST_BYTES


def test_vgg_opens_without_its_weights() -> None:
    infer.cache_clear()
    with _Allocations() as allocations:
        lowering = lower(load(find("vgg16").path))
    assert lowering.total().parameters > 138_000_000
    assert allocations.bytes < MOST_BYTES


def test_building_a_network_is_what_makes_its_weights() -> None:
    program = program_of(load(find("lenet5").path))
    with _Allocations() as allocations:
        build(program)
    assert allocations.bytes >= 4 * 61_706
