"""The activations panel: what the selected block makes of a fixed sample, live while the network trains."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedLayout, QVBoxLayout, QWidget

from netbuilder.blocks import registry
from netbuilder.blocks.parameters import Parameter
from netbuilder.compiler.program import Program
from netbuilder.graph.model import NodeId
from netbuilder.training.telemetry import ProbeFrame
from netbuilder.ui.amounts import count
from netbuilder.ui.document import Document
from netbuilder.ui.fields import TextField
from netbuilder.ui.panels.parts import Elided, words
from netbuilder.ui.panels.pictures import ActivationView, HistogramView
from netbuilder.ui.session import Session

_SAMPLE = Parameter("sample", "int", 0, "Which sample of the validation part is looked at.", minimum=0, maximum=15)


class Activations(QWidget):
    """Asks the run for the selected block's activation while it is on the screen, and shows what comes.

    With nothing selected it looks at the last feature maps of the network. `compact` leaves histogram and picker away.
    """

    def __init__(
        self, document: Document, session: Session, parent: QWidget | None = None, *, compact: bool = False
    ) -> None:
        super().__init__(parent)
        self._document = document
        self._session = session
        self._is_compact = compact
        self._selection: tuple[NodeId, ...] = ()
        self._sample = 0
        self._frame: ProbeFrame | None = None

        self._title = words()
        self._title.setStyleSheet("font-weight: 600;")
        self._caption = Elided()
        self.sample = TextField(_SAMPLE)
        self.sample.set_value(0)
        self.sample.setFixedWidth(64)
        self.sample.setToolTip(_SAMPLE.help)
        self.sample.setAccessibleName("Sample")
        self.sample.committed.connect(lambda value, _series: self._on_sample_committed(value))
        self.view = ActivationView()
        self.histogram = HistogramView()
        self._message = words(role="muted", wrap=True)
        self._message.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)

        picker = QWidget()
        across = QHBoxLayout(picker)
        across.setContentsMargins(0, 0, 0, 0)
        across.setSpacing(8)
        across.addWidget(words("sample", "muted"))
        across.addWidget(self.sample)
        header = QWidget()
        header.setFixedHeight(28)
        bar = QHBoxLayout(header)
        bar.setContentsMargins(0, 0, 0, 0)
        bar.setSpacing(12)
        bar.addWidget(self._title)
        bar.addWidget(self._caption, 1)
        bar.addWidget(picker)
        pictures = QWidget()
        body = QHBoxLayout(pictures)
        body.setContentsMargins(0, 0, 0, 0)
        body.setSpacing(24)
        body.addWidget(self.view, 3)
        body.addWidget(self.histogram, 1)
        self._stack = QStackedLayout()
        self._stack.addWidget(pictures)
        self._stack.addWidget(self._message)
        column = QVBoxLayout(self)
        margin = 0 if compact else 12
        column.setContentsMargins(margin, 0, margin, margin)
        column.setSpacing(8)
        column.addWidget(header)
        column.addLayout(self._stack, 1)
        picker.setVisible(not compact)
        self.histogram.setVisible(not compact)

        session.polled.connect(self._on_session_polled)
        session.state_changed.connect(self._refresh)
        self._refresh()

    def set_selection(self, nodes: Iterable[NodeId]) -> None:
        """Look at the first of these blocks."""
        self._selection = tuple(nodes)
        self._watch()
        self._refresh()

    def message(self) -> str:
        """Return what is said in the place of a picture, empty while there is one."""
        return self._message.text() if self._stack.currentWidget() is self._message else ""

    def caption(self) -> str:
        """Return what the picture shows, in words."""
        return f"{self._title.text()} · {self._caption.text()}"

    # What is looked at

    def _node(self) -> NodeId | None:
        chosen = next((node for node in self._selection if self._document.sheet_of(node)), None)
        if chosen is not None or self._session.run is None:
            return chosen
        return _most_telling(self._session.run.program)

    def _watch(self) -> None:
        """Ask the run for what this panel shows. Another panel may have asked for something else meanwhile."""
        telemetry = self._session.telemetry
        if telemetry is None or not self.isVisible():
            return
        node = self._node()
        wanted = (node, self._sample) if node is not None else None
        if telemetry.watched() != wanted:
            telemetry.watch(node, self._sample)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._watch()
        self._refresh()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        if self._session.telemetry is not None:
            self._session.telemetry.watch(None)

    def _on_sample_committed(self, value: object) -> None:
        usable = isinstance(value, int) and 0 <= value <= 15
        self.sample.set_problem(not usable)
        if usable:
            assert isinstance(value, int)
            self._sample = value
            self._watch()

    def _on_session_polled(self) -> None:
        if not self.isVisible():
            return
        self._watch()
        telemetry = self._session.telemetry
        if telemetry is not None and telemetry.frame is not self._frame:
            self._refresh()

    # What is shown

    def _refresh(self) -> None:
        if not self.isVisible():
            return
        telemetry, node = self._session.telemetry, self._node()
        frame = self._frame = telemetry.frame if telemetry else None
        sheet = self._document.sheet_of(node) if node is not None else None
        self._title.setText(sheet.graph.node(node).name if node is not None and sheet else "Activations")
        if frame is None or frame.node != node:
            self._caption.setText("")
            self._message.setText(self._reason(node))
            self._stack.setCurrentWidget(self._message)
            return
        sample = f" of sample {frame.sample}" if self._is_per_sample(frame.node) else " of all samples together"
        sample = "" if self._is_compact else sample
        self._caption.setText(f"step {count(frame.step)} · {_what(frame)}{sample}")
        self.view.show_values(frame.values, self._classes(frame.node))
        self.histogram.show_counts(frame.counts, frame.edges)
        self._stack.setCurrentIndex(0)

    def _is_per_sample(self, node: NodeId) -> bool:
        """Whether a block gives each sample a value of its own; a loss or a metric gives one for all."""
        run = self._session.run
        given = (each.outputs[0][1] for each in run.program.instructions if each.node == node) if run else iter(())
        spec = next(given, None)
        return spec is None or spec.rank > 0

    def _classes(self, node: NodeId) -> Sequence[str]:
        """Return the names of the classes that a block's values stand for, if they do."""
        run = self._session.run
        field = _compared_with(run.program, node) if run else ""
        fields = run.project.data.get("fields") if run else None
        declared = fields.get(field) if isinstance(fields, Mapping) else None
        classes = declared.get("classes") if isinstance(declared, Mapping) else None
        return [str(each) for each in classes] if isinstance(classes, (list, tuple)) else []

    def _reason(self, node: NodeId | None) -> str:
        run = self._session.run
        if run is None or self._session.state == "preparing":
            return "What the selected block makes of a sample is shown here while the network trains."
        if node is None or node not in run.program.names():
            return "This block is not part of the network that is trained: train anew to look into it."
        if self._session.state == "idle":
            return "The run is over. Select a block before or during a run to look into it; train on to look again."
        return "Looking …"


