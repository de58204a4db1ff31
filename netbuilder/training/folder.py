"""A run on disk. Any program may read it, while the run goes on and after.

project.netb          the project as it was when the run began
run.json              configuration, device, versions, what became of it, results
metrics.jsonl         one line for each epoch
steps.npy             the training loss of each step, up to the last checkpoint
events.jsonl          what happened, one line each
best.safetensors      weights of the epoch with the lowest validation loss
last.safetensors      weights at the last checkpoint
resume.safetensors    everything that an exact continuation takes
"""

from __future__ import annotations

import io
import itertools
import json
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np
import numpy.typing as npt

from netbuilder.atomic import atomic_write, reason
from netbuilder.diagnostics import NetbuilderError
from netbuilder.graph import files
from netbuilder.graph.model import finite
from netbuilder.graph.project import Project

FORMAT = "netbuilder-run"
VERSION = 1
_LARGEST_JSON = 16 * 2**20
_LARGEST_HISTORY = 2**28
"""A million epochs, with room for a few metrics."""

_FILES = (
    "project.netb",
    "run.json",
    "metrics.jsonl",
    "steps.npy",
    "events.jsonl",
    "best.safetensors",
    "last.safetensors",
    "resume.safetensors",
)

Weights = Literal["best", "last"]


def free_folder(runs: Path) -> Path:
    """Return a path for the folder of a new run among others, named after the time: `2026-11-21-143055`."""
    stem = datetime.now().strftime("%Y-%m-%d-%H%M%S")
    names = itertools.chain([stem], (f"{stem}-{count}" for count in itertools.count(2)))
    return next(path for path in (runs / name for name in names) if not path.exists())


