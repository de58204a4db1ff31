"""A project to give to commands, and ways to give them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from netbuilder.cli import main
from netbuilder.data.catalog import default_config
from netbuilder.graph.edits import SetSection
from netbuilder.graph.files import save
from netbuilder.graph.project import Project
from tests.drawing import Drawing


@dataclass(frozen=True)
class Done:
    """What a command has left behind."""

    status: int
    out: str
    err: str

    def json(self) -> Any:
        """Return the object on the last line of the output."""
        return json.loads(self.out.splitlines()[-1])

    def refusal(self, status: int = 1) -> str:
        """Check that the command was refused in one sentence, and return it."""
        assert self.status == status, self.err
        sentence = self.err.rstrip("\n")
        assert sentence.endswith((".", ")"))
        assert "\n" not in sentence
        assert "Traceback" not in sentence
        return sentence


Command = Callable[..., Done]


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Command:
    """Run a command line in this process."""

    def run(*arguments: object) -> Done:
        status = main([str(each) for each in arguments])
        captured = capsys.readouterr()
        return Done(status, captured.out, captured.err)

    return run


@pytest.fixture
def process() -> Command:
    """Run a command line in a process of its own; keywords change its environment, None takes a variable away."""

    def run(*arguments: object, **environment: str | None) -> Done:
        changed = {**os.environ, **environment}
        done = subprocess.run(
            [sys.executable, "-m", "netbuilder", *map(str, arguments)],
            env={key: value for key, value in changed.items() if value is not None},
            capture_output=True,
            text=True,
            check=False,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    return run


def flowers() -> Project:
    """Return a network that tells irises apart: 67 parameters, two steps an epoch."""
    drawing = Drawing(default_config("iris").section())
    features = drawing.put("Input", "features", field="features")
    label = drawing.put("Input", "label", field="label")
    relu = drawing.put("ReLU", "relu", drawing.put("Linear", "hidden", features, out_features=8))
    logits = drawing.put("Linear", "logits", relu, out_features=3)
    drawing.put("CrossEntropy", "loss", logits, label)
    drawing.put("Accuracy", "accuracy", logits, label)
    drawing.put("Output", "species", logits)
    SetSection("training", {"epochs": 3, "batch_size": 64}).apply(drawing.project)
    return drawing.project


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A project file, ready to train."""
    path = tmp_path / "iris-flowers.netb"
    save(flowers(), path)
    return path
