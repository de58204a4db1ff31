"""A file that can't be opened is refused in one clear sentence that says where it is wrong."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netbuilder.diagnostics import NetbuilderError
from netbuilder.graph.files import dumps, load, loads
from tests.graph.projects import grouped_project, small_project

SMALL = dumps(small_project())


def refusal(text: str) -> str:
    with pytest.raises(NetbuilderError) as caught:
        loads(text, "net.netb")
    message = str(caught.value)
    assert message.startswith("net.netb: ")
    assert "\n" not in message
    assert message.endswith(".")
    assert len(message) < 300
    return message


def changed(change: Callable[[dict[str, Any]], object]) -> str:
    content = json.loads(SMALL)
    change(content)
    return json.dumps(content)


# The text


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "the file is empty."),
        (" \n ", "the file is empty."),
        (SMALL[:300], "the file ends in the middle; it was cut off."),
        (SMALL[:10], "line 2: the file ends in the middle"),
        (SMALL.replace('"epochs": 25,', '"epochs": 25'), "line 53: this is not valid JSON"),
        (SMALL + "}", "this is not valid JSON (extra data)"),
        (SMALL.replace("16", "016"), "line 36: this is not valid JSON"),
        (SMALL.replace("16", "1-6"), "line 36: this is not valid JSON"),
        ("\x7fELF\x00\x01", "line 1: this is not valid JSON"),
        (SMALL.replace("25", "NaN"), "line 52: NaN is not a number."),
        (SMALL.replace("25", "-Infinity"), "line 52: -Infinity is not a number."),
        (SMALL.replace("25", "1e999"), "line 52: the number 1e999 is too large or too long."),
        (SMALL.replace("25", "9" * 400), "line 52: the number 9999999999999999999999999999999999999... is too large"),
        (SMALL.replace("25", "0." + "1" * 5000), "line 52: the number 0.11111111111111111111111111111111111..."),
        (SMALL.replace('"learning_rate"', '"epochs"'), "line 53: the key “epochs” is given twice."),
        (SMALL.replace('"learning_rate"', '"epo\\u0063hs"'), "line 53: the key “epochs” is given twice."),
        (SMALL.replace('"n3": {', '"n2": {'), "line 40: the key “n2” is given twice."),
        (SMALL.replace("25", "[" * 100_000), "line 52: this is nested more than 64 deep."),
        ("[" * 100_000, "line 1: this is nested more than 64 deep."),
        ('{"a":' * 100_000 + "1" + "}" * 100_000, "line 1: this is nested more than 64 deep."),
        ('{"a": "' + '\\"' * 1_000_000, "line 1: the file ends in the middle"),
        ('{"a": "\\', "line 1: the file ends in the middle"),
        ("]" * 1000, "line 1: this is not valid JSON"),
        ("'" * 1000, "line 1: this is not valid JSON"),
    ],
)
def test_text_that_is_not_strict_json_is_refused_with_its_line(text: str, sentence: str) -> None:
    assert sentence in refusal(text)


@pytest.mark.parametrize("text", ["null", "3", "[]", "{}", '"netbuilder"', '{"format": "onnx"}', '{"format": ["x"]}'])
def test_another_programs_file_is_refused(text: str) -> None:
    assert "this is not a NetBuilder project" in refusal(text)


def test_a_newer_version_is_refused_with_advice() -> None:
    assert "newer NetBuilder (file version 2; this one reads 1): update" in refusal(
        changed(lambda c: c.update(version=2))
    )


@pytest.mark.parametrize("version", [0, -1, 1.0, True, "1", None, [1]])
def test_a_version_that_is_none_is_refused(version: object) -> None:
    assert "“version” has to be a whole number" in refusal(changed(lambda c: c.update(version=version)))


# The content


def _set(*path: str | int) -> Callable[[Any], Callable[[dict[str, Any]], None]]:
    def to(value: Any) -> Callable[[dict[str, Any]], None]:
        def change(content: Any) -> None:
            *parents, last = path
            for key in parents:
                content = content[key]
            content[last] = value

        return change

    return to


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda c: c.pop("edges"), "“edges” is missing in the file."),
        (lambda c: c.pop("training"), "“training” is missing in the file."),
        (_set("notes")("x"), "“notes” is not known in the file."),
        (_set("nodes")([]), "“nodes” has to be an object in braces, not []."),
        (_set("nodes", "n2")(None), "node n2 has to be an object in braces, not null."),
        (_set("nodes", "n2", "name")(5), "node n2: “name” has to be text, not 5."),
        (_set("nodes", "n2", "name")("2 fast"), "“2 fast” can't be a name"),
        (_set("nodes", "n2", "name")("2\n fast"), "“2 fast” can't be a name"),
        (_set("nodes", "n2", "name")("class"), "“class” can't be a name: it is a word of the Python language."),
        (_set("nodes", "n2", "name")("image"), "There is a node named “image” already."),
        (_set("nodes", "n2", "name")("x" * 65), "at most 64 characters"),
        (_set("nodes", "n2", "type")(None), "node n2: “type” has to be text, not null."),
        (_set("nodes", "n2", "type")(""), "node n2: “type” has to be 1 to 200 characters long."),
        (_set("nodes", "n2", "type")("x" * 201), "node n2: “type” has to be 1 to 200 characters long."),
        (_set("nodes", "n2", "params")([1]), "node n2: “params” has to be an object in braces, not [1]."),
        (_set("nodes", "n2", "color")("red"), "“color” is not known in node n2."),
        (lambda c: c["nodes"]["n2"].pop("type"), "“type” is missing in node n2."),
        (_set("nodes", "n02")({}), "“n02” is not a node id"),
        (_set("nodes", "n1234567890")({}), "“n1234567890” is not a node id"),
        (_set("nodes", "../../etc")({}), "“../../etc” is not a node id"),
        (_set("edges")({}), "“edges” has to be a list, not {}."),
        (_set("edges", 1)("n1.y"), 'edge 2: a wire has to be a list, not "n1.y".'),
        (_set("edges", 1)(["n1.y"]), "edge 2: a wire has two ends"),
        (_set("edges", 1)(["n1.y", 7]), "edge 2: the end of a wire is a node id and a port, such as “n1.y”, not 7."),
        (_set("edges", 1)(["n1", "n3.x"]), 'such as “n1.y”, not "n1".'),
        (_set("edges", 1)(["n1.", "n3.x"]), 'such as “n1.y”, not "n1.".'),
        (_set("edges", 1)(["n1." + "y" * 201, "n3.x"]), "such as “n1.y”, not"),
        (_set("edges", 1)(["n1.\x1b[31m\nred", "n99.x"]), "The wire n1. [31m red → n99.x is dangling"),
        (_set("edges", 1)(["n2.y", "n99.x"]), "edge 2: The wire n2.y → n99.x is dangling: there is no node n99."),
        (_set("edges", 1)(["n99.y", "n3.x"]), "edge 2: The wire n99.y → n3.x is dangling: there is no node n99."),
        (_set("edges", 1)(["n1.y", "n10.x"]), "edge 3: Input “x” of “logits” has a wire already."),
        (_set("layout")([]), "“layout” has to be an object in braces, not []."),
        (_set("layout", "n99")([0, 0]), "“layout” places n99, and there is no such node."),
        (lambda c: c["layout"].pop("n3"), "“layout” has no place for node n3."),
        (_set("layout", "n3")(0), "the position of n3 has to be a list, not 0."),
        (_set("layout", "n3")([1, 2, 3]), "the position of n3 has to be two numbers, not 3."),
        (_set("layout", "n3")([1, "2"]), 'the position of n3 has to be two numbers up to 100,000,000, not "2".'),
        (_set("layout", "n3")([1, True]), "the position of n3 has to be two numbers"),
        (_set("layout", "n3")([1, 1e300]), "the position of n3 has to be two numbers up to 100,000,000, not 1e+300."),
        (_set("data")([]), "“data” has to be an object in braces, not []."),
        (_set("training")(None), "“training” has to be an object in braces, not null."),
    ],
)
def test_content_of_the_wrong_kind_is_refused_with_its_place(change: Callable[[Any], object], sentence: str) -> None:
    assert sentence in refusal(changed(change))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (_set("groups")([]), "“groups” has to be an object in braces, not []."),
        (_set("groups")({f"g{number}": {} for number in range(1, 1002)}), "at most 1,000 groups, not 1,001."),
        (_set("groups", "g1")(None), "group g1 has to be an object in braces, not null."),
        (lambda c: c["groups"]["g1"].pop("name"), "“name” is missing in group g1."),
        (_set("groups", "g1", "color")("red"), "“color” is not known in group g1."),
        (_set("groups", "g1", "name")(5), "group g1: “name” has to be text, not 5."),
        (_set("groups", "g1", "description")(5), "group g1: “description” has to be text, not 5."),
        (_set("groups", "g1", "description")("x" * 4001), "A description has at most 4,000 characters, not 4,001."),
        (_set("groups", "g1", "description")("a\0b"), "it can't hold the character U+0000."),
        (_set("groups", "g1", "description")("\ud800"), "it can't hold the character U+D800."),
        (_set("groups", "g1", "name")("Inner"), "There is a group named “Inner” already."),
        (_set("groups", "g1", "name")("2 fast"), "“2 fast” can't be a name"),
        (_set("groups", "g1", "parameters")([1]), "group g1: “parameters” has to be an object in braces, not [1]."),
        (_set("groups", "g1", "parameters")({"repeat": 1}), "“repeat” can't be a parameter's name: every instance"),
        (_set("groups", "g1", "parameters")({"for": 1}), "“for” can't be a name: it is a word of the Python language."),
        (_set("groups", "g1", "edges", 0)(["n20.y", "n1.x"]), "group g1: edge 1: The wire n20.y → n1.x is dangling"),
        (_set("groups", "g1", "layout", "n3")([0, 0]), "group g1: “layout” places n3, and there is no such node."),
        (lambda c: c["groups"]["g1"]["layout"].pop("n20"), "group g1: “layout” has no place for node n20."),
        (
            lambda c: c["groups"]["g12"].update(nodes={"n1": c["nodes"]["n1"]}, layout={"n1": [0, 0]}),
            "There is a node n1 already.",
        ),
        (lambda c: c["groups"].update(x=c["groups"].pop("g12")), "“x” is not the id of a group."),
    ],
)
def test_a_group_of_the_wrong_kind_is_refused_with_its_place(change: Callable[[Any], object], sentence: str) -> None:
    content = json.loads(dumps(grouped_project()))
    change(content)
    assert sentence in refusal(json.dumps(content))


def _places(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Return every place below the top of a JSON value that this format gives a meaning to."""
    if path[:1] in (("data",), ("training",)) or "params" in path:
        return [path] if len(path) == 1 or path[-1] == "params" else []
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return ([path] if path else []) + [place for key, item in pairs for place in _places(item, (*path, key))]


