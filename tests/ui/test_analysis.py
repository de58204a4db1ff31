from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot

from netbuilder.compiler import lower as lowering_module
from netbuilder.diagnostics import Diagnostic
from netbuilder.graph.edits import MoveNodes, RemoveNode, RenameNode, SetParameter
from netbuilder.graph.project import Project
from netbuilder.ui.analysis import Analysis
from netbuilder.ui.document import Document
from netbuilder.ui.worker import Worker
from tests.drawing import digits_cnn


@pytest.fixture
def document(qtbot: QtBot) -> Document:
    return Document(digits_cnn().project)


@pytest.fixture
def analysis(document: Document, qtbot: QtBot) -> Iterator[Analysis]:
    analysis = Analysis(document)
    yield analysis
    analysis.close()


def test_shapes_and_code_follow_an_edit(document: Document, analysis: Analysis, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: analysis.is_current, timeout=60_000)
    assert analysis.lowering
    assert analysis.lowering.program
    conv = document.project.graph.named("conv1")
    assert conv
    document.apply(SetParameter(conv.id, "out_channels", 8))
    qtbot.waitUntil(lambda: "Conv2d(1, 8" in analysis.source, timeout=10_000)
    document.undo_stack.undo()
    qtbot.waitUntil(lambda: "Conv2d(1, 4" in analysis.source, timeout=10_000)


def test_a_burst_of_edits_ends_in_the_last_state(document: Document, analysis: Analysis, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: analysis.is_current, timeout=60_000)
    conv = document.project.graph.named("conv1")
    assert conv
    seen: list[str] = []
    analysis.changed.connect(lambda: seen.append(analysis.source))
    for channels in range(5, 40):
        document.apply(SetParameter(conv.id, "out_channels", channels), merge="spin")
        qtbot.wait(2)
    qtbot.waitUntil(lambda: "Conv2d(1, 39" in analysis.source, timeout=10_000)
    assert analysis.is_current
    assert len(seen) < 35


def test_it_knows_after_many_edits_what_a_fresh_look_finds(
    document: Document, analysis: Analysis, qtbot: QtBot
) -> None:
    graph = document.project.graph
    conv, relu, logits = (graph.named(name) for name in ("conv1", "relu1", "logits"))
    assert conv
    assert relu
    assert logits
    document.apply(MoveNodes(((conv.id, (7.0, 7.0)),)))
    document.apply(RemoveNode(relu.id))
    qtbot.waitUntil(lambda: analysis.is_current, timeout=60_000)
    document.apply(RenameNode(conv.id, "first"))
    document.undo_stack.undo()
    document.undo_stack.undo()
    document.apply(RemoveNode(logits.id))
    document.apply(MoveNodes(((conv.id, (300.0, 300.0)),)))
    document.apply(SetParameter(conv.id, "out_channels", 0))
    qtbot.waitUntil(lambda: analysis.is_current, timeout=10_000)
    assert analysis.lowering == lowering_module.lower(document.project)


def test_moving_blocks_asks_for_nothing(document: Document, analysis: Analysis, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: analysis.is_current, timeout=60_000)
    before = analysis.lowering
    node = next(iter(document.project.graph))
    document.apply(MoveNodes(((node, (7.0, 7.0)),)))
    qtbot.wait(60)
    assert analysis.lowering is before


def test_no_result_is_shown_of_a_project_that_is_gone(document: Document, analysis: Analysis, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: analysis.is_current, timeout=60_000)
    document.apply(RemoveNode(next(iter(document.project.graph))))
    document.replace(Project(), None)
    assert analysis.lowering is None
    qtbot.waitUntil(lambda: analysis.is_current, timeout=10_000)
    assert analysis.lowering
    assert not analysis.lowering.specs


def test_a_crash_of_the_compiler_is_told_and_the_next_edit_is_analysed(
    document: Document, analysis: Analysis, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    qtbot.waitUntil(lambda: analysis.is_current, timeout=60_000)
    node = next(iter(document.project.graph))

    def broken(project: Project, memo: object) -> None:
        raise RuntimeError("the compiler tripped")

    with monkeypatch.context() as patch, qtbot.captureExceptions() as caught:
        patch.setattr(lowering_module, "lower", broken)
        document.apply(RenameNode(node, "other"))
        qtbot.waitUntil(lambda: bool(caught), timeout=10_000)
    assert analysis.lowering
    assert "the compiler tripped" in analysis.lowering.errors()[0].message
    document.undo_stack.undo()
    qtbot.waitUntil(lambda: bool(analysis.lowering and analysis.lowering.program), timeout=10_000)


def test_a_failure_at_run_time_stands_among_the_problems_until_the_next_edit(
    document: Document, analysis: Analysis, qtbot: QtBot
) -> None:
    qtbot.waitUntil(lambda: analysis.is_current, timeout=60_000)
    node = next(iter(document.project.graph))
    failure = Diagnostic("error", "non-finite", "The loss is not a number any more.", node=node)
    analysis.report(failure)
    assert analysis.lowering
    assert analysis.lowering.diagnostics[-1] is failure
    assert analysis.lowering.program
    document.apply(RenameNode(node, "other"))
    qtbot.waitUntil(lambda: failure not in (analysis.lowering.diagnostics if analysis.lowering else ()), timeout=10_000)


def test_a_worker_answers_in_order_and_off_the_gui_thread(qtbot: QtBot) -> None:
    worker = Worker("test")
    answers: list[object] = []
    here = threading.get_ident()
    worker.submit(lambda: threading.get_ident() != here, answers.append)
    worker.submit(lambda: 1 / 0, answers.append, lambda error: answers.append(type(error)))
    worker.submit(lambda: threading.get_ident() == here, answers.append)
    assert worker.busy
    qtbot.waitUntil(lambda: not worker.busy, timeout=5_000)
    assert answers == [True, ZeroDivisionError, False]
    assert worker.close(5)


def test_a_closed_worker_delivers_nothing_more(qtbot: QtBot) -> None:
    worker = Worker("test")
    answers: list[int] = []
    worker.submit(lambda: 1, answers.append)
    assert worker.close(5)
    qtbot.wait(20)
    assert answers == []
