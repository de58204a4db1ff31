"""`netbuilder [FILE]`, `demo`, `screenshot`, and what becomes of them where no window can be opened."""

from __future__ import annotations

import json
import os
import signal
import struct
import subprocess
import sys
import time
from pathlib import Path

import pytest

from netbuilder.cli import main
from netbuilder.commands import window
from netbuilder.examples import find
from tests.commands.conftest import Command

NO_DISPLAY: dict[str, str | None] = {"QT_QPA_PLATFORM": None, "DISPLAY": None, "WAYLAND_DISPLAY": None}


def test_without_a_display_the_window_is_refused_and_the_rest_is_named(process: Command, file: Path) -> None:
    for arguments in ((), (file,)):
        sentence = process(*arguments, **NO_DISPLAY).refusal()
        assert sentence.startswith(
            "There is no display to open a window on: neither DISPLAY nor WAYLAND_DISPLAY is set."
        )
        assert "train" in sentence


def test_a_display_that_does_not_answer_is_named(process: Command, file: Path) -> None:
    sentence = process(file, **{**NO_DISPLAY, "DISPLAY": ":32123"}).refusal()
    assert sentence.startswith("The display :32123 (DISPLAY) does not answer.")


def test_missing_system_libraries_are_named_as_packages(
    command: Command, file: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def missing(*, under_x: bool) -> list[str]:
        return ["libegl1", "libxkbcommon0"]

    monkeypatch.setattr(window, "missing_packages", missing)
    for arguments in ((file,), ("screenshot", file, "-o", tmp_path / "window.png")):
        assert "apt install libegl1 libxkbcommon0." in command(*arguments).refusal()


def test_a_missing_file_is_told_before_any_window_opens(command: Command, tmp_path: Path) -> None:
    assert command(tmp_path / "gone.netb").refusal() == f"There is no file {tmp_path / 'gone.netb'}."


def test_a_word_that_is_neither_file_nor_verb_is_led_to_the_help(command: Command) -> None:
    assert command("frobnicate").refusal() == (
        "There is no file frobnicate. What netbuilder can do is listed by netbuilder --help."
    )


def test_the_demo_without_a_display_says_so_and_does_the_same_job(process: Command, tmp_path: Path) -> None:
    done = process("demo", **NO_DISPLAY, XDG_DATA_HOME=str(tmp_path))
    assert done.status == 0, done.err
    first, *_ = done.out.splitlines()
    assert first.startswith("There is no display to open a window on")
    assert "Trained 20 epochs" in done.out
    accuracy = float(done.out.split("accuracy ")[-1].split()[0])
    assert accuracy >= 0.97
    for batch in (1, 3, 17):
        assert f"batch {batch:>2}: onnxruntime differs from torch by at most" in done.out
    (model,) = tmp_path.rglob("*.onnx")
    assert f"{model} is written" in done.out


def lines(file: Path) -> list[str]:
    return file.read_text(encoding="utf-8").splitlines() if file.exists() else []


def test_the_demo_opens_the_window_and_trains_and_ctrl_c_closes_it_with_all_kept(display: str, tmp_path: Path) -> None:
    homes = {f"XDG_{kind}_HOME": str(tmp_path / kind) for kind in ("DATA", "CONFIG", "STATE", "CACHE")}
    environment = {**os.environ, **homes, "DISPLAY": display}
    del environment["QT_QPA_PLATFORM"]
    demo = [sys.executable, "-m", "netbuilder", "demo"]
    window = subprocess.Popen(demo, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        while not any(map(lines, (tmp_path / "DATA").glob("netbuilder/runs/*/metrics.jsonl"))):
            assert window.poll() is None
            time.sleep(0.05)
        window.send_signal(signal.SIGINT)
        said, _ = window.communicate()
    finally:
        window.kill()
    assert (window.returncode, said) == (0, b"")
    (run,) = tmp_path.rglob("run.json")
    assert json.loads(run.read_text(encoding="utf-8"))["state"] in ("stopped", "finished")
    assert (run.parent / "last.safetensors").is_file()


def test_a_screenshot_is_a_picture_of_the_size_asked_for(process: Command, file: Path, tmp_path: Path) -> None:
    for theme in ("light", "dark"):
        picture = tmp_path / f"{theme}.png"
        done = process("screenshot", file, "-o", picture, "--size", "1280x800", "--theme", theme, **NO_DISPLAY)
        assert (done.status, done.err) == (0, "")
        content = picture.read_bytes()
        assert content.startswith(b"\x89PNG\r\n\x1a\n")
        assert struct.unpack(">II", content[16:24]) == (1280, 800)
    assert (tmp_path / "light.png").read_bytes() != (tmp_path / "dark.png").read_bytes()


def test_a_screenshot_shows_the_inside_of_a_group(process: Command, tmp_path: Path) -> None:
    file, pictures = find("gpt2_small").path, [tmp_path / f"{name}.png" for name in ("whole", "block", "mlp")]
    for picture, inside in zip(pictures, ([], ["--inside", "GPTBlock"], ["--inside", "MLP"]), strict=True):
        done = process("screenshot", file, "-o", picture, *inside, **NO_DISPLAY)
        assert (done.status, done.err) == (0, "")
    assert len({picture.read_bytes() for picture in pictures}) == 3


@pytest.mark.parametrize("name", ["Encoder", ""])
def test_the_inside_of_a_group_that_is_not_there_is_refused(process: Command, tmp_path: Path, name: str) -> None:
    picture = tmp_path / "inside.png"
    done = process("screenshot", find("gpt2_small").path, "-o", picture, "--inside", name, **NO_DISPLAY)
    assert done.refusal() == f"There is no group “{name}” in this project. Its groups: MLP, GPTBlock."
    assert not picture.exists()


def test_a_picture_that_can_not_be_written_is_refused(process: Command, file: Path, tmp_path: Path) -> None:
    (tmp_path / "taken").touch()
    sentence = process("screenshot", file, "-o", tmp_path / "taken" / "window.png", **NO_DISPLAY).refusal()
    assert "can't be written: a part of its path is a file, not a folder." in sentence


@pytest.mark.parametrize(
    ("verb", "sentence"),
    [("code", "Print a network as plain PyTorch."), ("export", "Write an ONNX file that is proven equal.")],
)
def test_the_help_of_a_verb_writes_names_as_their_owners_do(
    verb: str, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([verb, "--help"]) == 0
    assert sentence in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["train", "--help"], ["check", "gone"], ["blocks"]])
def test_simple_questions_are_answered_without_torch_and_qt(arguments: list[str]) -> None:
    script = (
        "import sys; from netbuilder.cli import main; main(sys.argv[1:]);"
        "print(sorted({'torch', 'PySide6', 'onnx', 'sklearn'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script, *arguments], capture_output=True, text=True, check=False)
    assert done.stdout.splitlines()[-1] == "[]"