@given(place=st.sampled_from(_places(json.loads(SMALL))), value=st.sampled_from([None, True, 1.5, "?!", [], {}, [[]]]))
def test_a_wrong_type_in_any_place_is_refused_or_is_right(place: tuple[str | int, ...], value: Any) -> None:
    text = changed(_set(*place)(value))
    try:
        project = loads(text, "net.netb")
    except NetbuilderError:
        refusal(text)
    else:
        assert dumps(loads(dumps(project))) == dumps(project)


@given(st.integers(0, len(SMALL) - 2))
def test_a_file_cut_off_anywhere_is_refused(length: int) -> None:
    refusal(SMALL[:length])


@given(st.binary(max_size=200))
def test_any_bytes_are_refused_in_a_sentence(content: bytes) -> None:
    refusal(content.decode("latin-1"))


# The file


def sentence_for(path: Path) -> str:
    with pytest.raises(NetbuilderError) as caught:
        load(path)
    return str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    assert sentence_for(tmp_path / "gone.netb") == f"There is no file {tmp_path / 'gone.netb'}."


def test_a_folder_is_not_a_project(tmp_path: Path) -> None:
    assert sentence_for(tmp_path) == f"{tmp_path} is a folder, not a project file."


def test_a_file_inside_a_file_can_not_be_read(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "can't be read: a part of its path is a file" in sentence_for(tmp_path / "file" / "net.netb")


def test_a_file_of_a_gigabyte_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "huge.netb"
    with path.open("wb") as file:
        file.truncate(10**9)
    assert sentence_for(path) == f"{path} has 1,000 MB: a project has at most 17 MB."


def test_a_pipe_or_a_device_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.netb")
    assert sentence_for(tmp_path / "pipe.netb").endswith("is not a file.")
    assert sentence_for(Path("/dev/zero")).endswith("is not a file.")


def test_bytes_that_are_no_text_are_refused_with_their_line(tmp_path: Path) -> None:
    path = tmp_path / "net.netb"
    path.write_bytes(SMALL.encode().replace(b"image", b"im\xe4ge"))
    assert sentence_for(path) == f"{path}: line 6: this is not UTF-8 text, so it is no project file."


def test_a_problem_inside_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "net.netb"
    path.write_text(SMALL.replace('"name": "conv1"', '"name": 5'), encoding="utf-8")
    assert sentence_for(path) == f"{path}: node n2: “name” has to be text, not 5."
