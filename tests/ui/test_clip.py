"""Copy and paste: text that comes back as the same blocks, and text from anywhere that can do no harm."""

from __future__ import annotations

import json

import pytest

from netbuilder.graph.edits import AddNode
from netbuilder.graph.files import dumps
from netbuilder.graph.model import Node, NodeId, PortRef
from netbuilder.graph.project import Project
from netbuilder.ui import clip, intents
from netbuilder.ui.wiring import Refusal
from tests.drawing import Drawing, digits_cnn
from tests.ui.asking import do, wires


def copied(project: Project, *names: str) -> clip.Clip:
    """Copy blocks by name, by way of the clipboard's text."""
    nodes = [node.id for node in project.graph.nodes() if node.name in names]
    made = clip.clip(project, nodes)
    assert made is not None
    read = clip.parse(made.text())
    assert isinstance(read, clip.Clip)
    assert read.text() == made.text()
    return read


def pasted(project: Project, what: clip.Clip, *, keep_incoming: bool = False) -> list[NodeId]:
    edit = clip.paste(project, project.new_ids(), what, (400.0, 300.0), keep_incoming=keep_incoming)
    return intents.added(do(project, edit))


def test_pasted_blocks_have_the_same_parameters_wires_and_arrangement() -> None:
    project = digits_cnn().project
    nodes = pasted(project, copied(project, "conv1", "relu1", "pool1"))
    graph = project.graph
    assert [graph.node(node).name for node in nodes] == ["conv1_2", "relu1_2", "pool1_2"]
    assert graph.node(nodes[0]).params == graph.node(NodeId("n3")).params
    assert [(e.source.node, e.target.node) for node in nodes for e in graph.edges_into(node)] == [
        (nodes[0], nodes[1]),
        (nodes[1], nodes[2]),
    ]
    before, after = ([project.layout[node] for node in ids] for ids in (["n3", "n4", "n5"], nodes))
    shifts = {(x1 - x0, y1 - y0) for (x0, y0), (x1, y1) in zip(before, after, strict=True)}
    assert len(shifts) == 1
    assert after[0] == (400.0, 300.0)


def test_pasting_twice_gives_each_block_a_name_of_its_own() -> None:
    project = digits_cnn().project
    what = copied(project, "conv1", "relu1")
    pasted(project, what)
    pasted(project, what)
    assert {"conv1", "conv1_2", "conv1_3", "relu1_3"} <= {node.name for node in project.graph.nodes()}


def test_blocks_are_pasted_into_another_network() -> None:
    project = Drawing().project
    pasted(project, copied(digits_cnn().project, "flatten", "classes"))
    assert wires(project) == [("flatten", "y", "classes", "x")]


def test_incoming_wires_are_kept_on_request_from_blocks_of_the_same_names() -> None:
    project = digits_cnn().project
    what = copied(project, "conv1", "loss")
    conv, loss = pasted(project, what, keep_incoming=True)
    incoming = {
        (e.source.node, e.source.port, e.target.port) for n in (conv, loss) for e in project.graph.edges_into(n)
    }
    assert incoming == {("n1", "y", "x"), ("n7", "y", "logits"), ("n2", "y", "target")}
    assert project.graph.edges_into(pasted(project, what)[0]) == []
    assert pasted(Drawing().project, what, keep_incoming=True)


def test_a_block_without_wires_and_one_of_an_unknown_type_survive_copying() -> None:
    drawing = Drawing()
    drawing.put("LSTM", "lstm", hidden_size=7)
    AddNode(Node(NodeId("n9"), "Mystery", "odd", {"a": [1, {"b": None}]}), (5.0, 5.0)).apply(drawing.project)
    project = drawing.project
    nodes = pasted(project, copied(project, "lstm", "odd"))
    assert project.graph.node(nodes[1]).type == "Mystery"
    assert project.graph.node(nodes[1]).params == project.graph.node(NodeId("n9")).params


def test_nothing_chosen_is_nothing_copied() -> None:
    assert clip.clip(digits_cnn().project, []) is None
    assert clip.clip(digits_cnn().project, [NodeId("n99")]) is None


