"""Parameters and FLOPs of blocks, groups and networks, against what torch counts while they run."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

import pytest
import torch
from torch import fx
from torch.utils.flop_counter import FlopCounterMode

from netbuilder.compiler.build import build
from netbuilder.compiler.lower import lower
from netbuilder.compiler.program import Cost, GroupCall, Lowering, Program
from netbuilder.examples import Example, examples
from netbuilder.graph.files import load
from netbuilder.graph.model import NodeId, PortRef
from tests.drawing import Drawing, id_of

EVERY_EXAMPLE = pytest.mark.parametrize("example", examples(), ids=lambda example: example.name)


def on_meta(program: Program) -> fx.GraphModule:
    """Build a network without memory: what torch counts depends on shapes, and recurrent layers run step by step."""
    with torch.device("meta"):
        return build(program).eval()


def counted(program: Program, network: fx.GraphModule) -> dict[str, int]:
    """Return the FLOPs that torch counts for one sample, by path of the module; those of the whole network under ""."""
    inputs = [
        torch.empty(slot.spec.shape_with({"N": 1}), dtype=getattr(torch, slot.spec.dtype), device="meta")
        for slot in program.inputs
    ]
    with FlopCounterMode(display=False) as counter:
        network(*inputs)
    counts = {place: sum(operations.values()) for place, operations in counter.get_flop_counts().items()}
    return {place.partition(".")[2]: count for place, count in counts.items() if place != "Global"}


def assert_costs_are_counted(lowering: Lowering) -> None:
    """Compare the network, each block that is a module, each group, and the inside of each group's first instance."""
    program = lowering.program
    assert program is not None, lowering.errors()
    network = on_meta(program)
    found = counted(program, network)
    assert lowering.total().flops == found.get("", 0)
    assert lowering.total().parameters == sum(weight.numel() for weight in network.parameters())
    _assert_inside(program, network, "", found, lowering.costs, lowering.inner_costs, set())


def _assert_inside(
    program: Program,
    network: torch.nn.Module,
    place: str,
    found: Mapping[str, int],
    costs: Mapping[NodeId, Cost],
    inner: Mapping[NodeId, Cost],
    looked_into: set[str],
) -> None:
    users = defaultdict(list)
    for each in program.instructions:
        if each.call.is_module:
            users[each.module].append(each)
    for name, calls in users.items():
        first, path, module = calls[0], place + name, network.get_submodule(name)
        parts = [path]
        if isinstance(first.call, GroupCall) and first.call.is_numbered:
            parts = [f"{path}.{number}" for number in range(len(first.call.modules))]
        assert sum(costs[each.node].flops for each in calls) == sum(found.get(part, 0) for part in parts), path
        assert sum(costs[each.node].parameters for each in calls) == sum(p.numel() for p in module.parameters()), path
        if isinstance(first.call, GroupCall) and first.type not in looked_into:
            looked_into.add(first.type)
            if len(calls) == 1 and not first.call.shared:  # or the counts are of several calls
                part = module.get_submodule("0") if first.call.is_numbered else module
                _assert_inside(first.call.parts[0], part, f"{parts[0]}.", found, inner, inner, looked_into)


@EVERY_EXAMPLE
def test_an_example_costs_what_torch_counts(example: Example) -> None:
    assert_costs_are_counted(lower(load(example.path)))


def halving(repeat: int, shared: bool = False) -> Drawing:
    """Draw convolutions that repeat, each on an image of half the size."""
    drawing = Drawing()
    with drawing.group("Halve") as halve:
        conv = drawing.put("Conv2d", "conv", drawing.put("Input", "x"), out_channels=4)
        drawing.put("Output", "y", drawing.put("MaxPool2d", "pool", conv))
    image = drawing.put("Input", "image", shape=[4, 32, 32])
    drawing.put("Output", "small", drawing.put_group(halve, "halves", image, repeat=repeat, shared=shared))
    return drawing


