"""The window: top bar, layers, canvas, inspector, panels at the bottom, status line;
and how they hear of each other.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEventLoop, QMargins, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QPaintEvent
from PySide6.QtWidgets import (
    QApplication,
    QMainWindow,
    QSplitter,
    QStackedWidget,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from netbuilder.graph.files import SUFFIX
from netbuilder.graph.model import NodeId
from netbuilder.ui import commands, window_layout
from netbuilder.ui.actions import Actions
from netbuilder.ui.analysis import Analysis
from netbuilder.ui.breadcrumb import Breadcrumb
from netbuilder.ui.canvas.view import CanvasView
from netbuilder.ui.dialogs import Choice, ask
from netbuilder.ui.document import Document
from netbuilder.ui.export import Export
from netbuilder.ui.files import Files
from netbuilder.ui.news import News
from netbuilder.ui.notice import Notice
from netbuilder.ui.panels.code import CodeView
from netbuilder.ui.panels.inspector import Inspector
from netbuilder.ui.panels.palette import Palette
from netbuilder.ui.panels.problems import Problems
from netbuilder.ui.recovery import Recovery, left_behind
from netbuilder.ui.session import Session
from netbuilder.ui.start_page import StartPage
from netbuilder.ui.status import StatusLine
from netbuilder.ui.top_bar import TopBar
from netbuilder.ui.typed import take_typed

if TYPE_CHECKING:
    from netbuilder.ui.panels.activations import Activations
    from netbuilder.ui.panels.training import TrainingPanel

_SIZE = QSize(1440, 900)
_FRAME = QMargins(8, 40, 8, 8)
"""Room for what the desktop draws around a window."""
_SMALLEST = (960, 600)
_LEFT, _RIGHT, _BOTTOM = 208, 256, 288
_FINISHING = "Finishing the run; the other project opens when it is safe on disk…"


class MainWindow(QMainWindow):
    """Holds one document. `shown` follows the first time that the window was painted.

    `remembers` says whether geometry and layout are taken from the last time, and kept for the next.
    """

    shown = Signal()

    def __init__(self, *, remembers: bool = True) -> None:
        super().__init__()
        self._remembers = remembers
        self._is_shown = False
        self.is_closing = False
        """Whether the window goes, be it once the run under way has ended."""
        self._is_ending = False
        self.training: TrainingPanel | None = None
        self.activations: Activations | None = None
        self.setAcceptDrops(True)
        self.setMinimumSize(*_SMALLEST)

        self.document = Document(parent=self)
        self.analysis = Analysis(self.document, self, start=False)
        self.session = Session(self.document, self.analysis, self)
        self.recovery = Recovery(self.document, self)
        self.files = Files(self.document, self, self._may_end_run)
        self.canvas = CanvasView(self.document, self.analysis, self)
        self.actions_by_id = Actions(self, self.canvas)
        self.layers = Palette(self.document)
        self.inspector = Inspector(self.document, self.analysis)
        self.problems = Problems(self.document, self.analysis)
        self.code = CodeView(self.analysis)
        self.start_page = StartPage()
        self.top_bar = TopBar(self.actions_by_id)
        self.status = StatusLine(self.analysis, self.session)
        self._lay_out()
        floating = (self.canvas.overview, self.canvas.selection_bar, self.crumb)
        self.notice = Notice(self.canvas, self.pages, beside=floating)
        self.export = Export(self.document, self.analysis, self.session, self.notice, self)
        self.news = News(self)
        self._wire()
        commands.bind(self)
        if remembers:
            window_layout.restore(self)
        self.top_bar.show_buttons(False)
        self._on_document_path_changed()

    # Making

    def _lay_out(self) -> None:
        self.training_tab, self.activations_tab = _Later(), _Later()
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        for page, title in (
            (self.training_tab, "Training"),
            (self.activations_tab, "Activations"),
            (self.problems, "Problems"),
            (self.code, "Code"),
        ):
            self.tabs.addTab(page, title)
        self.middle = _splitter(Qt.Orientation.Vertical, self.canvas, self.tabs)
        self.middle.setSizes([10_000, _BOTTOM])
        self.across = _splitter(Qt.Orientation.Horizontal, self.layers, self.middle, self.inspector)
        self.across.setSizes([_LEFT, 10_000, _RIGHT])
        for splitter, kept in ((self.middle, 0), (self.across, 1)):
            for place in range(splitter.count()):
                splitter.setStretchFactor(place, int(place == kept))
        self.crumb = Breadcrumb(self.document, self.canvas)
        self.crumb.move(12, 10)
        self.canvas.selection_bar.keeps_off = self.crumb

        editor = QWidget()
        column = QVBoxLayout(editor)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        line = QWidget()
        line.setObjectName("line")
        line.setFixedHeight(1)
        for part in (self.across, line, self.status):
            column.addWidget(part)
        self.editor = editor
        self.pages = QStackedWidget()
        self.pages.addWidget(self.start_page)
        self.pages.addWidget(editor)
        self.setMenuWidget(self.top_bar)
        self.setCentralWidget(self.pages)
        self.resize(self.screen().availableSize().shrunkBy(_FRAME).boundedTo(_SIZE))

    def _wire(self) -> None:
        self.document.path_changed.connect(self._on_document_path_changed)
        self.document.modified_changed.connect(self._on_document_path_changed)
        self.document.sheet_changed.connect(self.refresh)
        self.files.opened.connect(self.show_editor)
        self.analysis.changed.connect(self._on_analysis_changed)
        self.canvas.selection_changed.connect(self._on_canvas_selection_changed)
        self.canvas.zoom_changed.connect(self.status.show_zoom)
        self.layers.block_requested.connect(lambda block: self.canvas.add_block(block, None))
        self.layers.refused.connect(lambda sentence: self.notice.tell(sentence, "warning", passing=True))
        self.inspector.block_page.instance.independent.clicked.connect(self.canvas.make_selected_independent)
        self.problems.node_requested.connect(self.show_node)
        self.inspector.block_requested.connect(self.show_node)
        self.top_bar.problems_requested.connect(lambda: self.show_tab(self.problems))
        self.start_page.new_requested.connect(self.files.new)
        self.start_page.browse_requested.connect(self.files.choose_and_open)
        self.start_page.open_requested.connect(self.files.open)
        self.session.state_changed.connect(self._on_session_state_changed)
        self.session.differs_changed.connect(self._on_session_differs_changed)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._is_shown:
            self._is_shown = True
            QTimer.singleShot(0, self, self._on_first_paint)

    def _on_first_paint(self) -> None:
        """Do what the first picture of the window did not have to wait for: plots, torch, the examples' pictures."""
        from netbuilder.ui.panels.activations import Activations
        from netbuilder.ui.panels.training import TrainingPanel

        self.training = TrainingPanel(self.document, self.session)
        self.activations = Activations(self.document, self.session)
        self.training_tab.fill(self.training)
        self.activations_tab.fill(self.activations)
        self._on_canvas_selection_changed()
        if self.pages.currentWidget() is self.start_page:
            self.start_page.completed.connect(self.analysis.start, Qt.ConnectionType.SingleShotConnection)
            self.start_page.load_pictures()
        else:
            self.analysis.start()
        for snapshot in left_behind()[:1] if self._remembers else ():
            self.news.offer(snapshot)
        self.shown.emit()

    @property
    def is_ready(self) -> bool:
        """Whether all panels are there."""
        return self.activations is not None

    # Showing

    def show_editor(self) -> None:
        """Show the network."""
        self.pages.setCurrentWidget(self.editor)
        self.top_bar.show_buttons(True)
        self.canvas.setFocus()
        self.canvas.fit()
        self.refresh()

    def show_start_page(self) -> None:
        """Show recent files and examples; the open project stays open."""
        self.start_page.refresh()
        self.start_page.load_pictures()
        self.pages.setCurrentWidget(self.start_page)
        self.top_bar.show_buttons(False)
        self.refresh()

    def show_tab(self, panel: QWidget) -> None:
        """Bring a panel of the bottom into view."""
        self.tabs.show()
        self.tabs.setCurrentWidget(panel)
        self.refresh()

    def show_node(self, node: str) -> None:
        """Select a block and bring it into view, inside of its group if it is in one:
        of an instance where it has its problem.
        """
        take_typed(self)
        document, lowering, block = self.document, self.analysis.lowering, NodeId(node)
        document.show_home_of(block, lowering.way_to_problem(block, document.way()) if lowering else ())
        self.canvas.select([block], center=True)
        self.canvas.setFocus()

    def refresh(self) -> None:
        """Show which actions can run now."""
        commands.refresh(self)

    # Hearing

    def _on_document_path_changed(self) -> None:
        document = self.document
        star = " *" if document.modified else ""
        file = document.path.name if document.path else document.name
        self.setWindowTitle(f"{document.name}{star} – NetBuilder")
        self.top_bar.name.setText(f"{file}{star}")
        self.refresh()

    def _on_analysis_changed(self) -> None:
        found = self.problems.diagnostics()
        is_known, is_drawn = self.analysis.lowering is not None, bool(len(self.document.project.graph))
        self.top_bar.show_problems(found, is_known=is_known, is_drawn=is_drawn)
        self.tabs.setTabText(self.tabs.indexOf(self.problems), f"Problems ({len(found)})" if found else "Problems")
        self.refresh()

    def _on_canvas_selection_changed(self) -> None:
        selected = self.canvas.selected()
        self.inspector.set_selection(selected)
        for panel in (self.training, self.activations):
            if panel:
                panel.set_selection(selected)
        self.refresh()

    def _on_session_state_changed(self) -> None:
        self.refresh()
        if self.session.state == "preparing":
            self.show_tab(self.training_tab)
        elif self.session.state == "idle" and self.is_closing:
            self.close()

    def _on_session_differs_changed(self) -> None:
        self.top_bar.badge.setVisible(self.session.differs)
        self.refresh()

    def _may_end_run(self) -> bool:
        """Ask whether the run under way may be stopped, if there is one, and stop it; False if it shall go on."""
        if self.session.state == "idle":
            return True
        title = f"Stop training “{self.document.name}”?"
        text = "Another project takes its place. What the run has learned is kept."
        choices = (Choice("stay", "Keep training"), Choice("stop", "Stop and open", "primary"))
        if ask(self, title, text, choices) != "stop":
            return False
        self._stop_run()
        return not self.is_closing  # that may have been asked for meanwhile

    def _stop_run(self) -> None:
        """Stop the run under way, and come back once it has ended; the window is painted meanwhile,
        and takes no edits.
        """
        waiting = QEventLoop()

        def look() -> None:
            if self.session.state == "idle":
                waiting.quit()

        self.session.stop()
        if self.session.state != "idle":
            self.setEnabled(False)  # the question about unsaved changes is answered: no more of them
            self.notice.tell(_FINISHING)
            self.session.state_changed.connect(look)
            waiting.exec()
            self.session.state_changed.disconnect(look)
            self.notice.retract(_FINISHING)
            self.setEnabled(True)

    # Files dropped on the window

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if _dropped_project(event):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        path = _dropped_project(event)
        if path:
            event.acceptProposedAction()
            QTimer.singleShot(0, self, lambda: self.files.open(path))  # the drag ends first: a dialog may follow

    # The end

    def end(self) -> None:
        """Close without a question, as when the system shuts down:
        unsaved changes are kept and offered at the next start.
        """
        self._is_ending = True
        while (dialog := QApplication.activeModalWidget()) and dialog.close():
            pass
        take_typed(self)
        self.close()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Ask about unsaved changes, stop a run and wait for its end with the window still alive, then go."""
        may_leave = self.is_closing or self._is_ending or self.files.may_leave()
        if not may_leave and not self._is_ending:  # that may have come to pass while the question was open
            event.ignore()
            return
        self.is_closing = True
        if self.session.state != "idle":
            self.setEnabled(False)  # the question about unsaved changes is answered: no more of them
            self.session.stop()
            self.notice.tell("Finishing the run; the window closes when it is safe on disk…")
            event.ignore()
            return
        if self._remembers:
            window_layout.keep(self)
        self.hide()  # what is under way ends unseen
        self.export.close()
        self.session.close()
        self.canvas.end_work()
        self.analysis.close()
        self.recovery.close(keep=self._is_ending)
        event.accept()


class _Later(QWidget):
    """A place for a panel that is made after the window was painted."""

    def __init__(self) -> None:
        super().__init__()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)

    def fill(self, panel: QWidget) -> None:
        self._column.addWidget(panel)


def _splitter(orientation: Qt.Orientation, *parts: QWidget) -> QSplitter:
    splitter = QSplitter(orientation)
    splitter.setHandleWidth(1)
    splitter.setChildrenCollapsible(False)
    for part in parts:
        splitter.addWidget(part)
    return splitter


def _dropped_project(event: QDropEvent) -> Path | None:
    for url in event.mimeData().urls():
        path = Path(url.toLocalFile())
        if url.isLocalFile() and path.suffix == SUFFIX:
            return path
    return None
