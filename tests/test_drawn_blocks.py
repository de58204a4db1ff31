"""Every block with parameters and inputs that nobody chose: what is inferred of it has to be what it computes."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from netbuilder.blocks.parameters import Parameter, parameters, parse
from netbuilder.blocks.registry import blocks
from netbuilder.blocks.spec import BATCH, Block, Mismatch, Port, TensorSpec
from netbuilder.compiler.calls import instantiate
from netbuilder.compiler.calls import run as run_call
from netbuilder.compiler.infer import InferenceError, infer
from tests.samples import specs_for

COMPUTING = {name: block for name, block in blocks().items() if block.role not in ("input", "output") and block.outputs}


def values(parameter: Parameter) -> st.SearchStrategy[Any]:
    """Draw values that the declaration takes, small ones."""
    default = st.just(parameter.default)
    low = -2 if parameter.minimum is None else int(parameter.minimum)
    high = 6 if parameter.maximum is None else min(int(parameter.maximum), max(low, 0) + 6)
    match parameter.kind:
        case "int":
            return st.integers(low, high) | default
        case "float":
            return st.sampled_from([float(low), float(high)]) | default
        case "bool":
            return st.booleans()
        case "choice":
            return st.sampled_from(parameter.choices)
        case "text":
            return default
        case "sizes":
            least, most = (parameter.length,) * 2 if parameter.length else (0, 4)
            sizes = st.lists(st.integers(low, high), min_size=least, max_size=most)
            return sizes | default | st.sampled_from(parameter.choices) if parameter.choices else sizes | default


def shapes(port: Port) -> st.SearchStrategy[tuple[int, ...]]:
    """Draw shapes of a sample that the port takes."""
    lowest, highest = max(port.ranks[0], 1), min(port.ranks[1], 5)
    return st.lists(st.integers(1, 7), min_size=lowest - 1, max_size=highest - 1).map(tuple)


@st.composite
def cases(draw: st.DrawFn, block: type[Block]) -> tuple[dict[str, Any], tuple[TensorSpec, ...]]:
    """Draw parameters and inputs: those that the block takes with its defaults, or one shape for all that may have it."""
    params = {parameter.name: draw(values(parameter)) for parameter in parameters(block)}
    known = specs_for(block)
    if not known or draw(st.booleans()):
        return params, known
    shape = draw(shapes(block.inputs[0]))
    ports = block.inputs if len(block.inputs) == len(known) else block.inputs[:1] * len(known)
    drawn = (TensorSpec((BATCH, *shape), spec.dtype, spec.num_classes) for spec in known)
    return params, tuple(new if p.takes_rank(new) else old for p, new, old in zip(ports, drawn, known, strict=True))


def tensor(spec: TensorSpec, batch_size: int) -> torch.Tensor:
    shape = spec.shape_with({"N": batch_size})
    generator = torch.Generator().manual_seed(0)
    if spec.dtype == "int64":
        return torch.zeros(shape, dtype=torch.int64)
    return torch.rand(shape, generator=generator)


@pytest.mark.parametrize("block", COMPUTING.values(), ids=COMPUTING.keys())
def test_what_is_inferred_is_what_is_computed(block: type[Block]) -> None:
    @settings(max_examples=12, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @given(cases(block))
    def check(case: tuple[dict[str, Any], tuple[TensorSpec, ...]]) -> None:
        params, specs = case
        made, problems = parse(block, params)
        if made is None:
            assert problems
            return
        try:
            call = made.lower(*specs)
            inferred = infer(call, specs).outputs
        except (Mismatch, InferenceError):
            return
        module = instantiate(call).eval() if call.is_module else None
        for batch_size in (2, 5):
            with torch.no_grad():
                found = run_call(call, module, [tensor(spec, batch_size) for spec in specs])
            for port, spec in inferred:
                assert found[port].shape == spec.shape_with({"N": batch_size})
                assert str(found[port].dtype) == f"torch.{spec.dtype}"

    check()


@pytest.mark.parametrize("block", COMPUTING.values(), ids=COMPUTING.keys())
def test_what_it_takes_with_its_defaults_is_not_refused(block: type[Block]) -> None:
    call = block().lower(*specs_for(block))
    assert {port for port, _ in infer(call, specs_for(block)).outputs} == {port.name for port in block.outputs}
