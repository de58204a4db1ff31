"""What holds for every block of the registry, whatever it computes: a new one is tested by being declared."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from torch import nn

from netbuilder.blocks.parameters import Parameter, defaults, parameters, parse
from netbuilder.blocks.registry import CATEGORIES, blocks, search
from netbuilder.blocks.spec import LARGEST, Block, Mismatch, TensorSpec
from netbuilder.compiler.build import build
from netbuilder.compiler.calls import instantiate
from netbuilder.compiler.calls import run as run_call
from netbuilder.compiler.infer import infer
from netbuilder.compiler.lower import lower
from netbuilder.compiler.program import Program
from netbuilder.exchange.errors import ExportError
from netbuilder.exchange.inputs import Uses
from netbuilder.exchange.onnx_export import export
from netbuilder.exchange.onnx_proof import BATCHES
from netbuilder.graph.edits import SetParameter
from netbuilder.graph.files import dumps, loads
from netbuilder.graph.model import NodeId, PortRef
from netbuilder.graph.project import Project
from tests.drawing import Drawing, program_of
from tests.printing import assert_equal_to_its_print
from tests.samples import specs_for, takes, tensors_for


@dataclass(frozen=True)
class Variant:
    """A block with parameters that are not the defaults, its optional inputs wired or left open."""

    block: type[Block]
    params: dict[str, Any]
    open: bool = False

    def __str__(self) -> str:
        settings = [f"{name}={value}" for name, value in self.params.items()]
        return " ".join([self.block.__name__, *settings, *(["open"] if self.open else [])])


def variants(block: type[Block]) -> Iterator[Variant]:
    """Yield the defaults, optional inputs left open, and each switch and choice turned to what is not its default."""
    yield Variant(block, {})
    required = len([port for port in block.inputs if not port.optional])
    if required < len(block.inputs) and takes(block(), specs_for(block)[:required]):
        yield Variant(block, {}, open=True)
    for parameter in parameters(block):
        others = parameter.choices if parameter.choices else (True, False) if parameter.kind == "bool" else ()
        yield from (Variant(block, {parameter.name: other}) for other in others if other != parameter.default)


VARIANTS = [variant for block in blocks().values() for variant in variants(block)]
EVERY_BLOCK = pytest.mark.parametrize("block", blocks().values(), ids=blocks().keys())
COMPUTED = [variant for variant in VARIANTS if variant.block.outputs or variant.block.role == "output"]
"""All but the metrics that take in every batch before they give a number."""
EVERY_VARIANT = pytest.mark.parametrize("variant", COMPUTED, ids=str)
EXPORTED = [
    variant
    for variant in VARIANTS
    if variant.block.role not in ("loss", "metric")
    and not (variant.block.compares_samples and variant.params.get("track_running_stats") is False)
]
"""What training alone needs stays in the training.