def _what(frame: ProbeFrame) -> str:
    """Say what kind of thing the values are: `32 maps`, `8 × 64 values`, `10 values`."""
    shape = frame.values.shape
    if len(shape) >= 3:
        maps = frame.values.size // (shape[-1] * shape[-2])
        return f"{maps} map{'s' if maps != 1 else ''}"
    return f"{' × '.join(map(str, shape))} value{'s' if frame.values.size != 1 else ''}"


def _compared_with(program: Program, node: NodeId) -> str:
    """Return the field that a loss or a metric compares a block's values with, empty if none does.

    What an Output hands out is what it is given; what an activation gives stands for the same as what it takes.
    """
    same = {node} | {result.value.node for result in program.results if result.node == node}
    for each in program.instructions:
        block = registry.get(each.type)
        if each.node in same and block and block.category == "Activation":
            same.update(value.node for value in each.args if value)
    bound = {slot.node: slot.field for slot in program.inputs}
    judges = {result.node for result in program.results if result.role != "output"} - {node}
    for each in program.instructions:
        taken = [value.node for value in each.args if value]
        if each.node in judges and not same.isdisjoint(taken):
            return next((bound[source] for source in taken if bound.get(source) and source not in same), "")
    return ""


def _most_telling(program: Program) -> NodeId | None:
    """Return the block whose activation says most: the last convolution, else the last feature maps,
    else the last layer.
    """
    results = {result.node for result in program.results}
    layers = [each for each in program.instructions if each.node not in results]
    maps = [each for each in layers if each.outputs[0][1].rank == 4]
    convolutions = [each for each in maps if (block := registry.get(each.type)) and block.category == "Convolution"]
    found = convolutions or maps or layers
    return found[-1].node if found else None
