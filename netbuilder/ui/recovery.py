"""Unsaved changes, kept in the user's state directory about a second after each change, and offered back after a crash.

Each running window owns a snapshot and a lock beside it. A snapshot whose lock nobody holds any more was left by a
crash.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from platformdirs import user_state_path
from PySide6.QtCore import QLockFile, QObject, QTimer, Signal

from netbuilder.atomic import atomic_write, reason
from netbuilder.diagnostics import NetbuilderError
from netbuilder.graph.files import dumps, loads
from netbuilder.graph.project import Project
from netbuilder.ui.document import Document
from netbuilder.ui.worker import Worker

_DELAY_MS = 1000


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a crashed window left: the file it is in, the project's name and path, and when it was written."""

    file: Path
    name: str
    path: Path | None
    written: datetime

    def project(self) -> Project:
        """Return the project; `NetbuilderError` if the snapshot is damaged."""
        return loads(str(_read(self.file)["project"]), f"The unsaved copy of “{self.name}”")

    def discard(self) -> None:
        """Forget it."""
        self.file.unlink(missing_ok=True)
        _lock_of(self.file).unlink(missing_ok=True)


class Recovery(QObject):
    """Keeps a snapshot of the document while it is modified. `failed` carries a sentence when it can't."""

    failed = Signal(str)

    def __init__(self, document: Document, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._file = recovery_folder() / f"{os.getpid()}-{secrets.token_hex(4)}.json"
        self._lock: QLockFile | None = None
        self._worker = Worker("recovery", self)
        self._timer = QTimer(self, singleShot=True, interval=_DELAY_MS)
        self._timer.timeout.connect(self.keep)
        document.edited.connect(lambda: self._timer.start())
        document.replaced.connect(lambda: self._timer.start())
        document.modified_changed.connect(lambda: self._timer.start())

    def keep(self) -> None:
        """Write the snapshot now if the document has unsaved changes, else take it away."""
        document = self._document
        if not document.modified:
            self._worker.submit(self._discard, lambda _: None)
            return
        project = document.project.copy()
        facts = {"name": document.name, "path": str(document.path) if document.path else None}
        self._worker.submit(lambda: self._write(project, facts), self._on_written)

    def close(self, *, keep: bool = False) -> None:
        """End with the document saved or given up, and nothing left behind;
        or `keep` what is unsaved for the next start.
        """
        self._timer.stop()
        if keep:
            self.keep()
        self._worker.close()
        if not keep or not self._document.modified:
            self._discard()
        if self._lock:
            self._lock.unlock()
            self._lock = None

    def _discard(self) -> None:
        with contextlib.suppress(NotADirectoryError):  # where the folder can't be made, there is no snapshot
            self._file.unlink(missing_ok=True)

    def _write(self, project: Project, facts: dict[str, str | None]) -> str | None:
        """Write a snapshot, on the worker, and return what went wrong, if anything."""
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            if self._lock is None:
                lock = QLockFile(str(_lock_of(self._file)))
                lock.setStaleLockTime(0)
                if lock.tryLock(0):
                    self._lock = lock
            moment = datetime.now().astimezone().isoformat(timespec="seconds")
            content = {**facts, "written": moment, "project": dumps(project)}
            atomic_write(self._file, json.dumps(content).encode())
        except (NetbuilderError, OSError) as error:
            why = f"{self._file.parent}: {reason(error)}." if isinstance(error, OSError) else str(error)
            return f"Unsaved changes can't be kept safe against a crash: {why}"
        return None

    _told = False

    def _on_written(self, problem: str | None) -> None:
        if problem and not self._told:
            self.failed.emit(problem)
        self._told = problem is not None


def recovery_folder() -> Path:
    """Return where snapshots are kept."""
    return user_state_path("netbuilder", appauthor=False) / "recovery"


def left_behind() -> list[Snapshot]:
    """Return what crashed windows left, the newest first. Damaged snapshots are passed over and stay on disk."""
    found: list[Snapshot] = []
    for file in recovery_folder().glob("*.json"):
        lock = QLockFile(str(_lock_of(file)))
        lock.setStaleLockTime(0)
        if not lock.tryLock(0):
            continue  # its window is open
        lock.unlock()
        try:
            facts = _read(file)
            path = Path(str(facts["path"])) if facts["path"] else None
            found.append(Snapshot(file, str(facts["name"]), path, datetime.fromisoformat(str(facts["written"]))))
        except (NetbuilderError, KeyError, ValueError):
            continue
    return sorted(found, key=lambda snapshot: snapshot.written, reverse=True)


def _read(file: Path) -> dict[str, object]:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise NetbuilderError("They are gone: another window has restored or discarded them already.") from None
    except OSError as error:
        raise NetbuilderError(f"The unsaved copy {file} can't be read: {reason(error)}.") from None
    except (ValueError, RecursionError):
        raise NetbuilderError(f"The unsaved copy {file} is damaged.") from None
    if not isinstance(content, dict):
        raise NetbuilderError(f"The unsaved copy {file} is damaged.")
    return content


def _lock_of(file: Path) -> Path:
    return file.with_suffix(".lock")