A batch of one can't be compared with itself, in torch either, so its equality can't be proven at that size.
"""
GROUPS = 16
EVERY_PARAMETER = pytest.mark.parametrize(
    ("block", "parameter"),
    [
        pytest.param(block, parameter, id=f"{block.__name__}.{parameter.name}")
        for block in blocks().values()
        for parameter in parameters(block)
    ],
)


def network_of(variant: Variant) -> tuple[Project, NodeId]:
    """Draw a network of this block alone, between the inputs and outputs that it needs."""
    drawing = Drawing()
    return drawing.project, put(drawing, variant, "block")


def put(drawing: Drawing, variant: Variant, name: str) -> NodeId:
    """Put a block into a drawing, between inputs and outputs of its own."""
    block, params = variant.block, variant.params
    if block.role == "input":
        node = drawing.put(block.__name__, name, **params)
    else:
        ports = [port for port in block.inputs for _ in range(2 if port.variadic else 1)]
        sources = [
            drawing.put("Input", f"{name}_in{number}", shape=list(spec.shape[1:]), dtype=spec.dtype)
            for number, (port, spec) in enumerate(zip(ports, specs_for(block, **params), strict=False), start=1)
            if not (variant.open and port.optional)
        ]
        node = drawing.put(block.__name__, name, *sources, **params)
    if block.role == "layer" and not block.inputs:  # what comes from nowhere is joined to what comes in
        shape = [4] * len(params.get("shape", [1]))
        joined = drawing.put("Add", f"{name}_sum", drawing.put("Input", f"{name}_in1", shape=shape), node)
        drawing.put("Output", f"{name}_y", joined)
        return node
    for port in block.outputs:
        drawing.put("Output", f"{name}_{port.name}", PortRef(node, port.name))
    return node


def inputs_of(program: Program, batch_size: int) -> tuple[torch.Tensor, ...]:
    tensors = tensors_for(tuple(slot.spec for slot in program.inputs), batch_size)
    masks = Uses(program).masks
    for slot, tensor in zip(program.inputs, tensors, strict=True):
        if slot.node in masks:
            tensor[:, 0] = 0
    return tensors


def run(module: nn.Module, inputs: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
    with torch.no_grad():
        results = module.eval()(*inputs)
    return results if isinstance(results, tuple) else (results,)


@EVERY_BLOCK
def test_it_says_whether_it_has_weights_to_share(block: type[Block]) -> None:
    learned = 0
    for variant in variants(block) if block.role not in ("input", "output") else ():
        layer, specs = parse(block, defaults(block) | variant.params)[0], specs_for(block, **variant.params)
        if layer is not None and takes(layer, specs):
            learned = max(learned, infer(layer.lower(*specs), specs).parameters)
    assert block.has_weights == (learned > 0)


@EVERY_VARIANT
def test_its_shapes_are_those_that_it_computes(variant: Variant) -> None:
    program = program_of(network_of(variant)[0])
    network = build(program)
    for batch_size in (2, 5):
        for result, value in zip(program.results, run(network, inputs_of(program, batch_size)), strict=True):
            assert value.shape == result.spec.shape_with({"N": batch_size})
            assert str(value.dtype) == f"torch.{result.spec.dtype}"


@pytest.mark.parametrize(
    "block",
    [pytest.param(block, id=name) for name, block in blocks().items() if block.role != "input" and block.outputs],
)
@settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(data=st.data())
def test_its_shapes_are_told_right_whatever_its_parameters_and_sizes(block: type[Block], data: st.DataObject) -> None:
    changed = data.draw(st.fixed_dictionaries({}, optional={p.name: small_values(p) for p in parameters(block)}))
    layer, problems = parse(block, defaults(block) | changed)
    assert layer is not None, problems
    specs = data.draw(resized(specs_for(block, **changed)))
    try:
        call = layer.lower(*specs)
    except Mismatch:
        return  # the block says itself what it can't take; torch never has to
    inference = infer(call, specs)
    module = instantiate(call).eval() if call.is_module else None
    batch_size = data.draw(st.integers(2, 3))
    with torch.no_grad():
        values = run_call(call, module, tensors_for(specs, batch_size))
    for port, spec in inference.outputs:
        assert values[port].shape == spec.shape_with({"N": batch_size})
        assert str(values[port].dtype) == f"torch.{spec.dtype}"


@EVERY_VARIANT
def test_its_printed_source_computes_the_same(variant: Variant) -> None:
    program = program_of(network_of(variant)[0])
    assert_equal_to_its_print(program, *inputs_of(program, 3))


@pytest.mark.parametrize(
    "block",
    [pytest.param(block, id=name) for name, block in blocks().items() if block.role == "layer" and block.inputs],
)
@settings(max_examples=10, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(data=st.data())
def test_in_a_group_its_parameters_are_arguments(block: type[Block], data: st.DataObject) -> None:
    """Two instances of a group whose formal parameters are those of the block compute what their printed classes do."""
    given = {p.name: p for p in parameters(block) if p.kind != "text"}
    few = sum(2 if port.variadic else 1 for port in block.inputs if not port.optional)
    required = few if takes(block(), specs_for(block)[:few]) else len(specs_for(block))
    drawing = Drawing()
    with drawing.group("Group", **{f"a_{name}": defaults(block)[name] for name in given}) as group:
        sources = [drawing.put("Input", f"x{number}") for number in range(required)]
        node = drawing.put(block.__name__, "block", *sources, **{name: f"=a_{name}" for name in given})
        for port in block.outputs:
            drawing.put("Output", port.name, PortRef(node, port.name))
    for name in ("one", "other"):
        changed = data.draw(st.fixed_dictionaries({}, optional={key: small_values(p) for key, p in given.items()}))
        specs = specs_for(block, **changed)[:required]
        fed = [
            drawing.put("Input", f"{name}_{i}", shape=spec.shape[1:], dtype=spec.dtype) for i, spec in enumerate(specs)
        ]
        node = drawing.put_group(group, name, *fed, **{f"a_{key}": value for key, value in changed.items()})
        for port in block.outputs:
            drawing.put("Output", f"{name}_{port.name}", PortRef(node, port.name))
    program = lower(drawing.project).program
    assume(program is not None)
    assert program
    inputs = tuple(x if x.is_floating_point() else torch.zeros_like(x) for x in inputs_of(program, 3))
    assert_equal_to_its_print(program, *inputs)


@EVERY_BLOCK
def test_gradients_reach_all_its_weights(block: type[Block]) -> None:
    program = program_of(network_of(Variant(block, {}))[0]).only("output")
    network = build(program)
    total = sum(value.float().square().sum() for value in network(*inputs_of(program, 4)) if value.requires_grad)
    if isinstance(total, torch.Tensor):
        total.backward()
    assert all(parameter.grad is not None for parameter in network.parameters())


@EVERY_BLOCK
def test_it_comes_back_from_a_file_as_it_was(block: type[Block]) -> None:
    project, node = network_of(Variant(block, {}))
    text = dumps(project)
    back = loads(text)
    assert dumps(back) == text
    assert program_of(back) == program_of(project)
    parsed, problems = parse(block, back.graph.node(node).params)
    assert (parsed, problems) == (block(), [])


@pytest.mark.parametrize("group", [EXPORTED[i::GROUPS] for i in range(GROUPS)], ids=range(1, GROUPS + 1))
def test_onnx_agrees_with_torch(group: list[Variant], tmp_path: Path) -> None:
    """One file for many: tracing and loading take longer than the blocks, each of which stands in it by itself."""
    try:
        write_onnx(group, tmp_path)
    except ExportError:
        assert not [failure for each in group if (failure := onnx_failure(each, tmp_path))]
        raise


def write_onnx(group: list[Variant], folder: Path) -> None:
    drawing = Drawing()
    for number, variant in enumerate(group):
        put(drawing, variant, f"block{number}")
    program = program_of(drawing.project)
    report = export(program, build(program), folder / "blocks.onnx")
    assert set(report.max_abs_diff) == set(BATCHES)
    assert list(report.outputs) == [result.name for result in program.only("output").results]


def onnx_failure(variant: Variant, folder: Path) -> str:
    """Return why this one can't be written, empty if it can."""
    try:
        write_onnx([variant], folder)
    except ExportError as error:
        return f"{variant}: {error}"
    return ""


