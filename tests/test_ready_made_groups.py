"""The ready-made groups: a file each, of its name, which holds one instance of the group and what it is made of."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch
from torch import nn

from netbuilder import assets
from netbuilder.compiler.build import build
from netbuilder.compiler.groups import ports
from netbuilder.compiler.program import Program
from netbuilder.examples import examples
from netbuilder.graph.edits import AddNode, Connect
from netbuilder.graph.files import dumps, load
from netbuilder.graph.model import Edge, Node, PortRef
from netbuilder.graph.project import Group, Project, group_of
from tests.drawing import program_of
from tests.printing import assert_equal_to_its_print, inputs_of

IMAGE, STEPS = [64, 12, 12], [5, 768]
INPUTS: dict[str, list[list[int]]] = {
    "ConvNormAct": [IMAGE],
    "NormActConv": [IMAGE],
    "ResidualBlock": [IMAGE],
    "ResidualProjection": [IMAGE],
    "Bottleneck": [[256, 12, 12]],
    "BottleneckProjection": [IMAGE],
    "PreActivation": [IMAGE],
    "SqueezeExcite": [IMAGE],
    "MBConv": [[32, 12, 12]],
    "MBConvResidual": [[32, 12, 12]],
    "Inception": [[192, 12, 12]],
    "DenseBlock": [IMAGE],
    "UNetDown": [IMAGE],
    "UNetUp": [IMAGE, [128, 5, 5]],
    "EncoderBlock": [STEPS],
    "EncoderBlockPostNorm": [STEPS],
    "GPTBlock": [STEPS],
    "BERTLayer": [STEPS, [5]],
    "LSTMCell": [[64], [64], [7]],
    "LSTMUnrolled": [[64], [64], [4, 7]],
}
"""For every file the shapes that its group takes."""

FILES = sorted((assets.resources() / "groups").glob("*.netb"))
EVERY_GROUP = pytest.mark.parametrize("name", [path.stem for path in FILES])


def _opened(name: str) -> Project:
    return load(assets.resources() / "groups" / f"{name}.netb")


def _program(name: str) -> Program:
    """Return the program of a network that is this group alone."""
    project = _opened(name)
    (box,) = project.graph.nodes()
    group = group_of(box.type)
    assert group
    inputs, outputs = ports(project.groups[group])
    ids = project.new_ids()
    for port, shape in zip(inputs, INPUTS[name], strict=True):
        dtype = "int64" if port.name == "padding" else "float32"
        node = Node(next(ids), "Input", f"in_{port.name}", {"shape": tuple(shape), "dtype": dtype})
        AddNode(node, (0.0, 0.0)).apply(project)
        Connect(Edge(PortRef(node.id, "y"), PortRef(box.id, port.name))).apply(project)
    for port in outputs:
        node = Node(next(ids), "Output", f"out_{port.name}", {})
        AddNode(node, (0.0, 0.0)).apply(project)
        Connect(Edge(PortRef(box.id, port.name), PortRef(node.id, "x"))).apply(project)
    return program_of(project)


def _inside(group: Group, project: Project) -> tuple[object, ...]:
    """Return what a group is, apart from ids and places."""

    def kind(node: Node) -> str:
        inner = group_of(node.type)
        return project.groups[inner].name if inner else node.type

    graph = group.graph
    nodes = {node.name: (kind(node), dict(node.params)) for node in graph.nodes()}
    name = {node.id: node.name for node in graph.nodes()}
    wires = {
        (name[edge.source.node], edge.source.port, name[edge.target.node], edge.target.port) for edge in graph.edges()
    }
    return dict(group.parameters), nodes, wires


def test_every_group_is_tried() -> None:
    assert {path.stem for path in FILES} == set(INPUTS)


@EVERY_GROUP
def test_its_file_is_canonical_and_holds_one_instance_with_the_defaults(name: str) -> None:
    project = _opened(name)
    assert dumps(project) == (assets.resources() / "groups" / f"{name}.netb").read_text("utf-8")
    (box,) = project.graph.nodes()
    group = group_of(box.type)
    assert group
    assert project.groups[group].name == name
    assert dict(box.params) == dict(project.groups[group].parameters)


@pytest.mark.parametrize("path", [*FILES, *(each.path for each in examples())], ids=lambda path: path.stem)
def test_every_group_that_comes_with_the_program_says_what_it_does(path: Path) -> None:
    for group in load(path).groups.values():
        first, *more = group.description.split("\n\n")
        assert 20 < len(first) <= 110, f"{group.name}: the first paragraph is the line of the search"
        assert first == group.summary()
        assert first.endswith(".")
        assert "`N x" in " ".join(more), f"{group.name} says no shapes"


@EVERY_GROUP
def test_a_ready_made_group_says_where_it_is_from(name: str) -> None:
    project = _opened(name)
    (box,) = project.graph.nodes()
    group = group_of(box.type)
    assert group
    assert re.search(r"[A-Z]\w+.* (19|20)\d\d", project.groups[group].description.split("\n\n")[-1])


@EVERY_GROUP
def test_it_runs_as_drawn_and_as_printed(name: str) -> None:
    program = _program(name)
    assert_equal_to_its_print(program)
    ours = build(program).eval()(*inputs_of(program))
    assert [tuple(output.shape) for output in ours] == [r.spec.shape_with({"N": 3}) for r in program.results]


def test_the_unrolled_lstm_is_torchs() -> None:
    network = build(_program("LSTMUnrolled"))
    gates = network.lstm_unrolled.step1
    torchs = nn.LSTM(7, 64, batch_first=True)
    order = (gates.input_gate, gates.forget_gate, gates.candidate, gates.output_gate)
    weight = torch.cat([gate.weight for gate in order])
    with torch.no_grad():
        torchs.weight_ih_l0.copy_(weight[:, :7])
        torchs.weight_hh_l0.copy_(weight[:, 7:])
        torchs.bias_ih_l0.copy_(torch.cat([gate.bias for gate in order]))
        torchs.bias_hh_l0.zero_()
    x, h, c = torch.randn(3, 4, 7), torch.randn(3, 64), torch.randn(3, 64)
    _, (last_h, last_c) = torchs(x, (h[None], c[None]))
    ours = network(h, c, x)
    assert torch.allclose(ours[0], last_h[0], atol=1e-6)
    assert torch.allclose(ours[1], last_c[0], atol=1e-6)


def test_the_architectures_are_made_of_them() -> None:
    ready = {
        group.name: _inside(group, project) for project in map(_opened, INPUTS) for group in project.groups.values()
    }
    used = set[str]()
    for example in examples("architecture"):
        project = load(example.path)
        for group in project.groups.values():
            if group.name in ready:
                used.add(group.name)
                assert _inside(group, project) == ready[group.name], f"{group.name} in {example.name}"
    assert ready.keys() - used == {"PreActivation", "EncoderBlockPostNorm", "LSTMCell", "LSTMUnrolled"}
