from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from netbuilder.data.catalog import default_config
from netbuilder.diagnostics import Diagnostic
from netbuilder.graph.edits import RemoveNode, SetParameter, SetSection
from netbuilder.graph.project import Project
from netbuilder.training.telemetry import Ended, EpochEnded, Paused, Resumed, Started
from netbuilder.ui.analysis import Analysis
from netbuilder.ui.document import Document
from netbuilder.ui.session import Session, runs_folder
from tests.drawing import Drawing, digits_cnn

LONG = {"epochs": 10_000}


class Bench:
    """A document with its analysis and its session, and what the session said."""

    def __init__(self, qtbot: QtBot, project: Project | None = None, **training: object) -> None:
        self.qtbot = qtbot
        self.document = Document(project or digits_cnn().project)
        self.document.apply(SetSection("training", {"device": "cpu", **training}))  # pyright: ignore[reportArgumentType]
        self.analysis = Analysis(self.document)
        self.session = Session(self.document, self.analysis)
        self.events: list[object] = []
        self.failures: list[Diagnostic] = []
        self.session.happened.connect(self.events.append)
        self.session.failed.connect(self.failures.append)
        self.until(lambda: self.analysis.is_current)

    def until(self, done: Callable[[], object]) -> None:
        self.qtbot.waitUntil(lambda: bool(done()), timeout=60_000)

    def kinds(self) -> list[type]:
        return [type(event) for event in self.events]

    def close(self) -> None:
        self.session.stop()
        self.until(lambda: self.session.state == "idle")
        self.session.close()
        self.analysis.close()


@pytest.fixture
def bench(qtbot: QtBot, request: pytest.FixtureRequest) -> Iterator[Bench]:
    bench = Bench(qtbot, **getattr(request, "param", {}))
    yield bench
    bench.close()


@pytest.mark.parametrize("bench", [{"epochs": 2}], indirect=True)
def test_a_run_goes_from_start_to_finish_and_is_kept(bench: Bench) -> None:
    bench.session.train()
    assert bench.session.state == "preparing"
    bench.until(lambda: bench.session.ended)
    assert bench.session.state == "idle"
    assert bench.kinds() == [Started, EpochEnded, EpochEnded, Ended]
    ended = bench.session.ended
    assert ended
    assert ended.reason == "finished"
    assert 0 <= ended.test_metrics["accuracy"] <= 1
    folder = bench.session.trained_folder()
    assert folder
    assert folder.parent == runs_folder()
    assert {"project.netb", "run.json", "best.safetensors", "last.safetensors"} <= {
        file.name for file in folder.iterdir()
    }


@pytest.mark.parametrize("bench", [LONG], indirect=True)
def test_pause_step_resume_and_stop(bench: Bench) -> None:
    session = bench.session
    session.train()
    bench.until(lambda: session.state == "running")
    session.pause()
    bench.until(lambda: session.state == "paused")
    assert session.telemetry
    step = session.telemetry.progress.step
    bench.qtbot.wait(100)
    assert session.telemetry.progress.step == step
    session.step()
    bench.until(lambda: session.telemetry and session.telemetry.progress.step == step + 1)
    bench.until(lambda: session.state == "paused")
    session.resume()
    bench.until(lambda: session.state == "running" and session.telemetry and session.telemetry.progress.step > step + 5)
    session.stop()
    assert session.stopping
    bench.until(lambda: session.state == "idle")
    assert session.ended
    assert session.ended.reason == "stopped"
    assert Paused in bench.kinds()
    assert Resumed in bench.kinds()


@pytest.mark.parametrize("bench", [LONG], indirect=True)
def test_a_stopped_run_goes_on_where_it_stopped(bench: Bench) -> None:
    session = bench.session
    session.train()
    bench.until(lambda: EpochEnded in bench.kinds())
    session.stop()
    bench.until(lambda: session.state == "idle")
    assert session.telemetry
    steps = session.telemetry.progress.step
    assert session.can_continue() is None
    session.continue_run()
    bench.until(lambda: session.state == "running" and session.telemetry and session.telemetry.progress.step > steps)


@pytest.mark.parametrize("bench", [{"epochs": 1}], indirect=True)
def test_a_changed_network_is_told_apart_from_the_one_that_was_trained(bench: Bench) -> None:
    session, document = bench.session, bench.document
    session.train()
    bench.until(lambda: session.ended)
    conv = document.project.graph.named("conv1")
    assert conv
    assert not session.differs
    document.apply(SetParameter(conv.id, "out_channels", 7))
    bench.until(lambda: session.differs)
    assert session.trained_folder() is None
    assert "no longer" in str(session.can_continue())
    document.undo_stack.undo()
    bench.until(lambda: not session.differs)
    assert session.trained_folder()


def test_a_network_that_cannot_be_trained_is_refused_in_a_sentence(bench: Bench) -> None:
    loss = bench.document.project.graph.named("loss")
    assert loss
    bench.document.apply(RemoveNode(loss.id))
    bench.session.train()
    bench.until(lambda: bench.failures)
    assert "loss" in bench.failures[0].message
    assert bench.session.state == "idle"
    assert not Path(runs_folder()).exists()


def linear_regression() -> Project:
    """Draw a network whose weights nothing holds back."""
    drawing = Drawing(default_config("diabetes").model_dump(mode="json"))
    features = drawing.put("Input", "features", field="features")
    target = drawing.put("Input", "target", field="target")
    prediction = drawing.put("Linear", "prediction", features, out_features=1)
    drawing.put("MSE", "loss", prediction, target)
    return drawing.project


@pytest.mark.parametrize(
    "bench",
    [{"project": linear_regression(), "learning_rate": 100.0, "optimizer": "sgd", "epochs": 50}],
    indirect=True,
    ids=["regression"],
)
def test_a_loss_that_explodes_is_shown_at_its_block(bench: Bench) -> None:
    bench.session.train()
    bench.until(lambda: bench.session.ended)
    ended = bench.session.ended
    assert ended
    assert ended.reason == "failed"
    assert bench.failures == [ended.problem]
    assert bench.failures[0].node in bench.document.project.graph


@pytest.mark.parametrize("bench", [LONG], indirect=True)
def test_a_run_that_is_stopped_while_it_is_prepared_never_starts(bench: Bench) -> None:
    bench.session.train()
    bench.session.stop()
    bench.until(lambda: bench.session.state == "idle")
    assert bench.session.run is None
    assert bench.events == []