@pytest.mark.parametrize("shared", [False, True])
def test_each_repetition_costs_what_its_size_asks_for(shared: bool) -> None:
    drawing = halving(3, shared)
    lowering = lower(drawing.project)
    assert_costs_are_counted(lowering)
    one = 4 * 4 * 3 * 3
    assert lowering.total().flops == 2 * one * (32**2 + 16**2 + 8**2)
    assert lowering.total().parameters == (one + 4) * (1 if shared else 3)


def test_a_repetition_may_differ_in_width() -> None:
    drawing = Drawing()
    with drawing.group("Widen", width=4) as widen:
        x = drawing.put("Input", "x")
        drawing.put("Output", "y", drawing.put("Linear", "fc", x, out_features="=width * (index + 1)"))
    drawing.put("Output", "y", drawing.put_group(widen, "wide", drawing.put("Input", "x", shape=[4]), repeat=3))
    lowering = lower(drawing.project)
    assert_costs_are_counted(lowering)
    assert lowering.total().flops == 2 * (4 * 4 + 4 * 8 + 8 * 12)


def test_groups_inside_of_groups_multiply() -> None:
    drawing = Drawing()
    with drawing.group("Layer") as layer:
        drawing.put("Output", "y", drawing.put("Linear", "fc", drawing.put("Input", "x"), out_features=6))
    with drawing.group("Stage") as stage:
        drawing.put("Output", "y", drawing.put_group(layer, "layers", drawing.put("Input", "x"), repeat=3))
    drawing.put("Output", "y", drawing.put_group(stage, "stages", drawing.put("Input", "x", shape=[6]), repeat=2))
    lowering = lower(drawing.project)
    assert_costs_are_counted(lowering)
    assert lowering.total().flops == 2 * 6 * 6 * 3 * 2
    fc = id_of(drawing.project.inside(layer), "fc")
    assert lowering.inner_costs[fc].flops == 2 * 6 * 6
    assert lowering.costs[id_of(drawing.project, "stages")].parameters == (6 * 6 + 6) * 6


def test_weights_by_tag_are_counted_once_and_used_twice() -> None:
    drawing = Drawing()
    with drawing.group("Tower") as tower:
        gru = drawing.put("GRU", "gru", drawing.put("Input", "x"), hidden_size=5)
        drawing.put("Output", "y", drawing.put("Linear", "fc", PortRef(gru, "last"), out_features=2))
    for side in ("left", "right"):
        entry = drawing.put("Input", f"{side}_in", shape=[7, 3])
        drawing.put("Output", f"{side}_out", drawing.put_group(tower, side, entry, weights="tower"))
    lowering = lower(drawing.project)
    assert_costs_are_counted(lowering)
    weights = 3 * 5 * (3 + 5)
    assert lowering.total().flops == 2 * 2 * (7 * weights + 5 * 2)
    assert lowering.total().parameters == weights + 2 * 3 * 5 + 5 * 2 + 2


def test_what_is_done_to_each_element_alone_counts_nothing() -> None:
    drawing = Drawing()
    image = drawing.put("Input", "image", shape=[4, 8, 8])
    norm = drawing.put("BatchNorm2d", "norm", drawing.put("ReLU", "relu", drawing.put("Add", "twice", image, image)))
    drawing.put("Output", "y", drawing.put("MaxPool2d", "pool", norm))
    lowering = lower(drawing.project)
    assert_costs_are_counted(lowering)
    assert lowering.total().flops == 0


def test_what_is_computed_once_for_all_samples_is_counted_once() -> None:
    drawing = Drawing()
    table = drawing.put("Linear", "project", drawing.put("Parameter", "table", shape=[10, 4]), out_features=6)
    x = drawing.put("Input", "x", shape=[10, 6])
    drawing.put("Output", "y", drawing.put("Add", "sum", x, table))
    lowering = lower(drawing.project)
    assert_costs_are_counted(lowering)
    assert lowering.total().flops == 2 * 10 * 4 * 6
