"""Which process trains a run: two at once would write over each other's files."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil

from netbuilder.diagnostics import NetbuilderError

_trained_here: set[Path] = set()
"""Folders of the runs that train in this process."""


def claim(folder: Path) -> dict[str, Any] | None:
    """Note that this process trains the run; return what run.json says of it, by which others can tell."""
    _trained_here.add(folder.resolve())
    return _describe(os.getpid())


def release(folder: Path) -> None:
    """Note that the training is over."""
    _trained_here.discard(folder.resolve())


def require_free(folder: Path, info: Mapping[str, Any]) -> None:
    """Raise `NetbuilderError` if a living process trains the run.

    One that was killed left its claim behind, and is not.
    """
    if info.get("state") not in ("running", "paused") or not isinstance(info.get("process"), dict):
        return
    process: dict[str, Any] = info["process"]
    if process.get("pid") == os.getpid():
        alive = folder.resolve() in _trained_here
    else:
        alive = process.get("host") == platform.node() and _describe(process.get("pid")) == process
    if alive:
        raise NetbuilderError(f"This run is still being trained, by process {process.get('pid')}: stop it there first.")


def _describe(pid: Any) -> dict[str, Any] | None:
    """Return what tells one process from all others, its number reused or not; None if there is none of this number."""
    try:
        return {"host": platform.node(), "pid": pid, "started": psutil.Process(pid).create_time()}
    except (psutil.Error, TypeError, ValueError):
        return None
