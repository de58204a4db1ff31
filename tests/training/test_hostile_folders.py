"""A run's folder that was tampered with is refused in a sentence: nothing is waited for, swallowed or overwritten."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from netbuilder.diagnostics import NetbuilderError
from netbuilder.graph.files import save
from netbuilder.training.evaluate import evaluate
from netbuilder.training.folder import RunFolder
from netbuilder.training.run import Run
from tests.training.projects import finish, mlp, with_training

NAMES = sorted(
    ("metrics.jsonl", "steps.npy", "events.jsonl", "best.safetensors", "last.safetensors", "resume.safetensors")
)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "run"
    finish(Run.create(with_training(mlp(), epochs=1), folder))
    return folder


@pytest.fixture
def folder(trained: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(trained, tmp_path / "run"))


def refused(make: Callable[[], object]) -> str:
    with pytest.raises(NetbuilderError) as caught:
        make()
    return str(caught.value)


def go_on(folder: Path) -> Run:
    return Run.open(folder, epochs=2)


@pytest.mark.parametrize("name", [*NAMES, "project.netb"])
def test_a_pipe_is_not_waited_for(folder: Path, name: str) -> None:
    (folder / name).unlink()
    os.mkfifo(folder / name)
    for use in (evaluate, go_on):
        assert refused(lambda use=use: use(folder)) == f"{folder / name} is damaged: it is no file."


@pytest.mark.parametrize("name", NAMES)
def test_an_endless_device_is_not_read(folder: Path, name: str) -> None:
    (folder / name).unlink()
    (folder / name).symlink_to("/dev/zero")
    assert refused(lambda: go_on(folder)) == f"{folder / name} is damaged: it is no file."


@pytest.mark.parametrize("name", [*NAMES, "run.json"])
def test_a_run_does_not_write_through_a_link(folder: Path, tmp_path: Path, name: str) -> None:
    precious = tmp_path / "precious"
    shutil.move(folder / name, precious)
    (folder / name).symlink_to(precious)
    before = precious.read_bytes()
    assert refused(lambda: go_on(folder)) == f"{folder / name} is a link: a run goes on in files of its own."
    assert precious.read_bytes() == before
    assert "loss" in evaluate(folder)  # reading is another matter


def test_step_losses_that_claim_terabytes_are_refused_before_they_are_taken(folder: Path) -> None:
    with open(folder / "steps.npy", "wb") as file:
        np.lib.format.write_array_header_1_0(file, {"descr": "<f4", "fortran_order": False, "shape": (10**13,)})
    assert refused(lambda: go_on(folder)).endswith("steps.npy is damaged, or no NumPy file.")
    (folder / "steps.npy").write_bytes(b"\x93NUMPY\x01\x00" + (5000).to_bytes(2, "little") + b"(" * 5000)
    assert refused(lambda: go_on(folder)).endswith("steps.npy is damaged, or no NumPy file.")


def test_the_history_of_a_very_long_run_is_read(folder: Path) -> None:
    line = b'{"epoch": 1, "train_loss": 1.0, "note": "%s"}\n' % (b"x" * 100_000)
    (folder / "metrics.jsonl").write_bytes(line * 200)
    assert len(RunFolder.open(folder).history()) == 200


def test_a_run_that_could_not_be_made_leaves_its_folder_free(tmp_path: Path) -> None:
    """The limit on the size of a file, which stands in for a full disk, lets the project through and no checkpoint."""
    project = tmp_path / "p.netb"
    save(with_training(mlp(), epochs=1), project)
    command = f'ulimit -f 8; exec "{sys.executable}" -m netbuilder train "{project}" --out "{tmp_path / "run"}"'
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.endswith("can't be written: file too large.\n")
    assert done.stderr.count("\n") == 1
    assert list((tmp_path / "run").iterdir()) == []
    finish(Run.create(with_training(mlp(), epochs=1), tmp_path / "run"))
