"""What holds for every block of the registry, whatever it computes: a new one is tested by being declared."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from netbuilder.blocks.parameters import Parameter, defaults, parameters, parse
from netbuilder.blocks.registry import CATEGORIES, blocks, search
from netbuilder.blocks.spec import LARGEST, Block
from netbuilder.compiler.build import build
from netbuilder.compiler.lower import lower
from netbuilder.compiler.program import Program
from netbuilder.compiler.source import source
from netbuilder.exchange.onnx_export import BATCHES, export
from netbuilder.graph.edits import SetParameter
from netbuilder.graph.files import dumps, loads
from netbuilder.graph.model import NodeId, PortRef
from netbuilder.graph.project import Project
from tests.drawing import Drawing, program_of
from tests.samples import specs_for, tensors_for


def variants(block: type[Block]) -> Iterator[dict[str, Any]]:
    """Yield the defaults, and each switch and choice of the block turned to what is not its default."""
    yield {}
    for parameter in parameters(block):
        others = parameter.choices if parameter.choices else (True, False) if parameter.kind == "bool" else ()
        yield from ({parameter.name: other} for other in others if other != parameter.default)


EVERY_BLOCK = pytest.mark.parametrize("block", blocks().values(), ids=blocks().keys())
EVERY_VARIANT = pytest.mark.parametrize(
    ("block", "params"),
    [
        pytest.param(block, params, id=" ".join([name, *(f"{key}={value}" for key, value in params.items())]))
        for name, block in blocks().items()
        for params in variants(block)
    ],
)
EVERY_PARAMETER = pytest.mark.parametrize(
    ("block", "parameter"),
    [
        pytest.param(block, parameter, id=f"{block.__name__}.{parameter.name}")
        for block in blocks().values()
        for parameter in parameters(block)
    ],
)


def network_of(block: type[Block], **params: Any) -> tuple[Project, NodeId]:
    """Draw a network of this block alone, between the inputs and outputs that it needs."""
    drawing = Drawing()
    if block.role == "input":
        node = drawing.put(block.__name__, "block", **params)
    else:
        sources = [
            drawing.put("Input", f"input{number}", shape=list(spec.shape[1:]), dtype=spec.dtype)
            for number, spec in enumerate(specs_for(block, **params), start=1)
        ]
        node = drawing.put(block.__name__, "block", *sources, **params)
    if block.role == "layer" and not block.inputs:  # what comes from nowhere is joined to what comes in
        shape = [4] * len(params.get("shape", [1]))
        joined = drawing.put("Add", "joined", drawing.put("Input", "input1", shape=shape), node)
        drawing.put("Output", "y_out", joined)
        return drawing.project, node
    for port in block.outputs:
        drawing.put("Output", f"{port.name}_out", PortRef(node, port.name))
    return drawing.project, node


def inputs_of(program: Program, batch_size: int) -> tuple[torch.Tensor, ...]:
    return tensors_for(tuple(slot.spec for slot in program.inputs), batch_size)


def run(module: nn.Module, inputs: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
    with torch.no_grad():
        results = module.eval()(*inputs)
    return results if isinstance(results, tuple) else (results,)


@EVERY_VARIANT
def test_its_shapes_are_those_that_it_computes(block: type[Block], params: dict[str, Any]) -> None:
    program = program_of(network_of(block, **params)[0])
    network = build(program)
    for batch_size in (2, 5):
        for result, value in zip(program.results, run(network, inputs_of(program, batch_size)), strict=True):
            assert value.shape == result.spec.shape_with({"N": batch_size})
            assert str(value.dtype) == f"torch.{result.spec.dtype}"


@EVERY_VARIANT
def test_its_printed_source_computes_the_same(block: type[Block], params: dict[str, Any]) -> None:
    program = program_of(network_of(block, **params)[0])
    network = build(program)
    namespace: dict[str, Any] = {}
    exec(source(program), namespace)
    twin = namespace["Network"]()
    assert list(twin.state_dict()) == list(network.state_dict())
    twin.load_state_dict(network.state_dict())
    inputs = inputs_of(program, 3)
    assert all(torch.equal(a, b) for a, b in zip(run(twin, inputs), run(network, inputs), strict=True))


@EVERY_BLOCK
def test_gradients_reach_all_its_weights(block: type[Block]) -> None:
    program = program_of(network_of(block)[0])
    network = build(program)
    total = sum(value.float().square().sum() for value in network(*inputs_of(program, 4)) if value.requires_grad)
    if isinstance(total, torch.Tensor):
        total.backward()
    assert all(parameter.grad is not None for parameter in network.parameters())


@EVERY_BLOCK
def test_it_comes_back_from_a_file_as_it_was(block: type[Block]) -> None:
    project, node = network_of(block)
    text = dumps(project)
    back = loads(text)
    assert dumps(back) == text
    assert program_of(back) == program_of(project)
    parsed, problems = parse(block, back.graph.node(node).params)
    assert (parsed, problems) == (block(), [])


@EVERY_BLOCK
def test_its_onnx_file_agrees_with_torch(block: type[Block], tmp_path: Path) -> None:
    program = program_of(network_of(block)[0])
    report = export(program, build(program), tmp_path / "block.onnx")
    assert set(report.max_abs_diff) == set(BATCHES)
    assert list(report.outputs) == [result.name for result in program.only("output").results]


@pytest.mark.parametrize(
    "block", [pytest.param(block, id=name) for name, block in blocks().items() if block.features_from]
)
def test_its_features_come_from_where_it_says(block: type[Block]) -> None:
    decider, (before, *_) = block.features_from, specs_for(block)
    params = {decider: 24} if decider in defaults(block) else {}
    assert params or decider in [port.name for port in block.inputs]
    _, after = program_of(network_of(block, **params)[0]).instructions[-1].outputs[0]
    axes = (1, -1)  # of channels, of features
    assert any(after.shape[axis] == (24 if params else before.shape[axis]) for axis in axes)


@EVERY_BLOCK
def test_it_explains_itself(block: type[Block]) -> None:
    first, *more = (block.__doc__ or "").strip().splitlines()
    assert first.endswith(".")
    assert len(first) <= 90, "the first line is a tooltip"
    assert any(more), "the rest is its page in the reference"
    assert block.category in CATEGORIES
    assert all(parameter.help.endswith(".") for parameter in parameters(block))
    assert all(port.help for port in block.inputs)
    assert all(port.help for port in block.outputs) or len(block.outputs) == 1
    assert len(block().summary()) <= 24, "it stands on the canvas"


@EVERY_BLOCK
def test_it_is_found_by_its_name_and_by_what_people_call_it(block: type[Block]) -> None:
    assert search(block.__name__)[0] is block
    assert all(block in search(alias) for alias in block.aliases)


@EVERY_PARAMETER
def test_a_bad_value_is_an_error_at_its_field(block: type[Block], parameter: Parameter) -> None:
    project, node = network_of(block)
    for value in bad_values(parameter):
        undo = SetParameter(node, parameter.name, value).apply(project)
        errors = [error for error in lower(project).errors() if error.code == "bad-parameter"]
        assert [(error.node, error.parameter) for error in errors] == [(node, parameter.name)], value
        assert errors[0].message.startswith(parameter.name)
        undo.apply(project)
    assert not lower(project).errors()


@EVERY_PARAMETER
def test_the_bounds_that_a_form_shows_are_those_that_hold(block: type[Block], parameter: Parameter) -> None:
    known = defaults(block)
    for value in good_values(parameter):
        _, problems = parse(block, known | {parameter.name: value})
        assert not problems, value


def bad_values(parameter: Parameter) -> list[Any]:
    """Return values that no declaration of this parameter may take."""
    low, high = parameter.minimum, parameter.maximum
    match parameter.kind:
        case "int" | "float":
            beyond = [low - 1] if low is not None else []
            beyond += [high + 1] if high is not None else []
            return ["3", None, True, [1], {}, *beyond, *([1.5, 2**63] if parameter.kind == "int" else [])]
        case "bool":
            return ["yes", 1, None, []]
        case "choice":
            return ["no such choice", 0, None, list(parameter.choices)]
        case "text":
            return [3, None, ["text"], True]
        case "sizes":
            assert low is not None
            length = parameter.length or 1
            wrong = [[int(low) - 1] * length, [LARGEST + 1] * length, [1.5] * length, ["1"] * length, [True] * length]
            return ["no such choice", None, 1.5, {}, *wrong, [1] * (9 if parameter.length is None else length + 1)]


def good_values(parameter: Parameter) -> list[Any]:
    """Return values at the edges of what this parameter takes."""
    edges = [edge for edge in (parameter.minimum, parameter.maximum) if edge is not None]
    match parameter.kind:
        case "int":
            return [int(edge) for edge in edges]
        case "float":
            return [float(edge) for edge in edges] + [math.floor(edge) for edge in edges if edge >= 1]
        case "bool":
            return [True, False]
        case "choice":
            return list(parameter.choices)
        case "text":
            return ["", "text"]
        case "sizes":
            whole = [int(edge) for edge in edges]
            lists = [[edge] * (parameter.length or 1) for edge in whole]
            return [*parameter.choices, *lists, *(whole if parameter.length else [])]
