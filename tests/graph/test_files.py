"""What a `.netb` file looks like, and that nothing is lost between the canvas and the disk."""

from __future__ import annotations

import difflib
import json
from pathlib import Path

import pytest

from netbuilder.graph.edits import (
    AddNode,
    Connect,
    DescribeGroup,
    Disconnect,
    Edit,
    MoveNodes,
    RemoveNode,
    RenameNode,
    SetParameter,
)
from netbuilder.graph.files import dumps, load, loads, save
from netbuilder.graph.model import Node, NodeId
from netbuilder.graph.project import GroupId, Project
from tests.graph.projects import grouped_project, same, small_project, wire

SMALL = """\
{
  "format": "netbuilder",
  "version": 1,
  "data": {
    "fields": {
      "image": {
        "dtype": "float32",
        "shape": [1, 8, 8]
      }
    },
    "source": "digits"
  },
  "edges": [
    ["n1.y", "n2.x"],
    ["n2.y", "n3.x"],
    ["n3.y", "n10.x"]
  ],
  "layout": {
    "n1": [0, 0],
    "n2": [240, 0],
    "n3": [480, 0.5],
    "n10": [720, 0]
  },
  "nodes": {
    "n1": {
      "name": "image",
      "params": {
        "field": "image"
      },
      "type": "Input"
    },
    "n2": {
      "name": "conv1",
      "params": {
        "kernel_size": [3, 3],
        "out_channels": 16
      },
      "type": "Conv2d"
    },
    "n3": {
      "name": "flatten",
      "params": {},
      "type": "Flatten"
    },
    "n10": {
      "name": "logits",
      "params": {},
      "type": "Output"
    }
  },
  "training": {
    "epochs": 25,
    "learning_rate": 0.001
  }
}
"""


def test_a_project_is_written_a_parameter_a_line_and_positions_apart() -> None:
    assert dumps(small_project()) == SMALL


def test_an_empty_project_is_a_file_too() -> None:
    assert same(loads(dumps(Project())), Project())


def test_loading_and_saving_gives_the_same_bytes(tmp_path: Path) -> None:
    path = tmp_path / "small.netb"
    save(small_project(), path)
    first = path.read_bytes()
    save(load(path), path)
    assert path.read_bytes() == first == SMALL.encode()


def test_a_loaded_project_is_the_one_that_was_saved() -> None:
    assert same(loads(SMALL), small_project())


def test_a_file_rewritten_by_another_program_becomes_canonical_again() -> None:
    backwards = dict(reversed(json.loads(SMALL).items()))
    for text in (json.dumps(backwards), json.dumps(backwards, indent=8), SMALL.replace("\n", "\r\n")):
        assert dumps(loads(text)) == SMALL


def test_a_byte_order_mark_before_the_text_is_no_trouble(tmp_path: Path) -> None:
    path = tmp_path / "notepad.netb"
    path.write_bytes(b"\xef\xbb\xbf" + SMALL.encode())
    assert same(load(path), small_project())


@pytest.mark.parametrize(
    ("edit", "removed", "added"),
    [
        (SetParameter(NodeId("n2"), "out_channels", 32), 1, 1),
        (SetParameter(NodeId("n2"), "kernel_size", (5, 5)), 1, 1),
        (SetParameter(NodeId("n2"), "kernel_size", {"height": (1, {"deep": ()}), "width": 2}), 1, 1),
        (RenameNode(NodeId("n2"), "stem"), 1, 1),
        (MoveNodes(((NodeId("n2"), (250.0, 10.0)),)), 1, 1),
        (Disconnect(wire("n1.y", "n2.x")), 1, 0),
        (Connect(wire("n1.y", "n2.extra")), 0, 1),
        (RemoveNode(NodeId("n3")), 9, 1),
        (AddNode(Node(NodeId("n4"), "ReLU", "relu", {}), (1.0, 2.0)), 0, 6),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Edit) else "",
)
def test_a_small_change_is_a_small_diff(edit: Edit, removed: int, added: int) -> None:
    project = small_project()
    edit.apply(project)
    diff = list(difflib.ndiff(SMALL.splitlines(), dumps(project).splitlines()))
    assert sum(line.startswith("- ") for line in diff) == removed
    assert sum(line.startswith("+ ") for line in diff) == added


def test_an_unknown_block_survives_a_save_with_all_that_it_carries() -> None:
    payload = {
        "matrix": [[1, 2.5], [[], {}]],
        "nested": {"z": None, "a": {"deep": [True, False, 'é \\ " \n \u2028']}},
        "seed": 2**200,
        "tiny": 5e-324,
        "zero": -0.0,
        "half a pair": "\ud800",
        "": "no name",
    }
    project = small_project()
    AddNode(Node(NodeId("n11"), "acme.QuantumLayer/2", "mystery", payload)).apply(project)
    text = dumps(project)
    again = loads(text)
    assert dumps(again) == text
    assert json.loads(text)["nodes"]["n11"]["params"] == payload
    assert str(again.graph.node(NodeId("n11")).params["zero"]) == "-0.0"


def test_text_of_every_language_is_readable_in_the_file() -> None:
    project = small_project()
    SetParameter(NodeId("n1"), "help", "größer, 图像, 🙂").apply(project)
    assert '"help": "größer, 图像, 🙂"' in dumps(project)


def test_a_cycle_can_be_saved_for_the_problems_list_explains_it() -> None:
    project = small_project()
    Connect(wire("n3.y", "n2.back")).apply(project)
    Connect(wire("n3.y", "n3.self")).apply(project)
    assert same(loads(dumps(project)), project)


def test_a_number_that_json_can_not_hold_is_not_written() -> None:
    project = small_project()
    SetParameter(NodeId("n2"), "scale", float("nan")).apply(project)
    with pytest.raises(ValueError, match="not JSON compliant"):
        dumps(project)


def test_a_group_is_written_like_the_network_itself() -> None:
    lines = dumps(grouped_project()).splitlines()
    start = lines.index('  "groups": {')
    assert lines[start + 1 : start + 14] == [
        '    "g1": {',
        r'      "description": "Convolve.\n\nThen go on.",',
        '      "edges": [',
        '        ["n20.y", "n21.x"],',
        '        ["n21.y", "n22.x"]',
        "      ],",
        '      "layout": {',
        '        "n20": [0, 0],',
        '        "n21": [240, 0],',
        '        "n22": [480, 0],',
        '        "n23": [480, 200]',
        "      },",
        '      "name": "Block",',
    ]
    assert '            "out_channels": "=channels*4"' in lines


def test_a_group_without_a_description_has_no_line_for_it_and_a_file_from_before_there_were_any_opens() -> None:
    project = grouped_project()
    DescribeGroup(GroupId("g1"), "").apply(project)
    assert "description" not in dumps(project)
    assert loads(dumps(project)).groups[GroupId("g1")].description == ""


def test_a_project_with_groups_comes_back_as_it_was() -> None:
    project = grouped_project()
    assert same(loads(dumps(project)), project)
    assert dumps(loads(dumps(project))) == dumps(project)
