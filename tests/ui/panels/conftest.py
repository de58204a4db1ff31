"""A document with its analysis, as the panels get them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from pytestqt.qtbot import QtBot

from netbuilder.data.catalog import default_config
from netbuilder.graph.model import NodeId
from netbuilder.ui.analysis import Analysis
from netbuilder.ui.document import Document
from netbuilder.ui.panels.inspector import Inspector
from tests.drawing import Drawing


@pytest.fixture
def document(qtbot: QtBot) -> Document:
    """Return a small classifier of digits."""
    drawing = Drawing(default_config("digits").section())
    image = drawing.put("Input", "image", field="image")
    label = drawing.put("Input", "label", field="label")
    first = drawing.put("Conv2d", "conv1", image, out_channels=4)
    second = drawing.put("Conv2d", "conv2", first, out_channels=8)
    flat = drawing.put("Flatten", "flatten", second)
    logits = drawing.put("Linear", "classes", flat, out_features=10)
    drawing.put("Output", "logits", logits)
    drawing.put("CrossEntropy", "loss", logits, label)
    drawing.put("Accuracy", "accuracy", logits, label)
    return Document(drawing.project)


@pytest.fixture
def node(document: Document) -> Callable[[str], NodeId]:
    """Return how to find a block by its name."""

    def named(name: str) -> NodeId:
        found = document.project.graph.named(name)
        assert found is not None
        return found.id

    return named


@pytest.fixture
def analysis(document: Document) -> Iterator[Analysis]:
    analysis = Analysis(document)
    yield analysis
    analysis.close()


@pytest.fixture
def settle(analysis: Analysis, qtbot: QtBot) -> Callable[[], None]:
    """Return how to wait until the analysis has caught up with the document."""
    return lambda: qtbot.waitUntil(lambda: analysis.is_current, timeout=60_000)


@pytest.fixture
def inspector(document: Document, analysis: Analysis, settle: Callable[[], None], qtbot: QtBot) -> Inspector:
    """Return the inspector of the document, as wide as in the window."""
    inspector = Inspector(document, analysis)
    qtbot.addWidget(inspector)
    inspector.resize(266, 900)
    inspector.show()
    settle()
    return inspector
