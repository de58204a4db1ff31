"""Whatever is drawn, lowering answers: it never raises, its fixes apply, and what it calls complete runs as it says."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from netbuilder.blocks import registry
from netbuilder.blocks.parameters import Parameter, parameters
from netbuilder.compiler.build import build
from netbuilder.compiler.groups import ports
from netbuilder.compiler.lower import Memo, lower
from netbuilder.compiler.program import Cost, Lowering, Program
from netbuilder.graph.edits import Disconnect, Edit, RemoveGroup, RemoveNode, RenameNode, SetFormal, SetParameter
from netbuilder.graph.model import GraphError, Node, NodeId, PortRef
from netbuilder.graph.project import GroupId, Project, group_of
from tests.drawing import DIGITS, Drawing
from tests.printing import assert_equal_to_its_print, inputs_of

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


SELDOM = st.sampled_from([False] * 31 + [True])
BAD = st.sampled_from(
    [1.0, True, False, "x", None, (2, 3), 0, 10**6, "=1/index", "=nothing", "=9**9**9", "=(", "=index"]
)
INSIDE = ["=width", "=width*2", "=width+index", "=times", "=max(width, times)"]
"""What may stand in a group."""


class _Artist:
    """Draws what hypothesis tells it to, sheet after sheet: mostly what goes together, sometimes what does not."""

    def __init__(self, draw: st.DrawFn, data: dict[str, Any] | None) -> None:
        self.draw = draw
        self.drawing = Drawing(data)
        self.groups: list[GroupId] = []

    def mostly(self, *good: Any) -> Any:
        return self.draw(BAD if self.draw(SELDOM) else st.sampled_from(good))

    def define_groups(self) -> None:
        """Define groups in groups; now and then one lies in itself."""
        for number in range(self.draw(st.sampled_from([0, 1, 2, 3]))):
            formals = {name: self.mostly(5, 5, 2) for name in ("width", "times") if not self.draw(SELDOM)}
            with self.drawing.group(f"G{number}", **formals) as group:
                contains_itself = self.draw(SELDOM)
                self.groups += [group] if contains_itself else []
                y = self.chain(self.drawing.put("Input", "x"))
                self.strays()
                for name in ("y", "z") if self.draw(SELDOM) else ("y",):
                    self.drawing.put("Output", name, y)
                self.groups += [] if contains_itself else [group]

    def define_network(self) -> None:
        """Draw a network of these groups, trained where there are data."""
        has_data = bool(self.drawing.project.data)
        if self.groups or self.draw(st.booleans()):
            x = self.drawing.put("Input", "x", **({"field": "image"} if has_data else {"shape": [5]}))
            y = self.chain(self.drawing.put("Flatten", "flat", x) if has_data else x)
            self.drawing.put("Output", "out", y)
            if has_data:
                label = self.drawing.put("Input", "truth", field="label")
                self.drawing.put(
                    "CrossEntropy", "loss", self.drawing.put("Linear", "logits", y, out_features=10), label
                )
        self.strays()

    def chain(self, x: NodeId | PortRef) -> NodeId | PortRef:
        """Draw blocks that mostly go together: layers, and groups."""
        for number in range(self.draw(st.integers(1, 3))):
            kind = self.draw(st.sampled_from(["Linear", "ReLU", "Dropout", "group", "group", "group"]))
            if kind == "group" and self.groups:
                x = self.instance(f"part{number}", x)
            elif kind == "Linear":
                features = ["=width", *INSIDE] if self.drawing.here else [2, 5]
                x = self.drawing.put("Linear", f"fc{number}", x, out_features=self.mostly(*features, 5))
            elif kind != "group":
                x = self.drawing.put(kind, f"layer{number}", x)
        return x

    def instance(self, name: str, *sources: NodeId | PortRef) -> PortRef:
        group, params = self.draw(st.sampled_from(self.groups)), dict[str, Any]()
        around = ["=width", "=times+index"] if self.drawing.here else []
        if self.draw(st.booleans()):
            params["repeat"] = self.mostly(2, 3, *(["=times", "=index+1"] if around else []))
            around.append("=index+2")
        for formal in self.drawing.project.groups[group].parameters:
            if self.draw(st.booleans()):
                params[formal] = self.mostly(5, 5, 2, *around)
        if self.draw(st.booleans()):
            params["shared"] = self.mostly(True, False)
        if self.draw(st.booleans()):
            params["weights"] = f"tag{group}"
        return PortRef(self.drawing.put_group(group, name, *sources, **params), "y")

    def strays(self) -> None:
        """Draw blocks of any type, set to anything, and wires between any two ports."""
        types = list(registry.blocks())
        count = self.draw(st.sampled_from([0] * 9 + [1, 3, 7]))
        for number in range(count):
            if self.groups and self.draw(SELDOM):
                self.instance(f"stray{number}")
                continue
            type_id = self.draw(st.sampled_from([*types, "Input", "Linear", "Output"]))
            known = parameters(registry.blocks()[type_id])
            chosen = st.lists(st.sampled_from(known), unique_by=lambda p: p.name, max_size=2)
            params = (
                {parameter.name: self.draw(value_for(parameter)) for parameter in self.draw(chosen)} if known else {}
            )
            params |= {"weights": self.draw(st.sampled_from(["", "tag", 3]))} if self.draw(st.booleans()) else {}
            self.drawing.put(type_id, f"block{number}", **params)
        project = self.drawing.project
        nodes = project.sheet(self.drawing.here).graph.nodes()
        for _ in range(self.draw(st.integers(0, 10)) if count else 0):
            source, target = self.draw(st.sampled_from(nodes)), self.draw(st.sampled_from(nodes))
            inputs, outputs = self.ports(target)[0] or ["x"], self.ports(source)[1] or ["y"]
            port = self.draw(st.sampled_from([*inputs, f"{inputs[0]}1", f"{inputs[0]}2", "nonsense"]))
            with suppress(GraphError):  # the port is taken
                self.drawing.wire(PortRef(source.id, self.draw(st.sampled_from(outputs))), target.id, port)

    def ports(self, node: Node) -> tuple[list[str], list[str]]:
        group, block = group_of(node.type), registry.get(node.type)
        inputs, outputs = ports(self.drawing.project.groups[group]) if group else (block.inputs, block.outputs)
        return [port.name for port in inputs], [port.name for port in outputs]


@st.composite
def drawings(draw: st.DrawFn) -> Project:
    artist = _Artist(draw, DIGITS if draw(st.booleans()) else None)
    artist.define_groups()
    artist.define_network()
    return artist.drawing.project


def exactly(lowering: Lowering) -> str:
    """Return all that a lowering says; unlike `==` it tells 1 from 1.0 and True."""
    specs, costs = sorted(lowering.specs.items()), sorted({**lowering.costs, **lowering.inner_costs}.items())
    return repr((lowering.program, specs, costs, lowering.diagnostics))


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(drawings(), st.data())
def test_what_is_remembered_from_before_an_edit_changes_no_answer(project: Project, data: st.DataObject) -> None:
    memo: Memo = {}
    for _ in range(data.draw(st.integers(1, 4))):
        found = lower(project, memo)
        assert exactly(found) == exactly(lower(project))
        edits: list[Edit] = [fix.edit for diagnostic in found.diagnostics for fix in diagnostic.fixes]
        value = data.draw(BAD | st.sampled_from(INSIDE) | st.integers(1, 9))
        for group, sheet in project.sheets():
            edits += [Disconnect(edge, group) for edge in sheet.graph.edges()]
            for node in sheet.graph.nodes():
                edits += [SetParameter(node.id, name, value, group) for name in node.params]
                edits += [RemoveNode(node.id, group), RenameNode(node.id, f"{node.name}x", group)]
        for group, definition in project.groups.items():
            edits += [SetFormal(group, name, value) for name in definition.parameters]
            edits.append(RemoveGroup(group))
        if edits:
            data.draw(st.sampled_from(edits)).apply(project)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(drawings())
def test_any_drawing_is_answered(project: Project) -> None:
    lowering = lower(project)
    assert (lowering.program is None) == bool(lowering.errors())
    for diagnostic in lowering.diagnostics:
        assert diagnostic.message.endswith((".", "?", "!")), diagnostic
        assert diagnostic.node is None or diagnostic.node in project.homes
        for fix in diagnostic.fixes:
            mended = project.copy()
            fix.edit.apply(mended)
            lower(mended)
    if lowering.program is not None and all(spec.numel() < LARGEST_OUTPUT for spec in lowering.specs.values()):
        assert_it_runs_as_it_says_and_prints(lowering.program, lowering.total())


def assert_it_runs_as_it_says_and_prints(program: Program, total: Cost) -> None:
    network = build(program)
    assert total.parameters == sum(tensor.numel() for tensor in network.parameters())
    for result, value in zip(program.results, network.eval()(*inputs_of(program)), strict=True):
        assert value.shape == result.spec.shape_with({"N": 3})
    assert_equal_to_its_print(program.computing(each for each in program.results if each.value.port))  # no torchmetrics
