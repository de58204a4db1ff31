"""The inspector: all about the selected blocks, or about the project while none is selected."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from netbuilder.graph.edits import Edit
from netbuilder.graph.model import Node, NodeId
from netbuilder.ui.analysis import Analysis
from netbuilder.ui.document import Document, only_moves
from netbuilder.ui.fields import TextField
from netbuilder.ui.panels.block_page import BlockPage
from netbuilder.ui.panels.group_page import GroupPage
from netbuilder.ui.panels.parts import Facts, words
from netbuilder.ui.panels.project_page import ProjectPage
from netbuilder.ui.paragraphs import ParagraphField


class Inspector(QScrollArea):
    """Shows what is selected and keeps up with the document and its analysis; changes go through `Document.apply`.

    `block_requested` names another block that is to be shown, by its id.
    """

    block_requested = Signal(str)

    def __init__(self, document: Document, analysis: Analysis, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._analysis = analysis
        self._sheet = document.sheet
        self._selection: tuple[NodeId, ...] = ()
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMinimumWidth(220)

        self.project_page = ProjectPage(document)
        self.group_page = GroupPage(document)
        self.block_page = BlockPage(document)
        self.block_page.block_requested.connect(self.block_requested)
        self.mixed_page = _MixedPage()
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(16, 16, 16, 16)
        column.setSpacing(0)
        for page in (self.project_page, self.group_page, self.block_page, self.mixed_page):
            page.hide()
            column.addWidget(page)
        self.setWidget(content)

        document.edited.connect(self._on_document_edited)
        document.replaced.connect(self._on_document_replaced)
        document.sheet_changed.connect(self._on_document_replaced)
        document.path_changed.connect(self.refresh)
        analysis.changed.connect(self.refresh)
        self.refresh()

    def set_selection(self, nodes: Iterable[NodeId]) -> None:
        """Show these blocks; what is typed and not yet taken is taken first, for the blocks shown before."""
        wanted = tuple(nodes)
        if wanted == self._selection:
            return
        if self._sheet is self._document.sheet:
            self.block_page.commit()
        self._selection = wanted
        self.refresh()
        self.verticalScrollBar().setValue(0)

    def refresh(self) -> None:
        """Show what is selected as it is now."""
        nodes, lowering = self._nodes(), self._analysis.lowering
        types = {node.type for node in nodes}
        whole = self.group_page if self._document.group else self.project_page
        page = whole if not nodes else self.block_page if len(types) == 1 else self.mixed_page
        for each in (self.project_page, self.group_page, self.block_page, self.mixed_page):
            each.setVisible(each is page)
        if page is self.block_page:
            self.block_page.refresh(nodes, lowering)
        elif page is self.mixed_page:
            self.mixed_page.refresh(nodes)
        elif page is self.group_page:
            self.group_page.refresh(lowering)
        else:
            self.project_page.refresh(lowering)

    def _nodes(self) -> list[Node]:
        graph = self._document.sheet.graph
        return [graph.node(node) for node in self._selection if node in graph]

    def _on_document_edited(self, edit: Edit) -> None:
        if only_moves(edit):
            return
        self.refresh()
        self.block_page.set_stale()

    def _on_document_replaced(self) -> None:
        self._sheet, self._selection = self._document.sheet, ()
        for field in (*self.findChildren(TextField), *self.findChildren(ParagraphField)):
            field.revert()  # what was refused goes with what it was typed for
        self.refresh()


class _MixedPage(QWidget):
    """Blocks of several types: how many of each."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title = words(role="title")
        self._types = Facts("Types")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self._title)
        column.addWidget(words("Select blocks of one type to edit them together.", "muted", wrap=True))
        column.addWidget(self._types)
        column.addStretch(1)

    def refresh(self, nodes: Sequence[Node]) -> None:
        """Count these blocks."""
        types = [node.type for node in nodes]
        self._title.setText(f"{len(nodes)} blocks")
        self._types.show_facts([(each, str(types.count(each)), "") for each in dict.fromkeys(types)])

    def facts(self) -> dict[str, str]:
        """Return how many blocks there are of each type."""
        return self._types.facts()