@pytest.mark.parametrize(
    "block", [pytest.param(block, id=name) for name, block in blocks().items() if block.features_from]
)
def test_its_features_come_from_where_it_says(block: type[Block]) -> None:
    decider, (before, *_) = block.features_from, specs_for(block)
    params = {decider: 24} if decider in defaults(block) else {}
    assert params or decider in [port.name for port in block.inputs]
    _, after = program_of(network_of(Variant(block, params))[0]).instructions[-1].outputs[0]
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
    project, node = network_of(Variant(block, {}))
    for value in bad_values(parameter):
        undo = SetParameter(node, parameter.name, value).apply(project)
        errors = [error for error in lower(project).errors() if error.code == "bad-parameter"]
        assert [(error.node, error.parameter) for error in errors] == [(node, parameter.name)], value
        assert errors[0].message.startswith(parameter.name)
        undo.apply(project)
    assert not lower(project).errors()


@EVERY_PARAMETER
def test_the_bounds_that_a_form_shows_are_those_that_hold(block: type[Block], parameter: Parameter) -> None:
    known, specs = defaults(block), specs_for(block)
    for value in good_values(parameter):
        layer, problems = parse(block, known | {parameter.name: value})
        assert layer is not None, (value, problems)
        if parameter.kind == "float" and takes(layer, specs):
            assert infer(layer.lower(*specs), specs), "torch takes it too"


def small_values(parameter: Parameter) -> st.SearchStrategy[Any]:
    """Values that a block takes without growing out of a test."""
    low, high = parameter.minimum, parameter.maximum
    smallest, largest = max(-4.0, low if low is not None else -4.0), min(4.0, high if high is not None else 4.0)
    whole = st.integers(math.ceil(smallest), max(math.ceil(smallest), int(largest)))
    match parameter.kind:
        case "int":
            return whole
        case "float":
            return st.floats(smallest, largest)
        case "bool":
            return st.booleans()
        case "choice":
            return st.sampled_from(parameter.choices)
        case "text":
            return st.just(parameter.default)
        case "sizes":
            length = parameter.length or (2 if isinstance(parameter.default, str) else len(parameter.default))
            lists = st.lists(whole, min_size=length, max_size=length)
            return lists | st.sampled_from(parameter.choices) if parameter.choices else lists


@st.composite
def resized(draw: st.DrawFn, specs: tuple[TensorSpec, ...]) -> tuple[TensorSpec, ...]:
    """Other sizes for all that have a size in common: what fitted together does still."""
    sizes = sorted({size for spec in specs for size in spec.shape if isinstance(size, int)})
    others = dict(zip(sizes, draw(st.lists(st.integers(1, 9), min_size=len(sizes), max_size=len(sizes))), strict=True))
    return tuple(
        replace(spec, shape=tuple(others[size] if isinstance(size, int) else size for size in spec.shape))
        for spec in specs
    )


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
