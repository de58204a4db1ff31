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
from netbuilder.graph.edits import AddNode, Connect, SetSection
from netbuilder.graph.files import save
from netbuilder.graph.model import Edge, Node, NodeId, PortRef
from netbuilder.graph.project import Project


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
    blocks = (
        ("n1", "Input", "features", {"field": "features"}),
        ("n2", "Input", "label", {"field": "label"}),
        ("n3", "Linear", "hidden", {"out_features": 8}),
        ("n4", "ReLU", "relu", {}),
        ("n5", "Linear", "logits", {"out_features": 3}),
        ("n6", "CrossEntropy", "loss", {}),
        ("n7", "Accuracy", "accuracy", {}),
        ("n8", "Output", "species", {}),
    )
    wires = "n1.y n3.x, n3.y n4.x, n4.y n5.x, n5.y n6.logits, n2.y n6.target, n5.y n7.logits, n2.y n7.target, n5.y n8.x"
    project = Project()
    for place, (node, kind, name, params) in enumerate(blocks):
        AddNode(Node(NodeId(node), kind, name, params), (240.0 * place, 0.0)).apply(project)
    for wire in wires.split(", "):
        source, target = (PortRef(NodeId(end.split(".")[0]), end.split(".")[1]) for end in wire.split())
        Connect(Edge(source, target)).apply(project)
    SetSection("data", default_config("iris").section()).apply(project)
    SetSection("training", {"epochs": 3, "batch_size": 64}).apply(project)
    return project


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A project file, ready to train."""
    path = tmp_path / "iris-flowers.netb"
    save(flowers(), path)
    return path