class RunFolder:
    """The files of one run. Methods raise `NetbuilderError` with one sentence where a file can't be read or written."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def create(cls, path: Path, project: Project, info: Mapping[str, Any]) -> RunFolder:
        """Make the folder of a new run. A folder that holds something already is refused."""
        _require_text(path)
        folder = cls(path)
        taken = NetbuilderError(f"The run needs a new or an empty folder, and {path} holds files already.")
        try:
            path.mkdir(parents=True, exist_ok=True)
            if any(path.iterdir()):
                raise taken
            folder.project_file.touch(exist_ok=False)  # of two processes that come this far, one has the folder
        except FileExistsError:
            raise taken from None
        except OSError as error:
            raise NetbuilderError(f"The run's folder {path} can't be made: {reason(error)}.") from None
        try:
            files.save(project, folder.project_file)
            folder.write_info(info)
        except BaseException:
            folder.clear()
            raise
        return folder

    @classmethod
    def open(cls, path: Path) -> RunFolder:
        """Return the folder of a run that is there."""
        if not (path / "run.json").is_file():
            raise NetbuilderError(f"{path} is not the folder of a run: it has no run.json.")
        _require_text(path)
        for name in _FILES:
            if os.path.lexists(path / name) and not (path / name).is_file():
                raise NetbuilderError(f"{path / name} is damaged: it is no file.")  # a pipe would be waited for
        folder = cls(path)
        folder.info()
        return folder

    def require_own_files(self) -> None:
        """Refuse to go on with a run that would be written to other places: a stranger's folder could name any."""
        for name in _FILES:
            if (self.path / name).is_symlink():
                raise NetbuilderError(f"{self.path / name} is a link: a run goes on in files of its own.")

    def clear(self) -> None:
        """Take away the files of a run that could not be made; the folder is then as free as before."""
        for name in _FILES:
            with suppress(OSError):
                (self.path / name).unlink()

    @property
    def run(self) -> str:
        """The run's id, by which its messages are known: the folder's name."""
        return self.path.name

    @property
    def project_file(self) -> Path:
        """The project as it was trained."""
        return self.path / "project.netb"

    @property
    def resume_file(self) -> Path:
        """The checkpoint to go on from."""
        return self.path / "resume.safetensors"

    def weights_file(self, which: Weights) -> Path:
        """The best or the last weights."""
        return self.path / f"{which}.safetensors"

    def project(self) -> Project:
        """Return the project as it was trained."""
        return files.load(self.project_file)

    def info(self) -> dict[str, Any]:
        """Return what run.json says."""
        file = self.path / "run.json"
        info = _object(_read(file), file)
        if info.get("format") != FORMAT:
            raise NetbuilderError(f"{file} does not describe a run.")
        if info.get("version") != VERSION:
            raise NetbuilderError(f"{file} was written by a newer version of NetBuilder.")
        for key in ("config", "preprocessing", "classes"):
            if not isinstance(info.get(key), dict):
                raise NetbuilderError(f"{file} is damaged: “{key}” is missing.")
        return info

    def write_info(self, info: Mapping[str, Any]) -> None:
        """Write run.json anew."""
        content = {"format": FORMAT, "version": VERSION, **info}
        atomic_write(self.path / "run.json", (_strict(content, indent=2) + "\n").encode())

    def update_info(self, **changes: Any) -> None:
        """Change some entries of run.json."""
        info = self.info()
        self.write_info({**info, **changes})

    def history(self) -> list[dict[str, Any]]:
        """Return one entry for each epoch that has ended. A last line that was cut off by a crash does not count."""
        file = self.path / "metrics.jsonl"
        if not file.exists():
            return []
        *lines, _ = _read(file, _LARGEST_HISTORY).split("\n")
        entries = [_object(line, file) for line in lines]
        if not all(isinstance(entry.get("epoch"), int) for entry in entries):
            raise NetbuilderError(f"{file} is damaged: a line of it is no epoch.")
        return entries

    def append_epoch(self, entry: Mapping[str, Any]) -> None:
        """Add the line of an epoch."""
        self._append("metrics.jsonl", entry)

    def append_event(self, entry: Mapping[str, Any]) -> None:
        """Add the line of an event."""
        self._append("events.jsonl", entry)

    def rewrite_history(self, entries: Iterable[Mapping[str, Any]]) -> None:
        """Write all lines anew: a run that is taken up again forgets what came after its checkpoint."""
        lines = "".join(_line(entry) for entry in entries)
        atomic_write(self.path / "metrics.jsonl", lines.encode())

    def step_losses(self) -> npt.NDArray[np.float32]:
        """Return the training loss of each step up to the last checkpoint."""
        file = self.path / "steps.npy"
        if not file.exists():
            return np.empty(0, dtype=np.float32)
        try:
            # mapped, it is compared with the file's size first
            losses: Any = np.load(file, mmap_mode="r", allow_pickle=False)
        except OSError as error:
            raise NetbuilderError(f"{file} can't be read: {reason(error)}.") from None
        except Exception:  # the header is a Python literal: whatever reading it raises, it is none
            raise NetbuilderError(f"{file} is damaged, or no NumPy file.") from None
        if getattr(losses, "dtype", None) != np.float32 or losses.ndim != 1:
            raise NetbuilderError(f"{file} does not hold the losses of a run.")
        return np.array(losses)

    def write_step_losses(self, losses: npt.NDArray[np.float32]) -> None:
        """Write the training loss of each step so far."""
        content = io.BytesIO()
        np.save(content, losses, allow_pickle=False)
        atomic_write(self.path / "steps.npy", content.getvalue())

    def _append(self, name: str, entry: Mapping[str, Any]) -> None:
        file = self.path / name
        try:
            with open(file, "a", encoding="utf-8") as lines:
                lines.write(_line(entry))
        except OSError as error:
            raise NetbuilderError(f"{file} can't be written: {reason(error)}.") from None


def _require_text(path: Path) -> None:
    """Refuse a path that is no text on Linux, where any bytes may stand in one: safetensors takes text alone."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        raise NetbuilderError(f"The name of the run's folder {path} is not UTF-8: give it another.") from None


def _line(entry: Mapping[str, Any]) -> str:
    return _strict(entry) + "\n"


def _strict(value: Any, indent: int | None = None) -> str:
    """Return strict JSON, in which a number that is not finite is null."""
    return json.dumps(finite(value), indent=indent, ensure_ascii=False, allow_nan=False)


def _read(file: Path, largest: int = _LARGEST_JSON) -> str:
    try:
        if file.stat().st_size > largest:
            raise NetbuilderError(f"{file} is too large for what it should be.")
        return file.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise NetbuilderError(f"{file} isn't there.") from None
    except OSError as error:
        raise NetbuilderError(f"{file} can't be read: {reason(error)}.") from None
    except UnicodeDecodeError:
        raise NetbuilderError(f"{file} is damaged: it is no text.") from None


def _object(text: str, file: Path) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        raise NetbuilderError(f"{file} is damaged: it is no JSON.") from None
    if not isinstance(value, dict):
        raise NetbuilderError(f"{file} is damaged: it holds no JSON object.")
    return cast("dict[str, Any]", value)
