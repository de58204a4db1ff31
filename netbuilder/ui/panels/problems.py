"""The problems list: everything that is wrong with the project, errors first, each with what mends it."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from netbuilder.diagnostics import Diagnostic
from netbuilder.graph.edits import Edit
from netbuilder.graph.model import NodeId
from netbuilder.graph.project import Group
from netbuilder.training.sections import section_problems
from netbuilder.ui.analysis import Analysis
from netbuilder.ui.document import Document, only_moves
from netbuilder.ui.panels.parts import ProblemCard, words

_MOST_SHOWN = 100
"""Cards are widgets; a network with more problems than this is mended from the top."""

_MADE_AT_ONCE = 3
"""Making a card takes a millisecond or two: the rest follows in the next rounds of the event loop, and all are kept."""

_PLACES = {"data-section": "data set", "training-section": "training"}
"""What a problem that is at no block is about, by its code."""


class Problems(QScrollArea):
    """All diagnostics of the analysis, and what is wrong with data and training.

    A click asks for the block (`node_requested`); F8 goes on (`next_problem`).
    """

    node_requested = Signal(str)

    def __init__(self, document: Document, analysis: Analysis, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._analysis = analysis
        self._at = -1
        self._made: list[ProblemCard] = []
        self.cards: list[ProblemCard] = []
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

        self._empty = words(role="muted")
        self._more = words(role="muted")
        for label in (self._empty, self._more):
            label.setContentsMargins(10, 6, 10, 6)
        self._more.hide()
        content = QWidget()
        self._column = QVBoxLayout(content)
        self._column.setContentsMargins(8, 8, 8, 8)
        self._column.setSpacing(0)
        self._column.addWidget(self._empty)
        self._column.addWidget(self._more)
        self._column.addStretch(1)
        self.setWidget(content)

        analysis.changed.connect(self._refresh)
        document.edited.connect(self._on_document_edited)
        self._refresh()

    def diagnostics(self) -> list[Diagnostic]:
        """Return the problems in the order in which they are shown: errors first, else as they were found.

        They are counted wherever the window says how many there are. An empty canvas is a beginning, and no problem.
        """
        lowering = self._analysis.lowering
        found = [*lowering.problems(), *section_problems(self._document.project)] if lowering else []
        return sorted((each for each in found if each.code != "empty"), key=lambda each: each.severity != "error")

    def next_problem(self) -> None:
        """Go to the block of the next problem, and from the last to the first."""
        placed = [at for at, each in enumerate(self.diagnostics()) if each.node is not None]
        if not placed:
            return
        self._at = next((at for at in placed if at > self._at), placed[0])
        if self._at < len(self.cards):
            self.ensureWidgetVisible(self.cards[self._at])
        self.node_requested.emit(self.diagnostics()[self._at].node)

    def message(self) -> str:
        """Return what is said in the place of a list, empty while there is one."""
        return "" if self._empty.isHidden() else self._empty.text()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._refresh()

    def _refresh(self) -> None:
        if not self.isVisible():
            return
        found = self.diagnostics()
        shown = found[:_MOST_SHOWN]
        for at, diagnostic in enumerate(shown[: len(self._made) + _MADE_AT_ONCE]):
            if at == len(self._made):
                self._make_card(at)
            self._made[at].show_problem(diagnostic, self._place(diagnostic))
        self.cards = self._made[: len(shown)]
        for at, card in enumerate(self._made):
            card.setVisible(at < len(shown))
        if len(self._made) < len(shown):
            QTimer.singleShot(0, self, self._refresh)
        self._more.setText(f"{len(found) - len(shown):,} more problems follow once these are fixed.")
        self._more.setVisible(len(found) > len(shown))
        self._empty.setText(self._nothing())
        self._empty.setVisible(not found)
        self._at = min(self._at, len(found) - 1)

    def _nothing(self) -> str:
        """Say why there is no list."""
        if self._analysis.lowering is None:
            return "The network is being checked …"
        return "No problems" if len(self._document.project.graph) else "Problems are listed here as you draw."

    def _make_card(self, at: int) -> None:
        card = ProblemCard(self, wide=True)
        card.fix_requested.connect(lambda fix: self._document.mend(fix.edit))
        card.clicked.connect(lambda: self._on_card_clicked(at))
        self._column.insertWidget(at, card)
        self._made.append(card)

    def _place(self, diagnostic: Diagnostic) -> str:
        sheet = self._document.sheet_of(NodeId(diagnostic.node)) if diagnostic.node is not None else None
        if sheet and diagnostic.node:
            name = sheet.graph.node(NodeId(diagnostic.node)).name
            return f"{name} in {sheet.name}" if isinstance(sheet, Group) else name
        return _PLACES.get(diagnostic.code, "the network")

    def _on_card_clicked(self, at: int) -> None:
        diagnostic = self.cards[at].diagnostic
        if diagnostic is not None and diagnostic.node is not None:
            self._at = at
            self.node_requested.emit(diagnostic.node)

    def _on_document_edited(self, edit: Edit) -> None:
        if not only_moves(edit):
            for card in self.cards:
                card.set_stale(True)
