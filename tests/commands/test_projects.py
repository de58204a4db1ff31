"""`examples`, `new`, `check`, `code`, `blocks`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import torch

from netbuilder import assets
from netbuilder.blocks import registry
from netbuilder.blocks.parameters import parameters
from netbuilder.examples import find
from netbuilder.graph.edits import AddNode, Disconnect, SetParameter, SetSection
from netbuilder.graph.files import load, save
from netbuilder.graph.model import Node, NodeId, freeze
from tests.commands.conftest import Command
from tests.drawing import Drawing
from tests.graph.projects import wire


def test_check_says_that_all_is_well_and_counts(command: Command, file: Path) -> None:
    done = command("check", file)
    assert done.status == 0
    assert f"{file}: 8 blocks, 67 parameters, " in done.out


def test_check_as_json(command: Command, file: Path) -> None:
    found = command("check", file, "--json").json()
    assert list(found) == ["errors", "warnings", "parameters", "flops", "nodes"]
    assert (found["errors"], found["warnings"]) == ([], [])
    assert (found["parameters"], found["nodes"]) == (67, 8)
    assert found["flops"] >= 2 * (4 * 8 + 8 * 3)


def test_check_refuses_settings_with_which_training_would_not_begin(command: Command, file: Path) -> None:
    project = load(file)
    SetSection("training", {**project.training, "epochs": -1}).apply(project)
    SetSection("data", {**project.data, "split": {"train": 0.9, "validation": 0.9, "test": 0.9}}).apply(project)
    save(project, file)
    done = command("check", file)
    assert done.refusal() == f"{file} has 2 errors."
    assert "epochs" in done.out
    assert "add up to 1" in done.out
    found = command("check", file, "--json").json()["errors"]
    assert [each["code"] for each in found] == ["training-section", "data-section"]


def test_check_counts_what_is_wrong_inside_of_a_group_once(command: Command, file: Path) -> None:
    drawing = Drawing()
    with drawing.group("stage") as stage:
        drawing.put("Output", "y", drawing.put("Linear", "linear", drawing.put("Input", "x"), out_features="=nothing"))
    x = drawing.put("Input", "x", shape=[8])
    for name in ("first", "second"):
        x = drawing.put_group(stage, name, x)
    drawing.put("Output", "out", x)
    save(drawing.project, file)
    done = command("check", file)
    assert done.refusal() == f"{file} has 1 error."
    assert "linear.out_features:" in done.out


def test_check_lists_every_problem_at_its_place_and_fails(command: Command, file: Path) -> None:
    project = load(file)
    Disconnect(wire("n4.y", "n5.x")).apply(project)
    SetParameter(NodeId("n3"), "out_features", -1).apply(project)
    AddNode(Node(NodeId("n9"), "acme.Quantum", "mystery", {})).apply(project)
    save(project, file)
    done = command("check", file)
    assert done.refusal().startswith(f"{file} has ")
    for words in ("hidden.out_features:", "logits.x:", "mystery:", "[bad-parameter]"):
        assert words in done.out

    found = command("check", file, "--json").json()
    assert {(each["code"], each["node"], each["port"]) for each in found["errors"]} >= {
        ("bad-parameter", "hidden", None),
        ("unconnected-port", "logits", "x"),
        ("unknown-block", "mystery", None),
    }
    assert all(set(each) == {"code", "message", "node", "port"} for each in found["errors"] + found["warnings"])


def test_check_tells_problems_inside_of_groups_by_the_groups_names(command: Command, tmp_path: Path) -> None:
    drawing, file = Drawing(), tmp_path / "grouped.netb"
    with drawing.group("Block") as block:
        x = drawing.put("Input", "x")
        drawing.put("ReLU", "astray", x)
        drawing.put("Output", "y", drawing.put("Linear", "fc", x, out_features="=width"))
    x = drawing.put("Input", "x", shape=[4])
    drawing.put("Output", "out", drawing.put_group(block, "block", x))
    save(drawing.project, file)
    found = command("check", file, "--json").json()
    assert [each["node"] for each in found["errors"]] == ["Block.fc"]
    assert "Block.astray" in [each["node"] for each in found["warnings"]]
    assert "error Block.fc.out_features: " in command("check", file).out


def test_a_huge_layer_is_counted_and_not_built(command: Command, file: Path) -> None:
    project = load(file)
    SetParameter(NodeId("n3"), "out_features", 2_000_000_000).apply(project)
    save(project, file)
    found = command("check", file, "--json").json()
    assert found["parameters"] == 2_000_000_000 * (4 + 1 + 3) + 3
    assert "memory" in command("train", file).refusal()


def test_code_runs_where_only_torch_is_installed(command: Command, file: Path) -> None:
    done = command("code", file)
    assert done.status == 0
    assert "netbuilder" not in done.out
    scope: dict[str, type[torch.nn.Module]] = {}
    exec(done.out, scope)
    network = scope["IrisFlowers"]()
    assert set(network.state_dict()) == {"hidden.weight", "hidden.bias", "logits.weight", "logits.bias"}


def test_code_goes_to_a_file_where_one_is_named(command: Command, file: Path, tmp_path: Path) -> None:
    text = command("code", file).out
    done = command("code", file, "-o", tmp_path / "network.py")
    assert done.out == f"{tmp_path / 'network.py'} is written.\n"
    assert (tmp_path / "network.py").read_text(encoding="utf-8") == text


def test_a_class_is_named_after_its_file_where_python_can(command: Command, file: Path) -> None:
    file.rename(file.with_name("3 größe.netb"))
    assert "class Network(nn.Module):" in command("code", file.with_name("3 größe.netb")).out
    file.with_name("3 größe.netb").rename(file.with_name("größe_3.netb"))
    assert "class Größe3(nn.Module):" in command("code", file.with_name("größe_3.netb")).out


def test_new_writes_an_empty_project_once(command: Command, tmp_path: Path) -> None:
    path = tmp_path / "new.netb"
    assert command("new", path).status == 0
    assert len(load(path).graph) == 0
    before = path.read_bytes()
    assert command("new", path).refusal() == f"{path} is there already; give the new project another name."
    assert path.read_bytes() == before


def test_new_copies_an_example(command: Command, tmp_path: Path) -> None:
    assert command("new", "--example", "iris_mlp", tmp_path / "mine.netb").status == 0
    assert command("check", tmp_path / "mine.netb").status == 0


def test_an_unknown_example_is_answered_with_the_known_ones(command: Command, tmp_path: Path) -> None:
    sentence = command("new", "--example", "mnist", tmp_path / "mine.netb").refusal()
    assert sentence.startswith("There is no example “mnist”; there are digits_cnn, iris_mlp,")
    assert not (tmp_path / "mine.netb").exists()


def test_examples_are_listed(command: Command) -> None:
    listed = command("examples", "--json").json()["examples"]
    assert all(list(each) == ["name", "title", "description"] and all(each.values()) for each in listed)
    assert [each["name"] for each in listed][:2] == ["digits_cnn", "iris_mlp"]
    assert all(each["title"] in command("examples").out for each in listed)


def test_the_reference_has_a_page_for_every_block_with_what_each_parameter_takes(command: Command) -> None:
    text = command("blocks", "--markdown").out
    parts = re.split(r"^### (\w+)$", text, flags=re.MULTILINE)[1:]
    pages = dict(zip(parts[::2], parts[1::2], strict=True))
    blocks = [block.__name__ for members in registry.by_category().values() for block in members]
    assert list(pages) == [*blocks, *sorted(path.stem for path in (assets.resources() / "groups").glob("*.netb"))]
    assert "*Takes* `x`, `padding`. *Gives* `y`." in pages["BERTLayer"]
    assert "| `dropout` | `0.1` |" in pages["BERTLayer"]
    assert "Devlin et al. 2018" in pages["BERTLayer"]
    assert "| `out_channels` | a whole number of at least 1 | `32` | " in pages["Conv2d"]
    assert text.count("`weights`: a name for them") == 1
    for name, block in registry.blocks().items():
        assert all(f"| `{parameter.name}` | " in pages[name] for parameter in parameters(block))
        assert block.purpose() in pages[name]


def test_blocks_are_listed_with_all_that_a_form_needs(command: Command) -> None:
    listed = command("blocks", "--json").json()["blocks"]
    assert [each["id"] for each in listed] == list(registry.blocks())
    for block in listed:
        assert list(block) == ["id", "category", "help", "inputs", "outputs", "parameters"]
        assert block["help"].endswith(".")
        for each in block["parameters"]:
            assert list(each) == ["name", "type", "default", "minimum", "maximum", "choices"]
    linear = next(block for block in listed if block["id"] == "Linear")
    assert [port["name"] for port in linear["inputs"] + linear["outputs"]] == ["x", "y"]
    assert linear["parameters"][0] | {"maximum": None} == {
        "name": "out_features",
        "type": "int",
        "default": 64,
        "minimum": 1,
        "maximum": None,
        "choices": [],
    }


def test_blocks_can_be_read_by_people(command: Command) -> None:
    out = command("blocks").out
    assert "\nConvolution\n" in out
    assert "  Linear(out_features=64, bias=True)\n" in out


@pytest.mark.parametrize(
    ("stem", "name"),
    [
        ("digits-cnn", "DigitsCnn"),
        ("none", "Network"),
        ("True", "Network"),
        ("7", "Network"),
        ("MultiheadSelfAttention", "MultiheadSelfAttentionNetwork"),
        ("accuracy", "AccuracyNetwork"),
    ],
)
def test_code_names_the_class_after_the_file_and_after_nothing_else_in_it(
    command: Command, tmp_path: Path, stem: str, name: str
) -> None:
    path = tmp_path / f"{stem}.netb"
    command("new", "--example", "digits_transformer", path)
    text = command("code", path).out
    scope: dict[str, Any] = {}
    exec(text, scope)  # what is printed is a program
    assert scope[name]().state_dict()
    assert text.count(f"class {name}(nn.Module):") == 1


def test_an_even_kernel_is_no_reason_for_a_warning(process: Command, tmp_path: Path) -> None:
    project = load(find("digits_cnn").path)
    SetParameter(NodeId("n2"), "kernel_size", (4, 4)).apply(project)
    save(project, tmp_path / "even.netb")
    done = process("check", tmp_path / "even.netb")
    assert (done.status, done.err) == (0, "")


def test_a_name_can_not_reach_the_terminal_with_more_than_its_letters(command: Command, file: Path) -> None:
    project = load(file)
    hostile = "\x1b[2J\n" + "x" * 100_000
    fields = freeze({hostile: {"shape": [4], "dtype": "float32"}})
    SetSection("data", {"source": "iris", "fields": fields}).apply(project)
    save(project, file)
    done = command("check", file)
    assert "\x1b" not in done.out
    assert "unknown-field" in done.out
    assert max(map(len, done.out.splitlines())) < 1200
    told = command("train", file).err
    assert "\x1b" not in told
    assert len(told) < 1200


def test_code_is_not_written_over_the_project(command: Command, file: Path) -> None:
    before = file.read_bytes()
    other = file.parent / "link.py"
    other.symlink_to(file)
    for out in (file, other):
        assert command("code", file, "-o", out).refusal().endswith("give the code another name.")
    assert file.read_bytes() == before