def test_the_text_of_a_whole_project_can_be_pasted() -> None:
    source = digits_cnn().project
    what = clip.parse(dumps(source))
    assert isinstance(what, clip.Clip)
    project = Project()
    pasted(project, what)
    assert sorted(wires(project)) == sorted(wires(source))
    assert dumps(project).count('"type"') == len(source.graph)


def test_a_clip_names_its_format_first() -> None:
    text = copied(digits_cnn().project, "conv1").text()
    assert next(iter(json.loads(text).items())) == ("format", "netbuilder-clip")


HEAD = '{"format": "netbuilder-clip", "version": 1, '
EMPTY = HEAD + '"data": {}, "edges": [], "layout": {}, "nodes": {}, "training": {}}'
NODE = '{"name": "a", "params": {}, "type": "Linear"}'


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "https://example.org/netbuilder-clip",
        "[]",
        "null",
        '{"format": "something else"}',
        EMPTY,
        EMPTY[:-1],
        HEAD,
        HEAD + '"nodes": ' + "[" * 100_000,
        HEAD + '"nodes": ' + "9" * 10_000 + "}",
        EMPTY.replace('"version": 1', '"version": 2'),
        EMPTY.replace('"version": 1', '"version": 1, "version": 1'),
        EMPTY.replace('"nodes": {}', f'"nodes": {{"n1": {NODE}}}'),
        EMPTY.replace('"nodes": {}', f'"nodes": {{"n1": {NODE}}}').replace(
            '"layout": {}', '"layout": {"n1": [NaN, 0]}'
        ),
        EMPTY.replace('"nodes": {}', f'"nodes": {{"n1": {NODE}}}').replace(
            '"layout": {}', '"layout": {"n1": [1e999, 0]}'
        ),
        EMPTY.replace('"nodes": {}', f'"nodes": {{"../../n1": {NODE}}}'),
        EMPTY.replace('"edges": []', '"edges": [["n1.y", "n2.x"]]'),
        EMPTY + " " * (9 * 2**20),
        '{"format": "netbuilder-clip"' + "\x00" * 50,
        '{"format": "netbuilder-clip", "\ud800": 1}',
    ],
)
def test_text_that_is_no_clip_is_refused_with_a_sentence(text: str) -> None:
    read = clip.parse(text)
    assert isinstance(read, Refusal)
    assert read.code == "clipboard"
    assert read.message


@pytest.mark.parametrize(
    "incoming",
    ['"n1"', "[1, 2]", '[["a", "y", "n1"]]', '[["a", "y", "n7", "x"]]', '[["a", "y", 3, "x"]]', '{"a": 1}', "[[[]]]"],
)
def test_incoming_wires_that_make_no_sense_are_left_out(incoming: str) -> None:
    text = EMPTY.replace('"nodes": {}', f'"nodes": {{"n1": {NODE}}}').replace(
        '"layout": {}', '"layout": {"n1": [0, 0]}'
    )
    read = clip.parse(text.replace('"data": {}', f'"data": {{"incoming": {incoming}}}'))
    assert isinstance(read, clip.Clip)
    assert read.incoming == ()


def test_a_second_incoming_wire_into_a_port_is_left_out() -> None:
    text = EMPTY.replace('"nodes": {}', f'"nodes": {{"n1": {NODE}}}').replace(
        '"layout": {}', '"layout": {"n1": [0, 0]}'
    )
    twice = '[["a", "y", "n1", "x"], ["b", "y", "n1", "x"]]'
    read = clip.parse(text.replace('"data": {}', f'"data": {{"incoming": {twice}}}'))
    assert isinstance(read, clip.Clip)
    assert read.incoming == (("a", "y", PortRef(NodeId("n1"), "x")),)
    drawing = Drawing()
    drawing.put("Input", "a")
    pasted(drawing.project, read, keep_incoming=True)
    assert wires(drawing.project) == [("a", "y", "a_2", "x")]
