from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtGui import QImage

from netbuilder.diagnostics import NetbuilderError
from netbuilder.graph.edits import SetSection
from netbuilder.graph.files import save
from netbuilder.ui import libraries
from netbuilder.ui.recovery import left_behind
from netbuilder.ui.screenshot import screenshot
from netbuilder.ui.session import runs_folder
from tests.drawing import digits_cnn

MAIN = """
import sys
from pathlib import Path
from netbuilder.ui.app import main
sys.exit(main(Path(sys.argv[1]), train=True))
"""


@pytest.fixture
def digits(tmp_path: Path) -> Path:
    path = tmp_path / "digits.netb"
    project = digits_cnn().project
    SetSection("training", {"device": "cpu", "epochs": 10_000}).apply(project)
    save(project, path)
    return path


def wait_for(done: Callable[[], object], seconds: float = 90.0) -> None:
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_an_interrupt_while_training_ends_the_program_with_the_run_on_disk(digits: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", MAIN, str(digits)], stderr=subprocess.PIPE, text=True)
    try:
        wait_for(lambda: list(runs_folder().glob("*/metrics.jsonl")))
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 0, errors
    assert "Traceback" not in errors
    (run,) = runs_folder().iterdir()
    assert json.loads((run / "run.json").read_text())["state"] == "stopped"
    assert list(digits.parent.glob("*.netb")) == [digits]


CHANGED = """
import sys
from pathlib import Path
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from netbuilder.graph.edits import RenameNode
from netbuilder.ui.app import application, main
from netbuilder.ui.main_window import MainWindow

def change():
    window = next((each for each in QApplication.topLevelWidgets() if isinstance(each, MainWindow)), None)
    if window is None or window.session.state != "running":
        return
    timer.stop()
    document = window.document
    document.apply(RenameNode(next(iter(document.project.graph)), "precious"))
    print("changed", flush=True)
    window.close()

app = application()
timer = QTimer(interval=50)
timer.timeout.connect(change)
timer.start()
sys.exit(main(Path(sys.argv[1]), train=True))
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_request_to_end_asks_nothing_and_loses_nothing(digits: Path, number: signal.Signals) -> None:
    before = digits.read_bytes()
    command = [sys.executable, "-c", CHANGED, str(digits)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "changed\n"
        process.send_signal(number)  # the question about unsaved changes is open by now, or about to be
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    assert "Traceback" not in errors
    (run,) = runs_folder().iterdir()
    assert json.loads((run / "run.json").read_text())["state"] == "stopped"
    (snapshot,) = left_behind()
    assert snapshot.project().graph.named("precious")
    assert digits.read_bytes() == before


def test_a_window_with_nothing_unsaved_leaves_no_snapshot_when_it_is_to_end(digits: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", MAIN, str(digits)], stderr=subprocess.PIPE, text=True)
    try:
        wait_for(lambda: list(runs_folder().glob("*/metrics.jsonl")))
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 0
    assert left_behind() == []


def test_a_screenshot_is_the_window_at_the_size_that_was_asked_for(digits: Path, tmp_path: Path) -> None:
    light, dark = tmp_path / "light.png", tmp_path / "dark.png"
    screenshot(digits, light, (1280, 800), "light")
    screenshot(digits, dark, (1280, 800), "dark")
    pictures = [QImage(str(path)) for path in (light, dark)]
    assert all((picture.width(), picture.height()) == (1280, 800) for picture in pictures)
    assert pictures[0].pixelColor(5, 5).lightness() > 240
    assert pictures[1].pixelColor(5, 5).lightness() < 40


def test_a_screenshot_after_training_is_taken_in_mid_run(digits: Path, tmp_path: Path) -> None:
    before, after = tmp_path / "before.png", tmp_path / "after.png"
    screenshot(digits, before, (1280, 800), "dark")
    screenshot(digits, after, (1280, 800), "dark", train_seconds=0.5)
    assert QImage(str(before)) != QImage(str(after))
    (run,) = runs_folder().iterdir()
    assert json.loads((run / "run.json").read_text())["state"] == "stopped"


def test_a_screenshot_of_a_broken_file_is_refused_in_a_sentence(tmp_path: Path) -> None:
    broken = tmp_path / "broken.netb"
    broken.write_text("{")
    with pytest.raises(NetbuilderError, match=r"broken\.netb"):
        screenshot(broken, tmp_path / "out.png", (1280, 800), "dark")
    assert not (tmp_path / "out.png").exists()


def test_a_network_that_cannot_be_trained_makes_no_trained_screenshot(digits: Path, tmp_path: Path) -> None:
    project = digits_cnn().project
    SetSection("training", {"device": "cuda:7"}).apply(project)
    save(project, digits)
    with pytest.raises(NetbuilderError, match=r"cuda:7|CUDA"):
        screenshot(digits, tmp_path / "out.png", (1280, 800), "dark", train_seconds=0.1)


def test_missing_system_libraries_are_named_by_their_package(monkeypatch: pytest.MonkeyPatch) -> None:
    def load(name: str) -> None:
        if name in ("libxcb-icccm.so.4", "libEGL.so.1"):
            raise OSError("cannot open shared object file")

    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(libraries.ctypes, "CDLL", load)
    assert libraries.missing_packages(under_x=True) == ["libegl1", "libxcb-icccm4"]
    assert libraries.missing_packages(under_x=False) == ["libegl1"]
    assert "apt install libegl1 libxcb-icccm4" in libraries.advice(["libegl1", "libxcb-icccm4"])


def test_no_class_of_the_window_is_left_uncollectable() -> None:
    modules = "netbuilder.ui.main_window, netbuilder.ui.panels.activations, netbuilder.ui.panels.training"
    command = [sys.executable, "-W", "default", "-c", f"import {modules}"]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "uncollectable" not in result.stderr, "a class with a QtCore.Property is: use a signal or a method"


def test_the_list_of_libraries_needs_no_qt() -> None:
    code = "import sys; import netbuilder.ui.libraries; print('PySide6' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ)
    assert result.stdout.strip() == "False"
