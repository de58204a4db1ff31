"""What the compiler knows of the open project, kept up to date off the GUI thread."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from netbuilder.compiler.program import Lowering, Program
from netbuilder.diagnostics import Diagnostic
from netbuilder.graph.edits import Edit
from netbuilder.graph.project import Project
from netbuilder.ui.document import Document, only_moves
from netbuilder.ui.worker import Worker

if TYPE_CHECKING:
    from netbuilder.compiler.lower import Memo

_PRINT_MS = 60
"""How long the code waits for shapes and problems to be painted: the two threads would be in each other's way."""
_PATIENCE = 5.0
"""Seconds that a window which is closed waits for what is under way."""


class Analysis(QObject):
    """Lowers the document's project after each edit; `changed` follows with `lowering`,
    then `source_changed` with `source`.

    1. An edit that can change more than the layout asks for an analysis once the event loop is reached: edits made
       together are analysed together.
    2. The edits go to the worker, which replays them on a twin of its own: copying a thousand blocks at each keystroke
       would hold the window up. It imports torch the first time it is asked. One analysis is under way at a time, so a
       slow one gathers edits.
    3. The result comes back in the GUI thread and is dropped if the project has moved on; then the newer one is asked
       for.
    4. Once that has been painted the code is printed, likewise.
    """

    changed = Signal()
    source_changed = Signal()

    def __init__(self, document: Document, parent: QObject | None = None, *, start: bool = True) -> None:
        super().__init__(parent)
        self.lowering: Lowering | None = None
        self.source = ""
        self._document = document
        self._worker = Worker("analysis", self)
        self._generation = 0
        self._taken = self._printed = -1
        self._is_lowering = False
        self._started = False
        self._reported: Diagnostic | None = None
        self._twin = _Twin()
        self._news: list[Project | Edit] = [document.project.copy()]
        """What the twin has not been told yet."""
        self._timer = QTimer(self, singleShot=True, interval=0)
        self._timer.timeout.connect(self._submit)
        self._printing = QTimer(self, singleShot=True, interval=_PRINT_MS)
        self._printing.timeout.connect(self._print)
        document.edited.connect(self._on_document_edited)
        document.replaced.connect(self._on_document_replaced)
        document.sheet_changed.connect(self._on_document_sheet_changed)
        if start:
            self.start()

    @property
    def is_current(self) -> bool:
        """Whether `lowering` belongs to the project as it is now."""
        return self._taken == self._generation

    @property
    def source_is_current(self) -> bool:
        """Whether `source` belongs to the project as it is now."""
        return self._printed == self._generation

    def start(self) -> None:
        """Begin: until then the project is not looked at, so that the window is painted before torch is imported."""
        self._started = True
        self._timer.start()

    def report(self, problem: Diagnostic) -> None:
        """Show a problem that only running the network brought to light, until the network changes or trains again."""
        if self.lowering:
            self.lowering = replace(self.lowering, diagnostics=(*self._own_diagnostics(), problem))
            self._reported = problem
            self.changed.emit()

    def clear_report(self) -> None:
        """Take back what `report` showed."""
        if self.lowering and self._reported:
            self.lowering = replace(self.lowering, diagnostics=self._own_diagnostics())
            self._reported = None
            self.changed.emit()

    def close(self) -> None:
        """End the worker; what it looks at for too long ends with the process."""
        self._timer.stop()
        self._printing.stop()
        self._worker.close(_PATIENCE)

    def _own_diagnostics(self) -> tuple[Diagnostic, ...]:
        assert self.lowering
        return tuple(each for each in self.lowering.diagnostics if each is not self._reported)

    def _on_document_edited(self, edit: Edit) -> None:
        self._news.append(edit)
        if not only_moves(edit):
            self._ask()

    def _on_document_replaced(self) -> None:
        self.lowering = None
        self.source = ""
        self._reported = None
        self._news = [self._document.project.copy()]
        self._printing.stop()
        self.changed.emit()
        self.source_changed.emit()
        self._ask()

    def _on_document_sheet_changed(self) -> None:
        if self.lowering:
            self.lowering = self._seen(self.lowering)
            self.changed.emit()

    def _seen(self, lowering: Lowering) -> Lowering:
        """Return a lowering with the shapes inside of groups as those instances have them that were entered."""
        return lowering.within(self._document.way())

    def _ask(self) -> None:
        self._generation += 1
        if self._started and not self._timer.isActive():
            self._timer.start()

    def _submit(self) -> None:
        if self._is_lowering:
            return  # its answer, stale by now, brings us here again
        self._is_lowering = True
        self._printing.stop()
        generation, news, self._news = self._generation, self._news, []
        self._worker.submit(
            lambda: self._twin.lower(news),
            lambda lowering: self._take(generation, lowering),
            lambda error: self._fail(generation, error),
        )

    def _take(self, generation: int, lowering: Lowering) -> None:
        self._is_lowering = False
        if generation != self._generation:
            self._submit()
            return
        self.lowering, self._reported, self._taken = self._seen(lowering), None, generation
        self.changed.emit()
        self._printing.start()

    def _print(self) -> None:
        assert self.lowering
        generation, program = self._taken, self.lowering.program
        if program is None:
            self._take_source(generation, "")
        else:
            self._worker.submit(lambda: _print(program), lambda source: self._take_source(generation, source))

    def _take_source(self, generation: int, source: str) -> None:
        if generation == self._generation:
            self.source, self._printed = source, generation
            self.source_changed.emit()

    def _fail(self, generation: int, error: Exception) -> None:
        what = error or type(error).__name__
        sentence = f"NetBuilder failed to analyse this network; this is a fault of the program: {what}"
        self._news = [self._document.project.copy()]  # the twin may have been left half way
        broken = Lowering(None, {}, {}, (Diagnostic("error", "internal-error", sentence),))
        self._take(generation, broken)
        raise error  # shown with its report, as any uncaught error


class _Twin:
    """The worker's own copy of the document's project. Nothing else touches it."""

    def __init__(self) -> None:
        self._project = Project()
        self._memo: Memo = {}

    def lower(self, news: Iterable[Project | Edit]) -> Lowering:
        """Lower the project once it has caught up with the document."""
        from netbuilder.compiler.lower import lower

        for change in news:
            if isinstance(change, Project):
                self._project, self._memo = change, {}
            else:
                change.apply(self._project)
        return lower(self._project, self._memo)


def _print(program: Program) -> str:
    from netbuilder.compiler.source import source

    return source(program)
