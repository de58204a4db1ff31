"""Whatever is wrong with what a command is given: one sentence and status 1, and nothing on the disk has changed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.commands.conftest import Command

VERBS: tuple[tuple[str, ...], ...] = (
    ("check",),
    ("check", "--json"),
    ("train",),
    ("train", "--json"),
    ("code",),
    ("export", "-o", "OUT/model.onnx"),
    ("screenshot", "-o", "OUT/window.png"),
)


def give(command: Command, verb: tuple[str, ...], file: Path) -> str:
    """Give a bad file to a verb; return the sentence that it is refused with."""
    out = file.parent / "out"
    out.mkdir(exist_ok=True)
    name, *options = (each.replace("OUT", str(out)) for each in verb)
    done = command(name, file, *options)
    assert done.out == ""
    assert list(out.iterdir()) == []
    return done.refusal()


@pytest.mark.parametrize("verb", VERBS, ids=" ".join)
def test_a_missing_file_is_named(command: Command, tmp_path: Path, verb: tuple[str, ...]) -> None:
    assert give(command, verb, tmp_path / "gone.netb") == f"There is no file {tmp_path / 'gone.netb'}."


@pytest.mark.parametrize("verb", VERBS, ids=" ".join)
def test_a_truncated_file_is_refused(command: Command, file: Path, verb: tuple[str, ...]) -> None:
    file.write_bytes(file.read_bytes()[:400])
    assert give(command, verb, file).endswith("the file ends in the middle; it was cut off.")
    assert file.stat().st_size == 400


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "is empty"),
        ("PK\x03\x04", "not valid JSON"),
        ('{"format": "onnx"}', "not a NetBuilder project"),
        ('{"format": "netbuilder", "version": 2}', "newer NetBuilder"),
        ('{"format": "netbuilder", "format": "netbuilder"}', "“format” is given twice"),
        ('{"format": NaN}', "NaN is not a number"),
        ("[" * 100_000 + "]" * 100_000, "nested more than 64 deep"),
        ('{"format": "netbuilder", "version": 1}', "“data” is missing"),
    ],
)
def test_a_file_that_is_no_project_is_refused(command: Command, tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "bad.netb"
    path.write_text(text, encoding="utf-8")
    assert sentence in command("check", path).refusal()


def test_a_file_of_a_gigabyte_is_refused(command: Command, tmp_path: Path) -> None:
    path = tmp_path / "huge.netb"
    with path.open("wb") as huge:
        huge.truncate(2**30)
    assert "a project has at most 17 MB" in command("check", path).refusal()


def change(file: Path, **sections: Any) -> None:
    content = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps({**content, **sections}), encoding="utf-8")


@pytest.mark.parametrize(
    ("section", "sentence"),
    [
        ({"data": {}}, "no field “features”"),
        ({"data": {"source": "netbuilder.cli:main", "fields": {}}}, "data"),
        ({"training": {"epochs": "many"}}, "epochs has to be a whole number"),
        ({"training": {"callback": "os.system"}}, "callback"),
    ],
)
def test_a_section_that_makes_no_sense_is_refused(
    command: Command, file: Path, section: dict[str, Any], sentence: str
) -> None:
    change(file, **section)
    assert sentence in command("train", file).refusal()


def test_an_unknown_block_and_a_cycle_are_problems_of_the_network(command: Command, file: Path) -> None:
    content = json.loads(file.read_text(encoding="utf-8"))
    content["nodes"]["n4"]["type"] = "os.system"
    content["edges"] = [wire for wire in content["edges"] if wire[1] != "n3.x"] + [["n5.y", "n3.x"]]
    file.write_text(json.dumps(content), encoding="utf-8")
    codes = {error["code"] for error in command("check", file, "--json").json()["errors"]}
    assert codes >= {"unknown-block", "cycle"}
    assert "netbuilder check" in command("code", file).refusal()


def test_a_folder_that_is_no_run_is_refused(command: Command, tmp_path: Path) -> None:
    for verb in (("evaluate",), ("export", "-o", tmp_path / "model.onnx"), ("train", "--resume")):
        sentence = command(verb[0], *verb[1:], tmp_path).refusal()
        assert sentence == f"{tmp_path} is not the folder of a run: it has no run.json."


def test_a_missing_run_is_named(command: Command, tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    for verb in (("evaluate",), ("train", "--resume")):
        assert command(*verb, gone).refusal() == f"There is no folder {gone}."


@pytest.mark.parametrize(
    "verb", [("code",), ("export",), ("train", "--epochs", "1", "--out")], ids=lambda verb: verb[0]
)
def test_a_place_that_can_not_be_written_is_refused(
    command: Command, file: Path, tmp_path: Path, verb: tuple[str, ...]
) -> None:
    (tmp_path / "taken").touch()
    name, *options = verb
    where = tmp_path / "taken" / "out.onnx"
    done = command(name, file, *(options or ["-o"]), where)
    assert str(where.parent) in done.refusal()


def test_a_name_can_not_reach_the_terminal_with_more_than_its_letters(command: Command, tmp_path: Path) -> None:
    path = tmp_path / "bad.netb"
    nodes = {"n1": {"name": "\x1b[2Jx\n y", "params": {}, "type": "Input"}}
    path.write_text(json.dumps({"format": "netbuilder", "version": 1, "nodes": nodes}), encoding="utf-8")
    change(path, data={}, edges=[], layout={"n1": [0, 0]}, training={})
    assert "\x1b" not in command("check", path).refusal()


# The streams


def run(*arguments: object, **streams: Any) -> subprocess.CompletedProcess[str]:
    given = [sys.executable, "-m", "netbuilder", *map(str, arguments)]
    return subprocess.run(given, stderr=subprocess.PIPE, text=True, check=False, **streams)


def test_a_full_disk_behind_the_output_is_one_sentence() -> None:
    with open("/dev/full", "w") as full:
        done = run("blocks", stdout=full)
    assert (done.returncode, done.stderr) == (1, "The output can't be used: the disk is full.\n")


def test_a_reader_that_goes_away_is_met_with_silence() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = run("blocks", stdout=writer)
    finally:
        os.close(writer)
    assert (done.returncode, done.stderr) == (1, "")


def test_an_output_that_speaks_another_alphabet_gets_what_it_can_read() -> None:
    done = run("blocks", stdout=subprocess.PIPE, env={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert done.returncode == 0
    assert "\\xd7" in done.stdout


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
def test_a_stream_that_was_closed_before_is_no_problem(closed: str, tmp_path: Path) -> None:
    def status(verb: str) -> int:
        return subprocess.run(f'"{sys.executable}" -m netbuilder {verb} {closed}', shell=True, check=False).returncode

    assert status("blocks") == 0
    assert status(f"check {tmp_path / 'gone.netb'}") == 1


def test_a_file_is_no_run(command: Command, file: Path) -> None:
    for verb in (("evaluate",), ("train", "--resume")):
        assert command(*verb, file).refusal() == f"{file} is a file, not the folder of a run."
