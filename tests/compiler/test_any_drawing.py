"""Whatever is drawn, lowering answers: it never raises, its fixes apply, and what it calls complete runs as it says."""

from __future__ import annotations

from typing import Any

import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from netbuilder.blocks import registry
from netbuilder.blocks.parameters import Parameter, parameters
from netbuilder.compiler.build import build
from netbuilder.compiler.lower import Memo, lower
from netbuilder.graph.edits import Connect, Disconnect, RemoveNode, RenameNode, SetParameter
from netbuilder.graph.model import Edge, GraphError, PortRef
from netbuilder.graph.project import Project
from tests.drawing import DIGITS, Drawing

LARGEST_OUTPUT = 2**20


def value_for(parameter: Parameter) -> st.SearchStrategy[Any]:
    """Values a person might enter: mostly possible, sometimes not."""
    small = st.integers(1, 6)
    match parameter.kind:
        case "int":
            right: st.SearchStrategy[Any] = small
        case "float":
            right = st.floats(0, 1)
        case "bool":
            right = st.booleans()
        case "choice":
            right = st.sampled_from(parameter.choices)
        case "text":
            right = st.sampled_from(["", "image", "label", "nowhere"])
        case "sizes":
            length = parameter.length
            sizes = st.lists(small, min_size=length or 0, max_size=length or 3)
            right = sizes | st.sampled_from(parameter.choices) if parameter.choices else sizes
    return right | st.sampled_from([0, -1, "x", None, [], 10**12])


@st.composite
def drawings(draw: st.DrawFn) -> Project:
    drawing = Drawing(DIGITS if draw(st.booleans()) else None)
    types = list(registry.blocks())
    for number in range(draw(st.integers(0, 7))):
        type_id = draw(st.sampled_from([*types, "Input", "Linear", "Output"]))
        known = parameters(registry.blocks()[type_id])
        changed = draw(st.lists(st.sampled_from(known), unique_by=lambda p: p.name, max_size=2)) if known else []
        params = {parameter.name: draw(value_for(parameter)) for parameter in changed}
        params |= {"weights": draw(st.sampled_from(["", "tag", 3]))} if draw(st.booleans()) else {}
        drawing.put(type_id, f"block{number}", **params)
    nodes = drawing.project.graph.nodes()
    for _ in range(draw(st.integers(0, 10)) if nodes else 0):
        source, target = draw(st.sampled_from(nodes)), draw(st.sampled_from(nodes))
        outputs = [port.name for port in registry.blocks()[source.type].outputs] or ["y"]
        inputs = [port.name for port in registry.blocks()[target.type].inputs] or ["x"]
        port = draw(st.sampled_from([*inputs, f"{inputs[0]}1", f"{inputs[0]}2", "nonsense"]))
        try:
            Connect(Edge(PortRef(source.id, draw(st.sampled_from(outputs))), PortRef(target.id, port))).apply(
                drawing.project
            )
        except GraphError:
            continue  # the port is taken
    return drawing.project


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(drawings(), st.data())
def test_what_is_remembered_from_before_an_edit_changes_no_answer(project: Project, data: st.DataObject) -> None:
    memo: Memo = {}
    for _ in range(data.draw(st.integers(1, 4))):
        found = lower(project, memo)
        assert found == lower(project)
        fixes = [fix.edit for diagnostic in found.diagnostics for fix in diagnostic.fixes]
        cuts = [Disconnect(edge) for edge in project.graph.edges()]
        nodes = project.graph.nodes()
        sizes = [SetParameter(node.id, name, data.draw(st.integers(1, 9))) for node in nodes for name in node.params]
        others = [edit for node in nodes for edit in (RemoveNode(node.id), RenameNode(node.id, f"{node.name}x"))]
        if edits := [*fixes, *cuts, *sizes, *others]:
            data.draw(st.sampled_from(edits)).apply(project)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(drawings())
def test_any_drawing_is_answered(project: Project) -> None:
    lowering = lower(project)
    assert (lowering.program is None) == bool(lowering.errors())
    for diagnostic in lowering.diagnostics:
        assert diagnostic.message.endswith((".", "?", "!")), diagnostic
        assert diagnostic.node is None or diagnostic.node in project.graph
        for fix in diagnostic.fixes:
            mended = project.copy()
            fix.edit.apply(mended)
            lower(mended)
    if lowering.program is not None and all(spec.numel() < LARGEST_OUTPUT for spec in lowering.specs.values()):
        torch.manual_seed(0)
        inputs = [
            torch.zeros(slot.spec.shape_with({"N": 2}), dtype=getattr(torch, slot.spec.dtype))
            for slot in lowering.program.inputs
        ]
        network = build(lowering.program)
        assert lowering.total().parameters == sum(tensor.numel() for tensor in network.parameters())
        results = network.eval()(*inputs)
        for result, value in zip(lowering.program.results, results, strict=True):
            assert value.shape == result.spec.shape_with({"N": 2})
