"""Taking the network out of the window: as ONNX, proven equal, and as PyTorch code."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QWidget

from netbuilder.atomic import atomic_write
from netbuilder.diagnostics import NetbuilderError
from netbuilder.exchange.process import ExportProcess
from netbuilder.graph.project import Project
from netbuilder.ui.analysis import Analysis
from netbuilder.ui.dialogs import Choice, ask, show_problem
from netbuilder.ui.document import Document
from netbuilder.ui.file_dialog import ask_file
from netbuilder.ui.folders import show_folder
from netbuilder.ui.notice import Actions, Notice
from netbuilder.ui.session import Session
from netbuilder.ui.worker import Worker

if TYPE_CHECKING:
    from netbuilder.exchange.onnx_export import Report


class Export(QObject):
    """Exports what is on the canvas, with the weights that the latest run gave it, if it did. One export at a time."""

    busy_changed = Signal()

    def __init__(
        self, document: Document, analysis: Analysis, session: Session, notice: Notice, window: QWidget
    ) -> None:
        super().__init__(window)
        self.busy = False
        self._is_cancelled = False
        self._progress = ""
        """What is told of the export under way."""
        self._document = document
        self._analysis = analysis
        self._session = session
        self._notice = notice
        self._window = window
        self._worker = Worker("export", self)
        self._process = ExportProcess()

    def ask_and_export(self) -> None:
        """Ask for a file and write the ONNX model there. The process that will do it starts meanwhile.

        A network that was changed since it was trained has other weights than those: that is asked about first.
        """
        if self._session.differs and not self._agrees_to_untrained():
            return
        self._process.warm_up()
        path = ask_file(
            self._window,
            "Export as ONNX",
            QFileDialog.AcceptMode.AcceptSave,
            "ONNX models (*.onnx)",
            self._folder() / f"{self._document.name}.onnx",
        )
        if path:
            self.export(path)

    def _agrees_to_untrained(self) -> bool:
        text = (
            "The network was changed since it was trained, so what it learned does not fit it: the file would hold "
            "untrained, random weights. To export what was trained, undo the changes; or train anew."
        )
        choices = (Choice("untrained", "Export untrained"), Choice("back", "Back to the drawing", "primary"))
        return ask(self._window, "This is not the trained network", text, choices) == "untrained"

    def export(self, path: Path) -> None:
        """Write the ONNX model, prove it, and say how it went. The window goes on meanwhile."""
        project, folder, name = self._document.project.copy(), self._session.trained_folder(), self._document.name
        self._is_cancelled = False
        self._set_busy(True)
        self._progress = f"Writing {path.name} and proving it equal to the network here…"
        self._notice.tell(self._progress, "accent", [("Cancel", self.cancel)], lasting=True)
        self._worker.submit(lambda: self._run(project, folder, path, name), self._on_done, self._on_failed)

    def cancel(self) -> None:
        """End the export that is under way; no file is written."""
        self._is_cancelled = True
        self._process.cancel()

    def close(self) -> None:
        """Give up what is under way and end worker and process."""
        self.cancel()
        self._worker.close()
        self._process.close()

    def ask_and_save_code(self) -> None:
        """Ask for a file and write the network there as a Python module."""
        path = ask_file(
            self._window,
            "Save PyTorch code",
            QFileDialog.AcceptMode.AcceptSave,
            "Python files (*.py)",
            self._folder() / f"{self._document.name}.py",
        )
        if path is not None:
            self._with_code(lambda source: self._save_code(path, source))

    def _save_code(self, path: Path, source: str) -> None:
        try:
            atomic_write(path, source.encode())
        except NetbuilderError as error:
            show_problem(self._window, "The code can't be saved", str(error))
            return
        self._notice.tell(f"{path.name} is written.", "good", self._showing(path), passing=True)

    def copy_code(self) -> None:
        """Put the network's code on the clipboard."""
        self._with_code(self._copy)

    def _copy(self, source: str) -> None:
        QGuiApplication.clipboard().setText(source)
        self._notice.tell("The code is on the clipboard.", "good", passing=True)

    def _with_code(self, use: Callable[[str], None]) -> None:
        """Use the code once it is that of the network as it is now: the last change may be a moment old."""
        analysis = self._analysis
        if not analysis.source_is_current:
            analysis.source_changed.connect(lambda: self._with_code(use), Qt.ConnectionType.SingleShotConnection)
        elif analysis.source:
            use(analysis.source)
        else:
            self._notice.tell("There is no code of a network with errors: see Problems.", "error")

    def _showing(self, path: Path) -> Actions:
        return [("Show in folder", lambda: show_folder(path.parent, self._notice))]

    def _folder(self) -> Path:
        return self._document.path.parent if self._document.path else Path.home()

    def _run(self, project: Project, folder: Path | None, path: Path, name: str) -> tuple[Report, str]:
        """Export, on the worker; return with the report what weights the file holds."""
        from netbuilder.training.export import export_project, export_trained
        from netbuilder.training.trained import load_trained

        if folder is None:
            report = export_project(project, path, name=name, export=self._process.export)
            return report, "untrained, random weights"
        trained = load_trained(folder)
        report = export_trained(trained, path, name=name, export=self._process.export)
        if trained.epoch is None:
            return report, "weights from before the end of the run's first epoch"
        return report, f"the weights of epoch {trained.epoch:,}, the run's best"

    def _on_done(self, done: tuple[Report, str]) -> None:
        self._end()
        report, weights = done
        figures = ", ".join(
            f"{f'{size:.1e}' if size else '0'} at batch {batch}" for batch, size in report.max_abs_diff.items()
        )
        self._notice.tell(
            f"{report.path.name} holds {weights}. It equals the network here: the largest difference is {figures}.",
            "good" if report.trained else "warning",
            self._showing(report.path),
        )

    def _on_failed(self, error: Exception) -> None:
        self._end()
        if not isinstance(error, NetbuilderError):
            raise error
        if self._is_cancelled:
            self._notice.tell(str(error), passing=True)
            return
        show_problem(self._window, "The network was not exported", str(error), getattr(error, "details", ""))

    def _end(self) -> None:
        self._notice.retract(self._progress)
        self._set_busy(False)

    def _set_busy(self, busy: bool) -> None:
        self.busy = busy
        self.busy_changed.emit()
