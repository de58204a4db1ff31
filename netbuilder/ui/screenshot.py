"""A picture of the real window, made without a display."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QBuffer, QEventLoop, QIODevice, QTimer
from PySide6.QtGui import QPixmap

from netbuilder.atomic import atomic_write
from netbuilder.diagnostics import Diagnostic, NetbuilderError
from netbuilder.graph.files import load
from netbuilder.graph.project import GroupId, Project
from netbuilder.ui.app import application
from netbuilder.ui.main_window import MainWindow
from netbuilder.ui.theme import Choice, set_theme

_PATIENCE = 120.0
"""Seconds in which a step has to be done: importing torch on a slow disk is the longest."""


def screenshot(
    file: Path | None,
    out: Path,
    size: tuple[int, int],
    theme: Choice,
    train_seconds: float = 0.0,
    inside: str | None = None,
) -> None:
    """Write a PNG of the window with this project (the start page if None), after training it for so many seconds.

    `size` is in pixels of the screen; `inside` names the group whose inside is shown. Raises `NetbuilderError`.
    """
    project = load(file) if file else None  # a refused file is a sentence here, not a dialog
    group = _group_named(project, inside) if project and inside is not None else None
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    application()
    set_theme(theme)
    window = MainWindow(remembers=False)
    try:
        window.resize(*size)
        if project and file:
            window.document.replace(project, file.absolute())
            window.show_editor()
        window.show()
        _wait(
            lambda: window.is_ready and window.analysis.is_current,
            "The window was not ready in time.",
        )
        if group:
            window.document.show(group)
            window.canvas.fit()
        elif project:
            _pose(window)
        if train_seconds > 0:
            _train(window, train_seconds)
        _pause(0.4)
        _save(window.grab(), out)
    finally:
        _close(window)


def _group_named(project: Project, name: str) -> GroupId:
    found = next((group for group, definition in project.groups.items() if definition.name == name), None)
    if found is None:
        names = ", ".join(definition.name for definition in project.groups.values()) or "none"
        raise NetbuilderError(f"There is no group “{name}” in this project. Its groups: {names}.")
    return found


def _pose(window: MainWindow) -> None:
    """Select the first block that makes feature maps, if any,
    so that inspector and activations have something to show.
    """
    lowering = window.analysis.lowering
    assert lowering is not None
    ranks = {port.node: spec.rank for port, spec in lowering.specs.items()}
    graph = window.document.project.graph
    convolutions = [node.id for node in graph.nodes() if ranks.get(node.id) == 4 and node.type.startswith("Conv")]
    window.canvas.select(convolutions[-1:])
    window.canvas.fit()


def _train(window: MainWindow, seconds: float) -> None:
    problems: list[Diagnostic] = []
    window.session.failed.connect(problems.append)
    window.session.train()
    _wait(lambda: window.session.state == "running" or problems, "The run did not begin in time.")
    if not problems:
        _pause(seconds)
    if problems:
        raise NetbuilderError(problems[0].message)


def _save(picture: QPixmap, out: Path) -> None:
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    if not picture.save(buffer, "PNG"):
        raise NetbuilderError("The picture could not be encoded as PNG.")
    atomic_write(out, bytes(buffer.data().data()))


def _close(window: MainWindow) -> None:
    window.document.undo_stack.setClean()
    window.close()
    _wait(lambda: not window.isVisible(), "The training run did not end in time.")
    window.deleteLater()


def _pause(seconds: float) -> None:
    end = time.monotonic() + seconds
    _wait(lambda: time.monotonic() >= end, "")


def _wait(done: Callable[[], object], sentence: str) -> None:
    """Let the window live until `done`."""
    loop = QEventLoop()
    timer = QTimer(interval=10)
    start = time.monotonic()

    def look() -> None:
        if done() or time.monotonic() - start > _PATIENCE:
            loop.quit()

    timer.timeout.connect(look)
    timer.start()
    loop.exec()
    timer.stop()
    if not done():
        raise NetbuilderError(sentence)
