"""Whatever is drawn, making a group and taking one apart change nothing of what is computed,
bit for bit and with the same weights.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import nn

from netbuilder.blocks.library.input_output import Input, Output
from netbuilder.compiler.build import build
from netbuilder.compiler.lower import lower
from netbuilder.compiler.program import GroupCall, Program
from netbuilder.graph.model import NodeId, PortRef
from netbuilder.graph.project import GroupId, Project, group_of
from netbuilder.ui import group_intents, intents
from netbuilder.ui.wiring import Refusal
from tests.compiler.test_any_drawing import LARGEST_OUTPUT, drawings
from tests.drawing import Drawing

Place = tuple[tuple[NodeId, int], ...]
"""Where a module stands: the blocks around it and itself, and which repetition of each."""


SLOPES = st.sampled_from(["=slope", "=index", "=slope+0.25*index", "=0.125*times", "=slope/(index+2)", 0.75])
TIMES = st.sampled_from(["=times", "=max(times-1, 1)", "=index+1", 1, 2])


@st.composite
def countings(draw: st.DrawFn) -> Project:
    """Draw groups in groups that run as often, and leak as much, as those around them say."""
    drawing = Drawing()
    formals: dict[str, Any] = {"slope": 0.5, "times": 2}
    with drawing.group("Leaf", **formals) as leaf:
        leak = drawing.put("LeakyReLU", "leak", drawing.put("Input", "x"), negative_slope=draw(SLOPES))
        drawing.put("Output", "y", leak)
    groups = [leaf]
    for name in ("Branch", "Tree"):
        with drawing.group(name, **formals) as group:
            y: NodeId | PortRef = drawing.put("Input", "x")
            for part in ("first", "second"):
                given = draw(st.fixed_dictionaries({}, optional={"slope": SLOPES, "times": TIMES, "repeat": TIMES}))
                y = PortRef(drawing.put_group(draw(st.sampled_from(groups)), part, y, **given), "y")
            drawing.put("Output", "y", y)
        groups.append(group)
    row = drawing.put("Input", "row", shape=[3])
    whole = drawing.put_group(groups[-1], "whole", row, repeat=draw(st.integers(1, 3)), times=draw(st.integers(1, 3)))
    drawing.put("Output", "result", PortRef(whole, "y"))
    return drawing.project


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(drawings() | countings())
def test_ungrouping_changes_nothing_of_what_is_computed(project: Project) -> None:
    lowering = lower(project)
    small = all(spec.numel() < LARGEST_OUTPUT for spec in lowering.specs.values())
    for sheet, home in project.sheets():
        for box in home.graph.nodes():
            group, taken_apart = group_of(box.type), project.copy()
            edit = group_intents.ungroup(taken_apart, sheet, taken_apart.new_ids(), box.id)
            if isinstance(edit, Refusal):
                continue
            assert group
            edit.apply(taken_apart)
            after = lower(taken_apart)
            if lowering.program is not None:
                assert after.program is not None, [error.message for error in after.errors()]
                assert after.total().parameters == lowering.total().parameters
                if small:
                    twins = dict(zip(intents.added(edit), blocks_in(project, group), strict=True))
                    assert_equal(lowering.program, after.program, box.id, twins)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(drawings() | countings())
def test_grouping_changes_nothing_of_what_is_computed(project: Project) -> None:
    lowering = lower(project)
    small = all(spec.numel() < LARGEST_OUTPUT for spec in lowering.specs.values())
    for sheet, home in project.sheets():
        for node in home.graph.nodes():
            grouped = project.copy()
            edit = group_intents.make_group(grouped, sheet, grouped.new_ids(), [node.id])
            if isinstance(edit, Refusal):
                continue
            edit.apply(grouped)
            after = lower(grouped)
            if lowering.program is not None:
                assert after.program is not None, [error.message for error in after.errors()]
                assert after.total().parameters == lowering.total().parameters
                if small:
                    (box,) = set(grouped.sheet(sheet).graph) - set(home.graph)
                    assert_equal(after.program, lowering.program, box, {})


def blocks_in(project: Project, group: GroupId) -> list[NodeId]:
    nodes = project.groups[group].graph.nodes()
    return [node.id for node in nodes if node.type not in (Input.__name__, Output.__name__)]


def assert_equal(grouped: Program, flat: Program, box: NodeId, twins: Mapping[NodeId, NodeId]) -> None:
    """Prove that both programs compute the same, without the instance in the second, where its blocks have twins."""
    network, other = build(grouped).eval(), build(flat).eval()
    lent = {tuple(at for at in place if at[0] != box): path for place, path in modules(grouped)}
    for place, path in modules(flat):
        module = network.get_submodule(lent[tuple((twins.get(node, node), time) for node, time in place)])
        other.get_submodule(path).load_state_dict(module.state_dict())
    expected, found = computed(network, grouped), computed(other, flat)
    assert found.keys() == expected.keys()
    for node, value in expected.items():
        torch.testing.assert_close(found[node], value, rtol=0, atol=0, equal_nan=True)


def modules(program: Program, around: Place = (), prefix: str = "") -> Iterator[tuple[Place, str]]:
    """Yield every module that is no group, with its path."""
    for instruction in program.makers():
        call, path = instruction.call, prefix + instruction.module
        if isinstance(call, GroupCall):
            for number, part in enumerate(call.modules):
                here = f"{path}.{number}." if call.is_numbered else f"{path}."
                yield from modules(part, (*around, (instruction.node, number)), here)
        else:
            yield (*around, (instruction.node, 0)), path


def computed(network: nn.Module, program: Program) -> dict[NodeId, object]:
    """Return each result of a batch of numbers that are the same each time, by its block."""
    numbers = torch.Generator().manual_seed(0)
    values: dict[NodeId, torch.Tensor] = {}
    for slot in sorted(program.inputs, key=lambda slot: slot.node):
        shape = slot.spec.shape_with({"N": 2})
        real = torch.randn(shape, generator=numbers)
        values[slot.node] = (
            real if slot.spec.dtype == "float32" else real.new_zeros(shape, dtype=getattr(torch, slot.spec.dtype))
        )
    torch.manual_seed(0)
    results = network(*(values[slot.node] for slot in program.inputs))
    return {result.node: value for result, value in zip(program.results, results, strict=True)}
